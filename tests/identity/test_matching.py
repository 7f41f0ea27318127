"""The cross-reference: a function of a set, equal to its naive twin."""

from datetime import date
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from beffroi.identity.matching import Link, Standing, partition, persons, strict_key
from beffroi.model.person import OID_INS_NIR_TEST, BirthPlace, IdentityAttribute, IdentityStatus, Ins, Record, Sex
from twins.matching_twin import naive_partition

DARK = Record(
    birth_family="Dark",
    birth_given="Jeanne",
    birth_given_list="JEANNE MARIE",
    birth_date=date(1960, 5, 30),
    sex=Sex.FEMALE,
    birth_place=BirthPlace(cog="88154"),
    status=IdentityStatus.VALIDATED,
)
SMALL_GROUP_MAX = 4


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Standing], list[Link]]:
    """A few identities that meet often: few keys, few INS, links, merges (circles too)."""
    count = draw(st.integers(1, 9))
    numbers = list(range(1, count + 1))
    identities = [
        Standing(
            n,
            draw(st.sampled_from([None, b"k", b"k", b"m"])),
            draw(st.sampled_from([None, None, "1|x", "2|x"])),
            draw(st.sampled_from([None, None, None, *numbers])),
        )
        for n in numbers
    ]
    hospitals = {n: draw(st.sampled_from([None, None, None, 8, 9])) for n in numbers}  # where: a sensitive one
    identities = [
        replace(
            i,
            hidden_by=hospitals[i.identity_id],
            merged_into=i.merged_into if hospitals.get(i.merged_into) == hospitals[i.identity_id] else None,
        )
        for i in identities
    ]
    pairs = st.tuples(st.sampled_from(numbers), st.sampled_from([*numbers, 99]), st.booleans())
    links = [Link(a, b, linked) for a, b, linked in draw(st.lists(pairs, max_size=5)) if a != b]
    return identities, links


@given(worlds())
def test_the_cross_reference_equals_its_naive_twin(world: tuple[list[Standing], list[Link]]) -> None:
    """Asking every pair gives the same persons."""
    cells = partition(*world, group_size_max=SMALL_GROUP_MAX)
    assert {frozenset(cell) for cell in cells} == naive_partition(*world, SMALL_GROUP_MAX)


@given(worlds(), st.randoms())
def test_the_order_of_arrival_changes_nothing(world: tuple[list[Standing], list[Link]], random: Random) -> None:
    """Shuffled identities and links make the same persons."""
    identities, links = list(world[0]), list(world[1])
    random.shuffle(identities)
    random.shuffle(links)
    assert partition(identities, links) == partition(*world)


@given(worlds())
def test_each_identity_is_one_person(world: tuple[list[Standing], list[Link]]) -> None:
    """Nobody is lost, nobody is twice."""
    numbers = [number for cell in partition(*world) for number in cell]
    assert sorted(numbers) == sorted(i.identity_id for i in world[0])


@given(worlds(), worlds())
def test_strangers_do_not_matter(
    one: tuple[list[Standing], list[Link]], two: tuple[list[Standing], list[Link]]
) -> None:
    """A set without common key, link or merge may be left out: the store recomputes only what an event touches."""
    far = 100
    others = [
        Standing(
            i.identity_id + far,
            None if i.strict_key is None else i.strict_key + b"far",
            i.ins,
            None if i.merged_into is None else i.merged_into + far,
        )
        for i in two[0]
    ]
    other_links = [Link(k.a + far, k.b + far, k.linked) for k in two[1]]
    known = {i.identity_id for i in one[0]}
    links = [k for k in one[1] if k.b in known]
    whole = partition(one[0] + others, links + other_links)
    assert [cell for cell in whole if cell[0] < far] == partition(one[0], links)


@given(worlds())
def test_the_same_ins_with_other_traits_never_links(world: tuple[list[Standing], list[Link]]) -> None:
    """Without a hospital's own link or merge, two identities of one person have one strict key."""
    identities = [replace(i, merged_into=None) for i in world[0]]
    keys = {i.identity_id: i.strict_key for i in identities}
    for cell in partition(identities):
        assert len(cell) == 1 or len({keys[n] for n in cell}) == 1


@given(worlds())
def test_two_ins_are_never_one_person_by_traits(world: tuple[list[Standing], list[Link]]) -> None:
    """Without a hospital's own link or merge, one person has one INS at most."""
    identities = [replace(i, merged_into=None) for i in world[0]]
    ins = {i.identity_id: i.ins for i in identities}
    for cell in partition(identities):
        assert len({ins[n] for n in cell} - {None}) <= 1


@given(worlds())
def test_what_a_hospital_separates_is_never_one_person(world: tuple[list[Standing], list[Link]]) -> None:
    """An unlinked pair is two people, whatever links lead from one to the other; only a merge outweighs it."""
    identities = [replace(i, merged_into=None) for i in world[0]]
    person = persons(partition(identities, world[1]))
    for link in world[1]:
        if not link.linked and link.b in person:
            assert person[link.a] != person[link.b]


