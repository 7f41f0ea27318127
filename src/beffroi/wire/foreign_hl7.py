"""HL7 v2 message logs: PDQ and PIX questions and answers, raw or among a logger's own words.

An answer shows whom (PID-3) and which fields (those that PID fills). A question alone says what was asked; whether it
was answered stands in the answer of the same exchange (MSA-2), wherever in the file that is. Medical segments are not
decoded. Other messages read nobody.

Source: IHE ITI-9, ITI-21, ITI-22 (standards 3.6, 3.7); HL7 v2.5 sections 5.3.2 (QAK) and 3.4.2 (PID).
"""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime

from beffroi.errors import Malformed, Words
from beffroi.model.disclosure import Field, Operation
from beffroi.model.foreign import TEXT_CHARACTERS_MAX, ForeignFact, ForeignOutcome, ForeignPatient
from beffroi.wire.foreign_text import CRITERIA_MAX, kept, patient_of
from beffroi.wire.hl7 import Message, Repetition, Segment, parse
from beffroi.wire.hl7_time import parse_time

_SEGMENT = re.compile(rb"[A-Z][A-Z0-9]{2}[^A-Za-z0-9\s]")
_MESSAGE_ON_ONE_LINE = re.compile(rb"\\r|<[Cc][Rr]>|\r")
_QUERIES = {"Q22": Operation.PDQ_QUERY, "ZV1": Operation.PDQ_QUERY, "Q23": Operation.PIX_QUERY}
_ANSWERS = {"K22": Operation.PDQ_QUERY, "ZV2": Operation.PDQ_QUERY, "K23": Operation.PIX_QUERY}
_PARAMETER = re.compile(r"@?PID\.(\d{1,2})(?:\.(\d{1,2}))?(?:\.(\d{1,2}))?")
_CRITERIA = {3: "identifier", 5: "name", 7: "birthdate", 8: "gender", 11: "address", 13: "telecom", 18: "account"}
_NAMES = {(5, 1): "family", (5, 2): "given", (11, 3): "address-city", (11, 5): "address-postalcode"}
_SHOWN = {
    6: Field.MOTHER_NAME,
    7: Field.BIRTH_DATE,
    8: Field.SEX,
    11: Field.ADDRESS,
    19: Field.INS,
    23: Field.BIRTH_PLACE,
    26: Field.NATIONALITY,
    28: Field.NATIONALITY,
    29: Field.DECEASED,
    30: Field.DECEASED,
    32: Field.STATUS,
}
_BEYOND = (10, 16, 17, 22)
"""Race, marital status, religion, ethnic group: more than an identity; only that they were there is kept."""
_INS_TYPES = frozenset({"INS", "INS-C", "INS-NIR", "INS-NIA", "NI", "NH"})


class Lines:
    """A log's lines put together to messages: `at` is where one begins and ends."""

    def __init__(self, numbered: Iterable[tuple[int, bytes]], message_bytes_max: int) -> None:
        self._numbered = numbered
        self._max = message_bytes_max

    def messages(self) -> Iterator[tuple[int, int, bytes | None]]:
        """First line, last line, and the message; None in its place when it is too long."""
        held: list[bytes] = []
        first = last = size = 0
        for number, line in self._numbered:
            bare = line.strip(b"\x0b\x1c \t")
            start = bare.find(b"MSH|")
            if start >= 0:
                if held:
                    yield first, last, b"\r".join(held) if size <= self._max else None
                held, size, first = [], 0, number
                pieces = [piece for piece in _MESSAGE_ON_ONE_LINE.split(bare[start:]) if piece]
            elif held and _SEGMENT.match(bare):
                pieces = [bare]
            else:
                continue
            last = number
            size += sum(len(piece) + 1 for piece in pieces)
            if size <= self._max:
                held += [piece.strip(b"\n") for piece in pieces]
            elif not held:
                held = [b""]
        if held:
            yield first, last, b"\r".join(held) if size <= self._max else None


def hl7_fact(content: bytes) -> ForeignFact | None:
    """The question or the answer that a message is; None for another message. Raises CallerError."""
    message = parse(content)
    header = message.header
    if header.type == "QBP" and header.event in _QUERIES:
        return _question(message, _QUERIES[header.event])
    if header.type == "RSP" and header.event in _ANSWERS:
        return _answer(message, _ANSWERS[header.event])
    return None


def _question(message: Message, operation: Operation) -> ForeignFact:
    header = message.header
    criteria, patients = _asked(message.first("QPD"), operation)
    return ForeignFact(
        at=_at(message),
        operation=operation,
        outcome=ForeignOutcome.UNKNOWN,
        application=_application(header.application, header.facility),
        exchange=kept(header.control_id),
        criteria=criteria,
        patients=patients,
    )


