"""Traits as the data types of FHIR: names, identifiers, places, what reaches somebody. `wire.fhir` alone calls these.

Source: FHIR R4 HumanName, Identifier, Address, ContactPoint, Patient.contact; FR Core 2.2.0 (standards 2.2).
"""

from beffroi.model.person import Address, BirthPlace, Ins, OtherIdentifier, Record, Telecom
from beffroi.wire.fhir_terms import (
    CS_COMMUNE,
    CS_ROLE,
    EXT_CONTACT_IDENTIFIER,
    EXT_GIVEN_LIST,
    EXT_INSEE_CODE,
    INS_TYPES,
    OID_PREFIX,
    Json,
    absent,
    identifier_type,
    system_uri,
)

_TELECOM_USES = frozenset({"home", "work", "temp", "old", "mobile"})
_ADDRESS_USES = frozenset({"home", "work", "temp", "old", "billing"})


def birth_place(place: BirthPlace) -> Json:
    """Where somebody was born: Address with its COG code."""
    address: Json = {}
    if place.cog:
        coding = {"system": CS_COMMUNE, "code": place.cog}
        address["extension"] = [{"url": EXT_INSEE_CODE, "valueCoding": coding}]
    if place.city:
        address["city"] = place.city
    if place.country:
        address["country"] = place.country
    return address


def ins_identifier(ins: Ins) -> Json:
    """The INS, which alone is official."""
    code, use = INS_TYPES[ins.oid]
    return {"use": use, "type": identifier_type(code), "system": OID_PREFIX + ins.oid, "value": ins.value}


def other_identifier(other: OtherIdentifier, beside_ins: bool) -> Json:
    """An identifier of neither an INS nor a hospital's patient; `beside_ins`: the patient shows an INS too."""
    # FR Core wants NH official, and nothing but the INS official beside an INS (fr-core-2): the INS wins.
    use = "official" if other.type == "NH" and not beside_ins else "secondary"
    found: Json = {"use": use, "system": system_uri(other.system), "value": other.value}
    if other.type:
        found["type"] = identifier_type(other.type)
    return found


def human_names(record: Record) -> list[Json]:
    """The birth name (official) and the used one (usual)."""
    found: list[Json] = []
    if record.birth_family or record.birth_given or record.birth_given_list:
        found.append(_birth_name(record))
    if record.used_family or record.used_given:
        used: Json = {"use": "usual"}
        if record.used_family:
            used["family"] = record.used_family
        if record.used_given:
            used["given"] = [record.used_given]
        found.append(used)
    return found


def _birth_name(record: Record) -> Json:
    """FR Core wants family and given in an official name: one that nobody knows says so."""
    name: Json = {"use": "official"}
    if record.birth_given_list:
        name["extension"] = [{"url": EXT_GIVEN_LIST, "valueString": record.birth_given_list}]
    if record.birth_family:
        name["family"] = record.birth_family
    else:
        name["_family"] = absent("unknown")
    if record.birth_given:
        name["given"] = [record.birth_given]
    else:
        name["_given"] = [absent("unknown")]
    return name


def contact_point(telecom: Telecom) -> Json:
    """A telephone or an e-mail address."""
    found: Json = {"system": telecom.kind.value, "value": telecom.value}
    if telecom.use in _TELECOM_USES:
        found["use"] = telecom.use
    return found


def mother_contact(mother: OtherIdentifier) -> Json:
    """A contact of FR Core, which bears an identifier; R4 wants a name too, which is nobody's business here."""
    identifier = {"type": identifier_type(mother.type), "system": system_uri(mother.system), "value": mother.value}
    return {
        "extension": [{"url": EXT_CONTACT_IDENTIFIER, "valueIdentifier": identifier}],
        "relationship": [{"coding": [{"system": CS_ROLE, "code": "MTH"}]}],
        "name": absent("masked"),
    }


def postal_address(address: Address) -> Json:
    """A postal address."""
    found: Json = {"use": address.use if address.use in _ADDRESS_USES else "home"}
    lines = [line for line in address.lines if line]
    if lines:
        found["line"] = lines
    if address.city:
        found["city"] = address.city
    if address.postal_code:
        found["postalCode"] = address.postal_code
    if address.country:
        found["country"] = address.country
    return found
