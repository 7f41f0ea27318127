"""`beffroi bench pages`: what each page of the console takes at the server, at the size of a region.

The web process's own code runs here, behind its real socket, on a copy of the region's database; people sign in by the
demonstration's issuer. Timed is the application itself, from the request's arrival to its answer's last byte, so that
the generator's share is left out; look-ups are those of the page's own statements, besides the gate's three.
"""

import asyncio
import re
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg
import httpx2
import msgspec

from beffroi.app.context import Context
from beffroi.app.web import run_web
from beffroi.clock import Clock
from beffroi.config.reading import load
from beffroi.errors import OperatorError
from beffroi.model.account import Role
from beffroi.outbound.signing_key import SigningKey
from beffroi.servers.console.app import Console
from beffroi.servers.console.assets import Assets
from beffroi.servers.console.routes import HANDLE, ROUTES
from beffroi.servers.http_server import listen
from beffroi.store.accounts import AccountStore
from beffroi.store.database import ROLE_OWNER, Database, load_queries
from beffroi.store.embedded import SUPERUSER, EmbeddedPostgres
from beffroi.store.readers import Readers
from beffroi_region.bench.population import Size, cache_folder, ensure
from beffroi_region.bench.questions import load_pool
from beffroi_region.bench.search import DATABASE_SETTINGS
from beffroi_region.bench.stage import Stage, toml
from beffroi_region.issuer import CONSOLE_CLIENT, DemoIssuer
from beffroi_region.issuer_server import issuer_running
from beffroi_region.professions import roles_of_professions
from beffroi_region.staff import StaffAccount, account_name, people

MEDIAN_MS_AIM = 100.0
PAGE_BYTES_AIM = 60 * 1024
STORES = ("sessions", "accounts", "identities", "watch_room", "patient_access", "cases", "containments", "worklists")
"""Whose statements are counted; what a process looks up by itself, each second, is not a page's."""
_OURS = {text for name in STORES for text in load_queries(name).values()}
_TOKEN = re.compile(r'name="form" value="([^"]+)"')
_COPY = "bench_pages"
SKIPPED = frozenset({"/sign-in", "/signed-in", "/watch/news", "/stay", "/"})
"""Addresses that are no pages."""

Report = dict[str, Any]


