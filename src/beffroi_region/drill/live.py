"""The same scenarios against a running demonstration: its gate instead of the simulated one, people instead of numbers.

Time is compressed: a plan's waits are not waited for. Strangers are people whom the account's hospital does not know;
explained patients are admitted there just before, by an HL7 v2 message over MLLP. An account that is held stays held:
each role's account is robbed once: start a fresh demonstration to play another scenario on it.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import msgspec

from beffroi.errors import OperatorError
from beffroi.model.account import AccountKind, Role
from beffroi.model.disclosure import Operation
from beffroi.watch.circumstances import Fate
from beffroi_region import staff
from beffroi_region.adt_messages import Envelope, message
from beffroi_region.client import SigningClient, read_access
from beffroi_region.demo.feed_files import region_of
from beffroi_region.demo.folder import Folder, default_folder
from beffroi_region.demo.settings import HOST
from beffroi_region.drill.account import Account, How, Patient, Place
from beffroi_region.drill.exercise import KNOWN_INCIDENTS, chosen
from beffroi_region.drill.habits import NEVER
from beffroi_region.drill.live_people import LivePeople, NobodyLeft, named, pdq_query, search_path, wildcard
from beffroi_region.drill.scenario import SCENARIOS, Kind
from beffroi_region.drill.stage import Stage
from beffroi_region.local_identities import LocalIdentity
from beffroi_region.mllp_client import MllpConnection

QUESTIONS_MAX, REFUSALS_MAX = 300, 60
"""Of one scenario; and after the first refusal, each of which must show nobody."""
PAGES_MAX = 50
"""Of one HL7 v2 query."""
BESIDE_EVERY = 5
"""Thief's questions between two of somebody who has nothing to do with it."""
BESIDE = Role.EMERGENCY_DOCTOR
_OK, _REFUSED = 200, 403


@dataclass(slots=True)
class Counts:
    """What one scenario came to."""

    questions: int = 0
    shown: set[str] = field(default_factory=set)
    before_verdict: int = 0
    refusals: int = 0
    after_verdict: int = 0
    beside: int = 0
    collateral: int = 0
    statuses: dict[str, int] = field(default_factory=dict)
    continuations: int = 0


@dataclass(slots=True)
class Pages:
    """What one query led to."""

    status: int
    people: list[str] = field(default_factory=list)
    continuations: int = 0


class _Enough(Exception):
    """The scenario has shown what it can."""


