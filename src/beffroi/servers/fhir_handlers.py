"""What each FHIR address does: read the question, ask the finder, render what it released. Nothing else happens here.

Our own references are identifiers of the regional domain: the finder knows them as identifiers without a system.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import msgspec

from beffroi.access.pages import Continuations
from beffroi.actions.asking import Ask
from beffroi.actions.case_room import CaseRoom
from beffroi.actions.feeding import HospitalFeed
from beffroi.actions.pages import Page
from beffroi.actions.ways.ways_on import WaysOn
from beffroi.clock import Clock
from beffroi.errors import CallerError, NotFound, Words
from beffroi.model.audit import AuditAnswer, AuditSearch
from beffroi.model.disclosure import Answer, DisclosureId, Field, Operation, Released
from beffroi.model.scope import ScopeAnswer
from beffroi.model.search import Criteria, IdentifierToken
from beffroi.servers.authentication import Authenticated
from beffroi.servers.exchange import Format, Reply, Request
from beffroi.servers.fhir_ask import ask_of, audit_ask_of
from beffroi.servers.fhir_pages import PARAMETER, asked_page, continued, next_page
from beffroi.wire.fhir import (
    Told,
    advice_outcome,
    match_bundle,
    patient,
    pix_parameters,
    search_bundle,
    version,
)
from beffroi.wire.fhir_audit import audit_bundle, parse_audit_search
from beffroi.wire.fhir_form import Pairs, parse_pairs
from beffroi.wire.fhir_input import PixInput, parse_match, parse_pix, pix_of
from beffroi.wire.fhir_scope import parse_scope, scope_parameters
from beffroi.wire.fhir_search import Search, parse_search
from beffroi.wire.fhir_view import Endpoint, View
from beffroi.wire.fhir_xml import to_xml

_REFERENCE_LENGTH_MAX = 64
_IDENTIFIER_FIELDS = Field.OWN_IDENTIFIER | Field.INS | Field.OTHER_IDENTIFIERS
_ALL_FIELDS = ~Field(0)

encode = msgspec.json.Encoder().encode


class Finds(Protocol):
    """The finder as this door uses it (actions.find.Finder)."""

    async def page(self, ask: Ask, criteria: Criteria) -> Page: ...

    async def read(self, ask: Ask, reference: str) -> Released[Answer]: ...

    async def match(self, ask: Ask, sample: Criteria, only_certain: bool, count: int) -> Released[Answer]: ...

    async def pix(self, ask: Ask, system: str, value: str, targets: tuple[str, ...]) -> Released[Answer]: ...

    async def audit(self, ask: Ask, search: AuditSearch) -> Released[AuditAnswer]: ...

    async def scope(self, ask: Ask, texts: Sequence[str]) -> Released[ScopeAnswer]: ...

    async def refuse(self, ask: Ask, error: CallerError) -> object: ...

    def delivered(self, disclosure_id: DisclosureId, sent: bool) -> None: ...


@dataclass(frozen=True, slots=True)
class Desk:
    """What every handler works with: the finder behind it, where its answers are seen from, and what leads on.

    `feed`: the way into the register, where hospitals may feed over FHIR; `cases`: the desk of incidents.
    """

    finder: Finds
    endpoint: Endpoint
    pages: Continuations
    clock: Clock
    feed: HospitalFeed | None = None
    ways: WaysOn | None = None
    cases: CaseRoom | None = None


async def search_by_get(desk: Desk, who: Authenticated, request: Request) -> Reply:
    """ITI-78 by GET, and the further pages of any search."""
    if page := asked_page(request.query):
        return await _listed(desk, who, request, continued(desk.pages, who.asker, page, _now_s(desk)))
    return await _search(desk, who, request, parse_pairs(request.query))


async def search_by_post(desk: Desk, who: Authenticated, request: Request) -> Reply:
    """ITI-78 by POST: the address may hold parameters too (FHIR R4 search by POST)."""
    return await _search(desk, who, request, parse_pairs(request.query) + parse_pairs(request.body))


async def _search(desk: Desk, who: Authenticated, request: Request, pairs: Pairs) -> Reply:
    strict = "handling=strict" in request.headers.get("prefer", "")
    return await _listed(desk, who, request, _at_home(parse_search(pairs, strict), desk.endpoint))


async def _listed(desk: Desk, who: Authenticated, request: Request, search: Search) -> Reply:
    only = Field.EXISTENCE if search.count_only else search.only
    ask = ask_of(who, request, Operation.SEARCH, only=only)
    page = await desk.finder.page(ask, search.criteria)
    view = _view(desk, who, request, subsetted=search.only is not None)
    more = next_page(desk.pages, who.asker, search, page.following, _now_s(desk)) if page.following else ""
    told = Told(search.used, search.ignored, search.count_only, page.total, f"{PARAMETER}={more}" if more else "")
    return _reply(page.released, search_bundle(page.released, view, told), request)


def _now_s(desk: Desk) -> float:
    return desk.clock.now().timestamp()


async def read(desk: Desk, who: Authenticated, request: Request) -> Reply:
    """One patient by reference, with a weak ETag; 403 with the way on when she may not be shown."""
    if not 0 < len(request.reference) <= _REFERENCE_LENGTH_MAX:
        raise NotFound(what=Words("Patient", "Patient"))
    only = parse_search([p for p in parse_pairs(request.query) if p[0] == "_elements"]).only
    ask = ask_of(who, request, Operation.READ, only=only)
    released = await desk.finder.read(ask, request.reference)
    view = _view(desk, who, request, subsetted=only is not None)
    if not released.content.shown:
        return replace(_reply(released, advice_outcome(released, view), request), status=403)
    etag = (b"etag", f'W/"{version(released)}"'.encode())
    return replace(_reply(released, patient(released, view), request), headers=(etag,))


async def match(desk: Desk, who: Authenticated, request: Request) -> Reply:
    """ITI-119."""
    asked = parse_match(request.body)
    ask = ask_of(who, request, Operation.MATCH, asked.asked)
    sample = _at_home(Search(asked.sample), desk.endpoint).criteria
    released = await desk.finder.match(ask, sample, asked.only_certain, asked.count)
    return _reply(released, match_bundle(released, _view(desk, who, request)), request)


async def pix_by_get(desk: Desk, who: Authenticated, request: Request) -> Reply:
    """ITI-83 by GET."""
    return await _pix(desk, who, request, pix_of(parse_pairs(request.query)))


async def pix_by_post(desk: Desk, who: Authenticated, request: Request) -> Reply:
    """ITI-83 with its parameters in the body, so that no identifier stands in an address."""
    return await _pix(desk, who, request, parse_pix(request.body))


async def _pix(desk: Desk, who: Authenticated, request: Request, asked: PixInput) -> Reply:
    endpoint = desk.endpoint
    source = _own_reference(asked.source, endpoint)
    system = "" if source.system == endpoint.regional_oid else source.system
    targets = tuple(oid for oid in asked.targets if oid != endpoint.regional_oid)
    only = None
    if asked.targets and not targets:  # the reference alone is wanted: no identifier of anybody's
        targets, only = (endpoint.hospitals.by_id(who.asker.structure).oid,), Field.REFERENCE
    ask = ask_of(who, request, Operation.PIX_QUERY, asked.asked, only)
    released = await desk.finder.pix(ask, system, source.value, targets)
    view = _view(desk, who, request)
    if not released.content.shown:  # withheld is never an empty answer (law 7)
        return replace(_reply(released, advice_outcome(released, view), request), status=403)
    return _reply(released, pix_parameters(released, view, source, asked.targets), request)


async def audit(desk: Desk, who: Authenticated, request: Request) -> Reply:
    """ITI-81: the disclosures of the asker's own structure."""
    search = parse_audit_search(parse_pairs(request.query))
    released = await desk.finder.audit(audit_ask_of(who, request), search)
    bundle = audit_bundle(released, _view(desk, who, request), search)
    return Reply(200, encode(bundle), disclosure_id=released.content.disclosure_id)


