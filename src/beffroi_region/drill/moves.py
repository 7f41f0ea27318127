"""What a thief can do with an account. Each move is a question or a way on, and returns whether somebody was shown."""

from beffroi.model.account import Role
from beffroi.model.disclosure import Operation
from beffroi.watch.circumstances import Fate
from beffroi_region.drill.account import Account, How, Patient
from beffroi_region.drill.habits import BYSTANDERS_BY_LETTERS
from beffroi_region.drill.stage import Stage

ELSEWHERE = "elsewhere"


class Thief:
    """Somebody at somebody else's account. `key`, `network`: by which he comes; the owner's, if he has them."""

    def __init__(self, stage: Stage, account: Account, *, key: str = "stolen", network: str = ELSEWHERE) -> None:
        self.stage = stage
        self.account = account
        self.key, self.network = key, network
        self.contact = True
        self._number = 0
        self._past: list[int] = []
        if account not in stage.robbed:
            stage.robbed.append(account)

    def ask(self, rows: tuple[Patient, ...], operation: Operation = Operation.SEARCH, **how: object) -> bool:
        """Any question."""
        said = How(operation, self.key, self.network, contact=self.contact, thief=True, **how)  # type: ignore[arg-type]
        fates = self.account.ask(self.stage.now_s, rows, said)
        return any(fate is not Fate.WITHHELD for fate in fates)

    def stranger(self, operation: Operation = Operation.SEARCH) -> bool:
        """A search that names one stranger fully; with whoever else stands in such a list."""
        others = int(self.stage.draw.poisson(BYSTANDERS_BY_LETTERS)) if operation is Operation.SEARCH else 0
        rows = tuple(self.stage.stranger() for _ in range(1 + others))
        return self.ask(rows, operation, kind="birth", position=int(self.stage.draw.integers(0, 32_000)))

    def look_up(self) -> bool:
        """One stranger by a full identifier: nobody else stands in the answer."""
        return self.ask((self.stage.stranger(),), Operation.READ)

    def pad(self) -> bool:
        """Somebody whom the hospital's feed explains: found by a birth date alone, and shown without bystanders."""
        return self.ask((self.stage.patient(),), specified=False)

    def work(self) -> bool:
        """A patient of the owner's own work, explained but for the role's ordinary share: no theft."""
        habit = self.stage.season.habit(self.account.role)
        honest = self.stage.stranger() if self.stage.draw.random() < habit.unexplained else self.stage.patient()
        said = How(Operation.READ, self.key, self.network)
        return any(fate is not Fate.WITHHELD for fate in self.account.ask(self.stage.now_s, (honest,), said))

    def reread(self) -> bool:
        """Somebody whom the account was shown before, and the thief was not."""
        if not self._past:
            self._past = list(self.account.seen_s)
        return bool(self._past) and self.ask((Patient(self._past.pop(0)),), Operation.READ)

    def guess(self, kind: str, position: int, hits: float, specified: bool = True) -> bool:
        """A probe of a sweep, which finds `hits` strangers on average."""
        rows = tuple(self.stage.stranger() for _ in range(int(self.stage.draw.poisson(hits))))
        return self.ask(rows, kind=kind, position=position, specified=specified)

    def sign_in(self, key: str = "", network: str = "") -> None:
        """Signs in anew, by another session key and network if they are given."""
        self._number += 1
        self.key, self.network = key or f"{self.key}{self._number}", network or self.network
        self.ask((), Operation.SIGN_IN)

    def prove(self) -> None:
        """He has the owner's enrolled key, or the owner is the thief."""
        self.account.prove(self.stage.now_s, self.key)

    def vouched(self, count: int = 1) -> bool:
        """A deceived colleague confirms patients by name; he reads them."""
        patients = tuple(self.stage.stranger() for _ in range(count))
        self.account.confirm(self.stage.now_s, patients)
        return all(self.ask((one,), Operation.READ) for one in patients)

    def emergency(self) -> bool:
        """An emergency reading, with a pasted reason."""
        return self.ask((self.stage.stranger(),), Operation.EMERGENCY_READ)

    def released(self) -> None:
        """A duty officer believes him."""
        self.account.release(self.stage.now_s)

    @property
    def asked(self) -> bool:
        """Whether he is asked to prove who is there."""
        return self.account.is_asked_of(self.key)

    @property
    def stopped(self) -> bool:
        """Whether new strangers are withheld now: held, or asked who is there."""
        return bool(self.account.evidence.held_s) or self.asked


def stolen(stage: Stage, role: Role, **how: str) -> Thief:
    """A thief at a fresh account, whose owner is away."""
    return Thief(stage, stage.account(role), **how)