class House:
    """The demonstration, as a live stage uses it: its people, its HL7 v2 door, and a client for each account."""

    def __init__(self, url: str, data: Path | None) -> None:
        folder = Folder(data or default_folder())
        state, running = folder.state(), folder.running()
        if state is None or running is None or not running.web:
            raise OperatorError(
                "No demonstration is ready here: start one in another terminal, beffroi demo.",
                "Aucune démonstration n'est prête ici : lancez-en une dans un autre terminal, beffroi demo.",
            )
        self._access = msgspec.structs.replace(read_access(folder.root), api=url.rstrip("/"))
        self._mllp_port = running.mllp_port
        self._loop = asyncio.new_event_loop()
        self._clients: dict[Role, SigningClient] = {}
        self._given: dict[int, LocalIdentity] = {}
        self.people = LivePeople(region_of(state.plan), state.plan.first_new)

    def close(self) -> None:
        """Hangs up."""
        for client in self._clients.values():
            self._loop.run_until_complete(client.close())
        self._loop.close()

    def identity(self, patient: Patient) -> LocalIdentity:
        """Who stands for a simulated patient: admitted first where the feed is to know of them."""
        if patient.person not in self._given:
            if patient.known_s == NEVER:
                self._given[patient.person] = self.people.stranger()
            else:
                own = self.people.own()
                self._given[patient.person] = own
                self._loop.run_until_complete(self._admit(own))
        return self._given[patient.person]

    async def _admit(self, identity: LocalIdentity) -> None:
        site = self.people.region.sites[identity.hospital_id - 1]
        now = datetime.now(UTC)
        envelope = Envelope("A04", f"DRILL-{now:%H%M%S%f}", now, site.hospital.namespace, site.authority_by_finess)
        async with await MllpConnection.open(HOST, self._mllp_port) as connection:
            answer = await connection.send(message(identity.record, identity.ipp, site, envelope))
        if not answer.accepted:
            raise OperatorError(f"The feed refused an admission ({answer.code}).")

    def _client_of(self, role: Role) -> SigningClient:
        sites = self.people.region.sites
        ready = {one.role: one for one in staff.ready_accounts(tuple(site.hospital for site in sites))}
        if ready[role].kind is AccountKind.APPLICATION:
            return SigningClient.of_application(self._access, ready[role].subject)
        return SigningClient.of_account(self._access, ready[role].name)

    def query(self, criteria: str) -> "Pages":
        """An HL7 v2 query (PDQ) in the name of the first hospital's software, its continuations followed."""
        return self._loop.run_until_complete(self._query(criteria))

    async def _query(self, criteria: str) -> "Pages":
        namespace = self.people.region.sites[0].hospital.namespace
        found, pointer, tag = Pages(_OK), "", f"{datetime.now(UTC):%H%M%S%f}"
        async with await MllpConnection.open(HOST, self._mllp_port) as connection:
            for _ in range(PAGES_MAX):
                answer = await connection.send(pdq_query(criteria, namespace, datetime.now(UTC), tag, pointer))
                if not answer.accepted:
                    found.status = _REFUSED
                lines = [line.split("|") for line in answer.content.decode("utf-8", "replace").split("\r")]
                found.people += [fields[3] for fields in lines if fields[0] == "PID"]
                pointer = next((fields[1] for fields in lines if fields[0] == "DSC"), "")
                if not pointer:
                    break
                found.continuations += 1
        return found

    def search(self, role: Role, identity: LocalIdentity, contact: bool) -> tuple[int, list[str]]:
        """The status of one search, and the references of whom it showed."""
        return self._loop.run_until_complete(self._search(role, identity, contact))

    async def _search(self, role: Role, identity: LocalIdentity, contact: bool) -> tuple[int, list[str]]:
        if role not in self._clients:
            self._clients[role] = self._client_of(role)
        headers = {"beffroi-fields": "contact"} if contact else {}
        answer = await self._clients[role].call("GET", search_path(identity), headers=headers)
        if answer.status_code != _OK:
            return answer.status_code, []
        entries = answer.json().get("entry", [])
        found = [e["resource"]["id"] for e in entries if e["resource"]["resourceType"] == "Patient"]
        return answer.status_code, found


@dataclass(slots=True)
class LiveAccount(Account):
    """An account of the demonstration, asked over HTTP."""

    house: House | None = None
    counts: Counts = field(default_factory=Counts)

    def ask(self, now_s: int, patients: Sequence[Patient], how: How) -> tuple[Fate, ...]:
        """One search for the first of the patients; the server decides who else stands in its list."""
        if how.operation is Operation.SIGN_IN or not patients or self.house is None:
            return (Fate.WITHHELD,) * len(patients)
        counts = self.counts
        if counts.questions >= QUESTIONS_MAX or counts.refusals > REFUSALS_MAX:
            raise _Enough
        counts.questions += 1
        identity = self.house.identity(patients[0])
        if how.operation is Operation.PDQ_QUERY:
            status, found = self._query(identity)
        else:
            status, found = self.house.search(self.role, identity, contact=False)
        counts.statuses[str(status)] = counts.statuses.get(str(status), 0) + 1
        if status != _OK:
            counts.refusals += 1
            self.evidence.held_s = now_s
        elif counts.refusals and patients[0].known_s == NEVER:
            counts.after_verdict += len(found)
        elif patients[0].known_s == NEVER:
            counts.before_verdict += len(set(found) - counts.shown)
        counts.shown.update(found)
        if counts.questions % BESIDE_EVERY == 0:
            self._look_beside()
        return (Fate.SHOW if found else Fate.WITHHELD,) * len(patients)

    def _query(self, identity: LocalIdentity) -> tuple[int, list[str]]:
        """First all who begin like that, page after page, and then the one."""
        assert self.house is not None
        swept, found = self.house.query(wildcard(identity)), self.house.query(named(identity))
        self.counts.shown.update(swept.people)
        self.counts.continuations += swept.continuations + found.continuations
        return found.status, found.people

    def _look_beside(self) -> None:
        """Somebody else reads an explained patient meanwhile, and must be answered."""
        assert self.house is not None
        identity = self.house.identity(Patient(-self.counts.questions - 10_000 * self.counts.beside, 0))
        status, found = self.house.search(BESIDE, identity, contact=False)
        self.counts.beside += 1
        self.counts.collateral += status != _OK or not found


