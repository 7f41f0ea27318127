"""Another server's logs into the investigation, and the scope that they answer."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from beffroi.actions import foreign_import
from beffroi.actions.foreign_import import ForeignSource, import_log
from beffroi.actions.foreign_scope import foreign_scope_of, of_people
from beffroi.breach.foreign import ForeignSelection
from beffroi.errors import OperatorError, Unavailable
from beffroi.model.disclosure import Field
from beffroi.model.foreign import Certainty, ForeignFormat
from beffroi.model.person import HospitalId
from beffroi.store.foreign import ForeignLogStore
from requests_and_records import record
from wire import foreign_logs as logs

SOURCE = ForeignSource("hapi-a")


def written(folder: Path, *lines: str, name: str = "log") -> Path:
    """A log of these lines."""
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def reading(number: int) -> str:
    """nginx: one patient read by number."""
    return logs.NGINX_READ.replace("4711", str(number))


@pytest.fixture
async def region(house, hospitals):
    """The four hospitals of the tests."""
    return hospitals


async def test_each_certainty_stands_by_itself(database, region, clock, tmp_path):
    """A reading, a search, something medical, a refusal and what was cut: five facts, none added to another."""
    path = written(
        tmp_path, logs.NGINX_READ, logs.NGINX_SEARCH, logs.NGINX_MEDICAL, logs.NGINX_REFUSED, logs.NGINX_GONE, "noise"
    )
    report = await import_log(database, clock, path, SOURCE)
    assert (report.format, report.fact_count, report.passed_count, report.rejected_count) == (
        ForeignFormat.ACCESS,
        5,
        0,
        1,
    )
    scope = await foreign_scope_of(database, [ForeignSelection(networks=("192.0.2.9",))])
    assert [p.value for p in scope.of(Certainty.SHOWN_FIELDS_UNKNOWN)] == ["4711"]
    assert [p.value for p in scope.of(Certainty.PERHAPS_SHOWN)] == ["4713"]
    assert (scope.unknown_count, scope.nobody_count, scope.beyond_identity_count) == (1, 1, 1)
    assert scope.asked_by == {("birthdate", "family"): 1}


async def test_a_medical_word_never_reaches_the_database(database, region, clock, tmp_path):
    """Neither the type nor the code of what was asked for."""
    await import_log(database, clock, written(tmp_path, logs.NGINX_MEDICAL), SOURCE)
    row = await database.pool.fetchrow("select f::text as all from foreign_facts f")
    assert "73211009" not in row["all"] and "Condition" not in row["all"]


async def test_an_account_is_found_by_either_name_and_its_networks_are_named(database, region, clock, tmp_path):
    """A sign-in at Keycloak tells from where the account came; what the selection does not hold is said beside it."""
    await import_log(database, clock, written(tmp_path, logs.KEYCLOAK_TEXT, name="k"), ForeignSource("sso"))
    await import_log(database, clock, written(tmp_path, logs.audit_event(), name="a"), SOURCE)
    for actor in ("dr.leroux", "899700000001"):
        scope = await foreign_scope_of(database, [ForeignSelection(actors=(actor,))])
        assert [p.value for p in scope.of(Certainty.SHOWN_FIELDS_UNKNOWN)] == ["4711"]
    scope = await foreign_scope_of(database, [ForeignSelection(actors=("dr.leroux",))])
    assert (scope.networks_beside, scope.sign_in_count) == (("192.0.2.9",), 1)


async def test_patients_are_ours_by_their_hospitals_identifiers(database, region, put, clock, tmp_path):
    """PID-3 of one of our hospitals leads to our patient, whoever she has become; another one keeps its own name."""
    number = await put(1, "A-1", record("VANHOUCKE", "Léa"))
    answer = logs.PDQ_ANSWER.replace(logs.OWN, region[0].oid).replace(
        "A-2^^^CH-A&" + region[0].oid, "X^^^ELSEWHERE&9.9"
    )
    path = written(tmp_path, *answer.split("\r"))
    await import_log(database, clock, path, ForeignSource("pds"))
    scope = await foreign_scope_of(database, [ForeignSelection(applications=("GAM|CH-A",))])
    known, other = scope.of(Certainty.SHOWN_FIELDS_KNOWN)
    assert (known.person_id, known.hospitals) == (number, {1})
    assert (other.person_id, other.system, other.value) == (None, "9.9", "X")
    assert known.fields & Field.PHONE
    hers = await of_people(database, [number], ForeignSelection())
    scope = await foreign_scope_of(database, [hers])
    assert [p.person_id for p in scope.patients.values()] == [number, None]


async def test_a_servers_own_numbers_may_be_a_hospitals(database, region, put, clock, tmp_path):
    """With --numbers-of, Patient/4711 is that hospital's IPP 4711."""
    number = await put(2, "4711", record("MARTIN", "Louise"))
    source = ForeignSource("fhir-b", HospitalId(2))
    await import_log(database, clock, written(tmp_path, logs.NGINX_READ), source)
    scope = await foreign_scope_of(database, [ForeignSelection(servers=("fhir-b",))])
    assert [p.person_id for p in scope.patients.values()] == [number]


