"""`beffroi bench contain`: one account hammers every web process of a real deployment, and is stopped.

First by the watch: it reads one stranger after another, until a verdict withholds them. Counted in the database: how
many it was shown, and of those how many behind the verdict (must be zero). Then, another account, by a duty officer:
answers committed behind the event that closes its chain (must be zero). By the clock: until
the last answer arrived, until every connection had met its refusal, until the HL7 v2 connections of a stopped
application were cut. Beside it somebody else asks all the time: none of their requests may be refused.
"""

import asyncio
import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count, repeat
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import asyncpg
import msgspec
from cryptography.hazmat.primitives.asymmetric import ec

from beffroi.actions.contain import Containing, Order
from beffroi.clock import Clock
from beffroi.identity.normalise import search_keys
from beffroi.model.containment import ContainmentKind
from beffroi.model.disclosure import Operation, Outcome
from beffroi.model.person import BirthPlace, IdentityStatus, Record, Sex
from beffroi.store.database import ROLE_FEED, ROLE_OWNER, ROLE_WEB, ROLE_WORKER, Database
from beffroi.store.embedded import EmbeddedPostgres
from beffroi.store.migrate import migrate
from beffroi.store.registers import set_up
from beffroi_region.bench import machine
from beffroi_region.bench.passes import Pass, base64url, signed
from beffroi_region.bench.serving import Variant, serving
from beffroi_region.bench.stage import HOST, free_port, toml
from beffroi_region.mllp_client import MllpConnection, NoAnswer

ISSUER = "https://issuer.bench.invalid"
AUDIENCE = "beffroi-bench"
DATABASE = "beffroi"
FINESS, FACILITY, NAMESPACE = "590000001", "PORTAL", "BENCH"
PROCESSES = 3
CONNECTIONS = 12
"""Of the account that is stopped: some to each process, and never more than one of them lets wait."""
MLLP_CONNECTIONS = 6
STRANGERS = 120
BEFORE_S = 1.0
AFTER_S = 1.5
TOKEN_S = 3_500
BORN = date(1980, 5, 17)
FORM = urlencode({"birthdate": BORN.isoformat(), "family": "MARTIN", "given": "LOUISE"}).encode()
_AFTER = """
select count(*) filter (where outcome <> $3), count(*) from disclosures d
where account_id = $1 and operation <> $2 and running_number > (
    select max(running_number) from disclosures where account_id = $1 and operation = $2
)
"""

_SHOWN = """
with verdict as (
    select min(running_number) as number from disclosures
    where account_id = $1 and operation = $2 and request->>'rung' in ('ask', 'mask', 'hold')
), first_sights as (
    select person_id, min(running_number) as number
    from seen join disclosures using (disclosure_id) where seen.account_id = $1 group by person_id
)
select (select count(*) from first_sights),
       (select count(*) from first_sights s, verdict v where s.number > v.number),
       (select count(*) from disclosures d, verdict v
        where d.account_id = $1 and d.running_number > v.number and d.outcome = $3)
"""

Report = dict[str, Any]


@dataclass(slots=True)
class Heard:
    """What one connection got: how often it was answered or refused, and when last answered and first refused."""

    answered: int = 0
    refused: int = 0
    last_answer_s: float = 0.0
    first_refusal_s: float = 0.0
    others: dict[int, int] = field(default_factory=dict)


@dataclass(slots=True)
class Verdict:
    """One account that read strangers: how many it was shown, of them first behind the verdict, what was refused."""

    shown: int
    shown_after: int
    refused_after: int
    bystander_refusals: int


@dataclass(slots=True)
class Round:
    """One stop. Times are ms after its commit."""

    committed_after: int
    attempts_after: int
    last_answer_ms: float
    all_refused_ms: float
    mllp_cut_ms: float
    bystander_answers: int
    bystander_refusals: int


