"""What a match tells: the fields that the criteria of a search disclose when somebody matches (law 3)."""

from beffroi.access.fields import NOTHING
from beffroi.model.account import Asker
from beffroi.model.disclosure import Field
from beffroi.model.hospitals import Hospitals
from beffroi.model.person import INS_OIDS
from beffroi.model.search import Criteria, IdentifierToken

_NAMES = Field.BIRTH_NAME | Field.USED_NAME


def told_by_criteria(criteria: Criteria, asker: Asker, hospitals: Hospitals) -> Field:
    """The fields that a match of these criteria tells this asker."""
    told = NOTHING
    for asked, fields in (
        (criteria.reference, Field.REFERENCE),
        (criteria.family, _NAMES),
        (criteria.given, _NAMES),
        (criteria.birth_date, Field.BIRTH_DATE),
        (criteria.sex, Field.SEX),
        (criteria.active is not None, Field.STATUS),
        (criteria.updated_since or criteria.updated_until, Field.STATUS),
        (criteria.mother_birth_family, Field.MOTHER_NAME),
        (criteria.telecom, Field.EMAIL if "@" in criteria.telecom else Field.PHONE),
        (_address(criteria), Field.ADDRESS),
    ):
        if asked:
            told |= fields
    for token in criteria.identifiers:
        told |= told_by_identifier(token, asker, hospitals)
    for other in (*criteria.alternatives, *criteria.besides):
        told |= told_by_criteria(other, asker, hospitals)
    return told


def told_by_identifier(token: IdentifierToken, asker: Asker, hospitals: Hospitals) -> Field:
    """An identifier without a system is the asker's own hospital's, or a reference of ours."""
    if not token.system:
        return Field.OWN_IDENTIFIER
    if token.system in INS_OIDS:
        return Field.INS
    hospital = hospitals.by_oid(token.system)
    own = hospital is not None and hospital.hospital_id == asker.structure
    return Field.OWN_IDENTIFIER if own else Field.OTHER_IDENTIFIERS


def _address(criteria: Criteria) -> bool:
    texts = (
        criteria.address,
        criteria.address_city,
        criteria.address_postal_code,
        criteria.address_state,
        criteria.address_country,
    )
    return any(text is not None for text in texts)
