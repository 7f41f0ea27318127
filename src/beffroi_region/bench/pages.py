"""`beffroi bench pages`: what each page of the console takes at the server, at the size of a region.

The web process's own code runs here, behind its real socket, on a copy of the region's database; people sign in by the
demonstration's issuer. Timed is the application itself, from the request's arrival to its answer's last byte, so that
the generator's share is left out; look-ups are those of the page's own statements, besides the gate's three.
"""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import asyncpg
import msgspec

from beffroi.app.context import Context
from beffroi.app.web import run_web
from beffroi.clock import Clock
from beffroi.config.reading import load
from beffroi.errors import OperatorError
from beffroi.model.account import Role
from beffroi.outbound.signing_key import SigningKey
from beffroi.servers.console.assets import Assets
from beffroi.servers.http_server import listen
from beffroi.store.accounts import AccountStore
from beffroi.store.database import ROLE_OWNER, Database
from beffroi.store.embedded import SUPERUSER, EmbeddedPostgres
from beffroi_region.bench.meter import GATE, Meter
from beffroi_region.bench.population import Size, cache_folder, ensure
from beffroi_region.bench.questions import load_pool
from beffroi_region.bench.search import DATABASE_SETTINGS
from beffroi_region.bench.stage import Stage, toml
from beffroi_region.bench.tour import ONCE, Visitors, flag, ways
from beffroi_region.issuer import CONSOLE_CLIENT, DemoIssuer
from beffroi_region.issuer_server import issuer_running
from beffroi_region.professions import roles_of_professions
from beffroi_region.staff import StaffAccount, people

MEDIAN_MS_AIM = 100.0
PAGE_BYTES_AIM = 60 * 1024
_COPY = "bench_pages"
ROUNDS_ONCE = 3
"""Rounds of pages with a ceiling."""

Report = dict[str, Any]


@dataclass
class Page:
    """One page, asked again and again."""

    name: str
    took_ms: list[float] = field(default_factory=list)
    bytes_max: int = 0
    lookups: int = 0


def run(people_count: int = 1_000_000, rounds: int = 30, seed: int = 1, say: Any = lambda text: None) -> Report:
    """Every page's median, 95th percentile, size and look-ups. `say` is told what is under way."""
    size = Size(people_count, seed)
    began_s = time.monotonic()
    server = EmbeddedPostgres(cache_folder() / "postgres", database=None, settings=DATABASE_SETTINGS)
    server.start()
    try:
        say(f"a region of {people_count:,} people")
        region = ensure(server, size)
        with tempfile.TemporaryDirectory(prefix="beffroi-bench-") as folder, _copied(server, region):
            stage = Stage(server, _COPY, size, Path(folder))
            described = stage.described()
            pages = asyncio.run(_measured(stage, Path(folder), rounds, say))
    finally:
        server.stop()
    files = Assets().bytes_count
    return {
        "benchmark": "pages",
        "seed": seed,
        "rounds": rounds,
        "hospitals": size.hospitals,
        "seconds": round(time.monotonic() - began_s, 1),
        **described,
        "files_bytes": files,
    } | _summed(pages, files)


class _copied:
    """A copy of the region's database while the block runs: accounts and readings of this run leave nothing behind."""

    def __init__(self, server: EmbeddedPostgres, region: str) -> None:
        self._server, self._region = server, region

    def __enter__(self) -> None:
        self._do(
            f'drop database if exists "{_COPY}"',
            f'create database "{_COPY}" template "{self._region}" owner {ROLE_OWNER}',
        )

    def __exit__(self, *_: object) -> None:
        self._do(f'drop database if exists "{_COPY}" with (force)')

    def _do(self, *statements: str) -> None:
        async def work() -> None:
            connection = await asyncpg.connect(self._server.dsn(SUPERUSER, "postgres"))
            try:
                for statement in statements:
                    await connection.execute(statement)
            finally:
                await connection.close()

        asyncio.run(work())


def _summed(pages: list[Page], files: int) -> Report:
    found = {
        page.name: {
            "median_ms": round(median(page.took_ms), 1),
            "p95_ms": round(quantiles(page.took_ms, n=20)[-1], 1),
            "bytes": page.bytes_max,
            "lookups": page.lookups,
        }
        for page in pages
    }
    slowest = max(found.values(), key=lambda one: one["median_ms"])
    heaviest = max(one["bytes"] for one in found.values())
    return {
        "pages_count": len(found),
        "slowest_median_ms": slowest["median_ms"],
        "heaviest_bytes": heaviest + files,
        "median_aim_met": slowest["median_ms"] < MEDIAN_MS_AIM,
        "bytes_aim_met": heaviest + files < PAGE_BYTES_AIM,
        "pages": found,
    }


