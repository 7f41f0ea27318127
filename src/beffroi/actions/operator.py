"""Whoever runs the machine, as an account: what they look at with a command stands in a chain of their own."""

from uuid import UUID

from beffroi.actions.asking import Ask
from beffroi.clock import Clock
from beffroi.model.account import AccountKind, Asker, Role
from beffroi.model.disclosure import Door, Field, Operation, Purpose
from beffroi.model.person import HospitalId
from beffroi.store.accounts import AccountStore
from beffroi.store.database import Database

OPERATOR_ISSUER = "urn:beffroi:operator"
"""No provider is called so: nobody can sign in under an operator's account."""
REGION = HospitalId(0)
"""An operator acts for no hospital."""
_NO_KEY = bytes(32)


async def operator_ask(database: Database, clock: Clock, user: str, operation: Operation, reason: str = "") -> Ask:
    """A question of the operator's, at the machine itself. `user` is the name of their login there."""
    accounts = AccountStore(database)
    account = await accounts.find(OPERATOR_ISSUER, user) or await accounts.create_person(OPERATOR_ISSUER, user)
    asker = Asker(
        account.account_id, AccountKind.PERSON, user, Role.OPERATOR, REGION, "beffroi", _NO_KEY, "command line"
    )
    request: UUID = clock.uuid()
    return Ask(asker, Door.AUDIT, operation, request, Field(0), Purpose.AUDIT, reason)
