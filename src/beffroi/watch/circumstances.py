"""The nouns of a verdict: what it depends on, what it says of each row, and why."""

from enum import StrEnum

import msgspec

from beffroi.model.account import Role
from beffroi.model.disclosure import Operation
from beffroi.watch.evidence import NO_RUNG, Evidence, Rung
from beffroi.watch.geography import Place
from beffroi.watch.norms import Norm


class Fate(StrEnum):
    """What becomes of a row."""

    SHOW = "show"
    MASKED = "masked"
    WITHHELD = "withheld"


class Cause(StrEnum):
    """Why something was withheld or masked: the first that applied."""

    NONE = ""  # the only one that is false
    CEILING_24H = "ceiling_24h"
    CEILING_30D = "ceiling_30d"
    CEILING_365D = "ceiling_365d"
    STRANGERS_30D = "strangers_30d"
    CONTACTS = "contacts"
    EMERGENCY = "emergency"
    PENDING = "pending"
    HELD = "held"
    ASKED = "asked"
    MASKED = "masked"
    FEED_SILENT = "feed_silent"


# By names of their own, here and at the end: a look into an enumeration costs as much as a whole test.
SHOW, MASKED, WITHHELD = Fate.SHOW, Fate.MASKED, Fate.WITHHELD
NO_CAUSE = Cause.NONE
READ, SIGN_IN, EMERGENCY_READ = Operation.READ, Operation.SIGN_IN, Operation.EMERGENCY_READ


class Row(msgspec.Struct, frozen=True, gc=False):
    """One patient of an answer. `age_s`: seconds since this person was last shown her, None when never.

    `explained`: by the hospital's feed, a worklist or a colleague's confirmation. `canary`: nobody's identity. `twice`:
    who she is in this answer where two hospitals registered her apart, the same number in each of her rows; else 0.
    """

    person: int
    age_s: int | None
    explained: bool
    canary: bool = False
    twice: int = 0


class Circumstances(msgspec.Struct, frozen=True):
    """Everything of the question and its surroundings that the verdict depends on.

    `running_number`: the disclosure's. `key`, `network`: the channels by which it comes. `kind`, `position`: the
    question on a line (`patterns.probe`). `specified`: it names its patient fully. `one_person`: by her traits,
    so of several who match one is meant. `contact`: it wants contact fields.
    `seconded`: a second person agreed to the emergency reading. `feed_silent`: the hospital's feed is proven late.
    `suspicion`: thousandths of a bit from what other accounts did by the same channels. `crowded`: so many of the site
    are held already that a hold becomes one at a time. `crisis`: one is declared there.
    `place`: the declared place that it comes from, `home` that of the hospital asked for; None where none is declared.
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
    place: Place | None = None
    home: Place | None = None


class Verdict(msgspec.Struct, frozen=True):
    """`fates[i]` is that of row i; `cause` and `limit` say why something is missing. `evidence` is the new state.

    `risen`: the account came onto a higher rung, which is an event of its own. `score`: thousandths of a bit.
    `explained_count`, `unexplained_count`: what entered the tests.
    """

    fates: tuple[Fate, ...]
    evidence: Evidence
    cause: Cause = NO_CAUSE
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
    """Whether an account of this role is a program."""
    return role in _SOFTWARE


def is_list(operation: Operation) -> bool:
    """Whether the answer may be a list."""
    return operation in _LISTS


def about_nobody(operation: Operation) -> bool:
    """Operations in which no match can be guessed at, so an empty answer tells nothing that must be hidden."""
    return operation in _ABOUT_NOBODY


_SOFTWARE = (Role.HOSPITAL_APPLICATION, Role.CROSS_REFERENCE_APPLICATION)
_LISTS = (Operation.SEARCH, Operation.MATCH, Operation.PDQ_QUERY)
_ABOUT_NOBODY = (Operation.SIGN_IN, Operation.AUDIT_SEARCH, Operation.SCOPE_VIEW, Operation.EXPORT)
