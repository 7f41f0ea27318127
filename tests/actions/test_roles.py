"""Roles by two people, one of them at the machine: who may ask and agree, what stands in the chain, how they end."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import asyncpg
import pytest

from beffroi.access.professional import Claimed, Grant, capacity
from beffroi.actions.roles import AGREE_WITHIN, DAYS_MAX, Roles
from beffroi.actions.ways.acting import Acting
from beffroi.clock import Clock
from beffroi.errors import AccountFrozen, InvalidValue, Missing, NotFound, UnknownAccount, WayRefused
from beffroi.model.account import AccountId, AccountKind, Asker, Role
from beffroi.model.disclosure import Operation
from beffroi.model.hospitals import Hospitals
from beffroi.model.person import Hospital, HospitalId
from beffroi.model.role_request import Wanted
from beffroi.store.database import ROLE_WEB, Database
from ways import act, events_of

ANNE, BRUNO = "operator:anne", "operator:bruno"


@pytest.fixture
def moving() -> "MovingClock":
    return MovingClock()


class MovingClock(Clock):
    """The machine's time, moved."""

    def __init__(self) -> None:
        self.moved = timedelta()

    def now(self):  # type: ignore[no-untyped-def]
        return super().now() + self.moved


@pytest.fixture
def machine(database: Database, hospitals: object, moving: MovingClock) -> Roles:
    """Under the owner's role."""
    return Roles(database, Acting(database, moving), moving)


@pytest.fixture
async def served(dsn_of: Callable[[str], str], hospitals: object, moving: MovingClock) -> AsyncIterator[Roles]:
    """Under a serving process's."""
    async with await Database.open(dsn_of(ROLE_WEB), size=2) as web:
        yield Roles(web, Acting(web, moving), moving)


@pytest.fixture
async def operator(account, database: Database, machine: Roles) -> Asker:
    """A signed-in operator who has just touched a key."""
    asker = await account(Role.OPERATOR, 1, "899700000050")
    await database.pool.execute("insert into grants values ($1, 1, 'operator', now(), 'test')", asker.account_id)
    await touched(database, asker)
    return asker


async def touched(database: Database, asker: Asker) -> None:
    from beffroi.watch.channels import key_of

    evidence = f'{{"proved_s": {int(Clock().now().timestamp())}, "proved_key": "{key_of(asker.session_key)}"}}'
    await database.pool.execute(
        "update account_states set evidence = $2::json where account_id = $1", asker.account_id, evidence
    )


@pytest.fixture
async def wanted(machine: Roles, moving: MovingClock) -> Wanted:
    """Somebody who never signed in is to be the duty officer."""
    number = await machine.account("https://issuer.test", "899700000051")
    until = moving.now() + timedelta(days=90)
    return Wanted(number, HospitalId(1), Role.DUTY_OFFICER, until, "astreinte de nuit")


async def held(database: Database, account_id: AccountId) -> list[tuple[str, str]]:
    rows = await database.pool.fetch("select role, granted_by from grants where account_id = $1", account_id)
    return [tuple(row) for row in rows]


async def test_two_logins_of_the_machine(machine: Roles, database: Database, wanted: Wanted) -> None:
    """Nobody has the role before the second agrees; then it has its end, both names, an event and an alert."""
    number = await machine.ask(ANNE, wanted)
    assert await held(database, wanted.account_id) == []
    with pytest.raises(WayRefused, match="second person"):
        await machine.agree(ANNE, number)
    await machine.agree(BRUNO, number)
    assert await held(database, wanted.account_id) == [("duty_officer", f"{ANNE}, {BRUNO}")]
    assert await database.pool.fetchval("select expires_at from grants where role = 'duty_officer'") == wanted.until
    ((told),) = await events_of(database, wanted.account_id, Operation.GRANT)
    assert told["what"] == "role given" and (told["by"], told["confirmed_by"]) == (ANNE, BRUNO)
    assert await database.pool.fetchval("select kind from alerts") == "role_given"
    with pytest.raises(NotFound):
        await machine.agree(BRUNO, number)


async def test_asked_at_the_machine_agreed_in_the_console(
    machine: Roles, served: Roles, database: Database, operator: Asker, wanted: Wanted
) -> None:
    """By a serving process's own rights, through the database's function."""
    number = await machine.ask(ANNE, wanted)
    await served.agree(act(operator), number)
    by = f"{ANNE}, account:{operator.account_id}"
    assert await held(database, wanted.account_id) == [("duty_officer", by)]


async def test_asked_in_the_console_agreed_at_the_machine(
    machine: Roles, served: Roles, database: Database, operator: Asker, wanted: Wanted
) -> None:
    """Two people of the console give nobody anything; what is asked stands in the asker's chain."""
    number = await served.ask(act(operator), wanted)
    with pytest.raises(WayRefused, match="by a server"):
        await served.agree(act(operator), number)
    assert (await events_of(database, operator.account_id, Operation.GRANT))[0]["what"] == "role asked"
    await machine.agree(BRUNO, number)
    assert (await held(database, wanted.account_id))[0][0] == "duty_officer"


