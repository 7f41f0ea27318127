"""What is asked: searches as a professional types them, for people who are there and for some who are not."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

import asyncpg

from beffroi.access.reference import References
from beffroi.identity.blocking import FAMILY_LETTERS_FULL, GIVEN_LETTERS_FULL
from beffroi.model.person import PersonId

MISS_SHARE = 0.1
"""Of the searches: those for somebody who is not there (a wrong birth date)."""
USED_NAME_SHARE = 0.1
"""Of the searches for people with a used name: those by it."""
POOL_MAX = 200_000
"""People among whom the searches choose: far more than one run asks for, so that few are asked for twice."""

_POOL = """
select person_id, hospital_id, birth_date, family_key, used_key, given_key
from identities i
where mod(hashint8(identity_id + $1)::bigint + 2147483648, $2) = 0
  and state = 'a' and not restricted and not local_only and hospital_id <> all($3::int[])
  and explains_until > now() and birth_date is not null and length(family_key) >= $4 and length(given_key) >= $5
  and not exists (select from identities o where o.person_id = i.person_id and o.restricted)
order by identity_id limit $6
"""


@dataclass(frozen=True, slots=True)
class Question:
    """The body of a form, and the reference that its answer must hold (empty: nobody in particular)."""

    form: bytes
    expected: str


Pool = dict[int, list[asyncpg.Record]]
"""People to ask for, by the hospital whose feed explains them."""


async def load_pool(connection: "asyncpg.Connection[asyncpg.Record]", seed: int) -> Pool:
    """People to ask for, spread over the whole region; the same ones for the same seed.

    They are explained where they are asked for, as nine readings of ten are in practice: what is measured are answers,
    not the refusals of a watch that takes the load for a thief.
    """
    hidden = [row[0] for row in await connection.fetch("select hospital_id from hospitals where sensitive")]
    total = await connection.fetchval("select count(*) from identities")
    spread = max(1, total // POOL_MAX)
    rows = await connection.fetch(_POOL, seed, spread, hidden, FAMILY_LETTERS_FULL, GIVEN_LETTERS_FULL, POOL_MAX)
    found: Pool = {}
    for row in rows:
        found.setdefault(row["hospital_id"], []).append(row)
    return found


def questions(pool: Pool, references: References, hospitals: Sequence[int], seed: int) -> list[Question]:
    """One search for each hospital: full birth date, three letters of the family name, the first of the given name."""
    chosen = random.Random(seed)
    found = []
    for hospital in hospitals:
        row = chosen.choice(pool[hospital])
        used = row["used_key"] or ""
        by_used = len(used) >= FAMILY_LETTERS_FULL and chosen.random() < USED_NAME_SHARE
        family = used if by_used else row["family_key"]
        missed = chosen.random() < MISS_SHARE
        born: date = row["birth_date"] + timedelta(days=chosen.choice((-1, 1, 3650))) if missed else row["birth_date"]
        form = {
            "birthdate": born.isoformat(),
            "family": family[:FAMILY_LETTERS_FULL].capitalize(),
            "given": row["given_key"][:GIVEN_LETTERS_FULL],
        }
        expected = "" if missed else references.of(PersonId(row["person_id"]))
        found.append(Question(urlencode(form).encode(), expected))
    return found
