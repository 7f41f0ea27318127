"""What a bulk import would do, without doing it: existence is what decides, so existence is all that is remembered.

Between batches only identifiers are kept (some 100 bytes each), never what the file says of them.
"""

from collections.abc import Sequence
from datetime import datetime

from beffroi.errors import CallerError
from beffroi.identity.fold import Arrival, Known, apply
from beffroi.model.feed import FeedEvent, FeedKind, FeedOutcome
from beffroi.model.person import HospitalId, Identity, IdentityId, IdentityState, PersonId, Record
from beffroi.store.feed import FeedStore
from beffroi.store.feed_workspace import Fed, Result
from beffroi.store.imports import ImportStore

_FRESH = IdentityId(-1)


class Rehearsal:
    """Plays batches in their order. `new_count` counts the events that would create an identity."""

    def __init__(self, feed: FeedStore, imports: ImportStore, hospital_id: HospitalId) -> None:
        self._feed = feed
        self._imports = imports
        self._hospital_id = hospital_id
        self._would_hold: dict[str, bool] = {}
        self._told: set[object] = set()
        self.new_count = 0

    async def play(self, batch: Sequence[Fed], now: datetime) -> list[Result]:
        """What would become of each event."""
        named = {ipp for fed in batch for ipp in (fed.event.ipp, fed.event.other_ipp) if ipp.isprintable()}
        held = await self._imports.held(self._hospital_id, sorted(named - self._would_hold.keys() - {""}))
        self._told |= await self._feed.applied_before(batch)
        return [self._play_one(fed, held, now) for fed in batch]

    def _play_one(self, fed: Fed, held: set[str], now: datetime) -> Result:
        event = fed.event
        if event.kind is FeedKind.IGNORED:
            return FeedOutcome.IGNORED
        if event.key is not None and (event.hospital_id, event.key) in self._told:
            return FeedOutcome.DUPLICATE
        known = Known(self._placeholder(event, event.ipp, held), self._placeholder(event, event.other_ipp, held))
        try:
            change = apply(known, event, Arrival(now, fed.account_id, _FRESH))
        except CallerError as error:
            return error
        if event.key is not None:
            self._told.add((event.hospital_id, event.key))
        self.new_count += any(identity.identity_id == _FRESH for identity in change.identities)
        self._would_hold[event.ipp] = True
        if event.kind is FeedKind.CHANGE_IDENTIFIER and known.identity is None and known.other is not None:
            self._would_hold[event.other_ipp] = False
        return FeedOutcome.APPLIED

    def _placeholder(self, event: FeedEvent, ipp: str, held: set[str]) -> Identity | None:
        if not ipp or not self._would_hold.get(ipp, ipp in held):
            return None
        number = IdentityId(1 if ipp == event.ipp else 2)
        return Identity(number, event.hospital_id, ipp, PersonId(number), IdentityState.ACTIVE, Record())
