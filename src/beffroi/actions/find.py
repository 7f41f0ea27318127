"""Finding people for whoever may ask: policy, then the look-up, then the gate.

Every path ends in the gate, also "too broad", "none" and "forbidden": all of them tell something (law 3).
"""

from functools import partial
from typing import NamedTuple, NoReturn
from uuid import UUID

import msgspec

from beffroi.access.fields import NOTHING
from beffroi.access.policy import Permit
from beffroi.access.told import told_by_criteria, told_by_identifier
from beffroi.actions.asking import Ask
from beffroi.actions.audit_view import AuditView
from beffroi.actions.availability import looking_up
from beffroi.actions.disclose.gate import Gate
from beffroi.actions.investigate import Investigation
from beffroi.actions.lookup import Lookup
from beffroi.actions.pages import Page, Window, kept_back
from beffroi.errors import CallerError, NotFound, TooBroad, UnknownDomain, UnknownKey, Words
from beffroi.identity.blocking import Block, Plan, plan, widen
from beffroi.identity.selection import CERTAIN, POSSIBLE, PROBABLE, best_grade, holds, narrows, of_protected, score
from beffroi.model.account import Asker
from beffroi.model.disclosure import (
    Advice,
    Answer,
    DisclosureId,
    Door,
    Field,
    Finding,
    Operation,
    Outcome,
    Question,
    Released,
)
from beffroi.model.hospitals import Hospitals
from beffroi.model.person import INS_OIDS
from beffroi.model.search import Criteria, IdentifierToken, described
from beffroi.store.identities import PEOPLE_LOOKED_AT_MAX

LIST_MAX_DEFAULT = 20
LIST_MAX = 50
"""People. A longer list helps nobody to find one patient, and helps a thief to take many."""
_ADD_TO_BE_ONE = Words(
    "letters of the name or the sex, since more than one person matches, and an emergency reading is of one",
    "des lettres du nom ou le sexe : plusieurs personnes correspondent, et une lecture en urgence n'en concerne qu'une",
)
_ADD_TO_MATCH = Words(
    "the full birth date, 3 letters of the family name and the first of the given name",
    "la date de naissance complète, 3 lettres du nom et la première du prénom",
)


