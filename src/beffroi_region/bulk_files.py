"""A hospital's identities as files for a bulk import: NDJSON, CSV, or HL7 messages one after the other.

Source: docs/reference (the formats of `beffroi import`); PAM France 2.11.2 for HL7.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

import msgspec

from beffroi.model.person import Record, TelecomKind
from beffroi_region.adt_messages import Envelope, message
from beffroi_region.hospitals import Site
from beffroi_region.local_identities import LocalIdentity

CSV_COLUMNS = (
    "ipp",
    "birth_family",
    "birth_given",
    "birth_given_list",
    "used_family",
    "used_given",
    "birth_date",
    "birth_date_interpreted",
    "sex",
    "birth_place_cog",
    "birth_place_city",
    "birth_place_country",
    "birth_order",
    "mother_birth_family",
    "nationality",
    "deceased",
    "deceased_at",
    "status",
    "attributes",
    "restricted",
    "ins",
    "ins_oid",
    "phones",
    "emails",
    "address_lines",
    "address_city",
    "address_postal_code",
    "address_country",
    "last_activity_at",
)
ACTIVE_ONE_IN = 40
"""Of the identities that a hospital holds, one in so many was dealt with in the last three days."""
_ACTIVE_HOURS_MAX = 71

_encode = msgspec.json.Encoder().encode


def last_activity(identity: LocalIdentity, until: datetime) -> datetime | None:
    """When the hospital last dealt with somebody; None when that is long ago. Spread by the identity's own number."""
    number = sum(map(ord, identity.ipp)) * 31 + int(identity.ipp[-4:])
    if number % ACTIVE_ONE_IN or identity.record.deceased:
        return None
    return until - timedelta(hours=1 + number // ACTIVE_ONE_IN % _ACTIVE_HOURS_MAX)


def ndjson_lines(identities: Iterable[LocalIdentity], until: datetime) -> Iterator[bytes]:
    """One object a line: `ipp`, the fields of the record that say something, and the last activity."""
    for identity in identities:
        row: dict[str, Any] = msgspec.to_builtins(identity.record)
        row["ipp"] = identity.ipp
        active = last_activity(identity, until)
        if active is not None:
            row["last_activity_at"] = active
        yield _encode(row) + b"\n"


def csv_lines(identities: Iterable[LocalIdentity], until: datetime) -> Iterator[bytes]:
    """A header, then one line an identity, with semicolons."""
    yield _csv_line(CSV_COLUMNS)
    for identity in identities:
        cells = {name: _cell(value) for name, value in _values(identity.record).items()}
        active = last_activity(identity, until)
        cells["ipp"] = identity.ipp
        cells["last_activity_at"] = active.isoformat() if active else ""
        yield _csv_line([cells[name] for name in CSV_COLUMNS])


def hl7_lines(identities: Iterable[LocalIdentity], site: Site, until: datetime) -> Iterator[bytes]:
    """An A28 for each identity, one segment a line."""
    for number, identity in enumerate(identities, 1):
        envelope = Envelope("A28", f"BULK-{number:08}", until, site.hospital.namespace)
        yield message(identity.record, identity.ipp, site, envelope)


def _values(record: Record) -> dict[str, object]:
    place, address = record.birth_place, record.addresses[0] if record.addresses else None
    values: dict[str, object] = {name: getattr(record, name) for name in CSV_COLUMNS if hasattr(record, name)}
    values |= {
        "birth_order": record.birth_order or "",
        "birth_place_cog": place.cog,
        "birth_place_city": place.city,
        "birth_place_country": place.country,
        "attributes": " ".join(record.attributes),
        "ins": record.ins.value if record.ins else "",
        "ins_oid": record.ins.oid if record.ins else "",
        "phones": "|".join(t.value for t in record.telecoms if t.kind is TelecomKind.PHONE),
        "emails": "|".join(t.value for t in record.telecoms if t.kind is TelecomKind.EMAIL),
        "address_lines": "|".join(address.lines) if address else "",
        "address_city": address.city if address else "",
        "address_postal_code": address.postal_code if address else "",
        "address_country": address.country if address else "",
    }
    return values


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "Y" if value else "N"
    if value is None:
        return ""
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _csv_line(cells: Iterable[str]) -> bytes:
    line = io.StringIO()
    csv.writer(line, delimiter=";", lineterminator="\n").writerow(cells)
    return line.getvalue().encode()
