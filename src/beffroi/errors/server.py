"""What is wrong with us: the same request may succeed later."""

from beffroi.errors.base import ServerError


class Unavailable(ServerError):
    """Law 6: what cannot be written is not released."""

    english = "{what} is not available at the moment; nothing was released. Try again in a few seconds."
    french = "{what} n'est pas disponible pour l'instant ; rien n'a été communiqué. Réessayez dans quelques secondes."


class Overloaded(ServerError):
    fhir_code = "throttled"
    english = "The server is at its limit of {what}. Try again in a few seconds."
    french = "Le serveur est à sa limite de {what}. Réessayez dans quelques secondes."
