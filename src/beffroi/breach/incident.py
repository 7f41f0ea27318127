"""An incident: in which state it is, what may follow, the 72-hour clock, and the window that is proposed for its scope.

A state is entered by somebody, for a reason, and both are kept. The register of article 33(5) is the list of incidents:
facts, effects and measures stand in each before it can be closed.

Source: GDPR articles 33 and 34; EDPB guidelines 9/2022 (v2.0), section II.A.2: "aware" is a reasonable degree of
certainty that personal data were compromised.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from beffroi.errors import Words
from beffroi.model.disclosure import Operation

NOTIFY_WITHIN = timedelta(hours=72)
"""Article 33(1), from when the controller is aware."""
TEXT_CHARACTERS_MAX = 20_000
"""Characters of the facts, the effects, the measures, or one note."""
TITLE_CHARACTERS_MAX = 200
REASON_CHARACTERS_MIN = 3
CLOSING_ROW = timedelta(seconds=1)
"""A window ends before its end: by so much after the row that closes an account, which is still in it."""


class State(StrEnum):
    SUSPECTED = "suspected"
    CONFIRMED = "confirmed"
    NOTIFIED = "notified"
    CLOSED = "closed"
    DISMISSED = "dismissed"


FOLLOWING: Mapping[State, frozenset[State]] = {
    State.SUSPECTED: frozenset({State.CONFIRMED, State.DISMISSED}),
    State.CONFIRMED: frozenset({State.NOTIFIED, State.CLOSED, State.DISMISSED}),
    State.NOTIFIED: frozenset({State.CLOSED}),
    State.CLOSED: frozenset({State.CONFIRMED}),
    State.DISMISSED: frozenset({State.SUSPECTED}),
}
"""What may follow what. A closed incident is opened again, never changed; a dismissed one is suspected again."""

STATE_WORDS = {
    State.SUSPECTED: Words("suspected", "soupçonné"),
    State.CONFIRMED: Words("confirmed", "confirmé"),
    State.NOTIFIED: Words("notified to the authority", "notifié à l'autorité"),
    State.CLOSED: Words("closed", "clos"),
    State.DISMISSED: Words("dismissed", "écarté"),
}

_LACKS = {
    "facts": Words("the facts", "les faits"),
    "effects": Words("the effects", "les effets"),
    "measures": Words("the measures", "les mesures"),
}


class Account33(msgspec.Struct, frozen=True):
    """What article 33(5) wants in the register."""

    facts: str = ""
    effects: str = ""
    measures: str = ""

    @property
    def missing(self) -> tuple[str, ...]:
        """The names of what is not said yet.

        >>> Account33(facts="a log-in was stolen").missing
        ('effects', 'measures')
        """
        return tuple(name for name in ("facts", "effects", "measures") if not getattr(self, name).strip())


def refusal(before: State, after: State, reason: str, told: Account33, aware_at: datetime | None) -> Words | None:
    """Why a state may not be entered now; None when it may.

    >>> refusal(State.CLOSED, State.NOTIFIED, "because", Account33(), None).english
    'an incident that is closed may only become confirmed'
    """
    if after not in FOLLOWING[before]:
        english = ", ".join(sorted(STATE_WORDS[one].english for one in FOLLOWING[before]))
        french = ", ".join(sorted(STATE_WORDS[one].french for one in FOLLOWING[before]))
        return Words(
            f"an incident that is {STATE_WORDS[before].english} may only become {english}",
            f"un incident {STATE_WORDS[before].french} ne peut devenir que {french}",
        )
    if len(reason.strip()) < REASON_CHARACTERS_MIN:
        return Words("say why", "dites pourquoi")
    if after is State.CONFIRMED and aware_at is None:
        return Words("say since when you are aware of it", "dites depuis quand vous en avez connaissance")
    if after is State.CLOSED and told.missing:
        lacks = [_LACKS[name] for name in told.missing]
        english, french = ", ".join(one.english for one in lacks), ", ".join(one.french for one in lacks)
        return Words(f"the register lacks {english}", f"il manque au registre {french}")
    return None


class Clock72(msgspec.Struct, frozen=True):
    """The clock of article 33(1) at one moment. `left_s` is negative when it is over."""

    aware_at: datetime
    due_at: datetime
    left_s: int

    @property
    def over(self) -> bool:
        """Whether the reasons for the delay must come with the notification."""
        return self.left_s < 0

    def words(self) -> Words:
        """What is left, in words.

        >>> from datetime import UTC
        >>> at = datetime(2026, 11, 24, 9, tzinfo=UTC)
        >>> clock72(at, at + timedelta(hours=70, minutes=30)).words().english
        '1 h 30 min left to notify'
        """
        hours, minutes = divmod(abs(self.left_s) // 60, 60)
        span = f"{hours} h {minutes:02} min"
        if self.over:
            return Words(f"late by {span}: say why with the notification", f"en retard de {span} : motifs à joindre")
        return Words(f"{span} left to notify", f"{span} pour notifier")


def clock72(aware_at: datetime, now: datetime) -> Clock72:
    """The clock that began when the controller was aware."""
    due = aware_at + NOTIFY_WITHIN
    return Clock72(aware_at, due, int((due - now).total_seconds()))


# --- the window


class Sign(msgspec.Struct, frozen=True):
    """Something in an account's chain that a window is proposed from: a proof of who is there, a verdict, a stop.

    `began_at`: when the first of the readings happened that a verdict was made of.
    """

    at: datetime
    operation: Operation
    session_key: bytes = b""
    disclosure_id: int = 0
    began_at: datetime | None = None


class Window(msgspec.Struct, frozen=True):
    """From when to before when; what it was proposed from, in words and as disclosures. `until` None: still open."""

    since: datetime | None
    until: datetime | None
    because: str
    because_fr: str
    disclosures: tuple[int, ...] = ()


_ALARMS = frozenset({Operation.VERDICT, Operation.NOT_ME})


def proposed_window(signs: Iterable[Sign], suspicious_at: datetime | None = None) -> Window:
    """From the last proof that the owner was the owner, to when the account was stopped.

    `suspicious_at`: the first suspicious reading, where somebody knows it; else the first of those of which the first
    alarm since the last release was made. A step-up proves the owner, who held the key; a sign-in only where it did not
    begin the alarm's own session, because what a thief begins by signing in is no proof; so where neither an alarm nor
    anybody says which session that was, no sign-in counts. Without any proof the window has no beginning.

    >>> from datetime import UTC
    >>> at = datetime(2026, 11, 24, 9, tzinfo=UTC)
    >>> mine, alarm = Sign(at, Operation.STEP_UP, b"a", 5), Sign(at + timedelta(hours=2), Operation.VERDICT, b"b", 9)
    >>> window = proposed_window([mine, alarm])
    >>> window.since == at, window.disclosures
    (True, (5, 9))
    """
    ordered = sorted(signs, key=lambda sign: (sign.at, sign.disclosure_id))
    released = max((s.at for s in ordered if s.operation is Operation.RELEASE), default=None)
    alarm = next(
        (s for s in ordered if s.operation in _ALARMS and (released is None or s.at > released)),
        None,
    )
    first = suspicious_at or ((alarm.began_at or alarm.at) if alarm else released)
    stop = next((s for s in ordered if s.operation is Operation.CONTAIN and (first is None or s.at >= first)), None)
    if suspicious_at is None and alarm is None:
        first = stop.at if stop else None  # it was stopped without an alarm: somebody saw something before
    until = stop.at + CLOSING_ROW if stop else None
    proof = _last_proof(ordered, first, alarm, known=alarm is not None or suspicious_at is not None)
    found = tuple(sign.disclosure_id for sign in (proof, alarm, stop) if sign and sign.disclosure_id)
    return Window(proof.at if proof else None, until, *_because(proof, alarm, suspicious_at, stop), found)


def _last_proof(ordered: list[Sign], first: datetime | None, alarm: Sign | None, *, known: bool) -> Sign | None:
    before = [s for s in ordered if first is None or s.at <= first]
    suspects = {alarm.session_key} - {b""} if alarm else set()
    proofs = [
        s
        for s in before
        if s.operation is Operation.STEP_UP
        or (known and s.operation is Operation.SIGN_IN and s.session_key not in suspects)
    ]
    return proofs[-1] if proofs else None


def _because(
    proof: Sign | None, alarm: Sign | None, suspicious_at: datetime | None, stop: Sign | None
) -> tuple[str, str]:
    if proof is None:
        english = ["No proof of the owner is on record: from the beginning."]
        french = ["Aucune preuve du titulaire : depuis le début."]
    elif proof.operation is Operation.STEP_UP:
        english = ["From the last proof of presence before the first suspicious reading."]
        french = ["Depuis la dernière preuve de présence avant la première lecture suspecte."]
    else:
        english = ["From the last sign-in with another key before the first suspicious reading."]
        french = ["Depuis la dernière identification avec une autre clé avant la première lecture suspecte."]
    if suspicious_at is None and alarm is None:
        english.append("No alarm is on record: say from when readings are suspicious.")
        french.append("Aucune alarme : indiquez à partir de quand les lectures sont suspectes.")
    english.append("To when the account was stopped." if stop else "The account is not stopped: the window is open.")
    french.append("Jusqu'à l'arrêt du compte." if stop else "Le compte n'est pas arrêté : la période reste ouverte.")
    return " ".join(english), " ".join(french)
