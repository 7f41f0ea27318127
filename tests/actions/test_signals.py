"""Shared Signals, both ways: queued with the containment, told until taken; heard once, and only to stop."""

import json
from contextlib import suppress
from datetime import timedelta
from hashlib import sha256

import httpx2
import msgspec
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from beffroi.access.issuers import TrustedIssuer
from beffroi.access.sets import LOGOUT_EVENT, Signer
from beffroi.actions import transmit as module
from beffroi.actions.contain import Containing, Order
from beffroi.actions.house import open_house
from beffroi.actions.listen import Listener, Source
from beffroi.actions.receive import Receiving, Trusted
from beffroi.actions.signals import KEPT, Forgetting
from beffroi.actions.transmit import Receiver, Transmitter
from beffroi.actions.ways.acting import Acting
from beffroi.actions.ways.releasing import Releasing
from beffroi.errors import AccountFrozen, BeffroiError, NotAuthenticated
from beffroi.model.account import Role
from beffroi.model.containment import ContainmentKind
from beffroi.model.disclosure import Operation
from beffroi.model.search import Criteria, DateRange, Text
from beffroi.model.signal import SENT, SignalType
from beffroi.outbound.issuer_keys import IssuerKeys
from beffroi.outbound.set_delivery import poll_sets, push_set
from beffroi.servers.signals_api import signals_app
from beffroi.store.database import ROLE_FEED, ROLE_WEB, ROLE_WORKER, Database
from beffroi.store.signals import SignalStore
from requests_and_records import BORN, ask, louise, record
from sinks import Got, HttpSink

FULL = Criteria(birth_date=DateRange(BORN, BORN), family=Text("Mar"), given=Text("L"))
BASE = "https://beffroi.test"
ISSUER, OTHER = "https://issuer.test", "https://signals.test"
TOKEN, PUSH_TOKEN = "receivers-token", "transmitters-token"
PEM = RSAKey.generate_key(2048).as_pem(private=True).decode()
THEIR_KEY = ECKey.generate_key("P-256", {"kid": "k1"})


def receiver(url: str = "", events: frozenset[SignalType] = frozenset(SENT)) -> Receiver:
    name = "pushed" if url else "polled"
    return Receiver(name, f"https://{name}.test", sha256(TOKEN.encode()).digest(), events, url, "Bearer ours")


@pytest.fixture
async def web(dsn_of):
    async with await Database.open(dsn_of(ROLE_WEB)) as database:
        yield database


@pytest.fixture
async def worker(dsn_of):
    async with await Database.open(dsn_of(ROLE_WORKER), size=3) as database:
        yield database


def transmitter(database: Database, clock, *receivers: Receiver) -> Transmitter:
    return Transmitter(database, BASE, Signer(PEM), receivers, clock)


async def contain(web: Database, clock, account: int, kind=ContainmentKind.ACCOUNT, target: str = "") -> None:
    await Containing(web, clock).contain(Order(kind, target or str(account), "a stolen badge", "operator:anne"))


def read(token: str, audience: str) -> dict[str, object]:
    """As a foreign library reads it, with the published key."""
    public = Signer(PEM).public_set()["keys"][0]
    found = jwt.decode(token, RSAKey.import_key(public), algorithms=["RS256"])
    assert found.header["typ"] == "secevent+jwt" and found.header["kid"] == public["kid"]
    assert found.claims["iss"] == BASE and found.claims["aud"] == audience
    assert "sub" not in found.claims and "exp" not in found.claims
    return found.claims


async def push(one: Receiver, token: str) -> str:
    return await push_set(one.url, one.authorization, token)


