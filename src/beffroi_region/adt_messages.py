"""A hospital's identities as PAM France 2.11 messages, written as an identity management software writes them.

Written apart from the parser, so that each tries the other: nothing of `beffroi.wire` is used here.

Source: PAM France 2.11.2 sections 4.4 and 6.6, data types 1.8.2 (standards 2.4); HL7 v2.5 sections 2.5 and 2.7.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from beffroi.model.person import IdentityAttribute, IdentityStatus, Record, TelecomKind
from beffroi_region.hospitals import Site

_ESCAPES = str.maketrans({"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "~": "\\R\\", "&": "\\T\\", "\r": " ", "\n": " "})
_SPECIAL = frozenset("\\|^~&\r\n")
_STRUCTURES = {
    "A01": "ADT_A01",
    "A03": "ADT_A03",
    "A04": "ADT_A01",
    "A05": "ADT_A05",
    "A11": "ADT_A09",
    "A24": "ADT_A24",
    "A28": "ADT_A05",
    "A31": "ADT_A05",
    "A37": "ADT_A37",
    "A40": "ADT_A39",
    "A47": "ADT_A30",
}
_CLASSES = {"A01": "I", "A03": "I", "A04": "O", "A05": "I", "A11": "I"}
_WITH_VISIT = frozenset({"A28", "A31", *_CLASSES})
_WITH_ZFD = frozenset({"A01", "A04", "A05", "A28", "A31"})
_STATUS_CODES = {IdentityStatus.QUALIFIED: "VALI", IdentityStatus.VALIDATED: "VALI"}
_EQUIPMENT = {"mobile": "CP"}
SENDER = "GAM"
"""MSH-3 of the hospitals' software."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What is around the patient. `facility` is MSH-4; `at` is aware."""

    event: str
    control_id: str
    at: datetime
    facility: str
    latin_1: bool = False


def text(value: str) -> str:
    r"""A value as a field may hold it.

    >>> text("R&D")
    'R\\T\\D'
    """
    return value if _SPECIAL.isdisjoint(value) else value.translate(_ESCAPES)


def authority(site: Site) -> str:
    """HD of the hospital's own domain: by OID, or by FINESS as some do."""
    hospital = site.hospital
    if site.authority_by_finess:
        return f"{hospital.namespace}&{hospital.finess}&M"
    return f"{hospital.namespace}&{hospital.oid}&ISO"


def ipp_cx(ipp: str, site: Site) -> str:
    """The patient's own identifier as a CX."""
    return f"{text(ipp)}^^^{authority(site)}^PI"


def pid(record: Record, ipp: str, site: Site, at: datetime) -> str:
    """The PID segment."""
    fields = [""] * 34
    fields[0] = "PID"
    fields[1] = "1"
    fields[3] = _identifiers(record, ipp, site)
    fields[5] = _names(record)
    fields[6] = f"{text(record.mother_birth_family)}^^^^^^L" if record.mother_birth_family else ""
    fields[7] = record.birth_date.strftime("%Y%m%d") if record.birth_date else ""
    fields[8] = record.sex.value
    fields[11] = _addresses(record)
    fields[13] = _telecoms(record)
    if record.birth_order:
        fields[24], fields[25] = "Y", str(record.birth_order)
    fields[26] = record.nationality
    if record.deceased:
        fields[29] = _time(record.deceased_at) if record.deceased_at else ""
        fields[30] = "Y"
    fields[32] = _statuses(record)
    fields[33] = _time(at)
    return "|".join(fields)


def _identifiers(record: Record, ipp: str, site: Site) -> str:
    found = ipp_cx(ipp, site)
    if record.ins is not None and record.status is IdentityStatus.QUALIFIED:
        found += f"~{record.ins.value}^^^ASIP-SANTE-INS-NIR&{record.ins.oid}&ISO^INS"
    return found


def _names(record: Record) -> str:
    title = {"F": "Mme", "M": "M."}.get(record.sex.value, "")
    birth = f"{text(record.birth_family)}^{text(record.birth_given)}^{text(record.birth_given_list)}^^{title}^^L"
    if record.used_family or record.used_given:
        return f"{birth}~{text(record.used_family)}^{text(record.used_given)}^^^{title}^^D"
    return birth


