"""Precision 1 and recall 1, against what the accounts really got: seeded readings and sweeps through two processes,
while the feed merges, parts and renames people, processes die with answers that nobody heard of again, and messages
come after the readings that they concern.

The truth is written down by whoever asked, from each answer as it came back and from the identities as they stood at
that moment; `disclosures` is never read for it. Then every account's, every patient's and some windows' scope must be
exactly that truth, as the identities stand at the end.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

import pytest

from beffroi.actions.house import House, open_house
from beffroi.actions.investigate import Investigation
from beffroi.actions.register import FeedSource, Registrar
from beffroi.breach.scope import Certainty, Scope
from beffroi.errors import BeffroiError
from beffroi.model.account import Asker, Role
from beffroi.model.disclosure import Answer, Field, Operation
from beffroi.model.person import HospitalId, PersonId
from beffroi.model.search import Criteria, DateRange, Text
from beffroi.model.selection import Selection
from beffroi.store.database import Database
from feeding import FEED, random_event
from requests_and_records import ask

BORN = datetime(1960, 5, 30).date()  # noqa: DTZ001 - a birth date
STEPS = 60
SEEDS_LONG = 1_000
FATES = {True: Certainty.SENT, False: Certainty.ABORTED, None: Certainty.UNKNOWN}
_VISIBLE = """
select identity_id from identities
where person_id = $1 and state = 'a' and (hospital_id = $2 or not local_only and hospital_id <> 4)
"""


@dataclass
class Got:
    """One answer as its account got it: of whom (identities), which fields, and what became of it."""

    at: datetime
    account: int
    shown: list[tuple[frozenset[int], int]]
    fate: Certainty


@dataclass
class World:
    """A small region in which one seed lets things happen."""

    database: Database
    houses: list[House]
    registrar: Registrar
    clock: object
    askers: list[Asker]
    chance: Random
    truth: list[Got] = field(default_factory=list)
    told_count: int = 0

    async def live(self) -> None:
        """Events of the feed and readings, in any order."""
        for _ in range(STEPS):
            self.clock.advance(self.chance.choice([1, 60, 7_200]))
            happening = self.chance.random()
            if happening < 0.4:
                await self.feed()
            elif happening < 0.87:
                await self.read(self.chance.choice(self.askers))
            elif happening < 0.9:
                await self.crash()
            else:  # a stolen account takes whom it can
                thief = self.chance.choice(self.askers)
                for _ in range(5):
                    await self.read(thief)
        await self.settled()

    async def settled(self) -> None:
        """Until the gate has written every fate that it was told (it writes them in the background too)."""
        while await self.database.pool.fetchval("select count(*) from deliveries") < self.told_count:
            for house in self.houses:
                await house.gate._flush()
            await asyncio.sleep(0.002)

    async def crash(self) -> None:
        """A process dies with an answer whose fate nobody will know; another one goes on in its place."""
        await self.settled()
        dying = self.chance.randrange(len(self.houses))
        await self.read(self.chance.choice(self.askers), self.houses[dying], dies=True)
        self.houses.append(await open_house(self.database, self.clock))
        await self.houses.pop(dying).close()

    async def feed(self) -> None:
        hospital = self.chance.choice([1, 2, 4])
        batch = [random_event(self.chance, hospital, list("12345678")) for _ in range(self.chance.randint(1, 4))]
        await self.registrar.apply_batch(batch, FeedSource(FEED, HospitalId(hospital)))

    async def read(self, asker: Asker, house: House | None = None, dies: bool = False) -> None:
        """By a reference (of today's or of yesterday's person), or by name and birth date; through any process."""
        at, house = self.clock.now(), house or self.chance.choice(self.houses)
        numbers = [row[0] for row in await self.database.pool.fetch("select identity_id from identities order by 1")]
        if not numbers:
            return
        try:
            if self.chance.random() < 0.7:
                reference = house.references.of(PersonId(self.chance.choice(numbers)))
                released = await house.finder.read(ask(asker, Operation.READ), reference)
                told = Field.REFERENCE
            else:
                criteria = Criteria(
                    family=Text(self.chance.choice(["DAR", "DARK"])),
                    given=Text("J"),
                    birth_date=DateRange(BORN, BORN),
                )
                released = await house.finder.search(ask(asker), criteria)
                told = Field.BIRTH_NAME | Field.USED_NAME | Field.BIRTH_DATE
        except BeffroiError:
            return  # refused, or nobody: nothing was shown
        await self.note(
            asker, at, house, released.content, told, None if dies else self.chance.choice([True, True, None, False])
        )

    async def note(
        self, asker: Asker, at: datetime, house: House, answer: Answer, told: Field, sent: bool | None
    ) -> None:
        """What came back, and what becomes of it: handed over, aborted, or lost with its process."""
        shown = []
        for one in answer.shown:
            rows = await self.database.pool.fetch(_VISIBLE, one.person_id, asker.structure)
            whole = one.fields != Field.REFERENCE
            identities = {row[0] for row in rows} if whole else {int(one.person_id)}
            shown.append((frozenset(identities), int(one.fields), int(told)))
        if sent is not None:
            self.told_count += 1
            house.finder.delivered(answer.disclosure_id, sent)
        kept = [(identities, fields | told_too) for identities, fields, told_too in shown]
        self.truth.append(Got(at, int(asker.account_id), kept, FATES[sent]))

    async def now(self) -> dict[int, int]:
        """Whose each identity is at the end."""
        return {r[0]: r[1] for r in await self.database.pool.fetch("select identity_id, person_id from identities")}


Told = dict[tuple[int, Certainty], tuple[int, datetime, datetime]]


def expected(truth: list[Got], now: dict[int, int], patient: int | None = None) -> Told:
    """By patient as she is now and by fate: the fields, the first and the last time."""
    found: Told = {}
    for got in truth:
        for identities, fields in got.shown:
            for person in {now[number] for number in identities}:
                if patient not in (None, person):
                    continue
                bits, first, last = found.get((person, got.fate), (0, got.at, got.at))
                found[person, got.fate] = (bits | fields, min(first, got.at), max(last, got.at))
    return found


def told(scope: Scope) -> Told:
    return {
        (one.person_id, fate): (
            one.count.span(fate).fields,
            one.count.span(fate).first_at,
            one.count.span(fate).last_at,
        )
        for one in scope.patients
        for fate in Certainty
        if one.count.span(fate).times
    }


def same(scope: Scope, truth: Told) -> None:
    """The same patients, fates and times; every field that came back, and no more than those and what was asked by."""
    found = told(scope)
    assert found.keys() == truth.keys()
    for key, (fields, first, last) in truth.items():
        bits, at_first, at_last = found[key]
        assert (at_first, at_last) == (first, last)
        assert bits & fields == bits and (fields & ~bits) & ~int(Field.USED_NAME | Field.BIRTH_NAME) == 0, key


async def check(world: World, investigation: Investigation) -> int:
    """Every account, every patient, some windows, and a union."""
    now = await world.now()
    for asker in world.askers:
        own = [got for got in world.truth if got.account == asker.account_id]
        same(await investigation.scope([Selection(accounts=(asker.account_id,))]), expected(own, now))
    for person in sorted(set(now.values())):
        same(await investigation.scope([Selection(people=(person,))]), expected(world.truth, now, person))
    times = sorted(got.at for got in world.truth)
    for _ in range(3):
        if len(times) < 2:
            break
        since, until = sorted(world.chance.sample(times, 2))
        until += timedelta(microseconds=1)
        inside = [got for got in world.truth if since <= got.at < until]
        same(await investigation.scope([Selection(since=since, until=until)]), expected(inside, now))
        asker = world.askers[0]
        either = [got for got in world.truth if since <= got.at < until or got.account == asker.account_id]
        union = [Selection(since=since, until=until), Selection(accounts=(asker.account_id,))]
        same(await investigation.scope(union), expected(either, now))
    return sum(len(got.shown) for got in world.truth)


async def one_life(seed: int, database, house, account, clock) -> int:
    """A region from its first message to its last; how many showings there were."""
    registrar = Registrar(database, clock)
    await registrar.start()
    try:
        askers = [
            await account(Role.IDENTITY_CELL, 1, "S1"),
            await account(Role.WARD_DOCTOR, 2, "S2"),
            await account(Role.EMERGENCY_DOCTOR, 4, "S4"),
        ]
        world = World(
            database, [await open_house(database, clock) for _ in range(2)], registrar, clock, askers, Random(seed)
        )
        try:
            await world.live()
        finally:
            for one in world.houses:
                await one.close()
        investigation = Investigation(database, house.gate, house.references, house.hospitals, clock)
        return await check(world, investigation)
    finally:
        await registrar.stop()


@pytest.mark.parametrize("seed", range(4))
async def test_the_scope_is_the_truth(seed, database, house, account, clock) -> None:
    """A few lives: by account, by patient and by window."""
    assert await one_life(seed, database, house, account, clock) > 10


@pytest.mark.long
async def test_the_scope_is_the_truth_a_thousand_times(database, house, account, clock) -> None:
    """One life after the other in one database, which is emptied between two of them."""
    showings = 0
    for seed in range(100, 100 + SEEDS_LONG):
        showings += await one_life(seed, database, house, account, clock)
        await database.pool.execute(
            "truncate disclosures, seen, deliveries, identities, links, moves, feed_messages, account_states, proofs"
        )
        await database.pool.execute("insert into account_states (account_id) select account_id from accounts")
    assert showings > 10 * SEEDS_LONG
