"""The elements of the FHIR types that are sent or read, in the order in which XML has them.

One line a type: `name` is a string-like primitive, `name:boolean`, `name:integer` and `name:decimal` are the others,
`name:Type` has elements of its own, `*` says that it may repeat. Whatever is not here is neither written nor read.

Source: FHIR R4 (4.0.1), the definitions of resources and data types; their XML format (order, attributes, wrappers).
"""

from dataclasses import dataclass
from functools import lru_cache

_VALUES = (
    "valueBase64Binary valueBoolean:boolean valueCanonical valueCode valueDate valueDateTime valueDecimal:decimal "
    "valueId valueInstant valueInteger:integer valueMarkdown valueOid valuePositiveInt:integer valueString valueTime "
    "valueUnsignedInt:integer valueUri valueUrl valueUuid valueAddress:Address valueAge:Quantity "
    "valueAnnotation:Annotation valueAttachment:Attachment valueCodeableConcept:CodeableConcept valueCoding:Coding "
    "valueContactPoint:ContactPoint valueCount:Quantity valueDistance:Quantity valueDuration:Quantity "
    "valueHumanName:HumanName valueIdentifier:Identifier valueMoney:Money valuePeriod:Period valueQuantity:Quantity "
    "valueRange:Range valueRatio:Ratio valueReference:Reference valueSignature:Signature "
    "valueContactDetail:ContactDetail valueMeta:Meta"
)

DATA_TYPES = {
    "Address": "use type text line* city district state postalCode country period:Period",
    "Annotation": "authorReference:Reference authorString time text",
    "Attachment": "contentType language data url size:integer hash title creation",
    "CodeableConcept": "coding*:Coding text",
    "Coding": "system version code display userSelected:boolean",
    "ContactDetail": "name telecom*:ContactPoint",
    "ContactPoint": "system value use rank:integer period:Period",
    "Extension": _VALUES,
    "HumanName": "use text family given* prefix* suffix* period:Period",
    "Identifier": "use type:CodeableConcept system value period:Period assigner:Reference",
    "Meta": "versionId lastUpdated source profile* security*:Coding tag*:Coding",
    "Money": "value:decimal currency",
    "Narrative": "status",
    "Period": "start end",
    "Quantity": "value:decimal comparator unit system code",
    "Range": "low:Quantity high:Quantity",
    "Ratio": "numerator:Quantity denominator:Quantity",
    "Reference": "reference type identifier:Identifier display",
    "Signature": "type*:Coding when who:Reference onBehalfOf:Reference targetFormat sigFormat data",
}
"""Each begins with extensions; `id`, and an extension's `url`, are attributes."""

BACKBONES = {
    "AuditEvent.agent": (
        "type:CodeableConcept role*:CodeableConcept who:Reference altId name requestor:boolean location:Reference "
        "policy* media:Coding network:AuditEvent.agent.network purposeOfUse*:CodeableConcept"
    ),
    "AuditEvent.agent.network": "address type",
    "AuditEvent.entity": (
        "what:Reference type:Coding role:Coding lifecycle:Coding securityLabel*:Coding name description query "
        "detail*:AuditEvent.entity.detail"
    ),
    "AuditEvent.entity.detail": "type valueString valueBase64Binary",
    "AuditEvent.source": "site observer:Reference type*:Coding",
    "Bundle.entry": (
        "link*:Bundle.link fullUrl resource:Resource search:Bundle.entry.search request:Bundle.entry.request "
        "response:Bundle.entry.response"
    ),
    "Bundle.entry.request": "method url ifNoneMatch ifModifiedSince ifMatch ifNoneExist",
    "Bundle.entry.response": "status location etag lastModified outcome:Resource",
    "Bundle.entry.search": "mode score:decimal",
    "Bundle.link": "relation url",
    "CapabilityStatement.implementation": "description url custodian:Reference",
    "CapabilityStatement.rest": (
        "mode documentation security:CapabilityStatement.rest.security resource*:CapabilityStatement.rest.resource "
        "interaction*:CapabilityStatement.rest.resource.interaction "
        "searchParam*:CapabilityStatement.rest.resource.searchParam "
        "operation*:CapabilityStatement.rest.resource.operation compartment*"
    ),
    "CapabilityStatement.rest.resource": (
        "type profile supportedProfile* documentation interaction*:CapabilityStatement.rest.resource.interaction "
        "versioning readHistory:boolean updateCreate:boolean conditionalCreate:boolean conditionalRead "
        "conditionalUpdate:boolean conditionalDelete referencePolicy* searchInclude* searchRevInclude* "
        "searchParam*:CapabilityStatement.rest.resource.searchParam "
        "operation*:CapabilityStatement.rest.resource.operation"
    ),
    "CapabilityStatement.rest.resource.interaction": "code documentation",
    "CapabilityStatement.rest.resource.operation": "name definition documentation",
    "CapabilityStatement.rest.resource.searchParam": "name definition type documentation",
    "CapabilityStatement.rest.security": "cors:boolean service*:CodeableConcept description",
    "CapabilityStatement.software": "name version releaseDate",
    "OperationOutcome.issue": "severity code details:CodeableConcept diagnostics location* expression*",
    "Parameters.parameter": f"name {_VALUES} resource:Resource part*:Parameters.parameter",
    "Patient.communication": "language:CodeableConcept preferred:boolean",
    "Patient.contact": (
        "relationship*:CodeableConcept name:HumanName telecom*:ContactPoint address:Address gender "
        "organization:Reference period:Period"
    ),
    "Patient.link": "other:Reference type",
}
"""Each begins with extensions and modifier extensions."""