def run(rounds: int = 5, say: Callable[[str], None] = lambda text: None) -> Report:
    """All figures of one run."""
    folder = Path(tempfile.mkdtemp(prefix="beffroi-bench-contain-"))
    server = EmbeddedPostgres(folder / "postgres", database=DATABASE)
    server.start()
    try:
        town = Town(server, folder)
        asyncio.run(town.found())
        with serving(Variant.LEDGERED, town.write_configuration(), town.port, server.server_pid or 0):
            verdicts = [asyncio.run(town.hold_one(index, say)) for index in range(rounds)]
            found = [asyncio.run(town.stop_one(index, say)) for index in range(rounds)]
        return {
            "benchmark": "contain",
            "machine": machine.describe(),
            "versions": machine.versions(),
            "processes": PROCESSES,
            "connections": CONNECTIONS,
            "rounds": rounds,
            "shown_before_verdict_max": max(one.shown - one.shown_after for one in verdicts),
            "shown_after_verdict": sum(one.shown_after for one in verdicts),
            "refused_after_verdict": sum(one.refused_after for one in verdicts),
            "committed_after": sum(one.committed_after for one in found),
            "attempts_after": sum(one.attempts_after for one in found),
            "last_answer_ms_max": round(max(one.last_answer_ms for one in found), 1),
            "all_refused_ms_max": round(max(one.all_refused_ms for one in found), 1),
            "mllp_cut_ms_max": round(max(one.mllp_cut_ms for one in found), 1),
            "bystander_answers": sum(one.bystander_answers for one in found),
            "collateral_refusals": sum(one.bystander_refusals for one in found)
            + sum(one.bystander_refusals for one in verdicts),
        }
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


