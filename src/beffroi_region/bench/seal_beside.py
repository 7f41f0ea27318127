"""Sealing beside searches: what it costs them, and how fast it goes meanwhile.

The same closed loop of searches runs with the ledger and without it, one after the other, several times. Then a backlog
of disclosures is there at once, and the worker seals it as fast as it can while the searches go on.
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from beffroi.store.embedded import EmbeddedPostgres
from beffroi_region.bench.phases import phase, warm_up_s
from beffroi_region.bench.population import ACCOUNTS, Size, cache_folder, ensure
from beffroi_region.bench.serving import Variant
from beffroi_region.bench.stage import Stage

ROUNDS = 3
"""Times that the two alternate, so that a machine that slows down slows both."""
PROCESSES = 2
BACKLOG_PER_S = 20_000
"""Disclosures of the backlog for each second of searches: more than are sealed, so that it lasts."""
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


def run(people: int, clients: int, seconds: float, seed: int, say: Callable[[str], None]) -> Report:
    """`search_ratio` (with sealing to without), and `sealed_per_s` while searches go on."""
    size = Size(people, seed, accounts=ACCOUNTS)
    server = EmbeddedPostgres(cache_folder() / "postgres", database=None, settings=DATABASE_SETTINGS)
    server.start()
    try:
        say(f"a region of {people:,} people")
        database = ensure(server, size)
        with tempfile.TemporaryDirectory(prefix="beffroi-bench-") as folder:
            stage = Stage(server, database, size, Path(folder))
            rates: dict[bool, list[float]] = {False: [], True: []}
            for number in range(ROUNDS):
                for sealing in (False, True) if number % 2 == 0 else (True, False):
                    say("with the ledger" if sealing else "without the ledger")
                    rates[sealing].append(_searches(stage, clients, seconds / ROUNDS, sealing))
            return {
                **stage.described(),
                "hospitals": size.hospitals,
                "clients": clients,
                "searches_off_per_s": round(_mean(rates[False]), 1),
                "searches_on_per_s": round(_mean(rates[True]), 1),
                "search_ratio": round(_mean(rates[True]) / _mean(rates[False]), 3),
                **_backlog(stage, clients, seconds / ROUNDS, say),
            }
    finally:
        server.stop()


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


def _searches(stage: Stage, clients: int, seconds: float, sealing: bool) -> float:
    warm_s = warm_up_s(seconds)
    with phase(stage, Variant.LEDGERED, PROCESSES, clients, warm_s, sealing=sealing) as running:
        measured, _ = running.closed(seconds)
    return measured.per_s()


def _backlog(stage: Stage, clients: int, seconds: float, say: Callable[[str], None]) -> Report:
    """Leaves a second while searches go on, and the searches of that time."""
    say("a backlog is sealed while searches go on")
    count = int(BACKLOG_PER_S * seconds)
    with phase(stage, Variant.LEDGERED, PROCESSES, clients, warm_up_s(seconds), sealing=True) as running:
        stage.ask(lambda connection: connection.execute(_BACKLOG, count))
        before, started_s = stage.sealed(), time.perf_counter()
        measured, _ = running.closed(seconds)
        leaves, took_s = stage.sealed() - before, time.perf_counter() - started_s
    return {
        "sealed_per_s": round(leaves / took_s, 1),
        "backlog_searches_per_s": round(measured.per_s(), 1),
        "backlog_lasted": leaves < count,
    }
