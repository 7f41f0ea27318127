"""Floor 5: the command line. `speaking` says things in the operator's language; each other module is a few commands.

Only the demonstration and the benchmarks reach the synthetic region, and only when they are called.
"""

import sys

import typer

from beffroi.cli import (
    accounts,
    alerting,
    archiving,
    auditing,
    canaries,
    console,
    containing,
    demonstration,
    departing,
    drill,
    exporting,
    importing,
    incidents,
    installation,
    investigate,
    ledger,
    ledger_life,
    norms,
    notifying,
    proving,
    reporting,
    scoping,
    ways,
    witness,
)
from beffroi.cli.speaking import HELP, fail, say
from beffroi.errors import BeffroiError, OperatorError
from beffroi.telemetry import Event, Process, configure_logs, log_failure

EXIT_WRONG = 1
EXIT_SOFTWARE = 70

app = typer.Typer(
    help=say(
        "A regional patient identity server in which a stolen account cannot become a regional breach.",
        "Un serveur d'identités régional où un compte volé ne peut pas devenir une fuite régionale.",
    ),
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # it would print values of variables, and those may be identities
    context_settings=HELP,
)
installation.add_to(app)
departing.add_to(accounts.app)
app.add_typer(accounts.app, name="account")
containing.add_to(app)
ways.add_to(app)
alerting.add_to(app)
auditing.add_to(app)
notifying.add_to(app)
importing.add_to(app)
ledger.add_to(app)
app.add_typer(ledger_life.app, name="ledger")
app.add_typer(norms.app, name="norms")
app.add_typer(canaries.app, name="canary")
witness.add_to(app)
console.add_to(app)
scoping.add_to(app)
proving.add_to(app)
archiving.add_to(app)
app.add_typer(investigate.app, name="investigate")
reporting.add_to(incidents.app)
app.add_typer(incidents.app, name="incident")
app.add_typer(exporting.app, name="export")
app.add_typer(demonstration.app, name="demo")
app.add_typer(demonstration.bench, name="bench")
drill.add_to(app)


def main() -> None:
    """Runs one command. Errors are said in words; the exit code tells what kind they are."""
    configure_logs(Process.COMMAND)
    try:
        app()
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
