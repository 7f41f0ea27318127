"""What is usual: proposed from medians, signed by people, read by the gates."""

from functools import partial

import pytest

from beffroi.actions.norms import ACCOUNTS_MIN, apply, proposed, sign, signed_by_one_of
from beffroi.actions.surroundings import Expectations, KnownSurroundings
from beffroi.ledger.checkpoint import SigningKey
from beffroi.model.account import Role
from beffroi.model.person import HospitalId
from beffroi.store.norms import AccountShare, NormStore
from beffroi.store.surroundings import SurroundingsStore
from beffroi.watch.norms import BASE_RATE_MAX, NORMS

KEY, OTHER = SigningKey("norms.example", bytes(32)), SigningKey("norms.example", bytes([1]) * 32)
HEAD = '{"format": "beffroi-norms/1", "at": "2026-11-24", "norms": [{"role": "ward_nurse", '
TEXT = HEAD + '"base_rate": 0.16, "hospital": 2}]}\n'


def share(unexplained: int, hospital: int = 1) -> AccountShare:
    return AccountShare("ward_nurse", hospital, 100 - unexplained, unexplained)


def test_no_account_teaches_the_watch() -> None:
    """A third of the accounts, however they read, hardly move the median; and nothing goes beyond the bound."""
    honest = [share(4)] * 2 * ACCOUNTS_MIN
    assert proposed([*honest, *[share(100)] * (ACCOUNTS_MIN - 1)])[0].base_rate == 0.04
    assert proposed([share(100)] * ACCOUNTS_MIN)[0].base_rate == BASE_RATE_MAX


def test_a_site_with_few_accounts_has_no_median_of_its_own() -> None:
    """Below the least number only the region's is proposed."""
    found = proposed([*[share(4)] * ACCOUNTS_MIN, share(40, hospital=2)])
    assert [(norm.hospital, norm.base_rate) for norm in found] == [(0, 0.04), (1, 0.04)]


async def test_a_signed_release_is_in_force_at_the_next_look(database, clock) -> None:
    """At its site alone; elsewhere the built-in norm holds."""
    store, keys = NormStore(database), (KEY.verifier(),)
    around = KnownSurroundings(SurroundingsStore(database), clock, Expectations({}, partial(signed_by_one_of, keys)))
    await apply(store, sign(TEXT, KEY), keys)
    await around.look()
    assert around.norm(Role.WARD_NURSE, HospitalId(2)).base_rate == 0.16
    assert around.norm(Role.WARD_NURSE, HospitalId(1)) == NORMS[Role.WARD_NURSE]


async def test_what_no_key_of_ours_signed_is_refused_twice(database, clock) -> None:
    """When it is applied, and, were it in the table all the same, when a gate reads it."""
    store, keys = NormStore(database), (KEY.verifier(),)
    for note in (sign(TEXT, OTHER), TEXT, sign(TEXT, KEY).replace("0.16", "0.17")):
        with pytest.raises(ValueError):
            await apply(store, note, keys)
    await store.apply(TEXT, sign(TEXT, OTHER)[len(TEXT) + 1 :])
    around = KnownSurroundings(SurroundingsStore(database), clock, Expectations({}, partial(signed_by_one_of, keys)))
    await around.look()
    assert around.norm(Role.WARD_NURSE, HospitalId(2)) == NORMS[Role.WARD_NURSE]


@pytest.mark.parametrize(
    "norm",
    ['"base_rate": 0.4', '"base_rate": 0.1, "ceiling": [181, 900, 5000]', '"base_rate": 0.1, "volume": 61'],
)
def test_a_release_beyond_the_fixed_bounds_is_not_even_signed(norm: str) -> None:
    """Whoever signs."""
    with pytest.raises(ValueError):
        sign(HEAD + norm + "}]}", KEY)
