"""RSP^K22 and RSP^K23: what was released and nothing else, as another parser and our own read it."""

from datetime import UTC, date, datetime

import hl7 as foreign_hl7
import hl7apy.parser
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi.access.fields import MINIMAL, restrict
from beffroi.errors import NotFound, UnknownDomain
from beffroi.model.disclosure import Advice, Answer, DisclosureId, Field, Outcome, Released, Shown
from beffroi.model.hospitals import Hospitals
from beffroi.model.person import (
    OID_INS_NIR_TEST,
    Address,
    BirthPlace,
    IdentityAttribute,
    IdentityStatus,
    Ins,
    PersonId,
    Record,
    Sex,
    Telecom,
    TelecomKind,
)
from beffroi.wire.hl7 import parse
from beffroi.wire.hl7_answer import View, pdq_response, pix_response, query_refusal
from beffroi.wire.hl7_query import Query, read_pdq, read_pix
from beffroi.wire.hl7_reply import Stamp
from beffroi.wire.pam_traits import Patient, patch_of
from records import records
from wire.hl7_messages import CHU, OTHER, message

STAMP = Stamp("B1", datetime(2026, 3, 6, 10, 11, 54, tzinfo=UTC))
HOSPITALS = Hospitals([CHU, OTHER])
REGION = "1.2.250.1.999.9"
VIEW = View(CHU.hospital_id, HOSPITALS, REGION)
REFERENCE = "a" * 26
EVERY = ~Field(0)

RECORD = Record(
    birth_family="DE L'ÉTÉ",
    birth_given="ANNE",
    birth_given_list="ANNE MARIE",
    used_family="R&D^X",
    birth_date=date(1980, 4, 12),
    sex=Sex.FEMALE,
    birth_place=BirthPlace("59350", "LILLE"),
    status=IdentityStatus.QUALIFIED,
    attributes=(IdentityAttribute.HOMONYM, IdentityAttribute.UNNAMED_NEWBORN),
    ins=Ins("260058815400233", OID_INS_NIR_TEST),
    telecoms=(Telecom(TelecomKind.PHONE, "0320"), Telecom(TelecomKind.EMAIL, "a@b.example")),
    addresses=(Address(("1 rue", "Bât. B"), "LILLE", "59000", "FRA"),),
)


def query(event: str = "Q22", qpd: str = "@PID.5.1^DE", country: str = "FRA", version: str = "2.5") -> Query:
    header = f"MSH|^~\\&|DPI|CHU-ESSAI|BEFFROI|REGION|20260306||QBP^{event}|5|P|{version}|||||{country}|UNICODE UTF-8"
    content = parse(message(header, f"QPD|IHE Query|T1|{qpd}", "RCP|I"))
    return (read_pdq if event == "Q22" else read_pix)(content, HOSPITALS, REGION)


PIX = query("Q23", f"42^^^CHU-ESSAI&{CHU.oid}&ISO^PI")


def shown(record: Record = RECORD, fields: Field = EVERY, **more: object) -> Shown:
    return Shown(PersonId(1), REFERENCE, fields, restrict(record, fields), **more)  # type: ignore[arg-type]


def answered(*people: Shown, outcome: Outcome = Outcome.SHOWN, **more: object) -> Released[Answer]:
    return Released.seal(Answer(DisclosureId(1), outcome, people, **more))  # type: ignore[arg-type]


def lines(reply: bytes) -> list[str]:
    return reply.decode("utf-8").rstrip("\r").split("\r")


def test_a_demographics_answer() -> None:
    """MSH, MSA, QAK, the QPD as asked, and a PID with what was released."""
    person = shown(own_ipp=("42",), domains=((OTHER.hospital_id, "7"),))
    assert lines(pdq_response(query(), answered(person), VIEW, STAMP))[1:] == [
        "MSA|AA|5",
        "QAK|T1|OK",
        "QPD|IHE Query|T1|@PID.5.1^DE",
        f"PID|1||42^^^CHU-ESSAI&{CHU.oid}&ISO^PI~7^^^CH-MODELE&{OTHER.oid}&ISO^PI"
        f"~260058815400233^^^ASIP-SANTE-INS-NIR&1.2.250.1.213.1.4.10&ISO^INS~{REFERENCE}^^^BEFFROI&{REGION}&ISO^RRI"
        "||DE L'ÉTÉ^ANNE^ANNE MARIE^^^^L~R\\T\\D\\S\\X^^^^^^D||19800412|F|||1 rue^Bât. B^LILLE^^59000^FRA^H"
        "~^^LILLE^^^^BDL^^59350||^PRN^PH^^^^^^^^^0320~^NET^Internet^a@b.example"
        "|||||||||||||||||||VALI~HOMA",
        "QRI|100",
    ]


