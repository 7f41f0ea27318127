"""Released answers as HL7 v2: RSP^K22 (PDQ) and RSP^K23 (PIX), PID by PID.

Nothing is written that `Shown` does not hold: a field that was not released is empty, and what a default would tell
(a sex, a status) is written only when it was released. A page of a longer answer ends with its continuation (DSC).

Source: IHE ITI-21 and ITI-9, with how a reference implementation answers them (standards 3.6, 3.7); HL7 v2.5 chapter 5;
PAM France 2.11.2 section 6.6 (PID).
"""

from collections.abc import Sequence

import msgspec

from beffroi.errors import BeffroiError
from beffroi.model.disclosure import Advice, Answer, Field, Outcome, Released, Shown
from beffroi.model.hospitals import Hospitals
from beffroi.model.person import (
    OID_INS_NIA,
    Address,
    HospitalId,
    IdentityAttribute,
    IdentityStatus,
    Ins,
    Record,
    Telecom,
    TelecomKind,
)
from beffroi.wire.advice import advice_words
from beffroi.wire.hl7 import Header
from beffroi.wire.hl7_query import Query
from beffroi.wire.hl7_reply import (
    Code,
    Notice,
    Severity,
    Stamp,
    assemble,
    components,
    echoed,
    notice_of,
    segment,
    worst_of,
)
from beffroi.wire.hl7_text import escape
from beffroi.wire.hl7_time import format_time

_KINDS = {"Q22": ("RSP", "K22", "RSP_K21"), "Q23": ("RSP", "K23", "RSP_K23")}
_HIDING = frozenset(
    {
        Advice.TOO_MANY,
        Advice.WITHHELD,
        Advice.RESTRICTED,
        Advice.HELD,
        Advice.PROVE,
        Advice.PENDING,
        Advice.FEED_SILENT,
    }
)
"""Advice with which an empty answer must not read "nobody found" (law 7)."""
_INFORMATION = frozenset({Advice.CONTACT_ON_REQUEST, Advice.OWN_HOSPITAL_ONLY})
_OK, _NOT_FOUND = "OK", "NF"
_ADDRESS_TYPES = {"home": "H", "work": "O", "temp": "C", "billing": "M"}
_STATUS_CODES = {IdentityStatus.QUALIFIED: "VALI", IdentityStatus.VALIDATED: "VALI"}
_PSEUDONYM_TYPE = "S"


class View(msgspec.Struct, frozen=True):
    """From where an answer is read: the asker's own hospital, the register, and the authority of our references."""

    own: HospitalId
    hospitals: Hospitals
    regional_oid: str


class More(msgspec.Struct, frozen=True):
    """Of a page: how many people match, how many are left after it, and the continuation (empty: none are)."""

    total: int
    left: int
    pointer: str = ""


def pdq_response(query: Query, released: Released[Answer], view: View, stamp: Stamp, more: More | None = None) -> bytes:
    """RSP^K22: one PID and QRI for each patient shown, or why there is none; then DSC where there are more."""
    answer = released.content
    found: list[str] = []
    for number, shown in enumerate(answer.shown, start=1):
        found.append(_demographics(query, shown, view, number))
        found.append(segment(query.header, "QRI", {1: str(round(shown.score * 100))}))
    if more is not None and more.pointer:
        found.append(segment(query.header, "DSC", {1: more.pointer, 2: "I"}))
    return _response(query, answer, found, "QPD^1^3", stamp, more)


def pix_response(query: Query, released: Released[Answer], view: View, stamp: Stamp) -> bytes:
    """RSP^K23: the other identifiers of the one patient, in one PID without her traits; the one asked about is not."""
    answer = released.content
    header = query.header
    known = [cx for shown in answer.shown for cx in identifiers(header, shown, view, query.targets)]
    found = [cx for cx in known if cx != _asked(query, view)]
    pids = []
    if found:
        nameless = header.delimiters.repetition + header.delimiters.component * 6 + _PSEUDONYM_TYPE
        pids.append(segment(header, "PID", {1: "1", 3: header.delimiters.repetition.join(found), 5: nameless}))
    return _response(query, answer, pids, "QPD^1^3", stamp)


def query_refusal(query: Query, errors: Sequence[BeffroiError], stamp: Stamp) -> bytes:
    """The response that tells errors instead of patients. QPD is the asker's own words."""
    header = query.header
    code = worst_of(errors)
    notices = [notice_of(error, header.speaks) for error in errors]
    rest = (_qak(query, code.value), echoed(query.qpd))
    return assemble(header, stamp, _KINDS[header.event], code, notices, rest)


def _response(
    query: Query, answer: Answer, pids: list[str], location: str, stamp: Stamp, more: More | None = None
) -> bytes:
    header = query.header
    hidden = not pids and (answer.outcome is Outcome.TOO_MANY or not _HIDING.isdisjoint(answer.advice))
    notices = [_advised(advice, answer, header, location, hidden) for advice in answer.advice]
    code = Code.ERROR if hidden else Code.ACCEPTED
    status = code.value if hidden else (_OK if pids else _NOT_FOUND)
    rest = (_qak(query, status, more, len(answer.shown)), echoed(query.qpd), *pids)
    return assemble(header, stamp, _KINDS[header.event], code, notices, rest)


def _advised(advice: Advice, answer: Answer, header: Header, location: str, hidden: bool) -> Notice:
    text = advice_words(advice, answer.missing, header.speaks)
    if hidden and advice in _HIDING:
        return Notice(location, "207", Severity.ERROR, text)
    return Notice(location, "0", Severity.INFORMATION if advice in _INFORMATION else Severity.WARNING, text)


