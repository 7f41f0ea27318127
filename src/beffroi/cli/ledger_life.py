"""ledger reopen, hold, lift, holds: what an operator does to a ledger, under the owner's role."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from beffroi.actions.hold import Holding, Wanted
from beffroi.actions.reopen import Ending, Reopened, Reopening
from beffroi.app.assembly import ledger_verifiers, sealing_keys, witnesses_of
from beffroi.cli.ledger import kept_checkpoint, ledger_of
from beffroi.cli.owning import as_owner, login
from beffroi.cli.speaking import DEFAULT_CONFIG, HELP, ConfigFile, DemoFlag, columns, say, tell, tell_table
from beffroi.clock import Clock
from beffroi.config.reading import load
from beffroi.config.settings import Config
from beffroi.errors import OperatorError
from beffroi.ledger.checkpoint import Checkpoint
from beffroi.ledger.epoch import is_reason
from beffroi.store.database import Database
from beffroi.telemetry import Process, configure_logs

T = TypeVar("T")
Day = Annotated[datetime | None, typer.Option(help=say("A day (UTC).", "Un jour (UTC)."), formats=["%Y-%m-%d"])]

app = typer.Typer(
    help=say("The ledger's life. Needs database.owner_url.", "La vie du registre. Demande database.owner_url."),
    no_args_is_help=True,
    context_settings=HELP,
)


def add_to(parent: typer.Typer) -> None:
    """Adds these commands."""
    parent.add_typer(app, name="ledger")


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
    if done.missing:
        tell(
            say(
                f"{done.missing} disclosures were taken away before they were sealed: leaves stand in for them.",
                f"{done.missing} divulgations ont été retirées avant d'être scellées : des feuilles les remplacent.",
            )
        )
    tell(
        say(
            f"Epoch {done.epoch} begins at leaf {done.gap.kept_size}. Known to be lost: {done.gap.lost_count} leaves, "
            f"and whatever was disclosed after {done.gap.since}. The statement is published at /epoch/{done.epoch}.",
            f"L'époque {done.epoch} commence à la feuille {done.gap.kept_size}. Perdu, à notre connaissance : "
            f"{done.gap.lost_count} feuilles, et ce qui a été divulgué après {done.gap.since}. La déclaration est "
            f"publiée à /epoch/{done.epoch}.",
        )
    )


@app.command(help=say("Keep disclosures from being erased.", "Empêcher l'effacement de divulgations."))
def hold(
    reason: Annotated[str, typer.Option(help=say("Why.", "Pourquoi."))],
    account: Annotated[int | None, typer.Option(help=say("An account's number.", "Le numéro d'un compte."))] = None,
    patient: Annotated[str, typer.Option(help=say("A patient's reference.", "La référence d'un patient."))] = "",
    since: Day = None,
    until: Day = None,
    config: ConfigFile = DEFAULT_CONFIG,
    demo: DemoFlag = False,
) -> None:
    """Of an account, a patient, a window; each narrows the others."""
    window = tuple(day.replace(tzinfo=UTC) if day else None for day in (since, until))
    wanted = Wanted(account, patient, *window)
    number = _holding(config, demo, lambda desk: desk.place(wanted, reason))
    tell(say(f"Hold {number}.", f"Gel {number}."))


@app.command(help=say("Lift a hold.", "Lever un gel."))
def lift(
    number: Annotated[int, typer.Argument(help=say("The hold's number.", "Le numéro du gel."))],
    config: ConfigFile = DEFAULT_CONFIG,
    demo: DemoFlag = False,
) -> None:
    """What it held is erased in the next hour, when it is old enough."""
    _holding(config, demo, lambda desk: desk.lift(number))
    tell(say(f"Hold {number} is lifted.", f"Le gel {number} est levé."))


@app.command(help=say("Every hold, the lifted ones too.", "Tous les gels, levés compris."))
def holds(config: ConfigFile = DEFAULT_CONFIG, demo: DemoFlag = False) -> None:
    """A table."""
    table = columns(*say("number what reason placed lifted", "numéro quoi raison posé levé").split())
    for one in _holding(config, demo, lambda desk: desk.listed()):
        what = [f"{say('account', 'compte')} {one.account}"] if one.account is not None else []
        what += [say("a patient", "un patient")] if one.patient else []
        what += [
            f"{day:%Y-%m-%d}" if day else "…" for day in (one.from_at, one.until_at) if one.from_at or one.until_at
        ]
        lifted = f"{one.lifted_at:%Y-%m-%d} {one.lifted_by}" if one.lifted_at else ""
        table.add_row(str(one.number), " ".join(what), one.reason, f"{one.placed_at:%Y-%m-%d} {one.placed_by}", lifted)
    tell_table(table)


def _holding(config: Path, demo: bool, act: Callable[[Holding], Awaitable[T]]) -> T:
    configure_logs(Process.COMMAND, level=logging.ERROR)
    return as_owner(load(config, demo=demo), lambda database: act(Holding(database, Clock(), login())))
