"""Genuine work that looks like an attack. Nobody here is a thief, and nobody may be disturbed."""

from dataclasses import replace
from typing import Any

from beffroi.model.account import Role
from beffroi.model.disclosure import Operation
from beffroi_region.drill.account import Account, How
from beffroi_region.drill.habits import HABITS, HOUR_S, NEVER, Habit
from beffroi_region.drill.honest import read, readings
from beffroi_region.drill.scenario import genuine
from beffroi_region.drill.stage import Plan, Stage
from beffroi_region.drill.work import BEGIN_S, work_of


def _works(
    stage: Stage, habit: Habit, shifts: int = 1, account: Account | None = None, network: str = "ward"
) -> Account:
    """Somebody works that habit."""
    found = account or stage.account(habit.role)
    stage.honest.append(found)
    work = work_of(habit, shifts, stage.draw, stage.season)
    stage.begin(readings(stage, found, work, f"k{len(stage.honest)}-", network))
    return found


def _busier(role: Role, patients: float, **other: Any) -> Habit:
    return replace(HABITS[role], patients=patients, patients_p95=patients * 1.3, **other)


@genuine(
    "mass-casualty",
    "A mass-casualty night: unknown victims, seven hospitals",
    "Plan blanc : des victimes inconnues, sept hôpitaux",
    runs=50,
)
def _(stage: Stage) -> None:
    """At each of seven hospitals a desk (110 patients in 6 hours) and a triage nurse (43 in 8); 12 % stay nameless."""
    for _ in range(7):
        _works(stage, _busier(Role.ADMISSION_CLERK, 110, unexplained=0.12, hours=6, starts_h=20))
        _works(stage, _busier(Role.TRIAGE_NURSE, 43, unexplained=0.12, hours=8, starts_h=20))


@genuine("night-cover", "Night cover of six units", "Garde de nuit sur six unités")
def _(stage: Stage) -> None:
    _works(stage, _busier(Role.ON_CALL_DOCTOR, 55))


@genuine("monday-desk", "Monday at the desk, 25 an hour", "Lundi au guichet, 25 par heure")
def _(stage: Stage) -> None:
    _works(stage, _busier(Role.ADMISSION_CLERK, 20 * 3, hours=3))
    _works(stage, _busier(Role.ADMISSION_CLERK, 25 * 3, hours=3))


@genuine("winter-triage", "Triage in a winter peak", "L'accueil des urgences au pic de l'hiver")
def _(stage: Stage) -> None:
    _works(stage, _busier(Role.TRIAGE_NURSE, 100))


@genuine(
    "identity-cell-day",
    "The identity cell's worklist, in the order of names",
    "La liste de la cellule d'identitovigilance, par noms",
)
def _(stage: Stage) -> None:
    account = stage.owner(Role.IDENTITY_CELL)
    stage.begin(_worklist(stage, account, Role.IDENTITY_CELL, 200, 8, unexplained=0.025))


@genuine("vaccination", "A vaccination centre, 600 from a list", "Un centre de vaccination, 600 d'une liste")
def _(stage: Stage) -> None:
    for _ in range(2):
        account = stage.owner(Role.ADMISSION_CLERK)
        stage.begin(_worklist(stage, account, Role.ADMISSION_CLERK, 300, 10, unexplained=0.03))


def _worklist(stage: Stage, account: Account, role: Role, count: int, hours: float, unexplained: float) -> Plan:
    """Pairs of a list that somebody else deposited, in alphabetical order; a few are not on it."""
    yield 8 * HOUR_S
    stage.shifts += 1
    position = 0
    for _ in range(count):
        position += int(stage.draw.integers(0, 90))
        stranger = stage.draw.random() < unexplained
        rows = (stage.stranger() if stranger else stage.listed(),)
        read(
            stage.now_s,
            account,
            rows,
            How(Operation.SEARCH, "own", "office", "family", position, contact=role is Role.ADMISSION_CLERK),
        )
        yield float(stage.draw.exponential(hours * HOUR_S / count))


@genuine("migration", "A declared migration batch by software", "Une reprise déclarée, par un logiciel", runs=10)
def _(stage: Stage) -> None:
    account = stage.owner(Role.HOSPITAL_APPLICATION)
    stage.begin(_batch(stage, account, 20_000, 0.5))


@genuine(
    "application-day",
    "A hospital's software in step with its feed",
    "Le logiciel d'un hôpital au rythme de son flux",
    runs=10,
)
def _(stage: Stage) -> None:
    account = stage.owner(Role.HOSPITAL_APPLICATION)
    stage.begin(_batch(stage, account, 20_000, 4, unexplained=0.004))


