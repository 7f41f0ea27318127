"""What the tests of the ways on share: acts, keys that count, and accounts that the watch holds."""

from datetime import timedelta
from uuid import uuid4

import msgspec

from authenticator import SoftwareKey
from beffroi.actions.ways.acting import Act
from beffroi.model.account import Asker
from beffroi.model.disclosure import Door
from beffroi.watch.evidence import Evidence

WEEK = timedelta(days=7, seconds=1)


def act(asker: Asker) -> Act:
    """Something that this asker does."""
    return Act(asker, Door.FHIR, uuid4())


async def enrol(ways, asker, granter, key: SoftwareKey | None = None) -> SoftwareKey:
    """A key of this asker, enrolled now."""
    key = key or SoftwareKey(number=asker.subject.encode())
    code = await ways.keys.grant(act(granter), asker.subject)
    options = await ways.keys.enrolment(act(asker))
    await ways.keys.enrol(act(asker), code.code, key.created(options))
    return key


async def prove(ways, asker, key: SoftwareKey) -> None:
    """A step-up."""
    await ways.keys.prove(act(asker), key.touched(await ways.keys.challenge(act(asker))))


async def evidence_of(database, account_id: int) -> Evidence:
    """What stands in an account's row."""
    text = await database.pool.fetchval("select evidence::text from account_states where account_id = $1", account_id)
    return msgspec.json.decode(text, type=Evidence)


async def events_of(database, account_id: int, operation: int) -> list[dict[str, str]]:
    """The particulars of an account's events, in order."""
    rows = await database.pool.fetch(
        "select request from disclosures where account_id = $1 and operation = $2 order by running_number",
        account_id,
        int(operation),
    )
    return [msgspec.json.decode(row["request"]) for row in rows]
