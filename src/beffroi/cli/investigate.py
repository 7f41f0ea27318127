"""investigate import, logs, scope: what logs that Beffroi did not write tell of an incident."""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from beffroi.actions.foreign_import import ForeignReport, ForeignSource, import_log
from beffroi.actions.foreign_scope import foreign_scope_of
from beffroi.breach.foreign import ForeignScope, ForeignSelection
from beffroi.cli.speaking import (
    DEFAULT_CONFIG,
    HELP,
    ConfigFile,
    DemoFlag,
    JsonFlag,
    columns,
    out,
    say,
    tell,
    tell_json,
    tell_table,
)
from beffroi.clock import Clock
from beffroi.config.reading import load
from beffroi.config.settings import Config
from beffroi.errors import OperatorError
from beffroi.model.foreign import Certainty, ForeignFormat
from beffroi.model.person import HospitalId
from beffroi.store.database import FREE_PLANS, Database
from beffroi.store.foreign import ForeignLogStore, ListedLog
from beffroi.telemetry import Process, configure_logs

SAID = {
    Certainty.SHOWN_FIELDS_KNOWN: ("shown, fields known", "montrés, champs connus"),
    Certainty.SHOWN_FIELDS_UNKNOWN: ("shown, fields not known", "montrés, champs inconnus"),
    Certainty.PERHAPS_SHOWN: ("named, perhaps shown", "nommés, peut-être montrés"),
}

app = typer.Typer(
    help=say(
        "Logs that Beffroi did not write. Needs database.owner_url.",
        "Les journaux que Beffroi n'a pas écrits. Demande database.owner_url.",
    ),
    no_args_is_help=True,
    context_settings=HELP,
)


def add_to(parent: typer.Typer) -> None:
    """Adds these commands."""
    parent.add_typer(app, name="investigate")


@app.command(
    "import",
    help=say(
        "Read a log of another server: AuditEvents, Keycloak, nginx, Apache, HAProxy, HL7 v2.",
        "Lire le journal d'un autre serveur : AuditEvent, Keycloak, nginx, Apache, HAProxy, HL7 v2.",
    ),
)
def import_one(
    file: Annotated[Path, typer.Argument(help=say("The log.", "Le journal."), exists=True, dir_okay=False)],
    server: Annotated[
        str, typer.Option("--server", help=say("How you call the server that wrote it.", "Le nom de son serveur."))
    ],
    log_format: Annotated[
        ForeignFormat | None,
        typer.Option("--format", help=say("By default recognised by its lines.", "Sinon, reconnu d'après ses lignes.")),
    ] = None,
    numbers_of: Annotated[
        int | None,
        typer.Option(
            "--numbers-of",
            help=say(
                "The hospital whose IPPs the server's own patient numbers are.",
                "L'hôpital dont les IPP sont les numéros de patients de ce serveur.",
            ),
        ),
    ] = None,
    utc: Annotated[
        bool,
        typer.Option("--utc", help=say("Times without a zone are UTC, not French.", "Heures sans fuseau : en UTC.")),
    ] = False,
    rejects: Annotated[
        Path | None,
        typer.Option(help=say("A file for line numbers and reasons.", "Un fichier pour numéros de ligne et raisons.")),
    ] = None,
    config: ConfigFile = DEFAULT_CONFIG,
    demo: DemoFlag = False,
) -> None:
    """Exit code 1 when lines could not be read."""
    configure_logs(Process.COMMAND)
    source = ForeignSource(server, HospitalId(numbers_of) if numbers_of is not None else None, utc)
    report = asyncio.run(_import(load(config, demo=demo), file, source, log_format, rejects))
    _tell_report(report)
    raise typer.Exit(1 if report.rejected_count else 0)


async def _import(
    config: Config, file: Path, source: ForeignSource, log_format: ForeignFormat | None, rejects: Path | None
) -> ForeignReport:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    async with await Database.open(config.dsn("owner"), size=2) as database:
        with Progress(*columns, console=out, transient=True) as bar:
            task = bar.add_task(file.name, total=None)
            return await import_log(
                database,
                Clock(),
                file,
                source,
                log_format,
                progress=lambda done, total: bar.update(task, completed=done, total=total),
                rejects_path=rejects,
            )


@app.command("logs", help=say("The logs that were imported.", "Les journaux importés."))
def list_logs(
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: JsonFlag = False,
    demo: DemoFlag = False,
) -> None:
    """One line each."""
    logs = asyncio.run(_logs(load(config, demo=demo)))
    if as_json:
        tell_json(logs)
        return
    heads = (say("server", "serveur"), "format", say("facts", "faits"), say("passed over", "sans objet"))
    table = columns("", *heads, say("unreadable", "illisibles"), say("from", "du"), say("to", "au"), "")
    for one in logs:
        done = "" if one.finished_at else say("not finished", "inachevé")
        counts = (f"{one.fact_count:,}", f"{one.passed_count:,}", f"{one.rejected_count:,}")
        table.add_row(str(one.log_id), one.server, one.format, *counts, _day(one.first_at), _day(one.last_at), done)
    tell_table(table)