async def scope(desk: Desk, who: Authenticated, request: Request) -> Reply:
    """Whose data were seen: our own operation, for data protection officers."""
    texts = parse_scope(request.body)
    released = await desk.finder.scope(audit_ask_of(who, request, Operation.SCOPE_VIEW), texts)
    return Reply(200, encode(scope_parameters(released)), disclosure_id=released.content.disclosure_id)


def _view(desk: Desk, who: Authenticated, request: Request, subsetted: bool = False) -> View:
    return View(desk.endpoint, who.asker.structure, request.language, str(request.request_id), subsetted)


def _reply(released: Released[Answer], body: dict[str, Any], request: Request) -> Reply:
    answer = released.content
    written = to_xml(body) if request.format is Format.XML else encode(body)
    told = Format.XML if request.format is Format.XML else Format.JSON
    return Reply(200, written, disclosure_id=answer.disclosure_id, outcome=answer.outcome, format=told)


def _at_home(search: Search, endpoint: Endpoint) -> Search:
    """The search with the regional domain in the finder's words.

    When identifiers of the regional domain alone are to come back, all others are left out: every patient shown has
    her reference anyway.
    """
    criteria = search.criteria
    if not criteria.identifiers and not criteria.domains:
        return search
    only = search.only
    domains = tuple(oid for oid in criteria.domains if oid != endpoint.regional_oid)
    if criteria.domains and not domains:
        only = (_ALL_FIELDS if only is None else only) & ~_IDENTIFIER_FIELDS
    criteria = msgspec.structs.replace(
        criteria,
        identifiers=_without_regional(criteria.identifiers, endpoint),
        domains=domains,
        alternatives=tuple(
            msgspec.structs.replace(one, identifiers=_without_regional(one.identifiers, endpoint))
            for one in criteria.alternatives
        ),
    )
    return msgspec.structs.replace(search, criteria=criteria, only=only)


def _without_regional(tokens: Sequence[IdentifierToken], endpoint: Endpoint) -> tuple[IdentifierToken, ...]:
    return tuple(
        IdentifierToken("", token.value) if token.system == endpoint.regional_oid else token for token in tokens
    )


def _own_reference(source: IdentifierToken, endpoint: Endpoint) -> IdentifierToken:
    """`Patient/x`, alone or after our own address, is the identifier x of the regional domain (PIXm ITI-83)."""
    reference = source.value.removeprefix(endpoint.patient_url)
    if reference == source.value:
        reference = source.value.removeprefix("Patient/")
    ours = source.system in ("", endpoint.base_url, endpoint.base_url.rpartition("/")[0])
    return IdentifierToken(endpoint.regional_oid, reference) if ours and reference != source.value else source
