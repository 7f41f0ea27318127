"""Who somebody is, as a hospital says it: identities, their traits, their identifiers.

An *identity* is one hospital's record of somebody (its IPP). A *person* is the set of identities that the
cross-reference holds for one human being; it bears the number of its oldest identity.

Source: RNIV 1 v2.0 (traits, statuses, attributes); PAM France 2.11.2 section 6.6 (their HL7 form).
"""

from datetime import date, datetime
from enum import StrEnum
from typing import NewType

import msgspec

HospitalId = NewType("HospitalId", int)
IdentityId = NewType("IdentityId", int)
PersonId = NewType("PersonId", int)

OID_INS_NIR = "1.2.250.1.213.1.4.8"
OID_INS_NIA = "1.2.250.1.213.1.4.9"
OID_INS_NIR_TEST = "1.2.250.1.213.1.4.10"
OID_INS_NIR_DEMO = "1.2.250.1.213.1.4.11"
COG_UNKNOWN = "99999"
"""What stands in the place of an INSEE code where nobody knows it."""
INS_OIDS = frozenset({OID_INS_NIR, OID_INS_NIA, OID_INS_NIR_TEST, OID_INS_NIR_DEMO})


class Sex(StrEnum):
    """Administrative sex. The INS knows M and F; U is "indeterminate" in a local identity."""

    MALE = "M"
    FEMALE = "F"
    UNKNOWN = "U"


class IdentityStatus(StrEnum):
    """The four exclusive confidence statuses (RNIV, EXI SI 07). VALI here is the RNIV's: validated, without INS."""

    PROVISIONAL = "PROV"
    VALIDATED = "VALI"
    RETRIEVED = "RECUP"
    QUALIFIED = "QUAL"


class IdentityAttribute(StrEnum):
    """Attributes that stand beside a status (HL7 table 0445, French values; RNIV EXI ID 24)."""

    HOMONYM = "HOMA"
    DOUBTFUL = "DOUT"
    FICTITIOUS = "FICT"
    ANONYMOUS = "ANOM"
    HIDDEN = "CACH"
    POTENTIAL_DUPLICATE = "DPOT"
    PROVEN_DUPLICATE = "DOUA"
    COLLISION = "COLP"
    USURPED = "USUR"
    UNNAMED_NEWBORN = "NN"


class TelecomKind(StrEnum):
    PHONE = "phone"
    EMAIL = "email"


class IdentityState(StrEnum):
    """A merged identity points to its survivor and is neither matched nor searched any more."""

    ACTIVE = "a"
    MERGED = "m"
    DEACTIVATED = "d"


class Telecom(msgspec.Struct, frozen=True, omit_defaults=True):
    """A phone number or an e-mail address as the hospital wrote it; `use` is FHIR's (home, work, mobile), or empty."""

    kind: TelecomKind
    value: str
    use: str = ""


class Address(msgspec.Struct, frozen=True, omit_defaults=True):
    """A postal address, `lines` in reading order; `use` is FHIR's (home, work, temp, billing)."""

    lines: tuple[str, ...] = ()
    city: str = ""
    postal_code: str = ""
    country: str = ""
    use: str = "home"


class BirthPlace(msgspec.Struct, frozen=True, omit_defaults=True):
    """`cog` is the INSEE code of the commune, or 99 and three digits for a country. Empty when unknown."""

    cog: str = ""
    city: str = ""
    country: str = ""


class Ins(msgspec.Struct, frozen=True):
    """The national health identifier, 15 characters with its key, and the OID of its authority."""

    value: str
    oid: str

    @property
    def key(self) -> str:
        """Both as one text, by which identities are compared and kept.

        >>> Ins("297022A02077878", OID_INS_NIR_TEST).key
        '297022A02077878|1.2.250.1.213.1.4.10'
        """
        return f"{self.value}|{self.oid}"


class OtherIdentifier(msgspec.Struct, frozen=True, omit_defaults=True):
    """An identifier that is neither the hospital's IPP nor the INS (RRI, NDP, ...)."""

    system: str
    value: str
    type: str = ""


class Record(msgspec.Struct, frozen=True, omit_defaults=True):
    """Everything that Beffroi keeps of one identity: identity only, nothing medical (law 4).

    `collected_by`: how the identity came in (SM typed, CV carte Vitale, INSI, CB datamatrix, RFID, AV). `document`: the
    kind of the document that it was compared with (PAM France's codes). Days that are only ever told are ISO text.
    `lunar_birth_date` (YYYY-MM-DD) is as the document says it: its month may exceed 12 and its day 31.
    `last_update`: when, and at which facility, the hospital itself last changed what it says here.
    """

    birth_family: str = ""
    birth_given: str = ""
    birth_given_list: str = ""
    used_family: str = ""
    used_given: str = ""
    birth_date: date | None = None
    birth_date_interpreted: bool = False
    sex: Sex = Sex.UNKNOWN
    birth_place: BirthPlace = BirthPlace()
    birth_order: int = 0
    mother_birth_family: str = ""
    nationality: str = ""
    deceased: bool = False
    deceased_at: datetime | None = None
    status: IdentityStatus = IdentityStatus.PROVISIONAL
    attributes: tuple[IdentityAttribute, ...] = ()
    restricted: bool = False
    ins: Ins | None = None
    telecoms: tuple[Telecom, ...] = ()
    addresses: tuple[Address, ...] = ()
    others: tuple[OtherIdentifier, ...] = ()
    lunar_birth_date: str = ""
    mother_identifiers: tuple[OtherIdentifier, ...] = ()
    collected_by: str = ""
    insi_called_on: str = ""
    document: str = ""
    document_expires_on: str = ""
    sms_consent: bool | None = None
    last_update: datetime | None = None
    last_update_facility: str = ""


class Identity(msgspec.Struct, frozen=True):
    """One hospital's record of somebody, where it stands in the cross-reference, and its last sign of life.

    `explains_until`: until when the hospital's own feed explains that its professionals read this person.
    `fed_by`: the account whose feed said so; it explains nothing to that same account.
    """

    identity_id: IdentityId
    hospital_id: HospitalId
    ipp: str
    person_id: PersonId
    state: IdentityState
    record: Record
    merged_into: IdentityId | None = None
    explains_until: datetime | None = None
    fed_by: int | None = None
    updated_at: datetime | None = None


class Hospital(msgspec.Struct, frozen=True):
    """A hospital (GHT member) and the domain of its IPPs.

    `finess` is its nine-digit national number; `oid` the assigning authority of its IPPs, as an OID;
    `namespace` the same authority's name in HD-1. `sensitive`: that it knows somebody is itself medical.
    `networks`: addresses that it has declared its own, from which a containment of a network or a structure spares it.
    """

    hospital_id: HospitalId
    finess: str
    name: str
    oid: str
    namespace: str
    sensitive: bool = False
    networks: tuple[str, ...] = ()
