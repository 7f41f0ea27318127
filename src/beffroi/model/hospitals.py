"""The register of hospitals as every floor looks it up: by number, by assigning authority, by FINESS."""

from collections.abc import Iterable, Iterator

from beffroi.model.person import Hospital, HospitalId


class Hospitals:
    """An immutable register. Iterates over hospitals in the order of their numbers."""

    def __init__(self, hospitals: Iterable[Hospital]) -> None:
        self._by_id = {h.hospital_id: h for h in sorted(hospitals, key=lambda h: h.hospital_id)}
        self._by_oid = {h.oid: h for h in self._by_id.values()}
        self._by_finess = {h.finess: h for h in self._by_id.values()}
        self._sensitive = frozenset(h.hospital_id for h in self._by_id.values() if h.sensitive)

    def __iter__(self) -> Iterator[Hospital]:
        return iter(self._by_id.values())

    def __len__(self) -> int:
        return len(self._by_id)

    def by_id(self, hospital_id: HospitalId) -> Hospital:
        """The hospital of that number; KeyError when there is none."""
        return self._by_id[hospital_id]

    def known(self, hospital_id: HospitalId) -> Hospital | None:
        """The hospital of that number, None when there is none."""
        return self._by_id.get(hospital_id)

    def by_oid(self, oid: str) -> Hospital | None:
        """The hospital whose IPPs this authority assigns.

        >>> Hospitals([Hospital(HospitalId(1), "590000001", "CH", "1.2.3", "CH")]).by_oid("1.2.3").name
        'CH'
        """
        return self._by_oid.get(oid)

    def by_finess(self, finess: str) -> Hospital | None:
        """The hospital of that FINESS number."""
        return self._by_finess.get(finess)

    def hidden_from(self, own: HospitalId | None) -> frozenset[HospitalId]:
        """The sensitive hospitals but one's own: that they know somebody is medical, and shows nowhere else (law 4).

        >>> two = [Hospital(HospitalId(n), f"59000000{n}", "EPSM", f"1.2.{n}", f"E{n}", sensitive=True) for n in (1, 2)]
        >>> sorted(Hospitals(two).hidden_from(HospitalId(1))), sorted(Hospitals(two).hidden_from(None))
        ([2], [1, 2])
        """
        return self._sensitive - {own}
