"""notifications: of whom consumers of the cross-reference are still to be told, and a new try."""

import logging
from typing import Annotated

import typer

from beffroi.cli.owning import as_owner
from beffroi.cli.queues import tell_standing
from beffroi.cli.speaking import DEFAULT_CONFIG, ConfigFile, DemoFlag, JsonFlag, say
from beffroi.clock import Clock
from beffroi.config.reading import load
from beffroi.store.database import Database
from beffroi.store.notifications import ConsumerStanding, NotificationStore
from beffroi.telemetry import Process, configure_logs


def add_to(app: typer.Typer) -> None:
    """Adds this command."""
    app.command(
        help=say(
            "What consumers of the cross-reference are still to be told. Needs database.owner_url.",
            "Ce que les destinataires des rapprochements doivent encore apprendre. Demande database.owner_url.",
        )
    )(notifications)


def notifications(
    retry: Annotated[
        bool, typer.Option("--retry", help=say("Try now, also what was given up.", "Réessayer, même l'abandonné."))
    ] = False,
    as_json: JsonFlag = False,
    config: ConfigFile = DEFAULT_CONFIG,
    demo: DemoFlag = False,
) -> None:
    """Told by the worker of a server that runs."""
    configure_logs(Process.COMMAND, level=logging.ERROR)
    loaded = load(config, demo=demo)
    names = [one.name for one in loaded.cross_reference_consumer]

    async def run(database: Database) -> tuple[list[ConsumerStanding], int]:
        store = NotificationStore(database)
        again = await store.retry(Clock().now()) if retry else 0
        return await store.standing(names), again

    standing, again_count = as_owner(loaded, run)
    again = say(f"{again_count} are tried again.", f"{again_count} seront réessayées.") if retry else ""
    tell_standing(standing, _line, as_json=as_json, again=again)


def _line(one: ConsumerStanding) -> str:
    return say(
        f"{one.consumer}: {one.waiting} wait, {one.dead} given up. {one.failure}",
        f"{one.consumer} : {one.waiting} en attente, {one.dead} abandonnées. {one.failure}",
    )
