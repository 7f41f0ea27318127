"""How grave a breach is, by ENISA's method: SE = DPC x EI + CB, each factor's choice with its reason.

What Beffroi knows makes a proposal; a data protection officer may choose otherwise, and says why. The numbers are
multiples of a quarter, which a float holds exactly.

Source: ENISA, Recommendations for a methodology of the assessment of severity of personal data breaches, v1.0,
December 2013: section 3 (criteria and levels), annexes 1 (DPC), 2 (EI) and 3 (CB).
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum

import msgspec

from beffroi.errors import Words
from beffroi.model.disclosure import Field

MANY_PEOPLE = 100
"""People beyond which the number is flagged (ENISA section 3.4)."""
DPC_MIN, DPC_MAX = 1.0, 4.0
REASON_LENGTH_MIN, REASON_LENGTH_MAX = 10, 2_000


class Factor(StrEnum):
    """What is chosen. The first two multiply, the others add."""

    DPC = "dpc"
    EI = "ei"
    CONFIDENTIALITY = "confidentiality"
    INTEGRITY = "integrity"
    AVAILABILITY = "availability"
    MALICE = "malice"


SCALES: Mapping[Factor, tuple[float, ...]] = {
    Factor.DPC: (1.0, 2.0, 3.0, 4.0),
    Factor.EI: (0.25, 0.5, 0.75, 1.0),
    Factor.CONFIDENTIALITY: (0.0, 0.25, 0.5),
    Factor.INTEGRITY: (0.0, 0.25, 0.5),
    Factor.AVAILABILITY: (0.0, 0.25, 0.5),
    Factor.MALICE: (0.0, 0.5),
}


class Kind(StrEnum):
    """The four kinds of data (annex 1), each with its basic score."""

    SIMPLE = "simple"
    BEHAVIOURAL = "behavioural"
    FINANCIAL = "financial"
    SENSITIVE = "sensitive"

    @property
    def basic(self) -> int:
        """1 to 4."""
        return list(Kind).index(self) + 1


class Level(StrEnum):
    """What the score means for the people concerned."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    VERY_HIGH = "very_high"


LEVEL_WORDS = {
    Level.LOW: Words(
        "low: a few inconveniences, overcome without any problem",
        "faible : quelques désagréments, surmontés sans difficulté",
    ),
    Level.MEDIUM: Words(
        "medium: significant inconveniences, overcome despite a few difficulties",
        "moyenne : des désagréments significatifs, surmontés malgré quelques difficultés",
    ),
    Level.HIGH: Words(
        "high: significant consequences, overcome with serious difficulties",
        "élevée : des conséquences significatives, surmontées avec de sérieuses difficultés",
    ),
    Level.VERY_HIGH: Words(
        "very high: significant, even irreversible consequences, which may not be overcome",
        "très élevée : des conséquences significatives, voire irréversibles, qui peuvent ne pas être surmontées",
    ),
}
CNIL_GRAVITY = {
    Level.LOW: Words("negligible", "négligeable"),
    Level.MEDIUM: Words("limited", "limitée"),
    Level.HIGH: Words("significant", "importante"),
    Level.VERY_HIGH: Words("maximum", "maximale"),
}
"""The four words of the CNIL's form for the same four levels."""


class Choice(msgspec.Struct, frozen=True):
    """One factor's value and why, in both languages; `by` is empty when it is our proposal."""

    factor: Factor
    value: float
    reason: str
    reason_fr: str
    by: str = ""


class Severity(msgspec.Struct, frozen=True):
    """Every factor's choice, in the order of `Factor`; how many people; whether others can read their data."""

    choices: tuple[Choice, ...]
    people: int = 0
    unintelligible: bool = False

    def value(self, factor: Factor) -> float:
        """What was chosen."""
        return next(choice.value for choice in self.choices if choice.factor is factor)

    @property
    def circumstances(self) -> float:
        """CB: what adds."""
        added = (Factor.CONFIDENTIALITY, Factor.INTEGRITY, Factor.AVAILABILITY, Factor.MALICE)
        return sum(self.value(factor) for factor in added)

    @property
    def score(self) -> float:
        """SE."""
        return self.value(Factor.DPC) * self.value(Factor.EI) + self.circumstances

    @property
    def level(self) -> Level:
        """The level of the score.

        >>> of(dpc=2, ei=1, confidentiality=0.5, malice=0.5).level
        <Level.HIGH: 'high'>
        """
        return level_of(self.score)

    @property
    def many(self) -> bool:
        """More than a hundred people: to be said beside the level."""
        return self.people > MANY_PEOPLE


