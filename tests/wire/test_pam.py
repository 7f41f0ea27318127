"""PAM France messages as feed events: what each event means, whose domain it speaks of, what is never looked at."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi.errors import (
    CallerError,
    InvalidValue,
    Malformed,
    Missing,
    NotYourDomain,
    UnsupportedEvent,
    UnsupportedMessage,
    UnsupportedVersion,
)
from beffroi.model.feed import FeedEvent, FeedKind
from beffroi.model.person import IdentityStatus, Ins
from beffroi.wire.hl7 import parse
from beffroi.wire.pam import feed_events, read
from beffroi.wire.pam_events import UPDATE_S, WINDOWS
from wire.hl7_messages import AUTHORITY, CHU, INS, NO_INS, OTHER, adt, foreign_msh, ipp, message, msh, pid

TEST_INS = Ins("260058815400233", "1.2.250.1.213.1.4.10")
ADMISSIONS = ["A01", "A02", "A03", "A04", "A05", "A06", "A07", "A21", "A22"]
OTHERS = ["A08", "A11", "A12", "A13", "A14", "A31", "A38", "A44", "A52", "A53", "A54", "A55", "A60", "Z99", "Z12"]


def one(content: bytes) -> FeedEvent:
    """The only event of a message to the CHU."""
    (event,) = feed_events(content, CHU)
    return event


@pytest.mark.parametrize("event", ["A28", *ADMISSIONS, *OTHERS])
def test_every_event_with_a_patient_updates_her(event: str) -> None:
    """The identity part of any ADT event that carries a PID is an upsert with its event, time and key."""
    told = one(adt(event))
    assert (told.kind, told.hospital_id, told.ipp, told.event) == (FeedKind.UPSERT, CHU.hospital_id, "42", event)
    assert told.patch.birth_family == "MARTIN"
    assert told.occurred_at == datetime(2026, 3, 6, 10, 11, 54, tzinfo=UTC)
    assert told.key is not None and (told.key.application, told.key.facility, told.key.control_id) == (
        "GAM",
        "CHU-ESSAI",
        "1",
    )


def test_windows_go_by_event_and_a_hospital_may_set_them() -> None:
    """Presence explains for three days, an update of traits for a shift, a cancelled admission not at all."""
    assert [one(adt(e)).explains_s // 3600 for e in ("A28", "A01", "A31", "Z99", "A11")] == [72, 72, 12, 12, 0]
    assert all(WINDOWS[event] == 72 * 3600 for event in ADMISSIONS)
    (told,) = feed_events(adt("A31"), CHU, {"A31": 60})
    assert told.explains_s == 60 < UPDATE_S


def test_a_merge_names_the_survivor_and_the_subsumed() -> None:
    """A40: PID-3 is the survivor, MRG-1 the subsumed one, and the traits are the survivor's."""
    told = one(adt("A40", f"MRG|{ipp('41')}"))
    assert (told.kind, told.ipp, told.other_ipp, told.patch.birth_given) == (FeedKind.MERGE, "42", "41", "ANNE")


@pytest.mark.parametrize("event", ["A18", "A30", "A34", "A36"])
def test_merges_of_older_versions(event: str) -> None:
    """What versions before 2.4 send for A40 is read as a merge."""
    told = one(message(foreign_msh(event), pid(), f"MRG|{ipp('41')}"))
    assert (told.kind, told.ipp, told.other_ipp) == (FeedKind.MERGE, "42", "41")


def test_several_merges_in_one_message_have_keys_of_their_own() -> None:
    """Each event of a message can be recognised by itself, or the second would be taken for a retransmission."""
    content = message(msh("A40"), pid(), f"MRG|{ipp('41')}~{ipp('40')}", pid(ids=ipp("52")), "PD1|", f"MRG|{ipp('51')}")
    events = feed_events(content, CHU)
    assert [(e.ipp, e.other_ipp) for e in events] == [("42", "41"), ("42", "40"), ("52", "51")]
    assert len({e.key for e in events}) == 3
    assert feed_events(content, CHU) == events


def test_a47_of_an_ipp_changes_the_identifier() -> None:
    """A47 with an IPP in MRG-1: PID-3 is the new one, MRG-1 the old one."""
    told = one(adt("A47", f"MRG|{ipp('41')}"))
    assert (told.kind, told.ipp, told.other_ipp) == (FeedKind.CHANGE_IDENTIFIER, "42", "41")