async def test_a_server_that_is_taken_over_gives_nothing(
    dsn_of: Callable[[str], str], database: Database, served: Roles, operator: Asker, wanted: Wanted
) -> None:
    """Its role can neither write a grant, nor say that a request was made at the machine, nor agree to its own."""
    number = await served.ask(act(operator), wanted)
    connection = await asyncpg.connect(dsn_of(ROLE_WEB))
    try:
        for text in (
            "insert into grants values (1, 1, 'auditor', now(), 'thief')",
            "update role_requests set at_machine = true",
            "update role_requests set agreed_by = 'operator:anne', ended_at = now()",
            "insert into role_requests (account_id, hospital_id, role, until, reason, asked_by, asked_at, at_machine) "
            "values (1, 1, 'auditor', now(), 'x', 'operator:anne', now(), true)",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(text)
        assert await connection.fetchval("select agree_to_role($1, $2)", number, operator.account_id) is False
    finally:
        await connection.close()
    assert await held(database, wanted.account_id) == []


async def test_agreeing_needs_an_operator_s_grant_in_force(
    machine: Roles, served: Roles, database: Database, operator: Asker, wanted: Wanted
) -> None:
    """The database looks for itself: an operator whose own role has ended agrees to nothing."""
    number = await machine.ask(ANNE, wanted)
    await database.pool.execute("update grants set expires_at = now() - interval '1 hour'")
    with pytest.raises(NotFound):
        await served.agree(act(operator), number)
    assert await held(database, wanted.account_id) == []


async def test_a_stolen_login_without_its_key_does_nothing(
    machine: Roles, served: Roles, database: Database, operator: Asker, wanted: Wanted
) -> None:
    """Asking and agreeing need a key touched in this session and lately; a stopped account does neither."""
    number = await machine.ask(ANNE, wanted)
    await database.pool.execute("update account_states set evidence = '{}'")
    for doing in (served.ask(act(operator), wanted), served.agree(act(operator), number)):
        with pytest.raises(WayRefused, match="proof of presence"):
            await doing
    await database.pool.execute("update account_states set frozen = true")
    with pytest.raises(AccountFrozen):
        await served.agree(act(operator), number)


async def test_nobody_does_it_for_themselves(
    machine: Roles, served: Roles, moving: MovingClock, operator: Asker
) -> None:
    """Neither asking nor agreeing; taking it back is for anybody."""
    until = moving.now() + timedelta(days=9)
    own = Wanted(operator.account_id, HospitalId(1), Role.AUDITOR, until, "pour moi-même")
    with pytest.raises(WayRefused, match="themselves"):
        await served.ask(act(operator), own)
    number = await machine.ask(ANNE, own)
    with pytest.raises(WayRefused, match="themselves"):
        await served.agree(act(operator), number)
    await served.withdraw(act(operator), number)
    assert await machine.waiting() == []


async def test_two_who_agree_at_once_give_it_once(machine: Roles, database: Database, wanted: Wanted) -> None:
    """One of them is the second person; the other finds nothing that waits, and the chain tells of one."""
    number = await machine.ask(ANNE, wanted)
    agreeing = (machine.agree(who, number) for who in (BRUNO, "operator:carl"))
    refused = [one for one in await asyncio.gather(*agreeing, return_exceptions=True) if isinstance(one, NotFound)]
    assert len(refused) == 1
    assert len(await events_of(database, wanted.account_id, Operation.GRANT)) == 1


async def test_it_waits_for_a_day(machine: Roles, moving: MovingClock, wanted: Wanted) -> None:
    """Afterwards it is asked again; what was withdrawn is gone at once."""
    number = await machine.ask(ANNE, wanted)
    assert [one.number for one in await machine.waiting()] == [number]
    moving.moved += AGREE_WITHIN + timedelta(minutes=1)
    with pytest.raises(NotFound):
        await machine.agree(BRUNO, number)
    assert await machine.waiting() == []
    again = await machine.ask(ANNE, wanted)
    await machine.withdraw(BRUNO, again)
    with pytest.raises(NotFound):
        await machine.agree(BRUNO, again)


async def test_what_cannot_be_asked_for(machine: Roles, moving: MovingClock, wanted: Wanted) -> None:
    """An application's role, no end or one beyond a year, another hospital, no reason."""
    from dataclasses import replace

    now = moving.now()
    for wrong, error in (
        (replace(wanted, role=Role.FEED), InvalidValue),
        (replace(wanted, until=now - timedelta(days=1)), InvalidValue),
        (replace(wanted, until=now + timedelta(days=DAYS_MAX, hours=1)), InvalidValue),
        (replace(wanted, hospital_id=HospitalId(9)), NotFound),
        (replace(wanted, reason="x"), Missing),
    ):
        with pytest.raises(error):
            await machine.ask(ANNE, wrong)


async def test_a_role_ends_by_itself(hospitals: tuple[Hospital, ...], moving: MovingClock) -> None:
    """Policy counts it until its end and not a second longer."""
    until = moving.now()
    claim = Claimed(AccountKind.PERSON, "https://issuer.test", "8997", "dpi", structures=("590000001",))
    grants, known = [Grant(HospitalId(1), Role.AUDITOR, until)], Hospitals(hospitals)
    assert capacity(claim, grants, {}, known, until - timedelta(seconds=1)).role is Role.AUDITOR
    with pytest.raises(UnknownAccount):
        capacity(claim, grants, {}, known, until)


async def test_taking_away_stands_in_the_chain(machine: Roles, database: Database, wanted: Wanted) -> None:
    """By one person, with a reason; what is not there is said."""
    await machine.agree(BRUNO, await machine.ask(ANNE, wanted))
    await machine.take(ANNE, wanted.account_id, HospitalId(1), Role.DUTY_OFFICER, "a quitté l'hôpital")
    assert await held(database, wanted.account_id) == []
    told = await events_of(database, wanted.account_id, Operation.GRANT)
    assert [one["what"] for one in told] == ["role given", "role taken"]
    with pytest.raises(NotFound):
        await machine.take(ANNE, wanted.account_id, HospitalId(1), Role.DUTY_OFFICER, "a quitté l'hôpital")
