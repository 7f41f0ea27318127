"""Incidents over HTTP: opened from an alarm, looked at, weighed, reported, proved, and lists by two people; each step
an event in the asker's chain."""

import dataclasses
from base64 import b64decode
from collections.abc import Mapping

import msgspec
import pyrage
import pytest

from beffroi.actions.case_room import CaseRoom
from beffroi.actions.house import open_house
from beffroi.actions.proving import prover_apart
from beffroi.actions.verify_scope import verify
from beffroi.model.account import Role
from beffroi.model.disclosure import Operation, Outcome, Proof
from beffroi.servers.fhir_api import FhirApi
from beffroi.servers.routes import INCIDENT_ROUTES
from beffroi.store.accounts import AccountStore
from beffroi.store.database import ROLE_SEALER, ROLE_WEB, Database
from beffroi.wire.fhir_view import Endpoint
from disclosed import KEY, disclose, row, seal_all, sealer
from fhir_answers import REGIONAL_OID
from fhir_door import NURSE, FakeAuthenticator, call

OFFICER, DUTY = Role.DATA_PROTECTION_OFFICER, Role.DUTY_OFFICER
THIEF = 1
SENSITIVE = 4
WHY = "the watch rang in the night"


def opening(**more: object) -> Mapping[str, object]:
    return {"title": "A stolen account", "reason": WHY, **more}


@pytest.fixture
async def told(dsn_of, database, hospitals, deployment, clock):
    """Account 1 was shown patients, then rang; hospital 1 has a key. Gives a way to ask a web process, and the key."""
    make = "insert into accounts (kind, issuer, subject) values ('person', 'https://issuer.test', $1)"
    for subject in ("S1", "S2"):
        await database.pool.execute(make, subject)
    verdict = dataclasses.replace(
        row(THIEF, 10), operation=int(Operation.VERDICT), outcome=7, shown="[]", people=(), request='{"readings": "1"}'
    )
    hidden = dataclasses.replace(row(2, 1), structure_id=SENSITIVE)
    await disclose(database, [*(row(THIEF, n) for n in range(1, 10)), verdict, hidden])
    async with await Database.open(dsn_of(ROLE_SEALER)) as own:
        await seal_all(sealer(own))
    key = pyrage.x25519.Identity.generate()
    async with await Database.open(dsn_of(ROLE_WEB)) as web:
        house = await open_house(web, clock)
        endpoint = Endpoint("https://beffroi.test/fhir", REGIONAL_OID, house.hospitals)
        prover = prover_apart(dsn_of(ROLE_WEB), None)
        cases = CaseRoom(web, house, clock, "Hauts de Beffroi", prover, {1: (str(key.to_public()),)})
        accounts = AccountStore(web)

        async def ask(
            role: Role, method: str, path: str, body: object = None, who: str = "", proof: Proof | None = None
        ):
            found = await accounts.create_person("https://issuer.test", who or role.value)
            asker = msgspec.structs.replace(
                NURSE, account_id=found.account_id, subject=who or role.value, role=role, holder=found.holder
            )
            api = FhirApi(house.finder, FakeAuthenticator(asker, proof), endpoint, clock, cases=cases)
            content = msgspec.json.encode(body) if body is not None else b""
            return await call(api, method, path, content, **{"content-type": "application/json"})

        yield ask, key
        await house.close()


async def steps(database, operation: Operation = Operation.SCOPE_VIEW) -> list[str]:
    """The steps that were recorded, in order."""
    rows = await database.pool.fetch(
        "select request from disclosures where operation = $1 and outcome = $2 order by disclosure_id",
        *(int(operation), int(Outcome.RECORDED)),
    )
    return [msgspec.json.decode(one["request"]).get("step", "scope") for one in rows]


