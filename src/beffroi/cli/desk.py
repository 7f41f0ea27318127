"""The investigation's desk: the owner's database, the operator's own account, and what is opened with them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

import typer

from beffroi.actions.asking import Ask
from beffroi.actions.house import House, open_house
from beffroi.actions.incidents import Incidents
from beffroi.actions.investigate import Investigation
from beffroi.actions.operator import operator_ask
from beffroi.app.investigating import archive_of
from beffroi.cli.owning import login
from beffroi.cli.speaking import say
from beffroi.clock import Clock
from beffroi.config.settings import Config
from beffroi.errors import OperatorError
from beffroi.model.disclosure import Operation
from beffroi.store.database import FREE_PLANS, Database

IncidentNumber = Annotated[int, typer.Argument(help=say("The incident's number.", "Le numéro de l'incident."))]


@dataclass(frozen=True, slots=True)
class Desk:
    """What an investigation's command works with. `ask` is the operator's own question."""

    config: Config
    database: Database
    house: House
    clock: Clock
    ask: Ask
    incidents: Incidents
    investigation: Investigation


@asynccontextmanager
async def desk(config: Config, operation: Operation = Operation.SCOPE_VIEW, reason: str = "") -> AsyncIterator[Desk]:
    """Opens it under the owner's role, for whoever is logged in to the machine."""
    clock = Clock()
    async with await Database.open(config.dsn("owner"), size=3, **FREE_PLANS) as database:
        house = await open_house(database, clock, archive=archive_of(config))
        try:
            ask = await operator_ask(database, clock, login(), operation, reason)
            incidents = Incidents(database, clock, ask.asker.account_id)
            yield Desk(config, database, house, clock, ask, incidents, house.investigation)
        finally:
            await house.close()


def moment(text: str | None) -> datetime | None:
    """A time as somebody types it: ISO 8601, UTC where it says no zone.

    >>> moment("2026-11-24T09:00+01:00").isoformat()
    '2026-11-24T08:00:00+00:00'
    """
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise OperatorError(
            "A time is written 2026-11-24T09:00 (UTC) or 2026-11-24T09:00+01:00.",
            "Une heure s'écrit 2026-11-24T09:00 (UTC) ou 2026-11-24T09:00+01:00.",
        ) from None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
