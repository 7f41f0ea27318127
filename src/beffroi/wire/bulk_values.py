"""What a value of a bulk row may be: bounded printable text, a well-formed INS.

Source: standards 1.7 (form and authorities of the INS).
"""

import re
from datetime import datetime

from msgspec.structs import replace

from beffroi.errors import InvalidValue, Missing, TooLarge, Words
from beffroi.model.feed import FeedEvent, FeedKind, Patch
from beffroi.model.person import INS_OIDS, HospitalId, Ins
from beffroi.wire.pam_events import PRESENCE_S

# Characters of one text, as in a live message (wire.hl7_types).
TEXT_CHARACTERS_MAX = 250
# Telecoms, addresses, address lines, other identifiers, attributes of one row (count of each).
ITEMS_MAX = 20

_NO_ZONE = Words("it has no time zone", "le fuseau horaire manque")
_INS = re.compile(r"[1-8]\d{4}(?:\d{2}|2[AB])\d{6}\d{2}")
TEXTS = (
    "birth_family",
    "birth_given",
    "birth_given_list",
    "used_family",
    "used_given",
    "mother_birth_family",
    "nationality",
    "lunar_birth_date",
    "collected_by",
    "insi_called_on",
    "document",
    "document_expires_on",
    "last_update_facility",
)


def checked_text(name: str, text: str) -> str:
    """`text` without the spaces around it. Raises `TooLarge`, or `InvalidValue` for control characters."""
    if len(text) > TEXT_CHARACTERS_MAX:
        raise TooLarge(what=name, limit=f"{TEXT_CHARACTERS_MAX} characters")
    if not text.isprintable():
        raise InvalidValue(what=name, why=Words("it has a control character", "elle contient un caractère de contrôle"))
    return text.strip()


def checked_patch(patch: Patch) -> Patch:
    """`patch` with its INS in one form. Raises for the first value that is too long, unprintable or of another form,
    and for an INS without the status that carries it.
    """
    _check_texts(patch)
    for name in ("deceased_at", "last_update"):
        moment = getattr(patch, name)
        if moment is not None and moment.tzinfo is None:
            raise InvalidValue(what=name, why=_NO_ZONE)
    if patch.ins is None:
        return patch
    if patch.status is None:
        raise Missing(what="status")
    return replace(patch, ins=_checked_ins(patch.ins))


def _check_texts(patch: Patch) -> None:
    for name in TEXTS:
        if text := getattr(patch, name):
            checked_text(name, text)
    if patch.birth_place is not None:
        _check_all("birth_place", patch.birth_place.cog, patch.birth_place.city, patch.birth_place.country)
    for name in ("telecoms", "addresses", "others", "mother_identifiers", "attributes"):
        if len(getattr(patch, name) or ()) > ITEMS_MAX:
            raise TooLarge(what=name, limit=str(ITEMS_MAX))
    for telecom in patch.telecoms or ():
        _check_all("telecoms", telecom.value, telecom.use)
    for address in patch.addresses or ():
        if len(address.lines) > ITEMS_MAX:
            raise TooLarge(what="addresses", limit=f"{ITEMS_MAX} lines")
        parts = (address.city, address.postal_code, address.country, address.use)
        _check_all("addresses", *address.lines, *parts)
    for other in (*(patch.others or ()), *(patch.mother_identifiers or ())):
        _check_all("others", other.system, other.value, other.type)


def _check_all(name: str, *texts: str) -> None:
    for text in texts:
        checked_text(name, text)


def _checked_ins(ins: Ins) -> Ins:
    """`ins` without spaces, in upper case. Raises `InvalidValue` for another form or authority.

    >>> from beffroi.model.person import OID_INS_NIR_TEST
    >>> _checked_ins(Ins("2 97 02 2a020 778 78", OID_INS_NIR_TEST)).value
    '297022A02077878'
    """
    value = "".join(ins.value.split()).upper()
    if ins.oid not in INS_OIDS or not _INS.fullmatch(value):
        why = Words(
            "15 characters with the key, and an OID of the INS", "15 caractères avec la clé, et un OID de l'INS"
        )
        raise InvalidValue(what="ins", why=why)
    return Ins(value, ins.oid)


def bulk_event(hospital_id: HospitalId, ipp: str, patch: Patch, last_activity_at: datetime | None) -> FeedEvent:
    """The event of a row; it explains from its last activity on, when that is stated, in a time zone."""
    if last_activity_at is not None and last_activity_at.tzinfo is None:
        raise InvalidValue(what="last_activity_at", why=_NO_ZONE)
    return FeedEvent(
        kind=FeedKind.UPSERT,
        hospital_id=hospital_id,
        ipp=ipp.strip(),
        patch=patch,
        event="bulk",
        occurred_at=last_activity_at,
        explains_s=0 if last_activity_at is None else PRESENCE_S,
    )
