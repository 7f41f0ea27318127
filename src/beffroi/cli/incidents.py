"""incident open, list, show, note, confirm, dismiss, notified, close, reopen, select, tell: the register (33(5))."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec
import typer

from beffroi.actions.incidents import Standing, proposed_selections
from beffroi.breach.incident import STATE_WORDS, Account33, State, Window
from beffroi.cli import reporting
from beffroi.cli.desk import Desk, IncidentNumber, desk, moment
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
from beffroi.config.reading import load
from beffroi.errors import OperatorError, Words
from beffroi.model.selection import described
from beffroi.store.cases import Incident
from beffroi.telemetry import Process, configure_logs

T = TypeVar("T")
app = typer.Typer(
    help=say(
        "The register of incidents (article 33). Needs database.owner_url.",
        "Le registre des incidents (article 33). Demande database.owner_url.",
    ),
    no_args_is_help=True,
    context_settings=HELP,
)


def add_to(parent: typer.Typer) -> None:
    """Adds these commands."""
    reporting.add_to(app)
    parent.add_typer(app, name="incident")


Reason = Annotated[str, typer.Option("--reason", help=say("Why, for the history.", "Pourquoi, pour l'historique."))]
Aware = Annotated[
    str | None,
    typer.Option(
        "--aware",
        help=say("Since when you are aware of it.", "Depuis quand vous en avez connaissance."),
        metavar="2026-11-24T09:00",
    ),
]
Suspicious = Annotated[
    str | None,
    typer.Option(
        "--suspicious-at",
        help=say("The first suspicious reading, where no alarm says it.", "La première lecture suspecte, sans alarme."),
        metavar="2026-11-24T09:00",
    ),
]
_SELECTIONS = typer.Argument(
    help=say(
        "What it is about, as for `beffroi scope`. By account without since and until: the window is proposed.",
        "Ce dont il s'agit, comme pour `beffroi scope`. Par compte sans dates : la période est proposée.",
    ),
    metavar="SELECTION...",
)
Selections = Annotated[list[str], _SELECTIONS]
OptionalSelections = Annotated[list[str] | None, _SELECTIONS]


@app.command("open", help=say("Open an incident.", "Ouvrir un incident."))
def open_one(
    title: Annotated[str, typer.Argument(help=say("In a few words.", "En quelques mots."))],
    reason: Reason,
    selections: OptionalSelections = None,
    alarm: Annotated[
        list[int] | None,
        typer.Option(help=say("The number of a verdict of the watch.", "Le numéro d'un verdict de la veille.")),
    ] = None,
    aware: Aware = None,
    suspicious_at: Suspicious = None,
    config: ConfigFile = DEFAULT_CONFIG,
    demo: DemoFlag = False,
) -> None:
    """Suspected, or confirmed when --aware is said."""

    async def do(at: Desk) -> int:
        texts = [*(selections or ()), *(await at.incidents.of_alarms(alarm) if alarm else ())]
        chosen, windows = await proposed_selections(at.incidents, at.investigation, texts, moment(suspicious_at))
        number = await at.incidents.open(title, chosen, reason, moment(aware))
        _tell_windows(windows)
        return number

    number = _at(config, demo, do)
    tell(say(f"Incident {number}.", f"Incident {number}."))


@app.command("list", help=say("The register.", "Le registre."))
def list_all(config: ConfigFile = DEFAULT_CONFIG, as_json: JsonFlag = False, demo: DemoFlag = False) -> None:
    """One line each."""
    found = _at(config, demo, lambda at: at.incidents.listed())
    if as_json:
        tell_json([_plain(one) for one, _ in found])
        return
    table = columns("", say("title", "titre"), say("state", "état"), say("aware", "connaissance"), "72 h")
    for one, clock in found:
        left = _said(clock.words()) if clock and one.state in (State.SUSPECTED, State.CONFIRMED) else ""
        table.add_row(str(one.incident_id), one.title, _said(STATE_WORDS[one.state]), _at_text(one.aware_at), left)
    tell_table(table)


@app.command(help=say("One incident, its clock and its history.", "Un incident, son délai et son historique."))
def show(
    number: IncidentNumber, config: ConfigFile = DEFAULT_CONFIG, as_json: JsonFlag = False, demo: DemoFlag = False
) -> None:
    """Everything but the scope, which is a look of its own."""
    standing = _at(config, demo, lambda at: at.incidents.standing(number))
    if as_json:
        entries = [
            {"at": e.at, "kind": e.kind, "by": e.by, "reason": e.reason, "particulars": e.particulars}
            for e in standing.entries
        ]
        content = {**_plain(standing.incident), "clock": standing.clock, "history": entries}
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(content)) + b"\n")
    else:
        _tell_standing(standing)


@app.command(help=say("Add a note to the history.", "Ajouter une note à l'historique."))
def note(
    number: IncidentNumber,
    text: Annotated[str, typer.Argument(help=say("The note.", "La note."))],
    config: ConfigFile = DEFAULT_CONFIG,
    demo: DemoFlag = False,
) -> None:
    """It stays."""
    _at(config, demo, lambda at: at.incidents.note(number, text))


@app.command(
    help=say("It happened: the 72 hours count from --aware.", "Il est avéré : les 72 heures comptent depuis --aware.")
)
def confirm(
    number: IncidentNumber,
    reason: Reason,
    aware: Aware = None,
    config: ConfigFile = DEFAULT_CONFIG,
    demo: DemoFlag = False,
) -> None:
    """Needs an awareness, now or before."""
    _move(config, demo, number, State.CONFIRMED, reason, moment(aware))


@app.command(help=say("It was none.", "Ce n'en était pas un."))
def dismiss(
    number: IncidentNumber, reason: Reason, config: ConfigFile = DEFAULT_CONFIG, demo: DemoFlag = False
) -> None:
    """It stays in the register."""
    _move(config, demo, number, State.DISMISSED, reason)


@app.command(help=say("The authority was notified.", "L'autorité a été notifiée."))
def notified(
    number: IncidentNumber, reason: Reason, config: ConfigFile = DEFAULT_CONFIG, demo: DemoFlag = False
) -> None:
    """Beffroi notifies nobody by itself."""
    _move(config, demo, number, State.NOTIFIED, reason)


@app.command(help=say("Everything is done and said.", "Tout est fait et dit."))
def close(number: IncidentNumber, reason: Reason, config: ConfigFile = DEFAULT_CONFIG, demo: DemoFlag = False) -> None:
    """Needs facts, effects and measures."""
    _move(config, demo, number, State.CLOSED, reason)


@app.command(help=say("Open a closed or dismissed incident again.", "Rouvrir un incident clos ou écarté."))
def reopen(number: IncidentNumber, reason: Reason, config: ConfigFile = DEFAULT_CONFIG, demo: DemoFlag = False) -> None:
    """Closed becomes confirmed, dismissed suspected."""

    async def do(at: Desk) -> State:
        before = (await at.incidents.standing(number)).incident.state
        state = State.SUSPECTED if before is State.DISMISSED else State.CONFIRMED
        await at.incidents.move(number, state, reason)
        return state

    tell(_said(STATE_WORDS[_at(config, demo, do)]))


@app.command(help=say("Which readings it is about, from now on.", "Les lectures en cause, désormais."))
def select(
    number: IncidentNumber,
    selections: Selections,
    reason: Reason,
    suspicious_at: Suspicious = None,
    config: ConfigFile = DEFAULT_CONFIG,
    demo: DemoFlag = False,
) -> None:
    """What was said before stays in the history."""

    async def do(at: Desk) -> None:
        chosen, windows = await proposed_selections(at.incidents, at.investigation, selections, moment(suspicious_at))
        await at.incidents.select(number, chosen, reason)
        _tell_windows(windows)

    _at(config, demo, do)


@app.command("tell", help=say("Facts, effects, measures (article 33(5)).", "Faits, effets, mesures (article 33(5))."))
def tell_register(
    number: IncidentNumber,
    facts: Annotated[str, typer.Option(help=say("What happened.", "Ce qui s'est passé."))] = "",
    effects: Annotated[str, typer.Option(help=say("Likely consequences.", "Conséquences probables."))] = "",
    measures: Annotated[str, typer.Option(help=say("Taken and planned.", "Prises et prévues."))] = "",
    reason: Reason = "told",
    config: ConfigFile = DEFAULT_CONFIG,
    demo: DemoFlag = False,
) -> None:
    """What is left out stays as it was."""
    if not (facts or effects or measures):
        raise OperatorError(
            "Say what to write: --facts, --effects, --measures.", "Dites quoi écrire : --facts, --effects, --measures."
        )
    _at(config, demo, lambda at: at.incidents.tell(number, Account33(facts, effects, measures), reason))
    tell(say("Written in the register.", "Inscrit au registre."))


def _move(config: Path, demo: bool, number: int, state: State, reason: str, aware_at: datetime | None = None) -> None:
    _at(config, demo, lambda at: at.incidents.move(number, state, reason, aware_at))
    tell(_said(STATE_WORDS[state]))


def _at(config: Path, demo: bool, do: Callable[[Desk], Awaitable[T]]) -> T:
    configure_logs(Process.COMMAND)
    loaded = load(config, demo=demo)

    async def run() -> T:
        async with desk(loaded) as opened:
            return await do(opened)

    return asyncio.run(run())


def _said(words: Words) -> str:
    return words.french if LANGUAGE == "fr" else words.english


def _at_text(at: datetime | None) -> str:
    return at.strftime("%Y-%m-%d %H:%M UTC") if at else ""


def _plain(one: Incident) -> dict[str, object]:
    return {
        "incident": one.incident_id,
        "title": one.title,
        "state": one.state,
        "opened_at": one.opened_at,
        "aware_at": one.aware_at,
        "selections": one.selections,
        "facts": one.told.facts,
        "effects": one.told.effects,
        "measures": one.told.measures,
        "severity": None if one.severity is None else {"score": one.severity.score, "level": one.severity.level},
        "changed_at": one.changed_at,
    }


def _tell_windows(windows: list[Window]) -> None:
    for window in windows:
        since, until = (_at_text(window.since) or "...", _at_text(window.until) or "...")
        tell(f"{since} - {until}: " + say(window.because, window.because_fr))


def _tell_standing(standing: Standing) -> None:
    one = standing.incident
    tell(f"{one.incident_id}. {one.title}: {_said(STATE_WORDS[one.state])}")
    if standing.clock:
        tell(f"{_at_text(standing.clock.aware_at)}, 72 h: {_said(standing.clock.words())}")
    for text in described(one.selections).values():
        tell(f"  {text}")
    for title, text in (
        (say("Facts", "Faits"), one.told.facts),
        (say("Effects", "Effets"), one.told.effects),
        (say("Measures", "Mesures"), one.told.measures),
    ):
        tell(f"{title}: {text or '-'}")
    for entry in standing.entries:
        more = " ".join(f"{name}={value}" for name, value in entry.particulars.items())
        tell(f"{_at_text(entry.at)} {entry.by} {entry.kind}: {entry.reason} {more}".rstrip())
