"""The sentence: this account was shown these fields of this patient, at this time, through this door, for this purpose.

`Question` is what is asked, `Finding` a patient whom the store found, `Answer` what the gate lets out, and `Released`
the only envelope in which an answer may reach a renderer. `Released` is built by `actions.disclose` alone (law 1);
a test reads the source of the whole program to prove it.
"""

from datetime import datetime
from enum import IntEnum, IntFlag, StrEnum
from typing import Generic, NewType, TypeVar
from uuid import UUID

import msgspec

from beffroi.model.account import Asker
from beffroi.model.person import HospitalId, Identity, PersonId, Record

DisclosureId = NewType("DisclosureId", int)
T = TypeVar("T")


class Field(IntFlag):
    """What of a patient may be shown. The bits are part of the ledger's format: add at the end, never renumber."""

    BIRTH_NAME = 1 << 0
    USED_NAME = 1 << 1
    BIRTH_DATE = 1 << 2
    SEX = 1 << 3
    BIRTH_PLACE = 1 << 4
    STATUS = 1 << 5
    OWN_IDENTIFIER = 1 << 6
    PHONE = 1 << 7
    EMAIL = 1 << 8
    ADDRESS = 1 << 9
    INS = 1 << 10
    OTHER_IDENTIFIERS = 1 << 11
    DECEASED = 1 << 12
    MOTHER_NAME = 1 << 13
    NATIONALITY = 1 << 14
    REFERENCE = 1 << 15  # the patient's opaque reference alone, as an audit view gives it
    EXISTENCE = 1 << 16  # that somebody matches, without saying who
    PROOF = 1 << 17  # how, when and by which kind of document the identity was checked


class Door(IntEnum):
    FHIR = 1
    HL7V2 = 2
    CONSOLE = 3
    EXPORT = 4
    AUDIT = 5
    NOTIFICATION = 6


class Operation(IntEnum):
    """A closed vocabulary. The numbers are part of the ledger's format.

    From VERDICT on, nothing is asked: something happens to the account, or it does something that is no reading. Such
    a row stands in the account's own chain, its outcome is RECORDED, and its criteria hold the particulars.
    """

    SEARCH = 1
    READ = 2
    MATCH = 3
    PIX_QUERY = 4
    PDQ_QUERY = 5
    AUDIT_SEARCH = 6
    EMERGENCY_READ = 7
    SIGN_IN = 8
    VERDICT = 9  # the watch put the account on another rung
    CONTAIN = 10  # a person, or certainty, stopped it: the leaf that closes the account
    RELEASE = 11
    STEP_UP = 12  # its user proved who is there
    CONFIRM = 13  # its user vouched for patients whom a colleague has to read
    WORKLIST = 14  # its user deposited, or approved, patients to be read by others
    SCOPE_VIEW = 15  # a look at whose data were seen
    GRANT = 16  # a role was given to it, or taken away
    KEY = 17  # a key was enrolled for it, or revoked
    NOT_ME = 18  # its owner disowned what was read under it
    PATIENT_ACCESS = 19  # "who saw my identity", told to a patient
    EXPORT = 20  # a list left for somebody outside
    DOUBTS = 21  # doubtful identities of its hospital, side by side


class Outcome(IntEnum):
    """How a question ended. All of them tell something, so all of them are recorded (law 3)."""

    SHOWN = 1
    NONE = 2
    TOO_MANY = 3
    TOO_BROAD = 4
    REFUSED = 5
    SIGNED_IN = 6
    RECORDED = 7


class Purpose(StrEnum):
    """Why (HL7 v3 PurposeOfUse). BTG is break-glass: an emergency reading."""

    TREATMENT = "TREAT"
    ADMISSION = "HOPERAT"
    IDENTITY_MANAGEMENT = "PATADMIN"
    EMERGENCY = "BTG"
    PATIENT_REQUEST = "PATRQT"
    AUDIT = "HSYSADMIN"


class Proof(msgspec.Struct, frozen=True):
    """A DPoP proof's identifier, to be burnt in the gate's own transaction: 16 bytes of SHA-256, and its minute."""

    digest: bytes
    minute: int