class Finder:
    """The questions that may be asked of the identities."""

    def __init__(
        self,
        lookup: Lookup,
        gate: Gate,
        hospitals: Hospitals,
        audits: AuditView,
        scopes: Investigation,
        list_max: int = LIST_MAX_DEFAULT,
    ) -> None:
        self.hospitals = hospitals
        self.audit = audits.search
        self.scope = scopes.view
        self._lookup = lookup
        self._gate = gate
        self._list_max = min(list_max, LIST_MAX)

    async def search(self, ask: Ask, criteria: Criteria) -> Released[Answer]:
        """The people who match, if they are few enough and the question says enough (`identity.blocking`): all of them.

        As an emergency reading: the one person who matches a full search.
        """
        return (await self.page(ask, msgspec.structs.replace(criteria, count=None, after=0))).released

    async def page(self, ask: Ask, criteria: Criteria) -> Page:
        """As `search`, at most `criteria.count` of them, those after `criteria.after`."""
        told = told_by_criteria(criteria, ask.asker, self.hospitals)
        question = ask.question(described(criteria), told, criteria.domains)
        permit = await ask.permit(self._gate, question)
        await self._refuse_unknown_domains(question, criteria.domains, 404, "QPD^1^8")
        if ask.operation is Operation.EMERGENCY_READ:
            return Page(await self._emergency(ask.asker, question, permit, criteria))
        sought = [await self._sought(question, permit, one) for one in (criteria, *criteria.alternatives)]
        found = list({f.person_id: f for one in sought for f in one.found}.values())
        if not any(one.planned.missing for one in sought):
            by_traits = len(sought) == 1 and sought[0].planned.block is Block.BIRTH_AND_NAMES
            question = msgspec.structs.replace(question, specified=True, one_person=by_traits)
        advice = tuple(dict.fromkeys(a for one in sought for a in _advice(one.planned)))
        missing = tuple(dict.fromkeys(m for one in sought for m in one.planned.missing))
        if ask.operation is Operation.PDQ_QUERY:
            found = [_scored(finding, criteria) for finding in found]
        if sought[0].planned.block is Block.IDENTIFIER:
            # Each number names its patient, so "too many" tells of all of them: the gate must know whom.
            window = Window(permit, criteria.count, criteria.after, partial(_few, self._list_max))
            released = await self._gate.disclose(question, permit, _sorted(found), advice=advice, finish=window)
            return window.page(released)
        if len(found) > self._list_max or any(one.cut for one in sought):
            too_many = (Advice.TOO_MANY, *advice)
            return Page(await self._gate.disclose(question, permit, (), Outcome.TOO_MANY, too_many, missing))
        window = Window(permit, criteria.count, criteria.after)
        released = await self._gate.disclose(
            question, permit, _sorted(found), Outcome.NONE, advice, missing, finish=window
        )
        return window.page(released)

    async def _sought(self, question: Question, permit: Permit, criteria: Criteria) -> "_Sought":
        """The people of one of the alternatives."""
        planned = await self._plan(question, criteria)
        # Whoever may not see protected people learns no letter of their names beyond those that a full search needs.
        blunt = planned if Field.BIRTH_NAME in permit.restricted else widen(planned)
        found = await self._look_up(blunt, question.asker)
        cut = len(found) >= PEOPLE_LOOKED_AT_MAX
        if criteria.reference:
            found = [msgspec.structs.replace(f, asked_reference=criteria.reference) for f in found]
        if blunt != planned or narrows(criteria, planned.block) or planned.block is Block.EXPLAINED_BY_TELECOM:
            found = [f for f in found if _selected(f, criteria, planned.block, permit)]
        return _Sought(planned, found, cut)

    async def read(self, ask: Ask, reference: str) -> Released[Answer]:
        """One patient by reference; a replaced reference gives only what replaces it. Raises `NotFound`."""
        question = ask.question({"_id": reference}, Field.REFERENCE, specified=True)
        permit = await ask.permit(self._gate, question)
        found = await self._look_up(Plan(Block.REFERENCE, reference=reference), ask.asker)
        if not found:
            await self._gate.refuse(question, NotFound(what=Words("Patient", "Patient")), Outcome.NONE)
        asked = msgspec.structs.replace(found[0], asked_reference=reference)
        return await self._gate.disclose(question, permit, (asked,))

    async def _emergency(
        self, asker: Asker, question: Question, permit: Permit, criteria: Criteria
    ) -> Released[Answer]:
        """Break-glass by name: exactly one person matches a full search, protected or not, or nobody is shown."""
        if criteria.alternatives:
            await self._gate.refuse(question, TooBroad(add=_ADD_TO_BE_ONE), Outcome.TOO_BROAD)
        planned = await self._plan(question, criteria, full=True)
        looked_up = await self._look_up(planned, asker)
        found = [finding for finding in looked_up if _selected(finding, criteria, planned.block, permit)]
        if planned.block is Block.IDENTIFIER:
            return await self._gate.disclose(question, permit, _sorted(found), finish=partial(_few, 1))
        if len(found) > 1:
            await self._gate.refuse(question, TooBroad(add=_ADD_TO_BE_ONE), Outcome.TOO_MANY)
        return await self._gate.disclose(question, permit, tuple(found))

    async def match(self, ask: Ask, sample: Criteria, only_certain: bool = False, count: int = 0) -> Released[Answer]:
        """The people like a sample, likeliest first, graded. A sample must name its patient as a full search does.

        Two people who would both be certain are both probable: an ambiguous answer is not certain (PDQm ITI-119).
        """
        told = told_by_criteria(sample, ask.asker, self.hospitals)
        question = ask.question(described(sample), told, sample.domains, specified=True, one_person=True)
        permit = await ask.permit(self._gate, question)
        planned = await self._plan(question, sample, full=True)
        found = _graded(await self._look_up(widen(planned), ask.asker), sample, planned, permit)
        finish = partial(_candidates, self._list_max, only_certain, count)
        return await self._gate.disclose(question, permit, found, finish=finish)

    async def pix(self, ask: Ask, system: str, value: str, targets: tuple[str, ...]) -> Released[Answer]:
        """The other identifiers of the person who bears this one. `system` and `targets` are OIDs.

        An empty `system` names one of our own references. Raises `UnknownDomain` (source 400, target 403) and
        `NotFound`, as PIXm 3.1.0 ITI-83 says.
        """
        token = IdentifierToken(system, value)
        own = self.hospitals.by_id(ask.asker.structure).oid
        wanted = Field.OWN_IDENTIFIER
        if not targets or set(targets) - {own}:
            wanted |= Field.OTHER_IDENTIFIERS | Field.INS
        criteria = {"sourceIdentifier": f"{system}|{value}", "targetSystem": ",".join(targets)}
        told = told_by_identifier(token, ask.asker, self.hospitals)
        question = ask.question(criteria, told, targets, wanted, specified=True)
        permit = await ask.permit(self._gate, question)
        if system and not self._lookup.knows_domain(system, ask.asker):
            unknown = UnknownDomain("sourceIdentifier Assigning Authority", 400, "QPD^1^3^1^4")
            await self._gate.refuse(question, unknown)
        await self._refuse_unknown_domains(question, targets, 403, "QPD^1^4")
        found = await self._look_up(Plan(Block.IDENTIFIER, identifiers=(token,)), ask.asker)
        if not found:
            missing = UnknownKey("QPD^1^3^1^1", what="sourceIdentifier Patient Identifier")
            await self._gate.refuse(question, missing, Outcome.NONE)
        others = _without(found[0], token, self.hospitals)
        if not others.identities:  # known by the source alone: what is left to tell is our own reference
            permit = Permit(Field.REFERENCE, permit.restricted)
        return await self._gate.disclose(question, permit, (others,))

    async def signed_in(self, asker: Asker, door: Door, request_id: UUID) -> None:
        """Records a sign-in: the first request of a session key."""
        question = Question(asker, door, Operation.SIGN_IN, request_id, {}, NOTHING, NOTHING)
        await self._gate.disclose(question, Permit(NOTHING, NOTHING), (), Outcome.SIGNED_IN)

    async def refuse(self, ask: Ask, error: CallerError) -> NoReturn:
        """Records a question that its door could not read, or may not put, then raises `error`."""
        outcome = Outcome.TOO_BROAD if isinstance(error, TooBroad) else Outcome.REFUSED
        await self._gate.refuse(ask.question({}, NOTHING), error, outcome)

    def knows_domain(self, oid: str, asker: Asker) -> bool:
        """Whether an assigning authority is one that this asker may know of."""
        return self._lookup.knows_domain(oid, asker)

    def delivered(self, disclosure_id: DisclosureId, sent: bool) -> None:
        """The fate of an answer, told by the server that handed it to the socket, or could not."""
        self._gate.delivered(disclosure_id, sent)

    async def _look_up(self, planned: Plan, asker: Asker) -> list[Finding]:
        with looking_up():
            return await self._lookup.people(planned, asker)

    async def _plan(self, question: Question, criteria: Criteria, full: bool = False) -> Plan:
        try:
            planned = plan(criteria)
            if full and planned.missing and planned.block is not Block.IDENTIFIER:
                raise TooBroad(add=_ADD_TO_MATCH)
        except CallerError as error:
            broad = isinstance(error, TooBroad)
            await self._gate.refuse(question, error, Outcome.TOO_BROAD if broad else Outcome.REFUSED)
        return planned

    async def _refuse_unknown_domains(
        self, question: Question, domains: tuple[str, ...], status: int, location: str
    ) -> None:
        for index, oid in enumerate(domains, start=1):
            if not self._lookup.knows_domain(oid, question.asker):
                await self._gate.refuse(question, UnknownDomain("targetSystem", status, f"{location}^{index}"))


