"""incident report, incident severity: what a data protection officer sends, and how grave it is."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from beffroi.actions.case_files import LANGUAGES, case_files
from beffroi.actions.case_report import CaseReports
from beffroi.breach.report_words import FACTOR_WORDS
from beffroi.breach.severity import LEVEL_WORDS, Factor, Severity
from beffroi.cli.desk import Desk, IncidentNumber, desk
from beffroi.cli.files import new_folder, write_files
from beffroi.cli.speaking import DEFAULT_CONFIG, LANGUAGE, ConfigFile, DemoFlag, say, tell
from beffroi.config.reading import load
from beffroi.errors import Words
from beffroi.telemetry import Process, configure_logs

WHY = "a report"


def add_to(app: typer.Typer) -> None:
    """Adds these commands."""
    app.command(
        help=say(
            "Write the report: PDF in French and English, lists, forms, references. No name; it is recorded.",
            "Écrire le rapport : PDF en français et anglais, listes, formulaires, références. Sans nom ; tracé.",
        )
    )(report)
    app.command(
        help=say(
            "How grave it is by ENISA's method: the proposal, or one factor chosen otherwise with its reason.",
            "La gravité selon l'ENISA : la proposition, ou un critère choisi autrement avec sa raison.",
        )
    )(severity)


def report(
    number: IncidentNumber,
    folder: Annotated[Path, typer.Option("--out", help=say("A new folder.", "Un nouveau dossier."))],
    language: Annotated[
        list[str] | None, typer.Option("--language", help=say("fr, en; both by default.", "fr, en ; les deux sinon."))
    ] = None,
    initial: Annotated[
        bool, typer.Option("--initial", help=say("The form in the PDF is the initial one.", "Formulaire initial."))
    ] = False,
    config: ConfigFile = DEFAULT_CONFIG,
    demo: DemoFlag = False,
) -> None:
    """Beffroi sends nothing by itself."""
    languages = tuple(one for one in LANGUAGES if not language or one in language) or LANGUAGES
    configure_logs(Process.COMMAND)
    loaded = load(config, demo=demo)

    async def run() -> int:
        async with desk(loaded, reason=WHY) as at:
            released = await _reports(at).gather(at.ask, number)
            files = case_files(released, languages, complementary=not initial)
            write_files(files, folder)
            digest = released.content.report.digest
            await at.incidents.reported(number, {"look": str(released.content.report.look), "digest": digest})
            return len(files)

    with new_folder(folder):
        count = asyncio.run(run())
    tell(say(f"{count} files in {folder}", f"{count} fichiers dans {folder}"))


def severity(
    number: IncidentNumber,
    factor: Annotated[Factor | None, typer.Option(help=say("The factor to choose.", "Le critère à choisir."))] = None,
    value: Annotated[float | None, typer.Option(help=say("Its value.", "Sa valeur."))] = None,
    reason: Annotated[str, typer.Option(help=say("Why, for the history.", "Pourquoi, pour l'historique."))] = "",
    keep: Annotated[bool, typer.Option("--keep", help=say("Keep the proposal.", "Retenir la proposition."))] = False,
    config: ConfigFile = DEFAULT_CONFIG,
    demo: DemoFlag = False,
) -> None:
    """Looks at the scope, so it is recorded."""
    configure_logs(Process.COMMAND)
    loaded = load(config, demo=demo)

    async def run() -> Severity:
        async with desk(loaded, reason="severity") as at:
            now = (await _reports(at).weighed(at.ask, number)).content.now
            if factor is not None and value is not None:
                return await at.incidents.choose(number, now, factor, value, reason, at.ask.asker.subject)
            return await at.incidents.weigh(number, now, reason or "as proposed") if keep else now

    _tell_severity(asyncio.run(run()))


def _reports(at: Desk) -> CaseReports:
    return CaseReports(at.database, at.house, at.investigation, at.incidents, at.clock, at.config.region.name)


def _tell_severity(found: Severity) -> None:
    for one in found.choices:
        tell(f"{one.value:g}  {_said(FACTOR_WORDS[one.factor])}: {say(one.reason, one.reason_fr)} {one.by}".rstrip())
    tell(f"SE = {found.score:g}: {_said(LEVEL_WORDS[found.level])}")


def _said(words: Words) -> str:
    return words.french if LANGUAGE == "fr" else words.english
