"""A Patient as a hospital's feed sends it (PIXm ITI-104): an identity's whole state, a merge, or its end.

The resource takes the place of what was known (FHIR update): what it leaves out is deleted, but for a birth date, which
nothing can take away. Only what this server keeps is read; a modifier that is not understood is refused, and an
extension that nobody here knows is left aside and said to be.

Source: FHIR R4 Patient and update; FR Core 2.1 to 2.2.0 and its next release (standards 2.1, 2.2); IHE PIXm 3.1.0
ITI-104 (standards 3.3); RNIV (standards 1.3 to 1.7).
"""

import re
from typing import Any

import msgspec

from beffroi.errors import InvalidValue, Missing, NotYourDomain, Unsupported, Words
from beffroi.model.feed import FeedKind, Patch
from beffroi.model.person import (
    INS_OIDS,
    OID_INS_NIA,
    Address,
    BirthPlace,
    IdentityAttribute,
    IdentityStatus,
    Ins,
    OtherIdentifier,
    Sex,
    Telecom,
    TelecomKind,
)
from beffroi.model.search import IdentifierToken
from beffroi.wire.bulk_values import checked_patch, checked_text
from beffroi.wire.fhir_form import Pairs, token_parts
from beffroi.wire.fhir_input import converted, resource_of
from beffroi.wire.fhir_search import identifier_token
from beffroi.wire.fhir_terms import (
    CS_0445,
    CS_STATUS,
    CS_STATUS_COMMENT,
    EXT_BIRTH_DATE_UPDATED,
    EXT_BIRTH_PLACE,
    EXT_GIVEN_LIST,
    EXT_INSEE_CODE,
    EXT_MOTHER_NAME,
    EXT_NATIONALITY,
    EXT_RELIABILITY,
    OID_PREFIX,
)
from beffroi.wire.hl7_time import parse_birth_date, parse_time
from beffroi.wire.pam_proof import COLLECTED_BY, DOCUMENTS

_SEXES = {"male": Sex.MALE, "female": Sex.FEMALE, "unknown": Sex.UNKNOWN}
_KINDS = {"phone": TelecomKind.PHONE, "sms": TelecomKind.PHONE, "email": TelecomKind.EMAIL}
_OTHER_TYPES = frozenset({"RRI", "PN", "NDP", "NH"})
_KNOWN_EXTENSIONS = frozenset(
    {EXT_BIRTH_DATE_UPDATED, EXT_BIRTH_PLACE, EXT_MOTHER_NAME, EXT_NATIONALITY, EXT_RELIABILITY}
)
_ATTRIBUTES = {a.value: a for a in IdentityAttribute if a is not IdentityAttribute.UNNAMED_NEWBORN}
_PUBLISHED = {"VALI": IdentityStatus.VALIDATED, "PROV": IdentityStatus.PROVISIONAL, "VIDE": IdentityStatus.PROVISIONAL}
_NEXT = {status.value: status for status in IdentityStatus}
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_REPLACED_BY = "replaced-by"
_ONE_IDENTIFIER = Words("give exactly one, as system|value", "donnez-en exactement un, sous la forme système|valeur")
_NOT_THE_SAME = Words("it is not the one in the address", "ce n'est pas celui de l'adresse")


class PatientFeed(msgspec.Struct, frozen=True):
    """What a Patient says of one identity of the sender's domain, and what of it was not kept."""

    kind: FeedKind
    ipp: str
    other_ipp: str = ""
    patch: Patch = Patch()
    remarks: tuple[Words, ...] = ()


class _Coding(msgspec.Struct):
    system: str = ""
    code: str = ""


class _Concept(msgspec.Struct):
    coding: list[_Coding] = []

    def codes(self) -> set[str]:
        return {coding.code for coding in self.coding}


class _Extension(msgspec.Struct, rename="camel"):
    url: str
    extension: list["_Extension"] = []
    value_string: str = ""
    value_boolean: bool | None = None
    value_date: str = ""
    value_coding: _Coding | None = None
    value_codeable_concept: _Concept | None = None
    value_address: dict[str, Any] | None = None

    def coding(self) -> _Coding:
        concept = self.value_codeable_concept
        return self.value_coding or (concept.coding[0] if concept and concept.coding else _Coding())