def test_minimal_fields_show_no_contact_and_no_identifier_of_others() -> None:
    """With the minimal fields nothing of telephone, e-mail, address, INS or other hospitals is written."""
    person = shown(fields=MINIMAL, own_ipp=("42",))
    text = pdq_response(query(), answered(person), VIEW, STAMP).decode()
    assert "0320" not in text and "@b" not in text and "1 rue" not in text and "2600588" not in text
    assert "DE L'ÉTÉ" in text and "42^^^" in text


def test_what_a_default_would_tell_is_left_out() -> None:
    """A sex, a status or a death that was not released is empty, not U, PROV or alive."""
    pid, _qri = lines(pdq_response(query(), answered(shown(fields=Field.BIRTH_NAME)), VIEW, STAMP))[4:]
    assert pid == f"PID|1||{REFERENCE}^^^BEFFROI&{REGION}&ISO^RRI||DE L'ÉTÉ^ANNE^ANNE MARIE^^^^L"


def test_domains_asked_for_leave_the_others_out() -> None:
    """With QPD-8 neither our reference nor a regional identifier is added."""
    asked = query(qpd=f"@PID.5.1^DE|||||^^^&{CHU.oid}&ISO")
    pid, _qri = lines(pdq_response(asked, answered(shown(fields=MINIMAL, own_ipp=("42",))), VIEW, STAMP))[4:]
    assert pid.split("|")[3] == f"42^^^CHU-ESSAI&{CHU.oid}&ISO^PI"


def test_nobody_found() -> None:
    """None: AA and NF, without a PID."""
    assert lines(pdq_response(query(), answered(outcome=Outcome.NONE), VIEW, STAMP))[1:3] == ["MSA|AA|5", "QAK|T1|NF"]


@pytest.mark.parametrize(
    ("outcome", "advice"),
    [
        (Outcome.TOO_MANY, Advice.TOO_MANY),
        (Outcome.SHOWN, Advice.WITHHELD),
        (Outcome.NONE, Advice.RESTRICTED),
    ],
)
def test_withheld_is_never_nobody(outcome: Outcome, advice: Advice) -> None:
    """What is withheld, or too much, is an error with the way on, never "not found"."""
    reply = lines(pdq_response(query(), answered(outcome=outcome, advice=(advice,)), VIEW, STAMP))
    assert (reply[1], reply[3]) == ("MSA|AE|5", "QAK|T1|AE")
    assert reply[2].startswith("ERR||QPD^1^3|207^") and "|E|" in reply[2]


def test_advice_comes_with_the_patients() -> None:
    """That others may match, and what to add, is a warning beside the patients."""
    released = answered(shown(), advice=(Advice.MAY_BE_OTHERS,), missing=("given:1",))
    reply = lines(pdq_response(query(), released, VIEW, STAMP))
    assert reply[1] == "MSA|AA|5" and "|W|" in reply[2] and "une lettre du prénom" in reply[2]


def test_a_cross_reference_answer() -> None:
    """PIX: the identifiers alone, a name that is none, and not the identifier that was asked about."""
    person = shown(own_ipp=("42", "43"), domains=((OTHER.hospital_id, "7"),))
    assert lines(pix_response(PIX, answered(person), VIEW, STAMP))[1:] == [
        "MSA|AA|5",
        "QAK|T1|OK",
        f"QPD|IHE Query|T1|42^^^CHU-ESSAI&{CHU.oid}&ISO^PI",
        f"PID|1||43^^^CHU-ESSAI&{CHU.oid}&ISO^PI~7^^^CH-MODELE&{OTHER.oid}&ISO^PI"
        "~260058815400233^^^ASIP-SANTE-INS-NIR&1.2.250.1.213.1.4.10&ISO^INS||~^^^^^^S",
    ]


