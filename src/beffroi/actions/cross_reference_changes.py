"""Of which patients a consumer is to be told: what feeds did to identifiers of the domains that it asked for. Pure.

A change in a hospital hidden from the consumer, or of an identity that never leaves its hospital, is none for it: even
that something happened would tell.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from beffroi.model.feed import FeedAction
from beffroi.model.person import HospitalId, PersonId
from beffroi.store.notifications import Fed, Moved, Wanted

BULK = "bulk"
"""The cause of what a file changed: a load is no news, and whoever wants it loads its own."""


@dataclass(frozen=True, slots=True)
class Interest:
    """Whose changes concern a consumer: of `hospitals`, whose numbers it asked for and may know of, its own among them;
    with `ins`, of all that are `visible` to it, since any may change the national number."""

    own: HospitalId
    hospitals: frozenset[HospitalId]
    visible: frozenset[HospitalId]
    ins: bool

    def concerns(self, hospital: HospitalId, local_only: bool) -> bool:
        """Whether a change of an identity of this hospital may be told."""
        if local_only and hospital != self.own:
            return False
        return hospital in (self.visible if self.ins else self.hospitals)


def wanted(events: Sequence[Fed], moves: Iterable[Moved], interest: Interest, account: int | None) -> list[Wanted]:
    """The patients, each once. `account` is the consumer's own: what only it caused explains nothing to it.

    A new identity is news where it joins others; a removed, renamed or moved one also when one identifier is left.

    >>> from datetime import UTC
    >>> at, h = datetime(2026, 1, 1, tzinfo=UTC), HospitalId(1)
    >>> interest = Interest(h, frozenset({h}), frozenset({h}), ins=False)
    >>> wanted([Fed(1, at, 9, h, PersonId(7), FeedAction.CREATE, True, False)], [], interest, 4)
    [Wanted(person=7, own=False, alone=False, attempts=0)]
    """
    causes: dict[datetime, set[int]] = {}
    for event in events:
        causes.setdefault(event.at, set()).add(event.account_id)
    found: dict[PersonId, Wanted] = {}

    def add(person: PersonId, own: bool, alone: bool) -> None:
        before = found.get(person)
        found[person] = Wanted(
            person, own and (before is None or before.own), alone or (before is not None and before.alone)
        )

    for event in events:
        if event.identifiers and interest.concerns(event.hospital, event.local_only):
            add(event.person, event.account_id == account, event.action is not FeedAction.CREATE)
    for move in moves:
        if move.cause != BULK and interest.concerns(move.hospital, move.local_only):
            own = account in causes.get(move.at, ())
            add(move.before, own, alone=True)
            add(move.after, own, alone=True)
    return list(found.values())
