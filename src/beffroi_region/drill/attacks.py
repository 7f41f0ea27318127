"""The attacks of the published cases: robots, scrapers, the patient, the half honest. One function each."""

from beffroi.model.account import Role
from beffroi.model.disclosure import Operation
from beffroi.watch.norms import NORMS
from beffroi_region.drill.account import How
from beffroi_region.drill.habits import DAY_S, HOUR_S
from beffroi_region.drill.honest import at_work
from beffroi_region.drill.moves import Thief, stolen
from beffroi_region.drill.scenario import attack, by_day, every
from beffroi_region.drill.stage import Plan, Stage

DESK_CAP, TRIAGE_CAP = NORMS[Role.ADMISSION_CLERK].pending_max, NORMS[Role.TRIAGE_NURSE].pending_max
"""Strangers that may wait for the feed: no more are shown before the tests have spoken."""
ROBOT_QUESTIONS = 2_000


@attack("robot", "A robot, 50 patients a second", "Un robot, 50 patients par seconde", p50=10, p95=25)
def _(stage: Stage) -> None:
    thief = stolen(stage, Role.WARD_DOCTOR)
    stage.begin(every(1 / 50, thief.stranger, ROBOT_QUESTIONS))


@attack("scraper", "By hand, 360 an hour", "À la main, 360 par heure", p50=10, p95=25)
def _(stage: Stage) -> None:
    thief = stolen(stage, Role.WARD_NURSE)
    stage.begin(every(10, thief.stranger, 500))


@attack("slow-5", "Five strangers a day", "Cinq inconnus par jour", p50=10, p95=25)
def _(stage: Stage) -> None:
    stage.begin(by_day(5, stolen(stage, Role.WARD_NURSE).stranger))


@attack("slow-20", "Twenty strangers a day", "Vingt inconnus par jour", p50=10, p95=25)
def _(stage: Stage) -> None:
    stage.begin(by_day(20, stolen(stage, Role.ON_CALL_DOCTOR).stranger))


@attack("slow-219", "219 strangers a day", "219 inconnus par jour", p50=10, p95=25)
def _(stage: Stage) -> None:
    stage.begin(by_day(219, stolen(stage, Role.EMERGENCY_DOCTOR).stranger))


@attack("secretary", "A secretary's account, 100 a day", "Le compte d'une secrétaire, 100 par jour", p50=10, p95=25)
def _(stage: Stage) -> None:
    stage.begin(by_day(100, stolen(stage, Role.MEDICAL_SECRETARY).stranger))


@attack("coordinator", "A coordinator's, 20 a day", "Celui d'un coordonnateur, 20 par jour", p50=10, p95=25)
def _(stage: Stage) -> None:
    stage.begin(by_day(20, stolen(stage, Role.REGIONAL_COORDINATOR).stranger))


@attack("identity-cell", "An identity cell's, 400 a day", "Celui d'une identitovigilance, 400 par jour", p50=10, p95=25)
def _(stage: Stage) -> None:
    stage.begin(by_day(400, stolen(stage, Role.IDENTITY_CELL).stranger))


@attack(
    "desk", "An admission desk's, as fast as it goes", "Celui d'un guichet, au plus vite", p50=DESK_CAP, p95=DESK_CAP
)
def _(stage: Stage) -> None:
    stage.begin(every(5, stolen(stage, Role.ADMISSION_CLERK).stranger, 2_000))


@attack(
    "triage", "A triage nurse's, as fast as it goes", "Celui d'une IOA, au plus vite", p50=TRIAGE_CAP, p95=TRIAGE_CAP
)
def _(stage: Stage) -> None:
    stage.begin(every(5, stolen(stage, Role.TRIAGE_NURSE).stranger, 2_000))


@attack("blended-half", "An insider, one in two", "De l'intérieur, un sur deux", p50=20, p95=50)
def _(stage: Stage) -> None:
    stage.begin(_blended(stage, Role.WARD_DOCTOR, illicit=16, honest=16))


@attack("blended-quarter", "An insider, one in four", "De l'intérieur, un sur quatre")
def _(stage: Stage) -> None:
    stage.begin(_blended(stage, Role.WARD_DOCTOR, illicit=9, honest=27))


def _blended(stage: Stage, role: Role, illicit: int, honest: int) -> Plan:
    """The owner, with the own device, reads others between patients of the day."""
    account = stage.account(role)
    thief = Thief(stage, account, key="own", network="ward")
    for _ in range(30):
        moves = stage.draw.permutation([True] * illicit + [False] * honest)
        for one in moves:
            if one:
                thief.stranger(Operation.READ)
            else:
                thief.work()
            yield 10 * HOUR_S / len(moves)
        yield 14 * HOUR_S


@attack("sweep-dates", "Birth dates one after the other", "Les dates de naissance à la suite", p50=10, p95=25)
def _(stage: Stage) -> None:
    stage.begin(_sweep(stage, "birth", 60, 0.3))


