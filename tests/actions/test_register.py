"""The hospitals' feed on a real database."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from random import Random

import pytest

from beffroi.actions.register import BATCH_MAX, FeedSource, Registrar
from beffroi.errors import CallerError, InvalidValue, NotYourDomain, Unavailable, UnknownIdentity
from beffroi.identity.matching import GROUP_SIZE_MAX
from beffroi.model.feed import FeedEvent, FeedOutcome, Patch
from beffroi.model.person import Hospital, HospitalId
from beffroi.store.database import Database
from beffroi.store.feed_pass import Pass
from doubles import FakeClock
from feeding import EXPLAINS_S, FEED, INS_VALUES, content_of, event, patch, random_event, register_of
from twins.register_twin import RegisterTwin

SOURCES = {n: FeedSource(FEED, HospitalId(n)) for n in (1, 2, 3, 4)}
APPLIED, DUPLICATE = FeedOutcome.APPLIED, FeedOutcome.DUPLICATE


@pytest.fixture
async def registrar(database: Database, hospitals: tuple[Hospital, ...], clock: FakeClock) -> AsyncIterator[Registrar]:
    """A registrar at work."""
    started = Registrar(database, clock)
    await started.start()
    yield started
    await started.stop()


async def persons_of(database: Database) -> dict[tuple[int, str], int]:
    rows = await database.pool.fetch("select hospital_id, ipp, person_id from identities")
    return {(row[0], row[1]): row[2] for row in rows}


async def test_an_applied_event_is_in_the_register(registrar: Registrar, database: Database, clock: FakeClock) -> None:
    """What `apply` returned is committed, with its keys and its explanation."""
    assert await registrar.apply(event("1", patch(used_family="d'Arc")), SOURCES[1]) is APPLIED
    row = await database.pool.fetchrow("select * from identities")
    assert row is not None
    assert (row["family_key"], row["used_key"], row["given_key"]) == ("DARK", "DARC", "JEANNEMARIE")
    assert row["explains_until"] == clock.now() + timedelta(seconds=EXPLAINS_S)
    assert (row["fed_by"], row["person_id"]) == (FEED, row["identity_id"])


async def test_the_same_strict_traits_are_one_person(registrar: Registrar, database: Database) -> None:
    """Two hospitals, one person, bearing the number of the older identity; the younger one never had another."""
    await registrar.apply(event("1"), SOURCES[1])
    await registrar.apply(event("9", patch("Dark"), hospital=2), SOURCES[2])
    persons = await persons_of(database)
    assert persons[1, "1"] == persons[2, "9"]
    assert await database.pool.fetchval("select count(*) from moves") == 0


async def test_a_change_of_person_leaves_its_trace(registrar: Registrar, database: Database, clock: FakeClock) -> None:
    """When a correction makes two people one, the younger number moves, and says when and by which event."""
    await registrar.apply(event("1"), SOURCES[1])
    await registrar.apply(event("2", patch("OTHER")), SOURCES[1])
    before = await persons_of(database)
    clock.advance(5)
    await registrar.apply(event("2", patch("DARK")), SOURCES[1])
    move = await database.pool.fetchrow("select * from moves")
    assert move is not None
    assert (move["from_person"], move["to_person"]) == (before[1, "2"], before[1, "1"])
    assert (move["cause"], move["moved_at"]) == ("upsert", clock.now())


async def test_a_join_elsewhere_is_no_change_of_the_identity(
    registrar: Registrar, database: Database, clock: FakeClock
) -> None:
    """Another hospital's event may give an identity another person, never another time of change."""
    await registrar.apply(event("1", patch("OTHER")), SOURCES[1])
    await registrar.apply(event("9", hospital=2), SOURCES[2])
    clock.advance(60)
    await registrar.apply(event("1", patch("DARK")), SOURCES[1])
    assert len(set((await persons_of(database)).values())) == 1
    changed = await database.pool.fetchval("select updated_at from identities where hospital_id = 2")
    assert changed == clock.now() - timedelta(seconds=60)


