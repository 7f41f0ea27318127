"""What an operator does with accounts: give and take roles. Under the owner's role, and logged.

A person's account is named by issuer and subject, as their token will say them; the name of nobody is needed.
"""

from datetime import datetime

from beffroi.errors import OperatorError
from beffroi.model.account import AccountId, Role
from beffroi.model.person import HospitalId
from beffroi.store.accounts import AccountStore
from beffroi.store.database import Database
from beffroi.store.identities import load_hospitals
from beffroi.telemetry import Event, log


class Administration:
    """The operator's desk. `by` says who acts, for the register of grants."""

    def __init__(self, database: Database, by: str) -> None:
        self._database = database
        self._accounts = AccountStore(database)
        self._by = by

    async def grant(
        self, issuer: str, subject: str, hospital_id: HospitalId, role: Role, until: datetime | None
    ) -> AccountId:
        """Gives a role; the account is made when it signs in for the first time or here. Raises OperatorError."""
        if hospital_id not in {hospital.hospital_id for hospital in await load_hospitals(self._database)}:
            raise OperatorError(f"There is no hospital {hospital_id}.", f"Il n'y a pas d'hôpital {hospital_id}.")
        account = await self._accounts.find(issuer, subject) or await self._accounts.create_person(issuer, subject)
        await self._accounts.grant(account.account_id, hospital_id, role, self._by, until)
        log(Event.ACCOUNT_GRANTED, account=account.account_id, hospital=hospital_id, role=role)
        return account.account_id

    async def revoke(self, issuer: str, subject: str, hospital_id: HospitalId, role: Role) -> AccountId:
        """Takes a role away, within seconds in every process. Raises OperatorError when it was not there."""
        number = await self._number(issuer, subject)
        if not await self._accounts.revoke(number, hospital_id, role):
            raise OperatorError("This account has not that role there.", "Ce compte n'a pas ce rôle à cet endroit.")
        log(Event.ACCOUNT_REVOKED, account=number, hospital=hospital_id, role=role)
        return number

    async def _number(self, issuer: str, subject: str) -> AccountId:
        account = await self._accounts.find(issuer, subject)
        if account is None:
            raise OperatorError("There is no such account.", "Ce compte n'existe pas.")
        return account.account_id