@attack("sweep-names", "Names one after the other", "Les noms à la suite", p50=10, p95=25)
def _(stage: Stage) -> None:
    stage.begin(_sweep(stage, "family", 10, 0.5))


@attack("sweep-numbers", "Identifiers one after the other", "Les identifiants à la suite", p50=10, p95=25)
def _(stage: Stage) -> None:
    stage.begin(_sweep(stage, "identifier", 4, 0.6))


def _sweep(stage: Stage, kind: str, wait_s: float, hits: float) -> Plan:
    thief = stolen(stage, Role.WARD_NURSE)
    for position in range(1_000):
        thief.guess(kind, position, hits)
        yield wait_s


@attack("taken-over", "A session taken over in mid-shift", "Une session détournée en plein service", p50=10, p95=25)
def _(stage: Stage) -> None:
    account = stage.account(Role.WARD_DOCTOR)
    at_work(stage, account)
    stage.begin(every(30, Thief(stage, account, key="own0", network="elsewhere").stranger, 3_000), 4 * HOUR_S)


@attack("beside-owner", "Five a day beside the owner's work", "Cinq par jour à côté du titulaire", p50=10, p95=25)
def _(stage: Stage) -> None:
    account = stage.account(Role.WARD_DOCTOR)
    at_work(stage, account)
    stage.begin(by_day(5, Thief(stage, account).stranger, begins_h=18, hours=4))


@attack(
    "prompts",
    "Sign-in prompts until one is accepted, at two",
    "Des demandes jusqu'à ce qu'on accepte, à 2 h",
    p50=10,
    p95=25,
)
def _(stage: Stage) -> None:
    stage.begin(_prompts(stage))


def _prompts(stage: Stage) -> Plan:
    account = stage.account(Role.ON_CALL_DOCTOR)
    at_work(stage, account)
    yield 26 * HOUR_S
    thief = Thief(stage, account)
    for _ in range(12):
        thief.sign_in()
        yield 40
    yield from every(20, thief.stranger, 2_000)


@attack("departed", "The account of somebody who has left", "Le compte de quelqu'un qui est parti", p50=10, p95=25)
def _(stage: Stage) -> None:
    """Its last use was three months ago; nobody closed it."""
    thief = stolen(stage, Role.WARD_DOCTOR)
    thief.account.ask(stage.now_s - 90 * DAY_S, (stage.patient(),), How(Operation.READ, "old", "old"))
    stage.begin(by_day(15, thief.stranger))


@attack("few-known", "One to five well-known people", "De un à cinq personnes connues")
def _(stage: Stage) -> None:
    account = stage.account(Role.WARD_NURSE)
    at_work(stage, account)
    thief = Thief(stage, account, key="own0", network="ward")
    stage.begin(every(6 * HOUR_S, lambda: thief.stranger(Operation.READ), int(stage.draw.integers(1, 6))), 9 * HOUR_S)


@attack("emergencies", "Emergency readings, a pasted reason", "Des lectures d'urgence, un motif collé")
def _(stage: Stage) -> None:
    stage.begin(by_day(50, stolen(stage, Role.EMERGENCY_DOCTOR).emergency))


@attack("lists-unopened", "Lists of which nobody is opened", "Des listes dont personne n'est ouvert", p50=10, p95=25)
def _(stage: Stage) -> None:
    thief = stolen(stage, Role.WARD_DOCTOR)
    thief.contact = False
    stage.begin(every(25, thief.stranger, 500))


@attack(
    "application",
    "A hospital application at four times its feed",
    "Une application à quatre fois son flux",
    p50=10,
    p95=25,
    days=1,
)
def _(stage: Stage) -> None:
    _beside_software(stage, times=4)


@attack(
    "application-20",
    "A hospital application at twenty times its feed",
    "Une application à vingt fois son flux",
    p50=10,
    p95=25,
    days=1,
)
def _(stage: Stage) -> None:
    _beside_software(stage, times=20)


def _beside_software(stage: Stage, times: int) -> None:
    """Strangers by the same credential, so many times what its software asks in all."""
    account = stage.account(Role.HOSPITAL_APPLICATION)
    honest = Thief(stage, account, key="app", network="server")
    thief = Thief(stage, account, key="app", network="server")
    stage.begin(every(4, honest.work, 2_000))
    stage.begin(every(4 / (times - 1), thief.stranger, 3_000), HOUR_S)


@attack(
    "pdq-wildcards",
    "HL7 v2 queries with wildcards and continuations",
    "Des requêtes HL7 v2 à jokers et suites",
    p50=10,
    p95=25,
    days=1,
)
def _(stage: Stage) -> None:
    stage.begin(_pdq(stage))


def _pdq(stage: Stage) -> Plan:
    thief = stolen(stage, Role.HOSPITAL_APPLICATION, network="server")
    for position in range(2_000):
        rows = tuple(stage.stranger() for _ in range(int(stage.draw.integers(1, 20))))
        thief.ask(rows, Operation.PDQ_QUERY, kind="family", position=position, specified=False)
        yield 1.0
