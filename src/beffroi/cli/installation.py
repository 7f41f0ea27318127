"""serve, migrate, doctor, settings: an installation and its life."""

import asyncio
import contextlib
import logging
import signal
import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from beffroi.app.preparation import migrate_and_set_up, planned
from beffroi.app.serving import Addresses, serving
from beffroi.cli.speaking import DEFAULT_CONFIG, LANGUAGE, ConfigFile, DemoFlag, JsonFlag, out, say, tell
from beffroi.clock import Clock
from beffroi.config.reading import load
from beffroi.config.reference import settings_page
from beffroi.doctor.examination import examine
from beffroi.doctor.finding import Finding, Level, exit_code
from beffroi.store.migrate import Migration
from beffroi.store.registers import Change
from beffroi.telemetry import Process, configure_logs

_SIGNS = {Level.GOOD: "[green]✓[/]", Level.NOTE: "·", Level.WARNING: "[yellow]![/]", Level.ERROR: "[bold red]✗[/]"}


def add_to(app: typer.Typer) -> None:
    """Adds these commands."""
    app.command(help=say("Serve until stopped.", "Servir jusqu'à l'arrêt."))(serve)
    app.command(
        help=say(
            "Bring the database to this release, then copy hospitals and applications from the configuration.",
            "Amener la base à cette version, puis y copier hôpitaux et applications de la configuration.",
        )
    )(migrate)
    app.command(
        help=say(
            "Look at an installation and say what is wrong: exit code 1 for warnings, 2 for errors.",
            "Examiner une installation et dire ce qui ne va pas : code 1 pour un avertissement, 2 pour une erreur.",
        )
    )(doctor)
    app.command(help=say("Print every setting, in Markdown.", "Afficher tous les réglages, en Markdown."))(settings)


def serve(config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Runs until SIGTERM or Ctrl-C; then what is under way is answered."""
    configure_logs(Process.SUPERVISOR)
    asyncio.run(_serve(config))


async def _serve(config: Path) -> None:
    stopping, started = asyncio.Event(), asyncio.Event()
    serving_task = asyncio.create_task(_serve_until(config, stopping, started))

    def stop() -> None:
        stopping.set()
        if not started.is_set():
            serving_task.cancel()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    with contextlib.suppress(asyncio.CancelledError):
        await serving_task
    tell(say("Stopped.", "Arrêté."))


async def _serve_until(config: Path, stopping: asyncio.Event, started: asyncio.Event) -> None:
    async with serving(config) as addresses:
        started.set()
        _tell_addresses(addresses)
        await stopping.wait()


def _tell_addresses(addresses: Addresses) -> None:
    scheme = "https" if addresses.tls else "http"
    tell(say("Serving. Stop with Ctrl-C.", "En service. Arrêt par Ctrl-C."))
    tell(f"  FHIR      {scheme}://{_place(addresses.web)}/fhir")
    if addresses.mllp is not None:
        tell(f"  HL7 v2    {_place(addresses.mllp)}")
    tell(f"  {say('Health  ', 'Santé   ')}  http://{_place(addresses.operations)}/health/ready")


def _place(address: tuple[str, int]) -> str:
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def migrate(
    config: ConfigFile = DEFAULT_CONFIG,
    plan: Annotated[
        bool, typer.Option("--plan", help=say("Say what would be done, and do nothing.", "Dire sans faire."))
    ] = False,
) -> None:
    """Needs database.owner_url."""
    configure_logs(Process.COMMAND, level=logging.ERROR)
    loaded = load(config)
    if plan:
        _tell_changes(*asyncio.run(planned(loaded)), done=False)
    else:
        _tell_changes(*asyncio.run(migrate_and_set_up(loaded, demo=False, clock=Clock())), done=True)


def _tell_changes(migrations: list[Migration], changes: list[Change], *, done: bool) -> None:
    for migration in migrations:
        verb = say("applied", "appliquée") if done else say("to apply", "à appliquer")
        tell(f"migration {migration.number:04d} {migration.name}: {verb}")
    for change in changes:
        tell(change.text(LANGUAGE))
    if not migrations and not changes:
        tell(say("Nothing to do.", "Rien à faire."))
    elif migrations and not done:
        tell(
            say(
                "Hospitals and applications are compared once the tables are there.",
                "Hôpitaux et applications seront comparés une fois les tables créées.",
            )
        )


def doctor(
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: JsonFlag = False,
    language: Annotated[str, typer.Option("--lang", help="fr, en")] = LANGUAGE,
    demo: DemoFlag = False,
) -> None:
    """Exit code: 0 all is well, 1 warnings, 2 errors."""
    configure_logs(Process.COMMAND, level=logging.CRITICAL)  # what would be logged is among the findings
    findings = asyncio.run(examine(config, Clock(), demo=demo))
    if as_json:
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode([_plain(f, language) for f in findings])))
        sys.stdout.buffer.write(b"\n")
    else:
        for finding in findings:
            out.print(_SIGNS[finding.level], end=" ")
            tell(finding.text(language))
    sys.exit(exit_code(findings))


def _plain(finding: Finding, language: str) -> dict[str, str]:
    return {"level": finding.level.value, "check": finding.check, "text": finding.text(language)}


def settings() -> None:
    """docs/reference/settings.md."""
    sys.stdout.write(settings_page())
