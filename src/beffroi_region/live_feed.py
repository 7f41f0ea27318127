"""A day's messages of a region's hospitals: who comes, who is corrected, who was registered twice.

A stream is deterministic in the region, its own seed and its time. Messages about one identity are in order: what a
message changes (an address, a status, a number) holds for the messages behind it.

The mix is [E]: admissions, outpatients and corrections in the proportions that a hospital's interface engine shows.
"""

from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from random import Random

from msgspec.structs import replace

from beffroi.model.person import HospitalId, IdentityAttribute, IdentityStatus, Record
from beffroi_region.adt_messages import Envelope, ins_removal_message, link_message, merge_message, message
from beffroi_region.hospitals import Site
from beffroi_region.local_identities import LocalIdentity, Region
from beffroi_region.names import official

_MIX = (
    ("A01", 0.17),
    ("A04", 0.24),
    ("A05", 0.05),
    ("A03", 0.06),
    ("A31", 0.27),
    ("A28", 0.12),
    ("A40", 0.04),
    ("A47", 0.02),
    ("A24", 0.01),
    ("A11", 0.02),
)
_SHARES = tuple(accumulate(share for _, share in _MIX))
_QUALIFIED_NOW, _INS_REMOVED = 0.4, 0.1
_SPAN = timedelta(minutes=50)
"""How long before the end of the stream its first message was sent."""
_TRIES_MAX = 40
_NEW_NUMBER_PREFIX = "N"


@dataclass(frozen=True, slots=True)
class Sent:
    """One message, and what it is about: the truth for whoever checks what became of it.

    `record` is what the hospital holds of the identity after it; `other_ipp` the subsumed, old or linked one.
    """

    event: str
    hospital_id: HospitalId
    ipp: str
    person: int | None
    record: Record
    content: bytes
    other_ipp: str = ""


