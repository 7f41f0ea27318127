"""The worker's jobs: whether each ran when it should have, and what fails again and again."""

from collections.abc import AsyncIterator

from beffroi.actions.job_words import JOBS, failure_words
from beffroi.clock import Clock
from beffroi.config.settings import Config
from beffroi.doctor.finding import Finding, error, good, note, warning
from beffroi.errors import OperatorError, Words
from beffroi.model.job import Job, JobRun
from beffroi.store.database import DATABASE_FAULTS, Database
from beffroi.store.jobs import JobStore

FAILURES_IN_A_ROW = 3
_SERVING = Words("Is `beffroi serve` running?", "`beffroi serve` tourne-t-il ?")
_LOG = Words("See the log.", "Voir le journal.")


async def check_jobs(config: Config, clock: Clock) -> AsyncIterator[Finding]:
    """What the worker wrote of its jobs, against the time."""
    try:
        async with await Database.open(config.dsn("worker"), size=1) as database:
            runs = await JobStore(database).listed()
    except (OperatorError, *DATABASE_FAULTS):
        return  # said among the databases
    if not runs:
        yield note("jobs", "The worker has not run yet.", "Le processus de fond n'a pas encore tourné.")
        return
    wrong = [finding for run in runs if (finding := _wrong(run, clock))]
    for finding in wrong:
        yield finding
    if not wrong:
        yield good("jobs", f"{len(runs)} jobs of the worker run.", f"{len(runs)} tâches de fond tournent.")


def _wrong(run: JobRun, clock: Clock) -> Finding | None:
    name = Words(*(f"{words} {run.about}".strip() for words in (JOBS[run.job].english, JOBS[run.job].french)))
    if run.overdue(clock.now()):
        since = f"{run.begun_at if run.running and run.begun_at else run.next_at:%Y-%m-%d %H:%M} UTC"
        said = Words(f"Overdue since {since}: {name.english}.", f"En retard depuis {since} : {name.french}.")
        return error("jobs", said, _SERVING)
    if run.failures >= FAILURES_IN_A_ROW and run.job is not Job.COSIGNING:  # witnesses are told of by themselves
        why = failure_words(run.failure)
        said = Words(
            f"Failed {run.failures} times in a row: {name.english}: {why.english}.",
            f"{run.failures} échecs de suite : {name.french} : {why.french}.",
        )
        return warning("jobs", said, _LOG)
    return None
