"""The identity part of PID, PD1 and ZFD as a `Patch`: traits, status, contact, proof. Nothing else is looked at.

Source: PAM France 2.11.2 section 6.6 (PID, PD1, ZFD; table 0445); RNIV 1 v2.0 (standards 1.3, 1.4, 1.6, 2.1, 2.4).
"""

import contextlib
import re
from dataclasses import dataclass
from datetime import date
from typing import Any

import msgspec

from beffroi.errors import InvalidValue, Words
from beffroi.model.feed import Patch
from beffroi.model.person import BirthPlace, Hospital, IdentityAttribute, IdentityStatus, Sex
from beffroi.wire.hl7 import Segment
from beffroi.wire.hl7_time import parse_birth_date, parse_time
from beffroi.wire.hl7_types import (
    ADDRESSES_MAX,
    Identifier,
    address,
    birth_place,
    clean,
    identifiers,
    is_birth_place,
    telecoms,
    text_of,
)
from beffroi.wire.pam_identifiers import (
    NationalIdentifier,
    mother_identifiers,
    national_identifier,
    other_identifiers,
)
from beffroi.wire.pam_names import is_unnamed_newborn, names_of
from beffroi.wire.pam_proof import put_proof

BIRTH_ORDER_MAX = 12
"""Children of one birth."""

_STATUSES = {"VALI": IdentityStatus.VALIDATED, "PROV": IdentityStatus.PROVISIONAL, "VIDE": IdentityStatus.PROVISIONAL}
_ATTRIBUTES: dict[str, IdentityAttribute] = {
    a.value: a for a in IdentityAttribute if a is not IdentityAttribute.UNNAMED_NEWBORN
}
_UNSURE = frozenset({IdentityAttribute.DOUBTFUL, IdentityAttribute.FICTITIOUS})
_DIGITS = re.compile(r"[0-9]{1,3}")
_SEXES = {"F": Sex.FEMALE, "M": Sex.MALE}
_FROM_INSI = "INSI"
_UNREAD = Words(
    "What stands here could not be read and was not kept.",
    "Ce qui figure ici n'a pas pu être lu et n'a pas été conservé.",
)


@dataclass(frozen=True, slots=True)
class Remark:
    """Something in an accepted message that was not kept, and why: told in the acknowledgement."""

    location: str
    words: Words


class Patient(msgspec.Struct, frozen=True):
    """One PID with the segments that belong to it, the day of the message, and whether PAM France's own rules hold."""

    pid: Segment
    pd1: Segment | None = None
    zfd: Segment | None = None
    told_on: date | None = None
    french: bool = True

    @property
    def identifiers(self) -> tuple[Identifier, ...]:
        """PID-3."""
        return identifiers(self.pid, 3)


def patch_of(patient: Patient, found: tuple[Identifier, ...], hospital: Hospital) -> tuple[Patch, tuple[Remark, ...]]:
    """The fields that the message mentions, and what of it was not kept. Raises a `CallerError` with its location."""
    patch, by_pseudonym = names_of(patient.pid)
    _put_birth(patch, patient)
    _put_contact(patch, patient.pid)
    _put_rest(patch, patient)
    _put_attributes(patch, patient, by_pseudonym)
    if others := other_identifiers(found):
        patch["others"] = others
    mothers = mother_identifiers(identifiers(patient.pid, 21), hospital)
    if mothers or patient.pid.text(21) == "":
        patch["mother_identifiers"] = mothers
    _put_last_update(patch, patient.pid)
    unread = put_proof(patch, patient.zfd) if patient.zfd else ()
    remarks = _put_status(patch, patient, national_identifier(found))
    return Patch(**patch), (*remarks, *(Remark(location, _UNREAD) for location in unread))


def _put_birth(patch: dict[str, Any], patient: Patient) -> None:
    """PID-7, PID-8, the birth place of PID-11 or PID-23, and ZFD-4."""
    pid = patient.pid
    born = pid.text(7)
    if born:
        try:
            patch["birth_date"], filled_in = parse_birth_date(born.strip())
        except ValueError:
            why = Words("it is not a date (YYYYMMDD)", "ce n'est pas une date (AAAAMMJJ)")
            raise InvalidValue(pid.location(7), what="PID-7", why=why) from None
        # PAM France says in ZFD-4 that a date was filled in; elsewhere a whole date is simply known.
        if filled_in or not patient.french:
            patch["birth_date_interpreted"] = filled_in
    corrected = patient.zfd.text(4) if patient.zfd else None
    if corrected is not None and not patch.get("birth_date_interpreted"):
        patch["birth_date_interpreted"] = corrected.upper() in ("Y", "O")
    sex = pid.text(8)
    if sex is not None:
        patch["sex"] = _SEXES.get(sex.strip().upper(), Sex.UNKNOWN)
    places = [birth_place(r) for r in pid.repetitions(11) if is_birth_place(r)]
    if places:
        patch["birth_place"] = places[0]
    elif city := pid.text(23):
        patch["birth_place"] = BirthPlace(city=clean(city, pid.location(23)))


def _put_contact(patch: dict[str, Any], pid: Segment) -> None:
    """PID-11 without the birth place; PID-13, PID-14 and PID-40 together, as each alone replaces what was known."""
    homes = [r for r in pid.repetitions(11) if not is_birth_place(r)]
    if homes:
        kept = [home for r in homes if (home := address(r)) is not None]
        if kept or any(r.is_null for r in homes):
            patch["addresses"] = tuple(kept[:ADDRESSES_MAX])
    if any(pid.raw(field) for field in (13, 14, 40)):
        found = (*telecoms(pid, 13, "home"), *telecoms(pid, 14, "work"), *telecoms(pid, 40, "home"))
        patch["telecoms"] = tuple(dict.fromkeys(found))