async def test_contradicting_ins_part_a_group(registrar: Registrar, database: Database) -> None:
    """A second INS in a group of equal traits separates everybody whose INS is not the same."""
    await registrar.apply(event("1", patch(ins=INS_VALUES[0])), SOURCES[1])
    await registrar.apply(event("2", hospital=2), SOURCES[2])
    assert len(set((await persons_of(database)).values())) == 1
    await registrar.apply(event("3", patch(ins=INS_VALUES[1]), hospital=3), SOURCES[3])
    assert len(set((await persons_of(database)).values())) == 3


async def test_the_ins_column_holds_qualified_ins_alone(registrar: Registrar, database: Database) -> None:
    """value|oid for a qualified identity, nothing for another."""
    await registrar.apply(event("1", patch(ins=INS_VALUES[0])), SOURCES[1])
    await registrar.apply(event("2", patch(ins=INS_VALUES[0], status="PROV")), SOURCES[1])
    rows = await database.pool.fetch("select ins from identities order by ipp")
    assert [row[0] for row in rows] == [f"{INS_VALUES[0]}|1.2.250.1.213.1.4.10", None]


async def test_fictitious_identities_stay_local(registrar: Registrar, database: Database) -> None:
    """FICT is marked local and joins nobody."""
    await registrar.apply(event("1"), SOURCES[1])
    await registrar.apply(event("2", patch(attributes=("FICT",))), SOURCES[1])
    assert await database.pool.fetchval("select local_only from identities where ipp = '2'")
    assert len(set((await persons_of(database)).values())) == 2


async def test_a_retransmission_is_applied_once(registrar: Registrar, database: Database) -> None:
    """The same message again is a duplicate; the same control id with other content is another message."""
    first = event("1", patch("DARK"), control="A1")
    assert await registrar.apply(first, SOURCES[1]) is APPLIED
    await registrar.apply(event("1", patch("LATER")), SOURCES[1])
    assert await registrar.apply(first, SOURCES[1]) is DUPLICATE
    assert await database.pool.fetchval("select family_key from identities") == "LATER"
    assert await registrar.apply(event("2", control="A1"), SOURCES[1]) is APPLIED


async def test_a_retransmission_in_the_same_batch_is_applied_once(registrar: Registrar) -> None:
    """Told twice at once: applied, duplicate; wrong twice at once: the same error twice."""
    batch = [event("1", control="A1"), event("1", control="A1")]
    assert await registrar.apply_batch(batch, SOURCES[1]) == [APPLIED, DUPLICATE]
    wrong = [event("7", Patch(), control="A2"), event("7", Patch(), control="A2")]
    for _ in range(2):
        assert [type(r) for r in await registrar.apply_batch(wrong, SOURCES[1])] == [UnknownIdentity] * 2


async def test_events_of_one_batch_apply_in_their_order(registrar: Registrar, database: Database) -> None:
    """Create, correct, merge, rename: one transaction, the same end as one by one."""
    batch = [
        event("1", patch("FIRST")),
        event("2", patch("SECOND")),
        event("1", patch("THIRD")),
        event("1", Patch(), kind="merge", other="2"),
        event("3", Patch(), kind="change_identifier", other="1"),
        event("1", patch("FOURTH")),
    ]
    assert await registrar.apply_batch(batch, SOURCES[1]) == [APPLIED] * 6
    rows = await database.pool.fetch("select ipp, state::text, family_key from identities order by ipp")
    assert [tuple(row) for row in rows] == [("1", "a", "FOURTH"), ("2", "m", "SECOND"), ("3", "a", "THIRD")]


