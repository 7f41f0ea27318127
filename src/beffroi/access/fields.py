"""The three field sets, and cutting a record down to the fields that may leave."""

from enum import StrEnum

from beffroi.model.disclosure import Field
from beffroi.model.person import BirthPlace, Record, Sex, Telecom, TelecomKind

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
IDENTIFIERS = Field.INS | Field.OTHER_IDENTIFIERS | Field.MOTHER_NAME | Field.NATIONALITY
RESTRICTED = Field.BIRTH_NAME | Field.USED_NAME | Field.BIRTH_DATE
"""All that may be shown of a person under protected access."""


class FieldSet(StrEnum):
    """What is asked for and granted, by name."""

    MINIMAL = "minimal"
    CONTACT = "contact"
    IDENTIFIERS = "identifiers"


FIELDS_OF_SET = {FieldSet.MINIMAL: MINIMAL, FieldSet.CONTACT: CONTACT, FieldSet.IDENTIFIERS: IDENTIFIERS}


def restrict(record: Record, fields: Field) -> Record:
    """A record with the values of `fields` and no other.

    >>> cut = restrict(Record(birth_family="MARTIN", sex=Sex.FEMALE), Field.SEX)
    >>> cut == Record(sex=Sex.FEMALE)
    True
    """
    name, used = fields & Field.BIRTH_NAME, fields & Field.USED_NAME
    born, status = fields & Field.BIRTH_DATE, fields & Field.STATUS
    dead, phone, mail = fields & Field.DECEASED, fields & Field.PHONE, fields & Field.EMAIL
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
        sex=record.sex if fields & Field.SEX else Sex.UNKNOWN,
        birth_place=record.birth_place if fields & Field.BIRTH_PLACE else BirthPlace(),
        mother_birth_family=record.mother_birth_family if fields & Field.MOTHER_NAME else "",
        nationality=record.nationality if fields & Field.NATIONALITY else "",
        deceased=record.deceased if dead else False,
        deceased_at=record.deceased_at if dead else None,
        status=record.status if status else Record().status,
        attributes=record.attributes if status else (),
        restricted=record.restricted if status else False,
        ins=record.ins if fields & Field.INS else None,
        telecoms=telecoms,
        addresses=record.addresses if fields & Field.ADDRESS else (),
        others=record.others if fields & Field.OTHER_IDENTIFIERS else (),
    )


def present(record: Record) -> Field:
    """The fields of which a record holds a value: what a reader of it learns.

    Sex and status always tell something, so whoever restricts a record adds those two by the fields released.

    >>> present(Record(birth_family="MARTIN"))
    <Field.BIRTH_NAME: 1>
    """
    found = NOTHING
    if record.birth_family or record.birth_given or record.birth_given_list:
        found |= Field.BIRTH_NAME
    if record.used_family or record.used_given:
        found |= Field.USED_NAME
    if record.birth_date is not None:
        found |= Field.BIRTH_DATE
    if record.birth_place != BirthPlace():
        found |= Field.BIRTH_PLACE
    for telecom in record.telecoms:
        found |= Field.PHONE if telecom.kind is TelecomKind.PHONE else Field.EMAIL
    if record.addresses:
        found |= Field.ADDRESS
    if record.ins is not None:
        found |= Field.INS
    if record.others:
        found |= Field.OTHER_IDENTIFIERS
    if record.mother_birth_family:
        found |= Field.MOTHER_NAME
    if record.nationality:
        found |= Field.NATIONALITY
    return found