def test_a_person_bears_the_number_of_its_oldest_identity() -> None:
    """A person's number is the smallest identity number of the cell, a merged one's included."""
    assert persons(partition([Standing(7, b"k"), Standing(5, b"k"), Standing(2, merged_into=7)])) == {2: 2, 5: 2, 7: 2}


def test_contradicting_ins_leave_the_others_alone() -> None:
    """With two INS in a group, equal ones form a cell each and who has none stands alone."""
    group = [Standing(1, b"k", "A|o"), Standing(2, b"k"), Standing(3, b"k", "B|o"), Standing(4, b"k", "A|o")]
    assert partition(group) == [(1, 4), (2,), (3,)]


def test_a_link_joins_and_an_unlink_stands_outside() -> None:
    """A24 joins two identities of other traits; A37 takes both out of automatic linking."""
    assert partition([Standing(1, b"k"), Standing(2, b"m"), Standing(3, b"m")], [Link(1, 2, True)]) == [(1, 2, 3)]
    assert partition([Standing(1, b"k"), Standing(2, b"k"), Standing(3, b"k")], [Link(1, 2, False)]) == [
        (1,),
        (2,),
        (3,),
    ]


def test_a_crowd_with_one_key_is_a_placeholder() -> None:
    """A group larger than a region can explain is not linked at all."""
    crowd = [Standing(n, b"k") for n in range(1, SMALL_GROUP_MAX + 2)]
    assert len(partition(crowd, group_size_max=SMALL_GROUP_MAX)) == SMALL_GROUP_MAX + 1
    assert len(partition(crowd[:-1], group_size_max=SMALL_GROUP_MAX)) == 1


@pytest.mark.parametrize(
    "same",
    [
        replace(DARK, birth_family="DARK", birth_given="JEANNE-MARIE"),
        replace(DARK, birth_given_list="Jeanne-Marie"),
        replace(DARK, status=IdentityStatus.QUALIFIED),
        replace(DARK, used_family="Martin", nationality="FRA"),
        replace(DARK, birth_given="JEANNE MARIE", birth_given_list=""),
        replace(DARK, attributes=(IdentityAttribute.HOMONYM,)),
    ],
)
def test_strict_traits_are_compared_after_normalisation(same: Record) -> None:
    """Case, accents, separators and everything that is no strict trait do not distinguish."""
    assert strict_key(same) == strict_key(DARK) is not None


@pytest.mark.parametrize(
    "other",
    [
        replace(DARK, birth_family="Darc"),
        replace(DARK, birth_given_list="JEANNE"),
        replace(DARK, birth_date=date(1960, 5, 31)),
        replace(DARK, sex=Sex.MALE),
        replace(DARK, birth_place=BirthPlace(cog="88155")),
    ],
)
def test_one_other_strict_trait_is_another_key(other: Record) -> None:
    """Each of the five traits counts."""
    assert strict_key(other) not in (None, strict_key(DARK))


@pytest.mark.parametrize(
    "without",
    [
        replace(DARK, birth_family=" - "),
        replace(DARK, birth_given="", birth_given_list=""),
        replace(DARK, birth_date=None),
        replace(DARK, sex=Sex.UNKNOWN),
        replace(DARK, birth_place=BirthPlace()),
        replace(DARK, birth_place=BirthPlace(cog="99999")),
        replace(DARK, birth_place=BirthPlace(cog="Paris")),
        replace(DARK, status=IdentityStatus.PROVISIONAL),
        replace(DARK, birth_date_interpreted=True),
        replace(DARK, attributes=(IdentityAttribute.UNNAMED_NEWBORN,)),
    ],
)
def test_a_missing_trait_or_a_doubt_is_no_key(without: Record) -> None:
    """What is unknown is not equal to another unknown."""
    assert strict_key(without) is None


def test_a_completed_birth_date_joins_by_the_same_ins_only() -> None:
    """INSi completes the dates of many people alike: the INS makes the difference; a guessed date joins nobody."""
    completed = replace(DARK, birth_date_interpreted=True, status=IdentityStatus.QUALIFIED)
    one, other = (Ins(value, OID_INS_NIR_TEST) for value in ("297022A02077878", "236066322083656"))
    keys = {strict_key(replace(completed, ins=ins)) for ins in (one, one, other)}
    assert len(keys) == 2 and None not in keys
    assert strict_key(replace(completed, status=IdentityStatus.VALIDATED, ins=None)) is None


@given(worlds())
def test_sensitive_hospitals_join_part_and_renumber_nobody(world: tuple[list[Standing], list[Link]]) -> None:
    """Everybody else's person is what it would be if no sensitive hospital existed."""
    identities, links = world
    others = [i for i in identities if i.hidden_by is None]
    numbers = persons(partition(*world, group_size_max=SMALL_GROUP_MAX))
    without = persons(partition(others, links, group_size_max=SMALL_GROUP_MAX))
    assert {i.identity_id: numbers[i.identity_id] for i in others} == without
