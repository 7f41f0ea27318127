"""Identities that somebody must look at, from where one hospital's identity cell stands."""

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

import msgspec

from beffroi.model.disclosure import Advice, DisclosureId, Shown
from beffroi.model.person import IdentityId

DOUBTS_PAGE_MAX = 10
"""Pairs of one page: twenty people, as many as any list shows."""


class DoubtKind(StrEnum):
    """Why. The most dangerous first: with one INS, what one hospital writes of a patient reaches another person."""

    SAME_INS = "ins"  # two people bear one national identifier
    SAME_HOSPITAL = "here"  # two identities of this hospital that look like one patient
    NOT_JOINED = "near"  # most traits agree with an identity that is another person's
    FLAGGED = "flag"  # its own hospital calls it doubtful, fictitious, usurped, ... (RNIV EXI ID 24)


class DoubtPlace(NamedTuple):
    """Where a doubt stands in its hospital's list. `other_id` 0: the identity by itself."""

    identity_id: IdentityId
    other_id: IdentityId


class Doubt(msgspec.Struct, frozen=True):
    """One of them, as far as it was released. A side that is None is withheld, or is not there (`other_id` 0)."""

    kind: DoubtKind
    place: DoubtPlace
    found_at: datetime
    own: Shown | None
    other: Shown | None


class DoubtAnswer(msgspec.Struct, frozen=True):
    """A page of a hospital's list, or one doubt of it. `counts`: of each kind, the whole list's, up to `COUNTED_MAX`.

    `following`: where the next page begins, None at the end. `looked_at`: when the walk had last looked at everybody,
    None while its first round is under way.
    """

    disclosure_id: DisclosureId
    at: datetime | None
    doubts: tuple[Doubt, ...]
    advice: tuple[Advice, ...] = ()
    counts: dict[DoubtKind, int] = {}
    following: DoubtPlace | None = None
    looked_at: datetime | None = None


COUNTED_MAX = 1_000
"""Doubts of one kind that are counted: beyond it a list says "more than"."""