def level_of(score: float) -> Level:
    """Below 2 low, below 3 medium, below 4 high, else very high.

    >>> [level_of(score).value for score in (1.75, 2, 3, 4)]
    ['low', 'medium', 'high', 'very_high']
    """
    if score < 2:
        return Level.LOW
    if score < 3:
        return Level.MEDIUM
    return Level.HIGH if score < 4 else Level.VERY_HIGH


def people_are_told(level: Level) -> bool:
    """Whether the people themselves are to be told (article 34 of the GDPR): the risk for them is high.

    >>> [level.value for level in Level if people_are_told(level)]
    ['high', 'very_high']
    """
    return level in (Level.HIGH, Level.VERY_HIGH)


def of(
    dpc: float,
    ei: float,
    confidentiality: float = 0,
    integrity: float = 0,
    availability: float = 0,
    malice: float = 0,
    people: int = 0,
) -> Severity:
    """A severity by its numbers alone.

    >>> of(dpc=1, ei=1, confidentiality=0.5).score
    1.5
    """
    values = dict(zip(Factor, (dpc, ei, confidentiality, integrity, availability, malice), strict=True))
    return Severity(tuple(Choice(factor, float(value), "", "") for factor, value in values.items()), people)


def dpc_of(kinds: Iterable[Kind], adjustments: Iterable[int] = ()) -> float:
    """The highest basic score of the kinds concerned, adjusted by the context, from 1 to 4 (annex 1).

    >>> dpc_of([Kind.SIMPLE], [1]), dpc_of([Kind.SIMPLE, Kind.SENSITIVE], [1]), dpc_of([Kind.BEHAVIOURAL], [-1])
    (2.0, 4.0, 1.0)
    """
    basic = max(kind.basic for kind in kinds)
    return min(DPC_MAX, max(DPC_MIN, float(basic + sum(adjustments))))


class Seen(msgspec.Struct, frozen=True):
    """What a proposal is made from: the fields shown to anybody, how many people, and who they are.

    `sensitive_hospital`: the mere fact that a hospital knows them is medical. `beyond_identity`: another server's log
    says that more than identities was asked for. `malicious`: an account was used by somebody else, or abused.
    `known_recipients`: those who saw the data are known and bound by secrecy.
    """

    fields: Field
    people: int
    protected: int = 0
    minors: int = 0
    sensitive_hospital: bool = False
    beyond_identity: bool = False
    malicious: bool = True
    known_recipients: bool = False


def proposal(seen: Seen) -> Severity:
    """The severity as the facts have it. Integrity and availability are not touched by a reading.

    >>> fields = Field.BIRTH_NAME | Field.BIRTH_DATE | Field.PHONE | Field.EMAIL
    >>> proposal(Seen(fields, people=26_800)).score
    3.0
    """
    recipients = _recipients(seen.known_recipients)
    choices = (
        _context(seen),
        _identification(seen.fields),
        recipients,
        Choice(Factor.INTEGRITY, 0.0, "Nothing was altered: the data were read.", "Rien n'a été modifié : lecture."),
        Choice(Factor.AVAILABILITY, 0.0, "The data stayed available.", "Les données sont restées disponibles."),
        _malice(seen.malicious),
    )
    return Severity(choices, seen.people)


def chosen(before: Severity, factor: Factor, value: float, reason: str, by: str) -> Severity:
    """The same with one factor chosen by somebody. Raises ValueError for a value off its scale, or too short a reason.

    >>> chosen(of(2, 1), Factor.MALICE, 0.5, "the log-in was bought", "dpo").score
    2.5
    """
    if value not in SCALES[factor]:
        raise ValueError(f"{factor.value}: one of {', '.join(map(str, SCALES[factor]))}")
    if not REASON_LENGTH_MIN <= len(reason.strip()) <= REASON_LENGTH_MAX:
        raise ValueError(f"a reason of {REASON_LENGTH_MIN} to {REASON_LENGTH_MAX} characters")
    new = Choice(factor, value, reason.strip(), reason.strip(), by)
    return msgspec.structs.replace(
        before, choices=tuple(new if one.factor is factor else one for one in before.choices)
    )