def _addresses(record: Record) -> str:
    found = [f"{text(' '.join(a.lines))}^^{text(a.city)}^^{a.postal_code}^{a.country}^H" for a in record.addresses]
    place = record.birth_place
    if place.cog or place.city or place.country:
        found.append(f"^^{text(place.city)}^^^{place.country}^BDL^^{place.cog}")
    return "~".join(found)


def _telecoms(record: Record) -> str:
    found = []
    for telecom in record.telecoms:
        if telecom.kind is TelecomKind.EMAIL:
            found.append(f"^NET^Internet^{text(telecom.value)}")
        else:
            found.append(f"^PRN^{_EQUIPMENT.get(telecom.use, 'PH')}^^^^^^^^^{text(telecom.value)}")
    return "~".join(found)


def _statuses(record: Record) -> str:
    codes = [_STATUS_CODES.get(record.status, "PROV")]
    codes += [a.value for a in record.attributes if a is not IdentityAttribute.UNNAMED_NEWBORN]
    return "~".join(codes)


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%d%H%M%S+0000")


def _header(envelope: Envelope) -> list[str]:
    event, at = envelope.event, _time(envelope.at)
    charset = "8859/1" if envelope.latin_1 else "UNICODE UTF-8"
    return [
        f"MSH|^~\\&|{SENDER}|{envelope.facility}|BEFFROI|REGION|{at}||ADT^{event}^{_STRUCTURES[event]}"
        f"|{envelope.control_id}|P|2.5^FRA^2.11|||||FRA|{charset}|FR||2.11^IHE_FRANCE-2.11-PAM",
        f"EVN||{at}||||{at}",
    ]


def _finished(segments: list[str], envelope: Envelope) -> bytes:
    whole = "\r".join(segments) + "\r"
    if not envelope.latin_1:
        return whole.encode()
    try:
        return whole.encode("latin-1")
    except UnicodeEncodeError:
        # A name that Latin-1 cannot write: the software of that time writes the nearest letters it has.
        return whole.replace("|8859/1|", "|UNICODE UTF-8|", 1).encode()


def message(record: Record, ipp: str, site: Site, envelope: Envelope) -> bytes:
    """An event about one patient: A28, A31, and the movements A01, A03, A04, A05, A11."""
    event = envelope.event
    segments = [*_header(envelope), pid(record, ipp, site, envelope.at)]
    if record.restricted:
        segments.append("PD1||||||||||||Y")
    if event in _WITH_VISIT:
        segments.append(f"PV1|1|{_CLASSES.get(event, 'N')}")
    if event in _WITH_ZFD:
        mode = "INSI" if record.status in (IdentityStatus.QUALIFIED, IdentityStatus.RETRIEVED) else "SM"
        segments.append(f"ZFD||||{'Y' if record.birth_date_interpreted else 'N'}|{mode}")
    return _finished(segments, envelope)


def merge_message(record: Record, ipp: str, subsumed: str, site: Site, envelope: Envelope) -> bytes:
    """A40: the identity `subsumed` is merged into `ipp`. A47: `subsumed` was this identity's number until now."""
    segments = [*_header(envelope), pid(record, ipp, site, envelope.at), f"MRG|{ipp_cx(subsumed, site)}"]
    return _finished(segments, envelope)


def ins_removal_message(record: Record, ipp: str, site: Site, envelope: Envelope) -> bytes:
    """A47 by which the INS that `record` carries is deleted, as PAM France 4.4.3 writes it."""
    assert record.ins is not None
    ins = f"^^^ASIP-SANTE-INS-NIR&{record.ins.oid}&ISO^INS"
    patient = pid(record, ipp, site, envelope.at).replace(f"~{record.ins.value}^", '~""^', 1)
    return _finished([*_header(envelope), patient, f"MRG|{record.ins.value}{ins}"], envelope)


def link_message(ipp: str, other: str, site: Site, envelope: Envelope) -> bytes:
    """A24 or A37: two identities of one hospital are, or are not, one person."""
    patients = [f"PID|{number}||{ipp_cx(value, site)}||~^^^^^^S" for number, value in ((1, ipp), (2, other))]
    return _finished([*_header(envelope), *patients], envelope)
