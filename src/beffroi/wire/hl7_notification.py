"""A change of cross-reference as a message to a consumer: ADT^A31 with the identifiers of the domains it asked for.

Identifiers alone: no name (PID-5 is one space), no date, no sex. What comes back is an acknowledgement.

Source: IHE ITI TF-2 3.10 (PIX Update Notification), HL7 v2.5 chapter 3 (ADT_A05) and section 2.9.2 (acknowledgement).
"""

import msgspec

from beffroi.errors import CallerError
from beffroi.model.disclosure import Answer, Released
from beffroi.wire.hl7 import Header, parse
from beffroi.wire.hl7_answer import View, identifiers
from beffroi.wire.hl7_reply import Stamp, components, heading, segment
from beffroi.wire.hl7_text import STANDARD, Charset, escape
from beffroi.wire.hl7_time import format_time

NO_NAME = " "
"""PID-5, which HL7 wants and the profile leaves empty."""


class Addressee(msgspec.Struct, frozen=True):
    """To whom a message is addressed (MSH-5 and 6), and from whom (MSH-4)."""

    application: str
    facility: str
    sender: str


class Acknowledged(msgspec.Struct, frozen=True):
    """MSA-1 and MSA-2 of an acknowledgement; empty when they are not there."""

    code: str = ""
    control_id: str = ""

    @property
    def accepted(self) -> bool:
        """Kept by the consumer."""
        return self.code in ("AA", "CA")

    @property
    def at_fault(self) -> bool:
        """The consumer will not have this message, however often it is sent."""
        return self.code in ("AE", "CE")


def notification(
    released: Released[Answer], addressee: Addressee, view: View, domains: tuple[str, ...], stamp: Stamp
) -> bytes:
    """ADT^A31 about the one patient of a released answer."""
    (shown,) = released.content.shown
    separators = STANDARD
    header = Header(
        separators,
        Charset.UTF_8,
        application=escape(addressee.application, separators),
        facility=escape(addressee.facility, separators),
        receiving_facility=escape(addressee.sender, separators),
        version="2.5",
        version_id="2.5",
    )
    known = separators.repetition.join(identifiers(header, shown, view, domains))
    lines = (
        heading(header, stamp, ("ADT", "A31", "ADT_A05"), Charset.UTF_8),
        segment(header, "EVN", {2: format_time(stamp.at)}),
        segment(header, "PID", {3: known, 5: NO_NAME}),
        segment(header, "PV1", {2: components(header, "N")}),
    )
    return "\r".join((*lines, "")).encode()


def acknowledged(content: bytes) -> Acknowledged:
    r"""What an acknowledgement says; empty for whatever is none.

    >>> acknowledged(b"MSH|^~\\&|B\rMSA|AE|42\r").at_fault, acknowledged(b"nonsense")
    (True, Acknowledged(code='', control_id=''))
    """
    try:
        found = parse(content).first("MSA")
    except CallerError:
        return Acknowledged()
    if found is None:
        return Acknowledged()
    return Acknowledged(found.text(1) or "", found.text(2) or "")
