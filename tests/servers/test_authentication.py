"""Who asks, by HTTP: tokens, proofs, certificates and places together, as the FHIR door meets them."""

import asyncio
import json
from hashlib import sha256
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from beffroi.access.dpop import PROOFS_KEPT_S
from beffroi.access.nonces import WINDOW_S, Nonces
from beffroi.access.professional import Grant
from beffroi.access.rejection import STEP_UP, Reason, Rejected
from beffroi.actions.sign_in import SignIn, nothing_recorded
from beffroi.config.settings import Retention
from beffroi.errors import NotAuthenticated, TooManyInFlight, Unavailable, UnknownAccount
from beffroi.model.account import AccountId, AccountKind, Role
from beffroi.model.hospitals import Hospitals
from beffroi.outbound.fetching import FetchFailed
from beffroi.outbound.issuer_keys import UNKNOWN_KEY_S_MIN, IssuerKeys
from beffroi.servers.admission import Admission
from beffroi.servers.authentication import Authenticated, Authenticator
from beffroi.servers.proxies import Proxies
from beffroi.store.accounts import AccountStore, StoredAccount
from beffroi.telemetry.metrics import REJECTED_TOKENS
from credentials import (
    ISSUER,
    NOW_S,
    OTHER_P256,
    P256,
    RSA_2048,
    Proofs,
    application_claims,
    base64url,
    certificate,
    client_cert,
    person_claims,
    public,
    token,
    trusted,
)
from doubles import DEPLOYMENT_NONCE_KEY, HOSPITALS, FakeClock

URL = "https://beffroi.example/fhir/Patient"
OTHER_ISSUER = "https://other.example"
PROXY, CLIENT = "10.0.0.1", "192.0.2.1"
DER = certificate()
NONCES = Nonces(DEPLOYMENT_NONCE_KEY)
X5T = {"x5t#S256": base64url(sha256(DER).digest())}


class Accounts(AccountStore):
    """Accounts in memory; everybody who may is given one."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, str], StoredAccount] = {}
        self.looked = 0

    async def find(self, issuer: str, subject: str) -> StoredAccount | None:
        self.looked += 1
        await asyncio.sleep(0)
        return self.found.get((issuer, subject))

    async def remember_names(self, *_: object) -> None:
        """Nobody ends a session here."""

    async def create_person(self, issuer: str, subject: str) -> StoredAccount:
        made = StoredAccount(AccountId(len(self.found) + 1), AccountKind.PERSON, ())
        return self.found.setdefault((issuer, subject), made)


class World:
    """One process's authenticator, two issuers that it trusts, and a client who holds a key."""

    def __init__(self, **issuer: Any) -> None:
        self.clock = FakeClock()
        self.accounts = Accounts()
        self.key_sets = {ISSUER: [public(P256, kid="k1")], OTHER_ISSUER: [public(RSA_2048, kid="k1")]}
        self.away = False
        self.keys = [
            IssuerKeys(trusted(key_set_url=ISSUER, **issuer), self.clock, self.fetch),
            IssuerKeys(trusted(issuer=OTHER_ISSUER, key_set_url=OTHER_ISSUER), self.clock, self.fetch),
        ]
        self.sign_in = SignIn(self.accounts, Hospitals(HOSPITALS), self.clock, nothing_recorded)
        proxies = Proxies((PROXY,), certificates=True)
        self.admission = Admission()
        self.authenticator = Authenticator(self.keys, self.sign_in, NONCES, self.clock, proxies, self.admission)
        self.client = Proofs()

    async def fetch(self, url: str, bytes_max: int) -> bytes:
        """The issuers' key sets."""
        if self.away:
            raise FetchFailed("away")
        return json.dumps({"keys": self.key_sets[url]}).encode()

    async def started(self) -> "World":
        """With keys, and no background task."""
        for keys in self.keys:
            await keys.refresh()
        return self

    def headers(self, access: bytes | None = None, **changes: Any) -> dict[str, str]:
        """A right request's headers, but for changes in the proof."""
        access = access or token(person_claims())
        now_s = self.clock.now().timestamp()
        right = {"iat": int(now_s), "nonce": NONCES.current(now_s)}
        proof = self.client.proof("GET", URL, access, **(right | changes))
        return {"authorization": f"DPoP {access.decode()}", "dpop": proof.decode()}

    async def ask(
        self, headers: dict[str, str], method: str = "GET", url: str = URL, peer: str = CLIENT
    ) -> Authenticated:
        """One request, from its beginning to its end."""
        async with self.authenticator.admit(method, url, headers, peer) as who:
            return who

    async def refusal(self, headers: dict[str, str], peer: str = CLIENT) -> Reason:
        """Why one request is refused; no place stays taken."""
        with pytest.raises(Rejected) as caught:
            await self.ask(headers, peer=peer)
        assert len(self.admission) == 0
        return caught.value.reason