def _qak(query: Query, status: str, more: More | None = None, here: int = 0) -> str:
    values = {1: echoed(query.tag), 2: status}
    if more is not None:
        values |= {4: str(more.total), 5: str(here), 6: str(more.left)}
    return segment(query.header, "QAK", values)


def _asked(query: Query, view: View) -> str:
    """The identifier that a PIX query asked about, as `identifiers` writes it."""
    if query.source is None:
        return ""
    hospital = view.hospitals.by_oid(query.source.system)
    if hospital is not None:
        return _ipp(query.header, query.source.value, hospital.hospital_id, view)
    return _ins(query.header, Ins(query.source.value, query.source.system))


def identifiers(header: Header, shown: Shown, view: View, domains: tuple[str, ...]) -> list[str]:
    """The identifiers that were released, each with its authority's OID; `domains` limits them, none: no limit."""
    found = [_ipp(header, value, view.own, view) for value in shown.own_ipp]
    found += (_ipp(header, value, hospital, view) for hospital, value in shown.domains)
    if shown.record.ins is not None:
        found.append(_ins(header, shown.record.ins))
    others = (o for o in shown.record.others if not domains or o.system in domains)
    found += (_cx(header, o.value, ("", o.system, "ISO"), o.type) for o in others)
    return found


def _ipp(header: Header, value: str, hospital_id: HospitalId, view: View) -> str:
    hospital = view.hospitals.by_id(hospital_id)
    return _cx(header, value, (hospital.namespace, hospital.oid, "ISO"), "PI")


def _ins(header: Header, ins: Ins) -> str:
    name = "ASIP-SANTE-INS-NIA" if ins.oid == OID_INS_NIA else "ASIP-SANTE-INS-NIR"
    return _cx(header, ins.value, (name, ins.oid, "ISO"), "INS")


def _cx(header: Header, value: str, authority: tuple[str, str, str], kind: str) -> str:
    separators = header.delimiters
    assigned_by = separators.subcomponent.join(escape(part, separators) for part in authority)
    return separators.component.join((escape(value, separators), "", "", assigned_by, escape(kind, separators)))


def _demographics(query: Query, shown: Shown, view: View, number: int) -> str:
    header, record = query.header, shown.record
    again = header.delimiters.repetition.join
    known = identifiers(header, shown, view, query.criteria.domains)
    if not query.criteria.domains:
        known.append(_cx(header, shown.reference, ("BEFFROI", view.regional_oid, "ISO"), "RRI"))
    values = {
        1: str(number),
        3: again(known),
        5: again(_names(header, record)),
        6: components(header, record.mother_birth_family),
        7: record.birth_date.isoformat().replace("-", "") if record.birth_date else "",
        8: record.sex.value if shown.fields & Field.SEX else "",
        11: again(_places(header, record)),
        13: again(_telecom(header, telecom) for telecom in record.telecoms),
        21: again(_cx(header, m.value, ("", m.system, "ISO"), m.type) for m in record.mother_identifiers),
        25: str(record.birth_order) if record.birth_order else "",
        26: components(header, record.nationality),
        33: format_time(record.last_update) if record.last_update else "",
        34: components(header, record.last_update_facility),
    }
    if shown.fields & Field.DECEASED and record.deceased:
        values |= {29: format_time(record.deceased_at) if record.deceased_at else "", 30: "Y"}
    if shown.fields & Field.STATUS:
        values[32] = again(_reliability(record))
    return segment(header, "PID", values)


def _names(header: Header, record: Record) -> list[str]:
    """The birth name (L, with the list of given names in XPN-3) and, where there is one, the used name (D)."""
    names = []
    if record.birth_family or record.birth_given:
        birth = (record.birth_family, record.birth_given, record.birth_given_list)
        names.append(components(header, *birth, "", "", "", "L"))
    if record.used_family or record.used_given:
        names.append(components(header, record.used_family, record.used_given, "", "", "", "", "D"))
    return names


def _places(header: Header, record: Record) -> list[str]:
    places = [_address(header, address) for address in record.addresses]
    born = record.birth_place
    if born.cog or born.city or born.country:
        places.append(components(header, "", "", born.city, "", "", born.country, "BDL", "", born.cog))
    return places


def _address(header: Header, address: Address) -> str:
    street, *more = address.lines or ("",)
    kind = _ADDRESS_TYPES.get(address.use, "H")
    return components(header, street, " ".join(more), address.city, "", address.postal_code, address.country, kind)


def _telecom(header: Header, telecom: Telecom) -> str:
    """PAM France's form (the number in XTN-12); elsewhere the older one (in XTN-1)."""
    use = "WPN" if telecom.use == "work" else "PRN"
    if telecom.kind is TelecomKind.EMAIL:
        return components(header, "", "NET", "Internet", telecom.value)
    equipment = "CP" if telecom.use == "mobile" else "PH"
    if header.french:
        return components(header, "", use, equipment, *[""] * 8, telecom.value)
    return components(header, telecom.value, use, equipment)


def _reliability(record: Record) -> list[str]:
    """PID-32: only a status that was checked is VALI, and the attributes that table 0445 knows."""
    known = (a.value for a in record.attributes if a is not IdentityAttribute.UNNAMED_NEWBORN)
    return [_STATUS_CODES.get(record.status, "PROV"), *known]