async def test_a_wrong_event_fails_alone(registrar: Registrar, database: Database) -> None:
    """A caller's error, and a value that the database refuses, are the guilty event's result only."""
    batch = [event(str(n)) for n in range(20)]
    batch[7] = event("7", Patch(), kind="merge", other="x")
    batch[11] = event("11", control="\x00")
    results = await registrar.apply_batch(batch, SOURCES[1])
    assert [n for n, r in enumerate(results) if r is not APPLIED] == [7, 11]
    assert isinstance(results[7], UnknownIdentity) and isinstance(results[11], InvalidValue)
    assert await database.pool.fetchval("select count(*) from identities") == 18


async def test_many_callers_share_a_transaction_and_keep_their_own_errors(
    registrar: Registrar, database: Database
) -> None:
    """Callers who wait together hear each their own outcome."""
    good = [registrar.apply(event(str(n)), SOURCES[1]) for n in range(30)]
    bad = [
        registrar.apply(event("z", Patch(), control="\x00"), SOURCES[1]),
        registrar.apply(event("", None), SOURCES[1]),
    ]
    results = await asyncio.gather(*good, *bad, return_exceptions=True)
    assert results[:30] == [APPLIED] * 30
    assert all(isinstance(error, CallerError) for error in results[30:])


async def test_a_source_speaks_for_its_own_hospital_only(registrar: Registrar, database: Database) -> None:
    """Another domain's event is refused before anything is looked at."""
    with pytest.raises(NotYourDomain):
        await registrar.apply(event("1", hospital=2), SOURCES[1])
    foreign, own = await registrar.apply_batch([event("1", hospital=2), event("1")], SOURCES[1])
    assert isinstance(foreign, NotYourDomain) and own is APPLIED
    assert await database.pool.fetch("select hospital_id from identities") == [(1,)]


async def test_a_message_is_a_sign_of_life_and_a_bulk_row_is_none(registrar: Registrar, database: Database) -> None:
    """The heartbeat counts messages, even ignored ones and duplicates."""
    await registrar.apply_batch([event("1"), event("2")], SOURCES[1])
    assert await database.pool.fetchval("select count(*) from feeds") == 0
    await registrar.apply(event("1", control="A1"), SOURCES[1])
    await registrar.apply(event("1", control="A1"), SOURCES[1])
    await registrar.apply(event("", Patch(), kind="ignored", control="A2"), SOURCES[1])
    assert await database.pool.fetchval("select message_count from feeds") == 3


async def test_a_merge_follows_its_survivor_to_every_person(registrar: Registrar, database: Database) -> None:
    """A merged identity bears its survivor's person, also when the survivor moves later."""
    for one in (event("1", patch("A")), event("2", patch("B")), event("1", Patch(), kind="merge", other="2")):
        await registrar.apply(one, SOURCES[1])
    await registrar.apply(event("9", patch("C"), hospital=2), SOURCES[2])
    await registrar.apply(event("1", patch("C")), SOURCES[1])
    assert len(set((await persons_of(database)).values())) == 1
    assert await database.pool.fetchval("select strict_key from identities where ipp = '2'") is None


async def test_a_stopped_registrar_refuses(database: Database, clock: FakeClock) -> None:
    """Before start and after stop nothing is taken; what was taken is finished."""
    registrar = Registrar(database, clock)
    with pytest.raises(Unavailable):
        await registrar.apply(event("1"), SOURCES[1])


async def test_a_stop_finishes_what_waits(registrar: Registrar, database: Database) -> None:
    """Events given before the stop are written."""
    waiting = [asyncio.create_task(registrar.apply(event(str(n)), SOURCES[1])) for n in range(40)]
    await asyncio.sleep(0)
    await registrar.stop()
    assert await asyncio.gather(*waiting) == [APPLIED] * 40


