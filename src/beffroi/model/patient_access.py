"""What a patient is told about who saw her identity: organisations and roles, never another patient, never a number of
ours but that of the fact itself.

The professional is named by role and organisation: a patient has no right to a professional's own identity unless it is
needed to use her rights (CJEU, 22 June 2023, C-579/21, Pankki S); with the fact's number her hospital finds them.
"""

from datetime import datetime

import msgspec

from beffroi.model.account import Role
from beffroi.model.disclosure import DisclosureId, Door, Field, Operation, Purpose


class Sight(msgspec.Struct, frozen=True):
    """One showing of the patient's identity. `role` is None for software that asked in its own name.

    `place` is the hospital from whose network it was asked, 0 where that is not told; `elsewhere`: the organisation has
    declared its network, and it was asked from outside. `sent` is None while it is not known whether the answer
    arrived, False when it did not.
    """

    disclosure_id: DisclosureId
    at: datetime
    role: Role | None
    structure: int
    application: str
    place: int
    elsewhere: bool
    door: Door
    operation: Operation
    purpose: Purpose
    fields: Field
    sent: bool | None


class PatientAccess(msgspec.Struct, frozen=True):
    """All of them, the latest first, and the disclosure that this telling is itself.

    `delayed_count`: sights that an open investigation keeps back for now; they will be told when it is closed. `cut`:
    there are more than are listed.
    """

    disclosure_id: DisclosureId
    reference: str
    sights: tuple[Sight, ...] = ()
    delayed_count: int = 0
    cut: bool = False
    at: datetime | None = None
