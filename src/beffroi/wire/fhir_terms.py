"""Addresses of profiles, extensions and code systems, and the two vocabularies of identity status.

Source: FR Core 2.2.0 and its next release (https://hl7.fr/ig/fhir/core; standards 2.1, 2.2), IHE PDQm 3.2.0 and PIXm
3.1.0, FHIR R4 4.0.1.
"""

import re
from enum import StrEnum
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from beffroi.model.person import (
    OID_INS_NIA,
    OID_INS_NIR,
    OID_INS_NIR_DEMO,
    OID_INS_NIR_TEST,
    IdentityAttribute,
    IdentityStatus,
    Record,
)

Json = dict[str, Any]

FR_CORE = "https://hl7.fr/ig/fhir/core"
PROFILE_FR_PATIENT = f"{FR_CORE}/StructureDefinition/fr-core-patient"
PROFILE_FR_PATIENT_INS = f"{FR_CORE}/StructureDefinition/fr-core-patient-ins"
PROFILE_PDQM_PATIENT = "https://profiles.ihe.net/ITI/PDQm/StructureDefinition/IHE.PDQm.Patient"
PROFILE_PDQM_BUNDLE = (
    "https://profiles.ihe.net/ITI/PDQm/StructureDefinition/IHE.PDQm.QueryPatientResourceResponseMessage"
)
PROFILE_PDQM_MATCH = "https://profiles.ihe.net/ITI/PDQm/StructureDefinition/IHE.PDQm.MatchParametersOut"
PROFILE_PIXM_PARAMETERS = "https://profiles.ihe.net/ITI/PIXm/StructureDefinition/IHE.PIXm.Query.Parameters.Out"

EXT_RELIABILITY = f"{FR_CORE}/StructureDefinition/fr-core-identity-reliability"
EXT_INSEE_CODE = f"{FR_CORE}/StructureDefinition/fr-core-address-insee-code"
EXT_GIVEN_LIST = f"{FR_CORE}/StructureDefinition/fr-core-patient-birth-list-given-name"
EXT_BIRTH_DATE_UPDATED = f"{FR_CORE}/StructureDefinition/fr-core-patient-birthdate-update-indicator"
EXT_NATIONALITY = f"{FR_CORE}/StructureDefinition/fr-core-patient-nationality"
EXT_CONTACT_IDENTIFIER = f"{FR_CORE}/StructureDefinition/fr-core-patient-contact-identifier"
EXT_BIRTH_PLACE = "http://hl7.org/fhir/StructureDefinition/patient-birthPlace"
EXT_MOTHER_NAME = "http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName"
EXT_ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
EXT_MATCH_GRADE = "http://hl7.org/fhir/StructureDefinition/match-grade"

CS_0203 = "http://terminology.hl7.org/CodeSystem/v2-0203"
CS_0203_FRENCH = f"{FR_CORE}/CodeSystem/fr-core-cs-v2-0203"
CS_0445 = f"{FR_CORE}/CodeSystem/fr-core-cs-v2-0445"
CS_STATUS = f"{FR_CORE}/CodeSystem/fr-core-cs-identity-status"
CS_STATUS_COMMENT = f"{FR_CORE}/CodeSystem/fr-core-cs-identity-status-comment"
CS_METHOD = f"{FR_CORE}/CodeSystem/fr-core-cs-identity-method-collection"
CS_VALIDATION_MODE = f"{FR_CORE}/CodeSystem/fr-core-cs-mode-validation-identity"
CS_ROLE = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"
CS_COMMUNE = "https://mos.esante.gouv.fr/NOS/TRE_R13-CommuneOM/FHIR/TRE-R13-CommuneOM"
CS_COUNTRY = "urn:iso:std:iso:3166"
OID_PREFIX = "urn:oid:"
_NAME_PREFIX = "urn:x-authority:"
_OID = re.compile(r"[0-2](\.(0|[1-9][0-9]*))+")

INS_TYPES = {
    OID_INS_NIR: ("INS-NIR", "official"),
    OID_INS_NIA: ("INS-NIA", "temp"),
    OID_INS_NIR_TEST: ("INS-NIR-TEST", "official"),
    OID_INS_NIR_DEMO: ("INS-NIR-DEMO", "official"),
}
"""Type code and use by assigning authority: the INS alone is `official` (FR Core invariant fr-core-2)."""

