"""Two identities side by side: what agrees, what contradicts, and what keeps them apart."""

from datetime import date

import pytest

from beffroi.identity.comparison import STRICT, Agreement, Compared, Obstacle, Remark, Trait, compared, obstacles
from beffroi.identity.matching import Standing, partition, strict_key
from beffroi.identity.status import carried_ins
from beffroi.model.person import (
    OID_INS_NIR_TEST,
    BirthPlace,
    IdentityAttribute,
    IdentityId,
    IdentityStatus,
    Ins,
    Record,
    Sex,
)
from requests_and_records import record

LOUISE = record("MARTIN", "Louise")
INS = Ins("280055935000112", OID_INS_NIR_TEST)


@pytest.mark.parametrize(
    ("other", "found"),
    [
        (record("Martin", "LOUISE"), []),
        (record("DUPONT", "Louise"), [Compared(Trait.FAMILY, Agreement.DIFFERENT)]),
        (record("DUPONT", "Louise", used_family="Martin"), [(Trait.FAMILY, Remark.NAME_IN_USE)]),
        (record("LOUISE", "Martin"), [(Trait.FAMILY, Remark.NAMES_EXCHANGED), Trait.GIVEN]),
        (record("MARTIN", "Louise", birth_given_list="LOUISE MARIE"), [(Trait.GIVEN, Remark.MORE_NAMES)]),
        (record("MARTIN", "Louise", sex=Sex.MALE), [Trait.SEX]),
        (record("MARTIN", "Louise", birth_date=date(1980, 5, 18)), [Trait.BORN]),
        (record("MARTIN", "Louise", birth_place=BirthPlace("59009", "Villeneuve")), [Trait.PLACE]),
    ],
)
def test_what_differs_is_named(other: Record, found: list[object]) -> None:
    """Each difference by its trait, with what is usual about it; writing and accents are none."""
    differing = [one for one in compared(LOUISE, other, STRICT) if one.agreement is not Agreement.SAME]
    assert len(differing) == len(found)
    for one, expected in zip(differing, found, strict=True):
        assert expected in (one, one.trait, (one.trait, one.remark))


def test_an_exchanged_date_is_seen() -> None:
    """5 March and 3 May of one year."""
    one, other = record("A", "B", birth_date=date(1980, 3, 5)), record("A", "B", birth_date=date(1980, 5, 3))
    assert Compared(Trait.BORN, Agreement.DIFFERENT, Remark.EXCHANGED) in compared(one, other)


def test_what_nobody_knows_contradicts_nothing() -> None:
    """An indeterminate sex, a place 99999 and an absent INS are unknown, not equal and not different."""
    other = record("MARTIN", "Louise", sex=Sex.UNKNOWN, birth_place=BirthPlace("99999"))
    agreements = {one.trait: one.agreement for one in compared(LOUISE, other)}
    assert agreements[Trait.SEX] == agreements[Trait.PLACE] == agreements[Trait.INS] == Agreement.UNKNOWN


@pytest.mark.parametrize(
    "other",
    [
        LOUISE,
        record("MARTIN", "Louise", status=IdentityStatus.PROVISIONAL),
        record("MARTIN", "Louise", attributes=(IdentityAttribute.DOUBTFUL,)),
        record("MARTIN", "Louise", sex=Sex.UNKNOWN),
        record("MARTIN", "Louise", birth_place=BirthPlace("99999")),
        record("MARTIN", "Louise", sex=Sex.MALE),
        record("MARTIN", "Lou"),
        record("MARTIN", "Louise", status=IdentityStatus.QUALIFIED, ins=INS),
    ],
)
def test_an_obstacle_is_said_where_matching_joins_not_and_nowhere_else(other: Record) -> None:
    """The reasons are those of the rules that join: twins of one another."""
    standings = [
        Standing(IdentityId(number), strict_key(one), ins.value if (ins := carried_ins(one)) else None)
        for number, one in enumerate((LOUISE, other), start=1)
    ]
    joined = len(partition(standings)) == 1
    assert joined == (obstacles(LOUISE, other) == ())


def test_two_ins_stand_between() -> None:
    """Equal traits and two qualified INS: two people, or an INS that is another's."""
    one, other = (
        record("MARTIN", "Louise", status=IdentityStatus.QUALIFIED, ins=Ins(value, OID_INS_NIR_TEST))
        for value in ("280055935000112", "280055935000209")
    )
    assert obstacles(one, other) == (Obstacle.OTHER_INS,)
