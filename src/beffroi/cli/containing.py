"""contain, containments: stop an account, a device, an application, a network or a structure."""

import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from beffroi.actions.contain import HOURS_DEFAULT, HOURS_MAX, Containing, Order, until_words
from beffroi.cli.owning import as_owner, officer
from beffroi.cli.speaking import (
    DEFAULT_CONFIG,
    HELP,
    LANGUAGE,
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
from beffroi.config.settings import Config
from beffroi.errors import OperatorError, Words
from beffroi.model.containment import Containment, ContainmentId, ContainmentKind, Preview
from beffroi.store.accounts import AccountStore

T = TypeVar("T")
ACCOUNTS_SHOWN_MAX = 20

contain = typer.Typer(
    help=say(
        "Stop what reads what its owner would not, and nothing else. Needs database.owner_url.",
        "Arrêter ce qui lit ce que son titulaire ne lirait pas, et rien d'autre. Demande database.owner_url.",
    ),
    no_args_is_help=True,
    context_settings=HELP,
)
Reason = Annotated[
    str, typer.Option("--reason", "-r", help=say("Why, in words; kept for ever.", "Pourquoi, en mots ; conservé."))
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help=say("Do it without asking.", "Faire sans demander."))]
PreviewOnly = Annotated[
    bool,
    typer.Option("--preview", help=say("Say whom it touches, do nothing.", "Dire qui est touché, sans faire.")),
]
IssuerOption = Annotated[
    str, typer.Option("--issuer", help=say("Of which issuer; by default the only one.", "De quel émetteur."))
]
Hours = Annotated[
    int, typer.Option("--hours", help=say("For how many hours.", "Pour combien d'heures."), min=1, max=HOURS_MAX)
]
HospitalOption = Annotated[
    int, typer.Option("--hospital", help=say("The hospital's number.", "Le numéro de l'hôpital."))
]
Number = Annotated[int, typer.Argument(help=say("The containment's number.", "Le numéro de l'arrêt."))]
Subject = Annotated[
    str, typer.Argument(help=say("Who, as their token names them (opaque).", "Qui, comme son jeton le nomme (opaque)."))
]


def add_to(app: typer.Typer) -> None:
    """Adds these commands."""
    app.add_typer(contain, name="contain")
    app.command(help=say("What is stopped, and what waits for a second person.", "Ce qui est arrêté ou en attente."))(
        containments
    )


@contain.command("account", help=say("Stop an account everywhere, at once.", "Arrêter un compte partout."))
def contain_account(
    subject: Subject,
    reason: Reason = "",
    issuer: IssuerOption = "",
    yes: Yes = False,
    preview: PreviewOnly = False,
    config: ConfigFile = DEFAULT_CONFIG,
    demo: DemoFlag = False,
) -> None:
    """Exact: no answer of the account is committed after it."""
    number = number_of(load(config, demo=demo), subject, issuer)
    _contain(ContainmentKind.ACCOUNT, str(number), reason, (yes, preview), config, demo)


@contain.command("device", help=say("Stop a session key, wherever it is used.", "Arrêter une clé de session."))
def contain_device(
    thumbprint: Annotated[
        str, typer.Argument(help=say("jkt or x5t#S256, in base64url or hexadecimal.", "jkt ou x5t#S256."))
    ],
    reason: Reason = "",
    yes: Yes = False,
    preview: PreviewOnly = False,
    config: ConfigFile = DEFAULT_CONFIG,
    demo: DemoFlag = False,
) -> None:
    """Its user signs in with another one."""
    _contain(ContainmentKind.DEVICE, thumbprint, reason, (yes, preview), config, demo)


@contain.command("application", help=say("Stop a client application.", "Arrêter une application cliente."))
def contain_application(
    client_id: Annotated[
        str, typer.Argument(help=say("Its client id, or its name without one.", "Son identifiant client, ou son nom."))
    ],
    reason: Reason = "",
    yes: Yes = False,
    preview: PreviewOnly = False,
    config: ConfigFile = DEFAULT_CONFIG,
    demo: DemoFlag = False,
) -> None:
    """Everybody's questions through it; its hospital's feed only where both have one credential."""
    _contain(ContainmentKind.APPLICATION, client_id, reason, (yes, preview), config, demo)


@contain.command("network", help=say("Ask to stop a network; another confirms.", "Demander l'arrêt d'un réseau."))
def contain_network(
    network: Annotated[str, typer.Argument(help=say("An address or a prefix.", "Une adresse ou un préfixe."))],
    reason: Reason = "",
    hours: Hours = HOURS_DEFAULT,
    yes: Yes = False,
    preview: PreviewOnly = False,
    config: ConfigFile = DEFAULT_CONFIG,
    demo: DemoFlag = False,
) -> None:
    """Spares feeds, emergency readings and what a hospital has declared its own."""
    _contain(ContainmentKind.NETWORK, network, reason, (yes, preview), config, demo, hours)


@contain.command("structure", help=say("Ask to stop a hospital; another confirms.", "Demander l'arrêt d'un hôpital."))
def contain_structure(
    hospital: Annotated[str, typer.Argument(help=say("The hospital's number.", "Le numéro de l'hôpital."))],
    reason: Reason = "",
    hours: Hours = HOURS_DEFAULT,
    yes: Yes = False,
    preview: PreviewOnly = False,
    config: ConfigFile = DEFAULT_CONFIG,
    demo: DemoFlag = False,
) -> None:
    """Questions in its name from elsewhere than its own networks; spares feeds and emergency readings."""
    _contain(ContainmentKind.STRUCTURE, hospital, reason, (yes, preview), config, demo, hours)


