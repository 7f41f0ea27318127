"""The variant that tells what the watch costs: the same gate, record and commit, without a look back or a verdict.

It lives here and nowhere else: no setting of the product leads to it.
"""

import signal
import sys
from dataclasses import replace

from beffroi.actions.audit_view import AuditView
from beffroi.actions.disclose.gate import Gate
from beffroi.actions.disclose.judging import Account, Entry, Judged, Judging, State
from beffroi.actions.disclose.presentation import Presenter
from beffroi.actions.find import Finder
from beffroi.actions.house import House, open_house
from beffroi.actions.investigate import Investigation
from beffroi.clock import Clock
from beffroi.model.disclosure import Outcome
from beffroi.store.database import Database
from beffroi.store.disclosures import DisclosureStore, Looks
from beffroi.store.feed_trail import FeedTrail
from beffroi_region.bench.bare import main


class Unwatched(Judging):
    """Proofs, freezes and containments as ever; every finding may be shown."""

    def looks(self, entries: list[Entry], accounts: dict[int, Account]) -> Looks:
        """The proofs alone."""
        proofs = [proof for entry in entries if (proof := entry.question.proof) is not None]
        return Looks([(proof.minute, proof.digest) for proof in proofs], [], [], [])

    def _watched(self, entry: Entry, account: Account, holder: Account, state: State) -> Judged:
        allowed, said = entry.findings, entry.advice
        if entry.finish is not None:
            allowed, more = entry.finish(allowed)
            said = (*more, *said)
        found = (self._presenter.show(finding, entry.question, entry.permit) for finding in allowed)
        shown = tuple(one for one in found if one is not None)
        entry.findings = allowed
        return Judged(entry, shown=shown, outcome=Outcome.SHOWN if shown else entry.outcome, advice=said)


async def open_unwatched(database: Database, clock: Clock) -> House:
    """A house whose gate does not watch."""
    house = await open_house(database, clock)
    await house.gate.stop()
    store = DisclosureStore(database)
    gate = Gate(store, Unwatched(Presenter(house.references, house.hospitals), house.surroundings), clock)
    scopes = Investigation(database, gate, house.references, house.hospitals, clock)
    trail = AuditView(store, FeedTrail(database), house.lookup, gate)
    finder = Finder(house.lookup, gate, house.hospitals, trail, scopes)
    await gate.start()
    return replace(house, gate=gate, investigation=scopes, finder=finder)


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    sys.exit(main(sys.argv[1:], open_unwatched))
