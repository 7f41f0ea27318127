"""Acknowledgements: who is answered, with which code, where the fault is and in which words."""

from datetime import UTC, datetime

import hl7 as foreign_hl7
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi.errors import (
    BeffroiError,
    Malformed,
    Missing,
    NotYourDomain,
    Unavailable,
    UnknownAccount,
    UnsupportedEvent,
    UnsupportedMessage,
    UnsupportedVersion,
    Words,
)
from beffroi.wire.hl7 import Header, parse
from beffroi.wire.hl7_reply import Stamp, acknowledge, code_of, refuse
from beffroi.wire.hl7_text import Charset
from beffroi.wire.mllp import frame
from beffroi.wire.pam_traits import Remark
from wire.hl7_messages import foreign_msh, msh

STAMP = Stamp("B1", datetime(2026, 3, 6, 10, 11, 54, tzinfo=UTC))
REMARK = Remark("PID^1^3^2", Words("Not kept.", "Non conservé, à vérifier."))


def header(line: str = "", codec: str = "utf-8") -> Header:
    return parse((line or msh("A28", "77")).encode(codec)).header


def lines(reply: bytes, codec: str = "utf-8") -> list[str]:
    return reply.decode(codec).rstrip("\r").split("\r")


def test_an_acknowledgement() -> None:
    """AA: fields 3 to 6 exchanged, the control number answered, version, country and language kept."""
    assert lines(acknowledge(header(), STAMP)) == [
        "MSH|^~\\&|BEFFROI|REGION|GAM|CHU-ESSAI|20260306101154+0000||ACK^A28^ACK|B1|P|2.5^FRA^2.11"
        "|||||FRA|UNICODE UTF-8|FR",
        "MSA|AA|77",
    ]


def test_an_acknowledgement_says_what_was_not_kept() -> None:
    """AA with a warning: accepted, and what of it was dropped."""
    assert lines(acknowledge(header(), STAMP, [REMARK]))[2] == (
        "ERR||PID^1^3^2|0^Message accepted^HL70357|W||||Non conservé, à vérifier."
    )


def test_a_refusal_says_where_and_why() -> None:
    """AE with location, condition, severity and words in the asker's language."""
    error = Missing("PID^1^5", what="PID-5")
    french, english = (lines(refuse(header(h), STAMP, [error])) for h in (msh("A28", "77"), foreign_msh(version="2.5")))
    assert french[1:] == ["MSA|AE|77", "ERR||PID^1^5|101^Required field missing^HL70357|E||||PID-5 est obligatoire."]
    assert english[1:] == ["MSA|AE|1", "ERR||PID^1^5|101^Required field missing^HL70357|E||||PID-5 is required."]


def test_versions_before_2_5_have_their_own_form() -> None:
    """Before v2.5 the place stands in ERR-1 and the words in MSA-3."""
    for version in ("2.3.1", "2.4"):
        reply = lines(refuse(header(foreign_msh(version=version)), STAMP, [Missing("PID^1^5", what="PID-5")]))
        assert reply[1:] == [
            "MSA|AE|1|PID-5 is required.",
            "ERR|PID^1^5^101&Required field missing&HL70357",
        ]


def test_an_unreadable_message_is_answered_without_its_number() -> None:
    """Without a header there is nobody to name: AR, in English."""
    reply = lines(
        refuse(None, STAMP, [Malformed("MSH^1", what=Words("The message", ""), why=Words("it is empty", ""))])
    )
    assert reply == [
        "MSH|^~\\&|BEFFROI||||20260306101154+0000||ACK|B1|P|2.5||||||UNICODE UTF-8",
        "MSA|AR",
        "ERR||MSH^1|100^Segment sequence error^HL70357|E||||The message cannot be read: it is empty.",
    ]


@pytest.mark.parametrize(
    ("error", "code", "condition"),
    [
        (Missing("PID^1^5", what="PID-5"), "AE", "101"),
        (NotYourDomain("PID^1^3", what="PID-3.4"), "AE", "207"),
        (UnsupportedMessage("MSH^1^9", what="ORU^R01"), "AR", "200"),
        (UnsupportedEvent("MSH^1^9^1^2", what="ADT^A29"), "AR", "201"),
        (UnsupportedVersion("MSH^1^12", what="2.5"), "AR", "203"),
        (UnknownAccount(why="?", whom="?"), "AR", "207"),
        (Unavailable(what="The register"), "AR", "207"),
        (Missing("MSH^1^10", what="MSH-10"), "AR", "101"),
    ],
)
def test_codes(error: BeffroiError, code: str, condition: str) -> None:
    """AR for what the header says, for who asks and for what is ours; AE for the content."""
    assert code_of(error) == code
    assert lines(refuse(header(), STAMP, [error]))[2].split("|")[3].split("^")[0] == condition


@pytest.mark.parametrize(
    ("charset", "codec"), [("8859/1", "latin-1"), ("8859/15", "iso8859-15"), ("UNICODE UTF-8", "utf-8"), ("", "utf-8")]
)
def test_the_reply_is_in_the_askers_charset(charset: str, codec: str) -> None:
    """Accents come back as they can be read, and MSH-18 says so."""
    line = msh(charset=charset).replace("CHU-ESSAI", "CHU-ÉTÉ")
    reply = lines(acknowledge(header(line, codec), STAMP, [REMARK]), codec)
    assert reply[0].split("|")[17] == (charset or "UNICODE UTF-8")
    assert reply[0].split("|")[5] == "CHU-ÉTÉ" and "à vérifier" in reply[2]


@pytest.mark.parametrize("charset", ["ASCII", "8859/1", "ISO IR87"])
def test_what_the_askers_charset_cannot_write_comes_in_utf_8(charset: str) -> None:
    """A word outside the asker's set makes the reply UTF-8, and MSH-18 says so."""
    remark = Remark("PID^1", Words("", "Cœur ’ à"))
    reply = lines(acknowledge(header(msh(charset=charset)), STAMP, [remark]))
    assert reply[0].split("|")[17] == "UNICODE UTF-8" and "Cœur ’ à" in reply[2]


def test_foreign_delimiters_are_answered_in_kind() -> None:
    """The reply uses the separators of the message, so that what is echoed means the same."""
    known = header("MSH$*@!+$A*1.2*ISO$B$$$$$ADT*A31$9$P$2.5")
    reply = lines(refuse(known, STAMP, [NotYourDomain("PID^1^3^1^4", what="$*")]))
    assert reply[0].startswith("MSH$*@!+$BEFFROI$$A*1.2*ISO$B$") and "ACK*A31*ACK" in reply[0]
    assert reply[2].startswith("ERR$$PID*1*3*1*4$207*Application internal error*HL70357$E$$$$")
    assert "!F!!S!" in reply[2]


HEADER_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r\n|\x0b\x1c"), max_size=30)


@given(st.lists(HEADER_TEXT, min_size=19, max_size=19), st.sampled_from(Charset))
def test_any_header_is_answered(fields: list[str], charset: Charset) -> None:
    """Whatever a header holds, the reply is one message in one frame, of three lines, that another parser reads."""
    fields[16] = charset.value
    try:
        known = parse(("MSH|^~\\&|" + "|".join(fields)).encode()).header
    except BeffroiError:
        return
    reply = refuse(known, STAMP, [Missing("PID^1^5", what="PID-5")])
    frame(reply)
    codec = {"8859/1": "latin-1", "8859/15": "iso8859-15"}.get(parse(reply).header.charset, "utf-8")
    assert len(lines(reply, codec)) == 3
    foreign_hl7.parse(reply.decode(codec))
