"""A disclosure's row as an audit trail tells it: without a patient, and without the values of what was asked."""

from collections.abc import Mapping
from typing import Any

from beffroi.model.account import AccountKind, Role
from beffroi.model.audit import AuditEntry
from beffroi.model.disclosure import DisclosureId, Door, Field, Operation, Outcome, Purpose
from beffroi.model.person import HospitalId
from beffroi.store.database import Row

AuditRow = Row | Mapping[str, Any]
"""Of the online database, or archived."""


def entry_of(row: AuditRow) -> AuditEntry:
    """The entry of a row of `audit_page` or `sealed_facts`, about nobody yet."""
    return AuditEntry(
        disclosure_id=DisclosureId(row["disclosure_id"]),
        at=row["at"],
        kind=AccountKind(row["kind"]),
        subject=row["subject"],
        role=Role(row["role"]),
        structure=HospitalId(row["structure_id"]),
        application=row["application"],
        network=row["network"],
        door=Door(row["door"]),
        operation=Operation(row["operation"]),
        outcome=Outcome(row["outcome"]),
        purpose=Purpose(row["purpose"]),
        request_id=row["request_id"],
        criteria=tuple(row["criteria"]),
        criteria_fields=Field(row["criteria_fields"]),
        sent=row["sent"],
        reason=row["reason"],
    )
