"""One account that hammers over three processes, and what everybody else then notices of it."""

import multiprocessing
import time
from multiprocessing.connection import Connection
from typing import Any

from beffroi_region.bench.load import Generator
from beffroi_region.bench.phases import Batch, Phase, phase, warm_up_s
from beffroi_region.bench.serving import Variant
from beffroi_region.bench.stage import HOST, Stage

PROCESSES = 3
CONNECTIONS = 48
"""Of the robot: 16 to each process."""
OTHERS_PER_S = 500
ROBOT = 0
"""The robot's account. Everybody else's searches avoid it."""
REQUESTS_PER_S_MAX = 3_000
"""Proofs signed for the robot, for each second of the run; if it gets more answers, it stops early."""
_HEAD_START_S = 0.3


def robot_beside(stage: Stage, clients: int, seconds: float, say: Any) -> dict[str, Any]:
    """The 99th percentile of everybody else's latencies, without a robot and with one, on the same processes."""
    report: dict[str, Any] = {"robot_processes": PROCESSES, "robot_connections": CONNECTIONS}
    for slow in (False, True):
        say(f"a robot beside {OTHERS_PER_S} searches a second{', slow commits' if slow else ''}")
        prefix = "slow_" if slow else ""
        with phase(stage, Variant.LEDGERED, PROCESSES, clients, warm_up_s(seconds)) as running:
            if slow:
                with stage.slow_commits():
                    found = _both(running, seconds)
            else:
                found = _both(running, seconds)
        report |= {f"{prefix}{name}": value for name, value in found.items()}
    return report


def _both(running: Phase, seconds: float) -> dict[str, Any]:
    seed = running.stage.size.seed
    alone = running.open(OTHERS_PER_S, seconds, seed)
    batch = running.batch(int(REQUESTS_PER_S_MAX * seconds), [ROBOT] * int(REQUESTS_PER_S_MAX * seconds))
    ours, theirs = multiprocessing.Pipe()
    robot = multiprocessing.get_context("fork").Process(
        target=_hammer, args=(running.stage.port, batch, seconds, theirs), daemon=True
    )
    robot.start()
    time.sleep(_HEAD_START_S)
    try:
        beside = running.open(OTHERS_PER_S, seconds - 2 * _HEAD_START_S, seed + 1)
        statuses: dict[str, int] = ours.recv()
    finally:
        robot.join(30)
        if robot.is_alive():
            robot.kill()
    running.answered += statuses.get("200", 0)
    # What its ceiling withholds is recorded too; what is refused at the door, before anything is asked, is not.
    running.perhaps_recorded += sum(statuses.values()) - statuses.get("200", 0)
    alone_ms, beside_ms = alone.percentile_ms(99), beside.percentile_ms(99)
    return {
        "others_p99_ms": round(alone_ms, 2),
        "others_p99_with_robot_ms": round(beside_ms, 2),
        "robot_factor": round(beside_ms / alone_ms, 2) if alone_ms else 0.0,
        "robot_answers": statuses,
    }


def _hammer(port: int, batch: Batch, seconds: float, told: Connection) -> None:
    """The robot: as many searches as it can get answered. Tells the number of its answers by status."""
    with Generator([(HOST, port)], CONNECTIONS) as generator:
        measured = generator.closed(batch.requests, seconds)
    told.send({status.decode(): count for status, count in measured.statuses.items()})
