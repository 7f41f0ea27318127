"""The variant to compare with: the same server, tokens and look-up; no policy, no verdict, no record, no commit.

It lives here and nowhere else: no setting of the product leads to it, and it never makes a `Released` (that is the
gate's alone) but something that looks like one. A proof's single use is checked in memory, per process.
"""

import argparse
import asyncio
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import uvloop

from beffroi.access.fields import MINIMAL
from beffroi.access.policy import Permit
from beffroi.access.remembered import Remembered
from beffroi.actions.asking import Ask
from beffroi.actions.disclose.presentation import Presenter
from beffroi.actions.find import Finder
from beffroi.actions.house import House, open_house
from beffroi.actions.lookup import Lookup
from beffroi.actions.pages import Page
from beffroi.app.context import Context
from beffroi.app.web import api_of, authenticator_of, issuer_keys_of
from beffroi.clock import Clock
from beffroi.config.reading import load
from beffroi.errors import NotAuthenticated
from beffroi.identity.blocking import plan
from beffroi.model.disclosure import Answer, DisclosureId, Field, Outcome, Released
from beffroi.model.search import Criteria
from beffroi.servers.http_server import HttpLimits, listen, serve_http
from beffroi.store.database import Database

PROOFS_REMEMBERED_MAX = 1_000_000
_PERMIT = Permit(MINIMAL | Field.REFERENCE, Field(0))


class Unrecorded:
    """What the bare variant hands to the renderers in place of a `Released`."""

    def __init__(self, content: Answer) -> None:
        self.content = content


class BareFinder:
    """Searches and shows. Nothing is judged and nothing is written."""

    def __init__(self, lookup: Lookup, presenter: Presenter) -> None:
        self._lookup = lookup
        self._presenter = presenter
        self._used = Remembered[bytes, bool](PROOFS_REMEMBERED_MAX)

    async def search(self, ask: Ask, criteria: Criteria) -> Released[Answer]:
        """Everybody who matches, with the minimal fields; raises NotAuthenticated for a proof that was used before."""
        if ask.proof is not None:
            if self._used.get(ask.proof.digest):
                raise NotAuthenticated("invalid_dpop_proof", "this proof was used before")
            self._used.put(ask.proof.digest, True)
        question = ask.question({}, Field(0))
        found = await self._lookup.people(plan(criteria), ask.asker)
        shown = tuple(one for finding in found if (one := self._presenter.show(finding, question, _PERMIT)) is not None)
        outcome = Outcome.SHOWN if shown else Outcome.NONE
        answer = Answer(DisclosureId(0), outcome, shown, at=Clock().now())
        return cast(Released[Answer], Unrecorded(answer))

    async def page(self, ask: Ask, criteria: Criteria) -> Page:
        """The same, as one page that holds all."""
        return Page(await self.search(ask, criteria))

    def delivered(self, disclosure_id: DisclosureId, sent: bool) -> None:
        """Nothing is kept."""

    async def signed_in(self, *_: object) -> None:
        """Nothing is recorded."""


OpenHouse = Callable[[Database, Clock], Awaitable[House]]
"""Opens the house of a variant."""


async def serve_variant(context: Context, opened: OpenHouse) -> None:
    """One process of a variant, on the inherited socket, until it is stopped."""
    config, clock = context.config, context.clock
    async with await context.database("web") as database:
        bare = await opened(database, clock)
        authenticator = authenticator_of(context, database, bare, issuer_keys_of(context))
        await authenticator.start()
        limits = HttpLimits(config.limits.connections, config.limits.shutdown_s)
        await serve_http(api_of(context, bare, authenticator), context.listening, limits, context.stopping)
        await authenticator.stop()
        await bare.close()


async def open_bare(database: Database, clock: Clock) -> House:
    """A house without a gate."""
    house = await open_house(database, clock)
    finder = BareFinder(house.lookup, Presenter(house.references, house.hospitals))
    return replace(house, finder=cast(Finder, finder))


def main(arguments: list[str], opened: OpenHouse = open_bare) -> int:
    """As many processes as the configuration says, until it is terminated."""
    parser = argparse.ArgumentParser(prog="python -m beffroi_region.bench.bare")
    parser.add_argument("--config", type=Path, required=True)
    config = load(parser.parse_args(arguments).config)
    with tempfile.TemporaryDirectory(prefix="beffroi-bare-") as folder:
        listening = listen(config.web.host, config.web.port)
        children = [_child(config, listening, Path(folder), opened) for _ in range(config.web.processes)]
        signal.sigwait({signal.SIGTERM, signal.SIGINT})
        for child in children:
            os.kill(child, signal.SIGTERM)
        for child in children:
            os.waitpid(child, 0)
    return 0


def _child(config: Any, listening: socket.socket, folder: Path, opened: OpenHouse) -> int:
    """A forked process; its number."""
    child = os.fork()
    if child:
        return child
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGINT})

    async def serve() -> None:
        stopping = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
        await serve_variant(Context(config, listening, folder, stopping, lambda: None, False, Clock()), opened)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve())
    os._exit(0)


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    sys.exit(main(sys.argv[1:]))