async def test_a_containment_is_pushed_until_it_is_taken(account, web, worker, clock):
    """A receiver that is away, then ill, then there again: it hears of the session's end, once, in our name."""
    sink = HttpSink(status=503)
    one = receiver(f"http://127.0.0.1:{sink.port}/events")
    sending = transmitter(worker, clock, one)
    asker = await account()
    await sending.start()
    await contain(web, clock, asker.account_id)
    assert await sending.round(push) == 0  # nobody listens
    clock.advance(module.RETRY_FIRST)
    await sink.start()
    assert await sending.round(push) == 0  # it is ill
    sink.status = 202
    assert await sending.round(push) == 0  # not yet its turn
    clock.advance(2 * module.RETRY_FIRST)
    assert await sending.round(push) == 1 and await sending.round(push) == 0
    await sink.stop()
    got = sink.got[-1]
    assert got.headers["content-type"] == "application/secevent+jwt" and got.headers["authorization"] == "Bearer ours"
    claims = read(got.body.decode(), one.audience)
    assert claims["sub_id"] == {"format": "iss_sub", "iss": ISSUER, "sub": asker.subject}
    assert list(claims["events"]) == [SignalType.SESSION_REVOKED.value]
    assert claims["events"][SignalType.SESSION_REVOKED.value]["initiating_entity"] == "admin"
    assert len({jwt.decode(g.body.decode(), RSAKey.import_key(PEM), ["RS256"]).claims["jti"] for g in sink.got}) == 1


async def test_a_receiver_that_refuses_is_not_asked_again(account, web, worker, clock):
    """RFC 8935: 400 with a code will be the same next time; the next event is still sent."""
    sink = await HttpSink().start()
    sink.answer = lambda _: (400, b'{"err":"invalid_audience","description":"no"}')
    sending = transmitter(worker, clock, receiver(f"http://127.0.0.1:{sink.port}/events"))
    await sending.start()
    await contain(web, clock, (await account()).account_id)
    assert await sending.round(push) == 0
    sink.answer = None
    await contain(web, clock, (await account(subject="another")).account_id)
    assert await sending.round(push) == 1
    await sink.stop()
    failures = await worker.pool.fetch("select failure from signal_deliveries where dead_at is not null")
    assert [row[0] for row in failures] == ["invalid_audience"]


async def test_what_is_not_decided_is_not_told(account, web, worker, clock, put, house):
    """A device names its users; a network tells nobody; an event that was not asked for is passed over."""
    everything, nothing = receiver("http://127.0.0.1:9/"), receiver(events=frozenset({SignalType.CREDENTIAL_CHANGE}))
    sending = transmitter(worker, clock, everything, nothing)
    await sending.start()
    await put(1, "A1", record("MARTIN", "Louise"), explained_h=5)
    asker = await account()
    await house.finder.search(ask(asker), FULL)
    await contain(web, clock, 0, ContainmentKind.DEVICE, asker.session_key.hex())
    await contain(web, clock, 0, ContainmentKind.NETWORK, "192.0.2.0/24")
    told: list[str] = []

    async def taken(_: Receiver, token: str) -> str:
        told.append(token)
        return ""

    assert await sending.round(taken) == 1
    subject = read(told[0], everything.audience)["sub_id"]
    assert subject["format"] == "complex" and subject["device"]["id"] == asker.session_key.hex()
    assert await sending.poll(nothing, [], {}, 10) == ({}, False)


async def test_a_verdict_is_told_as_a_level_of_risk(
    dsn_of, database, hospitals, deployment, put, account, worker, clock
):
    """From the gate's own transaction, under the role of either door: it rises once a level, and a release ends it."""
    people = [await put(1, f"A{n}", louise(n)) for n in range(20)]
    asker = msgspec.structs.replace(await account(Role.WARD_NURSE), proved_at_s=2**40)  # asked, they have proved
    sending = transmitter(worker, clock, receiver())
    await sending.start()
    async with await Database.open(dsn_of(ROLE_FEED)) as feed:
        house = await open_house(feed, clock)
        for person in people:
            with suppress(BeffroiError):
                await house.finder.read(ask(asker, Operation.READ), house.references.of(person))
        await house.close()
    releasing = Releasing(database, Acting(database, clock), clock)
    await releasing.release_as_operator(asker.account_id, "operator:anne", "called back on the ward")
    sets, _ = await sending.poll(receiver(), [], {}, 10)
    told = [read(one, "https://polled.test")["events"][SignalType.RISK_LEVEL_CHANGE.value] for one in sets.values()]
    assert [one["current_level"] for one in told] == ["MEDIUM", "HIGH", "LOW"]
    assert told[1]["previous_level"] == "MEDIUM" and told[1]["risk_reason"] == "watch: hold"
    assert {one["principal"] for one in told} == {"USER"}


