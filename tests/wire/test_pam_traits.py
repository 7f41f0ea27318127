"""The traits of a PID as a patch: names, dates, status and INS, contact; and what of them is not kept."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from beffroi.model.feed import Patch
from beffroi.model.person import (
    Address,
    BirthPlace,
    IdentityAttribute,
    Ins,
    OtherIdentifier,
    Sex,
    Telecom,
    TelecomKind,
)
from beffroi.wire.hl7 import parse
from beffroi.wire.pam import feed_events, read
from wire.hl7_messages import CHU, INS, NO_INS, adt, foreign_msh, ipp, message, msh, pid

TEST_INS = Ins("260058815400233", "1.2.250.1.213.1.4.10")
WITH_INS = f"{ipp('42')}~{INS}"


def patch(*more: str, **fields: str) -> Patch:
    """The patch of a French A31."""
    (event,) = feed_events(adt("A31", *more, **fields), CHU)
    return event.patch


def remarks(**fields: str) -> list[str]:
    """What the acknowledgement would say was not kept."""
    return [r.words.english for r in read(parse(adt("A31", **fields)), CHU).remarks]


def said(found: Patch, *names: str) -> dict[str, Any]:
    return {name: getattr(found, name) for name in names}


NAMES = {
    "birth name with its list": ("DARK^JEANNE^JEANNE MARIE CÉCILE^^Mme^^L", ("DARK", "JEANNE", "JEANNE MARIE CÉCILE")),
    "a legacy list with commas": ("DARK^JEANNE^JEANNE,MARIE, CÉCILE^^^^L", ("DARK", "JEANNE", "JEANNE MARIE CÉCILE")),
    "a particle and an apostrophe": ("DE L'ÎLE--D'YEU^ANNE-MARIE^^^^^L", ("DE L'ÎLE--D'YEU", "ANNE-MARIE", None)),
    "sub-components of the family name": ("VAN DER MEER&VAN DER&MEER^JAN^^^^^L", ("VAN DER MEER", "JAN", None)),
    "no type": ("MARTIN^ANNE", ("MARTIN", "ANNE", None)),
    "an unknown type": ("MARTIN^ANNE^^^^^U", ("MARTIN", "ANNE", None)),
    "escapes": ("O\\T\\M^A\\X4E\\NE^^^^^L", ("O&M", "ANNE", None)),
    "spaces and line breaks": ("  LE\\.br\\ GOFF ^ANNE^^^^^L", ("LE GOFF", "ANNE", None)),
}


@pytest.mark.parametrize("name", NAMES)
def test_birth_names(name: str) -> None:
    """The birth name, the first given name and the list of given names, as sent."""
    names, expected = NAMES[name]
    found = patch(names=names)
    assert (found.birth_family, found.birth_given, found.birth_given_list) == expected
    assert (found.used_family, found.used_given) == (None, None)


def test_what_a_name_may_not_hold_is_not_read() -> None:
    """Civility, suffix, degree and all that PAM France forbids in a name; the annex's shifted type is no type."""
    full = "DARK^JEANNE^JEANNE MARIE^SECRET4^Mme^SECRET6^L^SECRET8^SECRET9^SECRET10^SECRET11^SECRET12^SECRET13^SECRET14"
    assert patch(names=full) == patch(names="DARK^JEANNE^JEANNE MARIE^^^^L")
    shifted = patch(names="DARK^JEANNE^JEANNE MARIE^^^Mme^^L")
    assert (shifted.birth_family, shifted.birth_given, shifted.used_family) == ("DARK", "JEANNE", None)


@pytest.mark.parametrize(
    ("used", "expected"),
    [
        ("DURAND^MARIE^^^^^D", ("DURAND", "MARIE")),
        ("^MARIE-CÉCILE^^^^^D", (None, "MARIE-CÉCILE")),
        ("DURAND^^^^^^D", ("DURAND", None)),
        ('""^^^^^^D', ("", "")),
        ('""^MARIE^^^^^D', ("", "MARIE")),
        ("STAR^^^^^^S", (None, None)),
    ],
)
def test_used_names(used: str, expected: tuple[str | None, str | None]) -> None:
    """The used name stands beside the birth name, in either order; `""` deletes it; it is never made up."""
    legal = "MARTIN^ANNE^^^^^L"
    for names in (f"{legal}~{used}", f"{used}~{legal}"):
        found = patch(names=names)
        assert (found.used_family, found.used_given) == expected
        assert (found.birth_family, found.birth_given) == ("MARTIN", "ANNE")


