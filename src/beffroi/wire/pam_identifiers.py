"""The identifiers of PID-3 and MRG-1: the hospital's own IPP, the INS, and the few others that are kept.

A source touches its own hospital's domain alone, so another hospital's identifier is never read as the patient's.

Source: PAM France 2.11.2 sections 4.4 and 6.6.1, table 0203 (standards 2.4); INS format and OIDs (standards 1.7).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from beffroi.errors import InvalidValue, Missing, NotYourDomain, TooLarge, Words
from beffroi.model.person import INS_OIDS, OID_INS_NIA, Hospital, Ins, OtherIdentifier
from beffroi.wire.hl7_types import Identifier

IPP_CHARACTERS_MAX = 64
"""Characters of a patient identifier (CX-1 allows 15 in v2.5, real ones reach 40)."""

_IPP_TYPES = ("PI", "MR", "")
"""What an IPP may be called: PI in France, MR or nothing elsewhere. Of several, the first is meant."""
_INS_TYPE = "INS"
_KEPT_TYPES = frozenset({"RRI", "PN", "NDP"})
_INS = re.compile(r"[1-8]\d{4}(\d{2}|2[AB])\d{6}\d{2}")
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class NationalIdentifier:
    """What a message says of the INS. `removed`: it deletes it. `unreadable`: it has one that is none."""

    ins: Ins | None = None
    removed: bool = False
    unreadable: bool = False
    location: str = ""


def belongs(identifier: Identifier, hospital: Hospital) -> bool:
    """True for an identifier of the hospital's own domain: by OID or FINESS, or by name where neither is given.

    >>> from beffroi.model.person import HospitalId
    >>> chu = Hospital(HospitalId(1), "590000001", "CHU", "1.2.3", "CHU-X")
    >>> belongs(Identifier("7", "CHU-X", "", "PI", ""), chu), belongs(Identifier("7", "CHU-X", "1.2.4", "PI", ""), chu)
    (True, False)
    """
    if identifier.universal_id:
        return identifier.universal_id in (hospital.oid, hospital.finess)
    return identifier.namespace in (hospital.namespace, hospital.finess, hospital.oid) and identifier.namespace != ""


def own_ipps(found: Iterable[Identifier], hospital: Hospital, location: str) -> tuple[str, ...]:
    """The distinct IPPs of the hospital's own domain; empty when no identifier claims to be an IPP.

    Raises `NotYourDomain` when all that do belong elsewhere, `Missing` when one does not say where it belongs.
    """
    typed = [i for i in found if i.type in _IPP_TYPES and i.value]
    for kind in _IPP_TYPES:
        candidates = [i for i in typed if i.type == kind]
        own = tuple(dict.fromkeys(_checked(i) for i in candidates if belongs(i, hospital)))
        if own:
            return own
    anonymous = next((i for i in typed if not i.has_authority), None)
    field = "-".join(location.split("^")[0::2])
    if anonymous is not None:
        raise Missing(anonymous.location + "^4", what=f"{field}.4")
    if typed:
        raise NotYourDomain(typed[0].location + "^4", what=f"{field}.4")
    return ()


def _checked(identifier: Identifier) -> str:
    if len(identifier.value) > IPP_CHARACTERS_MAX:
        what = "-".join(identifier.location.split("^")[0::2][:2])
        raise TooLarge(identifier.location, what=what, limit=f"{IPP_CHARACTERS_MAX} characters")
    return identifier.value


def own_ipp(found: Iterable[Identifier], hospital: Hospital, location: str) -> str:
    """The patient's IPP in the hospital's own domain. Raises `Missing`, `NotYourDomain`, or `InvalidValue` for two."""
    ipps = own_ipps(found, hospital, location)
    if not ipps:
        what = Words("An identifier of this hospital (PI)", "Un identifiant de cet établissement (PI)")
        raise Missing(location, what=what)
    if len(ipps) > 1:
        why = Words(
            "it has two identifiers of this hospital; merge them with A40",
            "il porte deux identifiants de cet établissement ; fusionnez-les par A40",
        )
        raise InvalidValue(location, what="-".join(location.split("^")[0::2]), why=why)
    return ipps[0]


def national_identifier(found: Iterable[Identifier]) -> NationalIdentifier:
    """The INS of a message: type INS and its OIDs alone (a billing number, NH, never becomes one); NIR before NIA."""
    typed = [i for i in found if i.type == _INS_TYPE]
    if not typed:
        return NationalIdentifier()
    valued = sorted((i for i in typed if i.value), key=lambda i: i.universal_id == OID_INS_NIA)
    if not valued:
        return NationalIdentifier(removed=True, location=typed[0].location)
    chosen = valued[0]
    value = _SPACES.sub("", chosen.value).upper()
    if chosen.universal_id not in INS_OIDS or not _INS.fullmatch(value):
        return NationalIdentifier(unreadable=True, location=chosen.location)
    return NationalIdentifier(ins=Ins(value, chosen.universal_id), location=chosen.location)


def mother_identifiers(found: Iterable[Identifier], hospital: Hospital) -> tuple[OtherIdentifier, ...]:
    """The mother's own identifiers (PID-21) in the hospital's domain; never a visit's, nor another hospital's."""
    own = (i.value for i in found if i.type in _IPP_TYPES and i.value and belongs(i, hospital))
    return tuple(OtherIdentifier(hospital.oid, value, "PI") for value in dict.fromkeys(own))


def other_identifiers(found: Iterable[Identifier]) -> tuple[OtherIdentifier, ...]:
    """The regional identifiers and the pharmaceutical record's number; nothing else is needed, nor kept."""
    return tuple(
        OtherIdentifier(i.universal_id or i.namespace, i.value, i.type)
        for i in found
        if i.type in _KEPT_TYPES and i.value
    )
