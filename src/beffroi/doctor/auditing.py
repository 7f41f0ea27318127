"""Audit repositories: whether each is told of what is sealed, and what one would not take."""

from collections.abc import AsyncIterator

from beffroi.app.auditing import repositories_of
from beffroi.clock import Clock
from beffroi.config.settings import Config
from beffroi.doctor.finding import Finding, error, good, warning
from beffroi.doctor.queues import each_queue
from beffroi.errors import Words
from beffroi.model.hospitals import Hospitals
from beffroi.store.audit_repositories import AuditRepositoryStore, RepositoryStanding
from beffroi.store.database import Database

_RETRY = Words("`beffroi repositories --retry` sends it again.", "`beffroi repositories --retry` le renvoie.")


async def check_audit_repositories(config: Config, clock: Clock) -> AsyncIterator[Finding]:
    """The files of each, then its place. Says nothing where there is none."""

    async def look(database: Database) -> list[RepositoryStanding]:
        repositories_of(config, Hospitals(()))
        return await AuditRepositoryStore(database).standing()

    if config.audit_repository:
        async for found in each_queue("audit repositories", config, look, _said):
            yield found


def _said(one: RepositoryStanding) -> Finding:
    name = f"{one.repository} ({one.stream})"
    if one.refused:
        words = Words(f"{name} did not take {one.refused} events.", f"{name} n'a pas accepté {one.refused} événements.")
        return error("audit repositories", words, _RETRY)
    if one.attempts:
        words = Words(
            f"{name} is not told: {one.failure}, {one.attempts} tries, {one.waiting} wait.",
            f"{name} n'est pas informé : {one.failure}, {one.attempts} essais, {one.waiting} en attente.",
        )
        return warning("audit repositories", words, Words("It is tried again.", "Les essais continuent."))
    return good("audit repositories", f"{name}: {one.waiting} wait.", f"{name} : {one.waiting} en attente.")
