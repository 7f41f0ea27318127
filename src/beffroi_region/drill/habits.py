"""How professionals work: patients in a shift, how they are found, and what the hospital's feed knows of them by then.

[P] a published figure, [E] an estimate, a parameter and no fact. Source: docs/decisions/0030, where each stands.
"""

from dataclasses import dataclass, replace

from beffroi.model.account import Role

MINUTE_S, HOUR_S, DAY_S = 60, 3_600, 86_400
NEVER = 1 << 40
"""When the feed learns of what it never learns of."""
SHIFTS_A_YEAR = 200
"""[C] 1,607 hours a year: 200 shifts of 8 hours, 134 of 12; doctors work more [E], and few nights."""
BYSTANDERS_BY_LETTERS = 0.13
"""[C] Other people in a list for the birth date, three letters of the name and one of the given name, of 6 million."""
BYSTANDERS_BY_NAMES = 0.001
"""[C] The same for the whole name and given name: homonyms, measured on the region's names (0.0003)."""


@dataclass(frozen=True, slots=True)
class Habit:
    """One role's shift.

    `patients`, `patients_p95`: new patients in it. `unexplained`: the share of which nothing is known half an hour
    later. `early`: of the explained ones, those read before the feed knows. `starts_h`, `hours`: when it is.
    `handover`: share of the patients read in its first half hour. `named`: share found by a search that names them
    fully, and of these `letters` by letters only. `again`: readings of known patients for each new one. `contact`:
    share with contact fields. `shifts`: in a year.
    """

    role: Role
    patients: float
    patients_p95: float
    unexplained: float
    early: float
    starts_h: float
    hours: float
    handover: float
    named: float
    letters: float = 0.1
    again: float = 0.25
    contact: float = 0.1
    share: float = 0.0
    """Of the region's professionals."""
    shifts: int = SHIFTS_A_YEAR


HABITS = {
    one.role: one
    for one in (
        Habit(Role.WARD_NURSE, 12, 18, 0.025, 0.005, 7, 12, 0.5, 0.05, share=0.45, shifts=134),
        Habit(Role.WARD_DOCTOR, 17, 25, 0.04, 0.005, 8, 10, 0.4, 0.10, share=0.18, shifts=210),
        Habit(Role.EMERGENCY_DOCTOR, 10.1, 15.4, 0.05, 0.01, 8, 9, 0.2, 0.20, share=0.05, shifts=200),
        Habit(Role.TRIAGE_NURSE, 60, 85, 0.05, 0.8, 8, 12, 0.0, 0.90, share=0.03, shifts=134),
        Habit(Role.ON_CALL_DOCTOR, 40, 75, 0.05, 0.01, 20, 12, 0.2, 0.20, share=0.04, shifts=80),
        Habit(Role.ADMISSION_CLERK, 70, 120, 0.07, 0.7, 8, 8, 0.0, 1.0, contact=0.6, share=0.09),
        Habit(Role.MEDICAL_SECRETARY, 45, 80, 0.06, 0.0, 9, 8, 0.1, 0.5, contact=0.5, share=0.14),
        Habit(Role.IDENTITY_CELL, 200, 400, 0.025, 0.0, 9, 8, 0.0, 0.3, contact=0.3, share=0.01),
        Habit(Role.REGIONAL_COORDINATOR, 25, 50, 0.10, 0.0, 9, 8, 0.1, 0.5, contact=0.2, share=0.01),
        Habit(Role.HOSPITAL_APPLICATION, 20_000, 40_000, 0.004, 0.0, 0, 24, 0.0, 0.0, contact=0.0),
    )
}
"""[P] for patients of emergency doctors (10.1, SD 3.2), ward doctors (17) and night cover (25 to 75); otherwise [E]."""


@dataclass(frozen=True, slots=True)
class Season:
    """What may be different from the plain case: the feed, and how well the base rates were judged.

    `unexplained`: a share for every role, or None for the role's own. `spread`: sigma of the lognormal factor of a
    shift's unexplained share. `run`: chance that a patient's state is that of the patient before. `letters`: share of
    named searches by letters, None for the role's own.
    `misjudged`: the factor by which the norms' base rates are wrong. `released`: base rates were released anew for it.
    `part`: of the professionals who are played, where nearly each must go through the pure step.
    """

    name: str = "plain"
    unexplained: float | None = None
    spread: float = 0.4
    run: float = 0.15
    letters: float | None = None
    misjudged: float = 1.0
    released: bool = False
    part: float = 1.0

    def habit(self, role: Role) -> Habit:
        """The role's habit in this season."""
        found = HABITS[role]
        if self.unexplained is not None:
            found = replace(found, unexplained=max(self.unexplained, found.unexplained))
        return found if self.letters is None else replace(found, letters=self.letters)


PLAIN = Season()
SEASONS = {
    one.name: one
    for one in (
        PLAIN,
        Season("feed-84", unexplained=0.16, part=0.05),
        Season("feed-84-released", unexplained=0.16, released=True, part=0.2),
        Season("feed-70", unexplained=0.30, part=0.05),
        Season("feed-70-released", unexplained=0.30, released=True, part=0.2),
        Season("rates-too-low", misjudged=0.5, part=0.2),
        Season("rates-too-high", misjudged=2.0),
        Season("clustered", spread=0.8, run=0.35, part=0.1),
        Season("letters-only", letters=1.0),
    )
}
"""`clustered`: twice the spread and the runs. `letters-only`: every named search shows the bystanders of 6 million."""
