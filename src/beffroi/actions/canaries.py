"""Canaries on the path of a sweep: whoever tries numbers one after the other meets somebody who does not exist.

A canary has a number that its hospital has set aside, a name and a birth date, and no search key: no name, no birth
date and no `$match` can find it, so nobody who looks for a patient meets one. It is evidence, never a hold by itself,
and makes way for the patient whom the hospital gives its number to.
"""

from datetime import date, timedelta

import msgspec

from beffroi.clock import Clock
from beffroi.model.person import HospitalId, IdentityStatus, Record, Sex
from beffroi.store.canaries import CanaryStore

_FAMILIES = ("ABADIE", "BERTIN", "CLAVEL", "DUMAS", "FABRE", "GAUDIN", "JOUBERT", "LACROIX", "MAURY", "PELTIER")
_GIVEN = (("Agathe", Sex.FEMALE), ("Bruno", Sex.MALE), ("Denise", Sex.FEMALE), ("Gilles", Sex.MALE))
_DAYS = 80 * 365


class Canaries:
    """Plants and retires canaries."""

    def __init__(self, store: CanaryStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def plant(self, hospital: HospitalId, ipps: list[str]) -> dict[str, int | None]:
        """The number of each new canary by its identifier; None where the identifier is somebody's already."""
        now = self._clock.now()
        return {
            ipp: await self._store.plant(hospital, ipp, msgspec.json.encode(self._record(now.date())).decode(), now)
            for ipp in ipps
        }

    def _record(self, today: date) -> Record:
        drawn = int.from_bytes(self._clock.token_bytes(8))
        given, sex = _GIVEN[drawn % len(_GIVEN)]
        return Record(
            birth_family=_FAMILIES[drawn // 7 % len(_FAMILIES)],
            birth_given=given,
            birth_date=today - timedelta(days=365 + drawn // 101 % _DAYS),
            sex=sex,
            status=IdentityStatus.PROVISIONAL,
        )
