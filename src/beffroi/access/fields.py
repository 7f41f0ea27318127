"""The three field sets, and cutting a record down to the fields that may leave."""

from enum import StrEnum

from beffroi.model.disclosure import Field
from beffroi.model.person import BirthPlace, IdentityStatus, Record, Sex, Telecom, TelecomKind

NOTHING = Field(0)
MINIMAL = (
    Field.BIRTH_NAME
    | Field.USED_NAME
    | Field.BIRTH_DATE
    | Field.SEX
    | Field.BIRTH_PLACE
    | Field.STATUS
    | Field.OWN_IDENTIFIER
    | Field.DECEASED
)
CONTACT = Field.PHONE | Field.EMAIL | Field.ADDRESS
IDENTIFIERS = Field.INS | Field.OTHER_IDENTIFIERS | Field.MOTHER_NAME | Field.NATIONALITY | Field.PROOF
NAME = Field.BIRTH_NAME | Field.USED_NAME | Field.BIRTH_DATE
"""Enough to ask a ward whether she is its patient."""
RESTRICTED = NAME
"""All that may be shown of a person under protected access."""


class FieldSet(StrEnum):
    """What is asked for and granted, by name."""

    MINIMAL = "minimal"
    CONTACT = "contact"
    IDENTIFIERS = "identifiers"


FIELDS_OF_SET = {FieldSet.MINIMAL: MINIMAL, FieldSet.CONTACT: CONTACT, FieldSet.IDENTIFIERS: IDENTIFIERS}

# Plain integers: an operation on enumerated flags costs ten times one on integers, and this is the hot path.
_BIRTH_NAME = Field.BIRTH_NAME.value
_USED_NAME = Field.USED_NAME.value
_BIRTH_DATE = Field.BIRTH_DATE.value
_SEX = Field.SEX.value
_BIRTH_PLACE = Field.BIRTH_PLACE.value
_STATUS = Field.STATUS.value
_DECEASED = Field.DECEASED.value
_PHONE = Field.PHONE.value
_EMAIL = Field.EMAIL.value
_ADDRESS = Field.ADDRESS.value
_INS = Field.INS.value
_OTHER_IDENTIFIERS = Field.OTHER_IDENTIFIERS.value
_MOTHER_NAME = Field.MOTHER_NAME.value
_NATIONALITY = Field.NATIONALITY.value
_PROOF = Field.PROOF.value
_NOWHERE = BirthPlace()


def restrict(record: Record, fields: Field) -> Record:
    """A record with the values of `fields` and no other.

    >>> cut = restrict(Record(birth_family="MARTIN", sex=Sex.FEMALE), Field.SEX)
    >>> cut == Record(sex=Sex.FEMALE)
    True
    """
    bits = fields.value
    name, used = bits & _BIRTH_NAME, bits & _USED_NAME
    born, status = bits & _BIRTH_DATE, bits & _STATUS
    dead, phone, mail = bits & _DECEASED, bits & _PHONE, bits & _EMAIL
    mother, proof = bits & _MOTHER_NAME, status and bits & _PROOF  # proof of a status: told beside it alone
    telecoms: tuple[Telecom, ...] = ()
    if phone or mail:
        telecoms = tuple(t for t in record.telecoms if (phone if t.kind is TelecomKind.PHONE else mail))
    return Record(
        birth_family=record.birth_family if name else "",
        birth_given=record.birth_given if name else "",
        birth_given_list=record.birth_given_list if name else "",
        used_family=record.used_family if used else "",
        used_given=record.used_given if used else "",
        birth_date=record.birth_date if born else None,
        birth_date_interpreted=record.birth_date_interpreted if born else False,
        birth_order=record.birth_order if born else 0,
        sex=record.sex if bits & _SEX else Sex.UNKNOWN,
        birth_place=record.birth_place if bits & _BIRTH_PLACE else _NOWHERE,
        mother_birth_family=record.mother_birth_family if mother else "",
        nationality=record.nationality if bits & _NATIONALITY else "",
        deceased=record.deceased if dead else False,
        deceased_at=record.deceased_at if dead else None,
        status=record.status if status else IdentityStatus.PROVISIONAL,
        attributes=record.attributes if status else (),
        restricted=record.restricted if status else False,
        ins=record.ins if bits & _INS else None,
        telecoms=telecoms,
        addresses=record.addresses if bits & _ADDRESS else (),
        others=record.others if bits & _OTHER_IDENTIFIERS else (),
        lunar_birth_date=record.lunar_birth_date if proof else "",
        mother_identifiers=record.mother_identifiers if mother else (),
        collected_by=record.collected_by if proof else "",
        insi_called_on=record.insi_called_on if proof else "",
        document=record.document if proof else "",
        document_expires_on=record.document_expires_on if proof else "",
        sms_consent=record.sms_consent if phone else None,
        last_update=record.last_update if status else None,
        last_update_facility=record.last_update_facility if status else "",
    )


def present(record: Record) -> Field:
    """The fields of which a record holds a value: what a reader of it learns.

    Sex and status always tell something, so whoever restricts a record adds those two by the fields released.

    >>> present(Record(birth_family="MARTIN"))
    <Field.BIRTH_NAME: 1>
    """
    found = 0
    if record.birth_family or record.birth_given or record.birth_given_list:
        found |= _BIRTH_NAME
    if record.used_family or record.used_given:
        found |= _USED_NAME
    if record.birth_date is not None:
        found |= _BIRTH_DATE
    if record.birth_place != _NOWHERE:
        found |= _BIRTH_PLACE
    if record.ins is not None:
        found |= _INS
    if record.others:
        found |= _OTHER_IDENTIFIERS
    if record.mother_birth_family or record.mother_identifiers:
        found |= _MOTHER_NAME
    if record.nationality:
        found |= _NATIONALITY
    return Field(found | _contact(record) | _proof(record))


def _contact(record: Record) -> int:
    found = _ADDRESS if record.addresses else 0
    if record.sms_consent is not None:
        found |= _PHONE
    for telecom in record.telecoms:
        found |= _PHONE if telecom.kind is TelecomKind.PHONE else _EMAIL
    return found


def _proof(record: Record) -> int:
    dates = record.insi_called_on or record.document_expires_on or record.lunar_birth_date
    return _PROOF if record.collected_by or record.document or dates else 0
