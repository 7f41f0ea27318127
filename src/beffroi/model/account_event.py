"""What happens to an account, or is done by it, without a question: one row of its own chain, sealed like a reading."""

from uuid import UUID

import msgspec

from beffroi.model.account import AccountId, Asker
from beffroi.model.disclosure import Door, Operation, Purpose


class AccountEvent(msgspec.Struct, frozen=True):
    """One event of an account's chain; its outcome is RECORDED.

    `particulars` say what and by whom ("by"), text to text, and hold no identity of a patient in clear. `reason` is in
    words. `asker` is the account's own user where they did it; without one the row stands in the role and structure of
    the account's last row, where its auditors look.
    """

    account_id: AccountId
    operation: Operation
    reason: str
    particulars: dict[str, str]
    asker: Asker | None = None
    door: Door = Door.CONSOLE
    request_id: UUID | None = None
    purpose: Purpose = Purpose.AUDIT