def _put_rest(patch: dict[str, Any], patient: Patient) -> None:
    """The mother's birth name, multiple birth, nationality, death, protected access."""
    pid = patient.pid
    for field, name in ((6, "mother_birth_family"), (26, "nationality")):
        value = pid.text(field)
        if value is not None:
            patch[name] = clean(value, pid.location(field))
    order = pid.text(25)
    if order is not None and (order == "" or _DIGITS.fullmatch(order.strip())):
        patch["birth_order"] = min(int(order.strip() or 0), BIRTH_ORDER_MAX)
    elif (pid.text(24) or "").upper() == "N":
        patch["birth_order"] = 0
    _put_death(patch, pid)
    protected = patient.pd1.text(12) if patient.pd1 else None
    if protected is not None:
        patch["restricted"] = protected.upper() in ("Y", "O")


def _put_death(patch: dict[str, Any], pid: Segment) -> None:
    when, dead = pid.text(29), pid.text(30)
    if dead is not None:
        patch["deceased"] = dead.upper() in ("Y", "O")
    if when:
        try:
            patch["deceased_at"] = parse_time(when.strip())
        except (ValueError, OverflowError):
            why = Words("it is not a time", "ce n'est pas une date")
            raise InvalidValue(pid.location(29), what="PID-29", why=why) from None
        patch.setdefault("deceased", True)


def _put_last_update(patch: dict[str, Any], pid: Segment) -> None:
    """PID-33 and PID-34. A time that cannot be read is only informative, so it is left out."""
    facility = next(iter(pid.repetitions(34)), None)
    if facility is not None:
        patch["last_update_facility"] = text_of(facility, 2) or text_of(facility, 1)
    if when := pid.text(33):
        with contextlib.suppress(ValueError, OverflowError):
            patch["last_update"] = parse_time(when.strip())


def _codes(pid: Segment) -> set[str]:
    """PID-32, with a deleted value for what it means: provisional."""
    return {(r.text(1) or "VIDE").strip().upper() for r in pid.repetitions(32)}


def _put_attributes(patch: dict[str, Any], patient: Patient, by_pseudonym: bool) -> None:
    """The attributes among PID-32's codes, and those that the names tell. A hidden identity is a protected one."""
    codes = _codes(patient.pid)
    attributes: set[IdentityAttribute] = {_ATTRIBUTES[code] for code in codes if code in _ATTRIBUTES}
    named = "birth_family" in patch or "birth_given" in patch
    if named and is_unnamed_newborn(patch.get("birth_given", ""), patch.get("birth_date"), patient.told_on):
        attributes.add(IdentityAttribute.UNNAMED_NEWBORN)
    if by_pseudonym:
        attributes.add(IdentityAttribute.ANONYMOUS)
    if codes or attributes:
        patch["attributes"] = tuple(sorted(attributes))
    if IdentityAttribute.HIDDEN in attributes:
        patch["restricted"] = True


def _put_status(patch: dict[str, Any], patient: Patient, national: NationalIdentifier) -> tuple[Remark, ...]:
    """The RNIV's status from PID-32 and the INS; an INS that may not be kept is dropped, the message is not refused.

    VALI with an INS is qualified, without one validated. Doubtful and fictitious identities are provisional. A birth
    date that the hospital itself filled in leaves no room for an INS; one that INSi returned does.
    """
    codes = _codes(patient.pid)
    unsure = not _UNSURE.isdisjoint(patch.get("attributes", ()))
    stated = {_STATUSES[code] for code in codes if code in _STATUSES}
    status = None
    if unsure or IdentityStatus.PROVISIONAL in stated:
        status = IdentityStatus.PROVISIONAL
    elif stated:
        status = IdentityStatus.VALIDATED
    guessed = bool(patch.get("birth_date_interpreted")) and not _returned_by_insi(patient.zfd)
    keeps = status is IdentityStatus.VALIDATED and not guessed
    if keeps and national.ins is not None:
        patch["ins"] = national.ins
        status = IdentityStatus.QUALIFIED
    if status is not None:
        patch["status"] = status
    elif codes:
        # PID-32 is there without a status of its own (HOMA alone): nothing is known to have been checked.
        patch["status"] = IdentityStatus.PROVISIONAL
    if national.removed or unsure:
        patch["ins_removed"] = True
    return _remarks(national, keeps, guessed)


def _returned_by_insi(zfd: Segment | None) -> bool:
    return zfd is not None and (zfd.text(5) or "").upper() == _FROM_INSI


def _remarks(national: NationalIdentifier, keeps: bool, guessed: bool) -> tuple[Remark, ...]:
    if national.unreadable:
        words = Words(
            "The INS was not kept: it is not 15 characters under an INS authority.",
            "L'INS n'a pas été conservée : elle n'a pas 15 caractères sous une autorité de l'INS.",
        )
    elif national.ins is None or keeps:
        return ()
    elif guessed:
        words = Words(
            "The INS was not kept: the birth date was corrected locally.",
            "L'INS n'a pas été conservée : la date de naissance a été corrigée localement.",
        )
    else:
        words = Words(
            "The INS was not kept: PID-32 is not VALI.", "L'INS n'a pas été conservée : PID-32 n'est pas VALI."
        )
    return (Remark(national.location, words),)
