"""The documentation is true: its links lead somewhere, its tables are the code's, its queries and settings work."""

import logging
import re
import socket
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest

import reference_pages
from beffroi.config.reading import load
from beffroi.model.account import Role
from beffroi.model.disclosure import Door, Field, Operation, Outcome, Purpose
from beffroi.model.job import Job
from beffroi.store.database import ROLE_OWNER, ROLES
from beffroi.store.embedded import SUPERUSER
from beffroi.store.migrate import load_migrations
from beffroi.telemetry.events import LEVELS
from beffroi.watch.norms import NORMS
from beffroi.wire.hl7_query import _IDENTIFIER_PARTS, _READERS
from beffroi_region.bench.report import number
from reference_pages import DOCS, PART, PARTS, ROOT

READMES = (ROOT / "README.md", ROOT / "README.fr.md")
BENCHMARKS = DOCS / "benchmarks.md"
"""Written by its script, where the benchmarks have run."""
PAGES = (*sorted(ROOT.glob("*.md")), *sorted(DOCS.rglob("*.md")))
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
PATH = re.compile(r"`((?:src|tests|docs)/[\w./*-]+)`")
SQL = re.compile(r"<!-- sql: (\w+) -->\n```sql\n(.*?)```", re.DOTALL)
TOML = re.compile(r"```toml\n(.*?)```", re.DOTALL)
VARIABLE = re.compile(r":'(\w+)'")
MEASURED = re.compile(r"(\d[\d,.\u202f]*)\s*(?:per second|a second|par seconde|/s\b|ms\b|milliseconds)")

TEXTS = ("*.md", "*.py", "*.sql", "*.toml", "*.lock", "*.mjs", "*.json", "Makefile", ".ci/*")
UNWANTED_WORDS = frozenset(
    {
        "00a7dc5a0cc38858",
        "0dc11026ac75c015",
        "1b1ae706971632ad",
        "317d2d52829b7812",
        "386ebc0efd04339a",
        "3ca29e55be4befa4",
        "3ea125d0bff386e6",
        "487b91042c7cf27a",
        "57de4cf40144bdf7",
        "5d72436256ada538",
        "60965168ce762e94",
        "71741fe2460a6150",
        "71bdb49241f17b2a",
        "746d1113c358e1c9",
        "789e46d79514e280",
        "7d3194f79e645c42",
        "9495278a74715c7e",
        "94a168d2da574b00",
        "9ab2ad663f3d2a5e",
        "a4aa2ac280bb8d1a",
        "b0a9d642d12f5531",
        "c70eca6b0f88f44d",
        "c899567ee9068517",
        "d298391b07433318",
        "de2187af3fb01170",
    }
)
"""The first 16 digits of the SHA-256 of words about anything but the project: tools, machines, package registries."""


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def page(name: str) -> str:
    return text_of(DOCS / name)


def anchor(heading: str) -> str:
    """As GitHub makes it."""
    plain = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
    return re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")


def anchors(text: str) -> set[str]:
    return {anchor(line.lstrip("#")) for line in FENCE.sub("", text).splitlines() if line.startswith("#")}


def rows(text: str) -> Iterator[list[str]]:
    """The cells of every line of every table."""
    for line in text.splitlines():
        if line.startswith("|"):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def named(text: str, title: str) -> str:
    """The part of a page below a heading, up to the next one of its level."""
    found = re.search(rf"^(#+) {re.escape(title)}$(.*?)(?=^\1 |\Z)", text, re.DOTALL | re.MULTILINE)
    assert found, title
    return found[2]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(path: Path) -> None:
    """A relative link names a file that is there, and a heading that is in it."""
    wrong = []
    for link in LINK.findall(FENCE.sub("", text_of(path))):
        if re.match(r"https?:|mailto:", link):
            continue
        name, _, place = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        if not target.exists() or (place and place not in anchors(text_of(target))):
            wrong.append(link)
    assert wrong == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_that_is_named_is_there(path: Path) -> None:
    """A path of this repository in a page is one of a file or folder."""
    assert [name for name in PATH.findall(text_of(path)) if not list(ROOT.glob(name.rstrip("/")))] == []


def test_every_page_is_reached() -> None:
    """docs/README.md leads to every page, those of decisions through their own index."""
    for index in (DOCS / "README.md", DOCS / "decisions" / "README.md"):
        folder = index.parent
        linked = {(folder / link.partition("#")[0]).resolve() for link in LINK.findall(text_of(index))}
        below = folder.rglob("*.md") if folder == DOCS else folder.glob("*.md")
        missing = [p for p in below if p not in (index, BENCHMARKS) and p.resolve() not in linked]
        assert [p for p in missing if folder != DOCS or "decisions" not in p.parts] == []


@pytest.mark.parametrize("path", reference_pages.pages(), ids=lambda path: path.stem)
def test_what_the_code_says_is_up_to_date(path: Path) -> None:
    """The parts of a page that are made from the code are what the code says now."""
    text = text_of(path)
    assert text == reference_pages.written(text), "run: python tests/reference_pages.py"


