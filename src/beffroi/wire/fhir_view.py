"""From where an answer is seen: the deployment that gives it, and the reader for whom it is written."""

from dataclasses import dataclass

from beffroi.model.hospitals import Hospitals
from beffroi.model.person import HospitalId
from beffroi.wire.fhir_terms import OID_PREFIX, Json, Vocabulary, identifier_type

_PI, _RRI = identifier_type("PI"), identifier_type("RRI")


class Endpoint:
    """What every answer of a deployment shares.

    `base_url` ends without a slash. `regional_oid` is the system of the patients' references (type RRI).
    """

    __slots__ = ("base_url", "hospitals", "patient_url", "pi", "regional_oid", "rri", "vocabulary")

    def __init__(
        self, base_url: str, regional_oid: str, hospitals: Hospitals, vocabulary: Vocabulary = Vocabulary.PUBLISHED
    ) -> None:
        self.base_url = base_url
        self.patient_url = f"{base_url}/Patient/"
        self.regional_oid = regional_oid
        self.hospitals = hospitals
        self.vocabulary = vocabulary
        self.rri: Json = {"use": "secondary", "type": _RRI, "system": OID_PREFIX + regional_oid}
        self.pi: dict[HospitalId, Json] = {
            h.hospital_id: {
                "use": "usual",
                "type": _PI,
                "system": OID_PREFIX + h.oid,
                "assigner": {"display": h.name},
            }
            for h in hospitals
        }


@dataclass(frozen=True, slots=True)
class View:
    """One answer's reader: her hospital, her language ("fr" or "en"), and the request that the answer is for.

    `subsetted`: she asked for some elements only (`_elements`), so what is missing needs no excuse.
    """

    endpoint: Endpoint
    own: HospitalId
    language: str
    request_id: str
    subsetted: bool = False