async def client_of(web, clock, *receivers, receiving=None, tokens=frozenset()):
    sending = transmitter(web, clock, *receivers)
    await sending.start()
    app = signals_app(sending, receiving or Receiving(web, (), (), clock), BASE, tokens)
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url=BASE)


async def test_a_receiver_polls_and_acknowledges(account, web, clock):
    """RFC 8936: what is not acknowledged comes again, what is does not; more waits when more was asked to wait."""
    mine = {"authorization": f"Bearer {TOKEN}"}
    async with await client_of(web, clock, receiver()) as client:
        for subject in ("a", "b", "c"):
            await contain(web, clock, (await account(subject=subject)).account_id)
        first = (await client.post("/ssf/poll/polled", json={"maxEvents": 2}, headers=mine)).json()
        assert len(first["sets"]) == 2 and first["moreAvailable"]
        again = (await client.post("/ssf/poll/polled", json={"maxEvents": 2}, headers=mine)).json()
        assert set(again["sets"]) == set(first["sets"])
        refused, taken = sorted(first["sets"])
        asked = {"ack": [taken], "setErrs": {refused: {"err": "invalid_key", "description": "x"}}}
        last = (await client.post("/ssf/poll/polled", json=asked, headers=mine)).json()
        assert len(last["sets"]) == 1 and "moreAvailable" not in last
        assert not set(last["sets"]) & {refused, taken}
        assert read(*last["sets"].values(), "https://polled.test")["sub_id"]["sub"] == "c"
        assert (await client.post("/ssf/poll/polled", json={})).status_code == 401
        assert (await client.post("/ssf/poll/other", json={}, headers=mine)).status_code == 404
        assert (await client.post("/ssf/poll/polled", content=b"[", headers=mine)).status_code == 400


async def test_the_transmitter_describes_itself(web, clock):
    """Discovery and keys for anybody; a stream and its status for its receiver alone."""
    mine = {"authorization": f"Bearer {TOKEN}"}
    async with await client_of(web, clock, receiver()) as client:
        metadata = (await client.get("/.well-known/ssf-configuration")).json()
        assert metadata["spec_version"] == "1_0" and metadata["issuer"] == BASE
        assert metadata["delivery_methods_supported"] == ["urn:ietf:rfc:8935", "urn:ietf:rfc:8936"]
        (key,) = (await client.get(metadata["jwks_uri"])).json()["keys"]
        assert key["alg"] == "RS256" and "d" not in key
        assert (await client.get("/ssf/streams")).status_code == 401
        (stream,) = (await client.get("/ssf/streams", headers=mine)).json()
        assert stream["delivery"] == {"method": "urn:ietf:rfc:8936", "endpoint_url": f"{BASE}/ssf/poll/polled"}
        assert (await client.get("/ssf/streams?stream_id=polled", headers=mine)).json() == stream
        assert (await client.get("/ssf/streams?stream_id=x", headers=mine)).status_code == 404
        told = (await client.get("/ssf/status?stream_id=polled", headers=mine)).json()
        assert told == {"stream_id": "polled", "status": "enabled"}


async def test_a_paused_stream_holds_and_a_disabled_one_does_not(account, web, clock):
    """As the receiver says; what happened while it was paused comes afterwards."""
    mine = {"authorization": f"Bearer {TOKEN}"}
    async with await client_of(web, clock, receiver()) as client:
        steps = (("paused", "a", 0), ("enabled", "b", 2), ("disabled", "c", 0), ("enabled", "d", 1))
        for status, subject, waiting in steps:
            asked = {"stream_id": "polled", "status": status, "reason": "maintenance"}
            assert (await client.post("/ssf/status", json=asked, headers=mine)).json()["status"] == status
            await contain(web, clock, (await account(subject=subject)).account_id)
            sets = (await client.post("/ssf/poll/polled", json={}, headers=mine)).json()["sets"]
            assert len(sets) == waiting, status
        wrong = {"stream_id": "polled", "status": "x"}
        assert (await client.post("/ssf/status", json=wrong, headers=mine)).status_code == 400