class _Identifier(msgspec.Struct):
    use: str = ""
    type: _Concept = msgspec.field(default_factory=_Concept)
    system: str = ""
    value: str = ""

    @property
    def oid(self) -> str:
        return self.system.removeprefix(OID_PREFIX)


class _Name(msgspec.Struct):
    use: str = ""
    family: str = ""
    given: list[str | None] = []
    extension: list[_Extension] = []


class _Telecom(msgspec.Struct):
    system: str = ""
    value: str = ""
    use: str = ""


class _Address(msgspec.Struct, rename="camel"):
    use: str = "home"
    line: list[str | None] = []
    city: str = ""
    postal_code: str = ""
    country: str = ""
    extension: list[_Extension] = []


class _Other(msgspec.Struct):
    identifier: _Identifier | None = None
    reference: str = ""


class _Link(msgspec.Struct):
    other: _Other
    type: str


class _Patient(msgspec.Struct, rename="camel"):
    identifier: list[_Identifier] = []
    active: bool = True
    name: list[_Name] = []
    telecom: list[_Telecom] = []
    gender: str = ""
    birth_date: str = ""
    deceased_boolean: bool | None = None
    deceased_date_time: str = ""
    address: list[_Address] = []
    multiple_birth_integer: int = 0
    link: list[_Link] = []
    extension: list[_Extension] = []


def fed_identifier(pairs: Pairs, own_oid: str) -> str:
    """The identifier that the address of an update or a removal names, in the sender's own domain.

    >>> fed_identifier([("identifier", "urn:oid:1.2.3|A1")], "1.2.3")
    'A1'
    """
    named = [value for name, value in pairs if name == "identifier"]
    others = [name for name, _ in pairs if name not in ("identifier", "_format", "_pretty")]
    if others or len(named) != 1 or "," in named[0]:
        raise InvalidValue("identifier", what="identifier", why=_ONE_IDENTIFIER)
    return _own(identifier_token("identifier", named[0]), own_oid)


def _own(token: IdentifierToken, own_oid: str) -> str:
    if not (token.system and token.value):
        raise InvalidValue("identifier", what="identifier", why=_ONE_IDENTIFIER)
    if token.system != own_oid:
        raise NotYourDomain("identifier", what=token.system)
    return checked_text("identifier", token.value)


def parse_patient_feed(body: bytes, ipp: str, own_oid: str) -> PatientFeed:
    """The body of an update of `ipp`; raises `CallerError`. Inactive and replaced: a merge; inactive alone: the end."""
    resource = resource_of(body)
    if resource["resourceType"] != "Patient":
        what = Words("This body", "Ce corps de requête")
        raise Unsupported("resourceType", what=what, instead=Words("Send a Patient.", "Envoyez un Patient."))
    patient: _Patient = converted(resource, _Patient, "Patient")
    own = {i.value.strip() for i in patient.identifier if i.oid == own_oid}
    if own and ipp not in own:
        raise InvalidValue("Patient.identifier", what="Patient.identifier", why=_NOT_THE_SAME)
    replaced_by = [link for link in patient.link if link.type == _REPLACED_BY]
    if patient.active:
        patch, remarks = _patch(patient, own_oid)
        return PatientFeed(FeedKind.UPSERT, ipp, patch=patch, remarks=remarks)
    if not replaced_by:
        return PatientFeed(FeedKind.REMOVE, ipp)
    if len(replaced_by) > 1:
        why = Words("one identity replaces another", "une seule identité en remplace une autre")
        raise InvalidValue("Patient.link", what="Patient.link", why=why)
    return PatientFeed(FeedKind.MERGE, _survivor(replaced_by[0], own_oid), ipp)


def _survivor(link: _Link, own_oid: str) -> str:
    other = link.other
    if other.identifier is not None:
        return _own(IdentifierToken(other.identifier.oid, other.identifier.value), own_oid)
    _, mark, token = other.reference.partition("identifier=")
    if not mark:
        raise Missing("Patient.link.other", what="Patient.link.other.identifier")
    return _own(identifier_token("Patient.link", "|".join(token_parts(token.replace("%7C", "|")))), own_oid)


