"""What a page shows of patients, laid out from what the gate released and from nothing else."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from beffroi.access.fields import CONTACT, IDENTIFIERS
from beffroi.model.disclosure import Advice, Answer, Field, Released, Shown
from beffroi.model.hospitals import Hospitals
from beffroi.model.person import OID_INS_NIA, Address, BirthPlace, Record, TelecomKind
from beffroi.servers.console.speaking import ATTRIBUTES, SEXES, STATUSES, Speaker
from beffroi.wire.advice import advice_words, missing_words

HOME: Final = ("FRA", "FR")
"""How hospitals write this country (ISO 3166-1)."""


@dataclass(frozen=True, slots=True)
class Line:
    """A label and its values, each on a line of its own."""

    label: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Person:
    """One patient as a page shows her. `reference` is for handles alone, never for the page's text."""

    reference: str
    name: str
    used_name: str
    given_names: str
    born: str
    age: str
    sex: str
    birth_place: str
    status: str
    attributes: tuple[str, ...]
    deceased: str
    own_numbers: tuple[str, ...]
    replaced_by: str
    contact: tuple[Line, ...] = ()
    identifiers: tuple[Line, ...] = ()
    has_contact: bool = False
    has_identifiers: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """An answer: its patients, what it says besides in words, and what happened in a word for the template."""

    people: tuple[Person, ...]
    state: str
    missing: str = ""
    kinds: frozenset[Advice] = field(default=frozenset())
    limits: tuple[str, ...] = ()


def told(released: Released[Answer], speaker: Speaker, hospitals: Hospitals) -> Told:
    """The whole answer, for a page."""
    answer = released.content
    people = tuple(person_of(one, speaker, hospitals, answer.at) for one in answer.shown)
    missing = missing_words(answer.missing, speaker.language) if answer.missing else ""
    kinds = frozenset(answer.advice)
    state = "shown" if people else "many" if Advice.TOO_MANY in kinds else "withheld" if kinds & _KEPT else "none"
    return Told(people, state, missing, kinds, limits_of(answer.advice, speaker))


def limits_of(advice: tuple[Advice, ...], speaker: Speaker) -> tuple[str, ...]:
    """What the watch says besides an answer, in words."""
    return tuple(advice_words(one, (), speaker.language) for one in _LIMITS if one in advice)


_LIMITS = (Advice.HELD, Advice.PROVE, Advice.PENDING, Advice.FEED_SILENT, Advice.WITHHELD, Advice.MASKED)
"""What the watch says besides an answer, in words of its own."""
_KEPT = frozenset({*_LIMITS, Advice.RESTRICTED}) - {Advice.MASKED}


def person_of(one: Shown, speaker: Speaker, hospitals: Hospitals, at: datetime | None) -> Person:
    """One patient as she was released. `at`: when."""
    record = one.record
    born, age = "", ""
    if record.birth_date is not None:
        born = speaker.short(record.birth_date)
        age = speaker.age(record.birth_date, at.date() if at else record.birth_date)
    has = one.fields
    return Person(
        reference=one.reference,
        name=record.birth_family,
        used_name=" ".join(part for part in (record.used_family, record.used_given) if part),
        given_names=record.birth_given_list or record.birth_given,
        born=born,
        age=age,
        sex=speaker.words(SEXES[record.sex]) if has & Field.SEX else "",
        birth_place=_birth_place(record.birth_place),
        status=speaker.words(STATUSES[record.status]) if has & Field.STATUS else "",
        attributes=tuple(speaker.words(ATTRIBUTES[one]) for one in record.attributes),
        deceased=_deceased(one, speaker),
        own_numbers=one.own_ipp,
        replaced_by=one.replaced_by,
        contact=tuple(_contact(one, speaker)),
        identifiers=tuple(_identifiers(one, speaker, hospitals)),
        has_contact=bool(has & CONTACT),
        has_identifiers=bool(has & IDENTIFIERS),
    )


def _deceased(one: Shown, speaker: Speaker) -> str:
    if not one.record.deceased:
        return ""
    at = one.record.deceased_at
    if at is None:
        return speaker.say("Deceased", "Décès déclaré")
    return speaker.say(f"Deceased on {speaker.day(at.date())}", f"Décès déclaré le {speaker.day(at.date())}")