async def test_a_verification_repeats_its_state(web, clock):
    """204, then an event about the stream with the state; not twice within ten seconds."""
    mine = {"authorization": f"Bearer {TOKEN}"}
    async with await client_of(web, clock, receiver()) as client:
        asked = {"stream_id": "polled", "state": "s-1"}
        assert (await client.post("/ssf/verify", json=asked, headers=mine)).status_code == 204
        assert (await client.post("/ssf/verify", json=asked, headers=mine)).status_code == 429
        (token,) = (await client.post("/ssf/poll/polled", json={}, headers=mine)).json()["sets"].values()
        claims = read(token, "https://polled.test")
        assert claims["sub_id"] == {"format": "opaque", "id": "polled"}
        assert claims["events"] == {SignalType.VERIFICATION.value: {"state": "s-1"}}


# --- what comes in


@pytest.fixture
def trusted(tmp_path, clock):
    """A transmitter and an issuer whose keys are in a file."""
    public = {**THEIR_KEY.as_dict(private=False), "kid": "k1", "use": "sig"}
    file = tmp_path / "keys.json"
    file.write_text(json.dumps({"keys": [public]}))

    def keys(issuer: str, audience: str) -> IssuerKeys:
        return IssuerKeys(TrustedIssuer(issuer=issuer, audiences=frozenset({audience}), key_set_file=str(file)), clock)

    return Trusted(keys(OTHER, "beffroi"), "beffroi", ISSUER), keys(ISSUER, "client")


@pytest.fixture
def receiving(web, trusted, clock):
    return Receiving(web, [trusted[0]], [trusted[1]], clock)


def token(clock, kind: str = SignalType.SESSION_REVOKED.value, typ: str = "secevent+jwt", **claims: object) -> bytes:
    now_s = int(clock.now().timestamp())
    whole = {"iss": OTHER, "aud": "beffroi", "iat": now_s, "jti": "j1", "events": {kind: {}}}
    whole |= {"sub_id": {"format": "iss_sub", "iss": ISSUER, "sub": "899700000001"}} | claims
    whole = {name: value for name, value in whole.items() if value is not None}
    return jwt.encode({"alg": "ES256", "typ": typ, "kid": "k1"}, whole, THEIR_KEY).encode()


def signed_in(asker, clock, **more: object):
    return msgspec.structs.replace(asker, issued_at_s=int(clock.now().timestamp()), **more)


async def posted(client, body: bytes, bearer: str = PUSH_TOKEN):
    headers = {"content-type": "application/secevent+jwt", "authorization": f"Bearer {bearer}"}
    return await client.post("/ssf/events", content=body, headers=headers)


@pytest.fixture
async def client(web, clock, receiving):
    tokens = frozenset({sha256(PUSH_TOKEN.encode()).digest()})
    async with await client_of(web, clock, receiving=receiving, tokens=tokens) as opened:
        yield opened


async def test_a_revoked_session_is_refused_and_a_new_one_is_not(house, put, account, client, clock, database):
    """Tokens issued until then are refused everywhere; who signs in again afterwards reads; it is in the chain."""
    await put(1, "A1", record("MARTIN", "Louise"), explained_h=5)
    asker = await account()
    before = signed_in(asker, clock)
    await house.finder.search(ask(before), FULL)
    assert (await posted(client, token(clock))).status_code == 202
    with pytest.raises(NotAuthenticated, match="ended"):
        await house.finder.search(ask(before), FULL)
    clock.advance(2)
    assert (await house.finder.search(ask(signed_in(asker, clock)), FULL)).content.shown
    row = await database.pool.fetchrow("select * from disclosures where operation = $1", Operation.CONTAIN)
    told = msgspec.json.decode(row["request"])
    assert told["kind"] == "session" and told["by"] == f"issuer:{OTHER}" and row["door"] == 6


async def test_a_token_counts_once(house, put, account, client, clock):
    """Replayed after the owner signed in again, it ends nothing."""
    await put(1, "A1", record("MARTIN", "Louise"), explained_h=5)
    asker = await account()
    replayed = token(clock, events={SignalType.SESSION_REVOKED.value: {"event_timestamp": clock.now().timestamp()}})
    assert (await posted(client, replayed)).status_code == 202
    clock.advance(2)
    later = signed_in(asker, clock)
    assert (await posted(client, replayed)).status_code == 202
    assert (await house.finder.search(ask(later), FULL)).content.shown


