"""Structural rules of DICOM's audit messages, as a list of their own: what a strict reader of the schema checks.

Written from the schema's description, apart from the code that renders: which elements, in which order, how often;
which attributes, which values.

Source: DICOM PS3.15 A.5.1 (AuditMessage, EventIdentification, ActiveParticipant, AuditSourceIdentification,
ParticipantObjectIdentification); IHE ITI TF-2 3.20.
"""

import re
from base64 import b64decode
from collections.abc import Iterator
from xml.etree import ElementTree

Element = ElementTree.Element
ONE, SOME, ANY, MAYBE = (1, 1), (1, 10_000), (0, 10_000), (0, 1)
TOKEN = re.compile(r"\S+( \S+)*")
TEXT = re.compile(r".+", re.DOTALL)
DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
BASE_64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
BOOLEAN = re.compile(r"true|false")

CODED = {"csd-code": (TOKEN, True), "codeSystemName": (TOKEN, True), "originalText": (TOKEN, True)}
ATTRIBUTES = {
    "AuditMessage": {},
    "EventIdentification": {
        "EventActionCode": (re.compile("[CRUDE]"), False),
        "EventDateTime": (DATE_TIME, True),
        "EventOutcomeIndicator": (re.compile("0|4|8|12"), True),
    },
    "EventOutcomeDescription": {},
    "ActiveParticipant": {
        "UserID": (TEXT, True),
        "AlternativeUserID": (TEXT, False),
        "UserName": (TEXT, False),
        "UserIsRequestor": (BOOLEAN, True),
        "NetworkAccessPointID": (TOKEN, False),
        "NetworkAccessPointTypeCode": (re.compile("[1-5]"), False),
    },
    "AuditSourceIdentification": {"AuditEnterpriseSiteID": (TOKEN, False), "AuditSourceID": (TOKEN, True)},
    "ParticipantObjectIdentification": {
        "ParticipantObjectID": (TEXT, True),
        "ParticipantObjectTypeCode": (re.compile("[1-4]"), False),
        "ParticipantObjectTypeCodeRole": (re.compile("[1-9]|1[0-9]|2[0-6]"), False),
        "ParticipantObjectDataLifeCycle": (re.compile("[1-9]|1[0-5]"), False),
    },
    "ParticipantObjectName": {},
    "ParticipantObjectQuery": {},
    "ParticipantObjectDetail": {"type": (TOKEN, True), "value": (BASE_64, True)},
    **dict.fromkeys(
        ("EventID", "EventTypeCode", "RoleIDCode", "AuditSourceTypeCode", "ParticipantObjectIDTypeCode"), CODED
    ),
}
"""Of each element its attributes: their form, and whether they must be there."""
CONTENT = {
    "AuditMessage": [
        ("EventIdentification", ONE),
        ("ActiveParticipant", SOME),
        ("AuditSourceIdentification", ONE),
        ("ParticipantObjectIdentification", ANY),
    ],
    "EventIdentification": [("EventID", ONE), ("EventTypeCode", ANY), ("EventOutcomeDescription", MAYBE)],
    "ActiveParticipant": [("RoleIDCode", ANY)],
    "AuditSourceIdentification": [("AuditSourceTypeCode", ANY)],
    "ParticipantObjectIdentification": [
        ("ParticipantObjectIDTypeCode", ONE),
        ("ParticipantObjectName|ParticipantObjectQuery", ONE),
        ("ParticipantObjectDetail", ANY),
    ],
}
"""Of each element what it holds, in this order, and how often (least, most); of all others: text or nothing."""


def violations(message: str) -> list[str]:
    """Everything that is wrong in a message; empty when nothing is."""
    root = ElementTree.fromstring(message.encode())
    return ["is no AuditMessage"] if root.tag != "AuditMessage" else list(_wrong(root))


def details(message: str) -> dict[str, str]:
    """The details of a message's objects, decoded."""
    root = ElementTree.fromstring(message.encode())
    return {d.get("type", ""): b64decode(d.get("value", "")).decode() for d in root.iter("ParticipantObjectDetail")}


def _wrong(element: Element) -> Iterator[str]:
    allowed = ATTRIBUTES.get(element.tag)
    if allowed is None:
        yield f"{element.tag} is no element of the schema"
        return
    yield from (f"{element.tag}.{name} is unknown" for name in element.attrib if name not in allowed)
    for name, (form, needed) in allowed.items():
        value = element.get(name)
        if value is None and needed:
            yield f"{element.tag}.{name} is missing"
        elif value is not None and not form.fullmatch(value):
            yield f"{element.tag}.{name} has a wrong form"
    children = [child.tag for child in element]
    wanted = CONTENT.get(element.tag)
    if wanted is None:
        yield from (f"{element.tag} holds {child}" for child in children)
    elif not _in_order(children, wanted):
        yield f"{element.tag} holds {children}"
    if element.tag == "ParticipantObjectQuery" and not BASE_64.fullmatch(element.text or ""):
        yield "the query is not base64"
    if element.tag == "ActiveParticipant" and ("NetworkAccessPointID" in element.attrib) != (
        "NetworkAccessPointTypeCode" in element.attrib
    ):
        yield "a network access point and its type go together"
    for child in element:
        yield from _wrong(child)


def _in_order(children: list[str], wanted: list[tuple[str, tuple[int, int]]]) -> bool:
    rest = list(children)
    for names, (least, most) in wanted:
        count = 0
        while rest and rest[0] in names.split("|"):
            rest.pop(0)
            count += 1
        if not least <= count <= most:
            return False
    return not rest
