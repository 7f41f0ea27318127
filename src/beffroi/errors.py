"""Every error that a caller may meet, in two families: theirs (they can mend it) and ours.

Each has an HTTP status, a FHIR issue code and an HL7 v2 error code (table 0357), and says in English and French what
happened and what to do. They become an OperationOutcome, an ACK or a page only in `servers/`. None may carry an
identity: the parameters of a message are names of fields, limits and codes, never values that somebody sent about a
patient.

Source: FHIR R4 issue-type; HL7 v2.5 table 0357; RFC 6750, RFC 9449, RFC 9470 for the authentication errors.
"""

from typing import ClassVar, NamedTuple


class Words(NamedTuple):
    """A parameter of a message that is itself words: given in both languages."""

    english: str
    french: str


class BeffroiError(Exception):
    """Something that a caller is told. `english` and `french` are templates of the same parameters. `recorded`: the
    gate has written it down, with the question that it refuses."""

    http_status: ClassVar[int] = 500
    fhir_code: ClassVar[str] = "exception"
    hl7_code: ClassVar[str] = "207"
    english: ClassVar[str] = "Internal error."
    french: ClassVar[str] = "Erreur interne."
    recorded = False

    def __init__(self, location: str = "", **parameters: object) -> None:
        self.location = location
        self.parameters = parameters
        super().__init__(self.text("en"))

    def text(self, language: str) -> str:
        """The message in `language` ("fr", or English for anything else).

        >>> TooManyInFlight(limit=4).text("fr")
        'Ce compte a déjà 4 demandes en cours. Attendez une réponse avant la suivante.'
        """
        french = language == "fr"
        template = self.french if french else self.english
        return template.format(**{name: _spoken(value, french) for name, value in self.parameters.items()})


def _spoken(value: object, french: bool) -> object:
    return (value.french if french else value.english) if isinstance(value, Words) else value


class CallerError(BeffroiError):
    """Theirs: the same request will fail again until the caller changes it."""

    http_status = 400
    fhir_code = "invalid"
    hl7_code = "207"


class ServerError(BeffroiError):
    """Ours: the same request may succeed later."""

    http_status = 503
    fhir_code = "transient"
    hl7_code = "207"


# --- the request's form


class Malformed(CallerError):
    fhir_code = "structure"
    hl7_code = "100"
    english = "{what} cannot be read: {why}."
    french = "{what} est illisible : {why}."


class InvalidValue(CallerError):
    fhir_code = "value"
    hl7_code = "102"
    english = "{what} has a value that is not accepted: {why}."
    french = "La valeur de {what} n'est pas acceptée : {why}."


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
    english = "The format {what} is not supported; use application/fhir+json or application/fhir+xml."
    french = "Le format {what} n'est pas pris en charge ; utilisez application/fhir+json ou application/fhir+xml."


class UnsupportedBody(CallerError):
    """415. A body whose media type this address does not read."""

    http_status = 415
    fhir_code = "not-supported"
    english = "A body of this type is not read here; send {accepted}."
    french = "Un corps de ce type n'est pas lu ici ; envoyez {accepted}."


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


# --- who asks


class NotAuthenticated(CallerError):
    """401. `scheme` and `error` go into WWW-Authenticate (RFC 6750, RFC 9449)."""

    http_status = 401
    fhir_code = "login"
    hl7_code = "207"
    english = "Sign in first: {why}."
    french = "Identifiez-vous d'abord : {why}."

    def __init__(self, error: str, why: str, scheme: str = "DPoP", fr: str = "") -> None:
        self.error = error
        self.scheme = scheme
        super().__init__(why=why)
        self._french_why = fr or why

    def text(self, language: str) -> str:
        """The message in `language`; the reason has a French form of its own."""
        return self.french.format(why=self._french_why) if language == "fr" else self.english.format(**self.parameters)


class UnknownAccount(CallerError):
    http_status = 403
    fhir_code = "login"
    english = "This account has no rights here: {why}. Ask {whom}."
    french = "Ce compte n'a pas de droit ici : {why}. Adressez-vous à {whom}."


class Forbidden(CallerError):
    http_status = 403
    fhir_code = "forbidden"
    english = "The role {role} may not have {what}. {instead}"
    french = "Le rôle {role} ne donne pas accès à {what}. {instead}"


class NotThroughProxy(CallerError):
    """Plain HTTP from somewhere else than the declared proxies."""

    http_status = 403
    fhir_code = "security"
    english = "Over plain HTTP this server answers its own proxies only. Use {url}."
    french = "En HTTP sans chiffrement, ce serveur ne répond qu'à ses propres mandataires. Utilisez {url}."


