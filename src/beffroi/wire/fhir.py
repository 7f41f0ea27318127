"""Released answers as FHIR R4: Patient in the shape of FR Core, and the bundles and parameters around it.

The functions that take `Released` are the only ones that other floors call; each returns JSON as a dict. They render
every value that `Shown` holds and add nothing about the patient that it does not: what was not released was removed by
the gate. No address in these answers holds a value about a patient but her opaque reference.

Source: FHIR R4 Patient, Bundle, Parameters; FR Core fr-core-patient (standards 2.1-2.3); IHE PDQm ITI-78 and ITI-119,
PIXm ITI-83 (standards 3.1-3.3).
"""

from datetime import UTC, datetime

from msgspec import Struct
from msgspec.structs import replace

from beffroi.model.disclosure import Advice, Answer, Field, Released, Shown
from beffroi.model.person import Record, Sex
from beffroi.model.search import IdentifierToken
from beffroi.wire.advice import advice_words
from beffroi.wire.fhir_terms import (
    CS_COUNTRY,
    EXT_BIRTH_DATE_UPDATED,
    EXT_BIRTH_PLACE,
    EXT_MATCH_GRADE,
    EXT_MOTHER_NAME,
    EXT_NATIONALITY,
    PROFILE_FR_PATIENT,
    PROFILE_FR_PATIENT_INS,
    PROFILE_PDQM_BUNDLE,
    PROFILE_PDQM_MATCH,
    PROFILE_PDQM_PATIENT,
    PROFILE_PIXM_PARAMETERS,
    Json,
    absent,
    reliability,
    system_uri,
    with_proof,
)
from beffroi.wire.fhir_traits import (
    birth_place,
    contact_point,
    human_names,
    ins_identifier,
    mother_contact,
    other_identifier,
    postal_address,
)
from beffroi.wire.fhir_view import View

