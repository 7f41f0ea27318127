"""What a hospital's event makes of its identities: the state before and an event in, the state after out.

`None` in a patch keeps a field, an empty value deletes it (HL7 v2 section 2.A). A message that is late, repeated or
names an identifier in a way that the profile discourages is read as far as it says something clear:

- an update of an unknown identifier creates it; one of a subsumed one changes that record, explains the survivor;
- a merge whose survivor is unknown makes it from the subsumed identity; one whose subsumed identity is unknown updates
  the survivor; one that reverses an earlier merge brings the survivor back;
- a change to an identifier that is in use is a merge.

Source: PAM ITI-30 (A28, A31, A40, A47, A24, A37), PAM France 2.11.2 section 4.4 (standards 2.4); RNIV (1.4, 1.5).
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec
from msgspec.structs import replace

from beffroi.errors import InvalidValue, Missing, UnknownIdentity, VersionConflict, Words
from beffroi.identity.matching import Link
from beffroi.identity.status import carried_ins, settled
from beffroi.model.feed import FeedEvent, FeedKind, Patch
from beffroi.model.person import Identity, IdentityId, IdentityState, IdentityStatus, PersonId, Record

# An IPP longer than this (characters) is no identifier (HL7 v2.5 CX-1 allows 15, real ones reach 40).
IPP_LENGTH_MAX = 64

_LAST_UPDATE = ("last_update", "last_update_facility")
_PLAIN = tuple(name for name in Patch.__struct_fields__ if name not in ("ins", "ins_removed", "status", *_LAST_UPDATE))
_STRICT = ("birth_family", "birth_given", "birth_given_list", "birth_date", "sex", "birth_place")
_NAMES = ("birth_family", "birth_given", "birth_given_list", "used_family", "used_given")
_EMPTY = Patch()
_THE_IDENTIFIER = Words("The patient identifier", "L'identifiant du patient")
_THE_OTHER = Words("The other patient identifier", "L'autre identifiant du patient")
_IPP_FORM = Words(
    f"at most {IPP_LENGTH_MAX} printable characters, no space around them",
    f"au plus {IPP_LENGTH_MAX} caractères imprimables, sans espace autour",
)
_THE_LINK = Words("The link", "Le lien")
_THE_MESSAGE = Words("The message", "Le message")
_TWO_BEARERS = Words(
    "several identities of this hospital bear it: name one of them by its identifier",
    "plusieurs identités de cet établissement la portent : désignez-en une par son identifiant",
)


class Known(msgspec.Struct, frozen=True):
    """What the register holds for one event: `identity` has the event's IPP, `other` its other IPP.

    `chain` are the identities that `identity` was merged into, one after the other; the last one is its survivor.
    """

    identity: Identity | None = None
    other: Identity | None = None
    chain: tuple[Identity, ...] = ()


class Change(msgspec.Struct, frozen=True):
    """The identities after the event, those that it changed alone, and what it asserts about two of them."""

    identities: tuple[Identity, ...] = ()
    link: Link | None = None


class Arrival(msgspec.Struct, frozen=True):
    """How an event came: when, from which account's feed, and the number that a new identity would get."""

    at: datetime
    account_id: int
    fresh: IdentityId


def apply(known: Known, event: FeedEvent, arrival: Arrival) -> Change:
    """What `event` changes. Raises InvalidValue or Missing for an identifier that is none, UnknownIdentity when nothing
    of the event can be applied.

    >>> from datetime import UTC; from beffroi.model.person import HospitalId
    >>> event = FeedEvent(FeedKind.UPSERT, HospitalId(1), "42", Patch(birth_family="DARK"))
    >>> apply(Known(), event, Arrival(datetime(2026, 1, 1, tzinfo=UTC), 9, IdentityId(7))).identities[0].identity_id
    7
    """
    _check_identifiers(event)
    if event.expected is not None and (known.identity is None or known.identity.updated_at != event.expected):
        raise VersionConflict
    match event.kind:
        case FeedKind.IGNORED:
            return Change()
        case FeedKind.UPSERT | FeedKind.REMOVE_INS:
            return Change(_upserted(known, event, arrival))
        case FeedKind.MERGE:
            return Change(_merged(known, event, arrival))
        case FeedKind.CHANGE_IDENTIFIER:
            return Change(_renamed(known, event, arrival))
        case FeedKind.REMOVE:
            return Change((_removed(known, arrival),))
        case FeedKind.LINK | FeedKind.UNLINK:
            return _linked(known, event, arrival)


