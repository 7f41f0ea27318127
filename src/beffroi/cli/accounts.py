"""account grant, agree, revoke, list: who may do what, under the owner's role."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from beffroi.actions.roles import DAYS_MAX, Roles
from beffroi.actions.ways.acting import Acting
from beffroi.actions.ways.persons import same_person
from beffroi.cli import departing
from beffroi.cli.containing import HospitalOption, IssuerOption, Reason, Subject, number_of, only_issuer
from beffroi.cli.owning import as_owner, officer
from beffroi.cli.speaking import (
    DEFAULT_CONFIG,
    HELP,
    ConfigFile,
    DemoFlag,
    JsonFlag,
    columns,
    say,
    tell,
    tell_json,
    tell_table,
)
from beffroi.clock import Clock
from beffroi.config.reading import load
from beffroi.model.account import AccountId, Role
from beffroi.model.person import HospitalId
from beffroi.model.role_request import Wanted
from beffroi.store.accounts import AccountStore
from beffroi.store.database import Database

T = TypeVar("T")

app = typer.Typer(
    help=say("Who may do what. Needs database.owner_url.", "Qui peut quoi. Demande database.owner_url."),
    no_args_is_help=True,
    context_settings=HELP,
)


def add_to(parent: typer.Typer) -> None:
    """Adds these commands."""
    departing.add_to(app)
    parent.add_typer(app, name="account")


RequestNumber = Annotated[int, typer.Argument(help=say("The request's number.", "Le numéro de la demande."))]
RoleOption = Annotated[Role, typer.Option("--role", help=say("The role.", "Le rôle."))]


@app.command(help=say("Ask for a role; another person agrees.", "Demander un rôle ; une autre personne approuve."))
def grant(
    subject: Subject,
    hospital: HospitalOption,
    role: RoleOption,
    reason: Reason = "",
    until: Annotated[
        datetime | None,
        typer.Option(help=say("The day when it ends; by default in a year.", "Sa fin ; un an."), formats=["%Y-%m-%d"]),
    ] = None,
    issuer: IssuerOption = "",
    config: ConfigFile = DEFAULT_CONFIG,
    demo: DemoFlag = False,
) -> None:
    """Nobody has it before a second person has agreed, within a day."""
    ends = until.replace(tzinfo=UTC) if until else Clock().now() + timedelta(days=DAYS_MAX)

    async def ask(desk: Roles, url: str) -> int:
        account = await desk.account(url, subject)
        return await desk.ask(officer(), Wanted(account, HospitalId(hospital), role, ends, reason))

    number = _at_desk(config, demo, ask, issuer or only_issuer(load(config, demo=demo)))
    tell(
        say(
            f"Asked: {role} in hospital {hospital}. Another person agrees within a day: "
            f"beffroi account agree {number}, or an operator in the console.",
            f"Demandé : {role} à l'hôpital {hospital}. Une autre personne approuve dans la journée : "
            f"beffroi account agree {number}, ou une personne de l'exploitation dans la console.",
        )
    )


@app.command(help=say("Agree to a role, as the second person.", "Approuver un rôle, en seconde personne."))
def agree(number: RequestNumber, config: ConfigFile = DEFAULT_CONFIG, demo: DemoFlag = False) -> None:
    """Effective within seconds."""
    given = _at_desk(config, demo, lambda desk, _: desk.agree(officer(), number)).wanted
    until = f"{given.until:%Y-%m-%d}"
    tell(
        say(
            f"Account {given.account_id}: {given.role} in hospital {given.hospital_id} until {until}.",
            f"Compte {given.account_id} : {given.role} à l'hôpital {given.hospital_id} jusqu'au {until}.",
        )
    )


@app.command(help=say("Withdraw what was asked for.", "Retirer une demande."))
def withdraw(number: RequestNumber, config: ConfigFile = DEFAULT_CONFIG, demo: DemoFlag = False) -> None:
    """Nothing comes of it."""
    _at_desk(config, demo, lambda desk, _: desk.withdraw(officer(), number))
    tell(say("Withdrawn.", "Retirée."))


@app.command(help=say("What waits for a second person.", "Ce qui attend une seconde personne."))
def requests(config: ConfigFile = DEFAULT_CONFIG, demo: DemoFlag = False) -> None:
    """One line each."""
    titles = ("", say("who", "qui"), say("role", "rôle"), say("until", "fin"), say("by", "par"), say("why", "pourquoi"))
    table = columns(*titles)
    for one in _at_desk(config, demo, lambda desk, _: desk.waiting()):
        wanted = one.wanted
        role = f"{wanted.role} ({wanted.hospital_id})"
        table.add_row(str(one.number), one.subject, role, f"{wanted.until:%Y-%m-%d}", one.asked_by, wanted.reason)
    tell_table(table)


@app.command(help=say("Take a role away.", "Retirer un rôle."))
def revoke(
    subject: Subject,
    hospital: HospitalOption,
    role: RoleOption,
    reason: Reason = "",
    issuer: IssuerOption = "",
    config: ConfigFile = DEFAULT_CONFIG,
    demo: DemoFlag = False,
) -> None:
    """Effective within seconds; one person's to do."""
    number = AccountId(number_of(load(config, demo=demo), subject, issuer))
    _at_desk(config, demo, lambda desk, _: desk.take(officer(), number, HospitalId(hospital), role, reason))
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
    as_json: JsonFlag = False,
    demo: DemoFlag = False,
) -> None:
    """One line each."""
    accounts = as_owner(load(config, demo=demo), lambda database: AccountStore(database).listed())
    if as_json:
        tell_json(accounts)
        return
    titles = (say("account", "compte"), say("name", "nom"), say("status", "état"), say("roles", "rôles"))
    table = columns("", *titles, say("last asked", "dernière demande"))
    for account in accounts:
        roles = ", ".join(f"{g.role} ({g.hospital_id})" for g in account.grants)
        state = account.status.value + "".join(f", {say('left', 'parti de')} {number}" for number in account.left)
        asked = f"{account.asked_at:%Y-%m-%d}" if account.asked_at else ""
        table.add_row(str(account.account_id), account.subject, account.name, state, roles, asked)
    tell_table(table)


def _at_desk(config: Path, demo: bool, do: Callable[[Roles, str], Awaitable[T]], issuer: str = "") -> T:
    async def desk(database: Database) -> T:
        clock = Clock()
        return await do(Roles(database, Acting(database, clock), clock), issuer)

    return as_owner(load(config, demo=demo), desk)
