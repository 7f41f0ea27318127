"""What a run stands on: the database put back to its first state, the accounts with their passes, the configuration."""

import asyncio
import json
import secrets
import socket
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import asyncpg
import msgspec
from cryptography.hazmat.primitives.asymmetric import ec

from beffroi.access.reference import References
from beffroi.ledger.checkpoint import SigningKey
from beffroi.model.disclosure import Operation
from beffroi.store.database import ROLE_FEED, ROLE_OWNER, ROLE_SEALER, ROLE_WEB, ROLE_WORKER
from beffroi.store.embedded import SUPERUSER, EmbeddedPostgres
from beffroi_region.bench import machine
from beffroi_region.bench.passes import Pass, base64url, signed
from beffroi_region.bench.population import ISSUER, Size, subject
from beffroi_region.bench.questions import Question, load_pool, questions
from beffroi_region.hospitals import OID_ARC, Site

AUDIENCE = "beffroi-bench"
LEDGER = "bench.invalid/ledger"
HOST = "127.0.0.1"
SLOW_COMMIT_US = 5_000
TOKEN_S = 3_500
"""Seconds that a token lives: within what the servers accept, and longer than a run's phase."""
_KEY_NAME = "bench"
_SEED_BYTES = 32  # Ed25519
_COMMITS = 50

T = TypeVar("T")