def named(event: FeedEvent, register: Iterable[Identity]) -> FeedEvent:
    """`event` with the IPP of the identity in `register` that it names by its INS alone; any other event as it is.

    Raises UnknownIdentity when no identity of the hospital bears that INS, InvalidValue when several do.
    """
    if event.bearer is None:
        return event
    bearers = [
        identity.ipp
        for identity in register
        if identity.hospital_id == event.hospital_id
        and identity.state is IdentityState.ACTIVE
        and carried_ins(identity.record) == event.bearer
    ]
    if not bearers:
        raise UnknownIdentity(what=_THE_MESSAGE)
    if len(bearers) > 1:
        raise InvalidValue(what=Words("The INS", "L'INS"), why=_TWO_BEARERS)
    return replace(event, ipp=bearers[0], bearer=None)


def patched(record: Record, patch: Patch, *, ins_removed: bool = False) -> Record:
    """`record` with what `patch` mentions, settled. The used name is never filled from the birth name (EXI ID 08).

    Strict traits that change without a word about the status reopen the question: the identity is provisional until its
    hospital says again what it checked. An INS counts only beside a status, in the same message, that carries it.
    When the hospital last updated them (PID-33) counts when something changed: much software sends the present time.

    >>> patched(Record(birth_family="DARK", used_family="MARTIN"), Patch(used_family="")).used_family
    ''
    """
    if patch == _EMPTY and not ins_removed:
        return record
    said = {name: value for name in _PLAIN if (value := getattr(patch, name)) is not None}
    if patch.status is not None:
        said["status"] = patch.status
        if patch.ins is not None:
            said["ins"] = patch.ins
    elif any(name in said and said[name] != getattr(record, name) for name in _STRICT):
        said["status"] = IdentityStatus.PROVISIONAL
    if ins_removed or patch.ins_removed:
        said["ins"] = None
    changed = settled(replace(record, **said))
    updated = {name: value for name in _LAST_UPDATE if (value := getattr(patch, name)) is not None}
    return changed if changed == record or not updated else replace(changed, **updated)


def _check_identifiers(event: FeedEvent) -> None:
    if event.kind is FeedKind.IGNORED:
        return
    _check_identifier(_THE_IDENTIFIER, event.ipp)
    if event.kind in (FeedKind.UPSERT, FeedKind.REMOVE_INS, FeedKind.REMOVE):
        return
    _check_identifier(_THE_OTHER, event.other_ipp)
    if event.kind is not FeedKind.CHANGE_IDENTIFIER and event.ipp == event.other_ipp:
        raise InvalidValue(what=_THE_OTHER, why=Words("it is the identifier itself", "c'est l'identifiant lui-même"))


def _check_identifier(what: Words, ipp: str) -> None:
    if not ipp:
        raise Missing(what=what)
    if len(ipp) > IPP_LENGTH_MAX or not ipp.isprintable() or ipp != ipp.strip():
        raise InvalidValue(what=what, why=_IPP_FORM)


def _upserted(known: Known, event: FeedEvent, arrival: Arrival) -> tuple[Identity, ...]:
    if known.identity is None:
        return (_created(event, arrival),)
    if known.identity.state is IdentityState.DEACTIVATED:  # it comes back as what this event says of it alone
        return (_created(event, arrival, number=known.identity.identity_id),)
    updated = _updated(known.identity, event, arrival)
    if not known.chain:
        return (updated,)
    # Whoever works under the subsumed identifier reads the survivor.
    return (updated, _explained(known.chain[-1], event, arrival))