def _answer(message: Message, operation: Operation) -> ForeignFact:
    header = message.header
    msa, qak = message.first("MSA"), message.first("QAK")
    patients: list[ForeignPatient] = []
    shown, beyond = Field(0), False
    for pid in message.segments("PID"):
        people, fields, more = _shown(pid)
        patients += people
        shown |= fields
        beyond = beyond or more
    criteria, asked_about = _asked(message.first("QPD"), operation)
    outcome = _outcome((qak.text(2) if qak else None) or "", (msa.text(1) if msa else None) or "", bool(patients))
    if operation is Operation.PIX_QUERY and outcome is ForeignOutcome.SHOWN:
        patients += asked_about  # she was asked for by one identifier and shown by others
    return ForeignFact(
        at=_at(message),
        operation=operation,
        outcome=outcome,
        application=_application(header.receiving_application, header.receiving_facility),
        exchange=kept(msa.text(2) if msa else ""),
        answers=True,
        criteria=criteria,
        patients=tuple(dict.fromkeys(patients)),
        fields=shown,
        fields_known=outcome is not ForeignOutcome.UNKNOWN,
        beyond_identity=beyond,
    )


def _outcome(status: str, acknowledged: str, anybody: bool) -> ForeignOutcome:
    """By QAK-2, or MSA-1 where there is none (table 0208).

    >>> _outcome("NF", "AA", False).name, _outcome("", "AE", False).name, _outcome("OK", "AA", True).name
    ('NONE', 'REFUSED', 'SHOWN')
    """
    if anybody:
        return ForeignOutcome.SHOWN
    if status in ("AE", "AR") or acknowledged in ("AE", "AR", "CE", "CR"):
        return ForeignOutcome.REFUSED
    return ForeignOutcome.NONE if status in ("NF", "OK") else ForeignOutcome.UNKNOWN


def _at(message: Message) -> datetime:
    try:
        return parse_time(message.header.sent_at)
    except ValueError:
        why = Words("it is not a time", "ce n'est pas une heure")
        raise Malformed("MSH^1^7", what="MSH-7", why=why) from None


def _application(application: str, facility: str) -> str:
    return kept("|".join(part for part in (application, facility) if part))


def _cx(repetition: Repetition) -> ForeignPatient | None:
    value = repetition.text(1)
    if not value:
        return None
    system = repetition.text(4, 2) or repetition.text(4) or ""
    return patient_of(system, value)


def _shown(pid: Segment) -> tuple[list[ForeignPatient], Field, bool]:
    people: list[ForeignPatient] = []
    fields = Field(0)
    for repetition in pid.repetitions(3):
        one = _cx(repetition)
        if one is None:
            continue
        of_the_person = (repetition.text(5) or "").upper() in _INS_TYPES
        fields |= Field.INS if of_the_person else Field.OTHER_IDENTIFIERS if people else Field.OWN_IDENTIFIER
        people.append(one)
    for repetition in pid.repetitions(5):
        if not repetition.is_empty and (repetition.text(1) or repetition.text(2)):
            fields |= Field.USED_NAME if repetition.text(7) == "D" else Field.BIRTH_NAME
    for number in (13, 14):
        for repetition in pid.repetitions(number):
            if not repetition.is_empty:
                fields |= Field.EMAIL if "@" in (repetition.text(4) or repetition.text(1) or "") else Field.PHONE
    for number, field in _SHOWN.items():
        if pid.raw(number):
            fields |= field
    return people, fields, any(pid.raw(number) for number in _BEYOND)


def _asked(qpd: Segment | None, operation: Operation) -> tuple[dict[str, str], tuple[ForeignPatient, ...]]:
    """The identity criteria of QPD-3, and the patients whom they name by a whole identifier."""
    if qpd is None:
        return {}, ()
    if operation is Operation.PIX_QUERY:
        named = [one for repetition in qpd.repetitions(3) if (one := _cx(repetition))]
        return {}, tuple(named)
    criteria: dict[str, str] = {}
    identifier: dict[int, str] = {}
    for repetition in qpd.repetitions(3):
        found = _PARAMETER.fullmatch(repetition.text(1) or "")
        value = kept(repetition.text(2) or "")
        if not found or not value:
            continue
        field, component = int(found[1]), int(found[2] or 1)
        name = _NAMES.get((field, component)) or _CRITERIA.get(field)
        if field == 3:
            identifier[component if component != 4 or not found[3] else 40 + int(found[3])] = value
        elif name and len(criteria) < CRITERIA_MAX:
            criteria[name] = f"{criteria[name]} {value}"[:TEXT_CHARACTERS_MAX] if name in criteria else value
    if 1 not in identifier:
        return criteria, ()
    system = identifier.get(42) or identifier.get(4) or identifier.get(41) or ""
    return criteria, (patient_of(system, identifier[1]),)
