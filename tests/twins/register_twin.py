"""The register as a dictionary: events one by one, everything recomputed each time. The oracle of store.feed."""

from datetime import datetime

from beffroi.errors import CallerError
from beffroi.identity.fold import Arrival, Known, apply
from beffroi.identity.matching import GROUP_SIZE_MAX, Link, Standing, strict_key
from beffroi.identity.status import carried_ins
from beffroi.model.feed import FeedEvent
from beffroi.model.person import Identity, IdentityId, IdentityState
from doubles import HOSPITALS
from twins.matching_twin import naive_partition

SENSITIVE = frozenset(h.hospital_id for h in HOSPITALS if h.sensitive)


class RegisterTwin:
    """Identities by number. Numbers are given in the order of arrival."""

    def __init__(self) -> None:
        self.identities: dict[int, Identity] = {}
        self.links: dict[tuple[int, int], Link] = {}

    def apply(self, event: FeedEvent, account_id: int, at: datetime) -> str:
        """The outcome, or the class of the error."""
        identity = self._find(event.hospital_id, event.ipp)
        other = self._find(event.hospital_id, event.other_ipp)
        known = Known(identity, other, self.chain(identity))
        try:
            change = apply(known, event, Arrival(at, account_id, IdentityId(max(self.identities, default=0) + 1)))
        except CallerError as error:
            return type(error).__name__
        for changed in change.identities:
            self.identities[changed.identity_id] = changed
        if change.link:
            self.links[change.link.a, change.link.b] = change.link
        return "applied"

    def _find(self, hospital_id: int, ipp: str) -> Identity | None:
        return next((i for i in self.identities.values() if (i.hospital_id, i.ipp) == (hospital_id, ipp)), None)

    def chain(self, identity: Identity | None) -> tuple[Identity, ...]:
        """Where `identity` was merged, one after the other. A circle is a failure of the register."""
        chain: list[Identity] = []
        while identity is not None and identity.merged_into is not None:
            identity = self.identities[identity.merged_into]
            assert identity not in chain, "a circle of merges"
            chain.append(identity)
        return tuple(chain)

    def cells(self) -> set[frozenset[tuple[int, str]]]:
        """The persons, as sets of (hospital, IPP): numbers may differ from another register's."""
        standings = []
        for identity in self.identities.values():
            active = identity.state is IdentityState.ACTIVE
            ins = carried_ins(identity.record) if active else None
            standings.append(
                Standing(
                    identity.identity_id,
                    strict_key(identity.record) if active else None,
                    f"{ins.value}|{ins.oid}" if ins else None,
                    identity.merged_into,
                    identity.hospital_id if identity.hospital_id in SENSITIVE else None,
                )
            )
        numbers = naive_partition(standings, list(self.links.values()), GROUP_SIZE_MAX)
        return {frozenset((self.identities[n].hospital_id, self.identities[n].ipp) for n in cell) for cell in numbers}
