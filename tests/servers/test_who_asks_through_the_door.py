"""From a signing client through the FHIR door to the gate: sign-ins, replays and freezes, with a real database."""

from collections.abc import AsyncIterator, Callable
from functools import partial
from uuid import UUID

import httpx2
import msgspec
import pytest

from beffroi.access.issuers import TrustedIssuer
from beffroi.access.nonces import Nonces
from beffroi.actions.events import Events
from beffroi.actions.house import House, open_house
from beffroi.actions.sign_in import SignIn
from beffroi.clock import Clock
from beffroi.model.account import AccountId, Asker
from beffroi.model.disclosure import Door, Operation, Outcome
from beffroi.model.hospitals import Hospitals
from beffroi.model.person import Hospital
from beffroi.outbound.issuer_keys import IssuerKeys
from beffroi.servers.authentication import Authenticator
from beffroi.servers.fhir_api import FhirApi
from beffroi.store.accounts import AccountStore
from beffroi.store.database import ROLE_WEB, Database
from beffroi.wire.fhir_view import Endpoint
from beffroi_region.client import SigningClient
from beffroi_region.issuer import AUDIENCE, Access, DemoIssuer
from beffroi_region.professions import roles_of_professions
from beffroi_region.staff import everybody
from doubles import HOSPITALS

PUBLIC_URL = "https://beffroi.example"
SEARCH = "/fhir/Patient?birthdate=1985-03-12&family=mar&given=a"
ISSUER_URL = "http://127.0.0.1:9"


class FrontDoor:
    """One deployment's web process, its issuer, and clients that come through both."""

    def __init__(self, house: House, web: Database, owner: Database) -> None:
        self.owner = owner
        clock = Clock()
        self.issuer = DemoIssuer(ISSUER_URL, "secret", everybody(HOSPITALS), HOSPITALS, clock)
        roles, audiences = roles_of_professions(), frozenset({AUDIENCE})
        trusted = TrustedIssuer(issuer=ISSUER_URL, audiences=audiences, roles=roles, demo=True, key_set_url=ISSUER_URL)
        record = partial(_record, house, clock)
        sign_in = SignIn(AccountStore(web), Hospitals(HOSPITALS), clock, record)
        keys = [IssuerKeys(trusted, clock, self._keys)]
        self.authenticator = Authenticator(keys, sign_in, Nonces(house.deployment.nonce_key), clock)
        endpoint = Endpoint(f"{PUBLIC_URL}/fhir", "2.999.1", house.hospitals)
        self.api = FhirApi(house.finder, self.authenticator, endpoint, clock)

    async def _keys(self, _url: str, _bytes_max: int) -> bytes:
        return msgspec.json.encode(self.issuer.key_set)

    async def client(self, account: str) -> "InProcess":
        """A client for that account, whose requests go to the door without a socket."""
        made = InProcess.of_account(Access(ISSUER_URL, PUBLIC_URL, self.issuer.secret), account)
        made.issuer = self.issuer
        await made.use(httpx2.ASGITransport(app=self.api))  # type: ignore[arg-type]
        return made

    async def disclosures(self) -> list[tuple[Operation, Outcome]]:
        """What was recorded, in its order."""
        rows = await self.owner.pool.fetch("select operation, outcome from disclosures order by disclosure_id")
        return [(Operation(row[0]), Outcome(row[1])) for row in rows]


class InProcess(SigningClient):
    """A client whose tokens come from an issuer without a socket."""

    issuer: DemoIssuer

    async def token(self) -> str:
        if not self._token:
            account = next(a for a in self.issuer.staff if a.name == self._form()["account"])
            self._token = self.issuer.token(account, self.key.thumbprint)
        return self._token


async def _record(house: House, clock: Clock, asker: Asker) -> None:
    request_id: UUID = clock.uuid()
    await house.finder.signed_in(asker, Door.FHIR, request_id)


@pytest.fixture
async def door(
    database: Database,
    dsn_of: Callable[[str], str],
    hospitals: tuple[Hospital, ...],
    deployment: tuple[bytes, bytes],
) -> AsyncIterator[FrontDoor]:
    """A web process under its own role of the database."""
    async with await Database.open(dsn_of(ROLE_WEB)) as web:
        house = await open_house(web, Clock())
        made = FrontDoor(house, web, database)
        await made.authenticator.start()
        yield made
        await made.authenticator.stop()
        await house.close()


async def test_a_sign_in_is_recorded_before_the_first_answer(door: FrontDoor) -> None:
    """A first request asks for a nonce, signs in once, and each search is a disclosure of its own."""
    nurse = await door.client("ward-nurse")
    for _ in range(2):
        answer = await nurse.call("GET", SEARCH)
        assert answer.status_code == 200 and answer.json()["resourceType"] == "Bundle"
        assert answer.headers["dpop-nonce"]
    searched = (Operation.SEARCH, Outcome.NONE)
    assert await door.disclosures() == [(Operation.SIGN_IN, Outcome.SIGNED_IN), searched, searched]


async def test_a_replayed_request(door: FrontDoor) -> None:
    """The same headers a second time are refused, recorded, and said to be a used proof."""
    nurse = await door.client("ward-nurse")
    await nurse.call("GET", SEARCH)
    headers = await nurse.signed("GET", SEARCH)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=door.api)) as thief:  # type: ignore[arg-type]
        answers = [await thief.get(PUBLIC_URL + SEARCH, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 401]
    assert 'error="invalid_dpop_proof"' in answers[1].headers["www-authenticate"]
    assert answers[1].json()["issue"][0]["code"] == "login"
    assert (await door.disclosures())[-1] == (Operation.SEARCH, Outcome.REFUSED)


async def test_a_freeze_is_effective_at_once(door: FrontDoor) -> None:
    """The request after a freeze is refused, though account and token are still remembered; so is a new sign-in."""
    nurse = await door.client("ward-nurse")
    assert (await nurse.call("GET", SEARCH)).status_code == 200
    events = Events(door.owner, Clock())
    account = AccountId(await door.owner.pool.fetchval("select max(account_id) from accounts"))
    async with events.locking([account]) as locked:
        assert await locked.set_frozen(account, True)
    assert (await nurse.call("GET", SEARCH)).status_code == 403
    elsewhere = await door.client("ward-nurse")
    refused = await elsewhere.call("GET", SEARCH, headers={"accept-language": "fr"})
    assert refused.status_code == 403 and "arrêté" in refused.json()["issue"][0]["details"]["text"]
    async with events.locking([account]) as locked:
        assert await locked.set_frozen(account, False)
    assert (await elsewhere.call("GET", SEARCH)).status_code == 200
    assert (await door.disclosures()).count((Operation.SIGN_IN, Outcome.REFUSED)) == 1


async def test_without_a_token(door: FrontDoor) -> None:
    """A request without a token is told how to come back, and leaves no disclosure: nobody asked."""
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=door.api)) as nobody:  # type: ignore[arg-type]
        answer = await nobody.get(PUBLIC_URL + SEARCH)
    assert answer.status_code == 401 and answer.headers["www-authenticate"].startswith("DPoP realm=")
    assert "error=" not in answer.headers["www-authenticate"] and answer.headers["dpop-nonce"]
    assert await door.disclosures() == []
