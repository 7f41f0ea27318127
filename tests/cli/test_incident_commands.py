"""investigate, incident and export as an operator uses them, on one installation, from the first doubt to the lists."""

import json
from collections.abc import Callable
from pathlib import Path

import pyrage
import pytest

from actions.conftest import account as account
from actions.conftest import house as house
from actions.conftest import put as put
from beffroi.model.disclosure import Operation
from beffroi.model.person import PersonId
from beffroi.store.database import Database
from commands import beffroi
from deployments import configuration, write_configuration
from requests_and_records import ask, record
from wire import foreign_logs as logs

DsnOf = Callable[[str], str]
AWARE = "2026-11-24T09:00+01:00"


@pytest.fixture
def key() -> pyrage.x25519.Identity:
    """The key of hospital 1's data protection officer."""
    return pyrage.x25519.Identity.generate()


@pytest.fixture
def config_file(tmp_path: Path, dsn_of: DsnOf, key: pyrage.x25519.Identity) -> Path:
    """With that officer's public key."""
    text = configuration(dsn_of)
    mark = "[[hospital]]\nid = 1\n"
    assert mark in text
    return write_configuration(tmp_path, text.replace(mark, f'{mark}officer_keys = ["{key.to_public()}"]\n'))


async def test_from_the_first_doubt_to_the_lists(
    database: Database, house, put, account, config_file: Path, tmp_path: Path, key: pyrage.x25519.Identity
) -> None:
    """Opened, confirmed, told, weighed, reported, exported by two, closed; another server's log beside it."""
    stolen = await account(subject="stolen")
    for hospital, ipp, name in ((1, "IPP-1", "VANHOUCKE"), (2, "IPP-2", "DEWAELE")):
        number = await put(hospital, ipp, record(name, "Anne"), explained_h=5)
        await house.finder.read(ask(stolen, Operation.READ), house.references.of(PersonId(number)))
    config = ("--config", config_file, "--demo")

    def done(*arguments: object, code: int = 0, login: str = "anne", french: bool = False) -> str:
        said = beffroi(*arguments, *config, login=login, french=french)
        assert said.returncode == code, (arguments, said.stdout, said.stderr)
        return said.stdout

    assert "Incident 1" in done("incident", "open", "A stolen account", "account=stolen", "--reason", "a call")
    assert "confirmed" in done("incident", "confirm", 1, "--aware", AWARE, "--reason", "on leave")
    assert beffroi("incident", "close", 1, "--reason", "done", *config, login="anne").returncode == 1
    log = tmp_path / "access.log"
    log.write_text(logs.NGINX_READ.replace("dr.leroux", "stolen") + "\nnoise\n")
    assert "1 facts, 0 read nobody, 1 unreadable" in done("investigate", "import", log, "--server", "hapi", code=1)
    assert json.loads(done("investigate", "logs", "--json"))[0]["fact_count"] == 1
    found = json.loads(done("investigate", "scope", "--actor", "stolen", "--json"))
    assert [one["value"] for one in found["patients"]["shown_fields_unknown"]] == ["4711"]
    done("incident", "tell", 1, "--facts", "stolen", "--effects", "phishing", "--measures", "stopped")
    assert "SE = 3" in done("incident", "severity", 1, "--keep")
    report = tmp_path / "report"
    assert "fichiers" in done("incident", "report", 1, "--out", report, french=True)
    assert (report / "report.fr.pdf").read_bytes().startswith(b"%PDF")
    done("export", "request", 1, "--reason", "the hospitals write letters")
    assert "two people" in beffroi("export", "approve", 1, *config, login="anne").stderr
    done("export", "approve", 1, login="bruno")
    lists = tmp_path / "lists"
    assert "it exists already" in beffroi("export", "write", 1, "--out", tmp_path, *config).stderr, "and is not used up"
    assert "hospital 2" in done("export", "write", 1, "--out", lists, code=1)
    assert [path.name for path in lists.iterdir()] == ["list-590000001.csv.age"]
    assert b"IPP-1" in pyrage.decrypt((lists / "list-590000001.csv.age").read_bytes(), [key])
    assert "bruno" in done("export", "list")
    done("incident", "notified", 1, "--reason", "number 123")
    done("incident", "close", 1, "--reason", "letters sent")
    shown = json.loads(done("incident", "show", 1, "--json"))
    assert (shown["state"], shown["severity"]["score"]) == ("closed", 3.0)
    assert [e["kind"] for e in shown["history"]] == ["opened", "state", "told", "severity", "report", "state", "state"]
    assert "A stolen account" in done("incident", "list")
    steps = await database.pool.fetch(
        "select a.subject, d.request ->> 'step' as step from disclosures d join accounts a using (account_id) "
        "where d.operation = $1 order by d.disclosure_id",
        int(Operation.EXPORT),
    )
    assert [tuple(row) for row in steps] == [("anne", "requested"), ("bruno", "approved"), ("anne", "written")]
