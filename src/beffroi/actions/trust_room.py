"""The operator's page of keys and witnesses.

What it says of issuers is what this process knows: each web process fetches their keys by itself.
"""

from collections.abc import Sequence

from beffroi.actions.availability import looking_up
from beffroi.actions.certificates import Certificates
from beffroi.errors import Words
from beffroi.model.trust import ClientKey, Trust
from beffroi.outbound.issuer_keys import IssuerKeys
from beffroi.store.database import Database
from beffroi.store.trust import TrustStore

_LEDGER = Words("The ledger", "Le registre des communications")


class TrustRoom:
    """The view of one deployment."""

    def __init__(
        self, database: Database, issuers: Sequence[IssuerKeys], client: ClientKey, certificates: Certificates
    ) -> None:
        self._store = TrustStore(database)
        self._issuers = tuple(issuers)
        self._client = client
        self._certificates = certificates

    def certificates_to_renew(self) -> int:
        """How many end soon, have ended or cannot be read."""
        return self._certificates.to_renew()

    def issuers_away(self) -> int:
        """How many issuers' keys this process could not fetch."""
        return sum(keys.standing().away for keys in self._issuers)

    async def trust(self) -> Trust:
        """As it stands now. Raises Unavailable."""
        with looking_up(_LEDGER):
            signing, witnesses = await self._store.signing_keys(), await self._store.witness_words()
        issuers = tuple(one.standing() for one in self._issuers)
        return Trust(issuers, self._client, signing, witnesses, self._certificates.read())
