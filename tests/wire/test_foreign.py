"""Logs that Beffroi did not write: what each line is worth, and that nothing medical of it is kept."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi.model.disclosure import Field, Operation
from beffroi.model.foreign import Certainty, ForeignFact, ForeignFormat, ForeignOutcome, ForeignPatient, Known
from beffroi.wire.foreign import Noted, Unreadable, read_log, recognised
from wire import foreign_logs as logs

NINE = datetime(2026, 11, 24, 8, tzinfo=UTC)
PUBLISHED = Path(__file__).parents[3] / "shared" / "data" / "pdq-pix-responses"


def fact(text: str, log_format: ForeignFormat) -> ForeignFact | None:
    """The fact of one line, or one message."""
    lines = text.split("\r") if log_format is ForeignFormat.HL7 else [text]
    [read] = list(read_log([line.encode() for line in lines if line], log_format))
    assert isinstance(read, Noted), read
    return read.fact


def told(text: str, log_format: ForeignFormat) -> ForeignFact:
    """The fact of a line that has one."""
    found = fact(text, log_format)
    assert found is not None
    return found


def test_a_reading_by_number_names_its_patient_and_no_fields() -> None:
    """nginx: GET Patient/4711 with 200 was shown; which fields is not said."""
    read = told(logs.NGINX_READ, ForeignFormat.ACCESS)
    assert (read.at, read.actor, read.network) == (NINE, "dr.leroux", "192.0.2.9")
    assert read.patients == (ForeignPatient("", "4711"),)
    assert read.certainty is Certainty.SHOWN_FIELDS_UNKNOWN
    assert read.known == Known.PATIENT | Known.RESULT | Known.ACTOR


def test_a_search_in_an_access_log_names_nobody() -> None:
    """Its identity criteria are kept; who was found is not said, although 92 kB left."""
    read = told(logs.NGINX_SEARCH, ForeignFormat.ACCESS)
    assert read.criteria == {"family": "Vanhoucke", "birthdate": "1974-02-19"}
    assert read.certainty is Certainty.SOMEBODY_PERHAPS
    assert not read.known & Known.RESULT


def test_a_medical_resource_is_a_flag_and_nothing_else() -> None:
    """The patient is kept, and that more than her identity was asked for; neither the type nor the code."""
    read = told(logs.NGINX_MEDICAL, ForeignFormat.ACCESS)
    assert (read.patients, read.beyond_identity, read.criteria) == ((ForeignPatient("", "4711"),), True, {})
    assert "73211009" not in repr(read)
    assert "Condition" not in repr(read)


@pytest.mark.parametrize(
    ("line", "certainty"),
    [
        (logs.NGINX_REFUSED, Certainty.NOBODY_SHOWN),
        (logs.NGINX_GONE, Certainty.PERHAPS_SHOWN),
        (logs.APACHE_COMMON, Certainty.SHOWN_FIELDS_UNKNOWN),
        (logs.APACHE_VHOST, Certainty.NOBODY_SHOWN),
    ],
)
def test_how_it_ended_decides_what_it_is_worth(line: str, certainty: Certainty) -> None:
    """Refused and not found show nobody; what was cut may have been read."""
    assert told(line, ForeignFormat.ACCESS).certainty is certainty


def test_what_reads_nobody_is_passed_over() -> None:
    """Metadata, writes, other loggers' lines and other messages are no facts, and no errors."""
    assert fact(logs.NGINX_METADATA, ForeignFormat.ACCESS) is None
    assert fact(logs.NGINX_READ.replace("GET", "PUT"), ForeignFormat.ACCESS) is None
    assert fact("2026-11-24 09:00:00,1 INFO [io.quarkus] (main) started", ForeignFormat.KEYCLOAK) is None
    assert fact(logs.ORU, ForeignFormat.HL7) is None


def test_haproxy_has_the_client_and_how_the_session_ended() -> None:
    """Its time has no zone and is French; a session that the client cut may have been read."""
    read = told(logs.HAPROXY_READ, ForeignFormat.HAPROXY)
    assert (read.at, read.network) == (NINE.replace(microsecond=123000), "192.0.2.9")
    assert read.certainty is Certainty.SHOWN_FIELDS_UNKNOWN
    assert told(logs.HAPROXY_CUT, ForeignFormat.HAPROXY).certainty is Certainty.PERHAPS_SHOWN


@pytest.mark.parametrize("line", [logs.KEYCLOAK_TEXT, logs.KEYCLOAK_EVENT, logs.KEYCLOAK_LOGGED])
def test_a_sign_in_ties_an_account_to_a_network(line: str) -> None:
    """Keycloak's three forms tell the same; a session is kept as a digest only."""
    read = told(line, ForeignFormat.KEYCLOAK)
    assert (read.operation, read.actor, read.network, read.application) == (
        Operation.SIGN_IN,
        "4622b398",
        "192.0.2.9",
        "portail",
    )
    assert read.outcome is ForeignOutcome.SIGNED_IN
    assert read.certainty is Certainty.NO_READING
    assert "242a51f2" not in repr(read)