class _Sought(NamedTuple):
    """What one search came to. `cut`: the look-up stopped before its end."""

    planned: Plan
    found: list[Finding]
    cut: bool


def _scored(finding: Finding, criteria: Criteria) -> Finding:
    """How surely each is the one sought (QRI): of protected people no surer than possible, whatever agrees."""
    if finding.restricted:
        return _with_grade(finding, POSSIBLE)
    if criteria.identifiers or criteria.reference:
        return _with_grade(finding, CERTAIN)
    return _with_grade(finding, best_grade((i.record for i in finding.identities), criteria))


def _sorted(found: list[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(found, key=lambda finding: (not finding.explained, finding.person_id)))


def _selected(finding: Finding, criteria: Criteria, block: Block, permit: Permit) -> bool:
    """Whether the criteria that narrow leave her in. What is withheld of protected people does not narrow to them."""
    if finding.restricted:
        if block is Block.EXPLAINED_BY_TELECOM:
            return False
        criteria = of_protected(criteria, permit.restricted)
    return _holds(finding, criteria)


def _holds(finding: Finding, criteria: Criteria) -> bool:
    return any(holds(i.record, i.updated_at.date() if i.updated_at else None, criteria) for i in finding.identities)


def _advice(planned: Plan) -> tuple[Advice, ...]:
    """What is said whether or not there are others: the words depend on the question alone, so they tell nothing."""
    if not planned.missing:
        return ()
    if planned.block is Block.EXPLAINED_BY_BIRTH and not planned.family.low:
        return (Advice.OWN_HOSPITAL_ONLY, Advice.MAY_BE_OTHERS)
    return (Advice.MAY_BE_OTHERS,)


def _graded(found: list[Finding], sample: Criteria, planned: Plan, permit: Permit) -> tuple[Finding, ...]:
    """Each with her grade; of protected people it follows from what may be shown of them."""
    graded = []
    for finding in found:
        if finding.restricted and Field.BIRTH_NAME not in permit.restricted:
            graded.append(_with_grade(finding, POSSIBLE))
            continue
        traits = msgspec.structs.replace(sample, sex=None) if finding.restricted else sample
        certain = planned.block is Block.IDENTIFIER
        grade = CERTAIN if certain else best_grade((i.record for i in finding.identities), traits)
        if grade != POSSIBLE or finding.explained:  # an unexplained resemblance is a bystander
            graded.append(_with_grade(finding, grade))
    return tuple(sorted(graded, key=lambda finding: (-finding.score, finding.person_id)))


Advised = tuple[tuple[Finding, ...], tuple[Advice, ...]]


def _few(list_max: int, found: tuple[Finding, ...]) -> Advised:
    """All of them, or none where they are more than a list may show; then all are told to exist."""
    if len(found) <= list_max:
        return found, ()
    return tuple(kept_back(finding) for finding in found), (Advice.TOO_MANY,)


def _candidates(list_max: int, only_certain: bool, count: int, found: tuple[Finding, ...]) -> Advised:
    """The likeliest first. Whoever is not shown but makes the others less certain is told by it to exist."""
    rivals = [finding for finding in found if finding.grade == CERTAIN]
    if len(rivals) > 1:
        found = tuple(_with_grade(f, PROBABLE) if f.grade == CERTAIN else f for f in found)
    wanted = [f for f in found if f.grade == CERTAIN or not only_certain][: count or None]
    too_many = len(wanted) > list_max
    shown = () if too_many else tuple(wanted)
    named = {finding.person_id for finding in shown}
    told = tuple(kept_back(f) for f in rivals if len(rivals) > 1 and f.person_id not in named)
    return (*shown, *told), (Advice.TOO_MANY,) if too_many else ()


def _with_grade(finding: Finding, grade: str) -> Finding:
    return msgspec.structs.replace(finding, grade=grade, score=score(grade))


def _without(finding: Finding, source: IdentifierToken, hospitals: Hospitals) -> Finding:
    """PIX never echoes the source identifier."""
    hospital = hospitals.by_oid(source.system)
    kept = []
    for identity in finding.identities:
        if hospital and identity.hospital_id == hospital.hospital_id and identity.ipp == source.value:
            continue
        ins = identity.record.ins
        if ins and source.system in INS_OIDS and ins.value == source.value:
            identity = msgspec.structs.replace(identity, record=msgspec.structs.replace(identity.record, ins=None))
        kept.append(identity)
    return msgspec.structs.replace(finding, identities=tuple(kept))