RESOURCES = {
    "AuditEvent": (
        "type:Coding subtype*:Coding action period:Period recorded outcome outcomeDesc "
        "purposeOfEvent*:CodeableConcept agent*:AuditEvent.agent source:AuditEvent.source entity*:AuditEvent.entity"
    ),
    "Bundle": (
        "identifier:Identifier type timestamp total:integer link*:Bundle.link entry*:Bundle.entry signature:Signature"
    ),
    "CapabilityStatement": (
        "url version name title status experimental:boolean date publisher contact*:ContactDetail description "
        "jurisdiction*:CodeableConcept purpose copyright kind instantiates* imports* "
        "software:CapabilityStatement.software implementation:CapabilityStatement.implementation fhirVersion format* "
        "patchFormat* implementationGuide* rest*:CapabilityStatement.rest"
    ),
    "OperationOutcome": "issue*:OperationOutcome.issue",
    "Parameters": "parameter*:Parameters.parameter",
    "Patient": (
        "identifier*:Identifier active:boolean name*:HumanName telecom*:ContactPoint gender birthDate "
        "deceasedBoolean:boolean deceasedDateTime address*:Address maritalStatus:CodeableConcept "
        "multipleBirthBoolean:boolean multipleBirthInteger:integer photo*:Attachment contact*:Patient.contact "
        "communication*:Patient.communication generalPractitioner*:Reference managingOrganization:Reference "
        "link*:Patient.link"
    ),
}

_RESOURCE = "id meta:Meta implicitRules language"
_DOMAIN_RESOURCE = f"{_RESOURCE} text:Narrative contained*:Resource extension*:Extension modifierExtension*:Extension"
_NOT_DOMAIN_RESOURCES = frozenset({"Bundle", "Parameters"})
_PRIMITIVES = frozenset({"string", "boolean", "integer", "decimal"})


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a type: its place in it, its own type (a primitive, or one with elements), whether it repeats."""

    rank: int
    kind: str
    repeats: bool

    @property
    def primitive(self) -> bool:
        """Whether it is a value rather than elements."""
        return self.kind in _PRIMITIVES


@lru_cache
def elements_of(kind: str) -> dict[str, Element]:
    """The elements of a type by name, in their order; raises `KeyError` when it is not here.

    >>> list(elements_of("Period")), elements_of("Bundle")["total"].kind
    (['extension', 'start', 'end'], 'integer')
    """
    if kind in RESOURCES:
        first = _RESOURCE if kind in _NOT_DOMAIN_RESOURCES else _DOMAIN_RESOURCE
        return _parsed(f"{first} {RESOURCES[kind]}")
    if kind in BACKBONES:
        return _parsed(f"extension*:Extension modifierExtension*:Extension {BACKBONES[kind]}")
    return _parsed("extension*:Extension" if kind in _PRIMITIVES else f"extension*:Extension {DATA_TYPES[kind]}")


def _parsed(line: str) -> dict[str, Element]:
    found: dict[str, Element] = {}
    for rank, word in enumerate(line.split()):
        name, _, kind = word.partition(":")
        found[name.removesuffix("*")] = Element(rank, kind or "string", name.endswith("*"))
    return found
