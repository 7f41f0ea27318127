"""export request, approve, refuse, write, list: whole lists for hospitals, by two people, encrypted to each."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from beffroi.actions.scope_export import ScopeExports, expires
from beffroi.cli.desk import Desk, IncidentNumber, desk
from beffroi.cli.files import new_folder, write_files
from beffroi.cli.speaking import DEFAULT_CONFIG, HELP, ConfigFile, DemoFlag, columns, say, tell, tell_table
from beffroi.config.reading import load
from beffroi.config.settings import Config
from beffroi.model.selection import Selection
from beffroi.outbound.encrypting import check_recipients, encrypted
from beffroi.telemetry import Process, configure_logs

T = TypeVar("T")
EXIT_PARTLY = 1

app = typer.Typer(
    help=say(
        "Whole lists for hospitals, by two people, encrypted to each. Needs database.owner_url.",
        "Listes entières pour les hôpitaux, à deux personnes, chiffrées. Demande database.owner_url.",
    ),
    no_args_is_help=True,
    context_settings=HELP,
)


def add_to(parent: typer.Typer) -> None:
    """Adds these commands."""
    parent.add_typer(app, name="export")


Number = Annotated[int, typer.Argument(help=say("The export's number.", "Le numéro de l'export."))]
Reason = Annotated[str, typer.Option("--reason", help=say("Why, for the record.", "Pourquoi, pour la trace."))]


@app.command(help=say("Ask for the lists of an incident.", "Demander les listes d'un incident."))
def request(
    incident: IncidentNumber,
    reason: Reason,
    config: ConfigFile = DEFAULT_CONFIG,
    demo: DemoFlag = False,
) -> None:
    """Somebody else approves it within a day."""

    async def do(at: Desk, exports: ScopeExports) -> int:
        selections: tuple[Selection, ...] = (await at.incidents.standing(incident)).incident.selections
        return await exports.request(at.ask, selections, reason, incident)

    number = _at(config, demo, do)
    tell(
        say(
            f"Export {number}: somebody else approves it within a day (beffroi export approve {number}).",
            f"Export {number} : une autre personne l'approuve sous un jour (beffroi export approve {number}).",
        )
    )


@app.command(help=say("Approve what somebody else asked for.", "Approuver ce qu'un autre a demandé."))
def approve(number: Number, config: ConfigFile = DEFAULT_CONFIG, demo: DemoFlag = False) -> None:
    """Under your own login: who asked cannot."""
    export = _at(config, demo, lambda at, exports: exports.approve(at.ask, number))
    tell(say(f"{export.patients:,} patients: approved.", f"{export.patients:,} patients : approuvé."))


@app.command(help=say("Stop an export.", "Arrêter un export."))
def refuse(number: Number, reason: Reason, config: ConfigFile = DEFAULT_CONFIG, demo: DemoFlag = False) -> None:
    """Nothing more comes of it."""
    _at(config, demo, lambda at, exports: exports.refuse(at.ask, number, reason))


@app.command(help=say("Write the lists, each encrypted to its hospital.", "Écrire les listes, chacune chiffrée."))
def write(
    number: Number,
    folder: Annotated[Path, typer.Option("--out", help=say("A new folder.", "Un nouveau dossier."))],
    config: ConfigFile = DEFAULT_CONFIG,
    demo: DemoFlag = False,
) -> None:
    """Once. Exit code 1 when a hospital without a key was left out."""
    configure_logs(Process.COMMAND)
    loaded = load(config, demo=demo)
    recipients = {hospital.id: hospital.officer_keys for hospital in loaded.hospital}
    check_recipients(recipients)
    finess = {hospital.id: hospital.finess for hospital in loaded.hospital}

    async def do(at: Desk, exports: ScopeExports) -> tuple[int, set[int]]:
        released = await exports.write(at.ask, number)
        made = encrypted(released, recipients)
        write_files({f"list-{finess[hospital]}.csv.age": content for hospital, content in made.items()}, folder)
        return len(made), set(released.content.contents) - set(made)

    with new_folder(folder):
        count, left_out = _run(loaded, do)
    tell(say(f"{count} files in {folder}", f"{count} fichiers dans {folder}"))
    for hospital in sorted(left_out):
        tell(say(f"hospital {hospital}: no officer_keys, left out", f"hôpital {hospital} : sans officer_keys, omis"))
    raise typer.Exit(EXIT_PARTLY if left_out else 0)


@app.command("list", help=say("Every export and where it stands.", "Tous les exports et leur état."))
def list_exports(config: ConfigFile = DEFAULT_CONFIG, demo: DemoFlag = False) -> None:
    """One line each."""
    heads = (say("asked by", "demandé par"), say("approved by", "approuvé par"), "patients", say("state", "état"))
    table = columns("", *heads, say("reason", "raison"))
    for export, requester, approver in _at(config, demo, lambda _, exports: exports.listed()):
        if export.ended_at is not None:
            state = say("refused", "refusé") if export.refused else say("written", "écrit")
        else:
            state = say("until ", "jusqu'au ") + expires(export).strftime("%Y-%m-%d %H:%M UTC")
        table.add_row(str(export.export_id), requester, approver, f"{export.patients:,}", state, export.reason)
    tell_table(table)


Do = Callable[[Desk, ScopeExports], Awaitable[T]]


def _at(config: Path, demo: bool, do: Do[T]) -> T:
    configure_logs(Process.COMMAND)
    return _run(load(config, demo=demo), do)


def _run(config: Config, do: Do[T]) -> T:
    async def run() -> T:
        async with desk(config, reason="export") as at:
            return await do(at, ScopeExports(at.database, at.house, at.investigation, at.clock))

    return asyncio.run(run())
