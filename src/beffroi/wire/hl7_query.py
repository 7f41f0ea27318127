"""HL7 v2 queries: PDQ (QBP^Q22) and PIX (QBP^Q23) as criteria and identifiers.

What a query parameter says is never ignored: one that is not searched here is refused, because leaving it out would
widen the search. An assigning authority may be named by OID, by FINESS or by its namespace.

Source: IHE ITI-21 and ITI-9 (standards 3.6, 3.7); HL7 v2.5 sections 5.5.4 (QPD, RCP) and 5.9.
"""

import calendar
import re
from collections.abc import Callable
from datetime import date
from typing import Any

import msgspec

from beffroi.errors import InvalidValue, Malformed, Missing, TooBroad, TooLarge, Unsupported, UnsupportedEvent, Words
from beffroi.model.hospitals import Hospitals
from beffroi.model.person import Sex
from beffroi.model.search import Criteria, DateRange, IdentifierToken, Text
from beffroi.wire.hl7 import Header, Message, Repetition, Segment
from beffroi.wire.hl7_types import clean, text_of

PDQ, PIX, PDQ_VISIT = "Q22", "Q23", "ZV1"
TAG_CHARACTERS_MAX = 64
"""Characters of a query tag (QPD-2 has 32), which is echoed."""
WILDCARD_LETTERS_MIN = 2
"""Letters that must stand before a wildcard: fewer would sweep."""

_WILDCARD = "*"
_BIRTH = re.compile(r"(\d{4})(\d\d)?(\d\d)?\d*")
_PARAMETER = re.compile(r"@?PID\.(\d{1,2})(?:\.(\d{1,2}))?(?:\.(\d{1,2}))?")


class Query(msgspec.Struct, frozen=True):
    """A query as it was asked: its header, QPD as sent, and what it means.

    `source` and `targets` (OIDs) are PIX's; an empty system names one of our own references. `criteria` are PDQ's, and
    `pointer` its continuation (DSC-1), empty for a first page.
    """

    header: Header
    qpd: str
    tag: str
    criteria: Criteria = Criteria()
    source: IdentifierToken | None = None
    targets: tuple[str, ...] = ()
    pointer: str = ""


def opened(message: Message) -> Query:
    """The query without its meaning: enough to refuse it. Raises `Malformed` or `Missing` without QPD."""
    qpd = _qpd(message)
    separator = message.header.delimiters.field
    tag = qpd.raw(2)
    if len(tag) > TAG_CHARACTERS_MAX:
        raise TooLarge("QPD^1^2", what="QPD-2", limit=f"{TAG_CHARACTERS_MAX} characters")
    raw = separator.join(("QPD", *(qpd.raw(number) for number in range(1, qpd.field_count + 1))))
    return Query(message.header, raw, tag)


def _qpd(message: Message) -> Segment:
    qpd = message.first("QPD")
    if qpd is None:
        raise Malformed("QPD^1", what="QPD", why=Words("it is missing", "il manque"))
    return qpd


def read_pdq(message: Message, hospitals: Hospitals, regional_oid: str) -> Query:
    """A patient demographics query. Raises a `CallerError` with the place of what is wrong."""
    query, qpd = opened(message), _qpd(message)
    if not query.tag:
        raise Missing("QPD^1^2", what="QPD-2")
    count = _count(message)
    criteria = _criteria(qpd, hospitals, regional_oid)
    domains = tuple(_domain(r, hospitals) for r in qpd.repetitions(8))
    criteria = msgspec.structs.replace(criteria, domains=domains, count=count)
    return msgspec.structs.replace(query, criteria=criteria, pointer=_pointer(message))


def cancelled_tag(message: Message) -> str:
    """QID-1 of a QCN^J01: the tag of the query that has no further page to give; empty when it names none."""
    qid = message.first("QID")
    tag = qid.raw(1) if qid is not None else ""
    return tag if len(tag) <= TAG_CHARACTERS_MAX else ""


def _pointer(message: Message) -> str:
    """DSC-1, which is ours or nobody's. A first page may say DSC without one."""
    dsc = message.first("DSC")
    return (dsc.text(1) or "").strip() if dsc is not None else ""


