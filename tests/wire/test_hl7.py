"""The HL7 v2 parser: lazy, liberal in form, exact about absent and deleted values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi.errors import CallerError, Malformed, Missing, NotInTable, TooLarge, UnsupportedVersion
from beffroi.wire.hl7 import (
    FIELDS_MAX,
    HEADER_FIELD_CHARACTERS_MAX,
    REPETITIONS_MAX,
    SEGMENTS_MAX,
    VERSIONS,
    Message,
    parse,
)
from beffroi.wire.hl7_text import STANDARD, Charset, escape, unescape

MSH = "MSH|^~\\&|GAM|CHU-X|DPI|CHU-X|20240306111154||ADT^A28^ADT_A05|3975|D|2.5^FRA^2.11|||||FRA|{charset}|FR"
PID = 'PID|1||000003^^^CHU-X&1.2.3&ISO^PI~7^^^&1.2.4&ISO^NH||HÉLÈNE^Zoé\\T\\Eve^^^^^L|""|19790328'


def message(pid: str = PID, charset: str = "UNICODE UTF-8", codec: str = "utf-8", end: str = "\r") -> Message:
    """A message of two segments."""
    return parse((MSH.format(charset=charset) + end + pid + end).encode(codec))


@pytest.mark.parametrize(
    ("charset", "codec"),
    [
        ("UNICODE UTF-8", "utf-8"),
        ("8859/1", "latin-1"),
        ("8859/15", "iso8859-15"),
        ("ASCII", "utf-8"),
        ("", "utf-8"),
        ("", "latin-1"),
        ("UNICODE", "utf-8"),
    ],
)
@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_accents_survive_every_charset_and_line_end(charset: str, codec: str, end: str) -> None:
    """A name with accents reads the same in each character set and with each line end."""
    pid = message(charset=charset, codec=codec, end=end).first("PID")
    assert pid is not None
    assert (pid.text(5), pid.text(5, 2)) == ("HÉLÈNE", "Zoé&Eve")


def test_latin_1_of_windows_has_its_quotes() -> None:
    """The byte 0x92 of a Windows sender is an apostrophe, not a control character."""
    pid = message("PID|||||L\u2019HÉRITIER", "8859/1", "cp1252").first("PID")
    assert pid is not None and pid.text(5) == "L\u2019HÉRITIER"


def test_bytes_that_are_not_the_declared_charset_are_refused_with_their_segment() -> None:
    """Latin-1 bytes under a UTF-8 header are an error at their segment, when it is asked for and not before."""
    read = message(charset="UNICODE UTF-8", codec="latin-1")
    assert read.segments("EVN") == []
    with pytest.raises(Malformed) as refused:
        read.first("PID")
    assert refused.value.location == "PID^1"
    assert "HÉL" not in refused.value.text("fr")


def test_absent_and_deleted_differ() -> None:
    """A field that is not there is None, one that is `""` is empty text."""
    pid = message().first("PID")
    assert pid is not None
    assert (pid.text(6), pid.text(9), pid.text(99)) == ("", None, None)
    assert pid.repetitions(6)[0].is_null
    assert pid.repetitions(9) == ()


def test_repetitions_components_and_subcomponents() -> None:
    """Each repetition gives its components and sub-components, and its own location."""
    pid = message().first("PID")
    assert pid is not None
    first, second = pid.repetitions(3)
    assert [first.text(1), first.text(4), first.text(4, 2), first.text(4, 3), first.text(5)] == [
        "000003",
        "CHU-X",
        "1.2.3",
        "ISO",
        "PI",
    ]
    assert [second.text(4), second.text(4, 2), second.text(1, 2), second.text(9)] == [None, "1.2.4", None, None]
    assert (first.location, second.location) == ("PID^1^3^1", "PID^1^3^2")


def test_foreign_delimiters() -> None:
    """The separators are those of MSH-1 and MSH-2."""
    read = parse(b"MSH$*@!+$A$B$$$$$ADT*A31$1$P$2.4\rPID$1$$7***X+1.2+ISO*PI@8")
    assert read.header.kind == "ADT^A31"
    pid = read.first("PID")
    assert pid is not None
    assert [r.text(1) for r in pid.repetitions(3)] == ["7", "8"]
    assert pid.repetitions(3)[0].text(4, 2) == "1.2"


@pytest.mark.parametrize("version", VERSIONS)
def test_versions_are_read(version: str) -> None:
    """Versions 2.3.1 to 2.8 pass, with or without a country."""
    for suffix in ("", "^FRA^2.11"):
        parse(f"MSH|^~\\&|A|B|||||ADT^A01|1|P|{version}{suffix}".encode()).header.check()


@pytest.mark.parametrize(
    ("header", "error", "location"),
    [
        ("MSH|^~\\&|A|B|||||ADT^A01|1|P|2.2", UnsupportedVersion, "MSH^1^12"),
        ("MSH|^~\\&|A|B|||||ADT^A01|1|P|3", UnsupportedVersion, "MSH^1^12"),
        ("MSH|^~\\&|A|B|||||ADT^A01|1|P|2.5||||||ISO IR87", NotInTable, "MSH^1^18"),
        ("MSH|^~\\&|A|B||||||1|P|2.5", Missing, "MSH^1^9"),
        ("MSH|^~\\&|A|B|||||ADT^A01||P|2.5", Missing, "MSH^1^10"),
    ],
)
def test_a_header_that_is_not_accepted_says_where(header: str, error: type[CallerError], location: str) -> None:
    """What is wrong with a header has its place in it."""
    with pytest.raises(error) as refused:
        parse(header.encode()).header.check()
    assert refused.value.location == location


@pytest.mark.parametrize(
    "content",
    [b"", b"\r\r", b"PID|1", b"MSH", b"MSH|", b"MSH|^", b"MSH|^^\\&|", b"MSHA^~\\&A", b"MSH|^~\\&|A\rMSH|^~\\&|B"],
)
def test_what_is_no_message_is_malformed(content: bytes) -> None:
    """Nothing, no MSH, wrong separators and two messages in a frame are errors of the sender."""
    with pytest.raises(Malformed):
        parse(content)


@pytest.mark.parametrize(
    "content",
    [
        b"MSH|^~\\&|A\r" + b"ZZZ\r" * (SEGMENTS_MAX + 1),
        b"MSH|^~\\&|" + b"A" * (HEADER_FIELD_CHARACTERS_MAX + 1),
        b"MSH|^~\\&|A" + b"|" * (FIELDS_MAX + 1),
        b"MSH|^~\\&|A\rPID" + b"|" * (FIELDS_MAX + 1),
        b"MSH|^~\\&|A\rPID|||" + b"~" * REPETITIONS_MAX,
    ],
)
def test_limits(content: bytes) -> None:
    """Too many segments, fields or repetitions, and an over-long header field, are refused."""
    with pytest.raises(TooLarge):
        [segment.repetitions(3) for segment in parse(content).segments("PID")]


def test_a_batch_envelope_is_left_out() -> None:
    """A batch of one message reads like the message."""
    read = parse(b"FHS|^~\\&\rBHS|^~\\&\rMSH|^~\\&|A|B|||||ADT^A01|1|P|2.5\rPID|1\rBTS|1\rFTS|1\r")
    assert read.header.kind == "ADT^A01"
    assert read.first("BTS") is None


def test_line_feeds_inside_a_field_do_not_end_a_segment() -> None:
    """Where segments end with carriage returns, a line feed is text."""
    pid = parse(b"MSH|^~\\&|A\rPID|||||A\nB\r").first("PID")
    assert pid is not None and pid.text(5) == "A\nB"


def test_the_digest_is_of_everything_but_the_header() -> None:
    """The digest ignores MSH, sees any other change, and differs between the events of one message."""
    one, again = message(), parse(("MSH|^~\\&|X\r" + PID).encode())
    assert one.digest() == again.digest() != message(PID + "|F").digest()
    assert one.digest() != one.digest(1) != one.digest(2)
    assert len(one.digest()) == 16


def test_a_header_with_text_for_codes_is_not_repeated() -> None:
    """What should be a code and is not never reaches an error or a log."""
    assert parse(b"MSH|^~\\&|A|B|||||JEAN^DUPONT|1|P|2.5").header.kind == "?^?"


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])))
def test_escaping_is_undone(value: str) -> None:
    """A value without control characters comes back from its escaped form."""
    assert unescape(escape(value), STANDARD, Charset.UTF_8) == value


@given(st.text(alphabet="\\.XFSTREHNCMZbr0aé&^", max_size=30), st.sampled_from(Charset))
def test_any_escape_reads(value: str, charset: Charset) -> None:
    """No escape sequence, whole or cut, is an error."""
    unescape(value, STANDARD, charset)


def read_everything(content: bytes) -> None:
    """Every segment, field, repetition and component; only CallerError may come out."""
    try:
        read = parse(content)
        read.digest()
        header = read.header
        assert header.kind and header.speaks in ("fr", "en") and header.facility_name is not None
        for segment in read.segments("PID", "PV1", "MRG", "OBX"):
            for field in range(1, 40):
                segment.text(field)
                for repetition in segment.repetitions(field):
                    for component in range(1, 15):
                        repetition.text(component)
                        repetition.text(component, 2)
        header.check()
    except CallerError as error:
        for language in ("fr", "en"):
            error.text(language)


HOSTILE = st.lists(
    st.sampled_from(
        [b"MSH|^~\\&|", b"MSH", b"PID|", b"|", b"^", b"~", b"\\", b"&", b'""', b"\r", b"\n", b"\xe9", b"\xff\xfe",
         b"\x00", b"8859/1", b"UNICODE UTF-8", b"ADT^A28", b"2.5", b"A" * 260, b"\xc3\xa9", b"\\X", b"\\XFF\\"]
    ),
    max_size=60,
)  # fmt: skip


@given(st.binary(max_size=300))
def test_any_bytes(content: bytes) -> None:
    """Any bytes are read or refused as the sender's error."""
    read_everything(content)


@given(HOSTILE)
def test_hostile_messages(pieces: list[bytes]) -> None:
    """Pieces of messages in any order are read or refused as the sender's error."""
    read_everything(b"MSH|^~\\&|A|B" + b"".join(pieces))


@given(st.integers(0, 400), st.binary(max_size=20))
def test_truncated_and_trailing(cut: int, tail: bytes) -> None:
    """A message cut anywhere, with anything behind it, is read or refused as the sender's error."""
    whole = (MSH.format(charset="8859/1") + "\r" + PID + "\r").encode("latin-1")
    read_everything(whole[:cut] + tail)