def test_a_failed_sign_in_is_one_that_was_refused() -> None:
    """The older text form, without quotes; the user that is not known is empty."""
    read = told(logs.KEYCLOAK_OLD, ForeignFormat.KEYCLOAK)
    assert (read.outcome, read.actor) == (ForeignOutcome.REFUSED, "")


def test_an_audit_event_that_names_its_patient_showed_her() -> None:
    """HAPI writes one event for each patient of an answer, with the request's line as its query."""
    line = logs.audit_event(query="GET https://hapi.test/fhir/Patient?family=Vanhoucke&_include=x HTTP/1.1")
    read = told(line, ForeignFormat.FHIR_AUDIT)
    assert (read.at, read.actor, read.actor_name) == (NINE, "899700000001", "dr.leroux")
    assert (read.application, read.network) == ("portail", "192.0.2.9")
    assert read.criteria == {"family": "Vanhoucke"}
    assert read.certainty is Certainty.SHOWN_FIELDS_UNKNOWN


def test_a_query_event_without_a_patient_may_have_shown_somebody() -> None:
    """BALP's Query says neither how many nor whom."""
    read = told(logs.audit_event(patient="", query="family=Vanhoucke"), ForeignFormat.FHIR_AUDIT)
    assert (read.criteria, read.certainty) == ({"family": "Vanhoucke"}, Certainty.SOMEBODY_PERHAPS)


def test_our_own_audit_view_says_which_fields() -> None:
    """Another Beffroi's events carry the names of the fields that were sent."""
    patient = {
        "type": {"code": "1"},
        "role": {"code": "1"},
        "what": {"identifier": {"system": f"urn:oid:{logs.OWN}", "value": "A-1"}},
        "detail": [{"type": "fields", "valueString": "birth_name,phone"}, {"type": "delivery", "valueString": "sent"}],
    }
    read = told(logs.audit_event(patient="", entities=[patient]), ForeignFormat.FHIR_AUDIT)
    assert read.patients == (ForeignPatient(logs.OWN, "A-1"),)
    assert read.fields == Field.BIRTH_NAME | Field.PHONE
    assert read.certainty is Certainty.SHOWN_FIELDS_KNOWN


def test_a_medical_entity_of_an_event_is_a_flag() -> None:
    """The data entity of a reading in a patient's compartment: she is kept, what it was is not."""
    entity = {"type": {"code": "2"}, "role": {"code": "4"}, "what": {"reference": "Observation/hiv-1"}}
    read = told(logs.audit_event(subtype="read", action="R", entities=[entity]), ForeignFormat.FHIR_AUDIT)
    assert read.beyond_identity
    assert "hiv" not in repr(read)


def test_an_answer_of_pdq_knows_whom_and_which_fields() -> None:
    """Two patients; the fields are those that PID fills; a religion is a flag."""
    read = told(logs.PDQ_ANSWER, ForeignFormat.HL7)
    assert read.patients == (ForeignPatient(logs.OWN, "A-1"), ForeignPatient(logs.OWN, "A-2"))
    wanted = Field.BIRTH_NAME | Field.BIRTH_DATE | Field.SEX | Field.OWN_IDENTIFIER | Field.ADDRESS | Field.PHONE
    assert read.fields == wanted
    assert (read.application, read.exchange, read.answers, read.beyond_identity) == ("GAM|CH-A", "Q-1", True, True)
    assert read.criteria == {"family": "VANHOUCKE", "given": "LEA", "birthdate": "19740219"}
    assert read.certainty is Certainty.SHOWN_FIELDS_KNOWN


def test_a_question_waits_for_its_answer() -> None:
    """The question of the same exchange: asked by the same application, its result not known by itself."""
    read = told(logs.PDQ_QUESTION, ForeignFormat.HL7)
    assert (read.application, read.exchange, read.answers) == ("GAM|CH-A", "Q-1", False)
    assert read.certainty is Certainty.SOMEBODY_PERHAPS


def test_nobody_found_is_known() -> None:
    """QAK-2 says NF."""
    assert told(logs.PDQ_NOBODY, ForeignFormat.HL7).certainty is Certainty.NOBODY_SHOWN


def test_a_cross_reference_shows_both_identifiers() -> None:
    """PIX: she is known by the identifier that was asked and by those that were answered."""
    read = told(logs.PIX_ANSWER, ForeignFormat.HL7)
    assert read.patients == (ForeignPatient("1.2.4", "B-7"), ForeignPatient("1.2.3", "A-1"))


