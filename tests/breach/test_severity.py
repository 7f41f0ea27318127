"""ENISA's method, against the examples that its annexes and its users publish."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi.breach.severity import (
    CNIL_GRAVITY,
    LEVEL_WORDS,
    SCALES,
    Factor,
    Kind,
    Level,
    Seen,
    Severity,
    chosen,
    dpc_of,
    level_of,
    of,
    proposal,
)
from beffroi.model.disclosure import Field

IDENTITY = Field.BIRTH_NAME | Field.BIRTH_DATE | Field.SEX | Field.REFERENCE
CONTACT = IDENTITY | Field.PHONE | Field.EMAIL


@pytest.mark.parametrize(
    ("what", "kinds", "adjustments", "score"),
    [
        ("customers of a supermarket", [Kind.SIMPLE], [], 1),
        ("customers of a seller of luxury goods: their means", [Kind.SIMPLE], [1], 2),
        ("deliveries of an adult book store: preferences", [Kind.SIMPLE], [2], 3),
        ("undercover officers: their safety", [Kind.SIMPLE], [3], 4),
        ("an internet provider's calls for help", [Kind.BEHAVIOURAL], [-1], 1),
        ("calls of one week", [Kind.BEHAVIOURAL], [], 2),
        ("calls of one year: a profile", [Kind.BEHAVIOURAL], [1], 3),
        ("calls to psychological support: health", [Kind.BEHAVIOURAL], [2], 4),
        ("that one is a bank's customer", [Kind.FINANCIAL], [-2], 1),
        ("transactions of a day without details", [Kind.FINANCIAL], [-1], 2),
        ("a year of detailed statements", [Kind.FINANCIAL], [1], 4),
        ("that a general blood test was made", [Kind.SENSITIVE], [-3], 1),
        ("a blood test in an emergency department", [Kind.SENSITIVE], [-2], 2),
        ("that a disease was tested for", [Kind.SENSITIVE], [-1], 3),
        ("the results of the tests", [Kind.SENSITIVE], [], 4),
        ("several kinds: the highest counts", [Kind.SIMPLE, Kind.SENSITIVE], [], 4),
    ],
)
def test_the_context_of_annex_1(what: str, kinds: list[Kind], adjustments: list[int], score: float) -> None:
    """ENISA's own examples of DPC, category by category."""
    assert dpc_of(kinds, adjustments) == score, what


@pytest.mark.parametrize(
    ("what", "severity", "score", "level"),
    [
        ("names and addresses of customers at a wrong address", of(1, 1, confidentiality=0.5), 1.5, Level.LOW),
        ("the same, taken on purpose", of(1, 1, confidentiality=0.5, malice=0.5), 2.0, Level.MEDIUM),
        ("identities and contacts of hospital patients, stolen", of(2, 1, 0.5, malice=0.5), 3.0, Level.HIGH),
        ("with the national identifier", of(3, 1, 0.5, malice=0.5), 4.0, Level.VERY_HIGH),
        ("the most that can be", of(4, 1, 0.5, 0.5, 0.5, 0.5), 6.0, Level.VERY_HIGH),
        ("the least", of(1, 0.25), 0.25, Level.LOW),
    ],
)
def test_whole_examples(what: str, severity: Severity, score: float, level: Level) -> None:
    """Formula and levels together."""
    assert (severity.score, severity.level) == (score, level), what


def test_the_incident_of_september_2025_would_be_high() -> None:
    """Names, birth dates, telephones and e-mails of hospital patients by a stolen log-in: 2 x 1 + 0.5 + 0.5."""
    severity = proposal(Seen(CONTACT, people=26_800))
    assert (severity.value(Factor.DPC), severity.value(Factor.EI), severity.circumstances) == (2.0, 1.0, 1.0)
    assert (severity.level, severity.many) == (Level.HIGH, True)


@pytest.mark.parametrize(
    ("seen", "dpc", "ei"),
    [
        (Seen(CONTACT | Field.INS, 5), 3, 1.0),
        (Seen(CONTACT, 5, protected=1), 3, 1.0),
        (Seen(CONTACT, 5, sensitive_hospital=True), 4, 1.0),
        (Seen(CONTACT, 5, beyond_identity=True), 4, 1.0),
        (Seen(Field.BIRTH_NAME, 5), 2, 0.5),
        (Seen(Field.PHONE, 5), 2, 0.75),
        (Seen(Field.EXISTENCE, 5), 2, 0.25),
        (Seen(Field.REFERENCE | Field.OWN_IDENTIFIER, 5), 2, 0.25),
    ],
)
def test_the_facts_choose(seen: Seen, dpc: float, ei: float) -> None:
    """Fields and people decide context and ease; each choice has its reason in both languages."""
    severity = proposal(seen)
    assert (severity.value(Factor.DPC), severity.value(Factor.EI)) == (dpc, ei)
    assert all(choice.reason and choice.reason_fr for choice in severity.choices)


def test_an_error_of_a_colleague_is_less() -> None:
    """Known recipients and no malice: 2 x 1 + 0.25."""
    assert proposal(Seen(IDENTITY, 1, malicious=False, known_recipients=True)).score == 2.25


def test_somebody_may_choose_otherwise_and_says_why() -> None:
    """The choice bears its author; a value off the scale or a word for a reason is refused."""
    severity = chosen(proposal(Seen(IDENTITY, 1)), Factor.EI, 0.75, "the birth dates were wrong", "dpo-1")
    assert next(c for c in severity.choices if c.factor is Factor.EI).by == "dpo-1"
    with pytest.raises(ValueError, match="one of"):
        chosen(severity, Factor.EI, 0.6, "the birth dates were wrong", "dpo-1")
    with pytest.raises(ValueError, match="reason"):
        chosen(severity, Factor.EI, 0.5, "no", "dpo-1")


def test_every_level_has_its_words() -> None:
    """ENISA's and the form's, in both languages."""
    assert set(LEVEL_WORDS) == set(CNIL_GRAVITY) == set(Level)


@given(st.tuples(*(st.sampled_from(SCALES[factor]) for factor in Factor)))
def test_more_is_never_less(values: tuple[float, ...]) -> None:
    """Raising one factor never lowers the score or the level; levels follow the score without a gap."""
    before = of(*values)
    order = list(Level)
    for position, factor in enumerate(Factor):
        for value in SCALES[factor]:
            if value >= values[position]:
                after = of(*(*values[:position], value, *values[position + 1 :]))
                assert after.score >= before.score
                assert order.index(after.level) >= order.index(before.level)
    assert 0.25 <= before.score <= 6
    assert before.level is level_of(before.score)
