"""`beffroi bench search`: how many searches a second the gate lets out, against the same server without it.

Every answer is a FHIR search with a real access token and a fresh DPoP proof, and is durable before it leaves; the run
fails unless the database then holds exactly one disclosure for each. What is compared runs interleaved, each with its
best number of processes; the generator takes its share of the same cores, and says how much.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from beffroi.store.embedded import EmbeddedPostgres
from beffroi_region.bench.load import Measured
from beffroi_region.bench.phases import JSON, XML, phase, warm_up_s
from beffroi_region.bench.population import ACCOUNTS, Size, cache_folder, ensure
from beffroi_region.bench.robot import robot_beside
from beffroi_region.bench.serving import Spent, Variant
from beffroi_region.bench.stage import Stage

ROUNDS = 3
"""Times that the compared variants alternate, so that a machine that slows down slows both."""
OPEN_RATE_PER_S = 1_000
SLOW_SECONDS_SHARE = 0.5
DATABASE_SETTINGS = {"shared_buffers": "1GB", "effective_cache_size": "4GB", "max_wal_size": "8GB"}
"""As an operator would set them on such a machine; durability stays at its default, as everywhere."""

Report = dict[str, Any]


def run(
    people: int = 1_000_000,
    clients: int = 32,
    seconds: float = 20.0,
    processes: Sequence[int] = (1, 2),
    seed: int = 1,
    rounds: int = ROUNDS,
    everything: bool = True,
    accounts: int = ACCOUNTS,
    say: Any = lambda text: None,
) -> Report:
    """All figures of one run, flat where issue and documentation name them, with every phase beside.

    `everything` False leaves out the open loop, the slow commits and the robot. `say` is told what is under way.
    """
    size = Size(people, seed, accounts=accounts)
    server = EmbeddedPostgres(cache_folder() / "postgres", database=None, settings=DATABASE_SETTINGS)
    server.start()
    try:
        say(f"a region of {people:,} people")
        database = ensure(server, size)
        with tempfile.TemporaryDirectory(prefix="beffroi-bench-") as folder:
            stage = Stage(server, database, size, Path(folder))
            report = _described(stage, clients, seconds, rounds)
            report |= _compared(stage, clients, seconds, processes, rounds, say)
            if everything:
                best = report["ledgered_processes"]
                report |= _open_loop(stage, clients, seconds, best, say)
                report |= _formats(stage, clients, seconds * SLOW_SECONDS_SHARE, best, say)
                report |= _sealed(stage, clients, seconds * SLOW_SECONDS_SHARE, best, say)
                report |= _slow(stage, clients, seconds * SLOW_SECONDS_SHARE, best, say)
                report |= robot_beside(stage, clients, seconds * SLOW_SECONDS_SHARE, say)
            return report
    finally:
        server.stop()


def _described(stage: Stage, clients: int, seconds: float, rounds: int) -> Report:
    return {
        "benchmark": "search",
        **stage.described(),
        "hospitals": stage.size.hospitals,
        "accounts": stage.size.accounts,
        "seed": stage.size.seed,
        "clients": clients,
        "seconds": seconds,
        "rounds": rounds,
    }


def _compared(stage: Stage, clients: int, seconds: float, processes: Sequence[int], rounds: int, say: Any) -> Report:
    phases: list[Report] = []
    for _ in range(rounds):
        for count in processes:
            for variant in Variant:
                say(f"{variant.value}, {count} process{'es' if count > 1 else ''}")
                phases.append(_closed(stage, variant, count, clients, seconds / rounds))
    best = {variant: _best(phases, variant) for variant in Variant}
    ledgered, unwatched, bare = best[Variant.LEDGERED], best[Variant.UNWATCHED], best[Variant.BARE]
    return {
        "ledgered_per_s": ledgered["per_s"],
        "ledgered_processes": ledgered["processes"],
        "p50_ms": ledgered["p50_ms"],
        "p95_ms": ledgered["p95_ms"],
        "p99_ms": ledgered["p99_ms"],
        "cpu_ms_per_search": ledgered["cpu_ms_per_search"],
        "unwatched_per_s": unwatched["per_s"],
        "unwatched_processes": unwatched["processes"],
        "watched_ratio": round(ledgered["per_s"] / unwatched["per_s"], 3) if unwatched["per_s"] else 0.0,
        "bare_per_s": bare["per_s"],
        "bare_processes": bare["processes"],
        "ratio": round(ledgered["per_s"] / bare["per_s"], 3) if bare["per_s"] else 0.0,
        "phases": phases,
    }


def _closed(stage: Stage, variant: Variant, processes: int, clients: int, seconds: float) -> Report:
    with phase(stage, variant, processes, clients, warm_up_s(seconds)) as running:
        measured, spent = running.closed(seconds)
        memory_mib = running.serving.peak_memory_mib()
    return {
        "variant": variant.value,
        "processes": processes,
        **latencies(measured),
        **_cpu(measured, spent),
        "peak_memory_mib": memory_mib,
    }


def latencies(measured: Measured) -> Report:
    """Answers a second and their latencies."""
    return {
        "answers": measured.count,
        "per_s": round(measured.per_s(), 1),
        "p50_ms": round(measured.percentile_ms(50), 2),
        "p95_ms": round(measured.percentile_ms(95), 2),
        "p99_ms": round(measured.percentile_ms(99), 2),
        "max_ms": round(measured.percentile_ms(100), 2),
    }


def _cpu(measured: Measured, spent: Spent) -> Report:
    each = 1000 / max(1, measured.count)
    return {
        "cpu_ms_per_search": round((spent.web_s + spent.database_s) * each, 4),
        "web_cpu_ms_per_search": round(spent.web_s * each, 4),
        "database_cpu_ms_per_search": round(spent.database_s * each, 4),
        "generator_cpu_ms_per_search": round(measured.cpu_s * each, 4),
        "generator_cpu_share_of_a_core": round(measured.cpu_s / max(measured.seconds, 1e-9), 3),
        "stolen_s": round(spent.stolen_s, 2),
    }


def _best(phases: Sequence[Report], variant: Variant) -> Report:
    """The number of processes with the best mean over the rounds; its figures are means over its rounds."""
    by_count: dict[int, list[Report]] = {}
    for one in phases:
        if one["variant"] == variant.value:
            by_count.setdefault(one["processes"], []).append(one)
    means = [_mean(same) for same in by_count.values()]
    return max(means, key=lambda one: float(one["per_s"]))


def _mean(same: Sequence[Report]) -> Report:
    return {
        key: round(sum(one[key] for one in same) / len(same), 4) if isinstance(value, float) else value
        for key, value in same[0].items()
    }


def _formats(stage: Stage, clients: int, seconds: float, processes: int, say: Any) -> Report:
    """The same searches answered in JSON and in XML by one server, in turns."""
    say("in XML")
    found = {JSON: 0.0, XML: 0.0}
    with phase(stage, Variant.LEDGERED, processes, clients, warm_up_s(seconds)) as running:
        for _ in range(ROUNDS):
            for running.accept in found:
                found[running.accept] += running.closed(seconds / ROUNDS)[0].per_s() / ROUNDS
    ratio = found[XML] / found[JSON] if found[JSON] else 0.0
    return {"xml_per_s": round(found[XML], 1), "xml_json_per_s": round(found[JSON], 1), "xml_ratio": round(ratio, 3)}


def _sealed(stage: Stage, clients: int, seconds: float, processes: int, say: Any) -> Report:
    """The same closed loop while the worker seals, and what it has not sealed yet when the last answer has left."""
    say("with the ledger")
    with phase(stage, Variant.LEDGERED, processes, clients, warm_up_s(seconds), sealing=True) as running:
        measured, _ = running.closed(seconds)
        behind = running.answered - stage.sealed()
    return {
        "sealed_per_s": round(measured.per_s(), 1),
        "sealed_p99_ms": round(measured.percentile_ms(99), 2),
        "sealed_behind": max(0, behind),
    }


def _open_loop(stage: Stage, clients: int, seconds: float, processes: int, say: Any) -> Report:
    say(f"open loop at {OPEN_RATE_PER_S} a second")
    with phase(stage, Variant.LEDGERED, processes, clients, warm_up_s(seconds)) as running:
        found = latencies(running.open(OPEN_RATE_PER_S, seconds, stage.size.seed))
    return {"open_rate_per_s": OPEN_RATE_PER_S, "open_p50_ms": found["p50_ms"], "open_p99_ms": found["p99_ms"]}


def _slow(stage: Stage, clients: int, seconds: float, processes: int, say: Any) -> Report:
    say("every commit 5 ms slower")
    with phase(stage, Variant.LEDGERED, processes, clients, warm_up_s(seconds)) as running, stage.slow_commits():
        commit_ms = stage.commit_ms()
        measured, spent = running.closed(seconds)
        opened = latencies(running.open(OPEN_RATE_PER_S, seconds, stage.size.seed))
    return {
        "slow_commit_ms": commit_ms,
        "slow_per_s": round(measured.per_s(), 1),
        "slow_p99_ms": round(measured.percentile_ms(99), 2),
        "slow_cpu_ms_per_search": _cpu(measured, spent)["cpu_ms_per_search"],
        "slow_open_p50_ms": opened["p50_ms"],
        "slow_open_p99_ms": opened["p99_ms"],
    }
