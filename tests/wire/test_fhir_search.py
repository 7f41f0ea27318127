"""The search grammar: what each parameter means, and that nothing but a caller's error ever comes out of it."""

import string
from datetime import date
from urllib.parse import quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi.errors import CallerError, InvalidValue, Malformed, TooLarge, Unsupported
from beffroi.model.disclosure import Field
from beffroi.model.person import Sex
from beffroi.model.search import Criteria, DateRange, IdentifierToken, Text
from beffroi.wire.fhir_form import NAME_LENGTH_MAX, PARAMETERS_MAX, VALUE_LENGTH_MAX, parse_pairs
from beffroi.wire.fhir_search import PARAMETER_TYPES, Search, parse_search

DAY = date(1980, 5, 17)
NAMES = [*PARAMETER_TYPES, "_count", "_summary", "_elements", "_format", "_sort", "name", "shoe"]
MODIFIERS = ["", ":exact", ":contains", ":missing", ":of-type", ":"]
PIECES = [
    "1980-05-17",
    "ge",
    "lt",
    "zz",
    "|",
    ",",
    "\\",
    "*",
    "%",
    "male",
    "true",
    "urn:oid:1.2",
    "Dark",
    "é",
    " ",
    "9",
]

tricky = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=5)), max_size=6).map("".join)
parameters = st.tuples(st.builds(str.__add__, st.sampled_from(NAMES), st.sampled_from(MODIFIERS)), tricky)


def search(query: str, strict: bool = False) -> Search:
    return parse_search(parse_pairs(query.encode()), strict)


def criteria(query: str) -> Criteria:
    return search(query).criteria


@given(st.lists(parameters, max_size=6), st.booleans())
def test_only_a_callers_error_comes_out(pairs: list[tuple[str, str]], strict: bool) -> None:
    """Any parameters whatever give a search or a CallerError that repeats no value."""
    raw = urlencode(pairs, quote_via=quote_plus, errors="surrogatepass").encode()
    found, told = Search(Criteria()), ""
    try:
        found = parse_search(parse_pairs(raw), strict)
    except CallerError as error:
        told = error.text("en") + error.text("fr") + error.location
    assert [value for _, value in pairs if len(value) > 4 and value.strip(" ,") not in PIECES and value in told] == []
    assert set(found.used) <= {name for name, _ in pairs}
    assert not set(found.used) & set(found.ignored)


@given(st.binary(max_size=200))
def test_any_bytes_are_parameters_or_an_error(raw: bytes) -> None:
    """Whatever bytes an address or a form holds, reading them is safe and within limits."""
    try:
        pairs = parse_pairs(raw)
    except CallerError:
        return
    assert len(pairs) <= PARAMETERS_MAX
    assert all(len(name) <= NAME_LENGTH_MAX and 0 < len(value) <= VALUE_LENGTH_MAX for name, value in pairs)


@given(st.text(string.ascii_letters + " 'éÉß-", min_size=1, max_size=40).filter(lambda text: text.strip()))
def test_a_name_comes_out_as_it_went_in(name: str) -> None:
    """A name survives percent-encoding, spaces and accents."""
    assert criteria(urlencode({"family": name})).family == Text(name.strip())


