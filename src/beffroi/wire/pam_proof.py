"""What PAM France's own segment ZFD says of an identity: how it came in, what it was compared with, a lunar birth date.

ZFD-2 counts the weeks of a pregnancy: medical, so never looked at (law 4). ZFD-4, and what INSI in ZFD-5 means for the
birth date and the INS, are `pam_traits`'.

Source: PAM France 2.11.2, segment ZFD (standards 2.4); RNIV EXI ID 19 (standards 1.5).
"""

import re
from typing import Any

from beffroi.wire.hl7 import Segment
from beffroi.wire.hl7_time import parse_birth_date

COLLECTED_BY = frozenset({"SM", "CV", "INSI", "CB", "RFID", "AV"})
"""Typed, carte Vitale, INSi, datamatrix, radio chip, application carte Vitale."""
DOCUMENTS = frozenset({"AN", "CC", "CE", "CM", "CN", "CS", "LE", "PA", "PC", "TC", "AV", "DC", "AC", "IE"})
_SAID = {"Y": True, "O": True, "N": False}
_LUNAR = re.compile(r"(\d{4})-?(\d{1,2})-?(\d{1,2})")


def put_proof(patch: dict[str, Any], zfd: Segment) -> tuple[str, ...]:
    """Adds what ZFD mentions to `patch`. Returns the locations of what could not be read, and so is not kept."""
    unread: list[str] = []
    for field, name, known in ((5, "collected_by", COLLECTED_BY), (7, "document", DOCUMENTS)):
        code = zfd.text(field)
        if code is not None and (code := code.strip().upper()) in ("", *known):
            patch[name] = code
        elif code is not None:
            unread.append(zfd.location(field))
    for field, name in ((6, "insi_called_on"), (8, "document_expires_on")):
        day = zfd.text(field)
        if day is not None and (read := _day(day.strip())) is not None:
            patch[name] = read
        elif day is not None:
            unread.append(zfd.location(field))
    consent = (zfd.text(3) or "").strip().upper()
    if consent in _SAID:
        patch["sms_consent"] = _SAID[consent]
    elif consent:
        unread.append(zfd.location(3))
    return tuple(unread + _put_lunar(patch, zfd))


def _day(text: str) -> str | None:
    """A whole day as ISO text, "" for a deleted one, None for what is none."""
    try:
        day, filled_in = parse_birth_date(text) if text else (None, False)
    except ValueError:
        return None
    return None if filled_in else day.isoformat() if day else ""


def _put_lunar(patch: dict[str, Any], zfd: Segment) -> list[str]:
    """ZFD-1 is day^month^year; its weeks are days 31 to 35, and its months may exceed 12."""
    parts = [(zfd.text(1, component) or "").strip() for component in (1, 2, 3)]
    if zfd.text(1) is None and not any(parts):
        return []
    if not any(parts):
        patch["lunar_birth_date"] = ""
        return []
    found = _LUNAR.fullmatch("-".join(reversed(parts)) if all(parts) else parts[0])
    if found is None:
        return [zfd.location(1)]
    year, month, day = found.groups()
    patch["lunar_birth_date"] = f"{year}-{int(month):02}-{int(day):02}"
    return []
