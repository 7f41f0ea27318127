"""What hospitals know: the truth is kept beside, statuses mean what they say, and errors are where they belong."""

from collections import Counter, defaultdict
from datetime import date
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beffroi.identity.matching import Standing, partition, strict_key
from beffroi.identity.normalise import name_key
from beffroi.identity.status import carried_ins, settled
from beffroi.model.person import IdentityAttribute, IdentityId, IdentityStatus
from beffroi_region.local_identities import LocalIdentity, Region

AS_OF = date(2026, 11, 24)


@cache
def region() -> Region:
    """20,000 people and five hospitals."""
    return Region(20_000, 5, 2026, AS_OF)


@cache
def identities() -> tuple[LocalIdentity, ...]:
    """All its identities, made once."""
    return tuple(region())


@settings(max_examples=15, deadline=None)
@given(size=st.integers(1, 80), hospitals=st.integers(1, 12), seed=st.integers(0, 2**32), data=st.data())
def test_identities_are_the_same_alone_and_among_others(
    size: int, hospitals: int, seed: int, data: st.DataObject
) -> None:
    """The identities of person n do not depend on what was made before; each person has at least one."""
    number = data.draw(st.integers(0, size - 1))
    whole = Region(size, hospitals, seed, AS_OF)
    everything = [whole.identities_of(person) for person in whole.people]
    assert all(everything)
    assert Region(size, hospitals, seed, AS_OF).identities(number) == everything[number]


def test_people_are_known_to_two_hospitals_on_average() -> None:
    """About 100,000 identities for 50,000 people."""
    assert 1.9 < len(identities()) / region().people.size < 2.15


def test_every_identifier_is_used_once() -> None:
    """No two identities of a hospital share an IPP."""
    assert len({(i.hospital_id, i.ipp) for i in identities()}) == len(identities())


def test_statuses_are_distributed_and_agree_with_what_is_carried() -> None:
    """All four statuses occur; only a qualified identity has an INS; nothing needs to be settled."""
    counts = Counter(i.record.status for i in identities())
    assert set(counts) == set(IdentityStatus)
    assert 0.45 < counts[IdentityStatus.QUALIFIED] / len(identities()) < 0.65
    for identity in identities():
        assert settled(identity.record) == identity.record
        assert (carried_ins(identity.record) is not None) == (identity.record.status is IdentityStatus.QUALIFIED)


def test_checked_identities_have_the_true_traits() -> None:
    """Qualified and validated identities differ from the truth by spelling alone."""
    for identity in identities()[:5_000]:
        if identity.record.status in (IdentityStatus.QUALIFIED, IdentityStatus.VALIDATED):
            assert identity.person is not None
            truth = region().people[identity.person].record
            assert name_key(identity.record.birth_family) == name_key(truth.birth_family)
            assert name_key(identity.record.birth_given_list) == name_key(truth.birth_given_list)
            assert identity.record.birth_date == truth.birth_date
            assert identity.record.birth_place == truth.birth_place


def test_the_strict_cross_reference_never_joins_two_people() -> None:
    """The deterministic matching of the product makes no wrong join of the region, and finds most right ones."""
    standings, owner = [], {}
    for number, identity in enumerate(identities(), 1):
        ins = carried_ins(identity.record)
        standings.append(
            Standing(IdentityId(number), strict_key(identity.record), f"{ins.value}|{ins.oid}" if ins else None)
        )
        owner[number] = identity.person if identity.person is not None else -number
    cells = partition(standings)
    assert all(len({owner[number] for number in cell}) == 1 for cell in cells)
    linked = sum(len(cell) for cell in cells if len(cell) > 1)
    assert linked > 0.3 * len(standings)


def test_errors_stay_in_provisional_identities() -> None:
    """Some provisional identities differ from the truth in name, date, sex or place; that is what matching is for."""
    wrong: Counter[str] = Counter()
    for identity in identities():
        if identity.person is None or identity.record.status is not IdentityStatus.PROVISIONAL:
            continue
        truth = region().people[identity.person].record
        wrong["family"] += name_key(identity.record.birth_family) != name_key(truth.birth_family)
        wrong["given"] += name_key(identity.record.birth_given) != name_key(truth.birth_given)
        wrong["date"] += identity.record.birth_date != truth.birth_date
        wrong["sex"] += identity.record.sex != truth.sex
        wrong["place"] += identity.record.birth_place != truth.birth_place
    assert all(wrong[trait] > 10 for trait in ("family", "given", "date", "sex", "place")), wrong


@pytest.mark.parametrize(
    "attribute",
    [
        IdentityAttribute.DOUBTFUL,
        IdentityAttribute.FICTITIOUS,
        IdentityAttribute.ANONYMOUS,
        IdentityAttribute.HOMONYM,
        IdentityAttribute.POTENTIAL_DUPLICATE,
    ],
)
def test_every_attribute_occurs(attribute: IdentityAttribute) -> None:
    """Doubtful, fictitious, unidentified, homonymous and suspected duplicates are there."""
    assert any(attribute in identity.record.attributes for identity in identities())


def test_fictitious_identities_are_nobodys() -> None:
    """A record made for a test belongs to no person, and every other one to somebody."""
    for identity in identities():
        assert (identity.person is None) == (IdentityAttribute.FICTITIOUS in identity.record.attributes)


def test_duplicates_name_the_identity_that_was_there() -> None:
    """A duplicate belongs to the same person in the same hospital as the identity that it names."""
    known = {(i.hospital_id, i.ipp): i for i in identities()}
    duplicates = [i for i in identities() if i.duplicate_of]
    assert 0.02 < len(duplicates) / region().people.size < 0.04
    assert all(known[d.hospital_id, d.duplicate_of].person == d.person for d in duplicates)


def test_protected_people_and_the_sensitive_hospital_are_there() -> None:
    """A few identities are under protected access; the last hospital is psychiatric and knows a few per cent."""
    share = sum(i.record.restricted for i in identities()) / len(identities())
    assert 0.001 < share < 0.01
    last = region().sites[-1]
    assert last.hospital.sensitive
    known: dict[int, set[int]] = defaultdict(set)
    for identity in identities():
        if identity.person is not None:
            known[identity.hospital_id].add(identity.person)
    assert 0.02 < len(known[last.number]) / region().people.size < 0.12
