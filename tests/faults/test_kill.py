"""Killed at random moments under load: no answer without its disclosure, no message lost or applied twice."""

import asyncio
import random
from pathlib import Path

import msgspec
import pytest

from beffroi.access.reference import References
from beffroi.model.account import Role
from beffroi.model.disclosure import Field
from faults.besiegers import Notes, Patient, professional, software
from faults.town import Town

PEOPLE = 60
PROFESSIONALS = [f"8997000001{n:02d}" for n in range(6)]
FEEDS = 4
FINESS = "590000001"
DRAIN_S_MAX = 120.0
"""Seconds for the last messages to be acknowledged once the killing is over."""


async def besiege(town: Town, kills: int, seed: int, notes: Notes) -> None:
    """Load without pause while servers, the database or both are killed and started again `kills` times."""
    chosen, stop = random.Random(seed), asyncio.Event()
    patients = [Patient(number) for number in range(PEOPLE)]
    shares = [patients[index::FEEDS] for index in range(FEEDS)]  # one sender per patient: its messages are in order
    feeds = [asyncio.create_task(software(town, index, share, notes, stop)) for index, share in enumerate(shares)]
    async with asyncio.timeout(60):
        while len(notes.latest) < PEOPLE // 2:
            await asyncio.sleep(0.05)
    keys = [town.pass_of(subject, FINESS) for subject in PROFESSIONALS]
    readers = [professional(town, key, index, PEOPLE, notes, stop) for index, key in enumerate(keys)]
    load = [*feeds, *(asyncio.create_task(reader) for reader in readers)]
    for _ in range(kills):
        await asyncio.sleep(chosen.uniform(0.05, 0.8))
        await asyncio.to_thread(_kill, town, chosen.choice(("web", "mllp", "servers", "database", "both")))
    await asyncio.sleep(1.0)
    stop.set()
    async with asyncio.timeout(DRAIN_S_MAX):
        while not all(one.done() for one in load):
            await asyncio.to_thread(town.deployment.revive)  # killed while it started, it gave up
            await asyncio.sleep(0.2)
    await asyncio.gather(*load)


def _kill(town: Town, what: str) -> None:
    if what in ("web", "mllp"):
        town.deployment.revive()
        town.deployment.kill_one(what)
        return
    if what in ("database", "both"):
        town.kill_database()
    if what in ("servers", "both"):
        town.deployment.kill()
    if what in ("database", "both"):
        town.start_database()
    if what in ("servers", "both"):
        town.deployment.start()


async def verify(town: Town, notes: Notes) -> None:
    """Everything that was received or acknowledged is in the database as the laws say."""
    connection = await town.owner()
    try:
        references = References(await connection.fetchval("select reference_key from deployment"))
        rows = await connection.fetch("select request_id, shown from disclosures")
        disclosed: dict[str, dict[int, int]] = {}
        for row in rows:
            shown = disclosed.setdefault(str(row["request_id"]), {})
            for person, fields, _ in msgspec.json.decode(row["shown"]):
                shown[person] = shown.get(person, 0) | fields
        for answer in notes.answers:
            for reference, fields in answer.patients.items():
                recorded = Field(disclosed.get(answer.request_id, {}).get(references.person(reference) or 0, 0))
                assert fields & ~recorded == Field(0), (answer.request_id, fields, recorded)
        controls = await connection.fetch("select control_id, count(*) from feed_messages group by 1")
        assert {row[0]: row[1] for row in controls} == dict.fromkeys(notes.acknowledged, 1)
        cities = await connection.fetch("select ipp, record -> 'addresses' -> 0 ->> 'city' from identities")
        assert {row[0]: row[1] for row in cities} == {ipp: f"VERSION{v}" for ipp, v in notes.latest.items()}
        numbered = await connection.fetch("select max(running_number), count(*) from disclosures group by account_id")
        assert all(row[0] == row[1] for row in numbered)
    finally:
        await connection.close()


def run_siege(folder: Path, kills: int, seed: int) -> Notes:
    town, notes = Town(folder), Notes()
    try:
        town.found()
        asyncio.run(town.grant(PROFESSIONALS, 1, Role.IDENTITY_CELL))
        asyncio.run(besiege(town, kills, seed, notes))
        asyncio.run(verify(town, notes))
    finally:
        town.end()
    return notes


def test_a_few_kills_lose_nothing(tmp_path: Path) -> None:
    """Four kills under load."""
    notes = run_siege(tmp_path, kills=4, seed=1)
    assert len(notes.answers) > 50 and len(notes.acknowledged) > 50


@pytest.mark.long
def test_a_hundred_kills_lose_nothing(tmp_path: Path) -> None:
    """Zero exceptions in a hundred kills of servers, database, or both."""
    notes = run_siege(tmp_path, kills=100, seed=2)
    print(f"{len(notes.answers)} answers, {len(notes.acknowledged)} acknowledgements, {notes.failures} failures met")
    assert len(notes.answers) > 1_000 and len(notes.acknowledged) > 1_000