@contain.command("confirm", help=say("As the second person: in force.", "En seconde personne : en vigueur."))
def confirm(number: Number, config: ConfigFile = DEFAULT_CONFIG, demo: DemoFlag = False) -> None:
    """Within an hour of the request."""
    made = at_desk(load(config, demo=demo), lambda desk: desk.confirm(ContainmentId(number), officer()))
    tell(said(made))


def containments(
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: JsonFlag = False,
    demo: DemoFlag = False,
) -> None:
    """The latest last."""
    found = at_desk(load(config, demo=demo), lambda desk: desk.listed())
    if as_json:
        tell_json(found)
        return
    table = columns("", say("what", "quoi"), say("state", "état"), say("by", "par"), say("reason", "raison"))
    now = Clock().now()
    for one in found:
        by = ", ".join(filter(None, (one.asked_by, one.confirmed_by)))
        table.add_row(str(one.containment_id), f"{one.kind} {one.target}", _state(one, now), by, one.reason)
    tell_table(table)


def _contain(
    kind: ContainmentKind,
    target: str,
    reason: str,
    how: tuple[bool, bool],
    config: Path,
    demo: bool,
    hours: int = HOURS_DEFAULT,
) -> None:
    yes, only = how
    loaded = load(config, demo=demo)
    found = at_desk(loaded, lambda desk: desk.preview(kind, target))
    _tell_preview(found)
    if only:
        return
    if not yes:
        if not sys.stdin.isatty():
            raise OperatorError("Say --yes, or answer at a terminal.", "Ajoutez --yes, ou répondez depuis un terminal.")
        typer.confirm(say("Stop this?", "Arrêter cela ?"), abort=True)
    order = Order(kind, target, reason, officer(), hours)
    tell(said(at_desk(loaded, lambda desk: desk.contain(order))))


def at_desk(config: Config, do: Callable[[Containing], Awaitable[T]]) -> T:
    """What is done at the duty officer's desk."""
    return as_owner(config, lambda database: do(Containing(database, Clock())))


def number_of(config: Config, subject: str, issuer: str) -> int:
    """The number of an account that its issuer names so. Raises OperatorError."""
    url = issuer or only_issuer(config)
    account = as_owner(config, lambda database: AccountStore(database).find(url, subject))
    if account is None:
        raise OperatorError(
            "There is no such account: `beffroi account list` shows those that have asked.",
            "Ce compte n'existe pas : `beffroi account list` montre ceux qui ont demandé.",
        )
    return account.account_id


def only_issuer(config: Config) -> str:
    """The issuer that need not be named. Raises OperatorError."""
    if len(config.issuer) == 1:
        return config.issuer[0].url
    raise OperatorError("Say which issuer: --issuer URL.", "Dites de quel émetteur : --issuer URL.")


def _spoken(words: Words) -> str:
    return words[LANGUAGE == "fr"]


def _tell_preview(found: Preview) -> None:
    count = len(found.accounts)
    tell(
        say(
            f"{found.kind} {found.target}: {count} accounts, {found.sessions_count} sessions, "
            f"{found.requests_hour} requests in the last hour, {found.requests_day} in the last 24 hours.",
            f"{found.kind} {found.target} : {count} comptes, {found.sessions_count} sessions, "
            f"{found.requests_hour} demandes dans l'heure, {found.requests_day} en 24 heures.",
        )
    )
    if found.hospitals:
        tell(say("Hospitals: ", "Hôpitaux : ") + ", ".join(found.hospitals))
    for one in found.accounts[:ACCOUNTS_SHOWN_MAX]:
        tell(f"  {one.account_id:>6}  {one.subject}  {one.requests_hour}/h  {one.requests_day}/24 h")
    if count > ACCOUNTS_SHOWN_MAX:
        more = count - ACCOUNTS_SHOWN_MAX
        tell(say(f"  and {more} more", f"  et {more} autres"))
    if found.feeds:
        names = ", ".join(found.feeds)
        tell(say(f"It also stops the feed of: {names}.", f"Cela arrête aussi l'alimentation de : {names}."))
    if found.spared:
        names = ", ".join(found.spared)
        tell(say(f"Spared, hospitals' own: {names}.", f"Épargnés, réseaux d'hôpitaux : {names}."))


def said(one: Containment) -> str:
    """How it stands, and what is done next."""
    number = one.containment_id
    if one.released_at is not None:
        return say(f"Containment {number} has ended.", f"L'arrêt {number} a pris fin.")
    if one.release_asked_at is not None:
        return say(
            "Asked. It ends once another person says so too.", "Demandé. Il prend fin quand une autre personne le dit."
        )
    if one.in_force_from is None:
        return say(
            f"Asked. Another person: beffroi contain confirm {number}",
            f"Demandé. Une autre personne : beffroi contain confirm {number}",
        )
    until = _spoken(until_words(one.expires_at))
    return say(
        f"Stopped (containment {number}): {one.kind} {one.target}, {until}.",
        f"Arrêté (arrêt {number}) : {one.kind} {one.target}, {until}.",
    )


def _state(one: Containment, now: object) -> str:
    if one.released_at is not None:
        return say("released", "libéré")
    if one.in_force_from is None:
        return say("waits for a second person", "attend une seconde personne")
    if one.release_asked_at is not None:
        return say("stopped; release waits", "arrêté ; libération en attente")
    return say("stopped, ", "arrêté, ") + _spoken(until_words(one.expires_at))
