"""import: a hospital's file into the register, with a rehearsal, progress, and a resume after a crash."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from beffroi.actions.bulk_import import ImportProgress, ImportReport, import_file
from beffroi.actions.register import FeedSource
from beffroi.app.assembly import applications_of
from beffroi.cli.speaking import DEFAULT_CONFIG, ConfigFile, DemoFlag, out, say, tell
from beffroi.clock import Clock
from beffroi.config.reading import load
from beffroi.config.settings import Config
from beffroi.errors import OperatorError
from beffroi.model.person import HospitalId
from beffroi.store.accounts import AccountStore
from beffroi.store.database import Database
from beffroi.wire.bulk import BulkFormat

_FORMATS = {".csv": BulkFormat.CSV, ".ndjson": BulkFormat.NDJSON, ".jsonl": BulkFormat.NDJSON, ".hl7": BulkFormat.HL7}


def add_to(app: typer.Typer) -> None:
    """Adds this command."""
    app.command(
        "import",
        help=say(
            "Import a hospital's file of identities (CSV, NDJSON or HL7). Run it again after a crash: it goes on.",
            "Importer le fichier d'identités d'un hôpital (CSV, NDJSON ou HL7). Relancé après une panne, il reprend.",
        ),
    )(import_one)


def import_one(
    file: Annotated[Path, typer.Argument(help=say("The file.", "Le fichier."), exists=True, dir_okay=False)],
    application: Annotated[
        str,
        typer.Option(
            "--as", help=say("The application that feeds, by its name.", "L'application qui alimente, par son nom.")
        ),
    ],
    bulk_format: Annotated[
        BulkFormat | None, typer.Option("--format", help=say("By default, by the file's name.", "Sinon, selon le nom."))
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help=say("Say what would happen.", "Dire ce qui se passerait."))
    ] = False,
    rejects: Annotated[
        Path | None,
        typer.Option(help=say("A file for line numbers and reasons.", "Un fichier pour numéros de ligne et raisons.")),
    ] = None,
    config: ConfigFile = DEFAULT_CONFIG,
    demo: DemoFlag = False,
) -> None:
    """Nothing is lost and nothing is doubled, whatever happens in between."""
    found = bulk_format or _FORMATS.get(file.suffix.lower())
    if found is None:
        raise OperatorError(
            "Say the format: --format csv, ndjson or hl7.", "Dites le format : --format csv, ndjson ou hl7."
        )
    report = asyncio.run(_import(load(config, demo=demo), file, found, application, dry_run, rejects))
    _tell_report(report)
    raise typer.Exit(1 if report.rejected_count else 0)


async def _import(
    config: Config, file: Path, bulk_format: BulkFormat, application: str, dry_run: bool, rejects: Path | None
) -> ImportReport:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    async with await Database.open(config.dsn("feed"), size=2) as database:
        source = await _source(config, database, application)
        with Progress(*columns, console=out, transient=True) as bar:
            task = bar.add_task(file.name, total=None)

            def on_progress(at: ImportProgress) -> None:
                bar.update(task, completed=at.done_bytes, total=at.total_bytes)

            return await import_file(
                database,
                Clock(),
                file,
                bulk_format,
                source,
                dry_run=dry_run,
                progress=on_progress,
                rejects_path=rejects,
            )


async def _source(config: Config, database: Database, name: str) -> FeedSource:
    """The application of that name, if it may feed."""
    for settings, entry in zip(config.application, applications_of(config), strict=True):
        if settings.name == name and settings.may_feed:
            account = await AccountStore(database).find(entry.issuer, entry.subject)
            if account is None:
                break
            return FeedSource(account.account_id, HospitalId(settings.hospital))
    feeding = ", ".join(settings.name for settings in config.application if settings.may_feed)
    raise OperatorError(
        f"No application {name} may feed, or `beffroi migrate` has not run. Those that may: {feeding}.",
        f"Aucune application {name} ne peut alimenter, ou `beffroi migrate` n'a pas été lancé. Celles qui le peuvent : "
        f"{feeding}.",
    )


def _tell_report(report: ImportReport) -> None:
    if report.done_before:
        tell(say("This file was imported before: nothing to do.", "Ce fichier a déjà été importé : rien à faire."))
        return
    counts = (
        (say("lines", "lignes"), report.line_count),
        (say("applied", "appliquées"), report.applied_count),
        (say("told before", "déjà connues"), report.duplicate_count),
        (say("nothing to keep", "sans objet"), report.ignored_count),
        (say("refused", "refusées"), report.rejected_count),
    )
    tell(", ".join(f"{count:,} {what}" for what, count in counts))
    if report.dry_run:
        tell(
            say(
                f"A rehearsal: nothing was changed; {report.new_count:,} identities would be new.",
                f"Une répétition : rien n'a changé ; {report.new_count:,} identités seraient nouvelles.",
            )
        )
    elif report.resumed_after_line:
        tell(
            say(
                f"Resumed after line {report.resumed_after_line:,}.",
                f"Repris après la ligne {report.resumed_after_line:,}.",
            )
        )