class LiveStage(Stage):
    """A stage whose accounts are the demonstration's."""

    def __init__(self, seed: int, horizon_s: int, house: House, taken: set[Role]) -> None:
        super().__init__(seed, horizon_s=horizon_s)
        self.house = house
        self.taken = taken
        self.counts = Counts()

    def account(self, role: Role, place: Place | None = None) -> Account:
        """The demonstration's account of that role. Raises LookupError when it was robbed before, or there is none."""
        if role in self.taken or role is BESIDE or role is Role.FEED:
            raise LookupError(role.value)
        self.taken.add(role)
        return LiveAccount(role, house=self.house, counts=self.counts)


def play_live(url: str, name: str, data: Path | None, say: Callable[[str], None]) -> dict[str, Any]:
    """Plays attacks against a running demonstration, each account once; the report says which were not played."""
    house = House(url, data)
    taken: set[Role] = set()
    played: dict[str, Any] = {}
    try:
        for one in chosen(name)[0]:
            if SCENARIOS[one].kind is Kind.ATTACK:
                played[one] = _play(one, house, taken)
                say(f"{one}: {played[one].get('shown_p50', 'not played')}")
    finally:
        house.close()
    return {
        "benchmark": "drill-live",
        "url": url,
        "seed": 0,
        "runs": 1,
        "held_out": True,
        "known_incidents": list(KNOWN_INCIDENTS),
        "scenarios": {n: f for n, f in played.items() if "shown_p50" in f},
        "not_played": [n for n, f in played.items() if "shown_p50" not in f],
        "seasons": {},
    }


def _play(name: str, house: House, taken: set[Role]) -> dict[str, Any]:
    scenario = SCENARIOS[name]
    stage = LiveStage(1, scenario.horizon_s, house, taken)
    try:
        scenario.play(stage)
        stage.run()
    except LookupError:
        return {}
    except (_Enough, NobodyLeft):
        pass
    except httpx2.HTTPError as error:
        raise OperatorError(f"The server does not answer ({type(error).__name__}).") from error
    counts = stage.counts
    shown = len(counts.shown)
    return {
        "kind": scenario.kind.value,
        "title": scenario.title.english,
        "title_fr": scenario.title.french,
        "runs": 1,
        "aim_p50": scenario.p95,
        "aim_p95": None,
        "aim_met": counts.after_verdict == 0 and (scenario.p95 is None or counts.before_verdict <= scenario.p95),
        "made_to_beat_it": scenario.ours,
        "questions": counts.questions,
        "answers": counts.statuses,
        "continuations": counts.continuations,
        "shown_p50": counts.before_verdict,
        "shown_p95": counts.before_verdict,
        "shown_max": counts.before_verdict,
        "shown_30d_p95": shown,
        "contacts_30d_p95": 0,
        "stopped_share": float(counts.refusals > 0),
        "answers_after_verdict": counts.after_verdict,
        "false_holds_per_10k_shifts": None,
        "false_step_ups_per_10k_shifts": None,
        "questions_beside": counts.beside,
        "collateral_refusals": counts.collateral,
    }