async def test_a_stop_that_takes_too_long_leaves_nobody_waiting(
    registrar: Registrar, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever is in the middle of a transaction when patience ends hears that its fate is unknown."""
    monkeypatch.setattr("beffroi.actions.register.STOP_S_MAX", 0.05)

    async def never(self: Pass) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(Pass, "_write", never)
    waiting = [asyncio.create_task(registrar.apply(event("1"), SOURCES[1])) for _ in range(3)]
    await asyncio.sleep(0.05)
    waiting.append(asyncio.create_task(registrar.apply(event("2"), SOURCES[1])))
    await asyncio.sleep(0)
    await registrar.stop()
    ends = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 5)
    assert [type(end) for end in ends] == [Unavailable] * 4


async def test_a_cancelled_caller_harms_nobody(registrar: Registrar) -> None:
    """Somebody who gives up does not take others with them."""
    gone = asyncio.create_task(registrar.apply(event("1"), SOURCES[1]))
    stays = asyncio.create_task(registrar.apply(event("2"), SOURCES[1]))
    await asyncio.sleep(0)
    gone.cancel()
    assert await stays is APPLIED


async def test_a_batch_is_bounded(registrar: Registrar) -> None:
    """More than BATCH_MAX events is a mistake of the program."""
    with pytest.raises(ValueError):
        await registrar.apply_batch([event("1")] * (BATCH_MAX + 1), SOURCES[1])


async def test_a_lost_database_is_ours_and_the_writer_lives_on(
    registrar: Registrar, database: Database, dsn: str
) -> None:
    """A connection that is cut gives Unavailable; the next event is applied."""
    await registrar.apply(event("1"), SOURCES[1])
    other = await Database.open(dsn)
    await other.pool.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity "
        "where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'"
    )
    await other.close()
    results = []
    for n in range(3):
        try:
            results.append(await registrar.apply(event(str(n)), SOURCES[1]))
        except Unavailable:
            results.append(None)
    assert results[-1] is APPLIED


@pytest.mark.parametrize("seed", range(8))
async def test_the_register_equals_its_naive_twin(
    registrar: Registrar, database: Database, clock: FakeClock, seed: int
) -> None:
    """Random events of two hospitals, in batches of random size: the same identities, outcomes and persons."""
    random = Random(seed)
    twin = RegisterTwin()
    for _ in range(25):
        clock.advance(random.choice([1, 10_000]))
        hospital = random.choice([1, 2])
        batch = [random_event(random, hospital, list("123456")) for _ in range(random.randint(1, 8))]
        results = await registrar.apply_batch(batch, SOURCES[hospital])
        expected = [twin.apply(one, FEED, clock.now()) for one in batch]
        told = [type(r).__name__ if isinstance(r, CallerError) else "applied" for r in results]
        assert told == expected
    identities, cells = await register_of(database)
    assert identities == content_of(twin)
    assert cells == twin.cells()


@pytest.mark.parametrize("seed", range(3))
async def test_two_registrars_at_once_equal_the_naive_twin(
    database: Database, hospitals: tuple[Hospital, ...], clock: FakeClock, seed: int
) -> None:
    """Two writers, eight feeds at once, each feed in its order: the same persons as one by one."""
    random = Random(seed)
    registrars = [Registrar(database, clock), Registrar(database, clock)]
    lanes = [
        [random_event(random, hospital, [f"{lane}{n}" for n in range(6)]) for _ in range(40)]
        for hospital in (1, 2)
        for lane in "ABCD"
    ]

    async def feed(lane: list[FeedEvent]) -> None:
        at = 0
        while at < len(lane):
            with_whom, count = random.choice(registrars), random.choice([1, 1, 1, 3])
            if count == 1:
                await asyncio.gather(with_whom.apply(lane[at], SOURCES[lane[at].hospital_id]), return_exceptions=True)
            else:
                await with_whom.apply_batch(lane[at : at + count], SOURCES[lane[at].hospital_id])
            at += count

    for one in registrars:
        await one.start()
    await asyncio.gather(*(feed(lane) for lane in lanes))
    for one in registrars:
        await one.stop()
    twin = RegisterTwin()
    for lane in lanes:
        for one in lane:
            twin.apply(one, FEED, clock.now())
    identities, cells = await register_of(database)
    assert identities == content_of(twin)
    assert cells == twin.cells()


async def test_a_crowd_of_equals_is_dissolved_and_forms_again(registrar: Registrar, database: Database) -> None:
    """One more than can be one person: all stand alone. One less again: one person, the number of the oldest."""
    crowd = [event(str(n)) for n in range(GROUP_SIZE_MAX)]
    await registrar.apply_batch(crowd, SOURCES[1])
    assert len(set((await persons_of(database)).values())) == 1
    await registrar.apply(event("more"), SOURCES[1])
    assert len(set((await persons_of(database)).values())) == GROUP_SIZE_MAX + 1
    await registrar.apply(event("7", patch("OTHER")), SOURCES[1])
    people = await persons_of(database)
    assert len(set(people.values())) == 2
    assert people[1, "more"] == people[1, "0"]


async def test_a_slow_correction_does_not_undo_a_join(
    registrar: Registrar, database: Database, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A correction that concerns no strict trait, written late, leaves the person that another event gave meanwhile."""
    await registrar.apply(event("old", patch("OTHER"), hospital=2), SOURCES[2])
    await registrar.apply(event("1"), SOURCES[1])
    slow, written = asyncio.Event(), Pass._write

    async def wait(self: Pass) -> None:
        if asyncio.current_task() is writer:
            await slow.wait()
        await written(self)

    monkeypatch.setattr(Pass, "_write", wait)
    other = Registrar(database, clock)
    await other.start()
    writer = registrar._writer
    correction = asyncio.create_task(registrar.apply(event("1", patch(nationality="FRA")), SOURCES[1]))
    await asyncio.sleep(0.05)
    await other.apply(event("old", patch("DARK"), hospital=2), SOURCES[2])
    slow.set()
    assert await correction is APPLIED
    await other.stop()
    persons = await persons_of(database)
    assert persons[1, "1"] == persons[2, "old"]


async def test_the_feed_role_suffices(
    dsn_of: Callable[[str], str],
    hospitals: tuple[Hospital, ...],
    clock: FakeClock,
) -> None:
    """The registrar needs no right beyond beffroi_feed's."""
    database = await Database.open(dsn_of("beffroi_feed"))
    registrar = Registrar(database, clock)
    await registrar.start()
    batch = [
        event("1", control="A"),
        event("2", patch("X"), control="B"),
        event("1", kind="link", other="2"),
        event("1", Patch(), kind="merge", other="2"),
        event("8", Patch(), kind="merge", other="9", control="C"),
    ]
    results = await registrar.apply_batch(batch, SOURCES[1])
    assert results[:4] == [APPLIED] * 4
    await registrar.stop()
    await database.close()


async def test_a_sensitive_hospital_changes_nobodys_reference(registrar: Registrar, database: Database) -> None:
    """It knew her first and recognises her later: outside it nobody moves, or the new reference would tell."""
    await registrar.apply(event("PSY1", patch(status="PROV"), hospital=4), SOURCES[4])
    await registrar.apply(event("1"), SOURCES[1])
    before = (await persons_of(database))[1, "1"]
    await registrar.apply(event("PSY1", hospital=4), SOURCES[4])
    persons = await persons_of(database)
    assert persons[1, "1"] == before == persons[4, "PSY1"]


async def test_a_sensitive_hospital_joins_nobody_elsewhere(registrar: Registrar, database: Database) -> None:
    """That two of its identities are one person stays its own affair."""
    await registrar.apply(event("1"), SOURCES[1])
    await registrar.apply(event("2", patch("DURAND"), hospital=2), SOURCES[2])
    await registrar.apply(event("PSY1", hospital=4), SOURCES[4])
    await registrar.apply(event("PSY2", patch("DURAND"), hospital=4), SOURCES[4])
    await registrar.apply(event("PSY1", Patch(), kind="link", other="PSY2", hospital=4), SOURCES[4])
    persons = await persons_of(database)
    assert persons[1, "1"] != persons[2, "2"]
    assert persons[4, "PSY1"] == persons[4, "PSY2"] not in (persons[1, "1"], persons[2, "2"])
