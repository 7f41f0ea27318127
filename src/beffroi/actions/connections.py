"""Who is at the other end of an HL7 v2 connection: the application account that a credential stands for.

HL7 v2 has no token, so a certificate (or, on this machine alone, a sending facility) is looked up in the registers.
What was looked up is remembered for a few seconds only; a stopped account's questions are refused by the gate at once.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec

from beffroi.access.remembered import Remembered
from beffroi.actions.availability import ACCOUNTS, looking_up
from beffroi.clock import Clock
from beffroi.model.account import AccountId, Role
from beffroi.model.containment import Stop
from beffroi.model.hospitals import Hospitals
from beffroi.model.person import Hospital, HospitalId
from beffroi.store.credentials import CredentialStore, StoredCredential

CALLER_S: Final = 3.0
"""Seconds during which a credential is not looked up again."""
CALLERS_REMEMBERED_MAX: Final = 5_000
"""Credentials, unknown ones included; some 500 bytes each."""

_QUERYING = (Role.CROSS_REFERENCE_APPLICATION, Role.HOSPITAL_APPLICATION, Role.FEED)
"""An application's roles; of several it asks as the first."""


class Caller(msgspec.Struct, frozen=True):
    """An application at the other end. `hospital` is the only one that it feeds and acts for."""

    account_id: AccountId
    subject: str
    hospital: Hospital
    role: Role
    may_feed: bool
    may_query: bool
    frozen: bool = False


@dataclass(frozen=True, slots=True)
class _Known:
    caller: Caller | None
    until_s: float


class Connections:
    """The way from credentials to callers in one process."""

    def __init__(self, credentials: CredentialStore, hospitals: Hospitals, clock: Clock) -> None:
        self._credentials = credentials
        self._hospitals = hospitals
        self._clock = clock
        self._known = Remembered[str, _Known](CALLERS_REMEMBERED_MAX)

    async def caller(self, credential: str) -> Caller | None:
        """The application, or None when the credential stands for none that acts today. Raises `Unavailable`."""
        now = self._clock.now()
        known = self._known.get(credential)
        if known is not None and now.timestamp() < known.until_s:
            return known.caller
        with looking_up(ACCOUNTS):
            stored = await self._credentials.find(credential)
        found = None if stored is None else self._caller(stored, now)
        self._known.put(credential, _Known(found, now.timestamp() + CALLER_S))
        return found

    def forget_stopped(self, _stop: Stop) -> None:
        """Every credential is looked up again: there are few, and a containment is rare."""
        self._known.clear()

    async def client(self, account_id: AccountId, hospital_id: HospitalId) -> Caller | None:
        """The application that an account is for a hospital by its tokens, or None. Raises `Unavailable`."""
        now = self._clock.now()
        key = f"client:{account_id}:{hospital_id}"
        known = self._known.get(key)
        if known is not None and now.timestamp() < known.until_s:
            return known.caller
        with looking_up(ACCOUNTS):
            stored = await self._credentials.find_client(account_id, hospital_id)
        found = None if stored is None else self._caller(stored, now)
        self._known.put(key, _Known(found, now.timestamp() + CALLER_S))
        return found

    def _caller(self, stored: StoredCredential, now: datetime) -> Caller | None:
        valid = {grant.role for grant in stored.grants if grant.expires_at is None or grant.expires_at > now}
        role = next((role for role in _QUERYING if role in valid), None)
        hospital = next((h for h in self._hospitals if h.hospital_id == stored.hospital_id), None)
        if role is None or hospital is None:
            return None
        return Caller(
            account_id=stored.account_id,
            subject=stored.subject,
            hospital=hospital,
            role=role,
            may_feed=stored.may_feed,
            may_query=stored.may_query,
            frozen=stored.frozen,
        )