def test_a47_of_a_new_ins_is_an_update() -> None:
    """A47 with a new INS: the identity keeps its IPP and takes the INS."""
    old = INS.replace("260058815400233", "160058815400289")
    told = one(adt("A47", f"MRG|{old}", ids=f"{ipp('42')}~{INS}", f32="VALI"))
    assert (told.kind, told.ipp, told.patch.ins, told.patch.status) == (
        FeedKind.UPSERT,
        "42",
        TEST_INS,
        IdentityStatus.QUALIFIED,
    )


@pytest.mark.parametrize("ids", [f"{ipp('42')}~{NO_INS}", ipp("42")])
@pytest.mark.parametrize(("code", "status"), [("VALI", "VALI"), ("PROV", "PROV"), ("", None)])
def test_a47_deletes_the_ins(ids: str, code: str, status: str | None) -> None:
    """A47 with the INS in MRG-1 and `""`, or nothing, in PID-3 deletes it; the status is what PID-32 says."""
    told = one(adt("A47", f"MRG|{INS}", ids=ids, f32=code))
    assert (told.kind, told.ipp, told.patch.ins, told.patch.ins_removed) == (FeedKind.REMOVE_INS, "42", None, True)
    assert told.patch.status == status


def test_a47_may_change_the_ipp_and_delete_the_ins_at_once() -> None:
    """One A47 with both identifiers in MRG-1 does both."""
    told = one(adt("A47", f"MRG|{ipp('41')}~{INS}", ids=f"{ipp('42')}~{NO_INS}"))
    assert (told.kind, told.other_ipp, told.patch.ins_removed) == (FeedKind.CHANGE_IDENTIFIER, "41", True)


def test_a47_without_an_ipp_names_the_patient_by_her_ins() -> None:
    """Where neither PID-3 nor MRG-1 has an IPP, the INS of MRG-1 says whose INS is deleted or replaced."""
    deleted = one(adt("A47", f"MRG|{INS}", ids=NO_INS, f32="PROV"))
    assert (deleted.kind, deleted.ipp, deleted.bearer) == (FeedKind.REMOVE_INS, "", TEST_INS)
    new = INS.replace("260058815400233", "160058815400289")
    replaced = one(adt("A47", f"MRG|{INS}", ids=new, f32="VALI"))
    assert (replaced.kind, replaced.bearer, replaced.patch.ins) == (
        FeedKind.UPSERT,
        TEST_INS,
        Ins("160058815400289", TEST_INS.oid),
    )
    assert one(adt("A47", f"MRG|{INS}", ids=f"{ipp('42')}~{NO_INS}")).bearer is None


def test_a47_of_a_folder_number_is_an_update() -> None:
    """An identifier that is not kept here changes nothing but the traits."""
    assert one(adt("A47", f"MRG|77^^^{AUTHORITY}^AN")).kind is FeedKind.UPSERT


@pytest.mark.parametrize(("event", "kind"), [("A24", FeedKind.LINK), ("A37", FeedKind.UNLINK)])
def test_links_have_two_patients(event: str, kind: FeedKind) -> None:
    """A24 links and A37 unlinks the two PIDs, without touching their traits."""
    told = one(message(msh(event), pid(ids=ipp("1")), pid(ids=ipp("2"))))
    assert (told.kind, told.ipp, told.other_ipp, told.patch.birth_family) == (kind, "1", "2", None)


def test_a_swap_of_beds_updates_both() -> None:
    """A17 carries two patients."""
    events = feed_events(message(msh("A17"), pid(ids=ipp("1")), "PV1||I", pid(ids=ipp("2"))), CHU)
    assert [(e.kind, e.ipp) for e in events] == [(FeedKind.UPSERT, "1"), (FeedKind.UPSERT, "2")]


def test_a_message_without_patient_is_ignored() -> None:
    """A20 speaks of a bed: acknowledged as a sign of life, nothing kept."""
    told = one(message(msh("A20"), "NPU|12"))
    assert (told.kind, told.ipp, told.explains_s) == (FeedKind.IGNORED, "", 0)


def test_the_event_may_stand_in_evn_alone() -> None:
    """Version 2.3.1 senders may leave MSH-9.2 out."""
    told = one(message(foreign_msh("A04").replace("ADT^A04", "ADT"), "EVN|A04|20260306", pid()))
    assert told.event == "A04"


