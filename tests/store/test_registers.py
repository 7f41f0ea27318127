"""Hospitals and applications: copied from the configuration, twice without effect, never against the database."""

from collections.abc import Callable

import asyncpg
import msgspec
import pytest

from beffroi.errors import OperatorError
from beffroi.model.account import Role
from beffroi.model.person import HospitalId
from beffroi.store.database import ROLE_WEB, Database
from beffroi.store.registers import (
    LOCAL_ISSUER,
    ApplicationEntry,
    ChangeKind,
    Credential,
    copy_registers,
    differences,
    is_demo,
    set_up,
)
from doubles import HOSPITALS, FakeClock

ISSUER = "https://issuer.test"
FEED = ApplicationEntry(
    "GAM", LOCAL_ISSUER, "GAM", HospitalId(1), Role.FEED, (Credential("x5t:" + "0" * 64, True, False),)
)
PORTAL = ApplicationEntry("Portal", ISSUER, "portal", HospitalId(2), Role.HOSPITAL_APPLICATION)


async def test_copying_twice_changes_nothing(dsn: str, database: Database) -> None:
    """The first copy adds everything, the second finds nothing to do."""
    changes = await copy_registers(dsn, HOSPITALS, (FEED, PORTAL))
    assert [c.kind for c in changes].count(ChangeKind.HOSPITAL_ADDED) == 4
    assert await copy_registers(dsn, HOSPITALS, (FEED, PORTAL)) == []
    rows = await database.pool.fetch(
        "select a.subject, g.role, g.hospital_id from accounts a join grants g using (account_id)"
    )
    assert {tuple(row) for row in rows} == {("GAM", "feed", 1), ("portal", "hospital_application", 2)}
    assert await database.pool.fetchval("select count(*) from account_states") == 2


async def test_differences_are_told_without_being_made(
    dsn: str, dsn_of: Callable[[str], str], database: Database
) -> None:
    """The web role can see what the owner's copy would change, and nothing changes."""
    await copy_registers(dsn, HOSPITALS, (FEED,))
    renamed = msgspec.structs.replace(HOSPITALS[0], name="CHU de Beaumont", sensitive=True)
    told = await differences(dsn_of(ROLE_WEB), (renamed, *HOSPITALS[1:3]), (PORTAL,))
    assert {change.kind for change in told} == {
        ChangeKind.HOSPITAL_CHANGED,
        ChangeKind.HOSPITAL_UNLISTED,
        ChangeKind.APPLICATION_ADDED,
        ChangeKind.GRANT_ADDED,
        ChangeKind.GRANT_REMOVED,
        ChangeKind.CREDENTIAL_REMOVED,
    }
    assert told[0].text("fr") == "hôpital modifié : CHU de Beaumont (name, sensitive)"
    assert await database.pool.fetchval("select name from hospitals where hospital_id = 1") == HOSPITALS[0].name


async def test_an_application_taken_out_loses_its_rights_but_keeps_its_account(dsn: str, database: Database) -> None:
    """Removed from the configuration: no grant, no credential, and the account that its disclosures name remains."""
    await copy_registers(dsn, HOSPITALS, (FEED, PORTAL))
    await copy_registers(dsn, HOSPITALS, (PORTAL,))
    assert await database.pool.fetchval("select count(*) from credentials") == 0
    assert await database.pool.fetchval("select count(*) from grants") == 1
    assert await database.pool.fetchval("select count(*) from accounts") == 2


async def test_a_persons_grant_is_left_alone(dsn: str, database: Database) -> None:
    """The copy only touches what a configuration gave."""
    await copy_registers(dsn, HOSPITALS, (FEED,))
    await database.pool.execute("insert into accounts (kind, issuer, subject) values ('person', $1, '8997')", ISSUER)
    await database.pool.execute(
        "insert into grants (account_id, hospital_id, role, granted_by) "
        "select account_id, 1, 'ward_nurse', 'operator' from accounts where kind = 'person'"
    )
    await copy_registers(dsn, HOSPITALS, ())
    assert [r["role"] for r in await database.pool.fetch("select role from grants")] == ["ward_nurse"]


async def test_a_changed_credential_is_changed(dsn: str, database: Database) -> None:
    """A certificate that moves to another application, with other rights, is moved."""
    await copy_registers(dsn, HOSPITALS, (FEED,))
    moved = msgspec.structs.replace(PORTAL, credentials=(Credential(FEED.credentials[0].text, False, True),))
    await copy_registers(dsn, HOSPITALS, (moved,))
    row = await database.pool.fetchrow("select hospital_id, may_feed, may_query from credentials")
    assert row is not None and tuple(row) == (2, False, True)


@pytest.mark.parametrize("change", [{"oid": "1.2.250.1.999.1.99"}, {"hospital_id": HospitalId(99)}])
async def test_a_number_and_its_oid_belong_together(dsn: str, database: Database, change: dict[str, object]) -> None:
    """A hospital whose number or OID changed hands is refused, and nothing of the copy is kept."""
    await copy_registers(dsn, HOSPITALS, ())
    other = msgspec.structs.replace(HOSPITALS[0], name="Other", **change)  # type: ignore[arg-type]
    with pytest.raises(OperatorError, match="belong together for ever"):
        await copy_registers(dsn, (*HOSPITALS[1:], other), (FEED,))
    assert await database.pool.fetchval("select count(*) from accounts") == 0


async def test_a_persons_account_never_becomes_an_application(dsn: str, database: Database) -> None:
    """A client_id that a person's account already bears is refused."""
    await copy_registers(dsn, HOSPITALS, ())
    await database.pool.execute("insert into accounts (kind, issuer, subject) values ('person', $1, 'portal')", ISSUER)
    with pytest.raises(OperatorError, match="belongs to a person"):
        await copy_registers(dsn, HOSPITALS, (PORTAL,))


async def test_the_deployment_is_written_once(dsn: str, database: Database, clock: FakeClock) -> None:
    """The first set-up makes the keys, the next keeps them, and the kind of a deployment never changes."""
    assert await is_demo(dsn) is None
    assert await set_up(dsn, demo=False, clock=clock)
    keys = await database.pool.fetchrow("select reference_key, nonce_key from deployment")
    assert not await set_up(dsn, demo=False, clock=clock)
    assert await database.pool.fetchrow("select reference_key, nonce_key from deployment") == keys
    assert await is_demo(dsn) is False
    with pytest.raises(OperatorError, match="a real one"):
        await set_up(dsn, demo=True, clock=clock)


async def test_a_demonstration_is_not_served(dsn: str, clock: FakeClock) -> None:
    """A demonstration's database is refused in words."""
    await set_up(dsn, demo=True, clock=clock)
    with pytest.raises(OperatorError, match="belongs to a demonstration"):
        await set_up(dsn, demo=False, clock=clock)


async def test_the_web_role_cannot_copy(dsn_of: Callable[[str], str]) -> None:
    """Only the owner writes the registers."""
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await copy_registers(dsn_of(ROLE_WEB), HOSPITALS, ())
