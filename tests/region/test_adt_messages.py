"""What the region's hospitals write is read back by the product as the same identity."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from beffroi.identity.fold import patched
from beffroi.identity.status import settled
from beffroi.model.feed import FeedKind
from beffroi.model.person import (
    OID_INS_NIR_TEST,
    Address,
    IdentityAttribute,
    IdentityStatus,
    Ins,
    Record,
    Sex,
    Telecom,
    TelecomKind,
)
from beffroi.wire.pam import feed_events
from beffroi_region.adt_messages import (
    Envelope,
    ins_removal_message,
    link_message,
    merge_message,
    message,
)
from beffroi_region.hospitals import sites
from beffroi_region.local_identities import Region

AS_OF = date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
SITES = sites(5)


def envelope(event: str, site_index: int = 0, latin_1: bool = False) -> Envelope:
    """An envelope of that hospital's own software."""
    return Envelope(event, "1", NOW, SITES[site_index].hospital.namespace, latin_1)


def as_told(record: Record, event: str) -> Record:
    """The record as PAM France can tell it: retrieved is told as provisional, codes are sorted, an A03 has no ZFD."""
    status = IdentityStatus.PROVISIONAL if record.status is IdentityStatus.RETRIEVED else record.status
    telecoms = tuple(replace(t, use="home") if t.use == "" else t for t in record.telecoms)
    guessed = record.birth_date_interpreted and event != "A03"
    checked = "INSI" if record.status in (IdentityStatus.QUALIFIED, IdentityStatus.RETRIEVED) else "SM"
    return replace(
        record,
        status=status,
        attributes=tuple(sorted(record.attributes)),
        telecoms=telecoms,
        birth_date_interpreted=guessed,
        collected_by="" if event == "A03" else checked,
        last_update=NOW,
    )


@settings(max_examples=60, deadline=None)
@given(
    number=st.integers(0, 4_999),
    event=st.sampled_from(["A28", "A31", "A01", "A04", "A05", "A03"]),
    latin_1=st.booleans(),
)
def test_an_identity_is_read_back_as_it_was_written(number: int, event: str, latin_1: bool) -> None:
    """Every trait, contact and attribute of any identity survives its message, in UTF-8 and in Latin-1."""
    for identity in REGION.identities(number):
        index = identity.hospital_id - 1
        content = message(identity.record, identity.ipp, SITES[index], envelope(event, index, latin_1))
        (heard,) = feed_events(content, SITES[index].hospital)
        assert (heard.kind, heard.ipp, heard.occurred_at) == (FeedKind.UPSERT, identity.ipp, NOW)
        assert settled(patched(Record(), heard.patch)) == as_told(identity.record, event)


REGION = Region(5_000, 5, 11, AS_OF)


def test_separators_inside_a_name_are_escaped() -> None:
    """A name that holds HL7's own separators is read back unharmed."""
    record = Record(birth_family="A|B^C~D&E\\F", birth_given="G", birth_date=AS_OF, sex=Sex.MALE)
    (heard,) = feed_events(message(record, "1", SITES[0], envelope("A31")), SITES[0].hospital)
    assert heard.patch.birth_family == record.birth_family


def qualified(ins: str = "260058815400233") -> Record:
    """A qualified identity."""
    return Record(
        birth_family="DARK",
        birth_given="JEANNE",
        birth_given_list="JEANNE MARIE",
        birth_date=date(1960, 5, 30),
        sex=Sex.FEMALE,
        status=IdentityStatus.QUALIFIED,
        ins=Ins(ins, OID_INS_NIR_TEST),
        telecoms=(Telecom(TelecomKind.PHONE, "0700000001", "mobile"),),
        addresses=(Address(("1 rue d'Arras",), "Lille", "59000", "FRA"),),
    )


def test_a_merge_names_both() -> None:
    """A40 names the survivor and the one that goes."""
    content = merge_message(qualified(), "1", "2", SITES[1], envelope("A40", 1))
    (heard,) = feed_events(content, SITES[1].hospital)
    assert (heard.kind, heard.ipp, heard.other_ipp) == (FeedKind.MERGE, "1", "2")


def test_a_new_number_names_the_old_one() -> None:
    """A47 with two numbers of the hospital changes the identifier."""
    (heard,) = feed_events(merge_message(qualified(), "N1", "1", SITES[0], envelope("A47")), SITES[0].hospital)
    assert (heard.kind, heard.ipp, heard.other_ipp) == (FeedKind.CHANGE_IDENTIFIER, "N1", "1")


def test_an_ins_is_taken_away() -> None:
    """A47 with an empty INS deletes it."""
    (heard,) = feed_events(ins_removal_message(qualified(), "1", SITES[0], envelope("A47")), SITES[0].hospital)
    assert (heard.kind, heard.patch.ins_removed, heard.patch.ins) == (FeedKind.REMOVE_INS, True, None)


@pytest.mark.parametrize(("event", "kind"), [("A24", FeedKind.LINK), ("A37", FeedKind.UNLINK)])
def test_links_name_two(event: str, kind: FeedKind) -> None:
    """A24 and A37 name two identities."""
    (heard,) = feed_events(link_message("1", "2", SITES[0], envelope(event)), SITES[0].hospital)
    assert (heard.kind, heard.ipp, heard.other_ipp) == (kind, "1", "2")


def test_a_protected_person_is_told_as_such() -> None:
    """PD1-12 carries the protected access."""
    record = replace(qualified(), restricted=True, attributes=(IdentityAttribute.HOMONYM,))
    (heard,) = feed_events(message(record, "1", SITES[0], envelope("A31")), SITES[0].hospital)
    assert heard.patch.restricted is True
    assert heard.patch.attributes == (IdentityAttribute.HOMONYM,)