async def test_an_account_disabled_elsewhere_is_frozen_and_nothing_releases_it(house, account, client, clock, database):
    """RISC freezes; account-enabled, or anything else, changes nothing."""
    asker = await account()
    assert (await posted(client, token(clock, SignalType.ACCOUNT_DISABLED.value))).status_code == 202
    enabled = "https://schemas.openid.net/secevent/risc/event-type/account-enabled"
    assert (await posted(client, token(clock, enabled, jti="j2"))).status_code == 202
    with pytest.raises(AccountFrozen):
        await house.finder.search(ask(asker), FULL)
    (made,) = await database.pool.fetch("select * from containments")
    assert made["asked_by"] == f"issuer:{OTHER}" and made["released_at"] is None
    again = token(clock, SignalType.CREDENTIAL_COMPROMISED.value, jti="j3")
    assert (await posted(client, again)).status_code == 202


@pytest.mark.parametrize(
    ("kind", "properties", "ends"),
    [
        (SignalType.CREDENTIAL_CHANGE, {"change_type": "revoke"}, True),
        (SignalType.CREDENTIAL_CHANGE, {"change_type": "create"}, False),
        (SignalType.ASSURANCE_LEVEL_CHANGE, {"change_direction": "decrease"}, True),
        (SignalType.ASSURANCE_LEVEL_CHANGE, {"change_direction": "increase"}, False),
        (SignalType.DEVICE_COMPLIANCE_CHANGE, {"current_status": "not-compliant"}, True),
        (SignalType.DEVICE_COMPLIANCE_CHANGE, {"current_status": "compliant"}, False),
        (SignalType.RISK_LEVEL_CHANGE, {"current_level": "HIGH", "principal": "USER"}, True),
        (SignalType.RISK_LEVEL_CHANGE, {"current_level": "MEDIUM", "principal": "USER"}, False),
        (SignalType.CREDENTIAL_CHANGE_REQUIRED, {}, True),
        (SignalType.SESSIONS_REVOKED, {}, True),
    ],
)
async def test_only_what_lowers_trust_ends_sessions(account, client, clock, database, kind, properties, ends):
    """CAEP's events by their direction."""
    await account()
    assert (await posted(client, token(clock, events={kind.value: properties}))).status_code == 202
    assert bool(await database.pool.fetchval("select count(*) from ended_sessions")) is ends


@pytest.mark.parametrize(
    ("changes", "typ", "fault"),
    [
        ({"iss": "https://stranger.test"}, "secevent+jwt", "invalid_issuer"),
        ({"aud": "somebody"}, "secevent+jwt", "invalid_audience"),
        ({"sub": "x"}, "secevent+jwt", "invalid_request"),
        ({"exp": 9e9}, "secevent+jwt", "invalid_request"),
        ({"iat": 0}, "secevent+jwt", "invalid_request"),
        ({"iat": 9e9}, "secevent+jwt", "invalid_request"),
        ({"jti": None}, "secevent+jwt", "invalid_request"),
        ({"events": {}}, "secevent+jwt", "invalid_request"),
        ({}, "at+jwt", "invalid_request"),
    ],
)
async def test_what_is_not_believed(account, client, clock, database, changes, typ, fault):
    """Each claim that must be there, or must not; nothing is done."""
    await account()
    answer = await posted(client, token(clock, typ=typ, **changes))
    assert (answer.status_code, answer.json()["err"]) == (400, fault)
    assert await database.pool.fetchval("select count(*) from ended_sessions") == 0


async def test_who_may_post(account, client, clock):
    """Without the transmitter's bearer token, with another signature, or with another type of content: refused."""
    await account()
    assert (await posted(client, token(clock), bearer="other")).status_code == 401
    broken = token(clock)[:-4] + b"AAAA"
    assert (await posted(client, broken)).json()["err"] == "authentication_failed"
    assert (await posted(client, b"nonsense")).json()["err"] == "invalid_request"
    headers = {"content-type": "text/plain", "authorization": f"Bearer {PUSH_TOKEN}"}
    assert (await client.post("/ssf/events", content=token(clock), headers=headers)).status_code == 400