@pytest.mark.parametrize(
    "authority",
    [AUTHORITY, f"&{CHU.oid}&ISO", f"CHU-ESSAI&{CHU.finess}&M", f"&{CHU.finess}&N", "CHU-ESSAI", CHU.finess],
)
def test_the_domain_is_known_by_oid_finess_or_name(authority: str) -> None:
    """The hospital's own domain may be written in each of the ways that senders use."""
    assert one(adt(ids=ipp("42", authority))).ipp == "42"


@pytest.mark.parametrize("authority", [f"&{OTHER.oid}&ISO", "CH-MODELE", f"CHU-ESSAI&{OTHER.finess}&M"])
@pytest.mark.parametrize("place", ["PID", "MRG"])
def test_another_domain_is_refused(authority: str, place: str) -> None:
    """An identifier of another hospital is not this source's to speak of, and the refusal does not repeat it."""
    foreign = ipp("SECRET7", authority)
    content = adt(ids=foreign) if place == "PID" else adt("A40", f"MRG|{foreign}")
    with pytest.raises(NotYourDomain) as refused:
        feed_events(content, CHU)
    assert refused.value.location.startswith(f"{place}^1^")
    assert "SECRET7" not in refused.value.text("fr") + refused.value.text("en")


def test_another_hospitals_identifier_beside_the_own_one_is_dropped() -> None:
    """Of several identifiers the own hospital's is read; another hospital's is not kept as anything."""
    told = one(adt(ids=f"{ipp('9', 'CH-MODELE')}~{ipp('42')}"))
    assert (told.ipp, told.patch.others) == ("42", None)


