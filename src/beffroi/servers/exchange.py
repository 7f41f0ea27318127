"""One HTTP request and its reply, apart from the server that carries them.

Source: RFC 9110; FHIR R4 RESTful API (media types, `_format`, X-Request-Id).
"""

from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from uuid import UUID

from beffroi.errors import UnsupportedMediaType
from beffroi.model.disclosure import DisclosureId, Outcome

FHIR_JSON = "application/fhir+json"
FHIR_XML = "application/fhir+xml"
FORM = "application/x-www-form-urlencoded"
NUMBER_DIGITS_MAX = 9
"""Of a number in an address or a form: it fits the database's integers."""


class Format(Enum):
    """What a body is written in; the value is its media type."""

    JSON = FHIR_JSON
    XML = FHIR_XML


_MEDIA_TYPES = {
    Format.JSON: frozenset({FHIR_JSON, "application/json", "text/json"}),
    Format.XML: frozenset({FHIR_XML, "application/xml", "text/xml"}),
}
XML_BODIES = _MEDIA_TYPES[Format.XML]
_FORMATS = {media_type: found for found, media_types in _MEDIA_TYPES.items() for media_type in media_types}
_FORMATS |= {"json": Format.JSON, "xml": Format.XML}
"""What `_format` may say."""
_FHIR_VERSIONS = frozenset({"4.0", "4.0.1"})

Headers = dict[str, str]
"""By lower-case name; a header that comes twice has its values joined by ", " (RFC 9110 section 5.3)."""


@dataclass(slots=True)
class Request:
    """What came; `body`, `reference`, the path's parameter, and `format`, the one asked, are filled in as it goes on.

    `path` is below the API's root, `query` and `body` are raw. `asked`: the question is whole, and from then on the
    finder records whatever becomes of it.
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
    format: Format | None = None
    asked: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes. `disclosure_id` is told to the finder once the body was handed to the socket; `outcome` is counted.

    `plain`: the body is JSON, and no resource of FHIR.
    """

    status: int
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = field(default=())
    disclosure_id: DisclosureId | None = None
    outcome: Outcome = Outcome.NONE
    format: Format = Format.JSON
    plain: bool = False


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


def asked_format(accept: str, formats: list[str]) -> Format:
    """The format to answer in; `formats` (`_format`) go before Accept. Raises `UnsupportedMediaType` for another.

    >>> asked_format("application/fhir+xml", []), asked_format("application/fhir+xml", ["json"])
    (<Format.XML: 'application/fhir+xml'>, <Format.JSON: 'application/fhir+json'>)
    """
    if formats:
        written = formats[-1].partition(";")[0].strip().lower()
        found = _FORMATS.get(written.replace(" ", "+"))  # a plus that was not encoded arrives as a space
        if found is None:
            raise UnsupportedMediaType("_format", what="_format")
        return found
    if not accept:
        return Format.JSON
    accepted = _accepted(accept)
    if accepted is None:
        raise UnsupportedMediaType("Accept", what="Accept")
    return accepted


@lru_cache(maxsize=256)
def _accepted(accept: str) -> Format | None:
    """The format that an Accept header wants most in R4 (RFC 9110 section 12.5.1), JSON where it does not matter.

    >>> _accepted("application/fhir+xml, */*;q=0.1"), _accepted("*/*"), _accepted("text/html")
    (<Format.XML: 'application/fhir+xml'>, <Format.JSON: 'application/fhir+json'>, None)
    """
    ranges: dict[str, float] = {}
    for part in accept.split(","):
        media_type, *parameters = (piece.strip().lower() for piece in part.split(";"))
        if all(_takes(parameter) for parameter in parameters):
            quality = next((_quality(one) for one in parameters if one.startswith("q=")), 1.0)
            ranges[media_type] = max(ranges.get(media_type, 0.0), quality)
    wanted = {one: _wanted(ranges, _MEDIA_TYPES[one]) for one in Format}
    best = max(Format, key=lambda one: wanted[one])  # the first of equals: JSON
    return best if wanted[best][0] > 0 else None


def _wanted(ranges: dict[str, float], media_types: frozenset[str]) -> tuple[float, bool]:
    """How much a format is wanted, and whether it is named: what is named counts, else what a wildcard says."""
    named = [ranges[one] for one in media_types if one in ranges]
    if named:
        return max(named), True
    return ranges.get("application/*", ranges.get("*/*", 0.0)), False


def _takes(parameter: str) -> bool:
    name, _, value = parameter.partition("=")
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


def number_in(text: str) -> int | None:
    """A number of at most nine digits, as addresses and forms write it; None for anything else.

    >>> number_in("120"), number_in("12a"), number_in("9" * 10), number_in("²"), number_in("")
    (120, None, None, None, None)
    """
    is_one = text.isascii() and text.isdigit() and len(text) <= NUMBER_DIGITS_MAX
    return int(text) if is_one else None
