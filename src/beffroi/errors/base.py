"""What every error has: its words in two languages and its codes in HTTP, FHIR and HL7 v2, for the two families."""

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

        >>> from beffroi.errors import TooManyInFlight
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


class OperatorError(Exception):
    """An installation or a command line that is wrong: said in words to the operator, with what to do."""

    def __init__(self, english: str, french: str = "") -> None:
        super().__init__(english)
        self._french = french or english

    def text(self, language: str) -> str:
        """The words in `language` ("fr", or English for anything else)."""
        return self._french if language == "fr" else str(self)