async def test_a_question_is_counted_by_its_answer(database, region, clock, tmp_path):
    """PDQ: the question and its answer are one; a question without one stays of unknown result."""
    lone = logs.PDQ_QUESTION.replace("Q-1", "Q-9")
    lines = (logs.PDQ_QUESTION + logs.PDQ_ANSWER + lone).split("\r")
    await import_log(database, clock, written(tmp_path, *lines), SOURCE)
    scope = await foreign_scope_of(database, [ForeignSelection(servers=("hapi-a",))])
    assert (scope.fact_count, scope.unknown_count, len(scope.patients)) == (2, 1, 2)


async def test_the_union_counts_a_line_once(database, region, clock, tmp_path):
    """Two selections that hold the same fact."""
    await import_log(database, clock, written(tmp_path, logs.NGINX_READ), SOURCE)
    both = [ForeignSelection(networks=("192.0.2.9",)), ForeignSelection(actors=("dr.leroux",))]
    scope = await foreign_scope_of(database, both)
    assert scope.fact_count == 1
    assert [sum(p.times.values()) for p in scope.patients.values()] == [1]


async def test_a_window_bounds_what_is_found(database, region, clock, tmp_path):
    """From the first instant to before the last."""
    await import_log(database, clock, written(tmp_path, logs.NGINX_READ), SOURCE)
    nine = datetime(2026, 11, 24, 8, tzinfo=UTC)
    before = await foreign_scope_of(database, [ForeignSelection(networks=("192.0.2.9",), until=nine)])
    within = await foreign_scope_of(database, [ForeignSelection(networks=("192.0.2.9",), since=nine)])
    assert (before.fact_count, within.fact_count) == (0, 1)


async def test_again_changes_nothing(database, region, clock, tmp_path):
    """A log that was read to its end is done, under whatever file name."""
    await import_log(database, clock, written(tmp_path, reading(1), reading(2)), SOURCE)
    again = await import_log(database, clock, written(tmp_path, reading(1), reading(2), name="copy"), SOURCE)
    assert again.done_before
    assert await database.pool.fetchval("select count(*) from foreign_facts") == 2


async def test_a_crash_loses_and_doubles_nothing(database, region, clock, tmp_path, monkeypatch):
    """The second batch fails; the next run goes on after the first; numbers of lines are those of the file."""
    monkeypatch.setattr(foreign_import, "BATCH_LINES", 10)
    monkeypatch.setattr(foreign_import, "RETRY_PAUSES_S", ())
    path = written(tmp_path, *(reading(number) for number in range(35)), "noise")
    write, calls = ForeignLogStore.write, 0

    async def fails(self, *arguments):
        nonlocal calls
        calls += 1
        if calls == 3:
            raise Unavailable(what="the database")
        await write(self, *arguments)

    monkeypatch.setattr(ForeignLogStore, "write", fails)
    with pytest.raises(Unavailable):
        await import_log(database, clock, path, SOURCE)
    assert await database.pool.fetchval("select count(*) from foreign_facts") == 20
    monkeypatch.setattr(ForeignLogStore, "write", write)
    report = await import_log(database, clock, path, SOURCE, rejects_path=tmp_path / "rejects.csv")
    assert (report.resumed_after_line, report.fact_count, report.rejected_count) == (20, 35, 1)
    lines = await database.pool.fetchval("select array_agg(line_number order by line_number) from foreign_facts")
    assert lines == list(range(1, 36))
    assert (tmp_path / "rejects.csv").read_text().splitlines()[1].startswith("36,")


async def test_what_is_no_log_is_said(database, region, clock, tmp_path):
    """An unknown format, a server without a name, a hospital that is not there."""
    with pytest.raises(OperatorError, match="not recognised"):
        await import_log(database, clock, written(tmp_path, "nothing"), SOURCE)
    with pytest.raises(OperatorError, match="Name the server"):
        await import_log(database, clock, written(tmp_path, reading(1)), ForeignSource(" "))
    with pytest.raises(OperatorError, match="no hospital 9"):
        await import_log(database, clock, written(tmp_path, reading(1)), ForeignSource("x", HospitalId(9)))
