"""PAM France: an ADT message as events about the identities of one hospital's domain.

Only MSH, EVN, PID, PD1, MRG and ZFD are ever decoded, and of these only what says who somebody is (law 4). The source
feeds one hospital: an identifier of another domain is `NotYourDomain`.

Source: PAM France 2.11.2, ITI-30 and ITI-31 (standards 2.4, 3.5); HL7 v2.5 chapter 3.
"""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType

import msgspec
from msgspec.structs import replace

from beffroi.errors import (
    InvalidValue,
    Malformed,
    Missing,
    TooLarge,
    UnsupportedEvent,
    UnsupportedMessage,
    Words,
)
from beffroi.model.feed import FeedEvent, FeedKind, MessageKey, Patch
from beffroi.model.person import Hospital
from beffroi.wire.hl7 import Message, Segment, parse
from beffroi.wire.hl7_time import parse_time
from beffroi.wire.hl7_types import Identifier, identifiers
from beffroi.wire.pam_events import Meaning, explains_s, meaning_of
from beffroi.wire.pam_identifiers import national_identifier, own_ipp, own_ipps
from beffroi.wire.pam_traits import Patient, Remark, patch_of

_READ = ("EVN", "PID", "PD1", "MRG", "ZFD")
_NO_WINDOWS: Mapping[str, int] = MappingProxyType({})
FORBIDDEN_FIELDS = (2, 4, 9, 10, 12, 17, 19, 22, 28)
"""Of PID (PAM France 2.11): old identifiers, alias, county, race, religion, SSN, ethnic group, citizenship."""
PATIENTS_MAX = 50
"""Patients in one message. A40 may repeat its group; more than this is an import, which has its own way in."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The events of one message, in order, and what of it was not kept.

    `forbidden_count`: fields that it should not have held. `movement_count`: movements (ZBE), care and not identity.
    """

    events: tuple[FeedEvent, ...]
    remarks: tuple[Remark, ...] = ()
    forbidden_count: int = 0
    movement_count: int = 0


class _Group(msgspec.Struct, frozen=True):
    patient: Patient
    mrg: Segment | None


class _Context(msgspec.Struct, frozen=True):
    """What all the events of one message share."""

    hospital: Hospital
    event: str
    occurred_at: datetime | None
    explains_s: int

    def make(self, kind: FeedKind, ipp: str, patch: Patch | None = None, other_ipp: str = "") -> FeedEvent:
        return FeedEvent(
            kind=kind,
            hospital_id=self.hospital.hospital_id,
            ipp=ipp,
            patch=patch or Patch(),
            other_ipp=other_ipp,
            event=self.event,
            occurred_at=self.occurred_at,
            explains_s=self.explains_s,
        )


def feed_events(content: bytes, hospital: Hospital, windows: Mapping[str, int] = _NO_WINDOWS) -> tuple[FeedEvent, ...]:
    """The events of one message in bytes. Raises a `CallerError` with the HL7 location of what is wrong."""
    message = parse(content)
    message.header.check()
    return read(message, hospital, windows).events


def read(message: Message, hospital: Hospital, windows: Mapping[str, int] = _NO_WINDOWS) -> Reading:
    """The events of a message, each with a key of its own. `windows` are the hospital's own values for `explains_s`.

    A message without a patient is one event that is ignored: it shows that the feed is alive.
    """
    header = message.header
    if header.type != "ADT":
        raise UnsupportedMessage("MSH^1^9", what=header.kind)
    segments = message.segments(*_READ)
    evn = next((s for s in segments if s.name == "EVN"), None)
    event = header.event or (evn.text(1) if evn else None) or ""
    meaning = meaning_of(event)
    if meaning is None or meaning is Meaning.REFUSED:
        raise UnsupportedEvent("MSH^1^9^1^2", what=header.kind if meaning is None else f"ADT^{event}")
    occurred_at = _time(evn.text(2) if evn else None) or _time(header.sent_at)
    context = _Context(hospital, event, occurred_at, explains_s(event, windows))
    if meaning is Meaning.NOTHING:
        found = Reading((context.make(FeedKind.IGNORED, ""),))
    else:
        told_on = occurred_at.date() if occurred_at else None
        found = _READERS[meaning](_groups(segments, told_on, header.french), context)
    forbidden = _forbidden(segments) if header.french else 0
    return dataclasses.replace(
        _with_keys(message, found), forbidden_count=forbidden, movement_count=message.count("ZBE")
    )


def _forbidden(segments: list[Segment]) -> int:
    """How many fields that PAM France forbids have a value, in all PID: never read, but told to whoever watches."""
    return sum(bool(s.raw(field)) for s in segments if s.name == "PID" for field in FORBIDDEN_FIELDS)


def _with_keys(message: Message, found: Reading) -> Reading:
    """Each event of a message has a digest of its own, or the second would be taken for the first one sent again."""
    header = message.header
    events = tuple(
        replace(event, key=MessageKey(header.application, header.facility, header.control_id, message.digest(ordinal)))
        for ordinal, event in enumerate(found.events)
    )
    return Reading(events, found.remarks)


def _time(text: str | None) -> datetime | None:
    """A time that is only informative: None when it cannot be read."""
    try:
        return parse_time(text.strip()) if text else None
    except (ValueError, OverflowError):
        return None


