"""The pages of a PDQ query: its continuation pointers (DSC), and which of them were cancelled (QCN^J01).

A pointer is a sealed position, good for some minutes, for one account and for the same query word for word. Cancelling
is remembered by this process for as long as a pointer lives; after a restart a pointer still only asks a question.

Source: IHE ITI-21; HL7 v2.5 sections 5.5.4 (DSC) and 5.6.3 (QCN).
"""

from hashlib import sha256
from typing import Final

import msgspec

from beffroi.access.pages import CONTINUATION_S, Continuations
from beffroi.access.remembered import Remembered
from beffroi.actions.pages import Page
from beffroi.errors import PageGone
from beffroi.model.account import AccountId, Asker
from beffroi.wire.hl7_answer import More
from beffroi.wire.hl7_query import Query

SECRET_BYTES: Final = 32
CANCELLED_MAX: Final = 10_000
"""Cancelled queries that are remembered."""
_POSITION_BYTES: Final = 8
SECONDS_PER_MINUTE: Final = 60


class PdqPages:
    """The continuations of one process."""

    def __init__(self, pages: Continuations) -> None:
        self._pages = pages
        self._cancelled = Remembered[tuple[AccountId, str], bool](CANCELLED_MAX)

    def continued(self, query: Query, asker: Asker, now_s: float) -> Query:
        """The query from where its pointer leads on; itself without one. Raises `PageGone`."""
        if not query.pointer:
            self._cancelled.forget((asker.account_id, query.tag))  # asked anew under the same tag
            return query
        position = self._pages.open(query.pointer, _bound(query, asker), now_s)
        if position is None or self._cancelled.get((asker.account_id, query.tag)):
            raise PageGone("DSC^1^1", minutes=CONTINUATION_S // SECONDS_PER_MINUTE)
        after = int.from_bytes(position, "big")
        return msgspec.structs.replace(query, criteria=msgspec.structs.replace(query.criteria, after=after))

    def more(self, query: Query, page: Page, asker: Asker, now_s: float) -> More | None:
        """What an answer says of its pages; None where nobody asked for pages, or no number may be told."""
        if query.criteria.count is None or page.total is None:
            return None
        if not page.following:
            return More(page.total, 0)
        position = page.following.to_bytes(_POSITION_BYTES, "big")
        return More(page.total, page.left, self._pages.seal(position, _bound(query, asker), now_s))

    def cancel(self, account_id: AccountId, tag: str) -> None:
        """No pointer of that account's query of this tag leads on any more."""
        if tag:
            self._cancelled.put((account_id, tag), True)


def _bound(query: Query, asker: Asker) -> tuple[bytes, ...]:
    acting = f"{asker.account_id}|{asker.structure}|{asker.role.value}".encode()
    return b"pdq", acting, asker.session_key, sha256(query.qpd.encode("utf-8", "replace")).digest()