@dataclass
class Meter:
    """What the application did for the request that is under way."""

    took_ms: list[float] = field(default_factory=list)
    lookups: int = 0

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Times every answer of the console and counts its look-ups, in this process, until the block ends."""
        answer, fetch = Console.__call__, Readers.fetch

        async def timed(console: Console, *asgi: Any) -> None:
            began_s = time.perf_counter()
            await answer(console, *asgi)
            self.took_ms.append((time.perf_counter() - began_s) * 1000)

        async def counted(readers: Readers, query: str, *arguments: object) -> list[asyncpg.Record]:
            self.lookups += query in _OURS
            return await fetch(readers, query, *arguments)

        setattr(Console, "__call__", timed)  # noqa: B010 - mypy takes no assignment to a method
        setattr(Readers, "fetch", counted)  # noqa: B010
        try:
            yield
        finally:
            setattr(Console, "__call__", answer)  # noqa: B010
            setattr(Readers, "fetch", fetch)  # noqa: B010


@dataclass
class Page:
    """One page, asked again and again."""

    name: str
    took_ms: list[float] = field(default_factory=list)
    bytes_max: int = 0
    lookups: int = 0


@dataclass
class Visitors:
    """People who are signed in, by role."""

    url: str
    issuer: DemoIssuer
    clients: dict[Role, httpx2.AsyncClient] = field(default_factory=dict)

    async def of(self, role: Role) -> httpx2.AsyncClient:
        """The browser of somebody in that role."""
        if role not in self.clients:
            client = httpx2.AsyncClient(base_url=self.url, headers={"accept-language": "fr"}, trust_env=False)
            begun = await client.get("/sign-in")
            reference = parse_qs(urlsplit(begun.headers["location"]).query)["request_uri"][0]
            form = {"request_uri": reference, "account": account_name(role)}
            async with httpx2.AsyncClient(trust_env=False) as other:
                chosen = await other.post(f"{self.issuer.url}/authorize", data=form)
            await client.get(chosen.headers["location"])
            self.clients[role] = client
        return self.clients[role]

    async def post(self, role: Role, path: str, **fields: str) -> str:
        """A form, sent as its page sends it; the path to which it leads."""
        client = await self.of(role)
        token = _TOKEN.search((await client.get("/help")).text)
        data = {"form": token[1] if token else "", **fields}
        answer = await client.post(path, data=data, headers={"sec-fetch-site": "same-origin"})
        if answer.status_code != 303:
            raise OperatorError(f"{path} answered {answer.status_code}: this run measures nothing.")
        return answer.headers["location"].removeprefix("/console")


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
                for client in visitors.clients.values():
                    await client.aclose()
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


Way = Callable[[int], Awaitable[tuple[Role | None, str]]]
"""Whose page, and its path, in a round."""


async def _by_turns(
    visitors: Visitors, meter: Meter, explained: list[asyncpg.Record], database: Database, rounds: int
) -> list[Page]:
    ways = {name: _fixed(role, path) for name, role, path in _plain_pages()}
    ways |= await _ways_about_patients(visitors, explained)
    ways |= await _ways_about_accounts(visitors, database)
    found = [Page(name) for name in ways]
    for n in range(rounds):
        for page, way in zip(found, ways.values(), strict=True):
            await _once(visitors, meter, page, await way(n))
    return found


async def _once(visitors: Visitors, meter: Meter, page: Page, where: tuple[Role | None, str]) -> None:
    role, path = where
    client = await visitors.of(role or Role.AUDITOR)
    headers = {} if role else {"cookie": ""}
    meter.took_ms.clear()
    meter.lookups = 0
    answer = await client.get(path, headers=headers)
    if answer.status_code != 200:
        raise OperatorError(f"{page.name} answered {answer.status_code}: this run measures nothing.")
    page.took_ms.append(meter.took_ms[-1])
    page.bytes_max = max(page.bytes_max, len(answer.content))
    page.lookups = meter.lookups


def _plain_pages() -> list[tuple[str, Role | None, str]]:
    """Every page without a handle, as somebody who may open it."""
    found: list[tuple[str, Role | None, str]] = [("entrance", None, "/")]
    order = list(Role)
    for route in ROUTES:
        if route.method == "GET" and HANDLE not in route.path and route.path not in SKIPPED and not route.background:
            role = min(route.roles, key=order.index) if route.roles else None
            found.append((route.path[1:], role, route.path))
    return found


def _fixed(role: Role | None, path: str) -> Way:
    async def way(_: int) -> tuple[Role | None, str]:
        return role, path

    return way


async def _ways_about_patients(visitors: Visitors, explained: list[asyncpg.Record]) -> dict[str, Way]:
    """Another patient each round, whom the hospital's own feed announced."""
    clerk = Role.ADMISSION_CLERK

    async def found(n: int) -> tuple[Role | None, str]:
        one = explained[n % len(explained)]
        name = f"{one['family_key'][:3]}, {one['given_key'][:1]}"
        return clerk, await visitors.post(clerk, "/find", born=f"{one['birth_date']:%d%m%Y}", name=name)

    async def patient(n: int) -> tuple[Role | None, str]:
        client = await visitors.of(clerk)
        page = (await client.get((await found(n))[1])).text
        link = re.search(r'href="/console(/patient/[^"]+)"', page)
        if link is None:
            raise OperatorError("A patient who was asked for is not found: this run measures nothing.")
        return clerk, unescape(link[1])

    async def more(n: int) -> tuple[Role | None, str]:
        path = (await patient(n))[1]
        return clerk, await visitors.post(clerk, path, contact="1", identifiers="1", purpose="HOPERAT")

    async def told(n: int) -> tuple[Role | None, str]:
        path = (await patient(n))[1].replace("/patient/", "/desk/")
        return clerk, await visitors.post(clerk, path, document="passport", person="self")

    return {"found": found, "patient": patient, "patient, contact and identifiers": more, "who saw a patient": told}


async def _ways_about_accounts(visitors: Visitors, database: Database) -> dict[str, Way]:
    """The clerk of the pages above, as the duty officer and the data protection officer look at them."""
    await visitors.of(Role.ADMISSION_CLERK)
    subject = await database.pool.fetchval(
        "select subject from accounts where issuer = $1 and account_id in (select account_id from disclosures) limit 1",
        visitors.issuer.url,
    )
    number = await database.pool.fetchval("select account_id from accounts where subject = $1", subject)
    officer, protection = Role.DUTY_OFFICER, Role.DATA_PROTECTION_OFFICER
    opened = await visitors.post(
        protection, "/incidents", title="Compte volé", accounts=subject, reason="pour la mesure"
    )
    scope = opened.replace("/incidents/", "/incidents/scope/")
    return {
        "an account's day": _fixed(officer, f"/watch/account/{number}"),
        "stopping an account": _fixed(officer, f"/watch/stop/{number}"),
        "an incident": _fixed(protection, opened),
        "an incident's scope": _fixed(protection, scope),
    }


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
