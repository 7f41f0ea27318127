"""Evidence across accounts: what several of them do by the same device, network, hospital, or in the same
neighbourhood.

An account counts with what its own sequences say beyond `FLOOR`, which honest work seldom reaches; a channel is worth
the sum of its accounts without the largest, so nobody is suspected for what they did themselves. A device shared by
many is divided by its users. It shortens an account's own test and holds nobody by itself (`observation.score`).

It is the only channel that sees an attack spread over many accounts.
"""

from collections.abc import Iterable, Mapping

import msgspec

FLOOR = 10_000
"""Thousandths of a bit: honest work reaches them about once in a thousand observations."""
POINTS_MAX = 12_000
POINTS_MIN = 1_000
STRUCTURE_SHARE = 2
"""What a whole hospital does is divided by this: its cause may be common to honest people."""
NEIGHBOURS = {"birth": 31, "family": 26, "identifier": 1_000}
"""How many positions of a question's line (`patterns.probe`) make one neighbourhood: a month, a letter more, a
thousand."""

Channel = tuple[str, str]
"""Kind (device, network, structure, neighbourhood) and key."""


class Standing(msgspec.Struct, frozen=True):
    """An account that was at least noticed, within the last day. `score`: of its own sequences, without any
    addition."""

    account: int
    score: int
    channels: tuple[Channel, ...]


def neighbourhood(kind: str, position: int) -> str:
    """The neighbourhood of a question; empty when it has none.

    >>> neighbourhood("birth", 720_000) == neighbourhood("birth", 720_003), neighbourhood("", 0)
    (True, '')
    """
    size = NEIGHBOURS.get(kind, 0)
    return f"{kind}:{position // size}" if size else ""


def weighed(standings: Iterable[Standing], users: Mapping[str, int]) -> dict[Channel, int]:
    """What each channel is worth, in thousandths of a bit. `users`: accounts by device, where there are several.

    >>> one, two = (Standing(n, 18_000, (("network", "192.0.2.0/24"),)) for n in (1, 2))
    >>> weighed([one], {}), weighed([one, two], {})
    ({}, {('network', '192.0.2.0/24'): 8000})
    """
    sums: dict[Channel, list[int]] = {}
    for one in standings:
        excess = one.score - FLOOR
        if excess > 0:
            for channel in one.channels:
                sums.setdefault(channel, []).append(excess)
    found = {}
    for (kind, key), parts in sums.items():
        points = sum(parts) - max(parts)
        if kind == "device":
            points //= max(1, users.get(key, 1) - 1)
        elif kind == "structure":
            points //= STRUCTURE_SHARE
        if points >= POINTS_MIN:
            found[kind, key] = min(points, POINTS_MAX)
    return found
