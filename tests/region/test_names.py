"""Names are as concentrated as in life: common where they are common, and half of the people with rare ones."""

import re
from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi.model.person import Sex
from beffroi_region.names import foreign_given_name, foreign_surname, given_name, official
from beffroi_region.origins import ORIGINS
from beffroi_region.places import BIRTHPLACES, TOWNS
from beffroi_region.surnames import EXPLICIT, surname

# INSi's lexical profile (SEL-MP-043 section 2, standards 1.8), hyphen pairs aside.
OFFICIAL = re.compile(r"[A-Z'][A-Z' -]*")


def pairs_alike(counts: Counter[str]) -> float:
    """The share of pairs of people who bear the same name."""
    total = sum(counts.values())
    return sum(n * (n - 1) for n in counts.values()) / (total * (total - 1))


def test_two_people_share_a_surname_as_often_as_in_france() -> None:
    """Two people taken at random bear the same surname once in 5,000 to 9,000 pairs."""
    uniform = Random(1).random
    alike = pairs_alike(Counter(surname(uniform()) for _ in range(60_000)))
    assert 1 / 9_000 < alike < 1 / 5_000


def test_surnames_are_many_and_the_common_ones_distinct() -> None:
    """10,000 surnames are listed without repetition, and a tail of rare ones stands behind them."""
    uniform = Random(2).random
    drawn = {surname(uniform()) for _ in range(50_000)}
    assert len(set(EXPLICIT)) == len(EXPLICIT) == 10_000
    assert len(drawn) > 20_000


@pytest.mark.parametrize(("year", "low", "high"), [(1950, 0.01, 0.04), (1975, 0.008, 0.03), (2020, 0.003, 0.012)])
def test_given_names_become_less_concentrated(year: int, low: float, high: float) -> None:
    """Two people of one sex and year share a given name less often, the younger they are."""
    uniform = Random(year).random
    for sex in (Sex.FEMALE, Sex.MALE):
        alike = pairs_alike(Counter(given_name(year, sex, uniform) for _ in range(20_000)))
        assert low < alike < high


def test_every_origin_of_a_birth_place_has_names() -> None:
    """Whoever is born somewhere can be named."""
    assert {place.origin for place in BIRTHPLACES} <= {"france", *ORIGINS}


@given(origin=st.sampled_from(sorted(ORIGINS)), sex=st.sampled_from([Sex.FEMALE, Sex.MALE]), seed=st.integers(0, 10**6))
def test_foreign_names_have_an_official_spelling(origin: str, sex: Sex, seed: int) -> None:
    """Names in any script's transliteration fit the national service's alphabet."""
    uniform = Random(seed).random
    for name in (foreign_surname(origin, sex, uniform), foreign_given_name(origin, sex, uniform)):
        assert OFFICIAL.fullmatch(official(name)), name


@given(u=st.floats(0, 1, exclude_max=True))
def test_french_surnames_have_an_official_spelling(u: float) -> None:
    """Hyphens, particles and apostrophes included."""
    assert OFFICIAL.fullmatch(official(surname(u)))


def test_places_have_codes_of_their_own() -> None:
    """INSEE codes are five characters, Corsica included, and no two towns of the region share one."""
    codes = [place.place.cog for place in BIRTHPLACES]
    assert all(re.fullmatch(r"\d{5}|2[AB]\d{3}", code) for code in codes)
    assert len(set(codes)) == len(codes)
    assert len({town.cog for town in TOWNS}) == len(TOWNS)
    assert all(town.postal_code[:2] == town.cog[:2] for town in TOWNS)
