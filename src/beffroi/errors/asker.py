"""What is wrong with who asks: unknown, without the right, stopped, held, too fast; and ways on that are not open."""

from beffroi.errors.base import CallerError


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
        return (self.french if language == "fr" else self.english).format(why=self.why(language))

    def why(self, language: str) -> str:
        """The reason alone, for whoever has signed in and is asked for more.

        >>> NotAuthenticated("invalid_token", "touch your key", fr="touchez votre clé").why("fr")
        'touchez votre clé'
        """
        return self._french_why if language == "fr" else str(self.parameters["why"])


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


class OutOfScope(CallerError):
    """401, as IUA says: the token's scopes do not hold this transaction. `scope` goes into WWW-Authenticate."""

    http_status = 401
    fhir_code = "forbidden"
    english = "The scopes of this token do not include {scope}. Ask your sign-in service for it."
    french = "Les portées de ce jeton ne comprennent pas {scope}. Demandez-la à votre service d'identification."


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


class ContainmentRefused(CallerError):
    http_status = 409
    fhir_code = "conflict"
    english = "This cannot be done: {why}."
    french = "Impossible : {why}."