def _patch(patient: _Patient, own_oid: str) -> tuple[Patch, tuple[Words, ...]]:
    birth, used = _names(patient.name)
    if not any((birth.family.strip(), _first(birth.given), used.family.strip())):
        raise Missing("Patient.name", what="Patient.name")  # PID-5 is: nobody's name is deleted by leaving it out
    given_list = next((e.value_string for e in birth.extension if e.url == EXT_GIVEN_LIST), "")
    extensions = {extension.url: extension for extension in patient.extension}
    status, attributes = _reliability(patient.extension)
    born, filled_in = _born(patient.birth_date)
    corrected = extensions.get(EXT_BIRTH_DATE_UPDATED)
    ins, others, left_out = _numbers(patient.identifier, own_oid)
    keeps = ins is not None and status in (IdentityStatus.QUALIFIED, None)
    if status is None:  # the published vocabulary's VALI: qualified with an INS, validated without
        status = IdentityStatus.QUALIFIED if ins is not None else IdentityStatus.VALIDATED
    patch = Patch(
        birth_family=birth.family.strip(),
        birth_given=_first(birth.given),
        birth_given_list=given_list.strip(),
        used_family=used.family.strip(),
        used_given=_first(used.given),
        birth_date=born,
        birth_date_interpreted=filled_in or bool(corrected and corrected.value_boolean),
        sex=_SEXES.get(patient.gender, Sex.UNKNOWN),
        birth_place=_birth_place(extensions.get(EXT_BIRTH_PLACE)),
        birth_order=max(0, min(patient.multiple_birth_integer, 12)),
        mother_birth_family=_text(extensions.get(EXT_MOTHER_NAME)),
        nationality=_nationality(extensions.get(EXT_NATIONALITY)),
        deceased=bool(patient.deceased_boolean or patient.deceased_date_time),
        deceased_at=_died(patient.deceased_date_time),
        status=status,
        attributes=attributes,
        restricted=IdentityAttribute.HIDDEN in attributes or None,
        ins=ins if keeps else None,
        ins_removed=not keeps,
        telecoms=tuple(_telecoms(patient.telecom)),
        addresses=tuple(_address(address) for address in patient.address),
        others=others,
        **_proof(patient.extension),
    )
    return checked_patch(patch), _remarks(patient, ins is not None and not keeps, left_out)


def _names(names: list[_Name]) -> tuple[_Name, _Name]:
    """The birth name and the used one. A name without a use is the birth name: nothing says that it is another."""
    by_use = {name.use: name for name in reversed(names)}
    birth = by_use.get("official") or by_use.get("maiden") or by_use.get("") or _Name()
    return birth, by_use.get("usual") or _Name()


def _first(given: list[str | None]) -> str:
    return next((one.strip() for one in given if one), "")


def _text(extension: _Extension | None) -> str:
    return extension.value_string.strip() if extension else ""


def _reliability(extensions: list[_Extension]) -> tuple[IdentityStatus | None, tuple[IdentityAttribute, ...]]:
    """Status and attributes in either vocabulary. None: VALI as published, whose meaning the INS decides."""
    status: IdentityStatus | None = IdentityStatus.PROVISIONAL
    attributes: set[IdentityAttribute] = set()
    for extension in extensions:
        if extension.url != EXT_RELIABILITY:
            continue
        for part in extension.extension:
            coding = part.coding()
            if coding.code in _ATTRIBUTES and coding.system in (CS_0445, CS_STATUS_COMMENT):
                attributes.add(_ATTRIBUTES[coding.code])
            elif part.url == "identityStatus" and coding.system == CS_STATUS:
                status = _NEXT.get(coding.code, IdentityStatus.PROVISIONAL)
            elif part.url == "identityStatus" and _PUBLISHED.get(coding.code) is IdentityStatus.VALIDATED:
                status = None
    return status, tuple(sorted(attributes))