@pytest.fixture
async def world() -> World:
    """A process that has started."""
    return await World().started()


async def test_a_right_request(world: World) -> None:
    """A token and its holder's proof give the asker, and the proof that the gate must burn."""
    who = await world.ask(world.headers())
    assert (who.asker.subject, who.asker.role, who.asker.structure) == ("ANS20261124090000", Role.WARD_DOCTOR, 1)
    assert base64url(who.asker.session_key) == OTHER_P256.thumbprint() and who.asker.network == CLIENT
    assert who.proof is not None and who.proof.minute == NOW_S // 60
    assert len(world.admission) == 0


async def test_the_second_request_asks_nobody(world: World) -> None:
    """Within seconds of the first, a request of the same token needs no database."""
    access = token(person_claims())
    first, second = await world.ask(world.headers(access)), await world.ask(world.headers(access))
    assert first.asker == second.asker and first.proof != second.proof
    assert world.accounts.looked == 1


async def test_scheme_names_have_no_case(world: World) -> None:
    """`dpop` is DPoP (RFC 9110 section 11.1)."""
    headers = world.headers()
    headers["authorization"] = headers["authorization"].replace("DPoP", "dpop")
    assert await world.ask(headers)


@pytest.mark.parametrize(
    ("authorization", "reason"),
    [
        (None, Reason.NO_TOKEN),
        ("", Reason.NO_TOKEN),
        ("Basic dXNlcjpwYXNz", Reason.SCHEME),
        ("DPoP", Reason.SCHEME),
        ("DPoP ", Reason.SCHEME),
        ("DPoP a.b.c, DPoP a.b.c", Reason.SCHEME),
        ("DPoP a b", Reason.TOKEN_FORM),
        ("DPoP é.é.é", Reason.TOKEN_FORM),
        ("DPoP ☃.a.b", Reason.TOKEN_FORM),
    ],
)
async def test_authorization_headers_that_are_refused(world: World, authorization: str | None, reason: Reason) -> None:
    """One scheme, one token, once."""
    headers = world.headers() | {"authorization": authorization}
    assert await world.refusal({k: v for k, v in headers.items() if v is not None}) is reason


async def test_check_1_one_proof(world: World) -> None:
    """RFC 9449 section 4.3, first check: more than one DPoP header is refused, as is none."""
    headers = world.headers()
    assert await world.refusal(headers | {"dpop": f"{headers['dpop']}, {headers['dpop']}"}) is Reason.PROOF_TWICE
    assert await world.refusal({"authorization": headers["authorization"]}) is Reason.NO_PROOF


async def test_a_bound_token_is_no_bearers(world: World) -> None:
    """A token bound to a key is refused under the Bearer scheme, with or without a proof (RFC 9449 section 7.2)."""
    headers = world.headers()
    headers["authorization"] = headers["authorization"].replace("DPoP", "Bearer")
    assert await world.refusal(headers) is Reason.NO_PROOF


async def test_a_stolen_token_is_worth_nothing(world: World) -> None:
    """Whoever copied a token and proves another key is refused, and no account is even looked for."""
    access = token(person_claims())
    thief = Proofs(P256)
    proof = thief.proof("GET", URL, access, NONCES.current(NOW_S)).decode()
    assert await world.refusal({"authorization": f"DPoP {access.decode()}", "dpop": proof}) is Reason.PROOF_HOLDER
    assert world.accounts.looked == 0


async def test_the_public_address_counts(world: World) -> None:
    """A proof is for the configured address: what Host says is not asked."""
    headers = world.headers() | {"host": "thief.example", "x-forwarded-host": "thief.example"}
    assert await world.ask(headers, url=URL + "?birthdate=1985-03-12")
    with pytest.raises(Rejected):
        await world.ask(world.headers(), url="https://thief.example/fhir/Patient")


