"""key grant, list, revoke: security keys, at the machine itself. Under the owner's role."""

from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer

from beffroi.access.presence import Challenges
from beffroi.actions.ways.acting import Acting
from beffroi.actions.ways.keys import Keys
from beffroi.app.assembly import key_place_of
from beffroi.cli.containing import IssuerOption, Subject, number_of
from beffroi.cli.owning import as_owner, officer
from beffroi.cli.speaking import DEFAULT_CONFIG, HELP, ConfigFile, DemoFlag, columns, say, tell, tell_table
from beffroi.clock import Clock
from beffroi.config.reading import load
from beffroi.config.settings import Config
from beffroi.model.account import AccountId
from beffroi.store.database import Database

T = TypeVar("T")
_NO_CHALLENGES = Challenges(bytes(32))
"""No key is touched at the machine."""

key = typer.Typer(
    help=say("Security keys. Needs database.owner_url.", "Clés de sécurité. Demande database.owner_url."),
    no_args_is_help=True,
    context_settings=HELP,
)


def add_to(app: typer.Typer) -> None:
    """Adds these commands."""
    app.add_typer(key, name="key")


@key.command(help=say("A code to enrol a key, for who stands here.", "Un code d'enrôlement, pour qui est là."))
def grant(
    subject: Subject, issuer: IssuerOption = "", config: ConfigFile = DEFAULT_CONFIG, demo: DemoFlag = False
) -> None:
    """Handed over in person; it serves once, for a day."""
    loaded = load(config, demo=demo)
    number = AccountId(number_of(loaded, subject, issuer))
    made = _at_desk(loaded, lambda desk: desk.grant_as_operator(number, officer()))
    tell(
        say(
            f"Code {made.code}, for this person's own hands, until {made.expires_at:%Y-%m-%d %H:%M UTC}.",
            f"Code {made.code}, à remettre en main propre, valable jusqu'au {made.expires_at:%Y-%m-%d %H:%M UTC}.",
        )
    )


@key.command("list", help=say("The keys of an account.", "Les clés d'un compte."))
def list_keys(
    subject: Subject, issuer: IssuerOption = "", config: ConfigFile = DEFAULT_CONFIG, demo: DemoFlag = False
) -> None:
    """One line each."""
    loaded = load(config, demo=demo)
    number = AccountId(number_of(loaded, subject, issuer))
    table = columns(say("key", "clé"), say("counts from", "compte dès"), say("granted by", "accordée par"))
    for one in _at_desk(loaded, lambda desk: desk.listed(number)):
        table.add_row(one.key, f"{one.counts_from:%Y-%m-%d %H:%M}", one.granted_by)
    tell_table(table)


@key.command(help=say("Revoke a key at once.", "Révoquer une clé, aussitôt."))
def revoke(
    subject: Subject,
    number: Annotated[str, typer.Argument(metavar="KEY", help=say("The key, as listed.", "La clé, comme listée."))],
    issuer: IssuerOption = "",
    config: ConfigFile = DEFAULT_CONFIG,
    demo: DemoFlag = False,
) -> None:
    """It proves nothing any more."""
    loaded = load(config, demo=demo)
    account = AccountId(number_of(loaded, subject, issuer))
    _at_desk(loaded, lambda desk: desk.revoke_as_operator(account, number, officer()))
    tell(say("Revoked.", "Révoquée."))


def _at_desk(config: Config, do: Callable[[Keys], Awaitable[T]]) -> T:
    async def at(database: Database) -> T:
        clock = Clock()
        return await do(Keys(Acting(database, clock), _NO_CHALLENGES, key_place_of(config), clock))

    return as_owner(config, at)
