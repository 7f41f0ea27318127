"""The demonstration's issuer and its client: over real sockets, against the same authenticator that serves."""

import base64
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import msgspec
import pytest

from beffroi.access.dpop import ProofKeys, Request, verify_proof
from beffroi.access.issuers import DemoIssuerRefused, TrustedIssuer, parse_key_set
from beffroi.access.nonces import Nonces
from beffroi.access.professional import GRANTED_ROLES, MAPPABLE_ROLES
from beffroi.access.rejection import Rejected
from beffroi.actions.sign_in import SignIn, nothing_recorded
from beffroi.clock import Clock
from beffroi.errors import NotAuthenticated, OperatorError
from beffroi.model.account import AccountKind, Role
from beffroi.model.hospitals import Hospitals
from beffroi.outbound import issuer_keys
from beffroi.outbound.issuer_keys import IssuerKeys
from beffroi.outbound.signing_key import SigningKey
from beffroi.servers.authentication import Authenticator
from beffroi.store.accounts import AccountStore
from beffroi.store.database import Database
from beffroi_region.client import SigningClient, read_access
from beffroi_region.hospitals import hospitals
from beffroi_region.issuer import AUDIENCE, GRANT_ACCOUNT, DemoIssuer, TokenRefused, check_folder, open_issuer
from beffroi_region.issuer_server import issuer_running
from beffroi_region.professions import roles_of_professions
from beffroi_region.staff import everybody
from credentials import NOW_S
from doubles import DEPLOYMENT_NONCE_KEY, FakeClock

HOSPITALS = hospitals(3)
STAFF = everybody(HOSPITALS)
API = "http://127.0.0.1:8080"
PATH = "/fhir/Patient"
NONCES = Nonces(DEPLOYMENT_NONCE_KEY)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A demonstration's folder: its owner's alone."""
    made = tmp_path / "demo"
    made.mkdir(mode=0o700)
    return made


@pytest.fixture
async def demo(dsn: str, database: Database) -> Database:
    """A demonstration's database: it says so, and has the hospitals and the accounts that need a grant."""
    row = "insert into deployment (demo, reference_key, nonce_key) values (true, $1, $2)"
    await database.pool.execute(row, bytes(16), DEPLOYMENT_NONCE_KEY)
    await database.pool.executemany(
        "insert into hospitals (hospital_id, finess, name, oid, namespace) values ($1, $2, $3, $4, $5)",
        [(h.hospital_id, h.finess, h.name, h.oid, h.namespace) for h in HOSPITALS],
    )
    return database


@pytest.fixture
async def issuer(folder: Path, demo: Database) -> AsyncIterator[DemoIssuer]:
    """The issuer, answering."""
    async with issuer_running(folder, demo, STAFF, HOSPITALS, API) as running:
        yield running


async def authenticator_of(issuer: DemoIssuer, database: Database) -> Authenticator:
    """What a demonstration's web process has."""
    trusted = TrustedIssuer(issuer=issuer.url, audiences=frozenset({AUDIENCE}), roles=roles_of_professions(), demo=True)
    accounts = AccountStore(database)
    for account in STAFF:
        if account.needs_grant or account.kind is AccountKind.APPLICATION:
            insert = "insert into accounts (kind, issuer, subject) values ($1, $2, $3) returning account_id"
            number = await database.pool.fetchval(insert, account.kind.value, issuer.url, account.subject)
            await accounts.grant(number, account.hospital_id, account.role, "demo", None)
    keys = IssuerKeys(trusted, Clock())
    made = Authenticator([keys], SignIn(accounts, Hospitals(HOSPITALS), Clock(), nothing_recorded), NONCES, Clock())
    await keys.refresh()
    return made


async def test_every_account_signs_in_as_what_it_is(issuer: DemoIssuer, folder: Path, demo: Database) -> None:
    """Each account of the demonstration gets a token by which it is known here, in its role and hospital."""
    authenticator = await authenticator_of(issuer, demo)
    access = read_access(folder)
    for account in STAFF:
        async with SigningClient.of_account(access, account.name) as client:
            client.follow(authenticator.nonce())
            headers = await client.signed("GET", PATH)
            async with authenticator.admit("GET", API + PATH, headers, "127.0.0.1") as who:
                told = (who.asker.subject, who.asker.role, who.asker.structure, who.asker.kind)
                assert told == (account.subject, account.role, account.hospital_id, account.kind)
                assert who.asker.session_key == client.key.thumbprint


