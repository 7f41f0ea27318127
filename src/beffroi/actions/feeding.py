"""The feed over FHIR: who may feed, the proof burnt, the event applied, and the version that it left.

The register is the one of every feed (`actions.register`): what is answered is durable, and no answer depends on
whether somebody matched in another hospital.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from beffroi.access.rejection import Reason, Rejected
from beffroi.actions.connections import Caller, Connections
from beffroi.actions.register import FeedSource, Registrar
from beffroi.errors import AccountFrozen, Forbidden, Words
from beffroi.model.account import Asker
from beffroi.model.disclosure import Proof
from beffroi.model.feed import FeedEvent
from beffroi.model.person import HospitalId
from beffroi.store.feed_versions import FeedVersions

_TO_FEED = Words("feeding", "l'alimentation")
_TO_OPERATOR = Words("Ask the operator of this server.", "Adressez-vous à l'exploitant de ce serveur.")


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of an identity. `version` is when its record last changed; None when it is no more."""

    created: bool
    version: datetime | None


class HospitalFeed:
    """One process's way from askers to the register. `windows`: a hospital's own seconds by event."""

    def __init__(
        self,
        registrar: Registrar,
        callers: Connections,
        versions: FeedVersions,
        windows: Mapping[HospitalId, Mapping[str, int]] = MappingProxyType({}),
    ) -> None:
        self._registrar = registrar
        self._callers = callers
        self._versions = versions
        self.windows = windows

    async def caller(self, asker: Asker, proof: Proof | None) -> Caller:
        """The application that feeds for its hospital. Raises `Forbidden` for who may not; a proof serves once."""
        if proof is not None and not await self._versions.burn(proof.minute, proof.digest):
            raise Rejected(Reason.PROOF_USED)
        caller = await self._callers.client(asker.account_id, asker.structure)
        if caller is None or not caller.may_feed:
            raise Forbidden(role=asker.role, what=_TO_FEED, instead=_TO_OPERATOR)
        if caller.frozen:
            raise AccountFrozen
        return caller

    async def apply(self, event: FeedEvent, caller: Caller) -> Applied:
        """The event, durably. Raises what the registrar raises."""
        before = await self._versions.of(event.hospital_id, event.ipp)
        await self._registrar.apply(event, FeedSource(caller.account_id, caller.hospital.hospital_id))
        return Applied(before is None, await self._versions.of(event.hospital_id, event.ipp))