class AccountFrozen(CallerError):
    http_status = 403
    fhir_code = "suppressed"
    english = "This account is stopped. Ask a colleague to read for you, and call the duty officer."
    french = "Ce compte est arrêté. Faites lire un collègue pour vous et appelez la personne d'astreinte."


class Departed(AccountFrozen):
    english = "The hospital says that you have left it; its staff office corrects a mistake. A colleague reads for you."
    french = "Selon l'hôpital, vous l'avez quitté ; ses ressources humaines corrigent. Un collègue lit pour vous."


class Contained(CallerError):
    """The account may read, but not from here: its device, application, network or structure is stopped."""

    http_status = 403
    fhir_code = "suppressed"
    english = "Requests from {what} are stopped. {instead}"
    french = "Les demandes depuis {what} sont arrêtées. {instead}"


class CeilingReached(CallerError):
    """429. The watch's ceilings; never used as "no such patient" (law 7)."""

    http_status = 429
    fhir_code = "throttled"
    english = "Withheld: this account has reached {what} ({limit}). {instead}"
    french = "Retenu : ce compte a atteint {what} ({limit}). {instead}"


class Held(CallerError):
    """403. The watch holds new patients whom nothing explains; never used as "no such patient" (law 7)."""

    http_status = 403
    fhir_code = "suppressed"
    english = "Withheld: {why}. {instead}"
    french = "Retenu : {why}. {instead}"


class TooManyInFlight(CallerError):
    http_status = 429
    fhir_code = "throttled"
    english = "This account already has {limit} requests under way. Wait for an answer before the next one."
    french = "Ce compte a déjà {limit} demandes en cours. Attendez une réponse avant la suivante."


# --- what is asked


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


class OutOfScope(CallerError):
    """401, as IUA says: the token's scopes do not hold this transaction. `scope` goes into WWW-Authenticate."""

    http_status = 401
    fhir_code = "forbidden"
    english = "The scopes of this token do not include {scope}. Ask your sign-in service for it."
    french = "Les portées de ce jeton ne comprennent pas {scope}. Demandez-la à votre service d'identification."


class NotFound(CallerError):
    http_status = 404
    fhir_code = "not-found"
    hl7_code = "204"
    english = "{what} not found."
    french = "{what} : introuvable."


class UnknownDomain(CallerError):
    """PIXm: 400 for a source, 403 for a target; PDQm: 404 (standards 3.1, 3.3)."""

    fhir_code = "code-invalid"
    hl7_code = "204"
    english = "{what} not found"
    french = "{what} not found"

    def __init__(self, what: str, status: int = 400, location: str = "") -> None:
        self.status = status
        super().__init__(location, what=what)


# --- a hospital's feed


class NotYourDomain(CallerError):
    http_status = 403
    fhir_code = "forbidden"
    hl7_code = "207"
    english = "This source feeds another domain than {what}."
    french = "Cette source n'alimente pas le domaine {what}."


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
    english = "The message type {what} is not accepted here."
    french = "Le type de message {what} n'est pas accepté ici."


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


# --- the ways on


class ProofRefused(CallerError):
    """A proof of presence by a security key that does not hold."""

    http_status = 403
    fhir_code = "login"
    english = "No proof of presence: {why}."
    french = "Preuve de présence refusée : {why}."


class WayRefused(CallerError):
    """409. A way on that is not open to these people, or not now; it says which other one is."""

    http_status = 409
    fhir_code = "conflict"
    english = "This cannot be done: {why}. {instead}"
    french = "Impossible : {why}. {instead}"


# --- what is stopped


class ContainmentRefused(CallerError):
    http_status = 409
    fhir_code = "conflict"
    english = "This cannot be done: {why}."
    french = "Impossible : {why}."


# --- ours


class Unavailable(ServerError):
    """Law 6: what cannot be written is not released."""

    english = "{what} is not available at the moment; nothing was released. Try again in a few seconds."
    french = "{what} n'est pas disponible pour l'instant ; rien n'a été communiqué. Réessayez dans quelques secondes."


class Overloaded(ServerError):
    fhir_code = "throttled"
    english = "The server is at its limit of {what}. Try again in a few seconds."
    french = "Le serveur est à sa limite de {what}. Réessayez dans quelques secondes."


class OperatorError(Exception):
    """An installation or a command line that is wrong: said in words to the operator, with what to do."""

    def __init__(self, english: str, french: str = "") -> None:
        super().__init__(english)
        self._french = french or english

    def text(self, language: str) -> str:
        """The words in `language` ("fr", or English for anything else)."""
        return self._french if language == "fr" else str(self)
