"""What an identity's confidence status allows: who may be linked, who stays at home, whose INS may be carried.

Source: RNIV 1 v2.0 EXI SI 07, EXI SI 09, EXI ID 24, EXI ID 29; PAM France 2.11.2 sections 4.4.3, 4.4.4, 6.6.4, 6.6.15
(standards 1.3 to 1.6).
"""

from msgspec.structs import replace

from beffroi.model.person import IdentityAttribute, IdentityStatus, Ins, Record

_CHECKED = frozenset({IdentityStatus.VALIDATED, IdentityStatus.QUALIFIED})
# Of these, nobody knows for certain whose traits they are; a collision holds two people's, a usurped one a stranger's.
_UNCERTAIN = frozenset(
    {
        IdentityAttribute.DOUBTFUL,
        IdentityAttribute.FICTITIOUS,
        IdentityAttribute.ANONYMOUS,
        IdentityAttribute.UNNAMED_NEWBORN,
        IdentityAttribute.COLLISION,
        IdentityAttribute.USURPED,
    }
)
_LOCAL = frozenset({IdentityAttribute.FICTITIOUS, IdentityAttribute.ANONYMOUS})
_ONLY_PROVISIONAL = frozenset({IdentityAttribute.FICTITIOUS, IdentityAttribute.DOUBTFUL})


def is_checked(record: Record) -> bool:
    """Whether the traits were checked against a document (validated or qualified)."""
    return record.status in _CHECKED


def is_uncertain(record: Record) -> bool:
    """Whether its own hospital says that nobody knows for certain whose traits they are."""
    return not _UNCERTAIN.isdisjoint(record.attributes)


def may_be_linked(record: Record) -> bool:
    """True when the traits were checked against a document and nothing says that they may be somebody else's.

    A birth date that was completed is one that INSi returned if there is an INS; otherwise somebody guessed it.

    >>> may_be_linked(Record(status=IdentityStatus.VALIDATED)), may_be_linked(Record(status=IdentityStatus.RETRIEVED))
    (True, False)
    """
    guessed = record.birth_date_interpreted and carried_ins(record) is None
    return is_checked(record) and not guessed and not is_uncertain(record)


def stays_local(record: Record) -> bool:
    """True for a fictitious or unidentified patient, who is never shown outside the own hospital.

    >>> stays_local(Record(attributes=(IdentityAttribute.ANONYMOUS,)))
    True
    """
    return not _LOCAL.isdisjoint(record.attributes)


def carried_ins(record: Record) -> Ins | None:
    """The INS that may be carried and compared: a qualified identity's (EXI ID 29), otherwise None."""
    return record.ins if record.status is IdentityStatus.QUALIFIED else None


def settled(record: Record) -> Record:
    """`record` with status, attributes and INS brought into agreement, the cautious statement winning.

    - A fictitious or doubtful identity is provisional and has no INS; fictitious excludes doubtful and homonymous.
    - An INS is kept by a qualified identity alone: what comes with a lesser status is dropped, not refused.
    - Validated with an INS is what PAM France calls VALI: qualified. Qualified without an INS is validated.
    - An interpreted birth date beside a qualified status is the one that INSi returned, so it takes no INS away.

    >>> settled(Record(status=IdentityStatus.QUALIFIED)).status
    <IdentityStatus.VALIDATED: 'VALI'>
    """
    attributes = _compatible(record.attributes)
    status, ins = record.status, record.ins
    if not _ONLY_PROVISIONAL.isdisjoint(attributes):
        status, ins = IdentityStatus.PROVISIONAL, None
    elif status in _CHECKED:
        status = IdentityStatus.QUALIFIED if ins else IdentityStatus.VALIDATED
    else:
        ins = None
    if (attributes, status, ins) == (record.attributes, record.status, record.ins):
        return record
    return replace(record, attributes=attributes, status=status, ins=ins)


def _compatible(attributes: tuple[IdentityAttribute, ...]) -> tuple[IdentityAttribute, ...]:
    """Distinct, sorted, and without what fictitious excludes."""
    if not attributes:
        return attributes
    kept = set(attributes)
    if IdentityAttribute.FICTITIOUS in kept:
        kept -= {IdentityAttribute.DOUBTFUL, IdentityAttribute.HOMONYM}
    return tuple(sorted(kept))