def test_outside_france_a_birth_name_has_its_own_type() -> None:
    """Type B is the birth name, and L beside it the used one."""
    found = patch(names="DURAND^ANNE^^^^^L~MARTIN^ANNE^^^^^B")
    assert (found.birth_family, found.used_family) == ("MARTIN", "DURAND")


def test_a_pseudonym_alone_is_an_anonymous_patient() -> None:
    """Somebody known by a pseudonym only is marked anonymous, so that she stays in her hospital."""
    found = patch(names="ZÉPHYR^ALIX^^^^^S")
    assert (found.birth_family, found.attributes) == ("ZÉPHYR", (IdentityAttribute.ANONYMOUS,))


@pytest.mark.parametrize("codec", ["utf-8", "latin-1", "iso8859-15"])
def test_accents_in_each_charset(codec: str) -> None:
    """Names with accents and particles read alike in UTF-8, 8859/1 and 8859/15."""
    charset = {"utf-8": "UNICODE UTF-8", "latin-1": "8859/1", "iso8859-15": "8859/15"}[codec]
    names = "D'ÉTÉ-NOËL^FRANÇOISE^^^^^L~LE GUÉNÉDAL^^^^^^D"
    (event,) = feed_events(message(msh(charset=charset), pid(names=names), codec=codec), CHU)
    assert (event.patch.birth_family, event.patch.used_family) == ("D'ÉTÉ-NOËL", "LE GUÉNÉDAL")


@pytest.mark.parametrize(
    ("given", "born", "newborn"),
    [
        ("", "20260301", True),
        ("BÉBÉ 1", "20260301", True),
        ("Jumeau A", "20260301", True),
        ("X", "20260301", True),
        ("SANS PRENOM", "20260301", True),
        ("", "19500301", False),
        ("XAVIER", "20260301", False),
        ("FANNY", "20260301", False),
    ],
)
def test_unnamed_newborns(given: str, born: str, newborn: bool) -> None:
    """A missing or placeholder given name within a year of birth is an unnamed newborn, later it is not."""
    found = patch(names=f"MARTIN^{given}^^^^^L", f7=born)
    assert found.attributes == ((IdentityAttribute.UNNAMED_NEWBORN,) if newborn else ())


@pytest.mark.parametrize(
    ("text", "zfd", "expected", "interpreted"),
    [
        ("19800412", "", date(1980, 4, 12), None),
        ("198004121230", "", date(1980, 4, 12), None),
        ("198004", "", date(1980, 4, 1), True),
        ("19800400", "", date(1980, 4, 1), True),
        ("19800012", "", date(1980, 1, 12), True),
        ("1980", "", date(1980, 12, 31), True),
        ("19800000", "N", date(1980, 12, 31), True),
        ("19801231", "Y", date(1980, 12, 31), True),
        ("19801231", "N", date(1980, 12, 31), False),
        ("", "", None, None),
    ],
)
def test_birth_dates(text: str, zfd: str, expected: date | None, interpreted: bool | None) -> None:
    """Unknown parts are filled in as the RNIV says and flagged; ZFD-4 says that the hospital did so."""
    found = patch(*([f"ZFD||||{zfd}|SM"] if zfd else []), f7=text)
    assert (found.birth_date, found.birth_date_interpreted) == (expected, interpreted)


def test_outside_france_a_whole_date_is_known() -> None:
    """A sender without ZFD takes the flag away with a whole date."""
    (event,) = feed_events(message(foreign_msh("A08"), pid()), CHU)
    assert event.patch.birth_date_interpreted is False


@pytest.mark.parametrize(
    ("code", "sex"),
    [("F", Sex.FEMALE), ("m", Sex.MALE), ("U", Sex.UNKNOWN), ("O", Sex.UNKNOWN), ("A", Sex.UNKNOWN), ("", None)],
)
def test_sex(code: str, sex: Sex | None) -> None:
    """F and M; everything else that is said is "indeterminate"; nothing said is no change."""
    assert patch(f8=code).sex == sex


