"""account grant, revoke, list: who may do what, under the owner's role."""

import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec
import typer
from rich.table import Table

from beffroi.access.professional import GRANTED_ROLES, MAPPABLE_ROLES
from beffroi.actions.administration import Administration
from beffroi.actions.ways.persons import same_person
from beffroi.cli.containing import IssuerOption, Subject, number_of, only_issuer
from beffroi.cli.owning import as_owner, officer
from beffroi.cli.speaking import DEFAULT_CONFIG, HELP, ConfigFile, DemoFlag, out, say, tell
from beffroi.clock import Clock
from beffroi.config.reading import load
from beffroi.errors import OperatorError
from beffroi.model.account import AccountId, Role
from beffroi.model.person import HospitalId
from beffroi.store.accounts import AccountStore

T = TypeVar("T")

app = typer.Typer(
    help=say("Who may do what. Needs database.owner_url.", "Qui peut quoi. Demande database.owner_url."),
    no_args_is_help=True,
    context_settings=HELP,
)

HospitalOption = Annotated[
    int, typer.Option("--hospital", help=say("The hospital's number.", "Le numéro de l'hôpital."))
]
RoleOption = Annotated[Role, typer.Option("--role", help=say("The role.", "Le rôle."))]


@app.command(help=say("Give a role in a hospital.", "Donner un rôle dans un hôpital."))
def grant(
    subject: Subject,
    hospital: HospitalOption,
    role: RoleOption,
    until: Annotated[
        datetime | None,
        typer.Option(help=say("The day when it ends.", "Le jour où il prend fin."), formats=["%Y-%m-%d"]),
    ] = None,
    issuer: IssuerOption = "",
    config: ConfigFile = DEFAULT_CONFIG,
    demo: DemoFlag = False,
) -> None:
    """Effective within seconds."""
    if role not in GRANTED_ROLES | MAPPABLE_ROLES:
        raise OperatorError(
            f"{role} is an application's role: it comes from the configuration.",
            f"{role} est le rôle d'une application : il vient de la configuration.",
        )
    ends = until.replace(tzinfo=UTC) if until else None
    number = _at_desk(
        config, demo, lambda desk, url: desk.grant(url, subject, HospitalId(hospital), role, ends), issuer
    )
    tell(say(f"Account {number}: {role} in hospital {hospital}.", f"Compte {number} : {role} à l'hôpital {hospital}."))


@app.command(help=say("Take a role away.", "Retirer un rôle."))
def revoke(
    subject: Subject,
    hospital: HospitalOption,
    role: RoleOption,
    issuer: IssuerOption = "",
    config: ConfigFile = DEFAULT_CONFIG,
    demo: DemoFlag = False,
) -> None:
    """Effective within seconds."""
    number = _at_desk(config, demo, lambda desk, url: desk.revoke(url, subject, HospitalId(hospital), role), issuer)
    tell(say(f"Account {number}: no longer {role}.", f"Compte {number} : n'est plus {role}."))


@app.command(help=say("Two accounts are one person's.", "Deux comptes sont à une même personne."))
def same(
    subject: Subject,
    other: Subject,
    issuer: IssuerOption = "",
    other_issuer: Annotated[
        str, typer.Option(help=say("The other's issuer, if another.", "L'émetteur de l'autre, si différent."))
    ] = "",
    config: ConfigFile = DEFAULT_CONFIG,
    demo: DemoFlag = False,
) -> None:
    """Their evidence and ceilings become one. There is no way back."""
    loaded = load(config, demo=demo)
    one = AccountId(number_of(loaded, subject, issuer))
    two = AccountId(number_of(loaded, other, other_issuer or issuer))

    holder = as_owner(loaded, lambda database: same_person(database, Clock(), one, two, officer()))
    tell(say(f"One person: account {holder} holds their evidence.", f"Une personne : le compte {holder} la porte."))


@app.command("list", help=say("Every account and its roles.", "Tous les comptes et leurs rôles."))
def list_accounts(
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: Annotated[bool, typer.Option("--json", help=say("For programs.", "Pour les programmes."))] = False,
    demo: DemoFlag = False,
) -> None:
    """One line each."""
    accounts = as_owner(load(config, demo=demo), lambda database: AccountStore(database).listed())
    if as_json:
        sys.stdout.buffer.write(msgspec.json.encode(accounts) + b"\n")
        return
    table = Table(box=None, header_style="bold")
    titles = (say("account", "compte"), say("name", "nom"), say("status", "état"), say("roles", "rôles"))
    for title in ("", *titles, say("last asked", "dernière demande")):
        table.add_column(title, overflow="fold")
    for account in accounts:
        roles = ", ".join(f"{g.role} ({g.hospital_id})" for g in account.grants)
        state = account.status.value + "".join(f", {say('left', 'parti de')} {number}" for number in account.left)
        asked = f"{account.asked_at:%Y-%m-%d}" if account.asked_at else ""
        table.add_row(str(account.account_id), account.subject, account.name, state, roles, asked)
    out.print(table)


def _at_desk(config: Path, demo: bool, do: Callable[[Administration, str], Awaitable[T]], issuer: str) -> T:
    loaded = load(config, demo=demo)
    url = issuer or only_issuer(loaded)
    return as_owner(loaded, lambda database: do(Administration(database, officer()), url))
