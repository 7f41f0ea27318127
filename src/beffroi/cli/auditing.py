"""repositories: how far audit repositories were told, and a new try for what one would not take."""

import logging
from typing import Annotated

import typer

from beffroi.actions.audit_feed import AuditRepositories
from beffroi.cli.owning import as_owner
from beffroi.cli.queues import tell_standing
from beffroi.cli.speaking import DEFAULT_CONFIG, ConfigFile, DemoFlag, JsonFlag, say
from beffroi.clock import Clock
from beffroi.config.reading import load
from beffroi.store.audit_repositories import AuditRepositoryStore, RepositoryStanding
from beffroi.store.database import Database
from beffroi.telemetry import Process, configure_logs


def add_to(app: typer.Typer) -> None:
    """Adds this command."""
    app.command(
        help=say(
            "How far each audit repository was told. Needs database.owner_url.",
            "Où en est chaque dépôt de traces. Demande database.owner_url.",
        )
    )(repositories)


def repositories(
    retry: Annotated[
        bool, typer.Option("--retry", help=say("Send again what was refused.", "Renvoyer ce qui a été refusé."))
    ] = False,
    as_json: JsonFlag = False,
    config: ConfigFile = DEFAULT_CONFIG,
    demo: DemoFlag = False,
) -> None:
    """Told by the worker of a server that runs."""
    configure_logs(Process.COMMAND, level=logging.ERROR)

    async def run(database: Database) -> tuple[list[RepositoryStanding], int]:
        desk = AuditRepositories(AuditRepositoryStore(database), Clock())
        again = await desk.retry() if retry else 0
        return await desk.standing(), again

    standing, again_count = as_owner(load(config, demo=demo), run)
    again = say(f"{again_count} are sent again.", f"{again_count} seront renvoyés.") if retry else ""
    tell_standing(standing, _line, as_json=as_json, again=again)


def _line(one: RepositoryStanding) -> str:
    return say(
        f"{one.repository} ({one.stream}): {one.waiting} wait, {one.refused} refused. {one.failure}",
        f"{one.repository} ({one.stream}) : {one.waiting} en attente, {one.refused} refusés. {one.failure}",
    )