VALIDATION_MODES = frozenset({"AN", "AV", "CC", "CN", "CS", "PA"})
"""PAM France's kinds of documents that FR Core's code system has too; the others have no code there yet."""

_FRENCH_TYPES = frozenset({"NDP", "INS-C"})
_NOT_IN_0445 = frozenset({IdentityAttribute.UNNAMED_NEWBORN})


class Vocabulary(StrEnum):
    """Which release of FR Core says what a status is called."""

    PUBLISHED = "2.2.0"
    NEXT = "next"


_PUBLISHED_STATUS = {
    IdentityStatus.PROVISIONAL: "PROV",
    IdentityStatus.RETRIEVED: "PROV",
    IdentityStatus.VALIDATED: "VALI",
    IdentityStatus.QUALIFIED: "VALI",
}
"""Table 0445 has no RECUP and no QUAL; like PID-32, it says PROV and VALI for them (standards 2.1, v2 round trip)."""


def system_uri(system: str) -> str:
    """An identifier's system as FHIR writes it: an OID gets its prefix, a URI stays, a mere name becomes a URN of ours.

    >>> system_uri("1.2.250.1.213.1.4.10"), system_uri("https://rpps.esante.gouv.fr"), system_uri("CHU X")
    ('urn:oid:1.2.250.1.213.1.4.10', 'https://rpps.esante.gouv.fr', 'urn:x-authority:CHU%20X')
    """
    if ":" in system:
        return system
    return OID_PREFIX + system if _OID.fullmatch(system) else _NAME_PREFIX + quote(system, safe="")


def identifier_type(code: str) -> Json:
    """The CodeableConcept of an identifier's type (table 0203, or its French supplement).

    >>> identifier_type("PI")
    {'coding': [{'system': 'http://terminology.hl7.org/CodeSystem/v2-0203', 'code': 'PI'}]}
    """
    french = code in _FRENCH_TYPES or code.startswith("INS-")
    return {"coding": [{"system": CS_0203_FRENCH if french else CS_0203, "code": code}]}


def absent(reason: str) -> Json:
    """The element that says why a value is not there: `masked` when withheld, `unknown` when nobody knows it."""
    return {"extension": [{"url": EXT_ABSENT, "valueCode": reason}]}


@lru_cache(maxsize=256)
def reliability(
    vocabulary: Vocabulary, status: IdentityStatus, attributes: tuple[IdentityAttribute, ...]
) -> tuple[Json, ...]:
    """The identity-reliability extensions of a status with its attributes; the caller must not change them.

    >>> [e["extension"][0]["valueCoding"]["code"] for e in reliability(
    ...     Vocabulary.PUBLISHED, IdentityStatus.RETRIEVED, (IdentityAttribute.HOMONYM,))]
    ['PROV', 'HOMA']
    """
    codes = [attribute.value for attribute in attributes if attribute not in _NOT_IN_0445]
    if vocabulary is Vocabulary.PUBLISHED:
        statuses = [_PUBLISHED_STATUS[status], *codes]
        return tuple(
            {"url": EXT_RELIABILITY, "extension": [_sub("identityStatus", "valueCoding", _coding(CS_0445, code))]}
            for code in statuses
        )
    parts = [_sub("identityStatus", "valueCoding", _coding(CS_STATUS, status.value))]
    for code in codes:
        parts.append(_sub("comment", "valueCodeableConcept", {"coding": [_coding(CS_STATUS_COMMENT, code)]}))
    return ({"url": EXT_RELIABILITY, "extension": parts},)


def with_proof(told: tuple[Json, ...], record: Record, vocabulary: Vocabulary) -> list[Json]:
    """The extensions of `reliability`, the first with how and when the identity came in, and by what it was checked."""
    parts: list[Json] = []
    if record.collected_by:
        parts.append(_sub("methodCollection", "valueCoding", _coding(CS_METHOD, record.collected_by)))
    if record.document in VALIDATION_MODES:
        parts.append(_sub("validationMode", "valueCoding", _coding(CS_VALIDATION_MODE, record.document)))
    if record.insi_called_on and vocabulary is Vocabulary.NEXT:
        parts.append({"url": "dateInterrogationINSi", "valueDate": record.insi_called_on})
    if not parts:
        return list(told)
    return [{**told[0], "extension": [*told[0]["extension"], *parts]}, *told[1:]]


def _sub(url: str, kind: str, value: Json) -> Json:
    return {"url": url, kind: value}


def _coding(system: str, code: str) -> Json:
    return {"system": system, "code": code}
