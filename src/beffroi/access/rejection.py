"""Why a token, a proof or a certificate is not accepted: a closed vocabulary, so that a log can count reasons.

A reason's `group` is the label of the metric (telemetry.metrics.Rejection), `error` the code of RFC 6750 section 3.1,
RFC 9449 sections 7.1 and 9 or RFC 9470 section 3. The texts say what to mend and hold nothing that was sent.
"""

from enum import Enum
from typing import NamedTuple

from beffroi.errors import NotAuthenticated

INVALID_REQUEST = "invalid_request"
INVALID_TOKEN = "invalid_token"  # noqa: S105  # nosec B105
INVALID_PROOF = "invalid_dpop_proof"
USE_NONCE = "use_dpop_nonce"
STEP_UP = "insufficient_user_authentication"


class Told(NamedTuple):
    """What a reason is called where: in metrics, in WWW-Authenticate, in words."""

    group: str
    error: str
    english: str
    french: str


class Reason(Enum):
    """Every reason. The English texts are plain ASCII without quotes: they stand in a header too."""

    # the request
    NO_TOKEN = Told("missing", "", "send an access token", "envoyez un jeton d'accès")
    SCHEME = Told(
        "malformed",
        INVALID_REQUEST,
        "the Authorization header must be DPoP or Bearer and one token, once",
        "l'en-tête Authorization doit être DPoP ou Bearer et un seul jeton, une seule fois",
    )
    BEARER = Told(
        "unbound",
        INVALID_TOKEN,
        "a token without a key or a certificate of its holder is not accepted here",
        "un jeton qui n'est pas lié à une clé ou à un certificat de son porteur n'est pas accepté ici",
    )
    # the token
    TOKEN_FORM = Told("malformed", INVALID_TOKEN, "the token is not a signed JWT", "le jeton n'est pas un JWT signé")
    TOKEN_SIZE = Told("malformed", INVALID_TOKEN, "the token is too large", "le jeton est trop volumineux")
    TOKEN_TYPE = Told("claims", INVALID_TOKEN, "this is not an access token", "ce n'est pas un jeton d'accès")
    ALGORITHM = Told(
        "signature",
        INVALID_TOKEN,
        "the token is not signed with an algorithm accepted here",
        "l'algorithme de signature du jeton n'est pas accepté ici",
    )
    ISSUER = Told("issuer", INVALID_TOKEN, "its issuer is not trusted here", "son émetteur n'est pas reconnu ici")
    UNKNOWN_KEY = Told(
        "signature",
        INVALID_TOKEN,
        "its issuer publishes no key of that number",
        "son émetteur ne publie pas de clé de ce numéro",
    )
    SIGNATURE = Told(
        "signature", INVALID_TOKEN, "the token's signature is wrong", "la signature du jeton n'est pas bonne"
    )
    AUDIENCE = Told("audience", INVALID_TOKEN, "the token is for another service", "le jeton est pour un autre service")
    EXPIRED = Told("expired", INVALID_TOKEN, "the token has expired", "le jeton a expiré")
    REVOKED = Told(
        "expired",
        INVALID_TOKEN,
        "its issuer says that the token is no longer good",
        "son émetteur dit que le jeton n'est plus valable",
    )
    NOT_YET = Told("not_yet", INVALID_TOKEN, "the token is not valid yet", "le jeton n'est pas encore valable")
    LIFETIME = Told("expired", INVALID_TOKEN, "the token lives too long", "la durée du jeton est trop longue")
    CLAIMS = Told(
        "claims",
        INVALID_TOKEN,
        "the token lacks a claim or one has another form than expected",
        "il manque une information au jeton, ou elle n'a pas la forme attendue",
    )
    WHO = Told(
        "claims",
        INVALID_TOKEN,
        "the token names neither a professional nor an application",
        "le jeton ne désigne ni un professionnel ni une application",
    )
    ACR = Told(
        "claims",
        STEP_UP,
        "sign in with a stronger means of identification",
        "identifiez-vous par un moyen plus fort",
    )
    # the proof
    NO_PROOF = Told("proof", INVALID_PROOF, "a DPoP proof is required", "une preuve DPoP est obligatoire")
    PROOF_TWICE = Told("proof", INVALID_PROOF, "send one DPoP proof only", "n'envoyez qu'une preuve DPoP")
    PROOF_USED = Told("proof", INVALID_PROOF, "this proof was used before", "cette preuve a déjà servi")
    PROOF_FORM = Told(
        "proof", INVALID_PROOF, "the DPoP proof is not a signed JWT", "la preuve DPoP n'est pas un JWT signé"
    )
    PROOF_SIZE = Told("proof", INVALID_PROOF, "the DPoP proof is too large", "la preuve DPoP est trop volumineuse")
    PROOF_TYPE = Told(
        "proof", INVALID_PROOF, "the DPoP proof has not the type dpop+jwt", "la preuve DPoP n'est pas de type dpop+jwt"
    )
    PROOF_ALGORITHM = Told(
        "proof",
        INVALID_PROOF,
        "the DPoP proof is not signed with an algorithm accepted here",
        "l'algorithme de signature de la preuve DPoP n'est pas accepté ici",
    )
    PROOF_KEY = Told(
        "proof",
        INVALID_PROOF,
        "the DPoP proof holds no public key of its algorithm",
        "la preuve DPoP ne contient pas de clé publique de son algorithme",
    )
    PRIVATE_KEY = Told(
        "proof",
        INVALID_PROOF,
        "the DPoP proof holds a private key: replace that key",
        "la preuve DPoP contient une clé privée : remplacez cette clé",
    )
    PROOF_CLAIMS = Told(
        "proof",
        INVALID_PROOF,
        "the DPoP proof lacks a claim or one has another form than expected",
        "il manque une information à la preuve DPoP, ou elle n'a pas la forme attendue",
    )
    PROOF_JTI = Told(
        "proof",
        INVALID_PROOF,
        "the jti of a DPoP proof has 16 to 256 characters",
        "le jti d'une preuve DPoP a de 16 à 256 caractères",
    )
    PROOF_SIGNATURE = Told(
        "proof", INVALID_PROOF, "the DPoP proof's signature is wrong", "la signature de la preuve DPoP n'est pas bonne"
    )
    PROOF_METHOD = Told(
        "proof", INVALID_PROOF, "the DPoP proof is for another method", "la preuve DPoP est pour une autre méthode"
    )
    PROOF_URL = Told(
        "proof", INVALID_PROOF, "the DPoP proof is for another address", "la preuve DPoP est pour une autre adresse"
    )
    PROOF_TOKEN = Told(
        "proof", INVALID_PROOF, "the DPoP proof is for another token", "la preuve DPoP est pour un autre jeton"
    )
    PROOF_TIME = Told(
        "proof",
        INVALID_PROOF,
        "the DPoP proof was made at another time: check the clock",
        "la preuve DPoP a été faite à un autre moment : vérifiez l'horloge",
    )
    PROOF_HOLDER = Told(
        "binding",
        INVALID_TOKEN,
        "the token is bound to another key than the proof's",
        "le jeton est lié à une autre clé que celle de la preuve",
    )
    NONCE = Told(
        "nonce",
        USE_NONCE,
        "put the nonce of the DPoP-Nonce header into the proof",
        "mettez dans la preuve le nonce de l'en-tête DPoP-Nonce",
    )
    # the certificate
    NO_CERTIFICATE = Told(
        "certificate",
        INVALID_TOKEN,
        "the token is bound to a client certificate and none came with the request",
        "le jeton est lié à un certificat client et la demande n'en présente pas",
    )
    CERTIFICATE_HOLDER = Told(
        "binding",
        INVALID_TOKEN,
        "the token is bound to another certificate",
        "le jeton est lié à un autre certificat",
    )
    CERTIFICATE_FORM = Told(
        "certificate",
        INVALID_REQUEST,
        "the Client-Cert header cannot be read",
        "l'en-tête Client-Cert est illisible",
    )
    CERTIFICATE_STRANGER = Told(
        "certificate",
        INVALID_REQUEST,
        "Client-Cert is accepted from the configured proxies only",
        "Client-Cert n'est accepté que des mandataires configurés",
    )


class Rejected(NotAuthenticated):
    """A refusal with its closed reason. Its texts, code and HTTP status follow from it."""

    def __init__(self, reason: Reason) -> None:
        told = reason.value
        self.reason = reason
        super().__init__(told.error, told.english, fr=told.french)