@pytest.mark.parametrize(
    ("query", "first", "last"),
    [
        ("birthdate=1980-05-17", DAY, DAY),
        ("birthdate=eq1980-05-17", DAY, DAY),
        ("birthdate=1980-02", date(1980, 2, 1), date(1980, 2, 29)),
        ("birthdate=1980", date(1980, 1, 1), date(1980, 12, 31)),
        ("birthdate=ge1980-05-17", DAY, date.max),
        ("birthdate=gt1980", date(1981, 1, 1), date.max),
        ("birthdate=le1980-05", date.min, date(1980, 5, 31)),
        ("birthdate=lt1980-05-17", date.min, date(1980, 5, 16)),
        ("birthdate=ge1980-05-17&birthdate=le1980-05-17", DAY, DAY),
        ("birthdate=1980&birthdate=lt1980-02", date(1980, 1, 1), date(1980, 1, 31)),
    ],
)
def test_birth_dates(query: str, first: date, last: date) -> None:
    """A partial date is all its days; prefixes and repetitions narrow."""
    assert criteria(query).birth_date == DateRange(first, last)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("identifier=urn:oid:1.2.3|A1", Criteria(identifiers=(IdentifierToken("1.2.3", "A1"),))),
        ("identifier=A1", Criteria(identifiers=(IdentifierToken("", "A1"),))),
        ("identifier=|A1", Criteria(identifiers=(IdentifierToken("", "A1"),))),
        ("identifier=http://x/y|A1", Criteria(identifiers=(IdentifierToken("http://x/y", "A1"),))),
        (
            "identifier=urn:oid:1.2|A,urn:oid:1.3|B",
            Criteria(identifiers=(IdentifierToken("1.2", "A"), IdentifierToken("1.3", "B"))),
        ),
        ("identifier=urn:oid:1.2|,urn:oid:1.3|", Criteria(domains=("1.2", "1.3"))),
        (
            "identifier=A1&identifier=urn:oid:1.2|",
            Criteria(identifiers=(IdentifierToken("", "A1"),), domains=("1.2",)),
        ),
        (r"identifier=1.2|A\,1\|x", Criteria(identifiers=(IdentifierToken("1.2", "A,1|x"),))),
        ("gender=male", Criteria(sex=Sex.MALE)),
        ("gender=http://hl7.org/fhir/administrative-gender|female", Criteria(sex=Sex.FEMALE)),
        ("telecom=phone|0639980112", Criteria(telecom="0639980112")),
        ("phone=0639980112", Criteria(telecom="0639980112")),
        ("email=a@example.org", Criteria(telecom="a@example.org")),
        ("active=true", Criteria(active=True)),
        ("_id=abc", Criteria(reference="abc")),
        ("_lastUpdated=ge2026-11-01", Criteria(updated_since=date(2026, 11, 1))),
        ("_lastUpdated=gt2026-11-01", Criteria(updated_since=date(2026, 11, 2))),
        ("address=Rouen", Criteria(address=Text("Rouen"))),
        ("address-city=Rou", Criteria(address_city=Text("Rou"))),
        ("address-state=76", Criteria(address_state=Text("76"))),
        ("address-country=FRA", Criteria(address_country=Text("FRA"))),
        ("address-postalcode:exact=76000", Criteria(address_postal_code=Text("76000", exact=True))),
        ("mothersMaidenName=Rom", Criteria(mother_birth_family=Text("Rom"))),
        ("given=Jea", Criteria(given=Text("Jea"))),
        ("family=Dar*", Criteria(family=Text("Dar"))),
        ("family:exact=D'Arc", Criteria(family=Text("D'Arc", exact=True))),
        (r"family=D\,A", Criteria(family=Text("D,A"))),
        ("family=Dark&family=Dark", Criteria(family=Text("Dark"))),
        ("_count=10", Criteria(count=10)),
        ("family=&gender=", Criteria()),
    ],
)
def test_parameters_become_criteria(query: str, expected: Criteria) -> None:
    """Each parameter means what FHIR and PDQm say; one without a value says nothing."""
    assert criteria(query) == expected


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ("birthdate=17/05/1980", InvalidValue),
        ("birthdate=1980-02-30", InvalidValue),
        ("birthdate=0000-01-01", InvalidValue),
        ("birthdate=1980-05-17T10:00:00Z", InvalidValue),
        ("birthdate=gt9999-12-31", InvalidValue),
        ("birthdate=lt0001-01-01", InvalidValue),
        ("birthdate=ge1981&birthdate=lt1980", InvalidValue),
        ("birthdate=ne1980", Unsupported),
        ("family:contains=ark", Unsupported),
        ("birthdate:missing=true", Unsupported),
        ("name=Dark", Unsupported),
        ("_summary=text", Unsupported),
        ("identifier=1.2|A&identifier=1.3|B", Unsupported),
        ("_id=a&_id=b", Unsupported),
        ("family=a,b,c&given=d,e,f", TooLarge),
        ("identifier=1.2|A,1.3|", Unsupported),
        ("identifier=a|b|c", InvalidValue),
        ("identifier=|", InvalidValue),
        ("gender=other", InvalidValue),
        ("active=yes", InvalidValue),
        ("family=*", InvalidValue),
        ("family=M*", InvalidValue),
        ("family=%25a", InvalidValue),
        ("family=MA*N", InvalidValue),
        ("family=M?RTIN", InvalidValue),
        ("family=%00", InvalidValue),
        ("family=a%0Ab", InvalidValue),
        ("family=+", InvalidValue),
        ("_count=-1", InvalidValue),
        ("_count=many", InvalidValue),
        ("family=%ff", Malformed),
        ("fa mily=x", Malformed),
        ("family=" + "a" * 513, TooLarge),
        ("&".join(["a=b"] * 65), TooLarge),
        ("identifier=" + ",".join(["a"] * 21), TooLarge),
    ],
)
def test_what_cannot_be_honoured_is_refused(query: str, kind: type[CallerError]) -> None:
    """A known parameter that cannot be honoured is an error, never dropped: that would widen the list."""
    with pytest.raises(kind):
        search(query)


