"""One HTTP request and its reply, apart from the server that carries them.

Source: RFC 9110; FHIR R4 RESTful API (media types, `_format`, X-Request-Id).
"""

from dataclasses import dataclass, field
from functools import lru_cache
from uuid import UUID

from beffroi.errors import UnsupportedMediaType
from beffroi.model.disclosure import DisclosureId, Outcome

FHIR_JSON = "application/fhir+json"
FORM = "application/x-www-form-urlencoded"
HEADER_LENGTH_MAX = 16_384
"""Characters of one header. A token of Pro Santé Connect with its claims has some 4,000."""

_JSON_FORMATS = frozenset({"json", "application/json", FHIR_JSON, "text/json"})
_ACCEPTED = _JSON_FORMATS | {"*/*", "application/*"}
_FHIR_VERSIONS = frozenset({"4.0", "4.0.1"})

Headers = dict[str, str]
"""By lower-case name; a header that comes twice has its values joined by ", " (RFC 9110 section 5.3)."""


@dataclass(slots=True)
class Request:
    """What came; `body` and `reference`, the path's parameter, are filled in as it goes on.

    `path` is below the API's root, `query` and `body` are raw.
    """

    method: str
    path: str
    query: bytes
    headers: Headers
    body: bytes
    peer: str
    request_id: UUID
    language: str
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes. `disclosure_id` is told to the finder once the body was handed to the socket; `outcome` is counted."""

    status: int
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = field(default=())
    disclosure_id: DisclosureId | None = None
    outcome: Outcome = Outcome.NONE


def header_dict(raw: list[tuple[bytes, bytes]]) -> Headers:
    """The headers of an ASGI scope.

    >>> header_dict([(b"accept", b"a"), (b"accept", b"b")])
    {'accept': 'a, b'}
    """
    found: Headers = {}
    for name_bytes, value_bytes in raw:
        name, value = name_bytes.decode("latin-1"), value_bytes.decode("latin-1")
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


def request_id_of(headers: Headers) -> UUID | None:
    """The caller's own X-Request-Id, if it is a UUID.

    >>> request_id_of({"x-request-id": "Martin"}) is None
    True
    """
    given = headers.get("x-request-id", "")
    if len(given) != 36:
        return None
    try:
        return UUID(given)
    except ValueError:
        return None


@lru_cache(maxsize=256)
def language_of(accept_language: str) -> str:
    """ "fr" when French is wanted more than English, else "en".

    >>> language_of("fr-FR,fr;q=0.9,en;q=0.8"), language_of("en, fr;q=0.5"), language_of("")
    ('fr', 'en', 'en')
    """
    wanted = {"fr": 0.0, "en": 0.0}
    for part in accept_language.split(","):
        tag, _, parameters = part.partition(";")
        language = tag.strip().lower()[:2]
        if language in wanted:
            wanted[language] = max(wanted[language], _quality(parameters))
    return "fr" if wanted["fr"] > wanted["en"] else "en"


def check_format(accept: str, formats: list[str]) -> None:
    """Raises `UnsupportedMediaType` unless FHIR JSON may be sent. `formats` (`_format`) go before Accept."""
    if formats:
        if formats[-1].partition(";")[0].strip().lower() not in _JSON_FORMATS:
            raise UnsupportedMediaType("_format", what="_format")
    elif accept and not accepts_json(accept):
        raise UnsupportedMediaType("Accept", what="Accept")


@lru_cache(maxsize=256)
def accepts_json(accept: str) -> bool:
    """Whether an Accept header takes FHIR JSON in R4.

    >>> accepts_json("application/fhir+xml"), accepts_json("text/html, */*;q=0.1"), accepts_json(FHIR_JSON)
    (False, True, True)
    """
    for part in accept.split(","):
        media_type, *parameters = (piece.strip().lower() for piece in part.split(";"))
        if media_type in _ACCEPTED and all(_takes(parameter) for parameter in parameters):
            return True
    return False


def _takes(parameter: str) -> bool:
    name, _, value = parameter.partition("=")
    if name == "q":
        return _quality(parameter) > 0
    return name != "fhirversion" or value.strip('"') in _FHIR_VERSIONS


def _quality(parameters: str) -> float:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return max(0.0, min(1.0, float(value)))
            except ValueError:
                return 0.0
    return 1.0