STATUSES = [
    # PID-32, PID-3, status, is the INS kept, is it deleted, attributes
    ("VALI", WITH_INS, "QUAL", True, False, ()),
    ("VALI", ipp("42"), "VALI", False, False, ()),
    ("PROV", WITH_INS, "PROV", False, False, ()),
    ("", WITH_INS, None, False, False, None),
    ("PROV", ipp("42"), "PROV", False, False, ()),
    ('""', ipp("42"), "PROV", False, False, ()),
    ("VALI~HOMA", WITH_INS, "QUAL", True, False, ("HOMA",)),
    ("VALI~DOUT", WITH_INS, "PROV", False, True, ("DOUT",)),
    ("VALI~FICT", WITH_INS, "PROV", False, True, ("FICT",)),
    ("DOUT~HOMA", ipp("42"), "PROV", False, True, ("DOUT", "HOMA")),
    ("PROV~VALI", WITH_INS, "PROV", False, False, ()),
    ("HOMA", WITH_INS, "PROV", False, False, ("HOMA",)),
    ("VALI~ZZZZ", WITH_INS, "QUAL", True, False, ()),
    ("VALI", f"{ipp('42')}~{NO_INS}", "VALI", False, True, ()),
]


@pytest.mark.parametrize(("codes", "ids", "status", "kept", "deleted", "attributes"), STATUSES)
def test_status_attributes_and_ins(
    codes: str, ids: str, status: str | None, kept: bool, deleted: bool, attributes: tuple[str, ...] | None
) -> None:
    """VALI with an INS is qualified; without VALI the INS is dropped; doubtful and fictitious are provisional."""
    found = patch(ids=ids, f32=codes)
    assert (found.status, found.attributes) == (status, attributes)
    assert (found.ins, found.ins_removed) == (TEST_INS if kept else None, deleted)


def test_a_hidden_identity_is_under_protected_access() -> None:
    """The attribute CACH restricts, as PD1-12 does."""
    assert patch(f32="PROV~CACH").restricted is True
    assert patch("PD1||||||||||||Y").restricted is True
    assert patch("PD1||||||||||||N").restricted is False
    assert patch("PD1|").restricted is None


NIR, NIA = "1.2.250.1.213.1.4.8", "1.2.250.1.213.1.4.9"


@pytest.mark.parametrize(
    ("ids", "oid"),
    [
        (f"1{'0' * 14}^^^A&{NIA}&ISO^INS~2{'0' * 14}^^^A&{NIR}&ISO^INS", NIR),
        (f"2{'0' * 14}^^^A&{NIR}&ISO^INS~1{'0' * 14}^^^A&{NIA}&ISO^INS", NIR),
        (f"1{'0' * 14}^^^A&{NIA}&ISO^INS", NIA),
        ("2 60 05 2A 154 002 33^^^A&1.2.250.1.213.1.4.10&ISO^INS", "1.2.250.1.213.1.4.10"),
    ],
)
def test_of_nir_and_nia_the_nir_is_kept(ids: str, oid: str) -> None:
    """Both present: the NIR; Corsican numbers and spaces read."""
    ins = patch(ids=f"{ipp('42')}~{ids}", f32="VALI").ins
    assert ins is not None and ins.oid == oid and len(ins.value) == 15


@pytest.mark.parametrize(
    "ids",
    [
        "260058815400233^^^ASIP-SANTE-NIR&1.2.250.1.213.1.4.8&ISO^NH",
        "260058815400233^^^A&1.2.250.1.213.1.4.8&ISO",
        "260058815400233^^^A&1.2.250.1.213.1.4.2&ISO^INS-C",
    ],
)
def test_a_billing_number_never_becomes_an_ins(ids: str) -> None:
    """Only the type INS makes an INS, whatever the authority."""
    found = patch(ids=f"{ipp('42')}~{ids}", f32="VALI")
    assert (found.ins, found.status, found.others) == (None, "VALI", None)


def test_what_is_dropped_is_said() -> None:
    """An INS that is not kept is a remark for the acknowledgement, without its value."""
    assert remarks(ids=WITH_INS, f32="PROV") == ["The INS was not kept: PID-32 is not VALI."]
    assert "15 characters" in remarks(ids=WITH_INS.replace("400233", "4"), f32="VALI")[0]
    assert "15 characters" in remarks(ids=WITH_INS.replace("4.10", "4.99"), f32="VALI")[0]
    assert "corrected locally" in remarks(ids=WITH_INS, f32="VALI", f7="1980")[0]
    assert remarks(ids=WITH_INS, f32="VALI") == []


