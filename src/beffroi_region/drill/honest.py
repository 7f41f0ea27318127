"""Honest work on a stage: readings one after the other, and what an honest person does when the watch asks."""

from collections.abc import Callable, Sequence

from beffroi.model.disclosure import Operation
from beffroi_region.drill.account import Account, How, Patient
from beffroi_region.drill.stage import Plan, Stage
from beffroi_region.drill.work import Work, work_of

PROOF_S = 20
"""[E] Seconds in which somebody proves who they are."""
OPENING_S = 5
After = Callable[[int, Account], None]
OPERATION_OF = {True: Operation.SEARCH, False: Operation.READ}


def at_work(stage: Stage, account: Account, shifts: int = 22, *, key: str = "own", network: str = "ward") -> None:
    """The account's owner works for so many shifts, beside whatever else happens."""
    if account not in stage.honest:
        stage.honest.append(account)
    drawn = work_of(stage.season.habit(account.role), shifts, stage.draw, stage.season)
    stage.begin(readings(stage, account, drawn, key, network))


def readings(
    stage: Stage, account: Account, work: Work, key: str, networks: str | Sequence[str], after: After | None = None
) -> Plan:
    """The readings of `work`. Each shift begins with a sign-in and a session key of its own."""
    previous, session = -1, key
    network = networks if isinstance(networks, str) else ""
    for index in range(len(work)):
        at_s = int(work.at_s[index])
        if at_s > stage.now_s:
            yield at_s - stage.now_s
        shift = int(work.shift[index])
        if shift != previous:
            previous, stage.shifts = shift, stage.shifts + 1
            session = f"{key}{shift}"
            if not isinstance(networks, str):
                network = networks[index]
            ask(stage.now_s, account, (), How(Operation.SIGN_IN, session, network))
        patient = stage.person(int(work.known_s[index])) if work.new[index] else _known(account, stage)
        rows = (patient, *(stage.stranger() for _ in range(int(work.bystanders[index]))))
        listed = bool(work.listed[index])
        how = How(
            OPERATION_OF[listed],
            session,
            network,
            "birth" if listed else "",
            int(work.position[index]),
            contact=bool(work.contact[index]),
        )
        read(stage.now_s, account, rows, how)
        if listed and work.opens[index]:
            ask(stage.now_s + OPENING_S, account, (patient,), How(Operation.READ, session, network))
        if after is not None:
            after(index, account)


def read(now_s: int, account: Account, rows: tuple[Patient, ...], how: How) -> None:
    """One reading. Asked who is there, somebody proves it and asks again."""
    ask(now_s, account, rows, how)
    if account.is_asked_of(how.key):
        account.prove(now_s + PROOF_S, how.key)
        if not account.evidence.held_s:
            ask(now_s + PROOF_S, account, rows, how)


def ask(now_s: int, account: Account, rows: tuple[Patient, ...], how: How) -> None:
    """Any question of the owner. Falsely held by it (or by one that had waited for the feed), somebody is released."""
    holds = account.holds
    account.ask(now_s, rows, how)
    if account.holds > holds:
        account.release(now_s + PROOF_S)


def _known(account: Account, stage: Stage) -> Patient:
    """Somebody whom the account was shown lately."""
    if not account.showings:
        return stage.patient()
    recent = account.showings[-min(len(account.showings), 60) :]
    return Patient(recent[int(stage.draw.integers(0, len(recent)))].person)