async def test_a_rotation_needs_no_restart(
    issuer: DemoIssuer, folder: Path, demo: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the issuer changes its key, new tokens are accepted at once, and old ones until the key is withdrawn."""
    monkeypatch.setattr(issuer_keys, "UNKNOWN_KEY_S_MIN", 0.0)
    authenticator = await authenticator_of(issuer, demo)
    access = read_access(folder)
    async with (
        SigningClient.of_account(access, "ward-nurse") as old,
        SigningClient.of_account(access, "auditor") as new,
    ):
        for client in (old, new):
            client.follow(authenticator.nonce())
        await old.token()
        issuer.rotate()
        for client in (new, old):
            async with authenticator.admit("GET", API + PATH, await client.signed("GET", PATH), "") as who:
                assert who.asker.account_id
        issuer.rotate(keep=0)
        async with SigningClient.of_account(access, "auditor") as newest:
            newest.follow(authenticator.nonce())
            async with authenticator.admit("GET", API + PATH, await newest.signed("GET", PATH), "") as who:
                assert who.asker.role is Role.AUDITOR
        with pytest.raises(NotAuthenticated):
            await authenticator.admit("GET", API + PATH, await old.signed("GET", PATH), "").__aenter__()


async def test_software_proves_its_own_key(issuer: DemoIssuer, folder: Path, demo: Database) -> None:
    """A hospital's software gets its token by client_credentials and private_key_jwt, as at a real issuer."""
    authenticator = await authenticator_of(issuer, demo)
    async with SigningClient.of_application(read_access(folder), "demo-dpi-1") as client:
        client.follow(authenticator.nonce())
        async with authenticator.admit("GET", API + PATH, await client.signed("GET", PATH), "") as who:
            assert who.asker.role is Role.HOSPITAL_APPLICATION


async def test_metadata_and_keys(issuer: DemoIssuer) -> None:
    """Discovery names the issuer and its keys, whose numbers are a demonstration's, so that `serve` refuses them."""
    async with httpx2.AsyncClient(trust_env=False) as client:
        metadata = (await client.get(f"{issuer.url}/.well-known/openid-configuration")).json()
        document = (await client.get(metadata["jwks_uri"])).content
    assert metadata["issuer"] == issuer.url and metadata["token_endpoint"].startswith(issuer.url)
    keys = msgspec.json.decode(document)["keys"]
    assert [k["kid"].startswith("demo-") for k in keys] == [True] and all("d" not in key for key in keys)
    with pytest.raises(DemoIssuerRefused):
        parse_key_set(document, TrustedIssuer(issuer=issuer.url, audiences=frozenset({AUDIENCE})))


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, "unsupported_grant_type"),
        ({"grant_type": "password", "username": "a", "password": "b"}, "unsupported_grant_type"),
        ({"grant_type": GRANT_ACCOUNT, "account": "ward-nurse"}, "invalid_grant"),
        ({"grant_type": GRANT_ACCOUNT, "account": "ward-nurse", "secret": "guess"}, "invalid_grant"),
        ({"grant_type": "client_credentials", "client_id": "demo-dpi-1"}, "invalid_client"),
        ({"grant_type": "client_credentials", "client_assertion": "a.b.c"}, "invalid_client"),
    ],
)
async def test_forms_that_are_refused(issuer: DemoIssuer, form: dict[str, str], error: str) -> None:
    """Without the folder's secret or a client's key there is no token."""
    key, url = SigningKey(), f"{issuer.url}/token"
    async with httpx2.AsyncClient(trust_env=False) as client:
        proof = key.proof("POST", url, int(Clock().now().timestamp()), Clock())
        answer = await client.post(url, data=form, headers={"dpop": proof})
    assert answer.json()["error"] == error and answer.status_code in (400, 401)
    assert answer.headers["cache-control"] == "no-store"


async def test_requests_that_are_no_forms(issuer: DemoIssuer) -> None:
    """A body too large, or with a thousand fields, is an error of RFC 6749 and nothing else."""
    async with httpx2.AsyncClient(trust_env=False) as client:
        for body in (b"x" * 20_000, b"&".join(b"a=b" for _ in range(100)), b"\xff\xfe=%%%"):
            answer = await client.post(f"{issuer.url}/token", content=body)
            assert answer.status_code == 400 and answer.json()["error"]


def alone(clock: FakeClock) -> DemoIssuer:
    """An issuer without a socket."""
    return DemoIssuer("http://127.0.0.1:9", "secret", STAFF, HOSPITALS, clock)


def form_of(issuer: DemoIssuer, account: str = "ward-nurse") -> dict[str, str]:
    return {"grant_type": GRANT_ACCOUNT, "account": account, "secret": issuer.secret}


