"""The verdict on one question: how many of its rows this account may be shown.

In this version the watch holds the ceilings on everything: distinct new patients per role over 24 hours and 30 days,
and emergency readings. Beyond a ceiling one explained patient at a time stays readable (law 5), patients seen before
stay too, and nothing tells of anybody else: with or without a stranger who matches, the answer is the same. The
ceilings are engineering estimates, several times the 95th percentile of a shift (docs/explanation/watch.md).
"""

from dataclasses import dataclass

from beffroi.model.account import Role
from beffroi.model.disclosure import Finding, Operation
from beffroi.watch.evidence import Evidence

EMERGENCY_READINGS_24H = 5
CEILING_24H = "the ceiling of new patients in 24 hours"
CEILING_30D = "the ceiling of new patients in 30 days"
CEILING_EMERGENCY = "the ceiling of emergency readings in 24 hours"
CEILING_NAMES_FR = {
    CEILING_24H: "le plafond de nouveaux patients en 24 heures",
    CEILING_30D: "le plafond de nouveaux patients en 30 jours",
    CEILING_EMERGENCY: "le plafond de lectures en urgence en 24 heures",
}


@dataclass(frozen=True, slots=True)
class Ceiling:
    """Distinct new patients that an account of a role may be shown."""

    patients_24h: int
    patients_30d: int


_CLINICAL = Ceiling(150, 1_500)
CEILINGS: dict[Role, Ceiling] = {
    Role.WARD_NURSE: Ceiling(120, 1_200),
    Role.WARD_DOCTOR: _CLINICAL,
    Role.EMERGENCY_DOCTOR: _CLINICAL,
    Role.TRIAGE_NURSE: Ceiling(250, 2_500),
    Role.ON_CALL_DOCTOR: Ceiling(250, 2_000),
    Role.ADMISSION_CLERK: Ceiling(480, 6_000),
    Role.MEDICAL_SECRETARY: Ceiling(240, 3_000),
    Role.IDENTITY_CELL: Ceiling(1_200, 12_000),
    Role.REGIONAL_COORDINATOR: Ceiling(150, 1_500),
    Role.HOSPITAL_APPLICATION: Ceiling(60_000, 1_000_000),
    Role.CROSS_REFERENCE_APPLICATION: Ceiling(60_000, 1_000_000),
    Role.AUDITOR: Ceiling(5_000, 50_000),
    Role.DATA_PROTECTION_OFFICER: Ceiling(5_000, 50_000),
}
NONE = Ceiling(0, 0)
_ABOUT_NOBODY = frozenset({Operation.SIGN_IN, Operation.AUDIT_SEARCH, Operation.SCOPE_VIEW})
"""Operations in which no match can be guessed at, so an empty answer tells nothing that a ceiling must hide."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`shown[i]`: whether row i may be shown. `ceiling` names what was reached, empty when nothing was."""

    shown: tuple[bool, ...]
    new_count: int
    ceiling: str = ""
    limit: int = 0

    @property
    def shown_count(self) -> int:
        """How many rows may be shown."""
        return sum(self.shown)


def judge(
    evidence: Evidence, role: Role, operation: Operation, rows: tuple[Finding, ...], new: tuple[bool, ...], now_s: int
) -> Verdict:
    """Leaves out the new patients beyond a ceiling. `new[i]`: `rows[i]` was never shown to this account.

    >>> judge(Evidence(), Role.WARD_NURSE, Operation.READ, (), (), 0)
    Verdict(shown=(), new_count=0, ceiling='', limit=0)
    """
    if operation is Operation.EMERGENCY_READ and evidence.emergencies_24h(now_s) >= EMERGENCY_READINGS_24H:
        return Verdict((False,) * len(rows), 0, CEILING_EMERGENCY, EMERGENCY_READINGS_24H)
    if operation is Operation.EMERGENCY_READ:  # a way on with a ceiling of its own (law 8)
        return Verdict((True,) * len(rows), sum(new))
    ceiling = CEILINGS.get(role, NONE)
    left_24h = ceiling.patients_24h - evidence.shown_24h(now_s)
    left_30d = ceiling.patients_30d - evidence.shown_30d(now_s)
    left, name, limit = min(
        (left_24h, CEILING_24H, ceiling.patients_24h),
        (left_30d, CEILING_30D, ceiling.patients_30d),
    )
    if left <= 0 and operation not in _ABOUT_NOBODY:
        return _beyond(rows, new, name, limit)
    shown, new_count = [], 0
    for is_new in new:
        shown.append(not is_new or new_count < left)
        new_count += is_new and shown[-1]
    return Verdict(tuple(shown), new_count) if all(shown) else Verdict(tuple(shown), new_count, name, limit)


def _beyond(rows: tuple[Finding, ...], new: tuple[bool, ...], name: str, limit: int) -> Verdict:
    """Patients seen before, and one explained patient at a time: a cap must not stop care.

    The ceiling is named even when nobody was left out, or its absence would tell that nobody else matches.
    """
    alone = sum(row.explained for row in rows) == 1
    shown = tuple(not is_new or (alone and row.explained) for row, is_new in zip(rows, new, strict=True))
    return Verdict(shown, sum(a and b for a, b in zip(shown, new, strict=True)), name, limit)
