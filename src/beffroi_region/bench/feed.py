"""`beffroi bench feed`: how many of a hospital's messages a second are durable, and how fast a file is imported.

A message counts once its acknowledgement has come: then it is on the disk. The run fails unless the database holds each
acknowledged message exactly once, and every row of the imported files.
"""

import asyncio
import multiprocessing
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import asyncpg
import uvloop

from beffroi.actions.bulk_import import import_file
from beffroi.actions.register import FeedSource
from beffroi.clock import Clock
from beffroi.model.account import AccountId
from beffroi.model.person import HospitalId
from beffroi.store.database import ROLE_FEED, ROLE_OWNER, Database
from beffroi.store.embedded import SUPERUSER, EmbeddedPostgres
from beffroi.wire.bulk import BulkFormat
from beffroi_region.bench import machine
from beffroi_region.bench.load import Generator, Measured
from beffroi_region.bench.phases import WrongAnswer
from beffroi_region.bench.population import Size, cache_folder, ensure
from beffroi_region.bench.search import DATABASE_SETTINGS, latencies
from beffroi_region.bench.serving import Variant, serving
from beffroi_region.bench.stage import HOST, Stage
from beffroi_region.bulk_files import csv_lines
from beffroi_region.live_feed import LiveFeed, Sent
from beffroi_region.mllp_client import END, START, answer_of

CONNECTIONS = 16
MESSAGES_PER_S_MAX = 6_000
"""Messages prepared for each second of the run; when all are acknowledged earlier, the run is shorter."""
IMPORTING_HOSPITALS = (1, 2)
"""Their files are imported one after the other, so that the second one finds the first one's people."""
_ACCEPTED = b"AA"

Report = dict[str, Any]


def run(
    people: int = 100_000,
    seconds: float = 20.0,
    import_rows: int = 50_000,
    seed: int = 1,
    say: Any = lambda text: None,
) -> Report:
    """All figures of one run. `people` are known before; `import_rows` identities of new people are in each file."""
    size = Size(people, seed, accounts=1, newcomers=max(1_000, 3 * import_rows))
    server = EmbeddedPostgres(cache_folder() / "postgres", database=None, settings=DATABASE_SETTINGS)
    server.start()
    try:
        say(f"a region of {people:,} people")
        origin = ensure(server, size)
        with tempfile.TemporaryDirectory(prefix="beffroi-bench-") as folder:
            copy = f"{origin}_copy"
            _copy(server, origin, copy)
            stage = Stage(server, copy, size, Path(folder))
            report = _described(stage, seconds, import_rows)
            try:
                say(f"messages over {CONNECTIONS} connections")
                report |= _messages(stage, seconds)
                say(f"files of {import_rows:,} identities")
                report |= _imports(stage, import_rows)
            finally:
                _drop(server, copy)
            return report
    finally:
        server.stop()


def _described(stage: Stage, seconds: float, import_rows: int) -> Report:
    return {
        "benchmark": "feed",
        **stage.described(),
        "hospitals": stage.size.hospitals,
        "seed": stage.size.seed,
        "seconds": seconds,
        "connections": CONNECTIONS,
        "import_rows": import_rows,
    }


def _copy(server: EmbeddedPostgres, origin: str, copy: str) -> None:
    _drop(server, copy)
    _as_superuser(server, f'create database "{copy}" template "{origin}" owner {ROLE_OWNER}')


def _drop(server: EmbeddedPostgres, copy: str) -> None:
    _as_superuser(server, f'drop database if exists "{copy}" with (force)')


def _as_superuser(server: EmbeddedPostgres, statement: str) -> None:
    async def work() -> None:
        connection = await asyncpg.connect(server.dsn(SUPERUSER, "postgres"))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(work())


# --- messages


def _messages(stage: Stage, seconds: float) -> Report:
    sent = _day(stage, int(MESSAGES_PER_S_MAX * seconds))
    frames = [START + one.content + END for one in sent]
    lanes = lanes_of(sent, CONNECTIONS)
    before = _kept(stage)
    configuration = stage.write_configuration(1, feeding=True)
    with serving(Variant.LEDGERED, configuration, stage.port, stage.server.server_pid or 0) as running:
        addresses = [(HOST, stage.mllp_port)]
        with Generator(addresses, CONNECTIONS, mllp_answer, _ACCEPTED) as generator:
            first = running.spent()
            measured = generator.closed(frames, seconds, lanes)
            last = running.spent()
        memory_mib = running.peak_memory_mib()
    _check(measured, _kept(stage) - before)
    cpu_s = last.web_s - first.web_s + last.database_s - first.database_s
    found = latencies(measured)
    return {
        "messages_per_s": found["per_s"],
        "message_p50_ms": found["p50_ms"],
        "message_p99_ms": found["p99_ms"],
        "messages": measured.count,
        "messages_refused": measured.count - measured.statuses[_ACCEPTED],
        "cpu_ms_per_message": round(cpu_s * 1000 / max(1, measured.count), 4),
        "generator_cpu_share_of_a_core": round(measured.cpu_s / measured.seconds, 3),
        "server_peak_memory_mib": memory_mib,
    }