async def test_keys_belong_to_their_issuer(world: World) -> None:
    """A key of one trusted issuer signs nothing in the name of another, though both call theirs k1."""
    forged = token(person_claims(), RSA_2048, "RS256")
    assert await world.refusal(world.headers(forged)) is Reason.UNKNOWN_KEY
    theirs = token(person_claims(iss=OTHER_ISSUER), RSA_2048, "RS256")
    assert (await world.ask(world.headers(theirs))).asker.account_id == 1
    ours = await world.ask(world.headers())
    assert ours.asker.account_id == 2, "the same identifier at another issuer is another account"


async def test_an_expired_token_is_forgotten(world: World) -> None:
    """A token that was verified is refused from its end on, and the memory of it goes."""
    access = token(person_claims())
    assert await world.ask(world.headers(access))
    world.clock.advance(131)
    assert await world.refusal(world.headers(access)) is Reason.EXPIRED


async def test_nonces_over_time(world: World) -> None:
    """The nonce of an answer is good for the next window; older than that, a new one is asked for and given."""
    nonce = world.authenticator.nonce()
    world.clock.advance(WINDOW_S)
    access = token(person_claims(iat=NOW_S + WINDOW_S, exp=NOW_S + WINDOW_S + 900))
    assert await world.ask(world.headers(access, nonce=nonce))
    world.clock.advance(WINDOW_S)
    assert await world.refusal(world.headers(access, nonce=nonce)) is Reason.NONCE
    dpop, _, (name, fresh) = world.authenticator.challenges(Rejected(Reason.NONCE))
    assert 'error="use_dpop_nonce"' in dpop[1] and name == "dpop-nonce"
    assert await world.ask(world.headers(access, nonce=fresh))


async def test_an_issuer_without_nonces() -> None:
    """Where the operator does not ask for nonces, a fresh proof needs none."""
    world = await World(nonce_required=False).started()
    assert await world.ask(world.headers(nonce=None))
    assert await world.refusal(world.headers(nonce=None, iat=NOW_S - 61)) is Reason.PROOF_TIME


# --- certificates


def certified(**changes: Any) -> dict[str, str]:
    """A request with a certificate-bound token."""
    return {"authorization": f"Bearer {token(application_claims(cnf=X5T, **changes)).decode()}"}


async def test_a_certificate_bound_token(world: World) -> None:
    """A token bound to a certificate is accepted with it, from our proxy, and has no proof to burn."""
    grants = (Grant(HOSPITALS[0].hospital_id, Role.HOSPITAL_APPLICATION),)
    world.accounts.found[ISSUER, "urgences"] = StoredAccount(AccountId(7), AccountKind.APPLICATION, grants)
    forwarded = {"client-cert": client_cert(DER), "x-forwarded-for": "203.0.113.9"}
    who = await world.ask(certified() | forwarded, peer=PROXY)
    assert (who.asker.account_id, who.proof, who.asker.network) == (7, None, "203.0.113.9")
    assert base64url(who.asker.session_key) == X5T["x5t#S256"]


async def test_certificates_that_are_refused(world: World) -> None:
    """Another certificate, none, one from a stranger, or one that cannot be read."""
    other = {"client-cert": client_cert(certificate("other"))}
    ours = {"client-cert": client_cert(DER)}
    assert await world.refusal(certified() | other, PROXY) is Reason.CERTIFICATE_HOLDER
    assert await world.refusal(certified(), PROXY) is Reason.NO_CERTIFICATE
    assert await world.refusal(certified() | ours, CLIENT) is Reason.CERTIFICATE_STRANGER
    assert await world.refusal(certified() | {"client-cert": ":AAAA:"}, PROXY) is Reason.CERTIFICATE_FORM
    dpop = certified()["authorization"].replace("Bearer", "DPoP")
    assert await world.refusal({"authorization": dpop} | ours, PROXY) is Reason.SCHEME


async def test_a_token_bound_twice_needs_both(world: World) -> None:
    """A token bound to a key and to a certificate is used by whoever has both."""
    both = token(person_claims(cnf={"jkt": OTHER_P256.thumbprint()} | X5T))
    assert await world.ask(world.headers(both) | {"client-cert": client_cert(DER)}, peer=PROXY)
    assert await world.refusal(world.headers(both), PROXY) is Reason.NO_CERTIFICATE
    bearer = {"authorization": f"Bearer {both.decode()}", "client-cert": client_cert(DER)}
    assert await world.refusal(bearer, PROXY) is Reason.NO_PROOF


