"""Where questions come from: the declared places of networks, and how fast somebody would have to travel between two.

Places are the hospitals' own, as the configuration declares them beside their networks; of other addresses nothing is
known, and nothing is guessed.
"""

from math import asin, cos, radians, sin, sqrt

import msgspec

_EARTH_KM = 6_371.0
NEAR_KM = 5.0
"""Below, two declared places are one site, or two that one person works at within the hour."""
FAR_KM = 80.0
"""Beyond, somebody who asks for a hospital asks from somewhere else: nobody commutes so far between two questions."""
SPEED_KMH_MAX = 250.0
"""A helicopter between two hospitals; whoever is faster is not one person."""


class Place(msgspec.Struct, frozen=True, array_like=True):
    """Degrees, north and east positive."""

    latitude: float
    longitude: float


def place_of(text: str) -> Place:
    """A place as the configuration writes it. Raises ValueError.

    >>> place_of("50.6292, 3.0573")
    Place(latitude=50.6292, longitude=3.0573)
    """
    latitude, longitude = (float(part) for part in text.split(","))
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise ValueError("no place on earth")
    return Place(latitude, longitude)


def distance_km(one: Place, other: Place) -> float:
    """Along the earth's surface (haversine).

    >>> round(distance_km(Place(50.63, 3.06), Place(50.95, 1.86)))
    92
    """
    half = sin(radians(other.latitude - one.latitude) / 2) ** 2
    half += cos(radians(one.latitude)) * cos(radians(other.latitude)) * _half_sine(one, other)
    return 2 * _EARTH_KM * asin(min(1.0, sqrt(half)))


def _half_sine(one: Place, other: Place) -> float:
    return sin(radians(other.longitude - one.longitude) / 2) ** 2


def cannot_be_travelled(one: Place, other: Place, gap_s: int) -> bool:
    """Whether nobody gets from one place to the other within so many seconds.

    >>> lille, calais = Place(50.63, 3.06), Place(50.95, 1.86)
    >>> cannot_be_travelled(lille, calais, 600), cannot_be_travelled(lille, calais, 3_600)
    (True, False)
    """
    km = distance_km(one, other)
    return km > NEAR_KM and km * 3_600 > SPEED_KMH_MAX * max(gap_s, 1)


def is_far(one: Place, other: Place) -> bool:
    """Whether two places are farther apart than a working day joins."""
    return distance_km(one, other) > FAR_KM