def _batch(stage: Stage, account: Account, count: int, wait_s: float, unexplained: float = 0.0) -> Plan:
    stage.shifts += 1
    for _ in range(count):
        rows = (stage.stranger() if stage.draw.random() < unexplained else stage.listed(),)
        account.ask(stage.now_s, rows, How(Operation.READ, "app", "server"))
        yield float(stage.draw.exponential(wait_s))


@genuine("shared-workstation", "Thirty people a day at one workstation", "Trente personnes par jour sur un même poste")
def _(stage: Stage) -> None:
    everybody_at(stage, "workstation")


def everybody_at(stage: Stage, workstation: str, people: int = 30) -> list[Account]:
    """Nurses who work a shift each by the same network."""
    return [_works(stage, HABITS[Role.WARD_NURSE], network=workstation) for _ in range(people)]


@genuine(
    "intern-day",
    "The day the interns change: new accounts, new devices",
    "Le jour où les internes changent",
    days=5,
    runs=20,
)
def _(stage: Stage) -> None:
    for number in range(20):
        habit = _busier(Role.WARD_DOCTOR, 17, unexplained=0.06, named=0.3, again=0.6)
        _works(stage, habit, 3, network=f"ward{number % 4}")


@genuine(
    "outage-heartbeat", "Six hours without feed, proven by its heartbeat", "Six heures sans flux, prouvées", runs=50
)
def _(stage: Stage) -> None:
    """The whole hospital's events come at the end of the outage; the heartbeat stops two minutes after them."""
    _outage(stage, proven=True)


@genuine(
    "outage-silent", "Six hours without feed, no heartbeat to prove it", "Six heures sans flux, sans preuve", runs=50
)
def _(stage: Stage) -> None:
    _outage(stage, proven=False)


def _outage(stage: Stage, proven: bool, begins_h: float = 8, hours: float = 6) -> None:
    begins_s, ends_s = BEGIN_S + int(begins_h * HOUR_S), BEGIN_S + int((begins_h + hours) * HOUR_S)
    if proven:
        stage.place.silent_from_s, stage.place.silent_until_s = begins_s + 120, ends_s
    crew = [_busier(Role.ADMISSION_CLERK, 20 * hours, hours=hours), HABITS[Role.WARD_NURSE], HABITS[Role.WARD_DOCTOR]]
    for habit in [*crew, HABITS[Role.EMERGENCY_DOCTOR], HABITS[Role.TRIAGE_NURSE]]:
        account = stage.owner(habit.role)
        work = work_of(habit, 1, stage.draw, stage.season, BEGIN_S)
        late = (work.known_s >= begins_s - HOUR_S) & (work.known_s < ends_s) & (work.known_s != NEVER)
        fresh = stage.draw.random(len(work)) < (1.0 if habit.role is Role.ADMISSION_CLERK else 0.4)
        work.known_s[late & fresh] = ends_s
        stage.begin(readings(stage, account, work, f"k{len(stage.honest)}-", "ward"))


@genuine("homonyms", "Twenty openings to tell homonyms apart", "Vingt ouvertures pour départager des homonymes")
def _(stage: Stage) -> None:
    """In the identity cell and at a desk: five to twenty namesakes opened for one patient, some unexplained."""
    for role in (Role.IDENTITY_CELL, Role.ADMISSION_CLERK):
        account = stage.owner(role)
        stage.begin(_namesakes(stage, account))


def _namesakes(stage: Stage, account: Account) -> Plan:
    yield 9 * HOUR_S
    stage.shifts += 1
    for case in range(12):
        count = int(stage.draw.integers(5, 21)) if case == 6 else 3
        for _ in range(count):
            rows = (stage.stranger() if case == 6 and stage.draw.random() < 0.3 else stage.listed(),)
            read(stage.now_s, account, rows, How(Operation.READ, "own", "office"))
            yield 40
        yield 600


@genuine("leave", "Back after ten weeks of leave", "De retour après dix semaines d'absence", days=3)
def _(stage: Stage) -> None:
    account = stage.account(Role.WARD_DOCTOR)
    account.ask(BEGIN_S - 70 * 24 * HOUR_S, (stage.patient(),), How(Operation.READ, "old", "old"))
    _works(stage, HABITS[Role.WARD_DOCTOR], 2, account, network="elsewhere")


@genuine(
    "first-week",
    "A nurse's first week in a unit that the feed hardly knows",
    "Première semaine dans une unité mal connue du flux",
    days=8,
)
def _(stage: Stage) -> None:
    _works(stage, replace(HABITS[Role.WARD_NURSE], unexplained=0.06), 5)