async def test_an_alarm_becomes_an_incident_with_its_window(told, database, clock) -> None:
    """The duty officer opens it from the verdict's number; the officer looks, confirms and writes the register."""
    ask, _ = told
    alarm = await database.pool.fetchval("select disclosure_id from disclosures where operation = 9")
    unzoned = await ask(DUTY, "POST", "/incidents", opening(alarms=[alarm], aware_at="2026-11-24T12:00:00"))
    assert unzoned.status == 400
    opened = await ask(DUTY, "POST", "/incidents", opening(alarms=[alarm]))
    assert opened.status == 200, opened.text
    number, (window,) = opened.json["incident"], opened.json["windows"]
    assert window["since"] is None and "No proof of the owner" in window["because"]
    now = clock.now().isoformat()
    move = {"incident": number, "state": "confirmed", "reason": WHY, "aware_at": now}
    assert (await ask(OFFICER, "POST", "/incidents/state", move)).status == 200
    texts = {"incident": number, "reason": WHY, "facts": "an account was stolen"}
    assert (await ask(OFFICER, "POST", "/incidents/texts", texts)).status == 200
    assert (await ask(OFFICER, "POST", "/incidents/note", {"incident": number, "text": "called"})).status == 200
    one = (await ask(OFFICER, "GET", f"/incidents/{number}")).json
    assert one["incident"]["state"] == "confirmed" and one["incident"]["told"]["facts"] == "an account was stolen"
    assert one["clock"]["aware_at"].startswith(now[:19]) and len(one["entries"]) == 4
    assert [one["incident"]["title"] for one in (await ask(OFFICER, "GET", "/incidents")).json["incidents"]] == [
        "A stolen account"
    ]
    scope = await ask(OFFICER, "POST", "/incidents/scope", {"incident": number})
    assert scope.json["totals"]["patients"] == 6 and scope.json["readings"] == 10
    assert await steps(database) == ["open", "confirmed", "tell", "note", "show", "register", "scope"]


async def test_a_report_and_a_severity_are_looks(told, database) -> None:
    """Its files come as they are written by the command; the PDF is set in type by a process of its own."""
    ask, _ = told
    number = (await ask(OFFICER, "POST", "/incidents", opening(selections=["account=S1"]))).json["incident"]
    asked = {"incident": number, "languages": ["en"]}
    report = await ask(OFFICER, "POST", "/incidents/report", asked)
    assert report.status == 200, report.text
    files = {name: b64decode(content) for name, content in report.json["files"].items()}
    assert files["report.en.pdf"].startswith(b"%PDF") and files["patients.csv"].count(b"\n") == 7
    kept = await ask(OFFICER, "POST", "/incidents/severity", {"incident": number, "keep": True})
    assert kept.json["choices"] and (await ask(OFFICER, "GET", f"/incidents/{number}")).json["incident"]["severity"]
    assert (await steps(database))[:3] == ["open", "report", "severity"]
    assert await steps(database, Operation.EXPORT) == ["report"]


async def test_a_proof_is_for_its_reader_and_opens_nothing_hidden(told, database) -> None:
    """Encrypted, checked with public keys alone; refused where it would tell who is known to a sensitive hospital."""
    ask, key = told
    wanted = {"selection": "account-number=1", "recipients": [str(key.to_public())]}
    proof = await ask(OFFICER, "POST", "/incidents/proof", wanted)
    assert proof.status == 200, proof.text
    checked = verify(pyrage.decrypt(b64decode(proof.json["file"]), [key]), [KEY.verifier()])
    assert checked.wrong == [] and checked.selected == 10
    bare = await ask(OFFICER, "POST", "/incidents/proof", wanted | {"recipients": []})
    assert bare.status == 400 and "recipient" in bare.text
    hidden = await ask(OFFICER, "POST", "/incidents/proof", wanted | {"selection": "account-number=2"})
    assert hidden.status == 400 and "medical" in hidden.text
    nothing = await ask(OFFICER, "POST", "/incidents/proof", wanted | {"selection": "account-number=77"})
    assert nothing.status == 404
    refused = "select count(*) from disclosures where operation = $1 and outcome = $2"
    assert await database.pool.fetchval(refused, int(Operation.EXPORT), int(Outcome.REFUSED)) == 3


