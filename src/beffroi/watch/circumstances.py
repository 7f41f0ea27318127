"""The nouns of a verdict: what it depends on, what it says of each row, and why."""

from enum import StrEnum

import msgspec

from beffroi.model.account import Role
from beffroi.model.disclosure import Operation
from beffroi.watch.evidence import NO_RUNG, Evidence, Rung
from beffroi.watch.norms import Norm


class Fate(StrEnum):
    """What becomes of a row."""

    SHOW = "show"
    MASKED = "masked"
    WITHHELD = "withheld"


class Cause(StrEnum):
    """Why something was withheld or masked: the first that applied."""

    NONE = ""
    CEILING_24H = "ceiling_24h"
    CEILING_30D = "ceiling_30d"
    CEILING_365D = "ceiling_365d"
    CONTACTS = "contacts"
    EMERGENCY = "emergency"
    PENDING = "pending"
    HELD = "held"
    ASKED = "asked"
    MASKED = "masked"
    FEED_SILENT = "feed_silent"


class Row(msgspec.Struct, frozen=True):
    """One patient of an answer. `age_s`: seconds since this person was last shown her, None when never.

    `explained`: by the hospital's feed, a worklist or a colleague's confirmation. `canary`: nobody's identity.
    """

    person: int
    age_s: int | None
    explained: bool
    canary: bool = False


class Circumstances(msgspec.Struct, frozen=True):
    """Everything of the question and its surroundings that the verdict depends on.

    `running_number`: the disclosure's. `key`, `network`: the channels by which it comes. `kind`, `position`: the
    question on a line (`patterns.probe`). `specified`: it names its patient fully. `one_person`: by her traits,
    so of several who match one is meant. `contact`: it wants contact fields.
    `seconded`: a second person agreed to the emergency reading. `feed_silent`: the hospital's feed is proven late.
    `suspicion`: thousandths of a bit from what other accounts did by the same channels. `crowded`: so many of the site
    are held already that a hold becomes one at a time. `crisis`: one is declared there.
    `proved_s`: when its user last proved who is there by a means
    that cannot be phished.
    """

    now_s: int
    role: Role
    operation: Operation
    norm: Norm
    running_number: int = 0
    key: str = ""
    network: str = ""
    kind: str = ""
    position: int = 0
    specified: bool = True
    one_person: bool = False
    contact: bool = False
    seconded: bool = False
    feed_silent: bool = False
    suspicion: int = 0
    crowded: bool = False
    crisis: bool = False
    proved_s: int = 0


class Verdict(msgspec.Struct, frozen=True):
    """`fates[i]` is that of row i; `cause` and `limit` say why something is missing. `evidence` is the new state.

    `risen`: the account came onto a higher rung, which is an event of its own. `score`: thousandths of a bit.
    `explained_count`, `unexplained_count`: what entered the tests.
    """

    fates: tuple[Fate, ...]
    evidence: Evidence
    cause: Cause = Cause.NONE
    limit: int = 0
    rung: Rung = NO_RUNG
    risen: bool = False
    score: int = 0
    new_count: int = 0
    explained_count: int = 0
    unexplained_count: int = 0

    @property
    def shown_count(self) -> int:
        """How many rows may be shown."""
        return sum(fate is not Fate.WITHHELD for fate in self.fates)


def is_software(role: Role) -> bool:
    """Whether an account of this role is a program. By identity: an enumeration's hash costs more than the rest."""
    return role is Role.HOSPITAL_APPLICATION or role is Role.CROSS_REFERENCE_APPLICATION


def is_list(operation: Operation) -> bool:
    """Whether the answer may be a list."""
    return operation is Operation.SEARCH or operation is Operation.MATCH or operation is Operation.PDQ_QUERY


def about_nobody(operation: Operation) -> bool:
    """Operations in which no match can be guessed at, so an empty answer tells nothing that must be hidden."""
    return (
        operation is Operation.SIGN_IN
        or operation is Operation.AUDIT_SEARCH
        or operation is Operation.SCOPE_VIEW
        or operation is Operation.EXPORT
    )