def read_pix(message: Message, hospitals: Hospitals, regional_oid: str) -> Query:
    """A cross-reference query. Raises a `CallerError` with the place of what is wrong."""
    query, qpd = opened(message), _qpd(message)
    if not query.tag:
        raise Missing("QPD^1^2", what="QPD-2")
    _count(message)
    repetitions = qpd.repetitions(3)
    if len(repetitions) != 1 or not text_of(repetitions[0], 1):
        raise Missing("QPD^1^3^1^1", what="QPD-3")
    if not (text_of(repetitions[0], 4) or text_of(repetitions[0], 4, 2)):
        raise Missing("QPD^1^3^1^4", what="QPD-3.4")
    source = IdentifierToken(_domain(repetitions[0], hospitals, regional_oid), text_of(repetitions[0], 1))
    targets = tuple(_domain(r, hospitals) for r in qpd.repetitions(4))
    return msgspec.structs.replace(query, source=source, targets=targets)


def refuse_unsupported(header: Header) -> None:
    """Raises what is said to a query that is not answered here; returns for PDQ and PIX."""
    if header.event not in (PDQ, PIX):
        instead = "QBP^ZV1" if header.event == PDQ_VISIT else header.kind
        raise UnsupportedEvent("MSH^1^9^1^2", what=instead)


def _count(message: Message) -> int | None:
    """RCP: an immediate answer, and how many patients at most."""
    rcp = message.first("RCP")
    if rcp is None:
        return None
    if (rcp.text(1) or "I").upper() != "I":
        instead = Words(
            "Ask with RCP-1 = I: the answer comes at once.", "Demandez avec RCP-1 = I : la réponse est immédiate."
        )
        raise Unsupported("RCP^1^1", what="RCP-1", instead=instead)
    quantity = (rcp.text(2) or "").strip()
    if not quantity:
        return None
    if not (quantity.isascii() and quantity.isdigit() and 0 < int(quantity[:9]) < 10**8):
        raise InvalidValue("RCP^1^2", what="RCP-2", why=Words("it is not a number", "ce n'est pas un nombre"))
    return int(quantity[:9])


def _domain(cx: Repetition, hospitals: Hospitals, regional_oid: str = "") -> str:
    """The OID of CX-4; a name that nobody has stands for itself, as a domain that is not known."""
    return authority(text_of(cx, 4), text_of(cx, 4, 2), hospitals, regional_oid)


def authority(namespace: str, universal_id: str, hospitals: Hospitals, regional_oid: str) -> str:
    """The OID of an assigning authority however it is named, "" for `regional_oid`: our own references.

    >>> from beffroi.model.person import Hospital, HospitalId
    >>> one = Hospitals([Hospital(HospitalId(1), "590000001", "CH", "1.2.3", "CH-X")])
    >>> [authority(*named, one, "1.2.9") for named in (("CH-X", ""), ("", "590000001"), ("", "1.2.9"), ("NOBODY", ""))]
    ['1.2.3', '1.2.3', '', 'NOBODY']
    """
    named = universal_id.removeprefix("urn:oid:") or namespace
    if named == regional_oid:
        return ""
    hospital = hospitals.by_oid(named) or hospitals.by_finess(named)
    if hospital is None and not universal_id:
        hospital = next((h for h in hospitals if h.namespace == named), None)
    return hospital.oid if hospital else named


def _criteria(qpd: Segment, hospitals: Hospitals, regional_oid: str) -> Criteria:
    found: dict[str, Any] = {}
    identifier: dict[str, str] = {}
    seen: set[tuple[int, int, int]] = set()
    for parameter in qpd.repetitions(3):
        place, value = _place(text_of(parameter, 1), parameter.location), text_of(parameter, 2)
        if not value:
            continue
        if place in seen:
            why = Words("it is asked twice", "il est demandé deux fois")
            raise InvalidValue(parameter.location, what=f"@PID.{place[0]}.{place[1]}", why=why)
        seen.add(place)
        if place[0] == 3:
            identifier[_identifier_part(place, parameter.location)] = value
        else:
            _reader(place, parameter.location)(found, value, parameter.location)
    if identifier:
        found["identifiers"] = (_identifier(identifier, hospitals, regional_oid),)
    if not found:
        raise Missing("QPD^1^3", what="QPD-3")
    return Criteria(**found)


def _place(name: str, location: str) -> tuple[int, int, int]:
    """The field, component and sub-component that a parameter names; 1 for what it leaves out."""
    found = _PARAMETER.fullmatch(name.upper())
    if not found:
        why = Words("it does not name a field as @PID.5.1", "il ne nomme pas un champ comme @PID.5.1")
        raise InvalidValue(location, what="QPD-3.1", why=why)
    return int(found[1]), int(found[2] or 1), int(found[3] or 1)