def test_a_comma_is_or_and_a_repetition_is_and() -> None:
    """Alternatives become whole searches, in every combination; a second value of a parameter must hold besides."""
    found = criteria("family=Dark,Durand&given=Jeanne&birthdate=1960-05-30")
    assert (found.family, found.given) == (Text("Dark"), Text("Jeanne"))
    (other,) = found.alternatives
    assert (other.family, other.given, other.birth_date) == (Text("Durand"), Text("Jeanne"), found.birth_date)
    twice = criteria("family=Dark&given=Jeanne&given=Marie,Anne")
    assert twice.given == Text("Jeanne")
    assert twice.besides == (Criteria(given=Text("Marie"), alternatives=(Criteria(given=Text("Anne")),)),)
    assert len(criteria("family=a,b&given=c,d&gender=male,female").alternatives) == 7
    assert criteria("family=Dark&family:exact=Dark").besides == (Criteria(family=Text("Dark", exact=True)),)
    assert criteria("birthdate=1980-01-02,1980-02-01").alternatives[0].birth_date == DateRange(
        date(1980, 2, 1), date(1980, 2, 1)
    )
    assert criteria(r"family=Le\,Goff").family == Text("Le,Goff")
    updated = criteria("family=Dark&_lastUpdated=ge2026-11-01&_lastUpdated=lt2026-12")
    assert (updated.updated_since, updated.updated_until) == (date(2026, 11, 1), date(2026, 11, 30))


def test_unknown_parameters_are_left_out_and_told() -> None:
    """What nobody knows is ignored, absent from the used names, and an error when handling is strict."""
    found = search("shoe=42&family=Dark&_format=json&_sort=family")
    assert (found.used, found.ignored) == (("family",), ("shoe", "_sort"))
    with pytest.raises(Unsupported):
        search("shoe=42&family=Dark", strict=True)
    assert search("family=Dark&_format=json&_pretty=true", strict=True).used == ("family",)


def test_counts_and_elements_ask_for_less() -> None:
    """`_count=0` is a count like `_summary=count`; `_elements` names the fields behind elements."""
    assert search("family=Dark&_count=0").count_only
    assert search("family=Dark&_summary=count&_count=0").count_only
    assert search("family=Dark&_elements=Patient.birthDate,id,shoe").only == Field.BIRTH_DATE
    assert search("family=Dark").only is None
