"""The command line as an operator uses it: as the real program where processes matter, otherwise in this process."""

import json
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from beffroi import cli
from beffroi.cli.speaking import language_of
from beffroi.config.reference import settings_page
from commands import beffroi, command, environment, program
from deployments import configuration, write_configuration

DsnOf = Callable[[str], str]
REAL_ISSUER = "https://issuer.test"


@pytest.fixture
def config_file(tmp_path: Path, dsn_of: DsnOf) -> Path:
    """A real deployment's configuration; its database was not set up yet."""
    text = configuration(dsn_of).replace("http://127.0.0.1:9/issuer", REAL_ISSUER)
    return write_configuration(tmp_path, text)


def test_migrate_then_serve_then_stop(config_file: Path) -> None:
    """An installation from nothing: planned, migrated, served, and stopped by SIGTERM with exit code 0."""
    early = beffroi("serve", "--config", config_file)
    assert early.returncode == 1 and "beffroi migrate" in early.stderr
    assert "hospital added: CH de Beaumont" in beffroi("migrate", "--config", config_file, "--plan").stdout
    done = beffroi("migrate", "--config", config_file)
    assert done.returncode == 0 and "application added: GAM" in done.stdout
    assert "Rien à faire." in beffroi("migrate", "--config", config_file, french=True).stdout
    with subprocess.Popen(
        command("serve", "-c", config_file),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    ) as serving:
        try:
            assert serving.stdout is not None and serving.stdout.readline().startswith("Serving.")
            place = serving.stdout.readline().split()[1]
            with urllib.request.urlopen(f"{place}/metadata") as answer:
                assert answer.status == 200
        finally:
            serving.send_signal(signal.SIGTERM)
            out, err = serving.communicate(timeout=30)
    assert serving.returncode == 0 and out.endswith("Stopped.\n")
    assert all(json.loads(line)["event"] for line in err.splitlines())


def test_a_killed_serve_leaves_nobody_and_starts_again(config_file: Path) -> None:
    """kill -9 of the supervisor: its processes stop by themselves, and the same address is served again at once."""
    beffroi("migrate", "--config", config_file)
    for signal_number in (signal.SIGKILL, signal.SIGTERM):
        with subprocess.Popen(
            command("serve", "-c", config_file), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment()
        ) as serving:
            assert serving.stdout is not None and serving.stdout.readline().startswith(b"Serving.")
            serving.send_signal(signal_number)
            serving.stdout.read()  # until every process that has it open is gone
    assert serving.returncode == 0


def test_serve_stops_while_it_starts(config_file: Path) -> None:
    """Ctrl-C before everything is up stops what is up, and leaves nothing behind."""
    beffroi("migrate", "--config", config_file)
    with subprocess.Popen(
        command("serve", "-c", config_file), stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
    ) as serving:
        time.sleep(1.0)
        serving.send_signal(signal.SIGINT)
        serving.communicate(timeout=30)
    assert serving.returncode in (0, 130, -signal.SIGINT)  # the last: Python itself was still starting
    assert not [pid for pid in Path("/proc").glob("[0-9]*/cmdline") if str(config_file.parent).encode() in _read(pid)]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_a_wrong_configuration_is_said_in_the_operators_language(tmp_path: Path) -> None:
    """An unknown setting: its name, the nearest known one, and no traceback; exit code 1."""
    file = write_configuration(tmp_path, "[web]\nprot = 1\n")
    said = beffroi("serve", "--config", file, french=True)
    assert said.returncode == 1 and "réglage inconnu web.prot (ligne 2) ; vouliez-vous dire port ?" in said.stderr
    assert "Traceback" not in said.stderr


def test_doctor_tells_programs_too(config_file: Path) -> None:
    """`doctor --json` is one list, its exit code that of the worst finding; --lang chooses the words."""
    beffroi("migrate", "--config", config_file)
    said = beffroi("doctor", "--config", config_file, "--json", "--lang", "fr")
    findings = json.loads(said.stdout)
    assert said.returncode == 2  # nobody answers at the issuer's address
    assert {"level": "good", "check": "durability", "text": "Ce qui est validé le reste."} in findings
    assert any(f["check"] == "issuer" and f["level"] == "error" for f in findings)


