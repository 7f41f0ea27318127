"""The scope over other servers' logs: the same questions as over our own facts, and its certainties kept apart."""

from collections.abc import Sequence
from dataclasses import replace

from beffroi.access.reference import References
from beffroi.breach.foreign import ForeignScope, ForeignSelection, ForeignTally
from beffroi.model.foreign import Certainty
from beffroi.model.person import PersonId
from beffroi.model.scope import ScopeForeign, ScopeForeignPatient
from beffroi.model.selection import Selection
from beffroi.store.database import Database
from beffroi.store.foreign_scope import ForeignScopeStore

NOBODY_HIDDEN: frozenset[int] = frozenset()


async def foreign_scope_beside(
    database: Database, selections: Sequence[Selection], hidden: frozenset[int] = NOBODY_HIDDEN
) -> ForeignScope:
    """What other servers' logs tell of the same accounts, networks, applications, patients and times."""
    store = ForeignScopeStore(database)
    found: list[ForeignSelection] = []
    for one in selections:
        if not (one.accounts or one.networks or one.applications or one.people or _time_alone(one)):
            continue  # a device, a structure or a recorded query of ours means nothing to another server
        chosen = ForeignSelection(
            actors=await store.subjects_of(one.accounts) if one.accounts else None,
            networks=one.networks or None,
            applications=one.applications or None,
            since=one.since,
            until=one.until,
        )
        found.append(await of_people(database, one.people, chosen) if one.people else chosen)
    return await foreign_scope_of(database, found, hidden)


def _time_alone(selection: Selection) -> bool:
    return selection == Selection(since=selection.since, until=selection.until) and not selection.empty


async def foreign_scope_of(
    database: Database, selections: Sequence[ForeignSelection], hidden: frozenset[int] = NOBODY_HIDDEN
) -> ForeignScope:
    """The union of several selections. Names what it found beside them: networks from which the same actors came.

    What a log says of patients of `hidden` hospitals is left out.
    """
    store = ForeignScopeStore(database)
    tally = ForeignTally()
    for selection in selections:
        async for sight in store.sights(selection):
            if sight.hospital_id not in hidden:
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


def foreign_answer(scope: ForeignScope, references: References) -> ScopeForeign | None:
    """The same as it leaves: our patients by their references, the others counted; None when no log tells anything."""
    if not scope.fact_count:
        return None
    named = (Certainty.SHOWN_FIELDS_KNOWN, Certainty.SHOWN_FIELDS_UNKNOWN, Certainty.PERHAPS_SHOWN)
    return ScopeForeign(
        facts=scope.fact_count,
        by_certainty={one.name.lower(): len(scope.of(one)) for one in named},
        unknown=scope.unknown_count,
        nobody=scope.nobody_count,
        beyond_identity=scope.beyond_identity_count,
        patients=tuple(
            ScopeForeignPatient(
                references.of(PersonId(one.person_id)),
                one.certainty.name.lower(),
                sum(one.times.values()),
                one.first_at,
                one.last_at,
                tuple(f"{log}:{line}" for log, line in one.references),
            )
            for one in scope.patients.values()
            if one.person_id is not None
        ),
        networks_beside=scope.networks_beside,
    )
