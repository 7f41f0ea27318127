"""The keys that a deployment believes and those that it signs with, as the operator is shown them: none is a secret."""

from datetime import datetime

import msgspec

from beffroi.model.certificate import CertificateFile


class IssuerKey(msgspec.Struct, frozen=True):
    """A key of an issuer: its `kid`, its algorithm, and since when this process knows it."""

    name: str
    algorithm: str
    since: datetime


class IssuerStanding(msgspec.Struct, frozen=True):
    """An issuer's keys in one process. `fetched_at` None: never yet. `failure`: of the last try, a class of exceptions,
    empty when it went well. `good_until`: when keys that cannot be fetched anew are believed no more."""

    issuer: str
    keys: tuple[IssuerKey, ...]
    fetched_at: datetime | None
    failure: str
    good_until: datetime | None

    @property
    def away(self) -> bool:
        """Whether its keys could not be fetched the last time, or there are none."""
        return bool(self.failure) or not self.keys


class LedgerKey(msgspec.Struct, frozen=True):
    """A key that signed the last checkpoint: its name and ID (C2SP signed-note), and since when it signs each."""

    name: str
    key_id: str
    since: datetime


class WitnessWord(msgspec.Struct, frozen=True):
    """How the last exchange with a witness ended, up to which size it cosigned, and when it last did."""

    witness: str
    state: str
    tree_size: int
    at: datetime
    cosigned_at: datetime | None


class ClientKey(msgspec.Struct, frozen=True):
    """The key by which this console is known at its issuer, by its thumbprint (RFC 7638)."""

    issuer: str
    client_id: str
    thumbprint: str


class Trust(msgspec.Struct, frozen=True):
    """All of it at one moment."""

    issuers: tuple[IssuerStanding, ...]
    client: ClientKey
    signing: tuple[LedgerKey, ...]
    witnesses: tuple[WitnessWord, ...]
    certificates: tuple[CertificateFile, ...]
