"""Real people of a demonstration for a live exercise: strangers to the first hospital, and its own patients."""

from collections.abc import Iterator
from datetime import datetime
from urllib.parse import quote, urlencode

from beffroi_region.local_identities import LocalIdentity, Region

FIRST_HOSPITAL = 1
_FAMILY_LETTERS, _GIVEN_LETTERS = 3, 1


class NobodyLeft(Exception):
    """The region is too small for this exercise."""


class LivePeople:
    """Each person is given once. Numbers from `known` on are told by live messages later, and not used."""

    def __init__(self, region: Region, known: int) -> None:
        self.region = region
        self._numbers: Iterator[int] = iter(range(known))
        self._strangers: list[LocalIdentity] = []
        self._own: list[LocalIdentity] = []

    def stranger(self) -> LocalIdentity:
        """What another hospital holds of somebody whom the first one does not know."""
        return self._next(self._strangers)

    def own(self) -> LocalIdentity:
        """What the first hospital holds of somebody."""
        return self._next(self._own)

    def _next(self, wanted: list[LocalIdentity]) -> LocalIdentity:
        while not wanted:
            number = next(self._numbers, None)
            if number is None:
                raise NobodyLeft
            known = self.region.identities(number)
            own = [one for one in known if one.hospital_id == FIRST_HOSPITAL and one.person is not None]
            if own:
                self._own += own[:1] if can_be_named(own[0]) else []
            elif can_be_named(known[0]) and not self.region.sites[known[0].hospital_id - 1].hospital.sensitive:
                self._strangers.append(known[0])
        return wanted.pop(0)


def can_be_named(identity: LocalIdentity) -> bool:
    """Whether a search can name this identity fully, and its hospital lets others see it."""
    record = identity.record
    family, given = record.birth_family[:_FAMILY_LETTERS], record.birth_given[:_GIVEN_LETTERS]
    named = len(family) == _FAMILY_LETTERS and family.isascii() and family.isalpha() and given.isascii()
    return bool(named and given and record.birth_date and not record.restricted and not record.deceased)


def search_path(identity: LocalIdentity) -> str:
    """The search that names this identity fully, and no more than that."""
    record = identity.record
    assert record.birth_date is not None
    criteria = {
        "birthdate": record.birth_date.isoformat(),
        "family": record.birth_family[:_FAMILY_LETTERS],
        "given": record.birth_given[:_GIVEN_LETTERS],
    }
    return "/fhir/Patient?" + urlencode(criteria, quote_via=quote)


def pdq_query(identity: LocalIdentity, namespace: str, at: datetime) -> bytes:
    """The same search as a QBP^Q22 of a hospital's software (ITI-21), named as fully."""
    record = identity.record
    assert record.birth_date is not None
    names = (record.birth_family[:_FAMILY_LETTERS].upper(), record.birth_given[:_GIVEN_LETTERS].upper())
    criteria = f"@PID.5.1^{names[0]}~@PID.5.2^{names[1]}~@PID.7^{record.birth_date:%Y%m%d}"
    control = f"DRILL-{at:%Y%m%d%H%M%S%f}"
    head = f"MSH|^~\\&|DPI|{namespace}-DPI|BEFFROI|REGION|{at:%Y%m%d%H%M%S}||QBP^Q22^QBP_Q21|{control}|P|2.5"
    lines = (f"{head}|||||FRA|UNICODE UTF-8", f"QPD|IHE PDQ Query|{control}|{criteria}", "RCP|I")
    return ("\r".join(lines) + "\r").encode()
