"""Who loads the town: professionals who search and read, hospital software that feeds. Each writes down what it got.

What they wrote down is compared with the database afterwards: an answer received must have its disclosure with those
fields, a message acknowledged must be applied once.
"""

import asyncio
import json
import random
from dataclasses import dataclass, field
from urllib.parse import urlencode
from uuid import uuid4

import httpx2

from beffroi.model.disclosure import Field
from beffroi_region.bench.passes import Pass
from beffroi_region.mllp_client import MllpConnection, NoAnswer
from faults.town import Town

FAMILIES = ("MARTIN", "BERNARD", "DUBOIS", "LEFEBVRE", "MOREAU", "GARNIER", "FAURE", "ROUSSEL")
GIVEN = ("LOUISE", "EMMA", "JEANNE", "ALICE", "CHLOE")


@dataclass(frozen=True, slots=True)
class Patient:
    """Somebody whom the feed keeps sending: the n-th identity of Beaumont."""

    number: int

    @property
    def ipp(self) -> str:
        return f"P{self.number:05d}"

    @property
    def family(self) -> str:
        return f"{FAMILIES[self.number % len(FAMILIES)]}{chr(65 + self.number % 26)}{chr(65 + self.number // 26 % 26)}"

    @property
    def given(self) -> str:
        return GIVEN[self.number % len(GIVEN)]

    @property
    def birth_date(self) -> str:
        return f"19{50 + self.number % 50}{1 + self.number % 12:02d}{1 + self.number % 28:02d}"

    def message(self, version: int, control: str) -> bytes:
        """An A31 whose city counts the versions."""
        pid = (
            f"PID|1||{self.ipp}^^^CH-BEAUMONT&1.2.250.1.999.1.1&ISO^PI||{self.family}^{self.given}^{self.given}^^^^L||"
            f"{self.birth_date}|F|||1 RUE HAUTE^^VERSION{version}^^59000^FRA^H~^^^^^^BDL^^59350||"
            "^PRN^PH^^^^^^^^^0612345678|||||||||||||||||||VALI"
        )
        header = f"MSH|^~\\&|GAM|CH-BEAUMONT|BEFFROI|R|20261124090000||ADT^A31^ADT_A05|{control}|P|2.5^FRA^2.11"
        segments = (f"{header}|||||FRA|UNICODE UTF-8", "EVN||20261124090000", pid, "PV1|1|N")
        return "\r".join(segments).encode() + b"\r"


@dataclass(slots=True)
class Received:
    """An answer that a professional holds: the request and each patient's reference with the fields in it."""

    request_id: str
    patients: dict[str, Field]


@dataclass(slots=True)
class Notes:
    """What all besiegers wrote down."""

    answers: list[Received] = field(default_factory=list)
    acknowledged: dict[str, tuple[str, int]] = field(default_factory=dict)  # control id: (ipp, version)
    latest: dict[str, int] = field(default_factory=dict)  # ipp: version acknowledged last
    failures: int = 0


def fields_in(resource: dict[str, object]) -> Field:
    """The fields of which a FHIR Patient shows a value."""
    shown = Field.REFERENCE
    uses = {name.get("use") for name in resource.get("name", [])}  # type: ignore[attr-defined]
    shown |= Field.BIRTH_NAME if "official" in uses else Field(0)
    for name, bit in (("birthDate", Field.BIRTH_DATE), ("gender", Field.SEX), ("address", Field.ADDRESS)):
        shown |= bit if name in resource else Field(0)
    kinds = {telecom["system"] for telecom in resource.get("telecom", [])}  # type: ignore[attr-defined]
    shown |= Field.PHONE if "phone" in kinds else Field(0)
    systems = {identifier["system"] for identifier in resource.get("identifier", [])}  # type: ignore[attr-defined]
    return shown | (Field.OWN_IDENTIFIER if "urn:oid:1.2.250.1.999.1.1" in systems else Field(0))