class Question(msgspec.Struct, frozen=True):
    """What is asked, before anybody is shown.

    `criteria` are the normalised search criteria by FHIR name; they are kept in the disclosure, never in a log.
    `criteria_fields` are the fields that a match would tell (law 3). `wanted` are the fields asked for. `domains` are
    the assigning authorities (OIDs) to which the identifiers in the answer are limited; empty: no limit. `specified`:
    it names its patient fully. `one_person`: by her traits, so whoever else matches is a namesake. `seconded`: by which
    account an emergency reading beyond the first few was agreed to (0: nobody). `apart`: each identity is shown as it
    is, where others show the best of a person's.
    """

    asker: Asker
    door: Door
    operation: Operation
    request_id: UUID
    criteria: dict[str, str]
    criteria_fields: Field
    wanted: Field
    purpose: Purpose = Purpose.TREATMENT
    reason: str = ""
    proof: Proof | None = None
    domains: tuple[str, ...] = ()
    specified: bool = False
    one_person: bool = False
    seconded: int = 0
    apart: bool = False


class Finding(msgspec.Struct, frozen=True):
    """A person whom the store found, with the identities that the asker's hospital may know of.

    `explained`: the asker's own hospital's feed had an event for this person recently (architecture, the watch).
    `restricted`: protected access. `score` is 0 to 1 (`$match`), `grade` FHIR's match-grade. `asked_reference`: the
    reference by which she was asked for, when it has since been replaced by another. `kept_back`: the answer does not
    show her but tells that she exists, so she is recorded and counts.
    """

    person_id: PersonId
    identities: tuple[Identity, ...]
    explained: bool
    restricted: bool
    score: float = 1.0
    grade: str = "certain"
    asked_reference: str = ""
    kept_back: bool = False


class Shown(msgspec.Struct, frozen=True):
    """One patient as the answer shows her: only the fields that the gate lets out, everything else already removed.

    `record` holds no value outside `fields`. `own_ipp` is the asker's own hospital's identifier, `domains` other
    hospitals' (hospital, IPP), filled only with OTHER_IDENTIFIERS. `sources` are the identities that it came from.
    """

    person_id: PersonId
    reference: str
    fields: Field
    record: Record
    own_ipp: tuple[str, ...] = ()
    domains: tuple[tuple[HospitalId, str], ...] = ()
    sources: tuple[int, ...] = ()
    score: float = 1.0
    grade: str = "certain"
    updated_at: datetime | None = None
    active: bool = True
    replaced_by: str = ""


class Advice(StrEnum):
    """What an answer says besides its patients: that something is withheld or missing, and the way on (law 7)."""

    MAY_BE_OTHERS = "may_be_others"
    TOO_MANY = "too_many"
    CONTACT_ON_REQUEST = "contact_on_request"
    RESTRICTED = "restricted"
    OWN_HOSPITAL_ONLY = "own_hospital_only"
    WITHHELD = "withheld"
    HELD = "held"
    PROVE = "prove"
    PENDING = "pending"
    FEED_SILENT = "feed_silent"
    MASKED = "masked"


class Answer(msgspec.Struct, frozen=True):
    """What leaves: the patients, how the question ended, and advice with its parameters.

    `missing` names the criteria to add ("birthdate", "family:3", "given:1") when others may match.
    """

    disclosure_id: DisclosureId
    outcome: Outcome
    shown: tuple[Shown, ...] = ()
    advice: tuple[Advice, ...] = ()
    missing: tuple[str, ...] = ()
    at: datetime | None = None


class Released(Generic[T]):
    """An envelope around what may leave. Only `actions.disclose` makes one; only renderers open it."""

    __slots__ = ("_content",)
    _content: T

    def __init__(self) -> None:
        raise TypeError("Released is built by actions.disclose alone")

    @property
    def content(self) -> T:
        """What the gate released."""
        return self._content

    @classmethod
    def seal(cls, content: T) -> "Released[T]":
        """Called by `actions.disclose` alone, once the disclosure is durable (a test enforces it)."""
        released = object.__new__(cls)
        released._content = content
        return released
