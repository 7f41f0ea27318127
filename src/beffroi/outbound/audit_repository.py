"""Audit repositories: AuditEvents posted one by one, or DICOM's messages over syslog and TLS.

Source: IHE ITI TF-2 3.20 (Record Audit Event: syslog; RESTful ATNA, FHIR feed), RFC 5424 and 5425.
"""

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import httpx2
import msgspec

from beffroi.model.audit import AuditEntry, FeedEntry
from beffroi.outbound.fetching import FetchFailed, client_for
from beffroi.outbound.syslog import Collector, line, send
from beffroi.wire.dicom_audit import dicom_message, feed_dicom_message
from beffroi.wire.fhir_audit_event import audit_event
from beffroi.wire.fhir_audit_feed import feed_audit_event
from beffroi.wire.fhir_terms import Json
from beffroi.wire.fhir_view import Endpoint

AT_ONCE = 8
"""Posts under way at once: a repository on the other side of a wide network must keep up with a region."""
SECONDS_MAX = 10.0
FACILITY = 10
"""Security messages: ITI-20 wants this facility, and severity 5."""
SEVERITY = 5
_REFUSED = frozenset({400, 409, 413, 422})
"""What a repository answers when it will never take that event."""


class Record(NamedTuple):
    """What is sent: an entry, and which it is of its disclosure's."""

    entry: AuditEntry | FeedEntry
    number: int


@dataclass(frozen=True, slots=True)
class Sent:
    """How a batch ended: its first `count` records are done with, but `refused` of them (by place: why) were not taken
    and never will be. `failure`: the class of what stopped the next one."""

    count: int
    refused: dict[int, str] = field(default_factory=dict)
    failure: str = ""


class Repository(Protocol):
    """One configured repository. `kind`: fhir or syslog."""

    name: str
    kind: str

    async def send(self, records: Sequence[Record]) -> Sent:
        """Sends in order. Never raises for what the repository does."""


class FhirRepository:
    """A FHIR server that takes AuditEvents. `profile`: the French one, or empty for IHE's."""

    kind = "fhir"

    def __init__(
        self, name: str, url: str, endpoint: Endpoint, profile: str, authorization: str, context: ssl.SSLContext
    ) -> None:
        self.name = name
        self._url = f"{url.rstrip('/')}/AuditEvent"
        self._endpoint = endpoint
        self._profile = profile
        self._context = context
        self._headers = {"content-type": "application/fhir+json", "accept": "application/fhir+json"}
        if authorization:
            self._headers["authorization"] = authorization

    async def send(self, records: Sequence[Record]) -> Sent:
        """Posts a few at once; what failed is told with everything behind it again."""
        refused: dict[int, str] = {}
        async with client_for(self._url, SECONDS_MAX, self._context) as client:
            for first in range(0, len(records), AT_ONCE):
                posts = (self._post(client, one) for one in records[first : first + AT_ONCE])
                for place, fate in enumerate(await asyncio.gather(*posts, return_exceptions=True), start=first):
                    if isinstance(fate, BaseException):
                        return Sent(place, refused, type(fate).__name__)
                    if fate:
                        refused[place] = fate
        return Sent(len(records), refused)

    def _event(self, record: Record) -> Json:
        if isinstance(record.entry, FeedEntry):
            return feed_audit_event(record.entry, self._endpoint, self._profile)
        return audit_event(record.entry, record.number, self._endpoint, self._profile)

    async def _post(self, client: httpx2.AsyncClient, record: Record) -> str:
        """Empty when it was taken, else the status of a refusal. Raises FetchFailed."""
        event = self._event(record)
        try:
            response = await client.post(self._url, content=msgspec.json.encode(event), headers=self._headers)
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            raise FetchFailed(type(error).__name__) from error
        if 200 <= response.status_code < 300:
            return ""
        if response.status_code in _REFUSED:
            return str(response.status_code)
        raise FetchFailed("the answer is not 2xx")


class SyslogRepository:
    """A collector of DICOM's audit messages. Nothing is acknowledged: a batch has arrived when TLS ended in order."""

    kind = "syslog"

    def __init__(self, name: str, collector: Collector, endpoint: Endpoint, host: str) -> None:
        self.name = name
        self._collector = collector
        self._endpoint = endpoint
        self._host = host

    async def send(self, records: Sequence[Record]) -> Sent:
        """All of them over one connection, or none is known to have arrived."""
        try:
            await send(self._collector, [self._line(record.entry) for record in records])
        except (OSError, TimeoutError) as failure:  # ssl.SSLError among them
            return Sent(0, failure=type(failure).__name__)
        return Sent(len(records))

    def _line(self, entry: AuditEntry | FeedEntry) -> bytes:
        if isinstance(entry, FeedEntry):
            text = feed_dicom_message(entry, self._endpoint)
        else:
            text = dicom_message(entry, self._endpoint)
        return line(FACILITY * 8 + SEVERITY, entry.at, self._host, "IHE+RFC-3881", "-", text)
