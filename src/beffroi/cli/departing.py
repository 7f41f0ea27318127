"""account left, returned: who works at a hospital no more, as its directory of staff says."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from beffroi.actions.departures import Departure, Departures, departures_in
from beffroi.cli.containing import HospitalOption, IssuerOption, Subject, only_issuer
from beffroi.cli.files import text_of
from beffroi.cli.owning import as_owner, officer
from beffroi.cli.speaking import DEFAULT_CONFIG, ConfigFile, DemoFlag, say, tell
from beffroi.clock import Clock
from beffroi.config.reading import load
from beffroi.errors import OperatorError
from beffroi.model.person import HospitalId

T = TypeVar("T")
FILE_BYTES_MAX = 16_777_216
"""A directory of a region's staff: 40 bytes a line."""


def add_to(app: typer.Typer) -> None:
    """Adds these commands."""
    app.command(help=say("Somebody works at a hospital no more.", "Quelqu'un ne travaille plus à l'hôpital."))(left)
    app.command(help=say("They work there after all.", "Finalement, la personne y travaille."))(returned)


def left(
    hospital: HospitalOption,
    subject: Annotated[str, typer.Argument(help=say("Who, as their token names them.", "Qui, selon son jeton."))] = "",
    on: Annotated[
        datetime | None,
        typer.Option(help=say("The first day without rights.", "Le premier jour sans droits."), formats=["%Y-%m-%d"]),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            help=say("Many: lines of SUBJECT;YYYY-MM-DD.", "Plusieurs : des lignes SUJET;AAAA-MM-JJ."),
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    issuer: IssuerOption = "",
    config: ConfigFile = DEFAULT_CONFIG,
    demo: DemoFlag = False,
) -> None:
    """Effective within seconds of that day's beginning (UTC); whoever asks in that hospital's name then rings."""
    if bool(subject) == bool(file):
        raise OperatorError("Name one person, or a --file.", "Nommez une personne, ou un --file.")
    if file:
        found = departures_in(text_of(file, FILE_BYTES_MAX).splitlines())
    else:
        clock = Clock()
        found = [Departure(subject, on.replace(tzinfo=clock.now().tzinfo) if on else clock.now())]
    noted = _at_desk(config, demo, issuer, lambda desk, url: desk.left(url, HospitalId(hospital), found))
    tell(
        say(
            f"{noted.noted_count} departures from hospital {hospital}.",
            f"{noted.noted_count} départs de l'hôpital {hospital}.",
        )
    )
    if noted.unknown_count:
        tell(
            say(
                f"{noted.unknown_count} never asked here: are they written as their issuer does?",
                f"{noted.unknown_count} n'ont jamais demandé ici : sont-ils écrits comme par leur émetteur ?",
            )
        )


def returned(
    subject: Subject,
    hospital: HospitalOption,
    issuer: IssuerOption = "",
    config: ConfigFile = DEFAULT_CONFIG,
    demo: DemoFlag = False,
) -> None:
    """Their account asks again within seconds."""
    number = _at_desk(config, demo, issuer, lambda desk, url: desk.returned(url, HospitalId(hospital), subject))
    tell(say(f"Account {number} reads there again.", f"Le compte {number} y lit de nouveau."))


def _at_desk(config: Path, demo: bool, issuer: str, do: Callable[[Departures, str], Awaitable[T]]) -> T:
    loaded = load(config, demo=demo)
    url = issuer or only_issuer(loaded)
    return as_owner(loaded, lambda database: do(Departures(database, Clock(), officer()), url))