def _proof(extensions: list[_Extension]) -> dict[str, Any]:
    """How the identity came in, when INSi was called, and the kind of document that it was compared with."""
    parts = {part.url: part for one in extensions if one.url == EXT_RELIABILITY for part in one.extension}
    method, mode, called = (parts.get(url) for url in ("methodCollection", "validationMode", "dateInterrogationINSi"))
    codes = method.coding().code if method else "", mode.coding().code if mode else ""
    return {
        "collected_by": codes[0] if codes[0] in COLLECTED_BY else "",
        "document": codes[1] if codes[1] in DOCUMENTS else "",
        "insi_called_on": called.value_date if called and _DAY.fullmatch(called.value_date) else "",
    }


def _numbers(found: list[_Identifier], own_oid: str) -> tuple[Ins | None, tuple[OtherIdentifier, ...], int]:
    """The INS (a NIR before a NIA), the identifiers that are kept besides, and how many are not.

    A billing number (NH) under the INS's own authority never becomes an INS.
    """
    ins: Ins | None = None
    others: list[OtherIdentifier] = []
    left_out = 0
    for identifier in found:
        codes = identifier.type.codes()
        if identifier.oid in INS_OIDS and "NH" not in codes:
            if identifier.use != "old" and (ins is None or ins.oid == OID_INS_NIA):
                ins = Ins(identifier.value, identifier.oid)
        elif kinds := codes & _OTHER_TYPES:
            others.append(OtherIdentifier(identifier.oid, identifier.value.strip(), min(kinds)))
        elif identifier.oid != own_oid:
            left_out += 1
    return ins, tuple(others), left_out


def _born(text: str) -> tuple[Any, bool]:
    if not text:
        return None, False
    try:
        return parse_birth_date(text.replace("-", ""))
    except ValueError:
        why = Words("it is not a date (YYYY-MM-DD)", "ce n'est pas une date (AAAA-MM-JJ)")
        raise InvalidValue("Patient.birthDate", what="Patient.birthDate", why=why) from None


def _died(text: str) -> Any:
    if not text:
        return None
    day, _, time = text.partition("T")
    digits = day.replace("-", "") + time.replace(":", "").replace("Z", "+0000")
    try:
        return parse_time(digits)
    except (ValueError, OverflowError):
        why = Words("it is not a time", "ce n'est pas une date")
        raise InvalidValue("Patient.deceasedDateTime", what="Patient.deceasedDateTime", why=why) from None


def _birth_place(extension: _Extension | None) -> BirthPlace:
    if extension is None or extension.value_address is None:
        return BirthPlace()
    address: _Address = converted(extension.value_address, _Address, "Patient.extension")
    code = next((e.coding().code for e in address.extension if e.url == EXT_INSEE_CODE), "")
    return BirthPlace(code.strip().upper(), address.city.strip(), address.country.strip())


def _nationality(extension: _Extension | None) -> str:
    if extension is None:
        return ""
    return next((part.coding().code for part in extension.extension if part.url == "code"), "")


def _telecoms(found: list[_Telecom]) -> list[Telecom]:
    kept = (one for one in found if one.system in _KINDS and one.value.strip() and one.use != "old")
    return list(dict.fromkeys(Telecom(_KINDS[one.system], one.value.strip(), one.use) for one in kept))


def _address(found: _Address) -> Address:
    lines = tuple(line.strip() for line in found.line if line)
    return Address(lines, found.city.strip(), found.postal_code.strip(), found.country.strip(), found.use)


def _remarks(patient: _Patient, ins_dropped: bool, left_out: int) -> tuple[Words, ...]:
    remarks = []
    if ins_dropped:
        remarks.append(
            Words(
                "The INS was not kept: the identity is not qualified.",
                "L'INS n'a pas été conservée : l'identité n'est pas qualifiée.",
            )
        )
    if left_out:
        remarks.append(
            Words(
                f"{left_out} identifiers of other domains were not kept.",
                f"{left_out} identifiants d'autres domaines n'ont pas été conservés.",
            )
        )
    if unknown := sum(extension.url not in _KNOWN_EXTENSIONS for extension in patient.extension):
        remarks.append(
            Words(
                f"{unknown} extensions are not known here and were not kept.",
                f"{unknown} extensions sont inconnues ici et n'ont pas été conservées.",
            )
        )
    return tuple(remarks)
