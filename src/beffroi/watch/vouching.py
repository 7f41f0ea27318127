"""What a colleague adds to an account's evidence: patients vouched for, and agreement to an emergency reading.

Both have ceilings of their own, in both people's evidence, so that they are exact whatever happens at the same time.
"""

from collections.abc import Sequence

from beffroi.watch.evidence import DAY_S, HOUR_S, OLD_S, Evidence

CONFIRMED_S = 4 * HOUR_S
"""Seconds for which a patient stays vouched for."""
CONFIRMED_24H = 10
"""Patients whom colleagues may vouch for, in 24 hours, to one person."""
VOUCHED_24H = 10
"""Patients whom one person may vouch for, in 24 hours, to all colleagues."""
CONFIRMED_30D, VOUCHED_30D = 60, 60
"""The same in 30 days: as many as emergency readings."""
SECOND_S = 900
"""Seconds for which an agreement to an emergency reading serves."""
SECONDS_MAX = 10
"""Agreements that may wait at one time."""


def room_to_confirm(evidence: Evidence, now_s: int) -> int:
    """How many more patients may be vouched for to this person.

    >>> room_to_confirm(Evidence(confirmations=(0, 90_000)), 90_001)
    9
    """
    return _room(evidence.confirmations, now_s, CONFIRMED_24H, CONFIRMED_30D)


def room_to_vouch(evidence: Evidence, now_s: int) -> int:
    """How many more patients this person may vouch for."""
    return _room(evidence.vouched, now_s, VOUCHED_24H, VOUCHED_30D)


def confirm(asker: Evidence, colleague: Evidence, people: Sequence[int], now_s: int) -> None:
    """Vouches. Changes both; whoever calls it has looked at the room that is left."""
    still = {person: until for person, until in asker.confirmed.items() if until > now_s}
    asker.confirmed = still | dict.fromkeys(people, now_s + CONFIRMED_S)
    asker.confirmations = (*_lately(asker.confirmations, now_s), *(now_s for _ in people))
    colleague.vouched = (*_lately(colleague.vouched, now_s), *(now_s for _ in people))


def second(asker: Evidence, colleague: int, now_s: int) -> None:
    """A colleague agrees to one emergency reading. Changes the asker's evidence."""
    waiting = [one for one in asker.seconds if one[1] > now_s]
    asker.seconds = (*waiting[1 - SECONDS_MAX :], (colleague, now_s + SECOND_S))


def _room(moments: tuple[int, ...], now_s: int, most_24h: int, most_30d: int) -> int:
    today = sum(1 for at in moments if at > now_s - DAY_S)
    return min(most_24h - today, most_30d - len(_lately(moments, now_s)))


def _lately(moments: tuple[int, ...], now_s: int) -> tuple[int, ...]:
    """Of the last 30 days."""
    return tuple(at for at in moments if at > now_s - OLD_S)