async def _measured(stage: Stage, folder: Path, rounds: int, say: Any) -> list[Page]:
    meter = Meter()
    with meter.installed():
        async with await Database.open(stage.dsn(ROLE_OWNER)) as database:
            await database.pool.execute("update deployment set demo = true")
            await flag(database)
            async with database.pool.acquire() as connection:
                explained = await load_pool(connection, stage.size.seed)  # type: ignore[arg-type]
            async with _serving(stage, folder, database) as visitors:
                say("every page, by turns")
                return await _by_turns(visitors, meter, explained[1], database, rounds)


@asynccontextmanager
async def _serving(stage: Stage, folder: Path, database: Database) -> AsyncIterator[Visitors]:
    """The console on a socket of its own, and the issuer by which people sign in."""
    hospitals = tuple(site.hospital for site in stage.size.region().sites)
    key, staff = SigningKey(), people(hospitals)
    with listen("127.0.0.1", 0) as listening:
        origin = f"http://localhost:{listening.getsockname()[1]}"
        back = (key, f"{origin}/console/signed-in")
        access = folder / "demo"
        access.mkdir(mode=0o700)
        async with issuer_running(access, database, staff, hospitals, console=back) as issuer:
            await _grant(database, staff, issuer.url)
            (folder / "console.key").write_bytes(msgspec.json.encode(key.private_jwk))
            config = load(_configured(stage, origin, issuer), demo=True)
            ready, stopping = asyncio.Event(), asyncio.Event()
            serving = asyncio.create_task(
                run_web(Context(config, listening, folder, stopping, ready.set, True, Clock()))
            )
            waiting = asyncio.create_task(ready.wait())
            await asyncio.wait((serving, waiting), return_when=asyncio.FIRST_COMPLETED)
            visitors = Visitors(f"{origin}/console", issuer)
            try:
                if not serving.done():
                    yield visitors
            finally:
                await visitors.close()
                stopping.set()
                await serving


async def _grant(database: Database, staff: tuple[StaffAccount, ...], issuer: str) -> None:
    store = AccountStore(database)
    for account in staff:
        if account.needs_grant:
            stored = await store.create_person(issuer, account.subject)
            await store.grant(stored.account_id, account.hospital_id, account.role, "bench", None)


def _configured(stage: Stage, origin: str, issuer: DemoIssuer) -> Path:
    path = stage.write_configuration(1)
    roles = ", ".join(f'"{code}" = "{role.value}"' for code, role in roles_of_professions().items())
    console = {
        "issuer": issuer.url,
        "client_id": CONSOLE_CLIENT,
        "client_key_file": "console.key",
        "public_url": origin,
        "call": "Astreinte, 03 00 00 00 00",
    }
    more = [toml("[issuer]", {"url": issuer.url, "audience": ["urn:beffroi:demo"]}) + f"roles = {{ {roles} }}"]
    more.append(toml("console", console))
    path.write_text("\n".join([path.read_text(encoding="utf-8"), *more]), encoding="utf-8")
    return path


async def _by_turns(
    visitors: Visitors, meter: Meter, explained: list[asyncpg.Record], database: Database, rounds: int
) -> list[Page]:
    patients = [
        (f"{one['birth_date']:%d%m%Y}", f"{one['family_key'][:3]}, {one['given_key'][:1]}") for one in explained
    ]
    led = await ways(visitors, database, patients)
    found = {path: Page(path) for path in led}
    for n in range(rounds):
        for path, way in led.items():
            if n < ROUNDS_ONCE or path not in ONCE:
                await _once(visitors, meter, found[path], await way(n))
    return list(found.values())


async def _once(visitors: Visitors, meter: Meter, page: Page, where: tuple[Role | None, str]) -> None:
    role, path = where
    client = await visitors.of(role or Role.AUDITOR)
    meter.forget()
    answer = await client.get(path, headers={} if role else {"cookie": ""})
    if answer.status_code != 200:
        raise OperatorError(f"{page.name} answered {answer.status_code}: this run measures nothing.")
    page.took_ms.append(meter.took_ms[-1])
    page.bytes_max = max(page.bytes_max, len(answer.content))
    page.lookups = sum(name not in GATE for name in meter.asked)


def summary(report: Report) -> str:
    """The figures as a person reads them, the slowest first."""
    lines = [
        f"{report['people']:,} people; {report['pages_count']} pages, {report['rounds']} times each, by turns.",
        f"Slowest median {report['slowest_median_ms']} ms (aim under {MEDIAN_MS_AIM:.0f}); heaviest page, with its "
        f"style, script and mark, {report['heaviest_bytes']:,} bytes (aim under {PAGE_BYTES_AIM:,}).",
        "",
    ]
    slowest = sorted(report["pages"].items(), key=lambda one: -one[1]["median_ms"])
    lines += [
        f"{one['median_ms']:>7} ms  {one['p95_ms']:>7} ms (95 %)  {one['bytes']:>7,} bytes  {one['lookups']:>2}  {name}"
        for name, one in slowest
    ]
    return "\n".join(lines)
