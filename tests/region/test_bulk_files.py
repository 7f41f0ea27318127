"""Bulk files hold what the hospitals know: the product reads each format back as the same identities."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from msgspec.structs import replace

from beffroi.identity.fold import patched
from beffroi.identity.status import settled
from beffroi.model.person import IdentityStatus, Record
from beffroi.wire.bulk import BulkFormat, Row, read_rows, split_lines
from beffroi_region.bulk_files import ACTIVE_ONE_IN, csv_lines, hl7_lines, last_activity, ndjson_lines
from beffroi_region.local_identities import LocalIdentity, Region

UNTIL = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
REGION = Region(1_500, 5, 5, date(2026, 11, 24))
SITE = REGION.sites[0]
IDENTITIES = tuple(i for i in REGION if i.hospital_id == SITE.number)

Lines = Callable[[Iterable[LocalIdentity], datetime], Iterator[bytes]]


def rows(lines: Iterator[bytes], bulk_format: BulkFormat) -> list[Row]:
    """What the product reads; no row is refused."""
    found = list(read_rows(split_lines(lines), bulk_format, SITE.hospital))
    assert all(isinstance(row, Row) for row in found)
    return [row for row in found if isinstance(row, Row)]


def without_uses(record: Record) -> Record:
    """A record without what CSV has no column for: the use of a phone."""
    return replace(record, telecoms=tuple(replace(t, use="") for t in record.telecoms))


@pytest.mark.parametrize(("bulk_format", "lines"), [(BulkFormat.NDJSON, ndjson_lines), (BulkFormat.CSV, csv_lines)])
def test_rows_are_read_back(bulk_format: BulkFormat, lines: Lines) -> None:
    """Every identity comes back, trait by trait."""
    found = rows(lines(IDENTITIES, UNTIL), bulk_format)
    assert len(found) == len(IDENTITIES)
    for row, identity in zip(found, IDENTITIES, strict=True):
        (event,) = row.events
        expected = identity.record if bulk_format is BulkFormat.NDJSON else without_uses(identity.record)
        assert event.ipp == identity.ipp
        assert settled(patched(Record(), event.patch)) == expected
        assert event.occurred_at == last_activity(identity, UNTIL)


def test_messages_are_read_back() -> None:
    """A file of messages holds the same identities; a retrieved one is told as provisional (PAM France)."""
    found = rows(hl7_lines(IDENTITIES[:300], SITE, UNTIL), BulkFormat.HL7)
    assert [row.events[0].ipp for row in found] == [identity.ipp for identity in IDENTITIES[:300]]
    for row, identity in zip(found, IDENTITIES, strict=False):
        heard = settled(patched(Record(), row.events[0].patch))
        if identity.record.status is not IdentityStatus.RETRIEVED:
            assert replace(heard, collected_by="", last_update=None) == identity.record


def test_a_few_were_there_lately() -> None:
    """About one identity in forty was dealt with in the last three days, never after the end."""
    times = [last_activity(identity, UNTIL) for identity in REGION]
    active = [time for time in times if time is not None]
    assert 0.5 < len(active) * ACTIVE_ONE_IN / len(times) < 1.5
    assert all(UNTIL - timedelta(hours=72) < time < UNTIL for time in active)