_PROFILES = [PROFILE_FR_PATIENT, PROFILE_PDQM_PATIENT]
_PROFILES_INS = [PROFILE_FR_PATIENT, PROFILE_FR_PATIENT_INS, PROFILE_PDQM_PATIENT]
_SEX, _STATUS, _DECEASED = int(Field.SEX), int(Field.STATUS), int(Field.DECEASED)
_GENDERS = {Sex.MALE: "male", Sex.FEMALE: "female", Sex.UNKNOWN: "unknown"}
_MATCH = {"mode": "match"}
_OUTCOME = {"mode": "outcome"}
_SUBSETTED = [{"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "SUBSETTED"}]
_ADVICE_CODES = {
    Advice.MAY_BE_OTHERS: ("warning", "incomplete"),
    Advice.TOO_MANY: ("warning", "too-costly"),
    Advice.CONTACT_ON_REQUEST: ("information", "informational"),
    Advice.RESTRICTED: ("warning", "suppressed"),
    Advice.OWN_HOSPITAL_ONLY: ("information", "informational"),
    Advice.WITHHELD: ("warning", "suppressed"),
    Advice.HELD: ("warning", "suppressed"),
    Advice.PROVE: ("warning", "suppressed"),
    Advice.PENDING: ("warning", "suppressed"),
    Advice.FEED_SILENT: ("warning", "suppressed"),
    Advice.MASKED: ("warning", "suppressed"),
}


def patient(released: Released[Answer], view: View) -> Json:
    """The one patient of a read; LookupError when the answer shows nobody."""
    return _patient(released.content.shown[0], view)


def version(released: Released[Answer]) -> str:
    """The version identifier of the one patient of a read, for an ETag."""
    return _version(released.content.shown[0])


def advice_outcome(released: Released[Answer], view: View) -> Json:
    """What is said instead of a patient who may not be shown: why, and the way on (law 7)."""
    answer = released.content
    # Nobody shown for no stated reason: protected access is the one way to it, and silence would look like "unknown".
    return _advice(answer if answer.advice else replace(answer, advice=(Advice.RESTRICTED,)), view, ())


class Told(Struct, frozen=True):
    """What a searchset says of its search. `used` are the names of the parameters that counted, `ignored` of those that
    did not; `total` is how many match, where it may be told; `following` is the query of the next page, or empty.
    """

    used: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    count_only: bool = False
    total: int | None = None
    following: str = ""


def search_bundle(released: Released[Answer], view: View, told: Told) -> Json:
    """A searchset. The self link has the names of the parameters that counted without their values, because that
    address ends up in logs, and a search's values are a patient's.
    """
    answer = released.content
    entries = [] if told.count_only else [_entry(shown, view, _MATCH) for shown in answer.shown]
    bundle = _bundle(answer, view, entries, f"/Patient?{'&'.join(told.used)}", PROFILE_PDQM_BUNDLE, told.ignored)
    if told.total is not None:
        bundle["total"] = told.total
    if told.following:
        url = f"{view.endpoint.base_url}/Patient?{told.following}"
        bundle["link"].append({"relation": "next", "url": url})
    return bundle


def match_bundle(released: Released[Answer], view: View) -> Json:
    """A searchset in the order of likelihood, each patient with her score and grade."""
    answer = released.content
    entries = [_entry(shown, view, _graded(shown)) for shown in answer.shown]
    return _bundle(answer, view, entries, "/Patient/$match", PROFILE_PDQM_MATCH, ())


def pix_parameters(released: Released[Answer], view: View, source: IdentifierToken, targets: tuple[str, ...]) -> Json:
    """The identifiers and the reference of the patient of `source`, in the domains of `targets` (none: all of them).

    The source is never repeated (PIXm ITI-83). The opaque reference counts as an identifier of the regional domain.
    """
    parameters: list[Json] = []
    regional = not targets or view.endpoint.regional_oid in targets
    for shown in released.content.shown:
        for identifier in _identifiers(shown, view):
            same = identifier["value"] == source.value and identifier["system"] == system_uri(source.system)
            local = identifier["system"] != view.endpoint.rri["system"]
            if not same and (local or regional):
                parameters.append({"name": "targetIdentifier", "valueIdentifier": identifier})
        if regional:
            parameters.append(
                {"name": "targetId", "valueReference": {"reference": view.endpoint.patient_url + shown.reference}}
            )
    found: Json = {"resourceType": "Parameters", "meta": {"profile": [PROFILE_PIXM_PARAMETERS]}}
    if parameters:
        found["parameter"] = parameters
    return found


def instant(moment: datetime) -> str:
    """A FHIR instant in UTC, to the millisecond.

    >>> instant(datetime(2026, 11, 24, 8, 30, 0, 123456, UTC))
    '2026-11-24T08:30:00.123Z'
    """
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def _bundle(
    answer: Answer, view: View, entries: list[Json], self_path: str, profile: str, ignored: tuple[str, ...]
) -> Json:
    if answer.advice or ignored:
        entries.append(_advice_entry(answer, view, ignored))
    meta: Json = {"profile": [profile]}
    if answer.at is not None:
        meta["lastUpdated"] = instant(answer.at)
    bundle: Json = {
        "resourceType": "Bundle",
        "id": view.request_id,
        "meta": meta,
        "type": "searchset",
        "total": len(answer.shown),
        "link": [{"relation": "self", "url": view.endpoint.base_url + self_path}],
    }
    if entries:
        bundle["entry"] = entries
    return bundle


def _entry(shown: Shown, view: View, search: Json) -> Json:
    return {
        "fullUrl": view.endpoint.patient_url + shown.reference,
        "resource": _patient(shown, view),
        "search": search,
    }


def _graded(shown: Shown) -> Json:
    grade = {"url": EXT_MATCH_GRADE, "valueCode": shown.grade}
    return {"extension": [grade], "mode": "match", "score": shown.score}


def _advice_entry(answer: Answer, view: View, ignored: tuple[str, ...]) -> Json:
    outcome = _advice(answer, view, ignored)
    return {"fullUrl": f"urn:uuid:{view.request_id}", "resource": outcome, "search": _OUTCOME}


def _advice(answer: Answer, view: View, ignored: tuple[str, ...]) -> Json:
    issues: list[Json] = []
    for advice in answer.advice:
        severity, code = _ADVICE_CODES[advice]
        text = advice_words(advice, answer.missing, view.language)
        issues.append({"severity": severity, "code": code, "details": {"text": text}})
    if ignored:
        french = view.language == "fr"
        said = "Paramètres inconnus, non pris en compte" if french else "Unknown parameters, not taken into account"
        text = f"{said} : {', '.join(ignored)}." if french else f"{said}: {', '.join(ignored)}."
        issues.append({"severity": "warning", "code": "not-supported", "details": {"text": text}})
    return {"resourceType": "OperationOutcome", "id": view.request_id, "issue": issues}


def _patient(shown: Shown, view: View) -> Json:
    meta: Json = {"versionId": _version(shown)}
    if shown.updated_at is not None and int(shown.fields) & _STATUS:
        meta["lastUpdated"] = instant(shown.updated_at)
    found: Json = {"resourceType": "Patient", "id": shown.reference, "meta": meta}
    if shown.replaced_by:
        meta["profile"] = _PROFILES
        found["identifier"] = [{**view.endpoint.rri, "value": shown.reference}]
        found["active"] = False
        other = {"reference": view.endpoint.patient_url + shown.replaced_by}
        found["link"] = [{"other": other, "type": "replaced-by"}]
        return found
    record, fields = shown.record, int(shown.fields)
    if view.subsetted:
        meta["tag"] = _SUBSETTED
    else:
        meta["profile"] = _PROFILES_INS if _is_ins(shown) else _PROFILES
    extensions = _extensions(record, fields, view)
    if extensions:
        found["extension"] = extensions
    found["identifier"] = _identifiers(shown, view)
    found["active"] = shown.active
    found["name"] = human_names(record)
    if record.telecoms:
        found["telecom"] = [contact_point(telecom) for telecom in record.telecoms]
    if fields & _SEX:
        found["gender"] = _GENDERS[record.sex]
    if record.birth_date is not None:
        found["birthDate"] = record.birth_date.isoformat()
    if fields & _DECEASED:
        _add_death(found, record)
    if record.addresses:
        found["address"] = [postal_address(address) for address in record.addresses]
    _add_birth(found, record)
    if not (found["name"] and fields & _SEX and record.birth_date):
        _excuse(found, fields, view)
    return found


def _excuse(found: Json, fields: int, view: View) -> None:
    """Says of a missing name, gender or birth date why it is not there."""
    names = found.pop("name")
    if names:
        found["name"] = names
    if view.subsetted:
        return
    # Sex always tells something where it is released: without it, only part of a record is shown (protected access).
    reason = "unknown" if fields & _SEX else "masked"
    if not names:
        found["name"] = [absent(reason)]
    if "gender" not in found:
        found["_gender"] = absent(reason)
    if "birthDate" not in found:
        found["_birthDate"] = absent(reason)


def _version(shown: Shown) -> str:
    """When she was last updated belongs to the status, as for the criterion `_lastUpdated`: without it, no trace."""
    if shown.updated_at is None or not int(shown.fields) & _STATUS:
        return "1"
    return str(int(shown.updated_at.timestamp() * 1_000_000))


def _is_ins(shown: Shown) -> bool:
    """True when the patient fills what fr-core-patient-ins asks for, so that it may say so."""
    record, fields = shown.record, int(shown.fields)
    return bool(
        record.ins is not None
        and fields & _STATUS
        and fields & _SEX
        and record.birth_place.cog
        and record.birth_date is not None
        and record.birth_family
        and record.birth_given
        and record.birth_given_list
    )


def _extensions(record: Record, fields: int, view: View) -> list[Json]:
    found: list[Json] = []
    if fields & _STATUS:
        vocabulary = view.endpoint.vocabulary
        found.extend(with_proof(reliability(vocabulary, record.status, record.attributes), record, vocabulary))
    place = record.birth_place
    if place.cog or place.city or place.country:
        found.append({"url": EXT_BIRTH_PLACE, "valueAddress": birth_place(place)})
    if record.birth_date_interpreted:
        found.append({"url": EXT_BIRTH_DATE_UPDATED, "valueBoolean": True})
    if record.nationality:
        concept = {"coding": [{"system": CS_COUNTRY, "code": record.nationality}]}
        found.append({"url": EXT_NATIONALITY, "extension": [{"url": "code", "valueCodeableConcept": concept}]})
    if record.mother_birth_family:
        found.append({"url": EXT_MOTHER_NAME, "valueString": record.mother_birth_family})
    return found


def _identifiers(shown: Shown, view: View) -> list[Json]:
    endpoint, record = view.endpoint, shown.record
    found: list[Json] = []
    if record.ins is not None:
        found.append(ins_identifier(record.ins))
    if shown.own_ipp:
        own = endpoint.pi[view.own]
        found.extend({**own, "value": ipp} for ipp in shown.own_ipp)
    found.extend({**endpoint.pi[hospital], "value": ipp} for hospital, ipp in shown.domains)
    found.extend(other_identifier(other, record.ins is not None) for other in record.others)
    found.append({**endpoint.rri, "value": shown.reference})
    return found


def _add_birth(found: Json, record: Record) -> None:
    """Her place among her mother's children of one birth, and who that mother is."""
    if record.birth_order:
        found["multipleBirthInteger"] = record.birth_order
    if record.mother_identifiers:
        found["contact"] = [mother_contact(mother) for mother in record.mother_identifiers]


def _add_death(found: Json, record: Record) -> None:
    if record.deceased_at is not None:
        found["deceasedDateTime"] = instant(record.deceased_at)
    else:
        found["deceasedBoolean"] = record.deceased