async def _logs(config: Config) -> list[ListedLog]:
    async with await Database.open(config.dsn("owner"), size=1, **FREE_PLANS) as database:
        return await ForeignLogStore(database).listed()


Moment = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="UTC")]


@app.command(
    "scope",
    help=say(
        "Whose data those logs say were seen, each certainty by itself. Numbers, no names.",
        "Quelles données ces journaux disent vues, chaque certitude à part. Des numéros, pas de noms.",
    ),
)
def scope(
    actor: Annotated[
        list[str] | None, typer.Option(help=say("An account, as the server names it.", "Un compte, selon le serveur."))
    ] = None,
    network: Annotated[list[str] | None, typer.Option(help=say("An address.", "Une adresse."))] = None,
    application: Annotated[
        list[str] | None, typer.Option(help=say("A client, as the server names it.", "Un client, selon le serveur."))
    ] = None,
    server: Annotated[list[str] | None, typer.Option(help=say("Only this server's logs.", "Ce serveur seul."))] = None,
    since: Moment = None,
    until: Moment = None,
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: JsonFlag = False,
    demo: DemoFlag = False,
) -> None:
    """What is said must all hold; several values of one option are alternatives."""
    selection = ForeignSelection(
        actors=tuple(actor) if actor else None,
        networks=tuple(network) if network else None,
        applications=tuple(application) if application else None,
        servers=tuple(server) if server else None,
        since=since.replace(tzinfo=UTC) if since else None,
        until=until.replace(tzinfo=UTC) if until else None,
    )
    if selection == ForeignSelection():
        raise OperatorError("Say which: --actor, --network, --since...", "Dites lesquels : --actor, --network...")
    found = asyncio.run(_scope(load(config, demo=demo), selection))
    if as_json:
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(plain(found))) + b"\n")
    else:
        _tell_scope(found)


async def _scope(config: Config, selection: ForeignSelection) -> ForeignScope:
    async with await Database.open(config.dsn("owner"), size=1, **FREE_PLANS) as database:
        return await foreign_scope_of(database, [selection])


def plain(scope: ForeignScope) -> dict[str, object]:
    """The scope for programs, certainties apart."""
    by_certainty = {
        certainty.name.lower(): [
            {
                "server": one.server,
                "system": one.system,
                "value": one.value,
                "person": one.person_id,
                "hospitals": sorted(one.hospitals),
                "times": {sure.name.lower(): count for sure, count in sorted(one.times.items())},
                "fields": one.fields,
                "beyond_identity": one.beyond_identity,
                "first_at": one.first_at,
                "last_at": one.last_at,
                "references": [{"log": log, "line": line} for log, line in one.references],
            }
            for one in scope.of(certainty)
        ]
        for certainty in SAID
    }
    return {
        "facts": scope.fact_count,
        "patients": by_certainty,
        "questions_of_unknown_result": scope.unknown_count,
        "questions_that_showed_nobody": scope.nobody_count,
        "beyond_identity": scope.beyond_identity_count,
        "sign_ins": scope.sign_in_count,
        "asked_by": [{"criteria": names, "times": times} for names, times in sorted(scope.asked_by.items())],
        "networks_beside": scope.networks_beside,
    }


def _tell_report(report: ForeignReport) -> None:
    if report.done_before:
        tell(say("This log was imported before: nothing to do.", "Ce journal a déjà été importé : rien à faire."))
        return
    counts = (
        (say("facts", "faits"), report.fact_count),
        (say("read nobody", "sans objet"), report.passed_count),
        (say("unreadable", "illisibles"), report.rejected_count),
    )
    tell(f"{report.format.value}: " + ", ".join(f"{count:,} {what}" for what, count in counts))


def _tell_scope(scope: ForeignScope) -> None:
    for certainty, words in SAID.items():
        patients = scope.of(certainty)
        ours = sum(one.person_id is not None for one in patients)
        tell(f"{len(patients):,} patients {say(*words)} ({ours:,} {say('of ours', 'des nôtres')})")
    tell(
        say(
            f"{scope.unknown_count:,} questions of which the log does not say whom they showed",
            f"{scope.unknown_count:,} questions dont le journal ne dit pas qui elles ont montré",
        )
    )
    tell(say(f"{scope.nobody_count:,} that showed nobody", f"{scope.nobody_count:,} qui n'ont montré personne"))
    if scope.beyond_identity_count:
        tell(
            say(
                f"{scope.beyond_identity_count:,} asked for more than identities: medical data may be concerned",
                f"{scope.beyond_identity_count:,} au-delà de l'identité : des données médicales peuvent être en cause",
            )
        )
    if scope.networks_beside:
        beside = ", ".join(scope.networks_beside)
        tell(say(f"The same accounts signed in from {beside}", f"Les mêmes comptes se sont connectés depuis {beside}"))


def _day(at: datetime | None) -> str:
    return at.strftime("%Y-%m-%d %H:%M") if at else ""
