"""The report of an exercise (`beffroi drill --json`), as far as the duty officer is shown it."""

from datetime import datetime

import msgspec


class Played(msgspec.Struct, frozen=True):
    """One scenario. Of a thief, `shown_*`: patients shown before the account was stopped. Of honest work, rates.

    `aim_met` is None where no aim is set.
    """

    kind: str
    title: str
    title_fr: str
    runs: int = 0
    made_to_beat_it: bool = False
    shown_p50: int | None = None
    shown_p95: int | None = None
    shown_max: int | None = None
    aim_p95: int | None = None
    aim_met: bool | None = None
    answers_after_verdict: int | None = 0
    collateral_refusals: int | None = 0
    shifts: int = 0
    false_holds_per_10k_shifts: float | None = None
    false_holds_bound: float | None = None


class Season(msgspec.Struct, frozen=True):
    """A year of plain work."""

    shifts: int
    false_holds_per_10k_shifts: float
    false_holds_bound: float | None = None


class Known(msgspec.Struct, frozen=True):
    """An incident that happened elsewhere."""

    title: str
    title_fr: str
    patients_per_account: int


class DrillReport(msgspec.Struct, frozen=True):
    """The whole report; one against a running server (`--live`) has no seed. `made_at` is the file's own time, which no
    report says.
    """

    scenarios: dict[str, Played]
    version: str = ""
    seasons: dict[str, Season] = {}
    seed: int = 0
    runs: int = 1
    held_out: bool = False
    known_incidents: tuple[Known, ...] = ()
    made_at: datetime | None = None

    @property
    def thieves(self) -> list[Played]:
        """Stolen accounts, the worst first."""
        found = [one for one in self.scenarios.values() if one.kind == "attack"]
        return sorted(found, key=lambda one: -(one.shown_p95 or 0))

    @property
    def honest(self) -> list[Played]:
        """Honest work that looks odd."""
        return [one for one in self.scenarios.values() if one.kind == "genuine"]
