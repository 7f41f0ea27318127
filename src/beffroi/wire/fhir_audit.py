"""A search of AuditEvents, and a released page of them: one per patient, as IHE's basic audit profiles say.

Source: IHE ITI-81 (standards 3.9), whose bounds of `date` are required.
"""

from urllib.parse import urlencode

from beffroi.errors import InvalidValue, Missing, Unsupported, Words
from beffroi.model.audit import AUDIT_PAGE_DEFAULT, AUDIT_PAGE_MAX, AuditAnswer, AuditEntry, AuditPlace, AuditSearch
from beffroi.model.disclosure import DisclosureId, Released
from beffroi.wire.fhir import instant
from beffroi.wire.fhir_audit_event import BALP, audit_event
from beffroi.wire.fhir_audit_feed import feed_audit_event
from beffroi.wire.fhir_audit_tde import PROFILE_TDE
from beffroi.wire.fhir_dates import moments
from beffroi.wire.fhir_form import Pairs, token_parts
from beffroi.wire.fhir_terms import Json
from beffroi.wire.fhir_view import View

WINDOW_DAYS_MAX = 366
"""Days of one search. A longer one is several: the index is by structure and time."""


_PARAMETERS = {
    "date": "date",
    "patient": "patient",
    "agent": "agent",
    "agent:identifier": "agent",
    "_count": "_count",
    "_before": "_before",
    "_profile": "_profile",
    "_format": "_format",
    "_pretty": "_format",
}
AUDIT_PARAMETER_TYPES = {"date": "date", "patient": "reference", "agent": "reference"}
"""The search parameters that the CapabilityStatement declares, with their FHIR types."""


def parse_audit_search(pairs: Pairs) -> AuditSearch:
    """The audit search that these parameters ask for; raises `CallerError`. Both bounds of `date` are required.

    >>> parse_audit_search([("date", "ge2026-11-01"), ("date", "le2026-11-02")]).date_until.isoformat()
    '2026-11-03T00:00:00+00:00'
    """
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        if name not in _PARAMETERS:
            what = Words("This search parameter", "Ce paramètre de recherche")
            raise Unsupported(name, what=what, instead="date, patient, agent:identifier, _count, _profile.")
        values.setdefault(_PARAMETERS[name], []).append(value)
    first, until = moments("date", values.get("date", ()))
    if first is None or until is None:
        what = Words("date, with a lower and an upper bound (ge, le),", "date, avec deux bornes (ge, le),")
        raise Missing("date", what=what)
    if first >= until or (until - first).days > WINDOW_DAYS_MAX:
        why = Words(f"between 0 and {WINDOW_DAYS_MAX} days", f"entre 0 et {WINDOW_DAYS_MAX} jours")
        raise InvalidValue("date", what="date", why=why)
    return AuditSearch(
        date_from=first,
        date_until=until,
        reference=_one("patient", values).removeprefix("Patient/"),
        subject=token_parts(_one("agent", values))[-1],
        before=_place(_one("_before", values)),
        profile=_profile_asked(values),
        count=min(_number("_count", values, AUDIT_PAGE_DEFAULT), AUDIT_PAGE_MAX) or AUDIT_PAGE_DEFAULT,
    )


def _profile_asked(values: dict[str, list[str]]) -> str:
    """The French profile, or none for IHE's, which need not be named."""
    asked = _one("_profile", values)
    if asked and asked != PROFILE_TDE and not asked.startswith(BALP):
        what = Words("This _profile", "Ce _profile")
        raise Unsupported("_profile", what=what, instead=PROFILE_TDE)
    return asked if asked == PROFILE_TDE else ""


def audit_bundle(released: Released[AuditAnswer], view: View, search: AuditSearch) -> Json:
    """A searchset of AuditEvents, newest first; a total only when one page holds all. `next` says that more follow.

    The next page's address holds numbers, dates and opaque references only.
    """
    answer = released.content
    base = f"{view.endpoint.base_url}/AuditEvent"
    links = [{"relation": "self", "url": f"{base}?{_query(search, search.before)}"}]
    if answer.next_before is not None:
        links.append({"relation": "next", "url": f"{base}?{_query(search, answer.next_before)}"})
    bundle: Json = {"resourceType": "Bundle", "id": view.request_id, "type": "searchset", "link": links}
    if answer.at is not None:
        bundle["meta"] = {"lastUpdated": instant(answer.at)}
    if answer.next_before is None and search.before is None:
        bundle["total"] = len(answer.entries)
    entries = []
    seen: dict[DisclosureId, int] = {}
    for entry in answer.entries:
        if isinstance(entry, AuditEntry):
            number = seen[entry.disclosure_id] = seen.get(entry.disclosure_id, 0) + 1
            resource = audit_event(entry, number, view.endpoint, search.profile)
        else:
            resource = feed_audit_event(entry, view.endpoint, search.profile)
        entries.append({"fullUrl": f"{base}/{resource['id']}", "resource": resource, "search": {"mode": "match"}})
    if entries:
        bundle["entry"] = entries
    return bundle


def _query(search: AuditSearch, before: AuditPlace | None) -> str:
    found = [("date", f"ge{instant(search.date_from)}"), ("date", f"lt{instant(search.date_until)}")]
    if search.reference:
        found.append(("patient", f"Patient/{search.reference}"))
    if search.subject:
        found.append(("agent:identifier", search.subject))
    if search.profile:
        found.append(("_profile", search.profile))
    found.append(("_count", str(search.count)))
    if before is not None:
        found.append(("_before", f"{before.disclosure or ''}.{before.feed_event or ''}"))
    return urlencode(found)


def _place(text: str) -> AuditPlace | None:
    """Where the page before ended, as its link says it: two numbers around a dot, of which one may be absent.

    >>> _place("900."), _place("")
    (AuditPlace(disclosure=900, feed_event=None), None)
    """
    if not text:
        return None
    parts = text.split(".")
    if len(parts) != 2 or not all(_is_number(part) for part in parts if part):
        raise InvalidValue("_before", what="_before", why=Words("follow the link", "suivez le lien"))
    disclosure, feed_event = (int(part) if part else None for part in parts)
    return AuditPlace(None if disclosure is None else DisclosureId(disclosure), feed_event)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18


def _one(name: str, values: dict[str, list[str]]) -> str:
    some = values.get(name, [""])
    if len(some) > 1 or "," in some[0]:
        what = Words(f"More than one value of {name}", f"Plus d'une valeur de {name}")
        raise Unsupported(name, what=what, instead="")
    return some[0]


def _number(name: str, values: dict[str, list[str]], default: int) -> int:
    text = _one(name, values)
    if not text:
        return default
    if not _is_number(text):
        raise InvalidValue(name, what=name, why=Words("use a whole number", "utilisez un nombre entier"))
    return int(text)
