"""What the duty officer is told: one alert, in a closed vocabulary, in which no patient can be named."""

from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Final

import msgspec

from beffroi.errors import Words


class AlertKind(StrEnum):
    """Why somebody is told."""

    VERDICT = "verdict"  # the watch put an account on another rung
    EMERGENCY = "emergency"  # emergency readings
    DEPARTED = "departed"  # an account asks for a hospital that its owner has left
    CONTAINED = "contained"
    CONTAINMENT_ASKED = "containment_asked"  # a second person is awaited
    RELEASE_ASKED = "release_asked"
    RELEASED = "released"
    NOT_ME = "not_me"  # an owner disowned what was read under their account
    SIGNAL = "signal"  # another system said that a session or an account is no good
    ROLE_GIVEN = "role_given"  # somebody has a right that they had not
    TEST = "test"


class Severity(IntEnum):
    """As syslog counts (RFC 5424 section 6.2.1)."""

    ALERT = 1
    CRITICAL = 2
    WARNING = 4
    NOTICE = 5


PARTICULARS: Final = frozenset(
    {"by", "containment", "disclosure", "hospital", "kind", "role", "rung", "target", "until", "why"}
)
"""What may be said besides: numbers, codes, who acted. `why` is one of our words, never a written reason."""
PARTICULAR_CHARACTERS_MAX: Final = 300


class Alert(msgspec.Struct, frozen=True):
    """One alert about an account (None: about none).

    Alerts of one account, kind and topic within a window are one, with a count.
    """

    kind: AlertKind
    severity: Severity
    account_id: int | None = None
    topic: str = ""
    particulars: dict[str, str] = {}


class Notice(msgspec.Struct, frozen=True):
    """An alert on its way out. `reference` is the same at each try, so that who is told twice can know it.

    `again`: it is the word that it came again, `count` times in all.
    """

    reference: str
    kind: AlertKind
    severity: Severity
    at: datetime
    count: int
    account_id: int | None
    particulars: dict[str, str]
    again: bool = False


_TITLES: Final = {
    AlertKind.VERDICT: Words("The watch has put an account on another rung", "La veille a changé un compte de palier"),
    AlertKind.EMERGENCY: Words("Emergency reading", "Lecture en urgence"),
    AlertKind.DEPARTED: Words("Somebody who has left asks", "Quelqu'un qui est parti interroge"),
    AlertKind.CONTAINED: Words("Stopped", "Arrêt en vigueur"),
    AlertKind.CONTAINMENT_ASKED: Words("A second person is needed to stop", "Un arrêt attend une seconde personne"),
    AlertKind.RELEASE_ASKED: Words(
        "A second person is needed to release", "Une libération attend une seconde personne"
    ),
    AlertKind.RELEASED: Words("Released", "Libération"),
    AlertKind.NOT_ME: Words("An owner says: it was not me", "Un titulaire dit : ce n'était pas moi"),
    AlertKind.SIGNAL: Words("A signal from another system", "Un signal d'un autre système"),
    AlertKind.ROLE_GIVEN: Words("A role was given", "Un rôle a été donné"),
    AlertKind.TEST: Words("A test of the alerts", "Un essai des alertes"),
}


def title_of(notice: Notice, language: str) -> str:
    """One line, in "fr" or English.

    >>> from datetime import UTC
    >>> at = datetime(2026, 11, 24, tzinfo=UTC)
    >>> title_of(Notice("1-0", AlertKind.CONTAINED, Severity.CRITICAL, at, 3, 17, {}, again=True), "en")
    'Stopped: account 17 (3 times)'
    """
    french = language == "fr"
    text = _TITLES[notice.kind][french]
    if notice.account_id is not None:
        text += f" : compte {notice.account_id}" if french else f": account {notice.account_id}"
    if notice.again:
        text += f" ({notice.count} fois)" if french else f" ({notice.count} times)"
    return text


def body_of(notice: Notice, language: str) -> str:
    """The title, the particulars and when, one a line."""
    lines = [title_of(notice, language), ""]
    lines += [f"{name}: {value}" for name, value in sorted(notice.particulars.items())]
    lines += [f"at: {notice.at.isoformat(timespec='seconds')}", f"reference: {notice.reference}"]
    return "\n".join(lines) + "\n"
