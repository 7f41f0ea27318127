"""Consumers of the cross-reference: whether each is told of changes, and of whom one would not be."""

from collections.abc import AsyncIterator

from beffroi.app.notifying import consumers_of
from beffroi.clock import Clock
from beffroi.config.settings import Config
from beffroi.doctor.finding import Finding, error, good, warning
from beffroi.doctor.queues import each_queue
from beffroi.errors import Words
from beffroi.store.database import Database
from beffroi.store.notifications import ConsumerStanding, NotificationStore

_RETRY = Words("`beffroi notifications --retry` tries again.", "`beffroi notifications --retry` réessaie.")


async def check_notifications(config: Config, clock: Clock) -> AsyncIterator[Finding]:
    """The files of each, then its queue. Says nothing where there is none."""

    async def look(database: Database) -> list[ConsumerStanding]:
        return await NotificationStore(database).standing([one.name for one in consumers_of(config)])

    if config.cross_reference_consumer:
        async for found in each_queue("notifications", config, look, _said):
            yield found


def _said(one: ConsumerStanding) -> Finding:
    name = one.consumer
    if one.dead:
        words = Words(
            f"{name} answered AE to {one.dead} notifications.", f"{name} a répondu AE à {one.dead} notifications."
        )
        return error("notifications", words, _RETRY)
    if one.attempts:
        words = Words(
            f"{name} is not told: {one.failure}, {one.attempts} tries, {one.waiting} patients wait.",
            f"{name} n'est pas informé : {one.failure}, {one.attempts} essais, {one.waiting} patients attendent.",
        )
        return warning("notifications", words, Words("It is tried again.", "Les essais continuent."))
    return good("notifications", f"{name}: {one.waiting} wait.", f"{name} : {one.waiting} en attente.")