async def test_lists_leave_by_two_people(told, database) -> None:
    """Who asks does not approve; what is written is encrypted to the hospital, once."""
    ask, _ = told
    number = (await ask(OFFICER, "POST", "/incidents", opening(selections=["account=S1"]))).json["incident"]
    asked = {"incident": number, "reason": "letters to the patients"}
    export = (await ask(OFFICER, "POST", "/exports", asked)).json["export"]
    own = await ask(OFFICER, "POST", "/exports/approve", {"export": export})
    assert own.status == 400 and "two people" in own.text
    assert (await ask(OFFICER, "POST", "/exports/approve", {"export": export}, who="other")).status == 200
    written = await ask(OFFICER, "POST", "/exports/write", {"export": export})
    assert written.status == 200 and set(written.json) == {"lists", "without_key"}
    assert (await ask(OFFICER, "POST", "/exports/write", {"export": export})).status == 400
    (line,) = (await ask(OFFICER, "GET", "/exports")).json["exports"]
    assert (line["requester"], line["approver"]) == ("data_protection_officer", "other")


async def test_what_changes_after_the_proof_has_served_is_said(told, database) -> None:
    """A scope that is another by now: the refusal says so, not that the proof was used, and is recorded."""
    ask, _ = told
    number = (await ask(OFFICER, "POST", "/incidents", opening(selections=["account=S1"]))).json["incident"]
    asked = {"incident": number, "reason": "letters to the patients"}
    export = (await ask(OFFICER, "POST", "/exports", asked)).json["export"]
    assert (await ask(OFFICER, "POST", "/exports/approve", {"export": export}, who="other")).status == 200
    await disclose(database, [row(THIEF, 11)])
    late = await ask(OFFICER, "POST", "/exports/write", {"export": export}, proof=Proof(bytes(16), 1))
    assert late.status == 400 and "another by now" in late.text
    refused = "select count(*) from disclosures where operation = $1 and outcome = $2"
    assert await database.pool.fetchval(refused, int(Operation.EXPORT), int(Outcome.REFUSED)) == 1


async def test_each_address_is_for_its_roles(told) -> None:
    """A role without the right is refused, in words."""
    ask, _ = told
    for route in INCIDENT_ROUTES:
        for role in (Role.WARD_NURSE, Role.AUDITOR, DUTY, OFFICER):
            answer = await ask(role, route.method, route.path.replace("{reference}", "1"), {})
            assert (answer.status == 403) == (role not in route.roles), (route, role)
            assert answer.status in (200, 400, 403, 404), (route, answer.text)


async def test_a_proof_of_possession_serves_once(told, database) -> None:
    """Whatever is done with it: a view, a change or a file."""
    ask, _ = told
    for place, (path, body) in enumerate(
        (("/incidents", opening(selections=["account=S1"])), ("/exports", {"incident": 1, "reason": WHY}))
    ):
        proof = Proof(bytes([place]) * 16, 1)
        assert (await ask(OFFICER, "POST", path, body, proof=proof)).status == 200
        assert (await ask(OFFICER, "POST", path, body, proof=proof)).status == 401
    assert await database.pool.fetchval("select count(*) from incidents") == 1


async def test_a_refusal_by_the_gate_is_recorded_once(told, database) -> None:
    """A stopped officer, with a proof of possession: told why, not that the proof was used; one row in the chain."""
    ask, _ = told
    assert (await ask(OFFICER, "POST", "/incidents", opening(selections=["account=S1"]))).status == 200
    await database.pool.execute(
        "update account_states s set frozen = true from accounts a where s.account_id = a.account_id and subject = $1",
        OFFICER.value,
    )
    before = await database.pool.fetchval("select count(*) from disclosures")
    answer = await ask(OFFICER, "POST", "/incidents/severity", {"incident": 1}, proof=Proof(bytes(16), 1))
    assert answer.status == 403 and "stopped" in answer.text
    assert await database.pool.fetchval("select count(*) from disclosures") == before + 1
