"""Evidence across accounts."""

from hypothesis import given
from hypothesis import strategies as st

from beffroi.watch.federated import FLOOR, POINTS_MAX, Standing, weighed

NETWORK = ("network", "192.0.2.0/24")


def test_nobody_is_suspected_for_what_they_did_alone() -> None:
    """One account, however high, is worth nothing to itself by its own channels."""
    assert weighed([Standing(1, 90_000, (NETWORK, ("device", "ab")))], {}) == {}


def test_honest_noise_below_the_floor_is_worth_nothing() -> None:
    """Five hundred accounts of one hospital's network, each a little unlucky."""
    assert weighed([Standing(n, FLOOR, (NETWORK,)) for n in range(500)], {}) == {}


def test_a_shared_device_is_divided_by_its_users() -> None:
    """Thirty people at one workstation are not thirty accomplices."""
    standings = [Standing(n, FLOOR + 6_000, (("device", "ab"),)) for n in range(3)]
    assert weighed(standings, {"ab": 3}) == {("device", "ab"): 6_000}
    assert weighed(standings, {"ab": 30}) == {}


@given(st.lists(st.integers(0, 60_000), max_size=30))
def test_more_accounts_never_make_a_channel_look_better(scores: list[int]) -> None:
    """The sum grows with each account, up to its bound."""
    points = [
        weighed([Standing(n, score, (NETWORK,)) for n, score in enumerate(scores[:count])], {}).get(NETWORK, 0)
        for count in range(len(scores) + 1)
    ]
    assert points == sorted(points)
    assert points[-1] <= POINTS_MAX
