"""Credentials of HL7 v2 connections: whom they stand for, and when they stand for nobody any more."""

from datetime import timedelta

import pytest

from beffroi.actions.connections import CALLER_S, Caller, Connections
from beffroi.errors import Unavailable
from beffroi.model.account import Role
from beffroi.model.hospitals import Hospitals
from beffroi.model.person import Hospital, HospitalId
from beffroi.store.credentials import CredentialStore
from beffroi.store.database import ROLE_FEED, Database
from beffroi.store.registers import ApplicationEntry, Credential, copy_registers
from doubles import HOSPITALS, FakeClock

X5T = "x5t:" + "ab" * 32


def entry(role: Role = Role.HOSPITAL_APPLICATION, feed: bool = True, query: bool = True) -> ApplicationEntry:
    """The patient administration of hospital 1."""
    credentials = (Credential(X5T, feed, query),)
    return ApplicationEntry("GAM", "urn:test", "gam-1", HospitalId(1), role, credentials)


@pytest.fixture
async def connections(dsn_of: object, hospitals: tuple[Hospital, ...], clock: FakeClock) -> object:
    opened = await Database.open(dsn_of(ROLE_FEED))  # type: ignore[operator]
    yield Connections(CredentialStore(opened), Hospitals(hospitals), clock)
    await opened.close()


async def test_a_credential_stands_for_an_application(dsn: str, connections: Connections, database: Database) -> None:
    """Account, hospital, role and rights; the account gets its row in the gate. The feed's database role suffices."""
    await copy_registers(dsn, HOSPITALS, [entry(query=False)])
    found = await connections.caller(X5T)
    assert found is not None
    number = await database.pool.fetchval("select account_id from account_states")
    assert found == Caller(number, "gam-1", HOSPITALS[0], Role.HOSPITAL_APPLICATION, True, False)


async def test_an_unknown_credential_stands_for_nobody(connections: Connections) -> None:
    """None, also when it is asked again at once."""
    assert [await connections.caller("loopback:NOBODY") for _ in range(2)] == [None, None]


async def test_what_is_taken_away_is_gone_within_seconds(dsn: str, connections: Connections, clock: FakeClock) -> None:
    """Remembered for a few seconds, then read again: without a grant or a credential there is no caller."""
    await copy_registers(dsn, HOSPITALS, [entry()])
    assert await connections.caller(X5T) is not None
    await copy_registers(dsn, HOSPITALS, [])
    assert await connections.caller(X5T) is not None
    clock.advance(timedelta(seconds=CALLER_S + 0.1))
    assert await connections.caller(X5T) is None


async def test_grants_end_and_accounts_are_stopped(
    dsn: str, connections: Connections, clock: FakeClock, database: Database
) -> None:
    """An expired grant is none; a stopped account is known as such."""
    await copy_registers(dsn, HOSPITALS, [entry()])
    await database.pool.execute("update account_states set frozen = true")
    found = await connections.caller(X5T)
    assert found is not None and found.frozen
    await database.pool.execute("update grants set expires_at = $1", clock.now())
    clock.advance(timedelta(seconds=CALLER_S + 0.1))
    assert await connections.caller(X5T) is None


async def test_a_lost_database_is_ours(dsn: str, hospitals: object, clock: FakeClock) -> None:
    """Without the register nobody is taken for anybody."""
    opened = await Database.open(dsn)
    await opened.close()
    with pytest.raises(Unavailable):
        await Connections(CredentialStore(opened), Hospitals(HOSPITALS), clock).caller(X5T)
