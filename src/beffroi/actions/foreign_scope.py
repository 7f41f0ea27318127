"""The scope over other servers' logs: the same questions as over our own facts, and its certainties kept apart."""

from collections.abc import Sequence
from dataclasses import replace

from beffroi.breach.foreign import ForeignScope, ForeignSelection, ForeignTally
from beffroi.store.database import Database
from beffroi.store.foreign_scope import ForeignScopeStore


async def foreign_scope_of(database: Database, selections: Sequence[ForeignSelection]) -> ForeignScope:
    """The union of several selections. Names what it found beside them: networks from which the same actors came."""
    store = ForeignScopeStore(database)
    tally = ForeignTally()
    for selection in selections:
        async for sight in store.sights(selection):
            tally.add(sight)
    scope = tally.scope
    beside: set[str] = set()
    for selection in selections:
        if selection.actors:
            beside |= set(await store.networks_of(selection)) - set(selection.networks or ())
    scope.networks_beside = tuple(sorted(beside))
    return scope


async def of_people(database: Database, people: Sequence[int], selection: ForeignSelection) -> ForeignSelection:
    """The selection narrowed to patients of ours, by every identifier that another server may know them by."""
    ipps, ins = await ForeignScopeStore(database).identifiers_of(people)
    return replace(selection, people_ipps=ipps, people_ins=ins)