ERRORS = {
    "no PID": (message(msh("A28"), "EVN||2026"), Malformed, "PID^1"),
    "two PIDs": (message(msh("A28"), pid(), pid()), Malformed, "PID^2"),
    "one PID in a link": (message(msh("A24"), pid()), Malformed, "PID^1"),
    "a link with itself": (message(msh("A24"), pid(), pid()), InvalidValue, "PID^2^3"),
    "no identifier": (adt(ids="1^^^X&9^AN"), Missing, "PID^1^3"),
    "no authority": (adt(ids="42^^^^PI"), Missing, "PID^1^3^1^4"),
    "two identifiers": (adt(ids=f"{ipp('1')}~{ipp('2')}"), InvalidValue, "PID^1^3"),
    "no name": (adt(names=""), Missing, "PID^1^5"),
    "a blank name": (adt(names=" "), Missing, "PID^1^5"),
    "a deleted name": (adt(names='""^^^^^^L'), Missing, "PID^1^5"),
    "no date": (adt(f7="THE FIRST"), InvalidValue, "PID^1^7"),
    "an impossible date": (adt(f7="19810229"), InvalidValue, "PID^1^7"),
    "a merge without MRG": (adt("A40"), Missing, "MRG^1"),
    "a merge without identifier": (adt("A40", f"MRG|{INS}"), Missing, "MRG^1^1"),
    "a merge with itself": (adt("A40", f"MRG|{ipp('42')}"), InvalidValue, "MRG^1^1"),
    "an unknown message": (message(msh().replace("ADT^A28", "ORU^R01"), pid()), UnsupportedMessage, "MSH^1^9"),
    "an unknown event": (adt("R01"), UnsupportedEvent, "MSH^1^9^1^2"),
    "a deletion of the person": (adt("A29"), UnsupportedEvent, "MSH^1^9^1^2"),
    "an old version": (message(msh(version="2.1"), pid()), UnsupportedVersion, "MSH^1^12"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_says_where(name: str) -> None:
    """Each refusal has its HL7 location."""
    content, error, location = ERRORS[name]
    with pytest.raises(error) as refused:
        feed_events(content, CHU)
    assert refused.value.location == location
    assert "MARTIN" not in refused.value.text("en")


def test_what_is_not_identity_is_never_looked_at() -> None:
    """Medical and movement segments may hold anything, even bytes of no charset: they are not decoded."""
    medical = (
        b"PV1||I|UF^\xff\xfe\rDG1|1||\xe9\xe9PSYCHOSE\rOBX|1|TX|||\xff\rZBE|\xff\rNTE|1||\xff\rZFA|\xff\rOBX|\xff\r"
    )
    told = one(adt("A01") + medical)
    assert "PSYCHOSE" not in repr(told)
    assert told.patch == one(adt("A01")).patch


def test_forbidden_fields_are_ignored() -> None:
    """Race, religion, ethnic group, social security number and the old identifier fields are not read."""
    forbidden = {f"f{n}": f"FORBIDDEN{n}" for n in (2, 4, 9, 10, 12, 17, 18, 19, 20, 21, 22, 28)}
    assert "FORBIDDEN" not in repr(one(adt(**forbidden)))
    assert one(adt(**forbidden)).patch == one(adt()).patch


def test_forbidden_fields_are_counted() -> None:
    """How many of them a French message holds is told, and nothing of what they hold."""
    forbidden = {f"f{n}": f"FORBIDDEN{n}" for n in (2, 4, 9, 10, 12, 17, 19, 22, 28)}
    assert read(parse(adt(**forbidden)), CHU).forbidden_count == 9
    assert read(parse(adt()), CHU).forbidden_count == 0


def test_movements_are_counted_and_not_read() -> None:
    """ZBE says where care takes place, which is no identity (law 4): its bytes are not read."""
    movement = b"ZBE|1^GAM|20260306||INSERT|N||\xff\xfe^PSYCHIATRIE\r"
    found = read(parse(adt("A01") + movement * 2), CHU)
    assert found.movement_count == 2 and "PSYCHIATRIE" not in repr(found)
    assert found.events[0].patch == one(adt("A01")).patch


@pytest.mark.parametrize("version", ["2.5^FRA^2.9", "2.5^FRA^2.10", "2.5^FRA^2.11"])
def test_every_french_version_is_read_alike(version: str) -> None:
    """The same events come of a message whatever version of PAM France it announces."""
    fields = {"ids": f"{ipp('42')}~{INS}", "f32": "VALI"}
    assert one(adt("A31", "ZFD||||N|INSI", **fields).replace(b"2.5^FRA^2.11|", f"{version}|".encode())) == one(
        adt("A31", "ZFD||||N|INSI", **fields)
    )


PIECES = st.lists(
    st.sampled_from(
        [
            b"PID|1||42^^^CHU-ESSAI^PI||A^B^^^^^L|||F\r",
            b"MRG|41^^^CHU-ESSAI^PI\r",
            b"PD1||||||||||||Y\r",
            b"ZFD||||Y|INSI\r",
            b"42^^^CHU-ESSAI^PI",
            b"^^^^^^BDL^^2A004",
            *(b"PID|", b"|", b"^", b"~", b"&", b'""', b"\r", b"\xff", b"\\X41\\", b"\x00"),
            *(b"VALI", b"DOUT", b"INS", b"BDL", b"N", b"1.2.250.1.213.1.4.10", b"19800000", b"20260231"),
            *(b"A" * 300, b"9" * 40),
        ]
    ),
    max_size=80,
)


def try_reading(content: bytes) -> None:
    try:
        read(parse(content), CHU)
    except CallerError as error:
        for language in ("fr", "en"):
            error.text(language)


@given(st.sampled_from(["A28", "A31", "A40", "A47", "A24", "A37", "A17", "A20"]), PIECES)
def test_hostile_messages(event: str, pieces: list[bytes]) -> None:
    """Pieces of PAM messages in any order are read or refused as the sender's error."""
    try_reading(message(msh(event, charset="")) + b"".join(pieces))


@given(st.integers(0, 600), st.integers(0, 600), st.binary(max_size=8))
def test_damaged_messages(start: int, stop: int, patch: bytes) -> None:
    """A message with a piece cut out or overwritten is read or refused as the sender's error."""
    whole = adt(
        "A47",
        *(f"MRG|{INS}", "PD1||||||||||||Y", "ZFD||||Y|INSI"),
        ids=f"{ipp('42')}~{INS}",
        f11="1 rue^^LILLE^^59000^FRA^H~^^^^^^BDL^^59350",
        f13="^PRN^PH^^^^^^^^^0320000000",
        f29="20260101",
        f32="VALI~HOMA",
    )
    try_reading(whole[:start] + patch + whole[stop:])


@given(st.dictionaries(st.integers(1, 40), st.text(max_size=40), max_size=12))
def test_any_text_in_any_field(fields: dict[int, str]) -> None:
    """Whatever stands in the fields of PID, the message is read or refused as the sender's error."""
    values = {f"f{n}": v.replace("\r", "").replace("\n", "") for n, v in fields.items() if n not in (3, 5)}
    try_reading(message(msh(), pid(**values).encode("utf-8", "replace").decode()))