def _groups(segments: list[Segment], told_on: date | None, french: bool) -> list[_Group]:
    """Each PID with the segments behind it, up to the next PID."""
    groups: list[_Group] = []
    for segment in segments:
        if segment.name == "PID":
            groups.append(_Group(Patient(segment, told_on=told_on, french=french), None))
        elif not groups:
            continue
        elif segment.name == "MRG":
            groups[-1] = _Group(groups[-1].patient, segment)
        elif segment.name == "PD1":
            groups[-1] = _Group(replace(groups[-1].patient, pd1=segment), groups[-1].mrg)
        elif segment.name == "ZFD":
            groups[-1] = _Group(replace(groups[-1].patient, zfd=segment), groups[-1].mrg)
    if not groups:
        raise Malformed("PID^1", what="PID", why=Words("it is missing", "il manque"))
    if len(groups) > PATIENTS_MAX:
        raise TooLarge("PID^1", what="PID", limit=f"{PATIENTS_MAX} patients")
    return groups


def _exactly(groups: list[_Group], count: int) -> list[_Group]:
    if len(groups) != count:
        why = Words(f"this event needs {count}, {len(groups)} came", f"il en faut {count}, {len(groups)} reçu(s)")
        raise Malformed(f"PID^{min(len(groups), count + 1)}", what="PID", why=why)
    return groups


def _updated(groups: list[_Group], context: _Context) -> Reading:
    return _one_updated(_exactly(groups, 1)[0].patient, context)


def _one_updated(patient: Patient, context: _Context) -> Reading:
    found = patient.identifiers
    ipp = own_ipp(found, context.hospital, patient.pid.location(3))
    patch, remarks = patch_of(patient, found, context.hospital)
    if patch.birth_family is patch.birth_given is patch.used_family is patch.used_given is None:
        raise Missing(patient.pid.location(5), what="PID-5")
    return Reading((context.make(FeedKind.UPSERT, ipp, patch),), remarks)


def _swapped(groups: list[_Group], context: _Context) -> Reading:
    readings = [_one_updated(group.patient, context) for group in _exactly(groups, 2)]
    return Reading(
        tuple(event for reading in readings for event in reading.events),
        tuple(remark for reading in readings for remark in reading.remarks),
    )


def _old_ones(group: _Group) -> tuple[Segment, tuple[Identifier, ...]]:
    """MRG and its identifiers; raises `Missing` without them."""
    pid = group.patient.pid
    if group.mrg is None:
        raise Missing(f"MRG^{pid.ordinal}", what="MRG")
    old = identifiers(group.mrg, 1)
    if not old:
        raise Missing(group.mrg.location(1), what="MRG-1")
    return group.mrg, old


def _merged(groups: list[_Group], context: _Context) -> Reading:
    events: list[FeedEvent] = []
    remarks: list[Remark] = []
    for group in groups:
        found = group.patient.identifiers
        survivor = own_ipp(found, context.hospital, group.patient.pid.location(3))
        mrg, old = _old_ones(group)
        subsumed = own_ipps(old, context.hospital, mrg.location(1))
        if not subsumed:
            raise Missing(mrg.location(1), what="MRG-1")
        if survivor in subsumed:
            why = Words("it is the surviving identifier itself", "c'est l'identifiant qui survit")
            raise InvalidValue(mrg.location(1), what="MRG-1", why=why)
        patch, said = patch_of(group.patient, found, context.hospital)
        remarks += said
        events += (context.make(FeedKind.MERGE, survivor, patch, other) for other in subsumed)
    return Reading(tuple(events), tuple(remarks))


def _changed(groups: list[_Group], context: _Context) -> Reading:
    """A47: another IPP, another INS or none, or an identifier that is not kept here.

    An INS in MRG-1 that PID-3 does not replace is deleted, with `""` in PID-3 as PAM France wants it or without. Where
    neither PID-3 nor MRG-1 has an IPP, the INS of MRG-1 is what names the patient.
    """
    (group,) = _exactly(groups, 1)
    found = group.patient.identifiers
    mrg, old = _old_ones(group)
    had_ins = national_identifier(old).ins
    old_ipps = own_ipps(old, context.hospital, mrg.location(1))
    patch, remarks = patch_of(group.patient, found, context.hospital)
    national = national_identifier(found)
    without_ins = national.removed or (had_ins is not None and national.ins is None)
    if without_ins:
        patch = replace(patch, ins_removed=True)
    kind = FeedKind.REMOVE_INS if without_ins else FeedKind.UPSERT
    location = group.patient.pid.location(3)
    if had_ins is not None and not old_ipps and not own_ipps(found, context.hospital, location):
        return Reading((replace(context.make(kind, "", patch), bearer=had_ins),), remarks)
    ipp = own_ipp(found, context.hospital, location)
    renamed = [i for i in old_ipps if i != ipp]
    if renamed:
        events = tuple(context.make(FeedKind.CHANGE_IDENTIFIER, ipp, patch, other) for other in renamed)
    else:
        events = (context.make(kind, ipp, patch),)
    return Reading(events, remarks)


def _linked(groups: list[_Group], context: _Context) -> Reading:
    return Reading((_pair(groups, context, FeedKind.LINK),))


def _unlinked(groups: list[_Group], context: _Context) -> Reading:
    return Reading((_pair(groups, context, FeedKind.UNLINK),))


def _pair(groups: list[_Group], context: _Context, kind: FeedKind) -> FeedEvent:
    """A24 and A37 speak of two identities; their traits come by A31."""
    one, other = (
        own_ipp(group.patient.identifiers, context.hospital, group.patient.pid.location(3))
        for group in _exactly(groups, 2)
    )
    if one == other:
        why = Words("it is the same identifier twice", "c'est deux fois le même identifiant")
        raise InvalidValue("PID^2^3", what="PID-3", why=why)
    return context.make(kind, one, other_ipp=other)


_READERS: dict[Meaning, Callable[[list[_Group], _Context], Reading]] = {
    Meaning.UPDATE: _updated,
    Meaning.MERGE: _merged,
    Meaning.CHANGE: _changed,
    Meaning.LINK: _linked,
    Meaning.UNLINK: _unlinked,
    Meaning.SWAP: _swapped,
}
