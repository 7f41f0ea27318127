"""What the command line says: in the operator's language, results on standard output, troubles on standard error.

Source: gettext(3): LC_ALL before LC_MESSAGES before LANG.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

HELP = {"help_option_names": ["-h", "--help"]}

out = Console(highlight=False, soft_wrap=True)
_err = Console(stderr=True, highlight=False, soft_wrap=True)


def language_of(environment: Mapping[str, str]) -> str:
    """ "fr" or "en".

    >>> language_of({"LANG": "fr_FR.UTF-8"}), language_of({"LANG": "fr_FR.UTF-8", "LC_ALL": "C"})
    ('fr', 'en')
    """
    named = (environment.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    chosen = next((value for value in named if value), "")
    return "fr" if chosen.lower().startswith("fr") else "en"


LANGUAGE = language_of(os.environ)


def say(english: str, french: str) -> str:
    """The one of the two that the operator reads."""
    return french if LANGUAGE == "fr" else english


def tell(text: str) -> None:
    """A result."""
    out.print(text, markup=False)


def tell_json(result: object) -> None:
    """A result, for programs."""
    sys.stdout.buffer.write(msgspec.json.encode(result) + b"\n")


def columns(*titles: str) -> Table:
    """A table of a list, for `tell_table`."""
    table = Table(box=None, header_style="bold")
    for title in titles:
        table.add_column(title, overflow="fold")
    return table


def tell_table(table: Table) -> None:
    """A list; one without lines says so, since headings alone look like something cut off."""
    if table.row_count:
        out.print(table)
    else:
        tell_none()


def tell_none() -> None:
    """A list without lines."""
    tell(say("None.", "Aucun."))


def fail(text: str) -> None:
    """A trouble."""
    _err.print(text, style="bold red", markup=False)


ConfigFile = Annotated[
    Path,
    typer.Option(
        "--config",
        "-c",
        help=say("The configuration.", "La configuration."),
        envvar="BEFFROI_CONFIG",
        metavar=say("FILE", "FICHIER"),
    ),
]
DEFAULT_CONFIG = Path("beffroi.toml")
DemoFlag = Annotated[bool, typer.Option("--demo", help=say("A demonstration's.", "Celle d'une démonstration."))]
JsonFlag = Annotated[bool, typer.Option("--json", help=say("For programs.", "Pour les programmes."))]