def _day(stage: Stage, count: int) -> list[Sent]:
    """A day's messages of the region: admissions, corrections, newcomers, merges (PAM France)."""
    feed = LiveFeed(stage.size.region(), stage.size.seed, datetime.now(UTC), first_new=stage.size.people)
    return list(feed.messages(count))


def lanes_of(sent: Sequence[Sent], lanes: int) -> list[list[int]]:
    """For each connection the numbers of its messages: one person's always go over the same one, in their order."""
    found: list[list[int]] = [[] for _ in range(lanes)]
    for number, one in enumerate(sent):
        whose = one.person if one.person is not None else sum(one.ipp.encode())
        found[whose % lanes].append(number)
    return found


def mllp_answer(data: bytes) -> tuple[bytes, bytes] | None:
    r"""The acknowledgement's code and content; None while it is not whole.

    >>> mllp_answer(b"\x0bMSH|^~\\&|B\rMSA|AA|42\r\x1c\r")[0]
    b'AA'
    """
    if not data.endswith(END):
        return None
    content = data.removeprefix(START).removesuffix(END)
    return answer_of(content).code.encode(), content


def _check(measured: Measured, stored: int) -> None:
    accepted = measured.statuses[_ACCEPTED]
    if accepted != stored:
        raise WrongAnswer(f"{accepted} messages acknowledged, {stored} kept")
    if accepted < 0.99 * measured.count:
        shown = measured.refusals[0].decode("utf-8", "replace") if measured.refusals else ""
        raise WrongAnswer(f"answers by code: {dict(measured.statuses)}; {shown}")


def _kept(stage: Stage) -> int:
    """Messages in the database."""
    found: int = stage.ask(lambda connection: connection.fetchval("select count(*) from feed_messages"))
    return found


# --- files


def _imports(stage: Stage, rows: int) -> Report:
    files = [(hospital, *_file(stage, hospital, rows)) for hospital in IMPORTING_HOSPITALS]
    accounts = stage.ask(
        lambda connection: connection.fetch("select hospital_id, account_id from credentials where may_feed")
    )
    account_of = {row[0]: row[1] for row in accounts}
    before = stage.identities()
    imported, seconds, memory_mib = 0, 0.0, 0.0
    for hospital, path, count in files:
        took_s, peak_mib = _import_apart(stage.dsn(ROLE_FEED), path, account_of[hospital], hospital)
        imported, seconds, memory_mib = imported + count, seconds + took_s, max(memory_mib, peak_mib)
    added = stage.identities() - before
    if not 0.99 * imported <= added <= imported:
        raise WrongAnswer(f"{imported} rows imported, {added} identities added")
    return {
        "import_identities_per_s": round(imported / seconds, 1),
        "import_identities": imported,
        "import_peak_memory_mib": memory_mib,
    }


def _file(stage: Stage, hospital: int, rows: int) -> tuple[Path, int]:
    """A file of one hospital's identities of people whom nobody knows yet, and how many it holds."""
    region = stage.size.region()
    # The live messages took the first newcomers; the last ones are untouched.
    numbers = range(len(region.people) - 1, stage.size.people, -1)
    found = [i for number in numbers for i in region.identities(number) if i.hospital_id == hospital]
    path = stage.folder / f"hospital-{hospital}.csv"
    with path.open("wb") as file:
        file.writelines(csv_lines(found[:rows], datetime.now(UTC)))
    return path, len(found[:rows])


def _import_apart(dsn: str, path: Path, account: int, hospital: int) -> tuple[float, float]:
    """Imports a file in a process of its own; the seconds that it took, and that process's peak memory in MiB."""
    ours, theirs = multiprocessing.Pipe()
    apart = multiprocessing.get_context("spawn").Process(target=_import, args=(dsn, path, account, hospital, theirs))
    apart.start()
    try:
        while not ours.poll(0.5):
            if not apart.is_alive():
                raise WrongAnswer("the import ended without a result")
        took_s, memory_mib = ours.recv()
    finally:
        apart.join(30)
    return took_s, memory_mib


def _import(dsn: str, path: Path, account: int, hospital: int, told: Connection) -> None:
    async def work() -> float:
        async with await Database.open(dsn) as database:
            source = FeedSource(AccountId(account), HospitalId(hospital))
            begun = time.perf_counter()
            await import_file(database, Clock(), path, BulkFormat.CSV, source)
            return time.perf_counter() - begun

    took_s = uvloop.run(work())
    told.send((took_s, machine.own_peak_memory_mib()))
