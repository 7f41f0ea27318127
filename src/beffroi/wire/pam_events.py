"""What each ADT event means to an identity server, and for how long it explains that the hospital reads the patient.

Source: PAM France 2.11.2 (ITI-30 and ITI-31); HL7 v2.5 chapter 3; architecture, the watch (what "explained" means).
"""

import re
from collections.abc import Mapping
from enum import Enum, auto
from types import MappingProxyType

PRESENCE_S = 72 * 3600
"""Seconds. Somebody is in the hospital, or is expected: those who care for her read her for some days."""

UPDATE_S = 12 * 3600
"""Seconds. The file was corrected, which tells of no presence: whoever has it on the desk does so for one shift."""

NOTHING_S = 0
"""Seconds. What was announced does not take place."""


class Meaning(Enum):
    """What to do with the patients of a message."""

    UPDATE = auto()
    MERGE = auto()
    CHANGE = auto()
    LINK = auto()
    UNLINK = auto()
    SWAP = auto()  # two patients exchange beds: two updates
    NOTHING = auto()  # no patient in it
    REFUSED = auto()  # it would change identities in a way that is not done here


_MEANINGS = {
    "A40": Meaning.MERGE,
    "A18": Meaning.MERGE,  # A18, A30, A34 and A36: what versions before 2.4 send for A40
    "A30": Meaning.MERGE,
    "A34": Meaning.MERGE,
    "A36": Meaning.MERGE,
    "A47": Meaning.CHANGE,
    "A24": Meaning.LINK,
    "A37": Meaning.UNLINK,
    "A17": Meaning.SWAP,
    "A20": Meaning.NOTHING,
    "A29": Meaning.REFUSED,
    "A39": Meaning.REFUSED,
    "A43": Meaning.REFUSED,
    "A46": Meaning.REFUSED,
    "A48": Meaning.REFUSED,
}
# fmt: off
_PRESENT = (
    "A01", "A02", "A03", "A04", "A05", "A06", "A07", "A09", "A10", "A12", "A13", "A14", "A15", "A16", "A17", "A21",
    "A22", "A25", "A26", "A28", "A32", "A33", "A52", "A53", "A54", "A55",
)
# fmt: on
_CANCELLED = ("A11", "A20", "A23", "A27", "A38")
WINDOWS: Mapping[str, int] = MappingProxyType(
    dict.fromkeys(_PRESENT, PRESENCE_S) | dict.fromkeys(_CANCELLED, NOTHING_S)
)
"""Seconds by event; `UPDATE_S` for every other one. A hospital's configuration may say otherwise, event by event."""

_EVENT = re.compile(r"[AZ]\d\d")


def meaning_of(event: str) -> Meaning | None:
    """What an ADT event means; None for what is no ADT event.

    >>> meaning_of("A28"), meaning_of("A43"), meaning_of("R01")
    (<Meaning.UPDATE: 1>, <Meaning.REFUSED: 8>, None)
    """
    if not _EVENT.fullmatch(event):
        return None
    return _MEANINGS.get(event, Meaning.UPDATE)


def explains_s(event: str, overrides: Mapping[str, int] = MappingProxyType({})) -> int:
    """For how many seconds an event explains readings by its hospital.

    >>> explains_s("A01") // 3600, explains_s("A31") // 3600, explains_s("A11"), explains_s("A01", {"A01": 60})
    (72, 12, 0, 60)
    """
    return overrides.get(event, WINDOWS.get(event, UPDATE_S))
