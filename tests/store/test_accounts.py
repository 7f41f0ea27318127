"""Accounts in the database, under the privileges of the roles that serve and of the owner."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

import asyncpg
import pytest

from beffroi.access.professional import Grant
from beffroi.model.account import AccountKind, Role
from beffroi.model.person import Hospital, HospitalId
from beffroi.store.accounts import AccountStore
from beffroi.store.database import ROLE_WEB, Database

ISSUER = "https://issuer.example"


@pytest.fixture
async def web(dsn_of: Callable[[str], str]) -> AsyncIterator[AccountStore]:
    """Accounts as a serving process has them."""
    async with await Database.open(dsn_of(ROLE_WEB)) as opened:
        yield AccountStore(opened)


async def test_a_first_sign_in_makes_an_account(web: AccountStore, database: Database) -> None:
    """An account is made once, with its row in the gate, under the privileges of a serving process."""
    assert await web.find(ISSUER, "ANS1") is None
    made = await web.create_person(ISSUER, "ANS1")
    assert made == await web.find(ISSUER, "ANS1") == await web.create_person(ISSUER, "ANS1")
    assert (made.kind, made.grants) == (AccountKind.PERSON, ())
    states = await database.pool.fetchval("select count(*) from account_states where account_id = $1", made.account_id)
    assert states == 1


async def test_processes_that_make_the_same_account(web: AccountStore) -> None:
    """However many sign-ins come first at the same time, there is one account."""
    made = await asyncio.gather(*(web.create_person(ISSUER, "ANS1") for _ in range(8)))
    assert len({account.account_id for account in made}) == 1


async def test_a_subject_is_unique_within_its_issuer(web: AccountStore) -> None:
    """The same identifier at another issuer is somebody else, and no other spelling is the same."""
    accounts = [await web.create_person(i, s) for i, s in ((ISSUER, "a"), ("https://b.example", "a"), (ISSUER, "A"))]
    assert len({account.account_id for account in accounts}) == 3


async def test_accounts_that_are_looked_up_together(
    web: AccountStore, database: Database, hospitals: tuple[Hospital, ...]
) -> None:
    """Each gets their own account with their own grants, however many ask at once; whoever has none gets none."""
    made = [await web.create_person(ISSUER, f"ANS{number}") for number in range(4)]
    for account, hospital in zip(made, (1, 2, 3, 1), strict=True):
        await AccountStore(database).grant(account.account_id, HospitalId(hospital), Role.AUDITOR, "cli", None)
    subjects = ["ANS2", "ANS0", "nobody", "ANS3", "ANS1", "ANS0"]
    alone = [await web.find(ISSUER, subject) for subject in subjects]
    assert await asyncio.gather(*(web.find(ISSUER, subject) for subject in subjects)) == alone
    assert [one and one.grants[0].hospital_id for one in alone] == [3, 1, None, 1, 2, 1]


async def test_grants(web: AccountStore, database: Database, hospitals: tuple[Hospital, ...]) -> None:
    """A grant is given, moved and taken away by the owner, and read with the account."""
    owner, account = AccountStore(database), await web.create_person(ISSUER, "ANS1")
    until = datetime(2027, 1, 1, tzinfo=UTC)
    await owner.grant(account.account_id, HospitalId(1), Role.AUDITOR, "cli", None)
    await owner.grant(account.account_id, HospitalId(2), Role.WARD_NURSE, "cli", until)
    await owner.grant(account.account_id, HospitalId(1), Role.AUDITOR, "cli", until)
    found = await web.find(ISSUER, "ANS1")
    assert found is not None
    assert found.grants == (Grant(HospitalId(1), Role.AUDITOR, until), Grant(HospitalId(2), Role.WARD_NURSE, until))
    assert await owner.revoke(account.account_id, HospitalId(1), Role.AUDITOR)
    assert not await owner.revoke(account.account_id, HospitalId(1), Role.AUDITOR)


async def test_a_role_of_a_later_version(
    web: AccountStore, database: Database, hospitals: tuple[Hospital, ...]
) -> None:
    """A grant of a role that is not known here gives nothing, and breaks nothing."""
    account = await web.create_person(ISSUER, "ANS1")
    insert = "insert into grants (account_id, hospital_id, role, granted_by) values ($1, 1, 'archivist', 'cli')"
    await database.pool.execute(insert, account.account_id)
    assert await web.find(ISSUER, "ANS1") == account


async def test_a_server_gives_itself_no_rights(web: AccountStore, hospitals: tuple[Hospital, ...]) -> None:
    """A serving process can neither grant nor revoke."""
    account = (await web.create_person(ISSUER, "ANS1")).account_id
    for forbidden in (
        web.grant(account, HospitalId(1), Role.AUDITOR, "thief", None),
        web.revoke(account, HospitalId(1), Role.AUDITOR),
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await forbidden
