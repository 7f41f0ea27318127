"""Two accounts are one person's: from then on they have one evidence, one set of ceilings, and one voice of two."""

from beffroi.actions.events import Events
from beffroi.clock import Clock
from beffroi.errors import NotFound, OperatorError, Words
from beffroi.model.account import AccountId
from beffroi.model.account_event import AccountEvent
from beffroi.model.disclosure import Operation
from beffroi.store.database import Database
from beffroi.store.presence import Connection, PresenceStore
from beffroi.watch.joining import joined


async def are_one(store: PresenceStore, connection: Connection, first: str, second: str) -> bool:
    """Whether one person acted first and acts now, by whichever of their accounts; named as containments name people.

    Whoever is at the machine (`operator:NAME`) is another than whoever signed in. On the transaction's own connection:
    one that waits for a second may wait for others that do the same.
    """
    if first == second:
        return True
    numbers = [int(who) for kind, _, who in (first.partition(":"), second.partition(":")) if kind == "account"]
    people = await store.people(numbers, connection) if len(numbers) == 2 else {}
    return len(people) == 2 and len({one.holder for one in people.values()}) == 1


async def same_person(database: Database, clock: Clock, one: AccountId, other: AccountId, by: str) -> AccountId:
    """Joins the two, with every account that either is joined to already; the account that holds the evidence now.

    Under the owner's role. The other row keeps its evidence, for the seconds in which processes still know the accounts
    as two. Raises NotFound or OperatorError.
    """
    store = PresenceStore(database)
    people = await store.people([one, other])
    if len(people) < len({one, other}):
        raise NotFound(what=Words("Account", "Compte"))
    holder, joining = AccountId(people[one].holder), AccountId(people[other].holder)
    if holder == joining:
        raise OperatorError("They are one person's already.", "Ils sont déjà ceux d'une même personne.")
    async with Events(database, clock).locking([one, other, holder, joining]) as locked:
        await store.join(locked.connection, holder, joining)
        await locked.keep(holder, joined(locked.evidence(holder), locked.evidence(joining)))
        told = {"what": "same person", "by": by}
        await locked.record(
            AccountEvent(holder, Operation.GRANT, "the same person has another account", told | {"with": str(other)}),
            AccountEvent(other, Operation.GRANT, "the same person has another account", told | {"with": str(holder)}),
        )
    return holder
