"""archive: sealed disclosures beyond the hot window, moved to the archive now; what is old there, erased."""

import asyncio
import logging
from typing import Annotated

import typer

from beffroi.app.archiving import erase_due, move_due
from beffroi.cli.speaking import DEFAULT_CONFIG, ConfigFile, DemoFlag, say, tell
from beffroi.config.reading import load
from beffroi.telemetry import Process, configure_logs


def add_to(app: typer.Typer) -> None:
    """Adds this command."""
    app.command(
        help=say(
            "Move sealed disclosures beyond the hot window to the archive, and erase there what has served its time, "
            "as the worker does every hour. Run it again after a crash: nothing is lost or doubled.",
            "Déplacer vers l'archive les communications scellées sorties de la fenêtre, et y effacer ce qui a fait son "
            "temps, comme le fait le worker chaque heure. Relancée après une panne, rien n'est perdu ni doublé.",
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
    loaded = load(config, demo=demo)
    moved = asyncio.run(move_due(loaded, everything=everything))
    for segment, disclosures in moved:
        tell(say(f"Segment {segment}: {disclosures} disclosures.", f"Segment {segment} : {disclosures} divulgations."))
    erased = asyncio.run(erase_due(loaded))
    for segment, disclosures in erased:
        tell(
            say(
                f"Segment {segment}: {disclosures} disclosures erased.",
                f"Segment {segment} : {disclosures} divulgations effacées.",
            )
        )
    if not moved and not erased:
        tell(say("Nothing is due.", "Rien à déplacer."))
