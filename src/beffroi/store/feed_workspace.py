"""One batch of the feed in memory: identities as they were, as events change them, and what must be written.

No statement here: `store.feed` loads into a workspace, folds the events in their order, and writes what differs.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg
import msgspec

from beffroi.errors import CallerError
from beffroi.identity.fold import Arrival, Known, apply, named
from beffroi.identity.matching import Link, Standing, strict_key
from beffroi.identity.normalise import search_keys
from beffroi.identity.status import carried_ins, stays_local
from beffroi.model.feed import FeedAction, FeedEvent, FeedKind, FeedOutcome
from beffroi.model.person import (
    HospitalId,
    Identity,
    IdentityAttribute,
    IdentityId,
    IdentityState,
    PersonId,
    Record,
)

CONTACT_SEPARATOR = "\x1f"
# Characters of an event's name kept as the cause of a move ("A40"): a label, never a text.
CAUSE_LENGTH_MAX = 16

_decode_record = msgspec.json.Decoder(Record).decode
_encode_record = msgspec.json.Encoder().encode

Domain = tuple[HospitalId, str]


@dataclass(frozen=True, slots=True)
class Fed:
    """An event, the account from whose feed it came, and whether it came as it happened (not in a bulk load)."""

    event: FeedEvent
    account_id: int
    live: bool


Result = FeedOutcome | CallerError


@dataclass(frozen=True, slots=True)
class Move:
    """An identity that belongs to another person than before."""

    identity_id: IdentityId
    from_person: PersonId
    to_person: PersonId
    cause: str


@dataclass(frozen=True, slots=True)
class Noted:
    """What one live event did to one identity. `identifiers`: those that it bears, or their standing, may differ."""

    identity_id: IdentityId
    hospital_id: HospitalId
    account_id: int
    action: FeedAction
    event: str
    identifiers: bool


@dataclass(frozen=True, slots=True)
class Touched:
    """Standings that changed or were linked, every strict key that they have or had, the survivors that they left."""

    standings: dict[IdentityId, Standing]
    keys: set[bytes]
    left: set[IdentityId]


class Workspace:
    """Identities by number and by (hospital, IPP), before and after the batch."""

    def __init__(self, now: datetime, sensitive: frozenset[HospitalId] = frozenset()) -> None:
        self.now = now
        self._sensitive = sensitive
        self.after: dict[IdentityId, Identity] = {}
        self.links: dict[tuple[IdentityId, IdentityId], Link] = {}
        self._before: dict[IdentityId, tuple[Identity, Standing]] = {}
        self._numbers: dict[Domain, IdentityId] = {}
        self._fresh: list[IdentityId] = []
        self._causes: dict[IdentityId, str] = {}
        self.noted: list[Noted] = []

    def load(self, rows: Iterable[asyncpg.Record]) -> None:
        """Takes in identities as the store holds them."""
        for row in rows:
            identity, standing = _identity(row), standing_of(row, self._sensitive)
            self._before[identity.identity_id] = (identity, standing)
            self._put(identity)

    def missing_survivors(self) -> list[IdentityId]:
        """Numbers to load: identities that others are merged into."""
        into = {i.merged_into for i in self.after.values() if i.merged_into is not None}
        return sorted(into - self.after.keys())

    def numbers_needed(self, batch: Iterable[Fed]) -> int:
        """How many new identities the batch can make at most: one per unknown IPP, and one per IPP that is given up."""
        ipps = {(fed.event.hospital_id, fed.event.ipp) for fed in batch if fed.event.ipp}
        given_up = sum(fed.event.kind is FeedKind.CHANGE_IDENTIFIER for fed in batch)
        return len(ipps - self._numbers.keys()) + given_up

    def take_numbers(self, numbers: Iterable[IdentityId]) -> None:
        """The numbers that new identities will get, ascending."""
        self._fresh = sorted(numbers, reverse=True)

    def fold(self, fed: Fed) -> Result:
        """Applies one event; an error leaves everything as it was."""
        event = fed.event
        if event.kind is FeedKind.IGNORED:
            return FeedOutcome.IGNORED
        fresh = self._fresh[-1] if self._fresh else IdentityId(0)
        try:
            event = named(event, self.after.values())
            change = apply(self._known(event), event, Arrival(self.now, fed.account_id, fresh))
        except CallerError as error:
            return error
        label = (event.event or event.kind.value)[:CAUSE_LENGTH_MAX]
        for identity in change.identities:
            if fed.live and (noted := _noted(self.after.get(identity.identity_id), identity, fed, label)) is not None:
                self.noted.append(noted)
            self._put(identity)
            self._causes[identity.identity_id] = label
            if identity.identity_id == fresh:
                self._fresh.pop()
        if change.link is not None:
            self.links[change.link.a, change.link.b] = change.link
        return FeedOutcome.APPLIED

    def _known(self, event: FeedEvent) -> Known:
        identity = self._find(event.hospital_id, event.ipp)
        other = self._find(event.hospital_id, event.other_ipp) if event.other_ipp else None
        chain: list[Identity] = []
        link = identity.merged_into if identity else None
        while link is not None and len(chain) < len(self.after):
            chain.append(self.after[link])
            link = self.after[link].merged_into
        return Known(identity, other, tuple(chain))

    def _find(self, hospital_id: HospitalId, ipp: str) -> Identity | None:
        number = self._numbers.get((hospital_id, ipp))
        return None if number is None else self.after[number]

    def _put(self, identity: Identity) -> None:
        old = self.after.get(identity.identity_id)
        if old is not None and old.ipp != identity.ipp:
            del self._numbers[old.hospital_id, old.ipp]
        self.after[identity.identity_id] = identity
        self._numbers[identity.hospital_id, identity.ipp] = identity.identity_id

    def touched(self) -> Touched:
        """What the cross-reference must look at again: where it stands now, and what it stood with before."""
        standings: dict[IdentityId, Standing] = {}
        keys: set[bytes | None] = set()
        left: set[IdentityId | None] = set()
        linked = {number for pair in self.links for number in pair}
        for number, identity in self.after.items():
            before = self._before.get(number)
            standing = before[1] if before and _stands_as(before[0], identity) else self._standing(identity)
            if before is None or standing != before[1] or number in linked:
                standings[number] = standing
                keys |= {standing.strict_key, before[1].strict_key if before else None}
                left.add(before[1].merged_into if before else None)
        return Touched(standings, {key for key in keys if key}, {number for number in left if number is not None})

    def _standing(self, identity: Identity) -> Standing:
        hidden = identity.hospital_id in self._sensitive
        standing = _standing(identity)
        return msgspec.structs.replace(standing, hidden_by=identity.hospital_id) if hidden else standing

    def settle(self, persons: Mapping[IdentityId, PersonId], current: Mapping[IdentityId, PersonId]) -> list[Move]:
        """Gives every identity of the recomputed cross-reference its person; what changed of existing identities."""
        moved: list[tuple[IdentityId, PersonId, PersonId]] = []
        labels: dict[PersonId, str] = {}
        for number, person in persons.items():
            identity = self.after.get(number)
            if identity is not None and identity.person_id != person:
                self.after[number] = msgspec.structs.replace(identity, person_id=person)
            was = current.get(number)
            cause = self._causes.get(number)
            if cause:
                labels[person] = cause
                if was is not None:
                    labels[was] = cause
            if was is not None and was != person:
                moved.append((number, was, person))
        return [
            Move(number, was, person, self._causes.get(number) or labels.get(was) or labels.get(person, ""))
            for number, was, person in sorted(moved)
        ]

    def person_of(self, number: IdentityId) -> PersonId | None:
        """The person of a loaded identity before the batch; None for a new one."""
        before = self._before.get(number)
        return before[0].person_id if before else None

    def created(self) -> list[Identity]:
        """New identities, in the order of their numbers."""
        return [self.after[number] for number in sorted(self.after.keys() - self._before.keys())]

    def changed(self) -> tuple[list[Identity], list[Identity]]:
        """(identities to write whole, identities of which only the explanation changed), by number."""
        whole: list[Identity] = []
        explained: list[Identity] = []
        for number, (before, _) in sorted(self._before.items()):
            after = self.after[number]
            if after == before:
                continue
            same = msgspec.structs.replace(
                after, explains_until=before.explains_until, fed_by=before.fed_by, person_id=before.person_id
            )
            (explained if same == before else whole).append(after)
        return whole, [
            i for i in explained if self._explanation(i) != self._explanation(self._before[i.identity_id][0])
        ]

    @staticmethod
    def _explanation(identity: Identity) -> tuple[datetime | None, int | None]:
        return identity.explains_until, identity.fed_by


def _noted(before: Identity | None, after: Identity, fed: Fed, label: str) -> Noted | None:
    """What an event did to an identity; None when it only explains readings, which is most events."""
    gone = after.state is not IdentityState.ACTIVE
    if before is None or (before.state is IdentityState.DEACTIVATED and not gone):
        action = FeedAction.CREATE
    elif gone and before.state is not after.state:
        action = FeedAction.DELETE
    elif _stands_as(before, after) and before.ipp == after.ipp:
        return None
    else:
        action = FeedAction.UPDATE
    same = before is not None and (before.ipp, before.record.ins, before.record.others, before.merged_into) == (
        after.ipp,
        after.record.ins,
        after.record.others,
        after.merged_into,
    )
    identifiers = action is not FeedAction.UPDATE or not same
    return Noted(after.identity_id, after.hospital_id, fed.account_id, action, label, identifiers)


def columns(identities: Iterable[Identity]) -> list[tuple[Any, ...]]:
    """One tuple per column of `insert_identities`, in its order; at least one identity."""
    return list(zip(*(_row(identity) for identity in identities), strict=True))


def standing_of(row: asyncpg.Record, sensitive: frozenset[HospitalId]) -> Standing:
    """Where a row's identity stands in the cross-reference."""
    hidden_by = row["hospital_id"] if row["hospital_id"] in sensitive else None
    return Standing(row["identity_id"], row["strict_key"], row["ins"], row["merged_into"], hidden_by)