async def test_a_bearer_token_where_the_operator_allows_it() -> None:
    """Bound to nothing, a token is refused, unless the operator switched that on."""
    bare = {"authorization": f"Bearer {token(person_claims(holder=None)).decode()}"}
    assert await (await World().started()).refusal(bare) is Reason.BEARER
    who = await (await World(bearer_allowed=True).started()).ask(bare)
    assert who.proof is None and len(who.asker.session_key) == 32


# --- keys over time


async def test_a_rotation_needs_no_restart(world: World) -> None:
    """A token by a key that was not there at the start is accepted as soon as its issuer publishes the key."""
    world.key_sets[ISSUER] = [public(OTHER_P256, kid="k2")]
    world.clock.advance(UNKNOWN_KEY_S_MIN)
    assert await world.ask(world.headers(token(person_claims(), OTHER_P256, kid="k2")))


async def test_a_withdrawn_key_forgets_its_tokens(world: World) -> None:
    """A token that was verified and remembered is refused once its issuer has withdrawn the key."""
    access = token(person_claims())
    assert await world.ask(world.headers(access))
    world.key_sets[ISSUER] = [public(OTHER_P256, kid="k2")]
    await world.keys[0].refresh()
    assert await world.refusal(world.headers(access)) is Reason.UNKNOWN_KEY


async def test_an_issuer_that_is_away() -> None:
    """Without keys nobody signs in, and that is our fault, not theirs; with the last keys everybody still does."""
    world = World()
    world.away = True
    await world.started()
    with pytest.raises(Unavailable):
        await world.ask(world.headers())
    world.away = False
    world.clock.advance(UNKNOWN_KEY_S_MIN)
    assert await world.ask(world.headers(token(person_claims())))
    world.away = True
    assert await world.ask(world.headers(token(person_claims(jti="another"))))


async def test_start_and_stop() -> None:
    """Starting fetches the keys, even of an issuer that is away; stopping leaves no task behind."""
    world = World()
    before = asyncio.all_tasks()
    await world.authenticator.start()
    assert await world.ask(world.headers())
    await world.authenticator.stop()
    assert asyncio.all_tasks() == before


# --- places


async def test_places_are_held_while_requests_are_under_way(world: World) -> None:
    """Four requests of an account are under way at once; the fifth enters when one of them ends."""
    running = [world.authenticator.admit("GET", URL, world.headers(), CLIENT) for _ in range(4)]
    for request in running:
        await request.__aenter__()
    fifth = asyncio.create_task(world.ask(world.headers()))
    await asyncio.sleep(0.01)
    assert not fifth.done()
    await running[0].__aexit__(None, None, None)
    assert (await asyncio.wait_for(fifth, 1)).asker.account_id == 1
    for request in running[1:]:
        await request.__aexit__(None, None, None)
    assert len(world.admission) == 0


async def test_a_robot_is_told(world: World) -> None:
    """Beyond four under way and sixteen waiting, the account is told, whichever of its tokens is used."""
    tokens = [token(person_claims(jti=f"t{n}")) for n in range(20)]
    running = [asyncio.create_task(endless(world, access)) for access in tokens]
    await asyncio.sleep(0.01)
    with pytest.raises(TooManyInFlight):
        await world.ask(world.headers(token(person_claims(jti="one more"))))
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    assert len(world.admission) == 0


async def endless(world: World, access: bytes) -> None:
    """A request that never ends by itself."""
    async with world.authenticator.admit("GET", URL, world.headers(access), CLIENT):
        await asyncio.Event().wait()


async def test_an_error_gives_the_place_back(world: World) -> None:
    """Whatever a request ends with, its place is free again."""
    with pytest.raises(ZeroDivisionError):
        async with world.authenticator.admit("GET", URL, world.headers(), CLIENT):
            raise ZeroDivisionError
    with pytest.raises(UnknownAccount):
        await world.ask(world.headers(token(person_claims(SubjectOrganizationID="750000001"))))
    assert len(world.admission) == 0


# --- what is told


