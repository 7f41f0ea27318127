"""Looking people up from where the asker stands: their hospital, what is hidden from it, and now."""

from collections.abc import Sequence

from beffroi.access.reference import References
from beffroi.clock import Clock
from beffroi.identity.blocking import Block, Plan
from beffroi.model.account import Asker
from beffroi.model.disclosure import Finding
from beffroi.model.hospitals import Hospitals
from beffroi.model.person import INS_OIDS, Hospital, PersonId
from beffroi.model.search import IdentifierToken
from beffroi.store.identities import Horizon, IdentityStore


class Lookup:
    """Plans and identifiers to findings. Decides nothing about showing them."""

    def __init__(self, store: IdentityStore, references: References, hospitals: Hospitals, clock: Clock) -> None:
        self._store = store
        self._references = references
        self._hospitals = hospitals
        self._clock = clock

    async def people(self, plan: Plan, asker: Asker) -> list[Finding]:
        """The people of a plan, whichever look-up it names."""
        if plan.block is Block.IDENTIFIER:
            return await self.by_identifiers(plan.identifiers, asker)
        if plan.block is Block.REFERENCE:
            person = await self.referred(plan.reference)
            return [] if person is None else await self._store.of_people([person], self._horizon(asker))
        return await self._store.look_up(plan, self._horizon(asker))

    async def by_identifiers(self, tokens: Sequence[IdentifierToken], asker: Asker) -> list[Finding]:
        """The people who bear any of these identifiers, as far as the asker's hospital may know of them."""
        horizon = self._horizon(asker)
        people: set[int] = set()
        ins = [f"{token.value}|{token.system}" for token in tokens if token.system in INS_OIDS]
        if ins:
            people.update(await self._store.by_ins(ins, horizon))
        ipps = [(h.hospital_id, token.value) for token in tokens if (h := self._domain(token, asker)) is not None]
        if ipps:
            people.update(await self._store.by_ipp(ipps, horizon))
        for token in tokens:
            person = None if token.system else await self.referred(token.value)
            people.update(() if person is None else (person,))
        return await self._store.of_people(sorted(people), horizon)

    def knows_domain(self, oid: str, asker: Asker) -> bool:
        """False for an unknown authority, and for a hospital hidden from the asker: both must look alike (law 4)."""
        hospital = self._hospitals.by_oid(oid)
        if hospital is None:
            return oid in INS_OIDS
        return not hospital.sensitive or hospital.hospital_id == asker.structure

    async def referred(self, reference: str) -> PersonId | None:
        """The person to whom one of our references leads now; None for any other text."""
        number = self._references.person(reference)
        return None if number is None else await self._store.current_person(number)

    def _domain(self, token: IdentifierToken, asker: Asker) -> Hospital | None:
        """An identifier without a system is the asker's own hospital's."""
        return self._hospitals.by_oid(token.system) if token.system else self._hospitals.by_id(asker.structure)

    def _horizon(self, asker: Asker) -> Horizon:
        return Horizon.of(asker, self._hospitals, self._clock.now())
