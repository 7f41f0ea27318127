"""Floor 5: the command line. `speaking` says things in the operator's language; each other module is a few commands.

A command loads its own module and no other: all together take a second. Only the demonstration and the benchmarks reach
the synthetic region, and only when they are called.
"""

import sys
from collections.abc import Mapping
from importlib import import_module

import typer

from beffroi.cli.speaking import HELP, fail, say
from beffroi.errors import BeffroiError, OperatorError
from beffroi.telemetry import Event, Process, configure_logs, log_failure

EXIT_WRONG = 1
EXIT_SOFTWARE = 70

HOMES: Mapping[str, tuple[str, ...]] = {
    "installation": ("serve", "migrate", "doctor", "settings"),
    "accounts": ("account",),
    "containing": ("contain", "containments"),
    "releasing": ("release",),
    "alerting": ("alerts",),
    "auditing": ("repositories",),
    "notifying": ("notifications",),
    "importing": ("import",),
    "ledger": ("keygen", "audit"),
    "witness": ("witness",),
    "console": ("client-key",),
    "scoping": ("scope",),
    "proving": ("verify-scope",),
    "archiving": ("archive",),
    "drill": ("drill",),
    "ways": ("key",),
    "ledger_life": ("ledger",),
    "norms": ("norms",),
    "canaries": ("canary",),
    "investigate": ("investigate",),
    "incidents": ("incident",),
    "exporting": ("export",),
    "demonstration": ("demo", "bench"),
}
"""Each module here with its commands and groups of commands, in the order in which `--help` lists them."""


def assembled(command: str = "") -> typer.Typer:
    """The command line, with one command of its own; whole, when there is none of that name."""
    app = typer.Typer(
        help=say(
            "A regional patient identity server in which a stolen account cannot become a regional breach.",
            "Un serveur d'identités régional où un compte volé ne peut pas devenir une fuite régionale.",
        ),
        no_args_is_help=True,
        pretty_exceptions_enable=False,  # it would print values of variables, and those may be identities
        context_settings=HELP,
    )
    app.callback()(lambda: None)  # a single command stays one
    for module in [name for name, its in HOMES.items() if command in its] or HOMES:
        import_module(f"{__name__}.{module}").add_to(app)
    return app


def main() -> None:
    """Runs one command. Errors are said in words; the exit code tells what kind they are."""
    configure_logs(Process.COMMAND)
    try:
        assembled(sys.argv[1] if len(sys.argv) > 1 else "")()
    except OperatorError as error:
        fail(say(error.text("en"), error.text("fr")))
        sys.exit(EXIT_WRONG)
    except BeffroiError as error:
        fail(say(error.text("en"), error.text("fr")))
        sys.exit(EXIT_WRONG)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as failure:  # said by class and place: its text may hold anything
        log_failure(Event.UNHANDLED, failure)
        fail(
            say(
                "Something went wrong inside; the line above says where.", "Erreur interne ; la ligne ci-dessus dit où."
            )
        )
        sys.exit(EXIT_SOFTWARE)
