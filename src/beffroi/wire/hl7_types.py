"""The data types of HL7 v2 that speak of people, as nouns: identifiers, telephones, addresses, clean text.

Source: HL7 v2.5 section 2.A (CX, HD, XTN, XAD); PAM France 2.11.2 and its data types 1.8.2 (standards 2.4).
"""

import re
from collections.abc import Iterator

import msgspec

from beffroi.errors import TooLarge
from beffroi.model.person import Address, BirthPlace, Telecom, TelecomKind
from beffroi.wire.hl7 import Repetition, Segment

TEXT_CHARACTERS_MAX = 250
"""Characters of one name, line of an address, telephone or identifier. HL7 v2.5 allows 194 in the longest (FN)."""
TELECOMS_MAX = 20
ADDRESSES_MAX = 20
"""Telephones and addresses kept of one person; PAM France repeats neither beyond a handful."""


def clean(text: str, location: str) -> str:
    """A value on one line: no control character, single spaces. Raises `TooLarge`, which does not repeat it.

    >>> clean(" LE\\r\\n GOFF ", "PID^1^5")
    'LE GOFF'
    """
    if not text.isprintable():
        text = "".join(c if c.isprintable() else " " for c in text)
    if "  " in text or text[:1] == " " or text[-1:] == " ":
        text = " ".join(text.split())
    if len(text) > TEXT_CHARACTERS_MAX:
        what = "-".join(location.split("^")[0::2][:2])
        raise TooLarge(location, what=what, limit=f"{TEXT_CHARACTERS_MAX} characters")
    return text


def said(repetition: Repetition, component: int, subcomponent: int = 1) -> str | None:
    """A clean component: None when it is absent or blank, "" when it is deleted."""
    value = repetition.text(component, subcomponent)
    return (clean(value, repetition.location) or None) if value else value


def text_of(repetition: Repetition, component: int, subcomponent: int = 1) -> str:
    """A clean component where absent and deleted do not differ."""
    return said(repetition, component, subcomponent) or ""


class Identifier(msgspec.Struct, frozen=True):
    """A CX. `value` is "" when it is `""`: an identifier to be deleted. `universal_id` is an OID or a FINESS number."""

    value: str
    namespace: str
    universal_id: str
    type: str
    location: str

    @property
    def has_authority(self) -> bool:
        """True when CX-4 says who assigned it."""
        return bool(self.namespace or self.universal_id)


def identifiers(segment: Segment, field: int) -> tuple[Identifier, ...]:
    """The identifiers of a CX field that have a value or delete one."""
    return tuple(_identifiers(segment, field))


def _identifiers(segment: Segment, field: int) -> Iterator[Identifier]:
    for repetition in segment.repetitions(field):
        value = said(repetition, 1)
        if value is not None:
            yield identifier(repetition, value)


def identifier(repetition: Repetition, value: str) -> Identifier:
    """One CX whose value is already read."""
    return Identifier(
        value=value,
        namespace=text_of(repetition, 4),
        universal_id=text_of(repetition, 4, 2).removeprefix("urn:oid:"),
        type=text_of(repetition, 5).upper(),
        location=repetition.location,
    )


_NOT_SPOKEN = frozenset({"FX", "MD", "BP", "SAT", "TDD", "TTY"})
_MAIL_EQUIPMENT = frozenset({"INTERNET", "X.400"})
_USES = {"PRN": "home", "ORN": "home", "VHN": "home", "WPN": "work", "PRS": "mobile", "EMR": "home"}


def telecoms(segment: Segment, field: int, default_use: str) -> tuple[Telecom, ...]:
    """The telephones and e-mails of an XTN field, whichever of its forms they take; faxes and pagers are left out."""
    found = (_telecom(repetition, default_use) for repetition in segment.repetitions(field))
    return tuple(telecom for telecom in found if telecom is not None)[:TELECOMS_MAX]


def _telecom(repetition: Repetition, default_use: str) -> Telecom | None:
    code, equipment = text_of(repetition, 2).upper(), text_of(repetition, 3).upper()
    mail = text_of(repetition, 4) or _last_resort(repetition)
    if "@" in mail:
        return Telecom(TelecomKind.EMAIL, mail, "work" if code == "WPN" else default_use)
    if code == "NET" or equipment in _MAIL_EQUIPMENT or equipment in _NOT_SPOKEN:
        return None
    number = _last_resort(repetition) or _assembled(repetition)
    if not number:
        return None
    return Telecom(TelecomKind.PHONE, number, "mobile" if equipment == "CP" else _USES.get(code, default_use))


def _last_resort(repetition: Repetition) -> str:
    """The number as dialled: XTN-12 (v2.7 and PAM France), else XTN-1 (before)."""
    return text_of(repetition, 12) or text_of(repetition, 1)


def _assembled(repetition: Repetition) -> str:
    """Country, area and local number (XTN-5 to 7), as one number."""
    country, area, local = (text_of(repetition, component) for component in (5, 6, 7))
    if not local:
        return ""
    if country:
        return f"+{country.lstrip('+')}{area.lstrip('0') if area else ''}{local if area else local.lstrip('0')}"
    return area + local


_COG = re.compile(r"\d{5}|2[AB]\d{3}")
_BIRTH_TYPES = frozenset({"BDL", "N"})
_ADDRESS_USES = {
    "H": "home",
    "L": "home",
    "P": "home",
    "C": "temp",
    "VA": "temp",
    "O": "work",
    "B": "work",
    "M": "billing",
}
_BAD_ADDRESS = "BA"


def is_birth_place(repetition: Repetition) -> bool:
    """True for the repetition of PID-11 that says where somebody was born: BDL in France, N elsewhere."""
    return text_of(repetition, 7).upper() in _BIRTH_TYPES


def birth_place(repetition: Repetition) -> BirthPlace:
    """Where somebody was born. A code that is no COG code is left out."""
    cog = text_of(repetition, 9).upper()
    return BirthPlace(
        cog=cog if _COG.fullmatch(cog) else "", city=text_of(repetition, 3), country=text_of(repetition, 6)
    )


def address(repetition: Repetition) -> Address | None:
    """A postal address, None for one that is known to be bad or says nothing."""
    kind = text_of(repetition, 7).upper()
    if kind == _BAD_ADDRESS:
        return None
    street = text_of(repetition, 1) or " ".join(filter(None, (text_of(repetition, 1, 3), text_of(repetition, 1, 2))))
    lines = tuple(line for line in (street, text_of(repetition, 2)) if line)
    city, postal_code, country = text_of(repetition, 3), text_of(repetition, 5), text_of(repetition, 6)
    if not (lines or city or postal_code):
        return None
    return Address(lines, city, postal_code, country, _ADDRESS_USES.get(kind, "home"))
