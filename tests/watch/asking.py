"""What the watch's tests share: questions of one account, put one after the other."""

from msgspec.structs import replace

from beffroi.model.account import Role
from beffroi.model.disclosure import Operation
from beffroi.watch.circumstances import Circumstances, Row, Verdict
from beffroi.watch.evidence import Evidence
from beffroi.watch.norms import NORMS
from beffroi.watch.verdict import judge

START_S = 1_800_000_000


def asked(now_s: int = START_S, role: Role = Role.WARD_NURSE, **particulars: object) -> Circumstances:
    """One question; unless it says otherwise a fully specified search by one key and one network."""
    given = {"operation": Operation.SEARCH, "key": "k", "network": "n"} | particulars
    return Circumstances(now_s=now_s, role=role, norm=NORMS[role], **given)  # type: ignore[arg-type]


def strangers(first: int, count: int = 1) -> tuple[Row, ...]:
    """New patients whom nothing explains."""
    return tuple(Row(number, None, explained=False) for number in range(first, first + count))


def patients(first: int, count: int = 1) -> tuple[Row, ...]:
    """New patients whom the hospital's feed explains."""
    return tuple(Row(number, None, explained=True) for number in range(first, first + count))


class Account:
    """One account and whom it was shown, by its own clock."""

    def __init__(self, role: Role = Role.WARD_NURSE) -> None:
        self.role = role
        self.evidence = Evidence()
        self.now_s = START_S
        self.last_shown: dict[int, int] = {}
        self.number = 0

    def asks(self, rows: tuple[Row, ...], wait_s: int = 60, **particulars: object) -> Verdict:
        """The verdict on one question `wait_s` later; whoever is shown is remembered."""
        self.now_s += wait_s
        self.number += 1
        aged = tuple(replace(row, age_s=self._age_s(row.person)) for row in rows)
        verdict = judge(self.evidence, asked(self.now_s, self.role, running_number=self.number, **particulars), aged)
        self.evidence = verdict.evidence
        for row, fate in zip(rows, verdict.fates, strict=True):
            if fate != "withheld":
                self.last_shown[row.person] = self.now_s
        return verdict

    def reads_until_held(self, most: int = 200, wait_s: int = 60, **particulars: object) -> int:
        """Strangers shown one by one before one is withheld."""
        for shown in range(most):
            if self.asks(strangers(10_000 + self.number), wait_s, **particulars).shown_count == 0:
                return shown
        return most

    def _age_s(self, person: int) -> int | None:
        return self.now_s - self.last_shown[person] if person in self.last_shown else None