@pytest.mark.parametrize(("mode", "kept"), [("SM", False), ("", False), ("INSI", True)])
def test_a_guessed_birth_date_leaves_no_room_for_an_ins(mode: str, kept: bool) -> None:
    """A date that the hospital corrected drops the INS; one that INSi returned keeps it."""
    found = patch(f"ZFD||||Y|{mode}", ids=WITH_INS, f32="VALI")
    assert (found.ins is not None, found.status) == (kept, "QUAL" if kept else "VALI")


def test_addresses_and_birth_place() -> None:
    """PID-11: the home, and in its BDL repetition the COG code of the birth place; a bad address is not kept."""
    found = patch(
        f11="28 Av de l'Été^Bât. B^LILLE^^59000^FRA^H~1 rue^^ROUBAIX^^^^BA~2 quai^^LENS^^62300^FRA^O"
        "~^^AJACCIO^^^FRA^BDL^^2A004"
    )
    assert found.birth_place == BirthPlace("2A004", "AJACCIO", "FRA")
    assert found.addresses == (
        Address(("28 Av de l'Été", "Bât. B"), "LILLE", "59000", "FRA", "home"),
        Address(("2 quai",), "LENS", "62300", "FRA", "work"),
    )


@pytest.mark.parametrize(
    ("field", "place", "addresses"),
    [
        ("^^^^^^BDL^^99999", BirthPlace("99999"), None),
        ("^^PARIS^^^^BDL^^75A56", BirthPlace("", "PARIS"), None),
        ("^^^^^^H~^^^^^^BDL^^88154", BirthPlace("88154"), None),
        ('""', None, ()),
        ("&Rue Haute&12^^ARRAS", None, (Address(("12 Rue Haute",), "ARRAS"),)),
        ("^^ROMA^^^ITA^N", BirthPlace("", "ROMA", "ITA"), None),
    ],
)
def test_birth_places(field: str, place: BirthPlace | None, addresses: tuple[Address, ...] | None) -> None:
    """A code that is none is left out; a deleted address is deleted; one that says nothing changes nothing."""
    found = patch(f11=field)
    assert (found.birth_place, found.addresses) == (place, addresses)


def test_a_birth_place_in_words_alone() -> None:
    """PID-23 is the birth place where PID-11 has none."""
    assert patch(f23="Trois-Rivières").birth_place == BirthPlace("", "Trois-Rivières")


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("^PRN^PH^^^^^^^^^0320112233", Telecom(TelecomKind.PHONE, "0320112233", "home")),
        ("^PRN^CP^^^^^^^^^+33 6 11 22 33 44", Telecom(TelecomKind.PHONE, "+33 6 11 22 33 44", "mobile")),
        ("03 20 11 22 33", Telecom(TelecomKind.PHONE, "03 20 11 22 33", "home")),
        ("(03)20-112233^WPN^PH", Telecom(TelecomKind.PHONE, "(03)20-112233", "work")),
        ("^PRN^PH^^33^3^20112233", Telecom(TelecomKind.PHONE, "+33320112233", "home")),
        ("^PRN^PH^^33^^0320112233", Telecom(TelecomKind.PHONE, "+33320112233", "home")),
        ("^PRN^PH^^^^0320112233", Telecom(TelecomKind.PHONE, "0320112233", "home")),
        ("^NET^Internet^a.b@essai.example", Telecom(TelecomKind.EMAIL, "a.b@essai.example", "home")),
        ("^NET^X.400^a.b@essai.example", Telecom(TelecomKind.EMAIL, "a.b@essai.example", "home")),
        ("a.b@essai.example^NET^Internet", Telecom(TelecomKind.EMAIL, "a.b@essai.example", "home")),
        ("a.b@essai.example", Telecom(TelecomKind.EMAIL, "a.b@essai.example", "home")),
        ("^PRN^FX^^^^^^^^^0320112233", None),
        ("^NET^Internet^nobody", None),
    ],
)
def test_telecoms(field: str, expected: Telecom | None) -> None:
    """Telephones and e-mails in every form of XTN; faxes are left out."""
    assert patch(f13=field).telecoms == ((expected,) if expected else ())


def test_telecoms_of_home_and_work_are_one_list() -> None:
    """PID-13, PID-14 and PID-40 together, without repetition; `""` deletes; nothing said changes nothing."""
    found = patch(f13="0320~0320", f14="0321", f40="^PRS^CP^^^^^^^^^0611").telecoms
    assert [(t.value, t.use) for t in found or ()] == [("0320", "home"), ("0321", "work"), ("0611", "mobile")]
    assert patch(f13='""').telecoms == ()
    assert patch().telecoms is None