def _contact(one: Shown, speaker: Speaker) -> list[Line]:
    record = one.record
    phones = tuple(t.value for t in record.telecoms if t.kind is TelecomKind.PHONE)
    mails = tuple(t.value for t in record.telecoms if t.kind is TelecomKind.EMAIL)
    lines = [
        Line(speaker.say("Telephone", "Téléphone"), tuple(map(phone, phones))),
        Line(speaker.say("E-mail", "Courriel"), mails),
    ]
    if record.sms_consent is not None:
        agreed = speaker.say("agreed to", "acceptés") if record.sms_consent else speaker.say("refused", "refusés")
        lines.append(Line("SMS", (agreed,)))
    lines += [Line(speaker.say("Address", "Adresse"), _address(address)) for address in record.addresses]
    return [line for line in lines if line.values]


def phone(text: str) -> str:
    """A French number in pairs; any other as it is.

    >>> phone("0612345678"), phone("+33612345678")
    ('06 12 34 56 78', '+33612345678')
    """
    if len(text) == 10 and text.isdigit():
        return " ".join(text[n : n + 2] for n in range(0, 10, 2))
    return text


def _birth_place(place: BirthPlace) -> str:
    """Its name and code; the code says whose it is where it stands alone.

    >>> _birth_place(BirthPlace("59350", "Lille")), _birth_place(BirthPlace("99352"))
    ('Lille (59350)', 'INSEE 99352')
    """
    if not place.city:
        return f"INSEE {place.cog}" if place.cog else ""
    return f"{place.city} ({place.cog})" if place.cog else place.city


def _address(address: Address) -> tuple[str, ...]:
    """As an envelope has it: a country's code for a letter abroad alone."""
    town = " ".join(part for part in (address.postal_code, address.city) if part)
    abroad = "" if address.country in HOME else address.country
    return tuple(part for part in (*address.lines, town, abroad) if part)


def _identifiers(one: Shown, speaker: Speaker, hospitals: Hospitals) -> list[Line]:
    record = one.record
    lines = []
    if record.ins is not None:
        kind = "NIA" if record.ins.oid == OID_INS_NIA else "NIR"
        lines.append(Line(f"INS ({kind})", (ins(record.ins.value),)))
    lines += [Line(hospitals.by_id(hospital).name, (number,)) for hospital, number in one.domains]
    if record.mother_birth_family:
        lines.append(
            Line(speaker.say("Mother's birth name", "Nom de naissance de la mère"), (record.mother_birth_family,))
        )
    mothers = tuple(mother.value for mother in record.mother_identifiers)
    if mothers:
        lines.append(Line(speaker.say("Mother's number", "Numéro de la mère"), mothers))
    if record.nationality:
        lines.append(Line(speaker.say("Nationality", "Nationalité"), (record.nationality,)))
    if proof := _proof(record, speaker):
        lines.append(Line(speaker.say("Checked", "Contrôle"), proof))
    if record.lunar_birth_date:
        lines.append(Line(speaker.say("Lunar birth date", "Date de naissance lunaire"), (record.lunar_birth_date,)))
    lines += [Line(other.type or other.system, (other.value,)) for other in record.others]
    return lines


def _proof(record: Record, speaker: Speaker) -> tuple[str, ...]:
    """How the identity came in and by which kind of document it was checked, in PAM France's codes."""
    parts = [record.collected_by] if record.collected_by else []
    if record.insi_called_on:
        parts.append(speaker.say(f"INSi on {record.insi_called_on}", f"INSi le {record.insi_called_on}"))
    if record.document:
        until = record.document_expires_on
        ends = speaker.say(f", until {until}", f", jusqu'au {until}") if until else ""
        parts.append(speaker.say(f"document {record.document}{ends}", f"document {record.document}{ends}"))
    return tuple(parts)


def ins(value: str) -> str:
    """A national identifier as people read it aloud.

    >>> ins("297022A02077878")
    '2 97 02 2A 020 778 78'
    """
    if len(value) != 15:
        return value
    return " ".join((value[0], value[1:3], value[3:5], value[5:7], value[7:10], value[10:13], value[13:]))