def test_everything_that_the_code_says_is_somewhere() -> None:
    """No part is forgotten."""
    found = {name for path in reference_pages.pages() for _, name, _, _ in PART.findall(text_of(path))}
    assert found == set(PARTS)


@pytest.mark.parametrize("vocabulary", [Door, Operation, Outcome])
def test_the_vocabulary_of_disclosures_is_documented(vocabulary: type[Door] | type[Operation] | type[Outcome]) -> None:
    """Every number of a door, an operation and an outcome with its name, and no other."""
    section = named(page("reference/disclosures.md"), vocabulary.__name__)
    told = {cells[0]: cells[1] for cells in rows(section) if cells[0].isdigit()}
    assert told == {str(member.value): f"`{member.name.lower()}`" for member in vocabulary}


def test_the_fields_are_documented_with_their_bits() -> None:
    """Every bit with its field, in the reference and in the query that spells fields out."""
    expected = {field.value: str(field.name).lower() for field in Field}
    section = named(page("reference/disclosures.md"), "Fields")
    assert {int(c[0]): c[1].strip("`") for c in rows(section) if c[0].isdigit()} == expected
    queries = dict(SQL.findall(page("how-to/data-protection-officer.md")))
    bits = re.findall(r"\((\d+), '(\w+)'\)", queries["patients_of_an_account"])
    assert {int(bit): name for bit, name in bits} == expected


def test_every_purpose_is_documented() -> None:
    """Each code of a purpose stands in the roles' page."""
    section = named(page("reference/roles.md"), "Purposes")
    assert {cells[0].strip("`") for cells in rows(section)} >= {purpose.value for purpose in Purpose}


def test_the_watch_shows_the_ceilings_that_hold() -> None:
    """The ceilings beside the published rates are those of the code, for every role that has one."""
    told = {c[0].strip("`"): tuple(c[1:4]) for c in rows(page("explanation/watch.md")) if c[0].strip("`") in set(Role)}
    assert told == {
        role.value: tuple(f"{patients:,}" for patients in msgspec.structs.astuple(norm.ceiling))
        for role, norm in NORMS.items()
    }


async def test_the_database_is_documented(database: Any) -> None:
    """Every table and every role of the database, and every column of a disclosure."""
    tables = await database.pool.fetch(
        "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"
    )
    text = page("reference/database.md")
    assert [name for (name,) in tables if f"`{name}`" not in text] == []
    assert [role for role in ROLES if f"`{role}`" not in text] == []
    columns = await database.pool.fetch(
        "select attname from pg_attribute where attrelid = 'disclosures'::regclass and attnum > 0"
    )
    record = page("reference/disclosures.md")
    assert [name for (name,) in columns if f"`{name}`" not in record] == []


def test_every_parameter_of_a_query_is_documented() -> None:
    """PDQ's parameters as QPD-3 names them."""
    text = page("reference/hl7.md")
    places = [f"@PID.{field}.{component}" for field, component in _READERS]
    places += [f"@PID.3.{c}.{s}" if c == 4 else f"@PID.3.{c}" for c, s in _IDENTIFIER_PARTS]
    assert [place for place in places if f"`{place}`" not in text] == []


def test_the_configurations_can_be_loaded(tmp_path: Path) -> None:
    """The example of a production is a sound configuration, and so it is with the examples of a feed and a client."""
    (whole,) = TOML.findall(page("how-to/run.md"))
    more = [*TOML.findall(page("how-to/feed.md")), *TOML.findall(page("how-to/ask.md"))]
    path = tmp_path / "beffroi.toml"
    for text in (whole, "\n".join((whole, *more))):
        path.write_text(text, encoding="utf-8")
        assert load(path).hospital


def queries() -> Iterator[tuple[str, str]]:
    """Every query of the documentation."""
    for path in PAGES:
        yield from SQL.findall(text_of(path))


async def prepared(connection: Any, text: str, values: dict[str, str]) -> Any:
    """What a query of the documentation finds, with psql's variables replaced."""
    return await connection.fetch(VARIABLE.sub(lambda found: "'" + values[found[1]].replace("'", "''") + "'", text))


async def test_the_queries_find_what_they_say(dsn: str, hospitals: Any) -> None:
    """Of a reading of one patient: the account's readings, its patients, the patient's readers, her identities."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(ONE_READING)
        values = {"subject": "ANS-1", "since": "2026-11-01", "until": "2026-12-01"}
        values |= {"finess": hospitals[0].finess, "ipp": "42"}
        found = {name: await prepared(connection, text, values) for name, text in queries()}
    finally:
        await connection.close()
    assert [row["person"] for row in found["readings_of_an_account"]] == ["1"]
    (patient,) = found["patients_of_an_account"]
    assert (patient["hospital"], patient["ipp"]) == (hospitals[0].name, "42")
    assert patient["fields"] == "birth_name, phone"
    assert [row["subject"] for row in found["readers_of_a_patient"]] == ["ANS-1"]
    assert {row["ipp"] for row in found["persons_of_an_identity"]} == {"42"}


ONE_READING = """
insert into identities (identity_id, hospital_id, ipp, person_id, record, updated_at)
overriding system value values (1, 1, '42', 1, '{}', now());
insert into accounts (account_id, kind, issuer, subject) overriding system value values (7, 'person', 'i', 'ANS-1');
insert into disclosures (disclosure_id, at, account_id, running_number, role, structure_id, application, session_key,
    network, door, operation, outcome, purpose, reason, request_id, request, policy_version, criteria_fields, shown,
    nonce)