class Town:
    """One hospital with one patient and strangers, accounts that read them, and a portal that asks over HL7 v2."""

    def __init__(self, server: EmbeddedPostgres, folder: Path) -> None:
        self._server = server
        self._folder = folder
        self._issuer_key = ec.generate_private_key(ec.SECP256R1())
        self.port, self._mllp_port = free_port(), free_port()
        self._authority = f"{HOST}:{self.port}"

    async def found(self) -> None:
        """The database, migrated; the configuration brings the hospital, each stop its accounts."""
        owner = self._server.dsn(ROLE_OWNER, DATABASE)
        await migrate(owner)
        await set_up(owner, demo=False, clock=Clock())

    async def _fill(self) -> None:
        """The patient, and strangers whom nothing explains; the configuration has brought the hospital."""
        connection = await asyncpg.connect(self._server.dsn(ROLE_OWNER, DATABASE))
        try:
            for number in range(STRANGERS + 1):
                record = _record(number)
                keys = search_keys(record)
                await connection.execute(
                    "insert into identities (hospital_id, ipp, person_id, birth_date, family_key, given_key, record,"
                    " explains_until, fed_by, updated_at) values"
                    " (1, $5, $6, $1, $2, $3, $4::json, $7, 0, now()) on conflict do nothing",
                    BORN,
                    keys.family_key,
                    keys.given_key,
                    msgspec.json.encode(record).decode(),
                    f"P{number}",
                    number + 1,
                    None if number else datetime.now(UTC) + timedelta(days=1),
                )
        finally:
            await connection.close()

    def write_configuration(self) -> Path:
        """Three web processes, an HL7 v2 door, and one application that is known by its facility."""
        point = self._issuer_key.public_key().public_numbers()
        x, y = (base64url(n.to_bytes(32, "big")).decode() for n in (point.x, point.y))
        jwk = {"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "bench", "x": x, "y": y}
        (self._folder / "jwks.json").write_text(json.dumps({"keys": [jwk]}), encoding="utf-8")
        roles = {"web": ROLE_WEB, "feed": ROLE_FEED, "worker": ROLE_WORKER, "owner": ROLE_OWNER}
        urls: dict[str, object] = {f"{name}_url": self._server.dsn(role, DATABASE) for name, role in roles.items()}
        hospital: dict[str, object] = {
            "id": 1,
            "finess": FINESS,
            "name": "Bench",
            "oid": "2.999.1.1",
            "namespace": NAMESPACE,
        }
        portal = {"name": "portal", "hospital": 1, "role": "hospital_application", "may_query": True}
        sections: list[tuple[str, dict[str, object]]] = [
            ("region", {"oid": "2.999.1"}),
            ("database", urls),
            ("web", {"public_url": f"http://{self._authority}", "port": self.port, "processes": PROCESSES}),
            ("mllp", {"host": HOST, "port": self._mllp_port}),
            ("operations", {"port": 0}),
            (
                "[issuer]",
                {"url": ISSUER, "audience": [AUDIENCE], "jwks_file": "jwks.json", "dpop_nonce": False},
            ),
            ("[issuer.roles]", {"nurse": "ward_nurse"}),
            ("[hospital]", hospital),
            ("[application]", {**portal, "loopback_facilities": [FACILITY]}),
        ]
        path = self._folder / "beffroi.toml"
        text = "\n".join(toml(name, values) for name, values in sections)
        path.write_text(text.replace("[[issuer.roles]]", "[issuer.roles]"), encoding="utf-8")
        return path

    def _pass_of(self, subject: str) -> Pass:
        one, now_s = Pass(), int(time.time())
        header = {"typ": "at+jwt", "alg": "ES256", "kid": "bench"}
        claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": subject, "azp": "bench", "iat": now_s, "exp": now_s + TOKEN_S}
        claims |= {"jti": subject, "auth_time": now_s, "cnf": {"jkt": one.thumbprint}}
        claims |= {"SubjectNameID": subject, "SubjectRole": "nurse", "SubjectOrganizationID": FINESS}
        encoded = (base64url(json.dumps(part).encode()) for part in (header, claims))
        one.give(signed(self._issuer_key, b".".join(encoded)))
        return one

    async def hold_one(self, index: int, say: Callable[[str], None]) -> Verdict:
        """One account reads strangers over all processes until the watch withholds them, and goes on for a moment."""
        say(f"verdict {index + 1}")
        await self._fill()
        reader = f"reader-{index}"
        ending = asyncio.Event()
        theirs, passing = self._pass_of(reader), self._pass_of(f"passer-by-{index}")
        heard, besides = [Heard() for _ in range(CONNECTIONS)], [Heard() for _ in range(PROCESSES)]
        asking = [asyncio.create_task(self._hammer(theirs, one, ending, _forms_of(n))) for n, one in enumerate(heard)]
        asking += [asyncio.create_task(self._hammer(passing, one, ending)) for one in besides]
        await asyncio.sleep(BEFORE_S + AFTER_S)
        ending.set()
        await asyncio.gather(*asking)
        connection = await asyncpg.connect(self._server.dsn(ROLE_OWNER, DATABASE))
        try:
            account = await connection.fetchval("select account_id from accounts where subject = $1", reader)
            row = await connection.fetchrow(_SHOWN, account, int(Operation.VERDICT), int(Outcome.REFUSED))
            assert row is not None
        finally:
            await connection.close()
        return Verdict(row[0], row[1], row[2], sum(one.refused + sum(one.others.values()) for one in besides))

    async def stop_one(self, index: int, say: Callable[[str], None]) -> Round:
        """One account hammers, is stopped, and goes on for a moment; so does the portal."""
        say(f"stop {index + 1}")
        await self._fill()
        thief, bystander = f"thief-{index}", f"bystander-{index}"
        ending = asyncio.Event()
        heard = [Heard() for _ in range(CONNECTIONS)]
        theirs, passing = self._pass_of(thief), self._pass_of(bystander)
        asking = [asyncio.create_task(self._hammer(theirs, one, ending)) for one in heard]
        besides = [Heard() for _ in range(PROCESSES)]
        asking += [asyncio.create_task(self._hammer(passing, one, ending)) for one in besides]
        cut_s: list[float] = []
        lines = [asyncio.create_task(self._portal(cut_s)) for _ in range(MLLP_CONNECTIONS)]
        await asyncio.sleep(BEFORE_S)
        stopped_s, portal_s, account = await self._contain(thief)
        await asyncio.sleep(AFTER_S)
        ending.set()
        await asyncio.gather(*asking)
        for line in lines:
            line.cancel()
        await asyncio.gather(*lines, return_exceptions=True)
        committed, attempts = await self._behind(account)
        refused_s = [one.first_refusal_s for one in heard]
        never = min(refused_s) == 0.0
        return Round(
            committed,
            attempts,
            max(0.0, max(one.last_answer_s for one in heard) - stopped_s) * 1000,
            float("inf") if never else max(0.0, max(refused_s) - stopped_s) * 1000,
            float("inf") if len(cut_s) < MLLP_CONNECTIONS else (max(cut_s) - portal_s) * 1000,
            sum(one.answered for one in besides),
            sum(one.refused + sum(one.others.values()) for one in besides),
        )

    async def _contain(self, subject: str) -> tuple[float, float, int]:
        """When the account's stop, then the portal's, was committed; and the account."""
        async with await Database.open(self._server.dsn(ROLE_WEB, DATABASE), size=2) as database:
            desk = Containing(database, Clock())
            find = "select account_id from accounts where subject = $1"
            account: int = await database.pool.fetchval(find, subject)
            portal: int = await database.pool.fetchval(find, "portal")
            why = "a benchmark stops it"
            await desk.contain(Order(ContainmentKind.ACCOUNT, str(account), why, "operator:bench"))
            stopped_s = time.perf_counter()
            made = await desk.contain(Order(ContainmentKind.ACCOUNT, str(portal), why, "operator:bench"))
            portal_s = time.perf_counter()
            await asyncio.sleep(AFTER_S / 2)
            for officer in ("operator:bench", "operator:other"):
                await desk.release(made.containment_id, officer, "the benchmark goes on")
        return stopped_s, portal_s, account

    async def _behind(self, account: int) -> tuple[int, int]:
        """Rows behind the account's closing event that are no refusal, and all of them."""
        connection = await asyncpg.connect(self._server.dsn(ROLE_OWNER, DATABASE))
        try:
            row = await connection.fetchrow(_AFTER, account, int(Operation.CONTAIN), int(Outcome.REFUSED))
            assert row is not None
            return row[0], row[1]
        finally:
            await connection.close()

    async def _hammer(
        self, one: Pass, heard: Heard, ending: asyncio.Event, forms: Iterable[bytes] = repeat(FORM)
    ) -> None:
        """Asks on one connection, again as soon as it is answered, until it is told to end."""
        reader, writer = await asyncio.open_connection(HOST, self.port)
        try:
            for form in forms:
                if ending.is_set():
                    break
                writer.write(one.request(self._authority, "/fhir/Patient/_search", form, ""))
                head = await reader.readuntil(b"\r\n\r\n")
                now_s = time.perf_counter()
                length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
                await reader.readexactly(int(length or b"0"))
                status = int(head[9:12])
                if status == 200:
                    heard.answered += 1
                    heard.last_answer_s = now_s
                elif status in (401, 403):
                    heard.refused += 1
                    heard.first_refusal_s = heard.first_refusal_s or now_s
                else:
                    heard.others[status] = heard.others.get(status, 0) + 1
                    await asyncio.sleep(0.05)
        finally:
            writer.close()

    async def _portal(self, cut_s: list[float]) -> None:
        """Asks over HL7 v2 until the connection is cut, and notes when."""
        connection = await MllpConnection.open(HOST, self._mllp_port)
        number = 0
        with suppress(OSError):
            while True:
                number += 1
                header = f"MSH|^~\\&|P|{FACILITY}|B|R|20261124||QBP^Q22^QBP_Q21|{id(connection)}-{number}|P|2.5"
                asked = f"QPD|IHE PDQ Query|T{number}|@PID.5.1^MARTIN~@PID.5.2^LOUISE~@PID.7^{BORN:%Y%m%d}"
                try:
                    await connection.send("\r".join((header, asked, "RCP|I")).encode() + b"\r")
                except NoAnswer:
                    break
                await asyncio.sleep(0.02)
        cut_s.append(time.perf_counter())


def _record(number: int) -> Record:
    """The patient (0), or a stranger: letters alone make another name."""
    name = "MARTIN" if not number else f"STRANGER{chr(65 + number // 26)}{chr(65 + number % 26)}"
    return Record(
        birth_family=name,
        birth_given="LOUISE",
        birth_date=BORN,
        sex=Sex.FEMALE,
        birth_place=BirthPlace("59350", "Lille"),
        status=IdentityStatus.VALIDATED,
    )


def _forms_of(connection: int) -> Iterator[bytes]:
    """Searches for one stranger after another, each connection beginning elsewhere."""
    for step in count():
        found = _record(1 + (connection * STRANGERS // CONNECTIONS + step) % STRANGERS)
        asked = {"birthdate": BORN.isoformat(), "family": found.birth_family, "given": found.birth_given}
        yield urlencode(asked).encode()


def summary(report: Report) -> str:
    """One run in a terminal."""
    rows = (
        ("shown_before_verdict_max", "strangers shown to one account before the verdict, at most"),
        ("shown_after_verdict", f"new ones shown after {report['rounds']} verdicts (aim 0)"),
        ("refused_after_verdict", "attempts refused and recorded meanwhile"),
        ("committed_after", f"answers committed after {report['rounds']} stops (aim 0)"),
        ("attempts_after", "attempts refused and recorded meanwhile"),
        ("last_answer_ms_max", "until the last answer had arrived, ms (committed before)"),
        ("all_refused_ms_max", f"until all {CONNECTIONS} connections over {PROCESSES} processes were refused, ms"),
        ("mllp_cut_ms_max", f"until all {MLLP_CONNECTIONS} HL7 v2 connections were cut, ms (aim 1,000)"),
        ("bystander_answers", "answers to somebody else meanwhile"),
        ("collateral_refusals", "of their requests refused (aim 0)"),
    )
    return "\n".join(f"{report[key]:>12,}  {name}" for key, name in rows)
