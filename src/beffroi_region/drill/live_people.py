"""Real people of a demonstration for a live exercise: strangers to the first hospital, and its own patients."""

from collections.abc import Iterator
from datetime import datetime
from urllib.parse import quote, urlencode

from beffroi_region.local_identities import LocalIdentity, Region

FIRST_HOSPITAL = 1
_FAMILY_LETTERS, _GIVEN_LETTERS, _WILDCARD_LETTERS = 3, 1, 2


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


def named(identity: LocalIdentity) -> str:
    """The same search as criteria of a PDQ query (ITI-21), named as fully."""
    record = identity.record
    assert record.birth_date is not None
    return f"{_names(identity, _FAMILY_LETTERS)}~@PID.7^{record.birth_date:%Y%m%d}"


def wildcard(identity: LocalIdentity) -> str:
    """The same by a wildcard after two letters: whoever may be shown of all who begin so."""
    return _names(identity, _WILDCARD_LETTERS, "*")


def _names(identity: LocalIdentity, letters: int, after: str = "") -> str:
    record = identity.record
    given = record.birth_given[:_GIVEN_LETTERS].upper()
    return f"@PID.5.1^{record.birth_family[:letters].upper()}{after}~@PID.5.2^{given}"


def pdq_query(criteria: str, namespace: str, at: datetime, tag: str, pointer: str = "") -> bytes:
    """A QBP^Q22 of a hospital's software that wants one patient a page; with a pointer, the page that it leads to."""
    control = f"DRILL-{at:%Y%m%d%H%M%S%f}"
    head = f"MSH|^~\\&|DPI|{namespace}-DPI|BEFFROI|REGION|{at:%Y%m%d%H%M%S}||QBP^Q22^QBP_Q21|{control}|P|2.5"
    lines = [f"{head}|||||FRA|UNICODE UTF-8", f"QPD|IHE PDQ Query|{tag}|{criteria}", "RCP|I|1^RD"]
    if pointer:
        lines.append(f"DSC|{pointer}|I")
    return ("\r".join(lines) + "\r").encode()