async def test_challenges() -> None:
    """A 401 says which schemes, algorithms and levels are wanted, and why, in letters that a header may hold."""
    world = World(acr_values=frozenset({"eidas1"}))
    first, bearer, nonce = world.authenticator.challenges(Rejected(Reason.EXPIRED))
    assert first == (
        "www-authenticate",
        'DPoP realm="beffroi", algs="ES256 EdDSA PS256 RS256", error="invalid_token", '
        'error_description="the token has expired"',
    )
    assert bearer[1].startswith('Bearer realm="beffroi", error="invalid_token"') and nonce[0] == "dpop-nonce"
    without = world.authenticator.challenges(Rejected(Reason.NO_TOKEN))
    assert without[0][1] == 'DPoP realm="beffroi", algs="ES256 EdDSA PS256 RS256"'
    assert 'acr_values="eidas1"' in world.authenticator.challenges(Rejected(Reason.ACR))[0][1]
    proving = World(acr_values=frozenset({"eidas1"}), proving_acr_values=frozenset({"phr"}))
    asked = proving.authenticator.challenges(NotAuthenticated(STEP_UP, "prove who you are again"))
    assert 'acr_values="phr", max_age="0"' in asked[0][1]
    assert "max_age" not in proving.authenticator.challenges(Rejected(Reason.ACR))[0][1]
    replay = NotAuthenticated("invalid_dpop_proof", 'é "quoted"\\', fr="x")
    assert "error_description=\"? 'quoted'\"" in world.authenticator.challenges(replay)[0][1]
    assert world.authenticator.challenges(replay)[1][1] == 'Bearer realm="beffroi"'
    alone = Authenticator([], world.sign_in, NONCES, world.clock)
    assert [name for name, _ in alone.challenges(Rejected(Reason.EXPIRED))] == ["www-authenticate", "dpop-nonce"]


def counted(group: str) -> float:
    """How many tokens were refused for reasons of that group."""
    return float(REJECTED_TOKENS.labels(group)._value.get())


async def test_refusals_are_counted_by_reason(world: World, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """Each refusal counts under a closed reason; what anybody can send fills no log, and no log holds a token."""
    before = counted("missing"), counted("binding"), counted("unknown_account")
    await world.refusal({})
    access = token(person_claims())
    proof = Proofs(P256).proof("GET", URL, access, NONCES.current(NOW_S)).decode()
    await world.refusal({"authorization": f"DPoP {access.decode()}", "dpop": proof})
    with pytest.raises(UnknownAccount):
        await world.ask(world.headers(token(person_claims(SubjectRole=["x"]))))
    assert (counted("missing"), counted("binding"), counted("unknown_account")) == tuple(n + 1 for n in before)
    logged = capsysbinary.readouterr().err
    assert b"proof_holder" in logged and b"no_token" not in logged
    assert b"ANS2026" not in logged and access[:40] not in logged


# --- hostile headers

PARTS = st.text('abcdefABCDEF0123456789-_.=+/ ,:;"\\\x00\x7fé☃', max_size=60)
NAMES = ["authorization", "dpop", "client-cert", "client-cert-chain", "x-forwarded-for"]


@pytest.fixture(scope="module")
def hostile() -> World:
    """One process for all hostile requests."""
    return asyncio.run(World().started())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    headers=st.dictionaries(st.sampled_from(NAMES), PARTS | PARTS.map(lambda p: f"DPoP {p}"), max_size=4),
    right=st.booleans(),
    peer=st.sampled_from([PROXY, CLIENT, "", "x"]),
    method=st.sampled_from(["GET", "POST", ""]),
)
def test_any_headers(hostile: World, headers: dict[str, str], right: bool, peer: str, method: str) -> None:
    """Whatever headers come, a right token and proof among them or not, the end is an asker or NotAuthenticated."""

    async def ask() -> None:
        sent = hostile.headers() | headers if right else headers
        try:
            assert (await hostile.ask(sent, method, URL, peer)).asker.account_id
        except NotAuthenticated as refused:
            for name, value in hostile.authenticator.challenges(refused):
                assert (name + value).isascii() and "\n" not in value

    asyncio.run(ask())
    assert len(hostile.admission) == 0


def test_used_proofs_are_remembered_long_enough() -> None:
    """The shortest time for which an operator may have used proofs kept is longer than any proof is accepted."""
    shortest = next(m for m in range(1, 60) if _accepted_setting(m))
    assert shortest * 60 >= PROOFS_KEPT_S


def _accepted_setting(minutes: int) -> bool:
    try:
        return msgspec.convert({"proofs_minutes": minutes}, Retention).proofs_minutes == minutes
    except msgspec.ValidationError:
        return False