def test_messages_among_a_loggers_words() -> None:
    """A prefix, segments on one line, and decorations between segments are no obstacle; numbers are the file's."""
    one_line = "2026-11-24 INFO received: " + logs.PDQ_QUESTION.replace("\r", "\\r")
    lines = [b"--- start", one_line.encode(), b"", *logs.PDQ_ANSWER.encode().split(b"\r"), b"some words"]
    read = list(read_log(lines, ForeignFormat.HL7))
    assert [(type(one).__name__, one.line_number) for one in read] == [("Noted", 2), ("Noted", 4)]
    assert all(isinstance(one, Noted) and one.fact for one in read)


def test_bad_lines_have_their_number_and_a_reason_without_content() -> None:
    """The good lines around them are read."""
    lines = [logs.NGINX_READ, "Jean Dupont was here", logs.NGINX_READ.replace("24/Nov", "99/Nov")]
    read = list(read_log([line.encode() for line in lines], ForeignFormat.ACCESS))
    assert [one.line_number for one in read if isinstance(one, Unreadable)] == [2, 3]
    assert not any("Dupont" in str(one.reason) for one in read if isinstance(one, Unreadable))


def test_reading_goes_on_after_a_line() -> None:
    """Numbers are those of the whole file."""
    lines = [logs.NGINX_READ.encode()] * 5
    assert [one.line_number for one in read_log(lines, ForeignFormat.ACCESS, after_line=3)] == [4, 5]


@pytest.mark.parametrize(
    ("line", "log_format"),
    [
        (logs.NGINX_READ, ForeignFormat.ACCESS),
        (logs.APACHE_VHOST, ForeignFormat.ACCESS),
        (logs.HAPROXY_READ, ForeignFormat.HAPROXY),
        (logs.KEYCLOAK_TEXT, ForeignFormat.KEYCLOAK),
        (logs.KEYCLOAK_EVENT, ForeignFormat.KEYCLOAK),
        (logs.KEYCLOAK_LOGGED, ForeignFormat.KEYCLOAK),
        (logs.audit_event(), ForeignFormat.FHIR_AUDIT),
        (logs.PDQ_ANSWER, ForeignFormat.HL7),
        ("nothing of the kind", None),
    ],
)
def test_a_format_is_recognised_by_its_lines(line: str, log_format: ForeignFormat | None) -> None:
    """Each sample by itself; something else by nothing."""
    assert recognised([b"", line.encode()]) is log_format


@pytest.mark.skipif(not PUBLISHED.is_dir(), reason="the published messages are not here")
def test_published_answers_are_read() -> None:
    """IPF's answers: found, not found and error, each with its certainty."""
    found = {}
    for path in sorted(PUBLISHED.glob("*.hl7")):
        lines = path.read_bytes().replace(b"\r\n", b"\r").replace(b"\n", b"\r").split(b"\r")
        [read] = list(read_log(lines, ForeignFormat.HL7))
        assert isinstance(read, Noted), path
        assert read.fact is not None
        found[path.name.split("_")[0]] = read.fact.certainty
    assert found["pdqquery-ok-1"] is found["pixquery-ok-1"] is Certainty.SHOWN_FIELDS_KNOWN
    assert found["pixquery-nf-1"] is found["pixquery-err-1"] is Certainty.NOBODY_SHOWN


SAMPLES = [
    *(logs.NGINX_READ, logs.NGINX_SEARCH, logs.HAPROXY_READ, logs.KEYCLOAK_TEXT, logs.KEYCLOAK_EVENT),
    *(logs.KEYCLOAK_LOGGED, logs.audit_event(query="GET Patient?family=A"), logs.PDQ_QUESTION, logs.PDQ_ANSWER),
]


@given(
    sample=st.sampled_from(SAMPLES),
    cuts=st.lists(st.tuples(st.integers(0, 2_000), st.integers(0, 40), st.binary(max_size=12)), max_size=4),
    log_format=st.sampled_from(ForeignFormat),
)
def test_whatever_a_line_holds_it_is_read_or_refused(
    sample: str, cuts: list[tuple[int, int, bytes]], log_format: ForeignFormat
) -> None:
    """No content makes a parser fail otherwise, and every fact can be stored: bounded texts on one line, UTF-8."""
    content = sample.encode()
    for start, size, put in cuts:
        content = content[:start] + put + content[start + size :]
    for read in read_log(content.replace(b"\r", b"\n").split(b"\n"), log_format):
        if isinstance(read, Noted) and read.fact:
            texts = [read.fact.actor, read.fact.actor_name, read.fact.application, read.fact.network]
            texts += [read.fact.exchange, *read.fact.criteria.values()]
            texts += [text for patient in read.fact.patients for text in (patient.system, patient.value)]
            assert all(len(text) <= 250 and (not text or text.isprintable()) for text in texts)
            json.dumps(texts).encode()
            assert read.fact.at.astimezone(UTC).year > 1900


@given(st.binary(max_size=400), st.sampled_from(ForeignFormat))
def test_noise_is_refused(noise: bytes, log_format: ForeignFormat) -> None:
    """Any bytes at all."""
    list(read_log(noise.splitlines(), log_format))
    recognised(noise.splitlines())
