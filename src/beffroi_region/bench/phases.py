"""One phase: servers started on a database in its first state, warmed up, loaded, checked, stopped."""

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from beffroi_region.bench.load import Client, Generator, LoadError, Measured
from beffroi_region.bench.passes import FHIR_JSON
from beffroi_region.bench.questions import Question
from beffroi_region.bench.serving import Serving, Spent, Variant, serving
from beffroi_region.bench.stage import HOST, Stage

SEARCH_PATH = "/fhir/Patient/_search"
SPARE = 1.5
"""Requests are signed for so many times the rate that the warm-up reached."""
WARM_UP_S = 2.0
RATE_MAX_PER_S = 8_000
SIGN_IN_S_MAX = 60.0
REQUESTS_MIN = 500
OPEN_CLIENTS = 128


class WrongAnswer(Exception):
    """The server answered otherwise than it must: the figures of such a run mean nothing."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Requests ready for the wire, with what each asks."""

    requests: list[bytes]
    questions: list[Question]


JSON, XML = FHIR_JSON, "application/fhir+xml"


class Phase:
    """A running server of one variant, warm."""

    def __init__(self, stage: Stage, serving_: Serving, variant: Variant, clients: int) -> None:
        self.stage = stage
        self.serving = serving_
        self.variant = variant
        self.clients = clients
        self.accept = JSON
        self.answered = 0
        self.perhaps_recorded = 0
        self._nonce = ""
        self._rate_per_s = 0.0
        self._accounts = random.Random(stage.size.seed)

    def warm_up(self, processes: int, seconds: float) -> None:
        """Every account signs in to every process; keys, plans and pages are then where they stay."""
        self._take_nonce()
        everybody = list(range(len(self.stage.passes))) * (2 * processes)
        with Generator([(HOST, self.stage.port)], self.clients) as generator:
            signing_in = self.batch(len(everybody), everybody)
            self._check(generator.closed(signing_in.requests, SIGN_IN_S_MAX), signing_in)
            batch = self.batch(max(REQUESTS_MIN, int(seconds * RATE_MAX_PER_S)))
            measured = generator.closed(batch.requests, seconds)
            self._check(measured, batch)
        self._rate_per_s = measured.per_s()

    def batch(self, count: int, accounts: Sequence[int] | None = None) -> Batch:
        """`count` searches of accounts at random (all but the first), or of those named, each with its own proof."""
        passes = self.stage.passes
        chosen = accounts or [self._accounts.randrange(1, len(passes)) for _ in range(count)]
        asked = self.stage.questions(chosen)
        requests = [
            passes[account].request(self.stage.authority, SEARCH_PATH, question.form, self._nonce, self.accept)
            for account, question in zip(chosen, asked, strict=True)
        ]
        return Batch(requests, asked)

    def batch_for(self, seconds: float) -> Batch:
        """Searches for so long a closed loop, and some to spare."""
        return self.batch(max(REQUESTS_MIN, int(self._rate_per_s * seconds * SPARE)))

    def closed(self, seconds: float, batch: Batch | None = None) -> tuple[Measured, Spent]:
        """As many searches as `clients` clients get answered in `seconds`; of `batch`, when one was made before."""
        batch = batch or self.batch_for(seconds)
        with Generator([(HOST, self.stage.port)], self.clients) as generator:
            before = self.serving.spent()
            measured = generator.closed(batch.requests, seconds)
            spent = _difference(before, self.serving.spent())
        self._check(measured, batch)
        return measured, spent

    def open(self, rate_per_s: float, seconds: float, seed: int) -> Measured:
        """Searches that arrive at random, `rate_per_s` on average (a Poisson process)."""
        due_s = list(arrivals(rate_per_s, seconds, seed))
        batch = self.batch(len(due_s))
        with Generator([(HOST, self.stage.port)], OPEN_CLIENTS) as generator:
            measured = generator.open(batch.requests, due_s)
        self._check(measured, batch)
        return measured

    def check_disclosures(self) -> None:
        """The database holds one disclosure for every answer, none more; none at all for the bare variant.

        Refusals are recorded too, unless they were refused before anything was asked (`perhaps_recorded`).
        """
        expected = 0 if self.variant is Variant.BARE else self.answered
        found = self.stage.disclosed()
        if not expected <= found <= expected + self.perhaps_recorded:
            raise WrongAnswer(f"{found} disclosures for {expected} answers")

    def _check(self, measured: Measured, batch: Batch) -> None:
        self.answered += measured.count
        if measured.statuses[b"200"] != measured.count:
            shown = measured.refusals[0][:300].decode(errors="replace") if measured.refusals else ""
            raise WrongAnswer(f"answers by status: {dict(measured.statuses)}; {shown}")
        for number, body in measured.sample:
            expected = batch.questions[number].expected
            if b'"searchset"' not in body or expected.encode() not in body:
                raise WrongAnswer("an answer without the patient who was searched for")

    def _take_nonce(self) -> None:
        """A first request without a nonce is refused with one (RFC 9449 section 8)."""
        with Generator([(HOST, self.stage.port)], 1) as generator:
            client: Client = generator.clients[0]
            client.connection.sendall(self.batch(1).requests[0])
            head = client.connection.recv(65_536).partition(b"\r\n\r\n")[0].decode("latin-1")
        for line in head.split("\r\n"):
            name, _, value = line.partition(":")
            if name.lower() == "dpop-nonce":
                self._nonce = value.strip()
                return
        raise LoadError("the server gave no DPoP nonce")


def _difference(before: Spent, after: Spent) -> Spent:
    return Spent(after.web_s - before.web_s, after.database_s - before.database_s, after.stolen_s - before.stolen_s)


def arrivals(rate_per_s: float, seconds: float, seed: int) -> Iterator[float]:
    """Seconds after the start at which requests are due.

    >>> times = list(arrivals(100, 2, 1))
    >>> times == sorted(times), 150 < len(times) < 250
    (True, True)
    """
    chosen = random.Random(seed)
    due_s = chosen.expovariate(rate_per_s)
    while due_s < seconds:
        yield due_s
        due_s += chosen.expovariate(rate_per_s)


def warm_up_s(seconds: float) -> float:
    """Seconds of warming up before a run of so many."""
    return min(WARM_UP_S, seconds / 2)


@contextmanager
def phase(
    stage: Stage, variant: Variant, processes: int, clients: int, warm_up_s: float = WARM_UP_S, sealing: bool = False
) -> Iterator[Phase]:
    """A warm server; when the phase is over, its disclosures are counted."""
    stage.reset()
    stage.renew_tokens()
    configuration = stage.write_configuration(processes, sealing=sealing)
    with serving(variant, configuration, stage.port, stage.server.server_pid or 0) as running:
        found = Phase(stage, running, variant, clients)
        found.warm_up(processes, warm_up_s)
        yield found
        found.check_disclosures()