def test_a_token_needs_a_proof(clock: FakeClock) -> None:
    """The token endpoint binds every token: no proof, one for another address, or one used before gives none."""
    issuer, key = alone(clock), SigningKey()
    good = key.proof("POST", "http://127.0.0.1:9/token", NOW_S, clock)
    elsewhere = key.proof("POST", "http://127.0.0.1:9/jwks", NOW_S, clock)
    assert issuer.answer(form_of(issuer), good)["token_type"] == "DPoP"
    for proof in ("", elsewhere, good):
        with pytest.raises(TokenRefused) as caught:
            issuer.answer(form_of(issuer), proof)
        assert caught.value.error == "invalid_dpop_proof"


def test_one_sign_in_serves_for_hours(clock: FakeClock) -> None:
    """New tokens of the same key keep the time of the sign-in, for four hours; another key signs in anew."""

    def auth_time(key: SigningKey) -> int:
        token = issuer.token(STAFF[0], key.thumbprint)
        return int(msgspec.json.decode(base64.urlsafe_b64decode(token.split(".")[1] + "=="))["auth_time"])

    issuer, key = alone(clock), SigningKey()
    first = auth_time(key)
    clock.advance(3_600)
    assert auth_time(key) == first and auth_time(SigningKey()) == first + 3_600
    clock.advance(4 * 3_600)
    assert auth_time(key) == first + 5 * 3_600


async def test_it_starts_in_a_demonstration_only(folder: Path, database: Database, clock: FakeClock) -> None:
    """No deployment, one that is no demonstration, a folder that is open or missing, another address: it refuses."""

    async def opened(where: Path = folder, url: str = "http://127.0.0.1:9") -> DemoIssuer:
        return await open_issuer(where, database, url, STAFF, HOSPITALS, clock)

    with pytest.raises(OperatorError):
        await opened()
    row = "insert into deployment (demo, reference_key, nonce_key) values (false, $1, $2)"
    await database.pool.execute(row, bytes(16), bytes(32))
    with pytest.raises(OperatorError, match="not one"):
        await opened()
    await database.pool.execute("update deployment set demo = true")
    assert (await opened()).url == "http://127.0.0.1:9"
    for url in ("http://0.0.0.0:9", "https://beffroi.example", "http://127.0.0.1.thief.example:9"):
        with pytest.raises(OperatorError):
            await opened(url=url)
    folder.chmod(0o750)
    with pytest.raises(OperatorError, match="yours alone"):
        await opened()
    with pytest.raises(OperatorError):
        check_folder(folder / "missing")


async def test_the_access_file(issuer: DemoIssuer, folder: Path, demo: Database) -> None:
    """What opens the issuer is its owner's alone, and goes when it stops."""
    file = folder / "issuer.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    access = read_access(folder)
    assert (access.issuer, access.api, len(access.secret)) == (issuer.url, API, 43)
    other = folder / "other"
    other.mkdir(mode=0o700)
    async with issuer_running(other, demo, STAFF, HOSPITALS):
        assert read_access(other).secret != access.secret
    with pytest.raises(OperatorError, match="beffroi demo"):
        read_access(other)


def test_professions_give_no_privilege() -> None:
    """The demonstration's mapping has a profession for each role that a profession may give, and for no other."""
    assert set(roles_of_professions().values()) == MAPPABLE_ROLES
    assert not set(roles_of_professions().values()) & GRANTED_ROLES


async def test_a_client_follows_a_nonce(folder: Path, issuer: DemoIssuer) -> None:
    """A first answer that asks for a nonce is followed by the same request with it, and later ones have it at once."""
    seen: list[httpx2.Request] = []

    async def api(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        asked = Request("POST", API + PATH, b"", b"")
        now_s = Clock().now().timestamp()
        try:
            verify_proof(request.headers["dpop"].encode(), asked, now_s, ProofKeys(), NONCES)
        except Rejected as refused:
            challenge = {"www-authenticate": f'DPoP error="{refused.error}"', "dpop-nonce": NONCES.current(now_s)}
            return httpx2.Response(401, headers=challenge)
        return httpx2.Response(200, content=request.content)

    async with SigningClient.of_account(read_access(folder), "ward-nurse") as client:
        await client.token()
        await client.use(httpx2.MockTransport(api))
        for expected in (2, 3):
            answer = await client.call("POST", PATH + "?a=b", b"body", {"accept": "application/fhir+json"})
            assert (answer.status_code, answer.content, len(seen)) == (200, b"body", expected)
        assert len({request.headers["dpop"] for request in seen}) == 3
        assert seen[0].headers["accept"] == "application/fhir+json" and str(seen[0].url) == API + PATH + "?a=b"
        proofs = await client.proofs_in_advance(50, "POST", PATH)
        assert len(set(proofs)) == 50