def _removed(known: Known, arrival: Arrival) -> Identity:
    """The identity, never found again. It keeps its number: who was shown it stays known."""
    if known.identity is None or known.identity.state is IdentityState.DEACTIVATED:
        raise UnknownIdentity(what=_THE_MESSAGE)
    return replace(
        known.identity,
        state=IdentityState.DEACTIVATED,
        merged_into=None,
        explains_until=None,
        fed_by=None,
        updated_at=arrival.at,
    )


def _merged(known: Known, event: FeedEvent, arrival: Arrival) -> tuple[Identity, ...]:
    subsumed = known.other
    if subsumed is None:
        return _upserted(known, event, arrival)
    if known.identity is None:
        changed: tuple[Identity, ...] = (_created(event, arrival, subsumed.record),)
    else:
        changed = _upserted(known, event, arrival)
    survivor = changed[0]
    if subsumed in known.chain:
        # An earlier merge reversed: the survivor takes the subsumed one's place, or they would form a circle.
        survivor = replace(survivor, state=subsumed.state, merged_into=subsumed.merged_into, updated_at=arrival.at)
    gone = replace(subsumed, state=IdentityState.MERGED, merged_into=survivor.identity_id, updated_at=arrival.at)
    after = {i.identity_id: i for i in (*changed, survivor, gone)}
    heir = survivor if survivor.merged_into is None else known.chain[-1]
    heir = after.get(heir.identity_id, heir)
    after[heir.identity_id] = _explained_by(heir, subsumed.explains_until, subsumed.fed_by)
    return tuple(after.values())


def _renamed(known: Known, event: FeedEvent, arrival: Arrival) -> tuple[Identity, ...]:
    old = known.other
    if old is None or old.state is IdentityState.MERGED or event.ipp == event.other_ipp:
        return _upserted(known, event, arrival)
    if known.identity is not None:
        return _merged(known, event, arrival)
    return (_updated(replace(old, ipp=event.ipp, updated_at=arrival.at), event, arrival),)


def _linked(known: Known, event: FeedEvent, arrival: Arrival) -> Change:
    if known.identity is None or known.other is None:
        raise UnknownIdentity(what=_THE_LINK)
    a, b = sorted((known.identity.identity_id, known.other.identity_id))
    return Change(_upserted(known, event, arrival), Link(a, b, event.kind is FeedKind.LINK))


def _created(
    event: FeedEvent, arrival: Arrival, record: Record | None = None, number: IdentityId | None = None
) -> Identity:
    """A new identity; nothing is created of a message that gives its patient no name at all."""
    if record is None and not any(getattr(event.patch, name) for name in _NAMES):
        raise UnknownIdentity(what=_THE_MESSAGE)
    number = arrival.fresh if number is None else number
    new = Identity(
        number,
        event.hospital_id,
        event.ipp,
        PersonId(number),
        IdentityState.ACTIVE,
        patched(record or Record(), event.patch, ins_removed=event.kind is FeedKind.REMOVE_INS),
        updated_at=arrival.at,
    )
    return _explained(new, event, arrival)


def _updated(identity: Identity, event: FeedEvent, arrival: Arrival) -> Identity:
    record = patched(identity.record, event.patch, ins_removed=event.kind is FeedKind.REMOVE_INS)
    if record != identity.record:
        identity = replace(identity, record=record, updated_at=arrival.at)
    return _explained(identity, event, arrival)


def _explained(identity: Identity, event: FeedEvent, arrival: Arrival) -> Identity:
    if event.explains_s <= 0:
        return identity
    return _explained_by(identity, arrival.at + timedelta(seconds=event.explains_s), arrival.account_id)


def _explained_by(identity: Identity, until: datetime | None, fed_by: int | None) -> Identity:
    """The later explanation stands, with the account that gave it: to that account it explains nothing."""
    if until is None or (identity.explains_until is not None and identity.explains_until >= until):
        return identity
    return replace(identity, explains_until=until, fed_by=fed_by)
