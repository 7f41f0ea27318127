"""From what was judged to the rows that stand for ever: the disclosure, and the verdict as an event behind it."""

from dataclasses import replace

import msgspec

from beffroi.access.policy import VERSION
from beffroi.actions.disclose.judging import Entry, Judged, State
from beffroi.clock import Clock
from beffroi.errors import BeffroiError
from beffroi.ledger.leaf import NONCE_BYTES
from beffroi.model.disclosure import Field, Operation, Outcome, Purpose, Shown
from beffroi.store.disclosures import DisclosureRow
from beffroi.watch.explain import particulars, spoken

Sights = tuple[tuple[int, int, tuple[int, ...]], ...]


def recorded(shown: tuple[Shown, ...], entry: Entry, error: BeffroiError | None) -> Sights:
    """(person, fields, identities) of everybody of whom the answer tells something, even mere existence."""
    if error is not None:
        return ()
    told = int(entry.question.criteria_fields)
    by_person: dict[int, tuple[int, tuple[int, ...]]] = {}
    for one in shown:  # of some people each identity is shown by itself
        fields, sources = by_person.get(one.person_id, (told, ()))
        by_person[one.person_id] = (fields | int(one.fields), sources + one.sources)
    nothing = (int(Field.EXISTENCE) | told, ())
    return tuple((f.person_id, *by_person.get(f.person_id, nothing)) for f in entry.findings)


def disclosure_row(judged: Judged, people: Sights, state: State, clock: Clock) -> DisclosureRow:
    """The row of a question and its answer."""
    question, verdict = judged.entry.question, judged.verdict
    asker = question.asker
    return DisclosureRow(
        at=state.now,
        account_id=asker.account_id,
        running_number=judged.key[1],
        role=asker.role.value,
        structure_id=asker.structure,
        application=asker.application,
        session_key=asker.session_key,
        network=asker.network,
        door=int(question.door),
        operation=int(question.operation),
        outcome=int(judged.outcome),
        purpose=question.purpose.value,
        reason=question.reason,
        request_id=question.request_id,
        request=msgspec.json.encode(question.criteria).decode(),
        policy_version=VERSION,
        criteria_fields=int(question.criteria_fields),
        shown=msgspec.json.encode(people).decode(),
        nonce=clock.token_bytes(NONCE_BYTES),
        new_explained=verdict.explained_count if verdict else 0,
        new_unexplained=verdict.unexplained_count if verdict else 0,
        people=tuple(person for person, _, _ in people),
    )


def verdict_row(judged: Judged, running_number: int, state: State, clock: Clock) -> DisclosureRow:
    """The event that the account came onto a higher rung, right behind the reading that put it there."""
    assert judged.verdict is not None
    assert judged.circumstances is not None
    found = particulars(judged.verdict, judged.circumstances)
    return replace(
        disclosure_row(judged, (), state, clock),
        running_number=running_number,
        operation=int(Operation.VERDICT),
        outcome=int(Outcome.RECORDED),
        purpose=Purpose.AUDIT.value,
        reason=spoken(found).english,
        request=msgspec.json.encode(found).decode(),
        criteria_fields=0,
        new_explained=0,
        new_unexplained=0,
    )
