"""A hospital's feed over FHIR (PIXm ITI-104): conditional update and conditional delete of its own identities.

No answer names a patient: neither a Location nor a reference, because a person's reference tells whether somebody
matched in another hospital. The version (ETag) is that of the sender's own identity.

Source: IHE PIXm 3.1.0 ITI-104; FHIR R4 update and delete (conditional, If-Match).
"""

import re
from datetime import UTC, datetime, timedelta

from beffroi.actions.feeding import Applied, HospitalFeed
from beffroi.errors import InvalidValue, VersionConflict, Words
from beffroi.model.feed import FeedEvent, FeedKind, FeedOutcome
from beffroi.model.person import HospitalId
from beffroi.servers.authentication import Authenticated
from beffroi.servers.exchange import Reply, Request
from beffroi.servers.fhir_handlers import Desk
from beffroi.servers.fhir_outcome import outcome
from beffroi.telemetry.metrics import count_feed
from beffroi.wire.fhir_feed import PatientFeed, fed_identifier, parse_patient_feed
from beffroi.wire.fhir_form import parse_pairs
from beffroi.wire.pam_events import explains_s

EVENT = "ITI-104"
_AS_EVENT = "A31"
"""An update over FHIR explains what an A31 does: a file was corrected, which does not say that somebody is there."""
_ETAG = re.compile(r'(?:W/)?"(\d{1,18})"')
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


async def feed_update(desk: Desk, who: Authenticated, request: Request) -> Reply:
    """ITI-104 by PUT: 201 for a new identity, 200 otherwise, durably; what was not kept is said."""
    feed = _feed(desk)
    caller = await feed.caller(who.asker, who.proof)
    hospital = caller.hospital
    ipp = fed_identifier(parse_pairs(request.query), hospital.oid)
    told = parse_patient_feed(request.body, ipp, hospital.oid)
    applied = await feed.apply(_event(told, hospital.hospital_id, feed, request), caller)
    count_feed(FeedOutcome.APPLIED)
    return _reply(201 if applied.created and told.kind is FeedKind.UPSERT else 200, applied, told.remarks, request)


async def feed_delete(desk: Desk, who: Authenticated, request: Request) -> Reply:
    """ITI-104 by DELETE: the identity is never found again, unless it is fed again."""
    feed = _feed(desk)
    caller = await feed.caller(who.asker, who.proof)
    hospital = caller.hospital
    told = PatientFeed(FeedKind.REMOVE, fed_identifier(parse_pairs(request.query), hospital.oid))
    applied = await feed.apply(_event(told, hospital.hospital_id, feed, request), caller)
    count_feed(FeedOutcome.APPLIED)
    return _reply(200, applied, (), request)


def _feed(desk: Desk) -> HospitalFeed:
    if desk.feed is None:
        raise AssertionError("the routes of the feed are there only with one")
    return desk.feed


def _event(told: PatientFeed, hospital_id: HospitalId, feed: HospitalFeed, request: Request) -> FeedEvent:
    return FeedEvent(
        kind=told.kind,
        hospital_id=hospital_id,
        ipp=told.ipp,
        patch=told.patch,
        other_ipp=told.other_ipp,
        event=EVENT,
        explains_s=0 if told.kind is FeedKind.REMOVE else explains_s(_AS_EVENT, feed.windows.get(hospital_id, {})),
        expected=_expected(request.headers.get("if-match", "")),
    )


def _expected(if_match: str) -> datetime | None:
    """The version that must be there; None when any may be. One that is not ours is there nowhere."""
    if not if_match:
        return None
    found = _ETAG.fullmatch(if_match.strip())
    if found is None:
        if if_match.strip().startswith(('"', "W/")):
            raise VersionConflict("If-Match")
        why = Words("give one version, as the ETag said it", "donnez une seule version, celle de l'ETag")
        raise InvalidValue("If-Match", what="If-Match", why=why)
    return _EPOCH + int(found[1]) * _MICROSECOND


def _etag(version: datetime) -> bytes:
    return f'W/"{(version - _EPOCH) // _MICROSECOND}"'.encode()


def _reply(status: int, applied: Applied, remarks: tuple[Words, ...], request: Request) -> Reply:
    kept = Words("Kept.", "Conservé.")
    issues = []
    for words in remarks or (kept,):
        text = words.french if request.language == "fr" else words.english
        severity = "warning" if remarks else "information"
        code = "not-supported" if remarks else "informational"
        issues.append({"severity": severity, "code": code, "details": {"text": text}, "diagnostics": words.english})
    headers = ((b"etag", _etag(applied.version)),) if applied.version is not None else ()
    return Reply(status, outcome(issues, request.request_id), headers)