overriding system value values (9, '2026-11-24', 7, 1, 'ward_nurse', 1, 'dpi', '', '127.0.0.1', 1, 2, 1, 'TREAT', '',
    gen_random_uuid(), '{}', 'v', 0, '[[1, 129, [1]]]', '');
insert into seen (person_id, account_id, disclosure_id) values (1, 7, 9);
"""


async def test_the_reader_may_read_and_no_more(database_server: Any, database_name: str) -> None:
    """The role that the data protection officer's page makes can run its queries and change nothing."""
    text = page("how-to/data-protection-officer.md")
    connection = await asyncpg.connect(database_server.dsn(SUPERUSER, database_name))
    transaction = connection.transaction()
    await transaction.start()
    try:
        await connection.execute(FENCED_SQL.findall(text)[0])
        await connection.execute("set role beffroi_reader")
        for _, query in SQL.findall(text):
            await prepared(connection, query, dict.fromkeys(("subject", "finess", "ipp"), "x") | WINDOW)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("update disclosures set reason = ''")
    finally:
        await transaction.rollback()  # the role too: roles belong to the whole server
        await connection.close()


FENCED_SQL = re.compile(r"^```sql\n(create role.*?)```", re.DOTALL | re.MULTILINE)
WINDOW = {"since": "2026-11-01", "until": "2026-12-01"}


def test_every_job_of_the_worker_is_documented() -> None:
    """Whoever reads of a job that failed finds what it does, and no job that is no more."""
    section = named(page("reference/operations.md"), "The worker's jobs")
    assert {cells[0].strip("`") for cells in rows(section)} - {"Job", "---"} == set(Job)


def test_every_error_and_warning_of_the_log_is_explained() -> None:
    """Whoever is woken by a line finds what it means and what to do."""
    section = named(page("reference/operations.md"), "What an error or a warning means")
    told = {name for cells in rows(section) for name in re.findall(r"`(\w+)`", cells[0])}
    assert told == {event.value for event, level in LEVELS.items() if level >= logging.WARNING}


def test_the_superusers_part_is_what_the_migrations_need() -> None:
    """The roles of the production page are those that the migrations give rights to; the owner owns the database."""
    made = set(re.findall(r"create role (\w+) login;", page("how-to/run.md")))
    granted = set(re.findall(r"\b(beffroi_\w+)\b", " ".join(m.text for m in load_migrations())))
    assert made == granted | {ROLE_OWNER}


def test_the_two_readmes_say_the_same() -> None:
    """As many sections, tables and lines of them, the same commands and links, in the same order."""
    english, french = (text_of(path) for path in READMES)

    def shape(text: str) -> list[str]:
        without_code = FENCE.sub("", text)
        return [
            line[:3] if line.startswith("#") else "|" for line in without_code.splitlines() if line[:1] in ("#", "|")
        ]

    def commands(text: str) -> list[str]:
        return [line for line in text.splitlines() if line.startswith("$ ")]

    def links(text: str) -> list[str]:
        own = {path.name for path in READMES} | {"docs/reference/glossary.md"}
        return [link for link in LINK.findall(text) if link not in own]

    assert shape(english) == shape(french)
    assert commands(english) == commands(french)
    assert links(english) == links(french)


def test_measured_numbers_come_from_the_benchmarks() -> None:
    """A number a second or in ms in a README is one that a committed run printed; without runs there is none."""
    printed = {number(value) for path in (DOCS / "benchmarks").glob("*.json") for value in values_of(path)}
    for path in READMES:
        told = {found.rstrip(".,").replace("\u202f", ",") for found in MEASURED.findall(text_of(path))}
        assert told <= printed


def values_of(path: Path) -> list[object]:
    decoded: dict[str, object] = msgspec.json.decode(path.read_bytes())
    return [value for value in decoded.values() if isinstance(value, int | float)]


def test_the_project_speaks_of_itself_alone() -> None:
    """No word about how or where it was made, of this machine, or of a package registry's host."""
    here = socket.gethostname().lower()
    own = {here} if len(here) > 5 and here != "localhost" else set()
    found = set()
    for pattern in TEXTS:
        for path in ROOT.rglob(pattern):
            if not {".venv", ".git", "node_modules"}.isdisjoint(path.relative_to(ROOT).parts) or not path.is_file():
                continue
            for word in set(re.findall(r"[a-z0-9][a-z0-9.-]*[a-z0-9]", path.read_text("utf-8", "replace").lower())):
                if word in own or sha256(word.encode()).hexdigest()[:16] in UNWANTED_WORDS:
                    found.add(f"{path.relative_to(ROOT)}: {word}")
    assert found == set()
