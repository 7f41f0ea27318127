"""alerts: how the outbox stands, a test, and a new try for what was given up."""

import logging
from typing import Annotated

import typer

from beffroi.actions.alerts import Alerts
from beffroi.app.alerting import channels_of
from beffroi.cli.owning import as_owner
from beffroi.cli.speaking import DEFAULT_CONFIG, ConfigFile, DemoFlag, JsonFlag, say, tell, tell_json
from beffroi.clock import Clock
from beffroi.config.reading import load
from beffroi.errors import OperatorError
from beffroi.store.alerts import Outbox
from beffroi.store.database import Database
from beffroi.telemetry import Process, configure_logs


def add_to(app: typer.Typer) -> None:
    """Adds this command."""
    app.command(
        help=say(
            "What waits to be told to the duty officer. Needs database.owner_url.",
            "Ce qui attend d'être dit à l'astreinte. Demande database.owner_url.",
        )
    )(alerts)


def alerts(
    test: Annotated[
        bool, typer.Option("--test", help=say("Send an alert that tells of nothing.", "Envoyer une alerte d'essai."))
    ] = False,
    retry: Annotated[
        bool, typer.Option("--retry", help=say("Try again what was given up.", "Réessayer ce qui a été abandonné."))
    ] = False,
    as_json: JsonFlag = False,
    config: ConfigFile = DEFAULT_CONFIG,
    demo: DemoFlag = False,
) -> None:
    """Delivered by the worker of a server that runs."""
    configure_logs(Process.COMMAND, level=logging.ERROR)

    async def run(database: Database) -> tuple[Outbox, int]:
        desk = Alerts(database, Clock())
        revived = await desk.revive() if retry else 0
        if test:
            await desk.test()
        return await desk.standing(), revived

    settings = load(config, demo=demo)
    if test and not channels_of(settings, Clock()):
        raise OperatorError(
            "Nobody would be told: configure alert_mail, alert_webhook or alert_syslog.",
            "Personne ne serait prévenu : configurez alert_mail, alert_webhook ou alert_syslog.",
        )
    standing, revived_count = as_owner(settings, run)
    if as_json:
        tell_json(standing)
        return
    if test:
        tell(say("A test alert was rung.", "Une alerte d'essai est partie."))
    if retry:
        tell(say(f"{revived_count} are tried again.", f"{revived_count} seront réessayées."))
    tell(
        say(
            f"{standing.waiting_count} wait, {standing.dead_count} given up.",
            f"{standing.waiting_count} en attente, {standing.dead_count} abandonnées.",
        )
    )
