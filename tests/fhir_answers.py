"""Answers as the gate would release them, for the tests of what is made of them."""

from datetime import UTC, date, datetime
from typing import Any

from hypothesis import strategies as st

from beffroi.access.fields import present, restrict
from beffroi.model.disclosure import Advice, Answer, DisclosureId, Field, Outcome, Released, Shown
from beffroi.model.hospitals import Hospitals
from beffroi.model.person import (
    OID_INS_NIR_TEST,
    Address,
    BirthPlace,
    HospitalId,
    IdentityAttribute,
    IdentityStatus,
    Ins,
    OtherIdentifier,
    PersonId,
    Record,
    Sex,
    Telecom,
    TelecomKind,
)
from beffroi.wire.fhir_terms import Vocabulary
from beffroi.wire.fhir_view import Endpoint, View
from doubles import HOSPITALS

REGIONAL_OID = "1.2.250.1.999.9"
BASE_URL = "https://beffroi.example/fhir"
REQUEST_ID = "5b0c5a5e-6b1f-4a52-9d0b-0d6c0f6a7b11"
REFERENCE = "k5ddbsuqvbpwqvmqyr3v5lxuqe"
AT = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
ALL_FIELDS = ~Field(0)
ENDPOINT = Endpoint(BASE_URL, REGIONAL_OID, Hospitals(HOSPITALS))
NEXT_ENDPOINT = Endpoint(BASE_URL, REGIONAL_OID, Hospitals(HOSPITALS), Vocabulary.NEXT)

JEANNE = Record(
    birth_family="DARK",
    birth_given="JEANNE",
    birth_given_list="JEANNE MARIE CÉCILE",
    used_family="LE GOFF",
    used_given="JANE",
    birth_date=date(1960, 5, 30),
    birth_date_interpreted=True,
    sex=Sex.FEMALE,
    birth_place=BirthPlace("88154", "Domrémy-la-Pucelle", "FRA"),
    birth_order=2,
    mother_birth_family="ROMÉE",
    nationality="FRA",
    deceased=True,
    deceased_at=datetime(2025, 5, 30, 6, 0, tzinfo=UTC),
    status=IdentityStatus.QUALIFIED,
    attributes=(IdentityAttribute.HOMONYM,),
    ins=Ins("297022A02077878", OID_INS_NIR_TEST),
    telecoms=(
        Telecom(TelecomKind.PHONE, "0639980112", "mobile"),
        Telecom(TelecomKind.EMAIL, "jeanne.dark@example.org"),
    ),
    addresses=(Address(("12 rue du Bûcher", "Bâtiment C"), "Rouen-sur-Test", "76999", "FRA"),),
    others=(OtherIdentifier("1.2.250.1.176.1.2", "NDP-778", "NDP"),),
    mother_identifiers=(OtherIdentifier("1.2.250.1.999.1.1", "M-4711", "PI"),),
    collected_by="INSI",
    insi_called_on="2024-03-06",
    document="CN",
    document_expires_on="2031-05-01",
    lunar_birth_date="1960-14-33",
    sms_consent=True,
    last_update=datetime(2026, 11, 2, 8, 0, tzinfo=UTC),
    last_update_facility="590000001",
)
"""Every field has a value, and no value stands in another: a leak is seen."""


def shown(record: Record = JEANNE, fields: Field = ALL_FIELDS, **more: Any) -> Shown:
    """A patient as the gate shows her when `fields` are released."""
    cut = restrict(record, fields)
    told = present(cut) | Field(int(fields) & int(Field.SEX | Field.STATUS | Field.DECEASED)) | Field.REFERENCE
    values: dict[str, Any] = {
        "reference": REFERENCE,
        "own_ipp": ("IPP-260-058",) if fields & Field.OWN_IDENTIFIER else (),
        "domains": ((HospitalId(2), "VAL-991"),) if fields & Field.OTHER_IDENTIFIERS else (),
        "updated_at": datetime(2026, 11, 20, 14, 30, tzinfo=UTC),
    }
    return Shown(PersonId(77_001), fields=told, record=cut, **(values | more))


def released(*people: Shown, advice: tuple[Advice, ...] = (), missing: tuple[str, ...] = ()) -> Released[Answer]:
    """An answer in its envelope."""
    outcome = Outcome.SHOWN if people else Outcome.NONE
    return Released.seal(Answer(DisclosureId(501), outcome, people, advice, missing, AT))


def view(endpoint: Endpoint = ENDPOINT, language: str = "en", subsetted: bool = False) -> View:
    return View(endpoint, HospitalId(1), language, REQUEST_ID, subsetted)


_words = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Z"]), min_size=1, max_size=20)
_rarely = st.one_of(st.just(""), _words)
records = st.builds(
    Record,
    birth_family=_rarely,
    birth_given=_rarely,
    birth_given_list=_rarely,
    used_family=_rarely,
    used_given=_rarely,
    birth_date=st.one_of(st.none(), st.dates(date(1850, 1, 1), date(2026, 11, 24))),
    birth_date_interpreted=st.booleans(),
    sex=st.sampled_from(Sex),
    birth_place=st.builds(BirthPlace, st.sampled_from(["", "59350", "2A004", "99352"]), _rarely, _rarely),
    birth_order=st.integers(0, 3),
    mother_birth_family=_rarely,
    nationality=st.sampled_from(["", "FRA"]),
    deceased=st.booleans(),
    deceased_at=st.one_of(st.none(), st.just(AT)),
    status=st.sampled_from(IdentityStatus),
    attributes=st.lists(st.sampled_from(IdentityAttribute), max_size=3, unique=True).map(tuple),
    ins=st.one_of(st.none(), st.just(JEANNE.ins)),
    telecoms=st.lists(
        st.builds(Telecom, st.sampled_from(TelecomKind), _words, st.sampled_from(["", "home", "x"])), max_size=2
    ).map(tuple),
    addresses=st.lists(
        st.builds(Address, st.lists(_rarely, max_size=2).map(tuple), _rarely, _rarely, _rarely), max_size=2
    ).map(tuple),
    others=st.lists(
        st.builds(
            OtherIdentifier, st.sampled_from(["1.2.3", "urn:x:y", "CHU X"]), _words, st.sampled_from(["", "NH", "AN"])
        ),
        max_size=2,
    ).map(tuple),
    mother_identifiers=st.lists(st.builds(OtherIdentifier, st.just("1.2.3"), _words, st.just("PI")), max_size=2).map(
        tuple
    ),
    collected_by=st.sampled_from(["", "SM", "AV"]),
    insi_called_on=st.sampled_from(["", "2024-03-06"]),
    document=st.sampled_from(["", "PA", "LE"]),
)
"""Records as a feed may leave them: any field may be empty, none is blank."""

some_fields = st.lists(st.sampled_from(list(Field)), unique=True).map(lambda fields: Field(sum(fields)))
