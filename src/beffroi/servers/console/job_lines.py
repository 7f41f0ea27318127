"""The worker's jobs as the operator's room tells them: what is wrong in words, when each ran and runs next. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from beffroi.actions.job_words import JOBS, failure_words
from beffroi.model.job import LATE, JobRun
from beffroi.servers.console.speaking import Speaker

AT_WORK: Final = timedelta(seconds=20)
"""A run of this age is told as running: what is stored of a job is ten seconds old."""


@dataclass(frozen=True, slots=True)
class JobLine:
    """A row. `mark`: how its state is marked, good, warn, bad or nothing; `done`: what it did last."""

    name: str
    state: str
    mark: str
    why: str
    last: str
    took: str
    done: str
    waiting: str
    next: str


def job_line(run: JobRun, now: datetime, speaker: Speaker) -> JobLine:
    """How a job is told."""
    state, mark = _state(run, now, speaker)
    done = ""
    if run.done_at is not None:
        done = f"{speaker.count(run.done_count)} ({speaker.when(run.done_at, now)})"
    return JobLine(
        name=f"{speaker.words(JOBS[run.job])} {run.about}".strip(),
        state=state,
        mark=mark,
        why=speaker.words(failure_words(run.failure)) if run.failure else "",
        last=speaker.say("not yet", "pas encore") if run.begun_at is None else speaker.when(run.begun_at, now),
        took=duration(run.took_s) if run.ended_at else "",
        done=done,
        waiting=speaker.count(run.waiting) if run.waiting else "",
        next="" if run.running and mark == "" else speaker.when(run.next_at, now),
    )


def _state(run: JobRun, now: datetime, speaker: Speaker) -> tuple[str, str]:
    if run.overdue(now):
        hangs = run.running and now <= run.noted_at + LATE
        return speaker.say("hangs", "n'en finit pas") if hangs else speaker.say("overdue", "en retard"), "bad"
    if run.begun_at is not None and run.running and now > run.begun_at + AT_WORK:
        return speaker.say("running", "en cours"), ""
    if run.failure:
        times = speaker.count(run.failures)
        return speaker.say(f"failed {times} times" if run.failures > 1 else "failed", f"échec {times} fois"), "warn"
    if run.ended_at is None:
        return speaker.say("begins", "commence"), ""
    return speaker.say("done", "fait"), "good"


def duration(seconds: float) -> str:
    """A length of time, in the same letters in both languages.

    >>> duration(0.0123), duration(7.2), duration(75), duration(7_500)
    ('12 ms', '7 s', '1 min 15 s', '2 h 5 min')
    """
    if seconds < 1:
        return f"{round(seconds * 1000)} ms"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3_600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3_600} h {whole % 3_600 // 60} min"
