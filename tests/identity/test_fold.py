"""Events folded into identities, one at a time."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from beffroi.errors import InvalidValue, Missing, UnknownIdentity
from beffroi.identity.fold import IPP_LENGTH_MAX, Arrival, Change, Known, apply, patched
from beffroi.identity.matching import Link
from beffroi.model.feed import FeedEvent, FeedKind, Patch
from beffroi.model.person import (
    OID_INS_NIR_TEST,
    HospitalId,
    Identity,
    IdentityAttribute,
    IdentityId,
    IdentityState,
    IdentityStatus,
    Ins,
    PersonId,
    Record,
    Sex,
)
from twins.register_twin import RegisterTwin

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
INS = Ins("297022A02077878", OID_INS_NIR_TEST)
OTHER_INS = Ins("236066322083656", OID_INS_NIR_TEST)
HOSPITAL = HospitalId(1)
FEED, OTHER_FEED = 70, 71
DARK = Patch(birth_family="DARK", birth_given="JEANNE", birth_date=date(1960, 5, 30), sex=Sex.FEMALE)
QUALIFIED = Record(birth_family="DARK", status=IdentityStatus.QUALIFIED, ins=INS)


def event(kind: str, ipp: str = "1", other: str = "", patch: Patch = DARK, explains_s: int = 0) -> FeedEvent:
    return FeedEvent(FeedKind(kind), HOSPITAL, ipp, patch, other, explains_s=explains_s)


def identity(number: int, merged_into: int | None = None, record: Record | None = None) -> Identity:
    state = IdentityState.ACTIVE if merged_into is None else IdentityState.MERGED
    survivor = None if merged_into is None else IdentityId(merged_into)
    return Identity(
        IdentityId(number), HOSPITAL, str(number), PersonId(number), state, record or Record(birth_family="X"), survivor
    )


def fold(known: Known, what: FeedEvent, at: datetime = NOW, account: int = FEED) -> Change:
    return apply(known, what, Arrival(at, account, IdentityId(99)))


# --- patches


def test_what_a_message_does_not_mention_is_kept_and_what_is_empty_is_deleted() -> None:
    """None keeps, "" deletes."""
    record = Record(birth_family="DARK", used_family="MARTIN", nationality="FRA")
    assert patched(record, Patch(used_family="")) == Record(birth_family="DARK", nationality="FRA")


def test_a_used_name_is_never_filled() -> None:
    """A birth name alone leaves the used name empty (EXI ID 08)."""
    assert patched(Record(), DARK).used_family == ""


@pytest.mark.parametrize("attribute", ["DOUT", "FICT"])
def test_doubt_takes_the_status_and_the_ins(attribute: str) -> None:
    """DOUT or FICT on a qualified identity: provisional, INS dropped (EXI SI 09)."""
    after = patched(QUALIFIED, Patch(attributes=(IdentityAttribute(attribute),), status=IdentityStatus.QUALIFIED))
    assert (after.status, after.ins) == (IdentityStatus.PROVISIONAL, None)


def test_a_new_strict_trait_without_a_status_reopens_the_identity() -> None:
    """A qualified identity whose name changes without a word about its status is provisional."""
    after = patched(QUALIFIED, Patch(birth_family="DARC"))
    assert (after.status, after.ins) == (IdentityStatus.PROVISIONAL, None)
    assert patched(QUALIFIED, Patch(birth_family="DARK", nationality="FRA")).ins == INS
    restated = patched(QUALIFIED, Patch(birth_family="DARC", status=IdentityStatus.VALIDATED))
    assert (restated.status, restated.ins) == (IdentityStatus.QUALIFIED, INS)


def test_a_provisional_status_deletes_the_ins() -> None:
    """PID-32 PROV on a qualified identity: the INS goes (PAM FR 4.4.4)."""
    assert patched(QUALIFIED, Patch(status=IdentityStatus.PROVISIONAL)).ins is None


def test_an_ins_without_a_status_is_not_taken() -> None:
    """An INS that no VALI accompanies is dropped; the one that was qualified stays."""
    assert patched(Record(status=IdentityStatus.VALIDATED), Patch(ins=INS)).ins is None
    assert patched(QUALIFIED, Patch(ins=OTHER_INS)).ins == INS
    assert patched(QUALIFIED, Patch(ins=OTHER_INS, status=IdentityStatus.QUALIFIED)).ins == OTHER_INS


def test_removing_the_ins_leaves_a_validated_identity() -> None:
    """The deletion of an INS changes QUAL into VALI; a PID-32 beside it decides otherwise (PAM FR 4.4.3)."""
    (after,) = fold(Known(identity(1, record=QUALIFIED)), event("remove_ins", patch=Patch())).identities
    assert (after.record.status, after.record.ins) == (IdentityStatus.VALIDATED, None)
    said = event("remove_ins", patch=Patch(status=IdentityStatus.PROVISIONAL))
    (after,) = fold(Known(identity(1, record=QUALIFIED)), said).identities
    assert after.record.status is IdentityStatus.PROVISIONAL


# --- creation and update


def test_an_update_of_an_unknown_identifier_creates_it() -> None:
    """An A31 may be the first that is heard of a patient."""
    (new,) = fold(Known(), event("upsert", patch=DARK, explains_s=60)).identities
    assert (new.identity_id, new.person_id, new.ipp, new.state) == (99, 99, "1", IdentityState.ACTIVE)
    assert (new.explains_until, new.fed_by, new.updated_at) == (NOW + timedelta(seconds=60), FEED, NOW)


def test_a_message_that_says_nothing_creates_nothing() -> None:
    """An unknown identifier without any name is an error."""
    for kind in ("upsert", "remove_ins", "merge", "change_identifier"):
        for patch in (Patch(), Patch(birth_family="", sex=Sex.FEMALE)):
            with pytest.raises(UnknownIdentity):
                fold(Known(), event(kind, other="2", patch=patch))


@pytest.mark.parametrize("ipp", ["7" * (IPP_LENGTH_MAX + 1), "7\x007", " 7", "7\n"])
def test_an_identifier_is_bounded_and_printable(ipp: str) -> None:
    """What cannot be an identifier is refused without being repeated."""
    with pytest.raises(InvalidValue) as caught:
        fold(Known(), event("upsert", ipp=ipp))
    assert ipp not in str(caught.value)


def test_an_identifier_is_required() -> None:
    """An event without its identifiers is refused."""
    with pytest.raises(Missing):
        fold(Known(), event("upsert", ipp=""))
    with pytest.raises(Missing):
        fold(Known(identity(1)), event("merge", other=""))
    with pytest.raises(InvalidValue):
        fold(Known(identity(1)), event("merge", other="1"))


def test_activity_alone_is_no_update() -> None:
    """A message that changes no trait explains, and leaves the time of the last change."""
    before = replace(identity(1, record=patched(Record(), DARK)), updated_at=NOW - timedelta(days=9))
    (after,) = fold(Known(before), event("upsert", explains_s=60)).identities
    assert after.updated_at == before.updated_at
    assert after.explains_until == NOW + timedelta(seconds=60)


def test_the_later_explanation_stands() -> None:
    """explains_until never shrinks, and the account is the one whose explanation stands."""
    before = replace(identity(1), explains_until=NOW + timedelta(seconds=90), fed_by=FEED)
    (after,) = fold(Known(before), event("upsert", explains_s=60), account=OTHER_FEED).identities
    assert (after.explains_until, after.fed_by) == (before.explains_until, FEED)
    (after,) = fold(Known(before), event("upsert", explains_s=91), account=OTHER_FEED).identities
    assert (after.explains_until, after.fed_by) == (NOW + timedelta(seconds=91), OTHER_FEED)
    (after,) = fold(Known(before), event("upsert"), account=OTHER_FEED).identities
    assert after.fed_by == FEED


def test_work_under_a_subsumed_identifier_explains_the_survivor() -> None:
    """Late messages under the old identifier keep its record apart and explain the person."""
    old, survivor = identity(2, merged_into=1), identity(1)
    after, explained = fold(Known(old, None, (survivor,)), event("upsert", "2", explains_s=60)).identities
    assert after.state is IdentityState.MERGED and after.record.birth_family == "DARK"
    assert explained == replace(survivor, explains_until=NOW + timedelta(seconds=60), fed_by=FEED)


# --- merges and changes


def by_number(change: Change) -> dict[int, Identity]:
    return {i.identity_id: i for i in change.identities}


def test_a_merge_subsumes_and_hands_on_its_explanation() -> None:
    """A40: the subsumed identity points to its survivor, which is explained as it was."""
    subsumed = replace(identity(2), explains_until=NOW + timedelta(days=1), fed_by=OTHER_FEED)
    after = by_number(fold(Known(identity(1), subsumed), event("merge", "1", "2")))
    assert (after[2].state, after[2].merged_into) == (IdentityState.MERGED, 1)
    assert (after[1].state, after[1].record.birth_family) == (IdentityState.ACTIVE, "DARK")
    assert (after[1].explains_until, after[1].fed_by) == (subsumed.explains_until, OTHER_FEED)


def test_a_merge_into_an_unknown_survivor_makes_it() -> None:
    """The survivor inherits the traits that the message does not mention."""
    subsumed = identity(2, record=Record(birth_family="X", nationality="FRA"))
    after = by_number(fold(Known(None, subsumed), event("merge", "1", "2")))
    assert after[99].record == patched(subsumed.record, DARK)
    assert after[2].merged_into == 99


def test_a_merge_of_an_unknown_identity_updates_the_survivor() -> None:
    """What can be applied is applied."""
    (after,) = fold(Known(identity(1)), event("merge", "1", "2")).identities
    assert after.record.birth_family == "DARK"


def test_a_reversed_merge_brings_the_survivor_back() -> None:
    """1 was merged into 2, now 2 is merged into 1: no circle."""
    one, two = identity(1, merged_into=2), identity(2)
    after = by_number(fold(Known(one, two, (two,)), event("merge", "1", "2")))
    assert (after[1].state, after[1].merged_into) == (IdentityState.ACTIVE, None)
    assert (after[2].state, after[2].merged_into) == (IdentityState.MERGED, 1)


def test_a_change_of_identifier_keeps_the_identity() -> None:
    """A47: same number, new identifier."""
    (after,) = fold(Known(None, identity(2)), event("change_identifier", "1", "2")).identities
    assert (after.identity_id, after.ipp, after.record.birth_family) == (2, "1", "DARK")


def test_a_change_to_an_identifier_in_use_is_a_merge() -> None:
    """Two identities, one identifier: the old one is subsumed."""
    after = by_number(fold(Known(identity(1), identity(2)), event("change_identifier", "1", "2")))
    assert after[2].merged_into == 1


def test_a_change_from_an_unknown_identifier_is_an_update() -> None:
    """The second time that a change is told, it is already true."""
    (after,) = fold(Known(identity(1)), event("change_identifier", "1", "2")).identities
    assert (after.identity_id, after.record.birth_family) == (1, "DARK")


@pytest.mark.parametrize(("kind", "linked"), [("link", True), ("unlink", False)])
def test_a_link_is_an_ordered_assertion(kind: str, linked: bool) -> None:
    """A24 and A37 assert about two known identities; the smaller number comes first."""
    assert fold(Known(identity(5), identity(3)), event(kind, "5", "3")).link == Link(3, 5, linked)
    with pytest.raises(UnknownIdentity):
        fold(Known(identity(5)), event(kind, "5", "3"))


def test_an_ignored_event_changes_nothing() -> None:
    """Nothing for an identity server: not even an identifier is looked at."""
    assert fold(Known(), event("ignored", ipp="")) == Change()


ipps = st.sampled_from("1234")
moves = st.builds(
    event, st.sampled_from(["upsert", "merge", "merge", "change_identifier", "link", "unlink"]), ipps, ipps
)


@given(st.lists(moves, max_size=25))
def test_no_history_makes_a_circle_or_two_holders_of_an_identifier(events: list[FeedEvent]) -> None:
    """Whatever the order of merges, reversals and changes, every chain ends and identifiers stay unique."""
    register = RegisterTwin()
    for one in events:
        register.apply(one, FEED, NOW)
        for held in register.identities.values():
            chain = register.chain(held)
            assert (held.state is IdentityState.MERGED) == bool(chain)
        held_ipps = [i.ipp for i in register.identities.values()]
        assert len(held_ipps) == len(set(held_ipps))


@given(st.lists(moves, max_size=12), moves)
def test_an_event_told_twice_is_an_event_told_once(events: list[FeedEvent], last: FeedEvent) -> None:
    """Applying the same event again at once changes nothing more, save a change of identifier, which is then known."""
    register = RegisterTwin()
    for one in events:
        register.apply(one, FEED, NOW)
    register.apply(last, FEED, NOW)
    before = dict(register.identities)
    register.apply(last, FEED, NOW)
    assert register.identities == before