def test_the_rest() -> None:
    """The mother's birth name, birth order, nationality, death."""
    found = patch(f6="ROUX^^^^^^M", f24="Y", f25="2", f26="FRA^Française^ISO3166", f29="20260102", f30="Y")
    assert said(found, "mother_birth_family", "birth_order", "nationality", "deceased") == {
        "mother_birth_family": "ROUX",
        "birth_order": 2,
        "nationality": "FRA",
        "deceased": True,
    }
    assert found.deceased_at == datetime(2026, 1, 1, 23, tzinfo=UTC)
    nothing = said(patch(), "mother_birth_family", "birth_order", "nationality", "deceased", "deceased_at")
    assert set(nothing.values()) == {None}
    deleted = patch(f6='""', f25='""', f26='""', f30='""')
    assert said(deleted, "mother_birth_family", "birth_order", "nationality", "deceased") == {
        "mother_birth_family": "",
        "birth_order": 0,
        "nationality": "",
        "deceased": False,
    }


def test_how_an_identity_was_checked() -> None:
    """ZFD: lunar date, consent, how it came in, the call of INSi, the document and its expiry; never a pregnancy."""
    found = patch("ZFD|33^14^1961|27|Y|N|INSI|20240306|CN|20310501")
    assert said(found, *PROOF) == {
        "lunar_birth_date": "1961-14-33",
        "sms_consent": True,
        "collected_by": "INSI",
        "insi_called_on": "2024-03-06",
        "document": "CN",
        "document_expires_on": "2031-05-01",
    }
    assert "27" not in repr(found)
    assert set(said(patch("ZFD||27"), *PROOF).values()) == {None}
    deleted = patch('ZFD|""||||""|""|""|""')
    assert [getattr(deleted, name) for name in PROOF if name != "sms_consent"] == [""] * 5


PROOF = ("lunar_birth_date", "sms_consent", "collected_by", "insi_called_on", "document", "document_expires_on")


@pytest.mark.parametrize(
    ("zfd", "place"),
    [
        ("ZFD|THE FIRST", "ZFD^1^1"),
        ("ZFD|||MAYBE", "ZFD^1^3"),
        ("ZFD|||||PAPER", "ZFD^1^5"),
        ("ZFD||||||2024", "ZFD^1^6"),
        ("ZFD|||||||ZZ", "ZFD^1^7"),
        ("ZFD||||||||SOON", "ZFD^1^8"),
    ],
)
def test_what_cannot_be_read_of_zfd_is_said(zfd: str, place: str) -> None:
    """It is not kept, the message is not refused, and the acknowledgement says where, without the value."""
    (remark,) = read(parse(adt("A31", zfd)), CHU).remarks
    assert remark.location == place and zfd.split("|")[-1] not in remark.words.english
    assert set(said(patch(zfd), *PROOF).values()) == {None}


def test_the_mothers_identifiers() -> None:
    """PID-21: her own number in the hospital's domain; not her visits, nor what another hospital calls her."""
    ids = f"{ipp('7')}~24000006^^^CHU-ESSAI^AN~9^^^CH-MODELE^PI"
    assert patch(f21=ids).mother_identifiers == (OtherIdentifier(CHU.oid, "7", "PI"),)
    assert patch(f21="9^^^CH-MODELE^PI").mother_identifiers is None
    assert patch(f21='""').mother_identifiers == ()


def test_the_last_update() -> None:
    """PID-33 and PID-34: when, and at which facility (its number before its name)."""
    found = patch(f33="20240306111153", f34="CHU-X^590000011^N")
    assert found.last_update == datetime(2024, 3, 6, 10, 11, 53, tzinfo=UTC)
    assert found.last_update_facility == "590000011"
    assert (patch(f33="YESTERDAY", f34="CHU-X").last_update, patch(f34="CHU-X").last_update_facility) == (None, "CHU-X")


def test_regional_identifiers_are_kept_and_others_are_not() -> None:
    """RRI, PN and NDP are kept; folders, passports and visits are not."""
    ids = f"{ipp('42')}~77^^^&1.2.9&ISO^RRI~8\\F\\9^^^&1.2.8&ISO^NDP~P1^^^FRA^PPN~5^^^X^AN"
    assert patch(ids=ids).others == (OtherIdentifier("1.2.9", "77", "RRI"), OtherIdentifier("1.2.8", "8|9", "NDP"))
