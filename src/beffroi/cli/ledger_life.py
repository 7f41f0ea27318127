"""ledger reopen: what an operator does to a ledger after a restore. Needs the owner's address and the ledger's key."""

import asyncio
import logging
from pathlib import Path
from typing import Annotated

import typer

from beffroi.actions.reopen import Ending, Reopened, Reopening
from beffroi.app.assembly import ledger_verifiers, sealing_keys, witnesses_of
from beffroi.cli.ledger import kept_checkpoint, ledger_of
from beffroi.cli.speaking import DEFAULT_CONFIG, HELP, ConfigFile, DemoFlag, say, tell
from beffroi.clock import Clock
from beffroi.config.reading import load
from beffroi.config.settings import Config
from beffroi.errors import OperatorError
from beffroi.ledger.checkpoint import Checkpoint
from beffroi.ledger.epoch import is_reason
from beffroi.store.database import Database
from beffroi.telemetry import Process, configure_logs

app = typer.Typer(
    help=say("The ledger's life. Needs database.owner_url.", "La vie du registre. Demande database.owner_url."),
    no_args_is_help=True,
    context_settings=HELP,
)


@app.callback()
def ledger() -> None:
    """Several commands."""


@app.command(
    help=say(
        "Go on after a restore: say in a signed statement what is lost, and begin the ledger's next epoch.",
        "Continuer après une restauration : dire dans une déclaration signée ce qui est perdu, et ouvrir l'époque "
        "suivante.",
    )
)
def reopen(
    reason: Annotated[
        str,
        typer.Option(help=say("What happened, in one line; published.", "Ce qui est arrivé ; publié.")),
    ],
    checkpoint: Annotated[
        list[Path] | None,
        typer.Option(help=say("A checkpoint kept earlier.", "Un point de contrôle gardé."), metavar="FILE"),
    ] = None,
    nothing_lost: Annotated[
        bool,
        typer.Option(
            "--nothing-lost",
            help=say("A move: the last checkpoint is known outside.", "Un déménagement : le dernier point est connu."),
        ),
    ] = False,
    without_witnesses: Annotated[
        bool, typer.Option("--without-witnesses", help=say("Some are away for good.", "Certains ne reviendront pas."))
    ] = False,
    config: ConfigFile = DEFAULT_CONFIG,
    demo: DemoFlag = False,
) -> None:
    """Asks every witness what it saw last."""
    configure_logs(Process.COMMAND, level=logging.ERROR)
    if not is_reason(reason):
        raise OperatorError("--reason: one line, 500 characters.", "--reason : une ligne, 500 caractères.")
    loaded = load(config, demo=demo)
    keys = ledger_verifiers(loaded, ledger_of(loaded))
    kept = [kept_checkpoint(path, keys) for path in checkpoint or ()]
    _tell(asyncio.run(_reopen(loaded, reason, kept, nothing_lost, without_witnesses)))


async def _reopen(
    config: Config, reason: str, kept: list[Checkpoint], nothing_lost: bool, without_witnesses: bool
) -> Reopened:
    settings = ledger_of(config)
    async with await Database.open(config.dsn("owner"), size=3) as database:
        one = Reopening(
            database,
            settings.origin,
            sealing_keys(config, settings),
            ledger_verifiers(config, settings),
            witnesses_of(config),
            Clock(),
        )
        return await one.run(reason, kept, nothing_lost=nothing_lost, without_witnesses=without_witnesses)


def _tell(done: Reopened) -> None:
    if done.ending is Ending.MOVED:
        tell(
            say(
                f"Nothing is lost: epoch {done.epoch} goes on behind its {done.size} leaves.",
                f"Rien n'est perdu : l'époque {done.epoch} continue après ses {done.size} feuilles.",
            )
        )
        return
    assert done.gap is not None
    tell(
        say(
            f"Epoch {done.epoch} begins at leaf {done.gap.kept_size}. Known to be lost: {done.gap.lost_count} leaves, "
            f"and whatever was disclosed after {done.gap.since}. The statement is published at /epoch/{done.epoch}.",
            f"L'époque {done.epoch} commence à la feuille {done.gap.kept_size}. Perdu, à notre connaissance : "
            f"{done.gap.lost_count} feuilles, et ce qui a été divulgué après {done.gap.since}. La déclaration est "
            f"publiée à /epoch/{done.epoch}.",
        )
    )