def logout(clock, typ: str = "logout+jwt", **claims: object) -> dict[str, str]:
    whole = {"iss": ISSUER, "aud": "client", "sub": "f:uuid:1", "sub_id": None, "events": {LOGOUT_EVENT: {}}} | claims
    return {"logout_token": token(clock, typ=typ, **whole).decode()}


async def test_a_logout_at_the_issuer_ends_the_session(house, put, account, client, clock, database):
    """By its session where it names one: another session of the same person goes on; by its subject, all of them."""
    await put(1, "A1", record("MARTIN", "Louise"), explained_h=5)
    asker = await account()
    for name in ("sub:f:uuid:1", "sid:s1", "sid:s2"):
        insert = "insert into names_at_issuer values ($1, $2, $3, now())"
        await database.pool.execute(insert, ISSUER, name, asker.account_id)
    one, two = (signed_in(asker, clock, session_id=name) for name in ("s1", "s2"))
    for form in (logout(clock, sid="s1", sub=None), logout(clock, jti="j2", sid="s1")):
        assert (await client.post("/logout/backchannel", data=form)).status_code == 200
        with pytest.raises(NotAuthenticated):
            await house.finder.search(ask(one), FULL)
        assert (await house.finder.search(ask(two), FULL)).content.shown
    assert (await client.post("/logout/backchannel", data=logout(clock, jti="j3"))).status_code == 200
    with pytest.raises(NotAuthenticated):
        await house.finder.search(ask(two), FULL)


@pytest.mark.parametrize(
    ("changes", "typ"),
    [
        ({"nonce": "n"}, "logout+jwt"),
        ({"sub": None}, "logout+jwt"),
        ({"events": {"x": {}}}, "logout+jwt"),
        ({"events": {LOGOUT_EVENT: True}}, "logout+jwt"),
        ({"aud": "other"}, "logout+jwt"),
        ({"iss": OTHER}, "logout+jwt"),
        ({"exp": 1}, "logout+jwt"),
        ({"jti": None}, "logout+jwt"),
        ({}, "at+jwt"),
    ],
)
async def test_a_logout_token_that_is_none(client, clock, database, changes, typ):
    """Each rule of section 2.6: 400, no-store, nothing done."""
    answer = await client.post("/logout/backchannel", data=logout(clock, typ, **changes))
    assert answer.status_code == 400 and answer.headers["cache-control"] == "no-store"
    assert await database.pool.fetchval("select count(*) from signals_received") == 0


async def test_a_transmitter_is_polled(account, receiving, clock, database):
    """What waits there is done and acknowledged with the next poll; what is not believed is said."""
    await account()
    sets = {"j1": token(clock).decode(), "bad": "nonsense"}
    asked: list[dict[str, object]] = []

    def answer(got: Got) -> tuple[int, bytes]:
        asked.append(json.loads(got.body))
        return 200, msgspec.json.encode({"sets": sets if len(asked) == 1 else {}})

    sink = await HttpSink(answer=answer).start()
    listener, source = Listener(receiving, [], poll_sets), Source(sink.url, "Bearer mine")
    while await listener.round(source):
        continue
    await sink.stop()
    assert asked[1]["ack"] == ["j1"] and asked[1]["setErrs"]["bad"]["err"] == "invalid_request"
    assert sink.got[0].headers["authorization"] == "Bearer mine"
    assert await database.pool.fetchval("select count(*) from ended_sessions") == 1


@pytest.mark.parametrize("pem", ["", "nonsense", ECKey.generate_key("P-384").as_pem(private=True).decode()])
def test_a_key_that_may_not_sign(pem):
    """No key, a curve that is not P-256, a public key."""
    with pytest.raises(ValueError):
        Signer(pem)
    with pytest.raises(ValueError):
        Signer(ECKey.generate_key("P-256").as_pem(private=False).decode())
    assert Signer(ECKey.generate_key("P-256").as_pem(private=True).decode()).algorithm == "ES256"


async def test_old_names_are_forgotten(web, worker, clock):
    """What has served its time is deleted by the worker, and not before."""
    await SignalStore(web).receive(OTHER, "j1", clock.now())
    assert await Forgetting(worker, clock).round() == 0
    clock.advance(KEPT + timedelta(seconds=1))
    assert await Forgetting(worker, clock).round() == 1
