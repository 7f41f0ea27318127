"""The `next` link of a search: sealed criteria and a position, for one account and session, for some minutes.

The link holds no value that anybody can read (docs/decisions/0014), and following it is a question like the first.

Source: FHIR R4 Bundle paging; `access.pages`.
"""

from typing import Final

import msgspec

from beffroi.access.pages import CONTINUATION_S, Continuations
from beffroi.errors import PageGone
from beffroi.model.account import Asker
from beffroi.model.disclosure import Field
from beffroi.model.search import Criteria
from beffroi.wire.fhir_search import Search

PARAMETER: Final = "_page"
_PREFIX: Final = f"{PARAMETER}=".encode()
SECONDS_PER_MINUTE: Final = 60


class _Sealed(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    criteria: Criteria
    used: tuple[str, ...]
    only: int | None = None


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Sealed).decode


def next_page(pages: Continuations, asker: Asker, search: Search, following: int, now_s: float) -> str:
    """The value of `_page` that leads on after the person `following`."""
    criteria = msgspec.structs.replace(search.criteria, after=following)
    only = None if search.only is None else int(search.only)
    return pages.seal(_encode(_Sealed(criteria, search.used, only)), _bound(asker), now_s)


def asked_page(query: bytes) -> str:
    """The value of `_page` in an address; empty when it has none."""
    found = next((part for part in query.split(b"&") if part.startswith(_PREFIX)), b"")
    return found.removeprefix(_PREFIX).decode("ascii", "replace")


def continued(pages: Continuations, asker: Asker, page: str, now_s: float) -> Search:
    """The search that a page's link leads on. Raises `PageGone` for any link but one of ours to this asker."""
    content = pages.open(page, _bound(asker), now_s)
    if content is None:
        raise PageGone(PARAMETER, minutes=CONTINUATION_S // SECONDS_PER_MINUTE)
    sealed = _decode(content)
    return Search(sealed.criteria, sealed.used, only=None if sealed.only is None else Field(sealed.only))


def _bound(asker: Asker) -> tuple[bytes, ...]:
    """For whom: the account, in this role, for this hospital, with this session's key."""
    acting = f"{asker.account_id}|{asker.structure}|{asker.role.value}".encode()
    return b"fhir search", acting, asker.session_key