@pytest.mark.parametrize("released", [answered(outcome=Outcome.NONE), answered(shown(Record(), own_ipp=("42",)))])
def test_a_cross_reference_without_other_identifiers(released: Released[Answer]) -> None:
    """Known, and nothing else is: AA and NF."""
    assert lines(pix_response(PIX, released, VIEW, STAMP))[1:3] == ["MSA|AA|5", "QAK|T1|NF"]


def test_a_refused_query() -> None:
    """One ERR for each error, QAK with the code, and the asker's own QPD."""
    errors = [UnknownDomain("targetSystem", 403, "QPD^1^4^1"), UnknownDomain("targetSystem", 403, "QPD^1^4^2")]
    reply = lines(query_refusal(PIX, errors, STAMP))
    assert "RSP^K23^RSP_K23" in reply[0]
    assert reply[1:] == [
        "MSA|AE|5",
        "ERR||QPD^1^4^1|204^Unknown key identifier^HL70357|E||||targetSystem not found",
        "ERR||QPD^1^4^2|204^Unknown key identifier^HL70357|E||||targetSystem not found",
        "QAK|T1|AE",
        f"QPD|IHE Query|T1|42^^^CHU-ESSAI&{CHU.oid}&ISO^PI",
    ]
    not_found = lines(query_refusal(PIX, [NotFound("QPD^1^3^1^1", what="Identifier")], STAMP))
    assert not_found[2].startswith("ERR||QPD^1^3^1^1|204^")


@given(st.lists(records, max_size=3), st.integers(0, EVERY.value), st.sampled_from(["FRA", ""]))
def test_what_is_written_is_what_was_released(found: list[Record], bits: int, country: str) -> None:
    """Read again by the feed's own reader, a PID says exactly what was released of the record."""
    fields = Field(bits)
    asked = query(country=country)
    people = [shown(record, fields) for record in found]
    reply = pdq_response(asked, answered(*people), VIEW, STAMP)
    read = parse(reply).segments("PID")
    assert len(read) == len(people)
    for pid, person in zip(read, people, strict=True):
        patient = Patient(pid)
        patch, _ = patch_of(patient, patient.identifiers, CHU)
        _agree(patch, person, fields)


def _spaced(value: str | None) -> str:
    return " ".join((value or "").split())


def _agree(patch: msgspec.Struct, person: Shown, fields: Field) -> None:
    record = person.record
    for name in ("birth_family", "birth_given", "birth_given_list", "used_family", "used_given", "nationality"):
        assert _spaced(getattr(patch, name)) == _spaced(getattr(record, name))
    assert getattr(patch, "birth_date", None) == record.birth_date
    assert [t.value for t in getattr(patch, "telecoms", None) or ()] == list(
        dict.fromkeys(t.value for t in record.telecoms)
    )
    assert (getattr(patch, "addresses", None) is not None) == bool(record.addresses)
    assert getattr(patch, "sex", None) == (record.sex if fields & Field.SEX else None)
    assert (getattr(patch, "status", None) is None) == (not fields & Field.STATUS)
    assert bool(getattr(patch, "deceased", None)) == record.deceased
    assert getattr(patch, "last_update", None) == record.last_update
    assert (getattr(patch, "last_update_facility", None) or "") == record.last_update_facility
    mothers = [mother.value for mother in getattr(patch, "mother_identifiers", None) or ()]
    assert mothers == [_spaced(mother.value) for mother in record.mother_identifiers]


@given(records)
def test_foreign_parsers_read_it(record: Record) -> None:
    """Two parsers that are not ours read the answer and find the birth name in it."""
    reply = pdq_response(query(version="2.5"), answered(shown(record, own_ipp=("42",))), VIEW, STAMP).decode()
    assert foreign_hl7.parse(reply)["PID"][0][3][0][0][0] == "42"
    assert hl7apy.parser.parse_message(reply, find_groups=False).pid.pid_3[0].cx_1.value == "42"