def test_accounts_are_given_roles_and_stopped(config_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A role by two people, list, contain, release, revoke: effective, and refused where nothing is to do."""
    beffroi("migrate", "--config", config_file)
    who = ("8997001", "--config", config_file)
    role = ("--hospital", "1", "--role", "auditor")
    day = f"{datetime.now(UTC) + timedelta(days=90):%Y-%m-%d}"
    monkeypatch.setenv("SUDO_USER", "anne")
    asked = beffroi("account", "grant", *who, *role, "--until", day, "--reason", "audits this year")
    assert "auditor in hospital 1" in asked.stdout and "agree 1" in asked.stdout
    assert "audits this year" in beffroi("account", "requests", "--config", config_file).stdout
    assert not [a for a in listed(config_file) if a["grants"] and a["kind"] == "person"]
    for person, said in (
        ("anne", "second person"),
        ("bruno", f"auditor in hospital 1 until {day}"),
        ("carl", "request: not found"),
    ):
        monkeypatch.setenv("SUDO_USER", person)
        told = beffroi("account", "agree", "1", "--config", config_file)
        assert said in told.stdout + told.stderr
    (account,) = [a for a in listed(config_file) if a["kind"] == "person"]
    assert account["subject"] == "8997001" and account["issuer"] == REAL_ISSUER
    assert account["grants"][0]["role"] == "auditor" and account["grants"][0]["expires_at"].startswith(day)
    why = ("--reason", "a stolen badge", "--yes")
    stopped = beffroi("contain", "account", *who, *why)
    assert "1 accounts" in stopped.stdout and "Stopped (containment 1)" in stopped.stdout
    assert {a["subject"]: a["status"] for a in listed(config_file)}["8997001"] == "frozen"
    assert "stopped already" in beffroi("contain", "account", *who, *why).stderr
    for person, said in (("anne", "another person"), ("anne", "second person"), ("bruno", "has ended")):
        monkeypatch.setenv("SUDO_USER", person)
        told = beffroi("release", "account", *who, "--reason", "a new badge")
        assert said in told.stdout + told.stderr
    assert "1 departures" in beffroi("account", "left", *who, "--hospital", "1", "--on", "2026-01-31").stdout
    assert "left 1" in beffroi("account", "list", "--config", config_file).stdout
    assert "reads there again" in beffroi("account", "returned", *who, "--hospital", "1").stdout
    left = ("--reason", "has left us")
    assert beffroi("account", "revoke", *who, *role, *left).returncode == 0
    assert "Ce rôle de ce compte" in beffroi("account", "revoke", *who, *role, *left, french=True).stderr
    assert "Hospital" in beffroi("account", "grant", *who, "--hospital", "9", "--role", "auditor", *left).stderr
    feed = beffroi("account", "grant", *who, "--hospital", "1", "--role", "feed", *left)
    assert "comes from the configuration" in feed.stderr
    assert "8997001" in beffroi("account", "list", "--config", config_file).stdout


def test_a_network_is_stopped_by_two_people(config_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A preview does nothing; the second person confirms; the list says how it stands."""
    beffroi("migrate", "--config", config_file)
    network, file = ("contain", "network", "192.0.2.0/24", "--reason", "forty readings"), ("--config", config_file)
    monkeypatch.setenv("SUDO_USER", "anne")
    assert "0 accounts" in beffroi(*network, "--preview", *file).stdout
    assert "--yes" in beffroi(*network, *file).stderr
    assert json.loads(beffroi("containments", "--json", *file).stdout) == []
    assert "beffroi contain confirm 1" in beffroi(*network, "--yes", *file).stdout
    assert "waits for" in beffroi("containments", *file).stdout
    assert beffroi("contain", "confirm", "1", *file).returncode == 1
    monkeypatch.setenv("SUDO_USER", "bruno")
    assert "Stopped" in beffroi("contain", "confirm", "1", *file).stdout
    assert "bruno" in beffroi("containments", *file).stdout
    assert "has ended" in beffroi("release", "number", "1", "--reason", "all clear", *file).stdout
    device = ("contain", "device", "00" * 32, "--reason", "stolen", "--yes", *file)
    assert "Stopped" in beffroi(*device).stdout
    assert "Stopped" in beffroi("contain", "application", "dpi", "--reason", "stolen", "--yes", *file).stdout
    assert "Asked" in beffroi("contain", "structure", "2", "--reason", "stolen", "--yes", *file).stdout


def listed(config_file: Path) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(beffroi("account", "list", "--config", config_file, "--json").stdout)
    return found


def test_a_file_is_rehearsed_then_imported_once(config_file: Path, tmp_path: Path) -> None:
    """import: a rehearsal changes nothing, the import counts, a second import finds nothing to do."""
    beffroi("migrate", "--config", config_file)
    rows = [
        {
            "ipp": f"P{n}",
            "birth_family": f"DUPONT{chr(65 + n)}",
            "birth_given": "ANNE",
            "birth_date": "1980-01-02",
            "sex": "F",
        }
        for n in range(5)
    ]
    file = tmp_path / "people.ndjson"
    file.write_text("\n".join(json.dumps(row) for row in [*rows, {"nonsense": 1}]) + "\n")
    order = ("import", file, "--as", "GAM", "--config", config_file)
    rehearsed = beffroi(*order, "--dry-run")
    assert "nothing was changed; 5 identities would be new" in rehearsed.stdout, rehearsed.stderr
    done = beffroi(*order, "--rejects", tmp_path / "rejects.csv")
    assert done.returncode == 1 and "5 applied" in done.stdout and "1 refused" in done.stdout
    assert "DUPONT" not in done.stdout + done.stderr
    assert "imported before" in beffroi(*order).stdout
    assert "Those that may: GAM." in beffroi("import", file, "--as", "Other", "--config", config_file).stderr


def test_settings_prints_the_reference() -> None:
    """`beffroi settings` is the page of docs/reference."""
    assert program("settings").stdout == settings_page()


WHOLE = get_command(cli.assembled()).commands


@pytest.mark.parametrize("module", cli.HOMES)
def test_a_command_is_loaded_without_the_others(module: str) -> None:
    """What a module adds is what the table of modules says, by each of its commands' names, with all that is below."""
    for one in cli.HOMES[module]:
        found = get_command(cli.assembled(one)).commands
        assert tuple(sorted(found)) == tuple(sorted(cli.HOMES[module]))
        assert list(getattr(found[one], "commands", ())) == list(getattr(WHOLE[one], "commands", ()))


def test_everything_that_can_be_typed_is_explained() -> None:
    """Each command and group, each of its arguments and options."""

    def silent(name: str, command: Any) -> list[str]:
        without = [f"{name} {one.opts[0]}" for one in command.params if not getattr(one, "help", None)]
        below = (silent(f"{name} {sub}", one) for sub, one in getattr(command, "commands", {}).items())
        return [*([] if command.help else [name]), *without, *(found for one in below for found in one)]

    assert [found for name, command in WHOLE.items() for found in silent(name, command)] == []


def test_help_is_in_both_languages() -> None:
    """Every command says what it does in the operator's language."""
    assert "Serve until stopped." in program("--help").stdout
    french = program("--help", french=True).stdout
    assert "Servir jusqu'à l'arrêt." in french and "Serve" not in french


@pytest.mark.parametrize(
    ("variables", "language"),
    [({"LANG": "fr_BE"}, "fr"), ({"LANG": "de_DE"}, "en"), ({"LC_MESSAGES": "fr"}, "fr"), ({}, "en")],
)
def test_the_language_is_the_environments(variables: dict[str, str], language: str) -> None:
    """French for French, English for everybody else."""
    assert language_of(variables) == language
