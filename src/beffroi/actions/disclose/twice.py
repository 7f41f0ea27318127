"""Who stands in one answer more than once: registered by two hospitals, and not linked, since one did not check who she
is. To the watch that is one patient, as it is to whoever asked for her."""

from collections.abc import Sequence

from beffroi.identity.normalise import name_key
from beffroi.model.disclosure import Finding
from beffroi.model.person import COG_UNKNOWN, PersonId, Record, Sex

Traits = tuple[object, ...]


def registered_twice(findings: Sequence[Finding]) -> dict[PersonId, PersonId]:
    """Those who share their strict traits with somebody else of the answer, each with the number of the first of them.

    Source: RNIV 1 v2.0 (birth name, first given name, birth date, sex, INSEE birth place); without one of them, or with
    a birth date that was completed, nobody is somebody else.
    """
    first: dict[Traits, PersonId] = {}
    found: dict[PersonId, PersonId] = {}
    for finding in findings:
        known = {traits for identity in finding.identities if (traits := _traits(identity.record)) is not None}
        other = next((first[traits] for traits in known if traits in first), None)
        for traits in known:
            first.setdefault(traits, other or finding.person_id)
        if other is not None:
            found[finding.person_id] = found[other] = other
    return found


def _traits(record: Record) -> Traits | None:
    family, given = name_key(record.birth_family), name_key(record.birth_given or record.birth_given_list.split(" ")[0])
    cog = record.birth_place.cog.strip().upper()
    known = family and given and cog and cog != COG_UNKNOWN and record.sex is not Sex.UNKNOWN
    if not known or record.birth_date is None or record.birth_date_interpreted:
        return None
    return family, given, record.birth_date, record.sex, cog
