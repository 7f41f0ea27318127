"""release account, number, hold: let somebody read again, whom a person has stopped or the watch holds."""

import typer

from beffroi.actions.contain import Containing
from beffroi.actions.ways.acting import Acting
from beffroi.actions.ways.releasing import Releasing
from beffroi.cli.containing import IssuerOption, Number, Reason, Subject, at_desk, number_of, said
from beffroi.cli.owning import as_owner, officer
from beffroi.cli.speaking import DEFAULT_CONFIG, HELP, ConfigFile, DemoFlag, say, tell
from beffroi.clock import Clock
from beffroi.config.reading import load
from beffroi.model.account import AccountId
from beffroi.model.containment import Containment, ContainmentId, ContainmentKind

release = typer.Typer(
    help=say(
        "End a containment; an account's takes two people.",
        "Mettre fin à un arrêt ; pour un compte, il faut deux personnes.",
    ),
    no_args_is_help=True,
    context_settings=HELP,
)


def add_to(app: typer.Typer) -> None:
    """Adds these commands."""
    app.add_typer(release, name="release")


@release.command("account", help=say("Ask to let an account read again.", "Demander la libération d'un compte."))
def release_account(
    subject: Subject,
    reason: Reason = "",
    issuer: IssuerOption = "",
    config: ConfigFile = DEFAULT_CONFIG,
    demo: DemoFlag = False,
) -> None:
    """Once another person says so too, within an hour."""
    loaded = load(config, demo=demo)
    number = number_of(loaded, subject, issuer)

    async def let_go(desk: Containing) -> Containment:
        found = await desk.open_of(ContainmentKind.ACCOUNT, str(number))
        return await desk.release(found.containment_id, officer(), reason)

    tell(said(at_desk(loaded, let_go)))


@release.command("number", help=say("End a containment by its number.", "Mettre fin à un arrêt par son numéro."))
def release_number(
    number: Number, reason: Reason = "", config: ConfigFile = DEFAULT_CONFIG, demo: DemoFlag = False
) -> None:
    """One that only waits is withdrawn."""
    made = at_desk(load(config, demo=demo), lambda desk: desk.release(ContainmentId(number), officer(), reason))
    tell(said(made))


@release.command(
    "hold", help=say("Let an account read again that the watch holds.", "Libérer un compte que la veille retient.")
)
def release_hold(
    subject: Subject,
    reason: Reason = "",
    issuer: IssuerOption = "",
    config: ConfigFile = DEFAULT_CONFIG,
    demo: DemoFlag = False,
) -> None:
    """From the third time in 30 days it takes two people."""
    loaded = load(config, demo=demo)
    number = AccountId(number_of(loaded, subject, issuer))
    clock = Clock()
    done = as_owner(
        loaded, lambda at: Releasing(at, Acting(at, clock), clock).release_as_operator(number, officer(), reason)
    )
    if done.waits:
        tell(say("Asked. Another person says so too within the hour.", "Demandé. Une autre personne confirme."))
    else:
        tell(say("Released: its evidence begins again, its ceilings stay.", "Libéré ; ses plafonds restent."))
