"""From verified tokens to askers: who is let in, who has an account made, and which sessions are recorded."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
import pytest

from beffroi.access.professional import claimed
from beffroi.access.tokens import Claims
from beffroi.access.verified import Verified
from beffroi.actions.sign_in import ASKER_S, SignIn
from beffroi.errors import AccountFrozen, Unavailable, UnknownAccount
from beffroi.model.account import AccountKind, Asker, Role
from beffroi.model.hospitals import Hospitals
from beffroi.model.person import Hospital, HospitalId
from beffroi.store.accounts import AccountStore
from beffroi.store.database import ROLE_WEB, Database
from credentials import ISSUER, NOW_S, application_claims, person_claims, trusted
from doubles import HOSPITALS, FakeClock

KEY = bytes(32)


def verified(raw: dict[str, Any], digest: bytes = b"token", key: bytes = KEY, **issuer: Any) -> Verified:
    """A token as the authenticator verified it."""
    claims = msgspec.convert(raw, Claims)
    return Verified(digest, key, b"", NOW_S + 120, claimed(claims), trusted(**issuer))


class Recorder:
    """Stands for the gate: keeps the sign-ins, and may refuse them."""

    def __init__(self) -> None:
        self.askers: list[Asker] = []
        self.refusal: Exception | None = None

    async def __call__(self, asker: Asker) -> None:
        await asyncio.sleep(0)
        if self.refusal:
            raise self.refusal
        self.askers.append(asker)


@pytest.fixture
async def web(dsn_of: Callable[[str], str], hospitals: tuple[Hospital, ...]) -> AsyncIterator[Database]:
    """The database as a serving process has it."""
    async with await Database.open(dsn_of(ROLE_WEB)) as opened:
        yield opened


@pytest.fixture
def recorder() -> Recorder:
    """What was recorded."""
    return Recorder()


@pytest.fixture
def sign_in(web: Database, clock: FakeClock, recorder: Recorder) -> SignIn:
    """The action under test."""
    return SignIn(AccountStore(web), Hospitals(HOSPITALS), clock, recorder)


async def test_a_doctors_first_request(sign_in: SignIn, recorder: Recorder) -> None:
    """A professional of a known hospital and role has an account made, and the sign-in is recorded."""
    asker = await sign_in.asker(verified(person_claims()), "192.0.2.1")
    assert asker == Asker(
        account_id=asker.account_id,
        kind=AccountKind.PERSON,
        subject="ANS20261124090000",
        role=Role.WARD_DOCTOR,
        structure=HospitalId(1),
        application="dossier-patient",
        session_key=KEY,
        network="192.0.2.1",
        authenticated_at_s=NOW_S - 60,
        scopes=frozenset({"openid", "scope_all"}),
        holder=asker.account_id,
        issued_at_s=NOW_S,
    )
    assert recorder.askers == [asker]


async def test_no_account_without_a_role_and_a_hospital(sign_in: SignIn, web: Database, recorder: Recorder) -> None:
    """Whoever has no role here, or comes from no hospital of ours, leaves nothing behind."""
    for raw in (person_claims(SubjectRole=["99^x"]), person_claims(SubjectOrganizationID="750000001")):
        with pytest.raises(UnknownAccount):
            await sign_in.asker(verified(raw), "192.0.2.1")
    assert await web.pool.fetchval("select count(*) from accounts") == 0 and recorder.askers == []


async def test_applications_are_registered_beforehand(sign_in: SignIn, database: Database) -> None:
    """Software that nobody configured is refused; configured, it acts as its grant says."""
    with pytest.raises(UnknownAccount) as caught:
        await sign_in.asker(verified(application_claims()), "192.0.2.1")
    assert "configuration" in caught.value.text("fr")
    insert = "insert into accounts (kind, issuer, subject) values ('application', $1, 'urgences') returning account_id"
    account = await database.pool.fetchval(insert, ISSUER)
    await AccountStore(database).grant(account, HospitalId(2), Role.HOSPITAL_APPLICATION, "configuration", None)
    asker = await sign_in.asker(verified(application_claims()), "192.0.2.1")
    assert (asker.account_id, asker.role, asker.structure) == (account, Role.HOSPITAL_APPLICATION, 2)


async def test_a_person_is_never_taken_for_an_application(sign_in: SignIn, database: Database) -> None:
    """A person whose identifier is an application's client id does not get its account."""
    insert = "insert into accounts (kind, issuer, subject) values ('application', $1, 'urgences')"
    await database.pool.execute(insert, ISSUER)
    with pytest.raises(UnknownAccount):
        await sign_in.asker(verified(person_claims(SubjectNameID="urgences")), "192.0.2.1")


