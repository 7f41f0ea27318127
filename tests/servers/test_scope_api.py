"""The scope through the FHIR door: asked and answered in Parameters, in JSON and in XML, on the real gate."""

import json

import httpx2
import pytest

from beffroi.actions.foreign_import import ForeignSource, import_log
from beffroi.actions.house import open_house
from beffroi.actions.investigate import Investigation
from beffroi.clock import Clock
from beffroi.model.account import AccountId, AccountKind, Asker, Role
from beffroi.model.disclosure import Operation, Outcome
from beffroi.model.person import HospitalId, PersonId
from beffroi.servers.fhir_api import FhirApi
from beffroi.wire.fhir_view import Endpoint
from disclosed import disclose, row
from doubles import Admitted
from wire import foreign_logs as logs

BASE = "https://beffroi.test/fhir"


@pytest.fixture
async def ask(database, hospitals, deployment):
    """Asks as a role; account 1 was shown some patients before."""
    make = "insert into accounts (kind, issuer, subject) values ('person', 'https://issuer.test', $1)"
    for subject in ("S1", "S2"):
        await database.pool.execute(make, subject)
    await database.pool.execute("insert into account_states (account_id) values (2)")
    await disclose(database, [row(1, n) for n in range(1, 10)])
    house = await open_house(database, Clock())
    door = Admitted()
    api = FhirApi(house.finder, door, Endpoint(BASE, "1.2.250.1.999", house.hospitals), Clock())

    async def send(role: Role, *selections: str, accept: str = "application/fhir+json", body: bytes = b""):
        door.asker = Asker(
            AccountId(2), AccountKind.PERSON, "S2", role, HospitalId(1), "office", bytes(32), "192.0.2.9"
        )
        parameters = [{"name": "selection", "valueString": one} for one in selections]
        content = body or json.dumps({"resourceType": "Parameters", "parameter": parameters}).encode()
        headers = {"content-type": "application/fhir+json", "accept": accept}
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=api)) as client:
            return await client.post(f"{BASE}/AuditEvent/$beffroi-scope", content=content, headers=headers)

    yield send
    await house.close()


def values(answer) -> dict[str, list[object]]:
    found: dict[str, list[object]] = {}
    for one in answer.json()["parameter"]:
        value = next((one[key] for key in one if key.startswith("value")), one.get("part"))
        found.setdefault(one["name"], []).append(value)
    return found


async def test_a_data_protection_officer_is_told_counts_and_references(ask, database) -> None:
    """As the command line tells it; and the look is in the record."""
    answer = await ask(Role.DATA_PROTECTION_OFFICER, "account=S1")
    assert answer.status_code == 200, answer.text
    told = values(answer)
    assert (told["patients"], told["readings"], told["unknown"]) == ([6], [9], [6])
    assert len(told["patient"]) == 6 and told["withheld"] == [True]
    last = await database.pool.fetchrow(
        "select operation, outcome from disclosures order by disclosure_id desc limit 1"
    )
    assert tuple(last) == (Operation.SCOPE_VIEW, Outcome.RECORDED)


SELECTORS = {
    "account=S1": 9,
    "account-number=1": 9,
    f"device={'0105' * 16}": 1,
    f"session-key={'0105' * 16}": 1,
    "network=192.0.2.7": 9,
    "application=dpi": 9,
    "hospital=2": 9,
    "structure=2": 9,
    "query=family:Mar4": 1,
    "since=2026-11-24T12:00:03 until=2026-11-24T12:00:06": 3,
    "account=S1 query=family:Mar4 since=2026-11-24T12:00:00": 1,
}


async def test_every_selector_is_understood_as_at_the_command_line(ask, database, hospitals, deployment) -> None:
    """By account, device, network, application, structure, key, query and time; of several, each reading once."""
    identity = (
        "insert into identities (hospital_id, ipp, person_id, record, updated_at) values (2, 'I', 1, '{}', now())"
    )
    await database.pool.execute(identity)
    house = await open_house(database, Clock())
    investigation = Investigation(database, house.gate, house.references, house.hospitals, Clock())
    patient = {f"patient={house.references.of(PersonId(1))}": 1}
    for text, readings in (SELECTORS | patient).items():
        told = values(await ask(Role.DATA_PROTECTION_OFFICER, text))
        scope = await investigation.scope(await investigation.selections([text]))
        assert told["readings"] == [readings] == [scope.readings_count], text
    union = [one for one in SELECTORS if "query" in one or "until" in one]
    assert values(await ask(Role.DATA_PROTECTION_OFFICER, *union))["readings"] == [3]
    await house.close()


async def test_other_servers_logs_are_a_part_of_their_own(ask, database, tmp_path) -> None:
    """Counted by their certainty, and no number of ours changes."""
    path = tmp_path / "access.log"
    path.write_text(logs.NGINX_READ.replace("dr.leroux", "S1") + "\n")
    await import_log(database, Clock(), path, ForeignSource("hapi-a"))
    told = values(await ask(Role.DATA_PROTECTION_OFFICER, "account=S1"))
    counts = {one["name"]: one["valueInteger"] for one in told["foreign"][0]}
    assert (counts["facts"], counts["shown_fields_unknown"], counts["unknown"]) == (1, 1, 0)
    assert (told["patients"], told["readings"], told["erased"]) == ([6], [9], [0])


async def test_in_xml_too(ask) -> None:
    """The same Parameters."""
    answer = await ask(Role.DATA_PROTECTION_OFFICER, "account=S1", accept="application/fhir+xml")
    assert answer.status_code == 200 and b"<Parameters" in answer.content and b"valueInteger" in answer.content


@pytest.mark.parametrize("role", [Role.WARD_DOCTOR, Role.AUDITOR, Role.IDENTITY_CELL])
async def test_others_are_refused(ask, role) -> None:
    """403, and nothing told."""
    answer = await ask(role, "account=S1")
    assert answer.status_code == 403 and b"reference" not in answer.content


@pytest.mark.parametrize(
    ("selections", "status"), [((), 400), (("colour=blue",), 400), (("",), 400), (("account=nobody",), 404)]
)
async def test_a_wrong_selection_is_said(ask, selections, status) -> None:
    """With an OperationOutcome."""
    answer = await ask(Role.DATA_PROTECTION_OFFICER, *selections)
    assert (answer.status_code, answer.json()["resourceType"]) == (status, "OperationOutcome")


async def test_another_resource_is_refused(ask) -> None:
    """A Patient is no question."""
    answer = await ask(Role.DATA_PROTECTION_OFFICER, body=b'{"resourceType": "Patient"}')
    assert answer.status_code == 400