def _reader(place: tuple[int, int, int], location: str) -> "_Reader":
    read = _READERS.get(place[:2]) if place[2] == 1 else None
    if read is None:
        raise _unsearched(location, place[0], place[1])
    return read


def _unsearched(location: str, field: int, component: int) -> Unsupported:
    instead = Words(
        "Ask by name (PID.5), birth date (PID.7), sex (PID.8), address (PID.11) or identifier (PID.3).",
        "Demandez par nom (PID.5), date de naissance (PID.7), sexe (PID.8), adresse (PID.11) ou identifiant (PID.3).",
    )
    return Unsupported(location, what=f"@PID.{field}.{component}", instead=instead)


_IDENTIFIER_PARTS = {(1, 1): "value", (4, 1): "namespace", (4, 2): "universal", (4, 3): "kind", (5, 1): "type"}


def _identifier_part(place: tuple[int, int, int], location: str) -> str:
    part = _IDENTIFIER_PARTS.get(place[1:])
    if part is None:
        raise _unsearched(location, 3, place[1])
    return part


def _identifier(parts: dict[str, str], hospitals: Hospitals, regional_oid: str) -> IdentifierToken:
    """Without an authority it is the asker's own hospital's. Raises `Missing` for an authority without a value."""
    value = parts.get("value", "")
    if not value:
        raise Missing("QPD^1^3", what="@PID.3.1")
    return IdentifierToken(
        authority(parts.get("namespace", ""), parts.get("universal", ""), hospitals, regional_oid), value
    )


_Reader = Callable[[dict[str, Any], str, str], None]


def _text(name: str) -> _Reader:
    def read(found: dict[str, Any], value: str, location: str) -> None:
        found[name] = Text(_without_wildcard(value, name, location))

    return read


def _without_wildcard(value: str, name: str, location: str) -> str:
    """A search is by the first letters anyway. Raises `TooBroad` for a wildcard in the first two characters."""
    text = clean(value, location)
    if _WILDCARD not in text:
        return text
    letters = text.rstrip(_WILDCARD)
    if _WILDCARD in letters:
        why = Words("a wildcard may only end it", "un joker ne peut que le terminer")
        raise InvalidValue(location, what=name, why=why)
    if len(letters) < WILDCARD_LETTERS_MIN:
        add = Words(
            f"at least {WILDCARD_LETTERS_MIN} letters before a wildcard",
            f"au moins {WILDCARD_LETTERS_MIN} lettres avant un joker",
        )
        raise TooBroad(location, add=add)
    return letters


def _born(found: dict[str, Any], value: str, location: str) -> None:
    parts = _BIRTH.fullmatch(value)
    try:
        if parts is None:
            raise ValueError("not a date")
        year, month, day = int(parts[1]), int(parts[2] or 0), int(parts[3] or 0)
        first = date(year, month or 1, day or 1)
        last = first if day else date(year, month or 12, calendar.monthrange(year, month or 12)[1])
    except ValueError:
        why = Words("it is not a date (YYYYMMDD)", "ce n'est pas une date (AAAAMMJJ)")
        raise InvalidValue(location, what="@PID.7", why=why) from None
    found["birth_date"] = DateRange(first, last)


def _sex(found: dict[str, Any], value: str, location: str) -> None:
    try:
        found["sex"] = Sex(value.upper())
    except ValueError:
        raise InvalidValue(location, what="@PID.8", why=Words("use F, M or U", "utilisez F, M ou U")) from None


def _nothing(found: dict[str, Any], value: str, location: str) -> None:
    """A name's or address's type: a search looks at all of them."""


def _telecom(found: dict[str, Any], value: str, location: str) -> None:
    found["telecom"] = clean(value, location)


_READERS: dict[tuple[int, int], _Reader] = {
    (5, 1): _text("family"),
    (5, 2): _text("given"),
    (5, 7): _nothing,
    (6, 1): _text("mother_birth_family"),
    (7, 1): _born,
    (8, 1): _sex,
    (11, 1): _text("address"),
    (11, 3): _text("address_city"),
    (11, 4): _text("address_state"),
    (11, 5): _text("address_postal_code"),
    (11, 6): _text("address_country"),
    (11, 7): _nothing,
    (13, 1): _telecom,
    (13, 4): _telecom,
    (13, 12): _telecom,
}
