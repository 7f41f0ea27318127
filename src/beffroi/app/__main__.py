"""A child of the supervisor: `python -m beffroi.app web|mllp|worker --config FILE --fd N`.

Exit codes: 0 after a stop, 78 when the installation is wrong (in words), 70 for anything else.
Source: sysexits(3).
"""

import argparse
import asyncio
import contextlib
import gc
import importlib
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import uvloop

from beffroi.app.context import Context
from beffroi.app.control import ChildEnd, Report
from beffroi.clock import Clock
from beffroi.config.reading import load
from beffroi.errors import OperatorError
from beffroi.telemetry import Event, Process, configure_logs, log, log_failure

EXIT_CONFIGURATION = 78
EXIT_SOFTWARE = 70

GARBAGE_OBJECTS = 20_000
"""New objects (not yet freed) after which the collector looks: some 5 MB."""

_RUNNERS = {
    Process.WEB: ("beffroi.app.web", "run_web"),
    Process.MLLP: ("beffroi.app.mllp", "run_mllp"),
    Process.WORKER: ("beffroi.app.worker", "run_worker"),
}
"""Imported by name, so that a process holds only its own code."""


def main(arguments: list[str]) -> int:
    """Runs one process until it is stopped; the exit code."""
    given = _parse(arguments)
    process = Process(given.process)
    configure_logs(process)
    line = ChildEnd(given.control_fd)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(process, given, line))
    except OperatorError as error:
        line.say(Report(error.text("en"), error.text("fr")))
        return EXIT_CONFIGURATION
    except Exception as failure:  # said by class and place: its text may hold anything
        log_failure(Event.UNHANDLED, failure)
        name = type(failure).__name__
        line.say(Report(f"{name}; its log says where.", f"{name} ; son journal dit où."))
        return EXIT_SOFTWARE
    log(Event.STOPPED)
    return 0


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m beffroi.app")
    parser.add_argument("process", choices=[process.value for process in _RUNNERS])
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--folder", type=Path, required=True, help="the supervisor's own folder")
    parser.add_argument("--paths-from", type=Path, help="the folder to which the configuration's paths are relative")
    parser.add_argument("--fd", type=int, required=True, help="the listening socket")
    parser.add_argument("--control-fd", type=int, help="the line to the supervisor")
    parser.add_argument("--demo", action="store_true")
    return parser.parse_args(arguments)


async def _serve(process: Process, given: argparse.Namespace, line: ChildEnd) -> None:
    stopping = asyncio.Event()
    stop = partial(_stop, stopping)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    line.watch(stop)
    context = Context(
        config=load(given.config, demo=given.demo, paths_from=given.paths_from),
        listening=socket.socket(fileno=given.fd),
        folder=given.folder,
        stopping=stopping,
        ready=lambda: line.say(Report()),
        demo=given.demo,
        clock=Clock(),
    )
    module, name = _RUNNERS[process]
    run: Callable[[Context], Awaitable[None]] = getattr(importlib.import_module(module), name)
    _collect_seldom()
    await run(context)


def _collect_seldom() -> None:
    """Code and its constants are never garbage, and a request leaves hardly any circle behind.

    By its defaults the collector took 5 % of a search, looking every few requests at what is remembered of everybody.
    """
    gc.freeze()
    gc.set_threshold(GARBAGE_OBJECTS)


def _stop(stopping: asyncio.Event) -> None:
    if not stopping.is_set():
        log(Event.STOPPING)
        stopping.set()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main(sys.argv[1:]))
