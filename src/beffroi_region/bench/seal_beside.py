"""Sealing beside searches: what it costs them, and how fast it goes meanwhile.

One server with the ledger, warmed up once. In turns the same closed loop of searches runs while the worker seals, and
while it may not: the benchmark holds the lock that one sealer at a time takes. Before each turn everything is sealed
and the accounts' evidence is put back, so that no turn pays for the one before. Then a backlog of disclosures is there
at once, and the worker seals it as fast as it can while the searches go on.
"""

import asyncio
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg

from beffroi.store.database import ROLE_SEALER
from beffroi.store.embedded import EmbeddedPostgres
from beffroi.store.ledger import ADVISORY_LOCK
from beffroi_region.bench.phases import Phase, phase, warm_up_s
from beffroi_region.bench.population import Size, cache_folder, ensure
from beffroi_region.bench.serving import Variant
from beffroi_region.bench.stage import Stage

ROUNDS = 4
"""Times that the two alternate, so that a machine that slows down slows both."""
PROCESSES = 2
BACKLOG_PER_S = 20_000
"""Disclosures of the backlog for each second of searches: more than are sealed, so that it lasts."""
SEALED_S_MAX = 120.0
"""Until everything of a turn is sealed; a second or two."""
DATABASE_SETTINGS = {"shared_buffers": "1GB", "effective_cache_size": "4GB", "max_wal_size": "8GB"}
_BACKLOG = """
insert into disclosures (at, account_id, running_number, role, structure_id, application, session_key, network, door,
    operation, outcome, purpose, reason, request_id, request, policy_version, criteria_fields, shown, nonce)
select clock_timestamp(), 1000000 + n % 2000, 1 + n / 2000, 'ward_nurse', 1 + n % 50, 'bench-software',
    sha256(int8send(n)), '192.0.2.7', 1, 2, 1, 'TREAT', '', gen_random_uuid(),
    '{"birthdate":"1985-03-12","family":"MAR","given":"L"}', 'bench', 5,
    json_build_array(json_build_array(n, 255, json_build_array(n, n + 1))), uuid_send(gen_random_uuid())
from generate_series(0::bigint, $1::bigint - 1) as n
"""

Report = dict[str, Any]


class NotSealed(Exception):
    """The worker did not seal everything in time: the figures of such a run mean nothing."""


def run(people: int, clients: int, seconds: float, seed: int, accounts: int, say: Callable[[str], None]) -> Report:
    """`search_ratio` (with sealing to without), and `sealed_per_s` while searches go on."""
    size = Size(people, seed, accounts=accounts)
    server = EmbeddedPostgres(cache_folder() / "postgres", database=None, settings=DATABASE_SETTINGS)
    server.start()
    try:
        say(f"a region of {people:,} people (made once and kept: about a minute for each 100,000)")
        database = ensure(server, size)
        with tempfile.TemporaryDirectory(prefix="beffroi-bench-") as folder:
            stage = Stage(server, database, size, Path(folder))
            found = {**stage.described(), "hospitals": size.hospitals, "clients": clients}
            say(f"a server; each of {accounts:,} accounts signs in to each process")
            warm_s = warm_up_s(seconds)
            with phase(stage, Variant.LEDGERED, PROCESSES, clients, warm_s, sealing=True) as running:
                found |= _alternating(running, seconds, say)
                found |= _backlog(running, seconds / ROUNDS, say)
            return found
    finally:
        server.stop()


def _alternating(running: Phase, seconds: float, say: Callable[[str], None]) -> Report:
    """`seconds` of searches with sealing and as many without, in turns; the ratio over all, and of each round."""
    rates: dict[bool, list[float]] = {False: [], True: []}
    for number in range(ROUNDS):
        for sealing in (False, True) if number % 2 == 0 else (True, False):
            say(f"round {number + 1} of {ROUNDS}: searches {'with' if sealing else 'without'} sealing")
            _wait_until_sealed(running.stage)
            running.stage.forget_evidence()
            if sealing:
                measured, _ = running.closed(seconds / ROUNDS)
            else:
                with _nobody_seals(running.stage):
                    measured, _ = running.closed(seconds / ROUNDS)
            rates[sealing].append(measured.per_s())
    return {
        "searches_off_per_s": round(_mean(rates[False]), 1),
        "searches_on_per_s": round(_mean(rates[True]), 1),
        "search_ratio": round(_mean(rates[True]) / _mean(rates[False]), 3),
        "search_ratios": [round(on / off, 3) for on, off in zip(rates[True], rates[False], strict=True)],
    }


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


def _backlog(running: Phase, seconds: float, say: Callable[[str], None]) -> Report:
    """Leaves a second while searches go on, and the searches of that time."""
    count, stage = int(BACKLOG_PER_S * seconds), running.stage
    say(f"a backlog of {count:,} is sealed while searches go on")
    _wait_until_sealed(stage)
    stage.forget_evidence()
    with _nobody_seals(stage):
        stage.ask(lambda connection: connection.execute(_BACKLOG, count))
        batch = running.batch_for(seconds)
        before = stage.sealed()
    started_s = time.perf_counter()
    measured, _ = running.closed(seconds, batch)
    leaves, took_s = stage.sealed() - before, time.perf_counter() - started_s
    return {
        "sealed_per_s": round(leaves / took_s, 1),
        "backlog_searches_per_s": round(measured.per_s(), 1),
        "backlog_lasted": leaves < count,
    }


def _wait_until_sealed(stage: Stage) -> None:
    deadline_s = time.monotonic() + SEALED_S_MAX
    while stage.unsealed():
        if time.monotonic() > deadline_s:
            raise NotSealed
        time.sleep(0.1)


@contextmanager
def _nobody_seals(stage: Stage) -> Iterator[None]:
    """Holds the lock of whoever seals, in no transaction: another round finds it taken, and does nothing."""
    with asyncio.Runner() as loop:
        connection = loop.run(asyncpg.connect(stage.dsn(ROLE_SEALER)))
        try:
            loop.run(connection.execute(f"select pg_advisory_lock({ADVISORY_LOCK})"))
            yield
        finally:
            loop.run(connection.close())