async def test_an_asker_is_remembered_for_seconds(sign_in: SignIn, database: Database, clock: FakeClock) -> None:
    """What is granted or taken away is effective after three seconds at most."""
    token = verified(person_claims())
    first = await sign_in.asker(token, "192.0.2.1")
    await AccountStore(database).grant(first.account_id, HospitalId(1), Role.EMERGENCY_DOCTOR, "cli", None)
    assert sign_in.known(token, "192.0.2.1", NOW_S + ASKER_S - 0.001) == first
    elsewhere = sign_in.known(token, "198.51.100.7", NOW_S)
    assert elsewhere is not None and elsewhere.network == "198.51.100.7"
    assert sign_in.known(token, "192.0.2.1", NOW_S + ASKER_S) is None
    clock.advance(ASKER_S)
    assert (await sign_in.asker(token, "192.0.2.1")).role is Role.EMERGENCY_DOCTOR
    sign_in.forget()
    assert sign_in.known(token, "192.0.2.1", NOW_S) is None


async def test_a_session_is_recorded_once(sign_in: SignIn, recorder: Recorder) -> None:
    """A key's new tokens are the same session; another key, sign-in, role or hospital is another one."""
    await sign_in.asker(verified(person_claims(), b"1"), "192.0.2.1")
    await sign_in.asker(verified(person_claims(jti="2"), b"2"), "192.0.2.1")
    assert len(recorder.askers) == 1
    await sign_in.asker(verified(person_claims(), b"3", b"k" * 32), "192.0.2.1")
    await sign_in.asker(verified(person_claims(auth_time=NOW_S), b"4"), "192.0.2.1")
    await sign_in.asker(verified(person_claims(SubjectOrganizationID="590000002"), b"5"), "192.0.2.1")
    assert len(recorder.askers) == 4


async def test_requests_that_come_together_are_one_sign_in(sign_in: SignIn, recorder: Recorder) -> None:
    """The first requests of a session, all at once, are one account and one sign-in."""
    askers = await asyncio.gather(*(sign_in.asker(verified(person_claims()), "192.0.2.1") for _ in range(8)))
    assert len({asker.account_id for asker in askers}) == 1 and len(recorder.askers) == 1


async def test_a_sign_in_that_is_refused_lets_nobody_in(sign_in: SignIn, recorder: Recorder, clock: FakeClock) -> None:
    """When the sign-in cannot be recorded, or the account is stopped, every request is refused until it is."""
    token = verified(person_claims())
    for refusal in (AccountFrozen(), Unavailable(what="x")):
        recorder.refusal = refusal
        with pytest.raises(type(refusal)):
            await sign_in.asker(token, "192.0.2.1")
        assert sign_in.known(token, "192.0.2.1", NOW_S) is None
    recorder.refusal = None
    await sign_in.asker(token, "192.0.2.1")
    assert len(recorder.askers) == 1


async def test_a_database_that_is_away(sign_in: SignIn, web: Database, recorder: Recorder) -> None:
    """Without the register of accounts nobody is let in, and it is said to be our fault."""
    await web.close()
    with pytest.raises(Unavailable):
        await sign_in.asker(verified(person_claims()), "192.0.2.1")


async def test_a_sign_in_that_cannot_be_phished_is_a_proof_of_presence(sign_in: SignIn) -> None:
    """With one of the issuer's phishing-resistant levels, since its auth_time; never by a time to come."""
    levels = {"proving_acr_values": frozenset({"phr"})}
    for acr, auth_time, proved in (("phr", NOW_S - 60, NOW_S - 60), ("pwd", NOW_S - 60, 0), ("phr", NOW_S + 600, 0)):
        claims = person_claims() | {"acr": acr, "auth_time": auth_time}
        asker = await sign_in.asker(verified(claims, f"{acr}{auth_time}".encode(), **levels), "192.0.2.7")
        assert asker.proved_at_s == proved
