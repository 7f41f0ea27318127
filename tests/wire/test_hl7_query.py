"""PDQ and PIX queries: what they ask, and what is refused rather than ignored."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi.errors import CallerError, InvalidValue, Malformed, Missing, TooBroad, Unsupported, UnsupportedEvent
from beffroi.model.hospitals import Hospitals
from beffroi.model.person import Sex
from beffroi.model.search import Criteria, DateRange, IdentifierToken, Text
from beffroi.wire.hl7 import parse
from beffroi.wire.hl7_query import Query, read_pdq, read_pix, refuse_unsupported
from wire.hl7_messages import CHU, OTHER, message

HOSPITALS = Hospitals([CHU, OTHER])
REGION = "1.2.250.1.999.9"


def qbp(event: str, qpd: str, *more: str) -> bytes:
    """A query message."""
    header = f"MSH|^~\\&|DPI|CHU-ESSAI|BEFFROI|REGION|20260306||QBP^{event}^QBP_Q21|5|P|2.5|||||FRA|UNICODE UTF-8|FR"
    return message(header, qpd, *more)


def pdq(parameters: str, domains: str = "", rcp: str = "RCP|I", *more: str) -> Query:
    """A demographics query as read."""
    content = qbp("Q22", f"QPD|IHE PDQ Query|T1|{parameters}|||||{domains}", rcp, *more)
    return read_pdq(parse(content), HOSPITALS, REGION)


def pix(source: str, targets: str = "", name: str = "IHE PIX Query") -> Query:
    """A cross-reference query as read."""
    return read_pix(parse(qbp("Q23", f"QPD|{name}|T1|{source}|{targets}", "RCP|I")), HOSPITALS, REGION)


DAY = DateRange(date(1980, 4, 12), date(1980, 4, 12))


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ("@PID.5.1^MARTIN~@PID.5.2^ANNE", Criteria(family=Text("MARTIN"), given=Text("ANNE"))),
        ("@PID.5.1.1^LE GOFF*", Criteria(family=Text("LE GOFF"))),
        ("PID.5^MARTIN~@PID.5.7^L", Criteria(family=Text("MARTIN"))),
        ("@PID.7^19800412", Criteria(birth_date=DAY)),
        ("@PID.7.1^19800412103000", Criteria(birth_date=DAY)),
        ("@PID.7^198002", Criteria(birth_date=DateRange(date(1980, 2, 1), date(1980, 2, 29)))),
        ("@PID.7^1980", Criteria(birth_date=DateRange(date(1980, 1, 1), date(1980, 12, 31)))),
        ("@PID.8^F", Criteria(sex=Sex.FEMALE)),
        (
            "@PID.11.1^1 rue~@PID.11.3^LILLE~@PID.11.4^59~@PID.11.5^59000~@PID.11.6^FRA",
            Criteria(
                address=Text("1 rue"),
                address_city=Text("LILLE"),
                address_state=Text("59"),
                address_postal_code=Text("59000"),
                address_country=Text("FRA"),
            ),
        ),
        ("@PID.6.1^ROUX", Criteria(mother_birth_family=Text("ROUX"))),
        ("@PID.13.12^0320", Criteria(telecom="0320")),
        ("@PID.3.1^42", Criteria(identifiers=(IdentifierToken("", "42"),))),
        ("@PID.3.1^42~@PID.3.4.2^1.2.3", Criteria(identifiers=(IdentifierToken("1.2.3", "42"),))),
        ("@PID.3.1^42~@PID.3.4^CH-MODELE", Criteria(identifiers=(IdentifierToken(OTHER.oid, "42"),))),
        (
            f"@PID.3.1^42~@PID.3.4.2^{OTHER.finess}~@PID.3.5^PI",
            Criteria(identifiers=(IdentifierToken(OTHER.oid, "42"),)),
        ),
        ("@PID.3.1^42~@PID.3.4.1^NOBODY", Criteria(identifiers=(IdentifierToken("NOBODY", "42"),))),
        (f"@PID.3.1^abc~@PID.3.4.2^{REGION}", Criteria(identifiers=(IdentifierToken("", "abc"),))),
        ("@PID.5.1^O\\T\\BRIEN", Criteria(family=Text("O&BRIEN"))),
    ],
)
def test_what_is_asked(parameters: str, expected: Criteria) -> None:
    """Each query parameter is a criterion."""
    assert pdq(parameters).criteria == expected


def test_domains_and_quantity() -> None:
    """QPD-8 are the domains wanted, by OID whatever names them; RCP-2 the quantity."""
    query = pdq("@PID.5.1^MARTIN", f"^^^&{OTHER.oid}&ISO~^^^CHU-ESSAI~^^^NOBODY", "RCP|I|10^RD")
    assert query.criteria.domains == (OTHER.oid, CHU.oid, "NOBODY")
    assert query.criteria.count == 10


@pytest.mark.parametrize(
    ("parameters", "rcp", "error", "location"),
    [
        ("", "RCP|I", Missing, "QPD^1^3"),
        ("@PID.5.1^*", "RCP|I", TooBroad, "QPD^1^3^1"),
        ("@PID.5.1^M*", "RCP|I", TooBroad, "QPD^1^3^1"),
        ("@PID.5.1^M*RTIN", "RCP|I", InvalidValue, "QPD^1^3^1"),
        ("@PID.8^F~@PID.7^THEN", "RCP|I", InvalidValue, "QPD^1^3^2"),
        ("@PID.7^19810229", "RCP|I", InvalidValue, "QPD^1^3^1"),
        ("@PID.8^X", "RCP|I", InvalidValue, "QPD^1^3^1"),
        ("@PID.18^123", "RCP|I", Unsupported, "QPD^1^3^1"),
        ("@PID.5.1.2^VAN", "RCP|I", Unsupported, "QPD^1^3^1"),
        ("@PID.3.7^2020", "RCP|I", Unsupported, "QPD^1^3^1"),
        ("@PV1.3^X", "RCP|I", InvalidValue, "QPD^1^3^1"),
        ("@PID.5.1^A~@PID.5^B", "RCP|I", InvalidValue, "QPD^1^3^2"),
        ("@PID.3.4.2^1.2.3", "RCP|I", Missing, "QPD^1^3"),
        ("@PID.5.1^MARTIN", "RCP|D", Unsupported, "RCP^1^1"),
        ("@PID.5.1^MARTIN", "RCP|I|MANY", InvalidValue, "RCP^1^2"),
    ],
)
def test_what_cannot_be_asked(parameters: str, rcp: str, error: type[CallerError], location: str) -> None:
    """A parameter that is not searched, a sweep, a continuation: refused at their place, never ignored."""
    with pytest.raises(error) as refused:
        pdq(parameters, "", rcp)
    assert refused.value.location == location


@pytest.mark.parametrize("name", ["IHE PIX Query", "QRY_1001^Query for Corresponding Identifiers^IHEDEMO"])
def test_a_cross_reference_query(name: str) -> None:
    """QPD-3 is the source and QPD-4 the domains wanted, whatever QPD-1 calls the query."""
    query = pix(f"42^^^&{OTHER.oid}&ISO^PI", f"^^^CHU-ESSAI~^^^&{OTHER.finess}&M", name)
    assert query.source == IdentifierToken(OTHER.oid, "42")
    assert query.targets == (CHU.oid, OTHER.oid)
    assert query.qpd.startswith(f"QPD|{name}|T1|42^^^") and query.tag == "T1"


@pytest.mark.parametrize(
    ("source", "location"), [("", "QPD^1^3^1^1"), ("42", "QPD^1^3^1^4"), ("1^^^CHU-ESSAI~2^^^CHU-ESSAI", "QPD^1^3^1^1")]
)
def test_a_cross_reference_query_needs_one_source(source: str, location: str) -> None:
    """Exactly one identifier, with its authority."""
    with pytest.raises(Missing) as refused:
        pix(source)
    assert refused.value.location == location


def test_without_qpd_there_is_no_query() -> None:
    """A QBP without QPD is malformed."""
    with pytest.raises(Malformed):
        read_pdq(parse(qbp("Q22", "RCP|I")), HOSPITALS, REGION)


@pytest.mark.parametrize("event", ["ZV1", "Q21", "Q24", "???"])
def test_other_queries_are_refused(event: str) -> None:
    """ITI-22 (ZV1) and every query but PDQ and PIX are unsupported events."""
    with pytest.raises(UnsupportedEvent):
        refuse_unsupported(parse(qbp(event, "QPD|x|y")).header)


PIECES = st.lists(
    st.sampled_from(
        ["@PID.5.1", "@PID.", "PID.3.1", "@PID.7", "@PID.3.4.2", "^", "~", "|", "&", '""', "*", "1980", "99999999",
         "\\X", "9" * 30, "\x00", "\r", "RCP|I|", "DSC|", "QPD|", "@PID.99.99.99", "^RD", "A" * 300]
    ),
    max_size=40,
).map("".join)  # fmt: skip


@given(st.sampled_from(["Q22", "Q23"]), PIECES)
def test_hostile_queries(event: str, text: str) -> None:
    """Pieces of queries in any order are read or refused as the asker's error."""
    read = read_pdq if event == "Q22" else read_pix
    try:
        read(parse(qbp(event, "QPD|IHE|T1|" + text)), HOSPITALS, REGION)
    except CallerError as error:
        for language in ("fr", "en"):
            error.text(language)