class LiveFeed:
    """Messages about the people numbered below `first_new`, whom the hospitals know, and about the newcomers."""

    def __init__(self, region: Region, seed: int, until: datetime, *, first_new: int | None = None) -> None:
        self._region = region
        self._random = Random(f"live {seed}")
        self._until = until
        self._first_new = region.people.size if first_new is None else first_new
        self._next_new = self._first_new
        self._held: dict[tuple[HospitalId, str], LocalIdentity] = {}
        self._gone: set[tuple[HospitalId, str]] = set()
        self._queue: list[LocalIdentity] = []
        self._control = 0

    def messages(self, count: int) -> Iterator[Sent]:
        """`count` messages, oldest first."""
        for index in range(count):
            at = self._until - _SPAN + _SPAN * (index + 1) / count
            yield self._message(at)

    def _message(self, at: datetime) -> Sent:
        event = _MIX[min(bisect(_SHARES, self._random.random()), len(_MIX) - 1)][0]
        if event == "A28":
            newcomer = self._newcomer()
            if newcomer is not None:
                return self._sent("A28", newcomer, at)
            event = "A31"
        if event in ("A40", "A24"):
            pair = self._duplicate()
            if pair is not None:
                return self._merged(*pair, at) if event == "A40" else self._linked(*pair, at)
            event = "A31"
        identity = self._somebody()
        if event == "A47":
            return self._renumbered(identity, at)
        if event == "A31":
            return self._corrected(identity, at)
        return self._sent(event, identity, at)

    # --- about whom

    def _current(self, identity: LocalIdentity) -> LocalIdentity | None:
        """As the stream left it; None once it was merged or renumbered away."""
        key = (identity.hospital_id, identity.ipp)
        return None if key in self._gone else self._held.get(key, identity)

    def _somebody(self) -> LocalIdentity:
        """An identity that was there before the stream."""
        for _ in range(_TRIES_MAX):
            known = self._region.identities(self._random.randrange(max(self._first_new, 1)))
            chosen = self._current(known[self._random.randrange(len(known))])
            if chosen is not None and _may_come(chosen):
                return chosen
        raise LookupError("this region is too small for so many messages")

    def _newcomer(self) -> LocalIdentity | None:
        """The next identity that no hospital has sent yet; None when all people are known."""
        if not self._queue:
            if self._next_new >= self._region.people.size:
                return None
            self._queue = list(self._region.identities(self._next_new))
            self._next_new += 1
        return self._queue.pop(0)

    def _duplicate(self) -> tuple[LocalIdentity, LocalIdentity] | None:
        """The identity that stays and the one that goes, of somebody registered twice; None when none is found."""
        for _ in range(_TRIES_MAX * 4):
            known = self._region.identities(self._random.randrange(max(self._first_new, 1)))
            extra = next((i for i in known if i.duplicate_of), None)
            if extra is None:
                continue
            first = next(i for i in known if i.hospital_id == extra.hospital_id and i.ipp == extra.duplicate_of)
            stays, goes = self._current(first), self._current(extra)
            if stays is not None and goes is not None:
                return stays, goes
        return None

    # --- what about

    def _corrected(self, identity: LocalIdentity, at: datetime) -> Sent:
        """A31: the identity is qualified now, or contact details changed; A47: its INS was wrong."""
        assert identity.person is not None
        truth = self._region.people[identity.person].record
        u = self._random.random()
        record = identity.record
        if u < _QUALIFIED_NOW and record.status is not IdentityStatus.QUALIFIED and truth.ins is not None:
            record = qualified(record, truth)
        elif u > 1 - _INS_REMOVED and record.ins is not None:
            return self._disqualified(identity, at)
        else:
            record = replace(record, addresses=truth.addresses, telecoms=truth.telecoms)
        return self._sent("A31", replace(identity, record=record), at)

    def _disqualified(self, identity: LocalIdentity, at: datetime) -> Sent:
        """A47 that deletes an INS which was wrongly attributed: the identity stays validated."""
        site, envelope = self._envelope("A47", identity, at)
        content = ins_removal_message(identity.record, identity.ipp, site, envelope)
        record = replace(identity.record, status=IdentityStatus.VALIDATED, ins=None)
        return self._hold(replace(identity, record=record), "A47", content)

    def _renumbered(self, identity: LocalIdentity, at: datetime) -> Sent:
        """A47: the hospital gives another number."""
        site, envelope = self._envelope("A47", identity, at)
        renumbered = replace(identity, ipp=_NEW_NUMBER_PREFIX + identity.ipp)
        content = merge_message(identity.record, renumbered.ipp, identity.ipp, site, envelope)
        self._gone.add((identity.hospital_id, identity.ipp))
        return self._hold(renumbered, "A47", content, identity.ipp)

    def _merged(self, stays: LocalIdentity, goes: LocalIdentity, at: datetime) -> Sent:
        site, envelope = self._envelope("A40", stays, at)
        content = merge_message(stays.record, stays.ipp, goes.ipp, site, envelope)
        self._gone.add((goes.hospital_id, goes.ipp))
        return self._hold(stays, "A40", content, goes.ipp)

    def _linked(self, one: LocalIdentity, other: LocalIdentity, at: datetime) -> Sent:
        site, envelope = self._envelope("A24", one, at)
        content = link_message(one.ipp, other.ipp, site, envelope)
        self._gone.add((other.hospital_id, other.ipp))  # linked once is enough: not merged as well
        return self._hold(one, "A24", content, other.ipp)

    def _sent(self, event: str, identity: LocalIdentity, at: datetime) -> Sent:
        site, envelope = self._envelope(event, identity, at)
        return self._hold(identity, event, message(identity.record, identity.ipp, site, envelope))

    def _envelope(self, event: str, identity: LocalIdentity, at: datetime) -> tuple[Site, Envelope]:
        site = self._region.sites[identity.hospital_id - 1]
        self._control += 1
        namespace = site.hospital.namespace
        latin_1 = site.authority_by_finess
        return site, Envelope(event, f"{namespace}-{at:%Y%m%d%H%M}-{self._control:06}", at, namespace, latin_1)

    def _hold(self, identity: LocalIdentity, event: str, content: bytes, other_ipp: str = "") -> Sent:
        self._held[identity.hospital_id, identity.ipp] = identity
        return Sent(event, identity.hospital_id, identity.ipp, identity.person, identity.record, content, other_ipp)


def _may_come(identity: LocalIdentity) -> bool:
    attributes = identity.record.attributes
    return (
        identity.person is not None and not identity.record.deceased and IdentityAttribute.ANONYMOUS not in attributes
    )


def qualified(record: Record, truth: Record) -> Record:
    """The identity once the national service returned its traits and a document was seen."""
    return replace(
        record,
        birth_family=official(truth.birth_family),
        birth_given=official(truth.birth_given),
        birth_given_list=official(truth.birth_given_list),
        birth_date=truth.birth_date,
        birth_date_interpreted=truth.birth_date_interpreted,
        sex=truth.sex,
        birth_place=truth.birth_place,
        status=IdentityStatus.QUALIFIED,
        ins=truth.ins,
        attributes=tuple(a for a in record.attributes if a is not IdentityAttribute.DOUBTFUL),
    )
