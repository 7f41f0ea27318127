"""What is wrong with a request: its form, and what it asks."""

from beffroi.errors.base import CallerError


class Malformed(CallerError):
    fhir_code = "structure"
    hl7_code = "100"
    english = "{what} cannot be read: {why}."
    french = "{what} est illisible : {why}."


class InvalidValue(CallerError):
    fhir_code = "value"
    hl7_code = "102"
    english = "{what} has a value that is not accepted: {why}."
    french = "{what} a une valeur qui n'est pas acceptée : {why}."


class Missing(CallerError):
    fhir_code = "required"
    hl7_code = "101"
    english = "{what} is required."
    french = "{what} est obligatoire."


class Unsupported(CallerError):
    fhir_code = "not-supported"
    hl7_code = "200"
    english = "{what} is not supported. {instead}"
    french = "{what} n'est pas pris en charge. {instead}"


class UnsupportedMediaType(CallerError):
    http_status = 406
    fhir_code = "not-supported"
    english = "The format that {what} names is not supported; use application/fhir+json or application/fhir+xml."
    french = (
        "Le format que nomme {what} n'est pas pris en charge ; utilisez application/fhir+json ou application/fhir+xml."
    )


class UnsupportedBody(CallerError):
    """415. A body whose media type this address does not read."""

    http_status = 415
    fhir_code = "not-supported"
    english = "A body of this type is not read here; send {accepted}."
    french = "Un corps de ce type n'est pas lu ici ; envoyez {accepted}."


class Misdirected(CallerError):
    """421 (RFC 9110 section 15.5.20). `name` is ours, from the configuration: never what was asked for."""

    http_status = 421
    fhir_code = "not-supported"
    english = "This server answers as {name}; open that address. (A proxy before it passes Host on as it came.)"
    french = "Ce serveur répond sous {name} ; ouvrez cette adresse. (Un proxy devant lui transmet Host tel quel.)"


class MethodNotAllowed(CallerError):
    """405. `allowed` goes into Allow (RFC 9110 section 15.5.6)."""

    http_status = 405
    fhir_code = "not-supported"
    english = "This address takes {allowed} only."
    french = "Cette adresse n'accepte que {allowed}."


class TooSlow(CallerError):
    http_status = 408
    fhir_code = "timeout"
    english = "The request did not arrive whole within {limit} seconds."
    french = "La requête n'est pas arrivée entière en {limit} secondes."


class TooLarge(CallerError):
    http_status = 413
    fhir_code = "too-long"
    english = "{what} is larger than the limit of {limit}."
    french = "{what} dépasse la limite de {limit}."


class TooBroad(CallerError):
    """400. The search would sweep; it says which criterion to add."""

    http_status = 400
    fhir_code = "too-costly"
    english = "This search is too broad: add {add}."
    french = "Cette recherche est trop large : ajoutez {add}."


class PageGone(CallerError):
    """410. A continuation that was made for somebody else, has expired, or was never ours: all look alike."""

    http_status = 410
    fhir_code = "not-found"
    hl7_code = "204"
    english = "This page is not to be had: its link lives {minutes} minutes, for one account. Search again."
    french = (
        "Cette page n'est plus accessible : son lien vaut {minutes} minutes, pour un seul compte. Recherchez à nouveau."
    )


class NotFound(CallerError):
    http_status = 404
    fhir_code = "not-found"
    hl7_code = "204"
    english = "{what}: not found."
    french = "{what} : introuvable."


class UnknownKey(NotFound):
    """PIXm's own words (ITI-83), which software compares."""

    english = "{what} not found"
    french = "{what} not found"


class UnknownDomain(CallerError):
    """PIXm: 400 for a source, 403 for a target; PDQm: 404 (standards 3.1, 3.3)."""

    fhir_code = "code-invalid"
    hl7_code = "204"
    english = "{what} not found"
    french = "{what} not found"

    def __init__(self, what: str, status: int = 400, location: str = "") -> None:
        self.status = status
        super().__init__(location, what=what)
