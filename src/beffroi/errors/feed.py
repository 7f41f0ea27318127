"""What is wrong with what a hospital feeds."""

from beffroi.errors.base import CallerError


class NotYourDomain(CallerError):
    http_status = 403
    fhir_code = "forbidden"
    hl7_code = "207"
    english = "This source feeds another domain than {what}: send its own hospital's identifier there."
    french = "Cette source n'alimente pas le domaine {what} : envoyez-y l'identifiant de son hôpital."


class UnknownIdentity(CallerError):
    """A merge or change that names an identifier which this hospital never fed."""

    http_status = 404
    fhir_code = "not-found"
    hl7_code = "204"
    english = "{what} names an identifier that this hospital has not fed."
    french = "{what} désigne un identifiant que cet hôpital n'a pas transmis."


class VersionConflict(CallerError):
    """412. If-Match names another version than the one that is there (RFC 9110 section 13.1.1)."""

    http_status = 412
    fhir_code = "conflict"
    english = "This identity has changed meanwhile, or is not there. Read what you have again, and send it anew."
    french = "Cette identité a changé entre-temps, ou n'existe pas. Relisez vos données et renvoyez-les."


class UnsupportedMessage(CallerError):
    fhir_code = "not-supported"
    hl7_code = "200"
    english = "The message type {what} is not accepted here: send ADT, or ask by QBP."
    french = "Le type de message {what} n'est pas accepté ici : envoyez ADT, ou interrogez par QBP."


class UnsupportedEvent(CallerError):
    fhir_code = "not-supported"
    hl7_code = "201"
    english = "The event {what} is not accepted here."
    french = "L'événement {what} n'est pas accepté ici."


class UnsupportedVersion(CallerError):
    fhir_code = "not-supported"
    hl7_code = "203"
    english = "This version of HL7 is not accepted here: use {what}."
    french = "Cette version de HL7 n'est pas acceptée ici : utilisez {what}."


class NotInTable(CallerError):
    """A code that its table does not hold."""

    fhir_code = "code-invalid"
    hl7_code = "103"
    english = "{what} has a code that is not accepted; use one of: {accepted}."
    french = "Le code de {what} n'est pas accepté ; utilisez l'un de : {accepted}."