class Stage:
    """One database and its accounts, for all phases of a run."""

    def __init__(self, server: EmbeddedPostgres, database: str, size: Size, folder: Path) -> None:
        self.server = server
        self.size = size
        self.folder = folder
        self.port = free_port()
        self.mllp_port = free_port()
        self.authority = f"{HOST}:{self.port}"
        self._database = database
        self._issuer_key = ec.generate_private_key(ec.SECP256R1())
        self._pool = self.ask(lambda connection: load_pool(connection, size.seed))
        key = self.ask(lambda connection: connection.fetchval("select reference_key from deployment"))
        self._references = References(key)
        self._structures = self.ask(_structures)
        self._hospitals = [self._structures[subject(index)][0] for index in range(size.accounts)]
        self.passes = [Pass() for _ in range(size.accounts)]
        self._asked = 0

    def dsn(self, role: str) -> str:
        """The database's address for one of our roles."""
        return self.server.dsn(role, self._database)

    def ask(self, work: Callable[["asyncpg.Connection[asyncpg.Record]"], Awaitable[T]], role: str = ROLE_OWNER) -> T:
        """The result of some work on a connection of its own."""

        async def run() -> T:
            connection = await asyncpg.connect(self.dsn(role))
            try:
                return await work(connection)
            finally:
                await connection.close()

        return asyncio.run(run())

    def questions(self, accounts: Sequence[int]) -> list[Question]:
        """The next searches of these accounts: never the same ones twice in a run."""
        self._asked += 1
        hospitals = [self._hospitals[account] for account in accounts]
        return questions(self._pool, self._references, hospitals, self.size.seed * 1_000 + self._asked)

    def renew_tokens(self) -> None:
        """Gives every account a token that lives through the next phase."""
        now_s = int(time.time())
        for index, one in enumerate(self.passes):
            one.give(self._token(index, one.thumbprint, now_s))

    def _token(self, index: int, thumbprint: str, now_s: int) -> bytes:
        header = {"typ": "at+jwt", "alg": "ES256", "kid": _KEY_NAME}
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": subject(index),
            "azp": "bench-software",
            "iat": now_s,
            "exp": now_s + TOKEN_S,
            "auth_time": now_s,
            "jti": f"{index}-{now_s}",
            "cnf": {"jkt": thumbprint},
            "SubjectNameID": subject(index),
            "SubjectOrganizationID": self._structures[subject(index)][1],
        }
        encode = msgspec.json.encode
        return signed(self._issuer_key, base64url(encode(header)) + b"." + base64url(encode(claims)))

    def write_configuration(self, processes: int, feeding: bool = False, sealing: bool = False) -> Path:
        """A configuration file for `processes` web processes on this database; where it lies.

        `feeding`: with an MLLP door on `mllp_port`, at which each hospital's software feeds its own domain. `sealing`:
        with the ledger, into which the worker seals each disclosure within a second.
        """
        (self.folder / "jwks.json").write_text(json.dumps({"keys": [self._issuer_jwk()]}), encoding="utf-8")
        urls = {"web_url": ROLE_WEB, "feed_url": ROLE_FEED, "worker_url": ROLE_WORKER, "sealer_url": ROLE_SEALER}
        if feeding:
            urls["owner_url"] = ROLE_OWNER  # the hospitals' applications are copied from here into the registers
        sections: list[tuple[str, dict[str, object]]] = [
            ("region", {"oid": f"{OID_ARC}.0"}),
            ("database", {name: self.dsn(role) for name, role in urls.items()}),
            (
                "web",
                {"public_url": f"http://{self.authority}", "host": HOST, "port": self.port, "processes": processes},
            ),
            ("operations", {"port": 0}),
            ("[issuer]", {"url": ISSUER, "audience": [AUDIENCE], "jwks_file": "jwks.json"}),
        ]
        if feeding:
            sections.append(("mllp", {"host": HOST, "port": self.mllp_port}))
        if sealing:
            key = SigningKey(LEDGER, secrets.token_bytes(_SEED_BYTES))
            (self.folder / "ledger.key").write_text(f"{key.secret_text()}\n", encoding="ascii")
            (self.folder / "ledger.key").chmod(0o600)
            sections.append(("ledger", {"origin": LEDGER, "key_file": "ledger.key"}))
        for site in self.size.region().sites:
            hospital = msgspec.to_builtins(site.hospital)
            hospital["id"] = hospital.pop("hospital_id")
            sections.append(("[hospital]", hospital))
            if feeding:
                sections.append(("[application]", _feeder(site)))
        path = self.folder / "beffroi.toml"
        path.write_text("\n".join(toml(name, values) for name, values in sections), encoding="utf-8")
        return path

    def _issuer_jwk(self) -> dict[str, str]:
        point = self._issuer_key.public_key().public_numbers()
        return {
            "kty": "EC",
            "crv": "P-256",
            "alg": "ES256",
            "use": "sig",
            "kid": _KEY_NAME,
            "x": base64url(point.x.to_bytes(32, "big")).decode(),
            "y": base64url(point.y.to_bytes(32, "big")).decode(),
        }

    def reset(self) -> None:
        """Every phase starts alike: nothing disclosed, no evidence, everything written to disk."""
        self.ask(_reset)
        self.ask(lambda connection: connection.execute("checkpoint"), SUPERUSER)

    def described(self) -> dict[str, object]:
        """Where and on what a run is made, as every report begins."""
        return {
            "machine": machine.describe(),
            "versions": machine.versions() | self.settings(),
            "fdatasync": machine.fdatasync_ms(self.server.data_dir.parent),
            "commit_ms": self.commit_ms(),
            "people": self.size.people,
            "identities": self.identities(),
        }

    def identities(self) -> int:
        """How many local identities the region has."""
        found: int = self.ask(lambda connection: connection.fetchval("select count(*) from identities"))
        return found

    def sealed(self) -> int:
        """The leaves of the ledger, of whatever operation."""
        found: int = self.ask(lambda connection: connection.fetchval("select count(*) from leaves"))
        return found

    def unsealed(self) -> int:
        """The disclosures that are no leaf yet."""
        text = "select (select count(*) from disclosures) - (select count(*) from leaves)"
        found: int = self.ask(lambda connection: connection.fetchval(text))
        return found

    def forget_evidence(self) -> None:
        """Everybody starts afresh in the eyes of the watch; what was disclosed stays."""
        text = "truncate seen; update account_states set evidence = '{}', rung = 0"
        self.ask(lambda connection: connection.execute(text))

    def disclosed(self) -> int:
        """The searches that were recorded since the last reset."""
        text = "select count(*) from disclosures where operation = $1"
        found: int = self.ask(lambda connection: connection.fetchval(text, int(Operation.SEARCH)))
        return found

    @contextmanager
    def slow_commits(self) -> Iterator[None]:
        """Every commit takes 5 ms longer: PostgreSQL itself waits so long before each flush of its log."""
        try:
            self._set_commit_delay(SLOW_COMMIT_US)
            yield
        finally:
            self._set_commit_delay(0)

    def _set_commit_delay(self, delay_us: int) -> None:
        async def work(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
            await connection.execute(f"alter system set commit_delay = {delay_us}")
            # Without siblings too: the default waits only while five other transactions are open.
            await connection.execute(f"alter system set commit_siblings = {0 if delay_us else 5}")
            await connection.execute("select pg_reload_conf()")

        self.ask(work, SUPERUSER)
        time.sleep(0.5)

    def commit_ms(self) -> float:
        """The median time of a transaction that writes one short record to the log, in ms."""
        return self.ask(_commit_ms)

    def settings(self) -> dict[str, str]:
        """PostgreSQL's version and what of its settings decides figures like these."""
        names = "shared_buffers fsync synchronous_commit full_page_writes max_wal_size commit_delay wal_sync_method"

        async def work(connection: "asyncpg.Connection[asyncpg.Record]") -> dict[str, str]:
            found = {name: await connection.fetchval(f"show {name}") for name in names.split()}
            return {"postgresql": await connection.fetchval("show server_version")} | found

        return self.ask(work)


async def _structures(connection: "asyncpg.Connection[asyncpg.Record]") -> dict[str, tuple[int, str]]:
    rows = await connection.fetch(
        "select a.subject, h.hospital_id, h.finess from accounts a"
        " join grants g using (account_id) join hospitals h using (hospital_id)"
    )
    return {row[0]: (row[1], row[2]) for row in rows}


async def _reset(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    await connection.execute("truncate disclosures, seen, deliveries, proofs")
    await connection.execute("truncate leaves, tiles, checkpoints, seal_state, cosignatures, contradictions, epochs")
    await connection.execute("update account_states set evidence = '{}', running_number = 0, rung = 0")
    await connection.execute("vacuum account_states")


async def _commit_ms(connection: "asyncpg.Connection[asyncpg.Record]") -> float:
    times = []
    for _ in range(_COMMITS):
        begun = time.perf_counter()
        await connection.execute("select pg_logical_emit_message(true, 'bench', '')")
        times.append((time.perf_counter() - begun) * 1000)
    return round(sorted(times)[_COMMITS // 2], 2)


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _feeder(site: Site) -> dict[str, object]:
    return {
        "name": f"feed of {site.hospital.namespace}",
        "hospital": site.number,
        "role": "feed",
        "loopback_facilities": [site.hospital.namespace],
        "may_feed": True,
    }


def toml(name: str, values: Mapping[str, object]) -> str:
    """A section as TOML; a name in brackets is an element of a list of tables.

    >>> toml("[issuer]", {"audience": ["x"], "sensitive": True}).split()
    ['[[issuer]]', 'audience', '=', '["x"]', 'sensitive', '=', 'true']
    """
    # JSON's numbers, texts, booleans and lists of them are TOML's.
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()]
    return "\n".join([f"[{name}]", *lines, ""])
