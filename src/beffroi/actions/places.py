"""Which declared place an address lies in, for the watch: each hospital's own networks, and where it stands."""

from collections.abc import Iterable
from dataclasses import dataclass

from beffroi.access.stops import is_within
from beffroi.watch.geography import Place

ADDRESSES_REMEMBERED_MAX = 20_000


@dataclass(frozen=True, slots=True)
class Site:
    """A hospital that says where it stands; `networks` are its own."""

    hospital: int
    place: Place
    networks: tuple[str, ...] = ()


class Places:
    """An immutable map, with a memory of the addresses asked for."""

    def __init__(self, sites: Iterable[Site] = ()) -> None:
        self._sites = tuple(sites)
        self._homes = {site.hospital: site.place for site in self._sites}
        self._known: dict[str, Place | None] = {}

    def of(self, address: str) -> Place | None:
        """From where an address asks; None when nobody declared it."""
        if not self._sites:
            return None
        if address not in self._known:
            if len(self._known) >= ADDRESSES_REMEMBERED_MAX:
                self._known.clear()
            found = (site.place for site in self._sites if is_within(address, site.networks))
            self._known[address] = next(found, None)
        return self._known[address]

    def home(self, hospital: int) -> Place | None:
        """Where a hospital stands; None when it does not say."""
        return self._homes.get(hospital)
