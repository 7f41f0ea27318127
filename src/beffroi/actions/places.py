"""Which declared place an address lies in: each hospital's own networks, and where it stands, for the watch."""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_network

from beffroi.access.stops import is_within
from beffroi.model.person import Hospital, HospitalId
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


def whose_network(address: str, hospitals: Iterable[Hospital]) -> HospitalId | None:
    """The hospital that has declared this address its own, by the narrowest network; None when none has.

    >>> two = [Hospital(HospitalId(n), f"59000000{n}", "CH", f"1.2.{n}", f"C{n}", networks=(own,))
    ...        for n, own in ((1, "10.0.0.0/8"), (2, "10.2.0.0/16"))]
    >>> [whose_network(address, two) for address in ("10.2.3.4", "::ffff:10.3.3.4", "192.0.2.7", "")]
    [2, 1, None, None]
    """
    declared = ((one, hospital.hospital_id) for hospital in hospitals for one in hospital.networks)
    holding = [(ip_network(one).prefixlen, owner) for one, owner in declared if is_within(address, (one,))]
    return max(holding)[1] if holding else None
