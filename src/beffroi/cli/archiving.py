"""archive: sealed disclosures beyond the hot window, moved to the archive now."""

import asyncio
import logging
from typing import Annotated

import typer

from beffroi.app.archiving import move_due
from beffroi.cli.speaking import DEFAULT_CONFIG, ConfigFile, DemoFlag, say, tell
from beffroi.config.reading import load
from beffroi.telemetry import Process, configure_logs


def add_to(app: typer.Typer) -> None:
    """Adds this command."""
    app.command(
        help=say(
            "Move sealed disclosures beyond the hot window to the archive, as the worker does every hour. Run it again "
            "after a crash: nothing is lost or doubled.",
            "Déplacer vers l'archive les communications scellées sorties de la fenêtre, comme le fait le worker chaque "
            "heure. Relancée après une panne, rien n'est perdu ni doublé.",
        )
    )(archive)


def archive(
    everything: Annotated[
        bool,
        typer.Option(
            "--everything",
            help=say("Also what is less than a day of them.", "Aussi ce qui fait moins d'une journée."),
        ),
    ] = False,
    config: ConfigFile = DEFAULT_CONFIG,
    demo: DemoFlag = False,
) -> None:
    """Tells each segment."""
    configure_logs(Process.COMMAND, level=logging.ERROR)
    moved = asyncio.run(move_due(load(config, demo=demo), everything=everything))
    for segment, disclosures in moved:
        tell(say(f"Segment {segment}: {disclosures} disclosures.", f"Segment {segment} : {disclosures} divulgations."))
    if not moved:
        tell(say("Nothing is due.", "Rien à déplacer."))