def _row(identity: Identity) -> tuple[Any, ...]:
    record = identity.record
    keys = search_keys(record)
    standing = _standing(identity)
    return (
        identity.identity_id,
        identity.hospital_id,
        identity.ipp,
        identity.person_id,
        identity.state.value,
        identity.merged_into,
        record.birth_date,
        keys.family_key,
        keys.used_key,
        keys.given_key,
        keys.used_given_key,
        standing.strict_key,
        standing.ins,
        CONTACT_SEPARATOR.join(keys.contact_keys) or None,
        stays_local(record),
        record.restricted or IdentityAttribute.HIDDEN in record.attributes,
        _encode_record(record).decode(),
        identity.explains_until,
        identity.fed_by,
        identity.updated_at,
    )


def _standing(identity: Identity) -> Standing:
    """A merged identity has no key of its own any more: it follows its survivor."""
    if identity.state is not IdentityState.ACTIVE:
        return Standing(identity.identity_id, merged_into=identity.merged_into)
    ins = carried_ins(identity.record)
    return Standing(
        identity.identity_id,
        strict_key(identity.record),
        ins.key if ins else None,
        identity.merged_into,
    )


def _stands_as(before: Identity, after: Identity) -> bool:
    """True when nothing that the cross-reference looks at can have changed."""
    return (before.record is after.record or before.record == after.record) and (before.state, before.merged_into) == (
        after.state,
        after.merged_into,
    )


def _identity(row: asyncpg.Record) -> Identity:
    return Identity(
        row["identity_id"],
        row["hospital_id"],
        row["ipp"],
        row["person_id"],
        IdentityState(row["state"]),
        _decode_record(row["record"]),
        row["merged_into"],
        row["explains_until"],
        row["fed_by"],
        row["updated_at"],
    )
