"""What tests of the addresses beside FHIR's resources share: a web process under its own role, asked as anybody."""

import msgspec
import pytest

from beffroi.access.presence import KeyPlace
from beffroi.actions.house import open_house
from beffroi.actions.ways.ways_on import ways_on
from beffroi.model.account import Role
from beffroi.model.disclosure import Proof
from beffroi.servers.fhir_api import FhirApi
from beffroi.store.accounts import AccountStore
from beffroi.store.database import ROLE_WEB, Database
from beffroi.wire.fhir_view import Endpoint
from fhir_answers import REGIONAL_OID
from fhir_door import NURSE, FakeAuthenticator, call

PLACE = KeyPlace("beffroi.test", ("https://beffroi.test",))


@pytest.fixture
async def door(dsn_of, database, hospitals, deployment, clock):
    """Asks as somebody, of a web process under its own role."""
    async with await Database.open(dsn_of(ROLE_WEB)) as web:
        house = await open_house(web, clock)
        endpoint = Endpoint("https://beffroi.test/fhir", REGIONAL_OID, house.hospitals)
        ways = ways_on(web, house, PLACE, clock)
        accounts = AccountStore(web)

        async def ask(
            role: Role, method: str, path: str, body: object = None, subject: str = "", proof: Proof | None = None
        ):
            found = await accounts.create_person("https://issuer.test", subject or role.value)
            now_s = int(clock.now().timestamp())
            asker = msgspec.structs.replace(
                NURSE,
                account_id=found.account_id,
                subject=role.value,
                role=role,
                holder=found.holder,
                others=found.others,
                authenticated_at_s=now_s - 3_600,
            )
            api = FhirApi(house.finder, FakeAuthenticator(asker, proof), endpoint, clock, ways=ways)
            content = msgspec.json.encode(body) if body is not None else b""
            return await call(api, method, path, content, **{"content-type": "application/json"})

        yield ask
        await house.close()
