"""The names of PID-5: birth name, used name, list of given names; and newborns who have none yet.

PAM France knows the types L (birth), D (used), S (pseudonym) and U (unknown). Elsewhere B is the birth name, and L
beside it the used one.

Source: PAM France 2.11.2 section 6.6.2 and data types 1.8.2, XPN (standards 2.4; the shifted examples of the annex are
not followed).
"""

import re
import unicodedata
from datetime import date
from typing import Any

from beffroi.wire.hl7 import Repetition, Segment
from beffroi.wire.hl7_types import said

NEWBORN_DAYS_MAX = 366
"""Days after birth during which a missing given name is a newborn's; later it is somebody who has no given name."""

_LEGAL, _USED, _BIRTH, _PSEUDONYM = "L", "D", "B", "S"
_LEGAL_TYPES = (_LEGAL, "", "U", "A", "M", "C", "N", _PSEUDONYM)
"""Whose name is taken for the birth name when none is typed as such: the first of these that is there."""

_PLACEHOLDER = re.compile(
    r"(X{1,4}|NN|NNE|NE|NEE|BB|BEBE|ENFANT|NOUVEAU NEE?|NOURRISSON|FILLE|GARCON|FETUS|FOETUS|JUMEAU|JUMELLE|TRIPLE"
    r"|SANS PRENOM|PRENOM|PRENOM INCONNU|INCONNUE?|BABY|BABY BOY|BABY GIRL|NEWBORN)( ?[A-D0-9])?"
)
_NOT_LETTERS = re.compile(r"[^A-Z0-9]+")


def names_of(pid: Segment) -> tuple[dict[str, Any], bool]:
    """The name fields of a `Patch` that PID-5 mentions, and whether the patient is known by a pseudonym alone."""
    by_type: dict[str, Repetition] = {}
    for repetition in pid.repetitions(5):
        by_type.setdefault((said(repetition, 7) or "").upper(), repetition)
    patch: dict[str, Any] = {}
    legal, kind = _legal(by_type)
    if legal is not None:
        _put(patch, "birth_family", said(legal, 1))
        _put(patch, "birth_given", said(legal, 2))
        given_list = said(legal, 3)
        _put(patch, "birth_given_list", given_list and " ".join(given_list.replace(",", " ").split()))
    used = by_type.get(_USED) or (by_type.get(_LEGAL) if _BIRTH in by_type else None)
    if used is not None:
        family, given = said(used, 1), said(used, 2)
        _put(patch, "used_family", family)
        # A used name that is deleted goes whole, unless the used given name is said to stay.
        _put(patch, "used_given", "" if family == "" and given is None else given)
    return patch, kind == _PSEUDONYM


def _legal(by_type: dict[str, Repetition]) -> tuple[Repetition | None, str]:
    for kind in (_BIRTH, *_LEGAL_TYPES):
        repetition = by_type.get(kind)
        if repetition is not None and (said(repetition, 1) or said(repetition, 2)):
            return repetition, kind
    return None, ""


def _put(patch: dict[str, Any], name: str, value: str | None) -> None:
    if value is not None:
        patch[name] = value


def is_unnamed_newborn(given: str, born: date | None, told_on: date | None) -> bool:
    """True when no given name, or a placeholder for one, stands for a child born in the year before the message.

    >>> is_unnamed_newborn("Bébé 2", date(2026, 3, 1), date(2026, 3, 2))
    True
    >>> is_unnamed_newborn("", date(1950, 3, 1), date(2026, 3, 2)), is_unnamed_newborn("Fanny", None, None)
    (False, False)
    """
    if born is not None and told_on is not None and (told_on - born).days > NEWBORN_DAYS_MAX:
        return False
    letters = unicodedata.normalize("NFKD", given.upper()).encode("ascii", "ignore").decode("ascii")
    plain = _NOT_LETTERS.sub(" ", letters).strip()
    return not plain or _PLACEHOLDER.fullmatch(plain) is not None