async def professional(town: Town, key: Pass, seed: int, people: int, notes: Notes, stop: asyncio.Event) -> None:
    """Searches for random patients, and reads every other one with contact data, until told to stop."""
    chosen, nonce = random.Random(seed), ""
    base = f"http://127.0.0.1:{town.deployment.web_port}/fhir"
    async with httpx2.AsyncClient(timeout=15, trust_env=False) as client:
        while not stop.is_set():
            patient = Patient(chosen.randrange(people))
            born = f"{patient.birth_date[:4]}-{patient.birth_date[4:6]}-{patient.birth_date[6:]}"
            form = urlencode({"birthdate": born, "family": patient.family, "given": patient.given[:1]}).encode()
            try:
                found, nonce = await _post(client, key, f"{base}/Patient/_search", form, nonce, notes)
                if found and chosen.random() < 0.5:
                    nonce = await _read(client, key, f"{base}/Patient/{found[0]}", nonce, notes)
            except (httpx2.HTTPError, OSError):
                notes.failures += 1
                await asyncio.sleep(0.05)


async def _post(
    client: httpx2.AsyncClient, key: Pass, url: str, form: bytes, nonce: str, notes: Notes
) -> tuple[list[str], str]:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer, request_id = await _send(client, key, "POST", url, nonce, headers, form)
    if answer.status_code == 401:
        answer, request_id = await _send(client, key, "POST", url, answer.headers["dpop-nonce"], headers, form)
    nonce = answer.headers.get("dpop-nonce", nonce)
    if answer.status_code != 200:
        notes.failures += 1
        return [], nonce
    resources = [entry["resource"] for entry in answer.json().get("entry", [])]
    patients = {r["id"]: fields_in(r) for r in resources if r["resourceType"] == "Patient"}
    notes.answers.append(Received(request_id, patients))
    return list(patients), nonce


async def _read(client: httpx2.AsyncClient, key: Pass, url: str, nonce: str, notes: Notes) -> str:
    headers = {"beffroi-fields": "contact", "beffroi-purpose": "TREAT"}
    answer, request_id = await _send(client, key, "GET", url, nonce, headers, b"")
    if answer.status_code == 200:
        notes.answers.append(Received(request_id, {answer.json()["id"]: fields_in(answer.json())}))
    return str(answer.headers.get("dpop-nonce", nonce))


async def _send(
    client: httpx2.AsyncClient, key: Pass, method: str, url: str, nonce: str, more: dict[str, str], body: bytes
) -> tuple[httpx2.Response, str]:
    request_id = str(uuid4())
    headers = {"authorization": f"DPoP {key.token}", "dpop": key.proof(method, url, nonce).decode()}
    headers |= {"x-request-id": request_id} | more
    answer = await client.request(method, url, content=body, headers=headers)
    json.loads(answer.content)  # a body cut short is not an answer received
    return answer, request_id


async def software(town: Town, seed: int, patients: list[Patient], notes: Notes, stop: asyncio.Event) -> None:
    """Sends each message until it is acknowledged, like an interface engine; the same control number each time."""
    chosen, sent = random.Random(seed), 0
    connection: MllpConnection | None = None
    while not stop.is_set():
        patient = chosen.choice(patients)
        sent += 1
        version = notes.latest.get(patient.ipp, 0) + 1
        control = f"S{seed}-{sent}"
        content = patient.message(version, control)
        while True:
            try:
                if connection is None:
                    connection = await MllpConnection.open("127.0.0.1", town.deployment.mllp_port)
                answer = await connection.send(content)
            except (NoAnswer, OSError):
                if connection is not None:
                    await connection.close()
                connection = None
                notes.failures += 1
                await asyncio.sleep(0.05)
                continue
            if answer.accepted:
                notes.acknowledged[control] = (patient.ipp, version)
                notes.latest[patient.ipp] = version
                break
            notes.failures += 1
            await asyncio.sleep(0.05)
    if connection is not None:
        await connection.close()