def holding(kept: Severity | None, counted: Severity) -> Severity:
    """The severity that holds: what somebody has kept, of as many people as are counted now; else as it is counted.

    >>> holding(of(2, 1, people=3), of(4, 1, people=5)) == of(2, 1, people=5), holding(None, of(4, 1)) == of(4, 1)
    (True, True)
    """
    return counted if kept is None else msgspec.structs.replace(kept, people=counted.people)


def _context(seen: Seen) -> Choice:
    """Simple data; raised because a hospital holds them, because of who is among them, or beyond identity."""
    if seen.beyond_identity:
        return Choice(
            Factor.DPC,
            dpc_of([Kind.SENSITIVE]),
            "Another server's log says that more than identities was asked for: health data may be concerned (4).",
            "Le journal d'un autre serveur montre des demandes au-delà de l'identité : données de santé possibles (4).",
        )
    adjustments = [1]
    reasons = ["Simple data (1). They are a hospital's: its patients are known to need care (+1)."]
    french = ["Données simples (1). Elles viennent d'un hôpital : on sait que ces personnes y sont soignées (+1)."]
    if seen.sensitive_hospital:
        adjustments.append(2)
        reasons.append("One of the hospitals tells by its name what its patients suffer from (+2).")
        french.append("Le nom d'un des hôpitaux dit de quoi souffrent ses patients (+2).")
    elif seen.protected:
        adjustments.append(1)
        reasons.append(f"{seen.protected} people are under protected access: to find them may endanger them (+1).")
        french.append(f"{seen.protected} personnes sont en accès protégé : les retrouver peut les exposer (+1).")
    elif seen.fields & Field.INS:
        adjustments.append(1)
        reasons.append("The national identifier opens other doors, for life (+1).")
        french.append("L'identifiant national ouvre d'autres portes, à vie (+1).")
    if seen.minors:
        reasons.append(f"{seen.minors} minors are among them: said here, not scored by itself.")
        french.append(f"{seen.minors} mineurs en font partie : signalé, sans effet sur la note.")
    return Choice(Factor.DPC, dpc_of([Kind.SIMPLE], adjustments), " ".join(reasons), " ".join(french))


_NAME = Field.BIRTH_NAME | Field.USED_NAME
_REACH = Field.PHONE | Field.EMAIL | Field.ADDRESS


def _identification(fields: Field) -> Choice:
    """How easily somebody is known by what was shown (annex 2)."""
    if fields & _NAME and fields & (Field.BIRTH_DATE | _REACH | Field.INS):
        value, english, french = (
            1.0,
            "Name together with birth date, contact or national identifier: one person and no other.",
            "Nom avec date de naissance, coordonnées ou identifiant national : une personne et aucune autre.",
        )
    elif fields & _NAME:
        value, english, french = (
            0.5,
            "A name alone, in a region where several may bear it.",
            "Un nom seul, dans une région où plusieurs peuvent le porter.",
        )
    elif fields & (_REACH | Field.INS):
        value, english, french = (
            0.75,
            "A telephone, address or national identifier without a name: somebody with a register finds the person.",
            "Téléphone, adresse ou identifiant national sans nom : qui a un annuaire retrouve la personne.",
        )
    else:
        value, english, french = (
            0.25,
            "A hospital's own number, or that somebody exists: nobody outside knows whose.",
            "Un numéro propre à l'hôpital, ou une simple existence : personne au-dehors ne sait de qui.",
        )
    return Choice(Factor.EI, value, english, french)


def _recipients(known: bool) -> Choice:
    if known:
        return Choice(
            Factor.CONFIDENTIALITY,
            0.25,
            "Those who saw the data are known.",
            "Les destinataires sont connus.",
        )
    return Choice(
        Factor.CONFIDENTIALITY,
        0.5,
        "Who saw the data, and to whom they were given since, is not known.",
        "On ne sait ni qui a vu les données, ni à qui elles ont été transmises depuis.",
    )


def _malice(malicious: bool) -> Choice:
    if malicious:
        return Choice(
            Factor.MALICE, 0.5, "An account was used against its owner's will.", "Un compte a été usurpé ou détourné."
        )
    return Choice(Factor.MALICE, 0.0, "An error, without intent to harm.", "Une erreur, sans intention de nuire.")
