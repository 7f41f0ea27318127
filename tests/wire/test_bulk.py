"""Bulk files: rows and refusals with their line, never what stood there."""

import itertools
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi.errors import CallerError, Malformed
from beffroi.model.feed import FeedEvent, FeedKind, Patch
from beffroi.model.person import (
    OID_INS_NIR_TEST,
    Address,
    BirthPlace,
    IdentityAttribute,
    IdentityStatus,
    Ins,
    Sex,
    Telecom,
    TelecomKind,
)
from beffroi.wire.bulk import LINE_BYTES_MAX, BulkFormat, Read, Refused, Row, read_rows, split_lines
from beffroi.wire.bulk_csv import COLUMNS
from wire.hl7_messages import CHU, ipp, message, msh, pid

CSV, NDJSON, HL7 = BulkFormat.CSV, BulkFormat.NDJSON, BulkFormat.HL7


def rows(text: str | bytes, bulk_format: BulkFormat = CSV, after_line: int = 0) -> list[Read]:
    content = text.encode() if isinstance(text, str) else text
    return list(read_rows(split_lines([content]), bulk_format, CHU, after_line=after_line))


def only(text: str | bytes, bulk_format: BulkFormat = CSV) -> FeedEvent:
    (row,) = rows(text, bulk_format)
    assert isinstance(row, Row), row.reason
    (event,) = row.events
    return event


# --- lines


@given(st.binary(max_size=60).map(lambda b: b.replace(b"x", b"\r").replace(b"y", b"\n")), st.lists(st.integers(0, 60)))
def test_lines_do_not_depend_on_the_chunks(content: bytes, cuts: list[int]) -> None:
    """Cut anywhere, even between CR and LF, a file has the same lines."""
    at = sorted({0, len(content), *(c for c in cuts if c < len(content))})
    chunks = [content[a:b] for a, b in itertools.pairwise(at)]
    assert list(split_lines(chunks)) == content.splitlines()


def test_a_line_without_end_is_never_held() -> None:
    """Of a line that is too long little more than the limit comes out, and the next line is whole."""
    lines = list(split_lines([b"a" * 10] * 100 + [b"\nnext"], line_bytes_max=25))
    assert 25 < len(lines[0]) <= 25 + 1 + 10 + 10
    assert lines[1] == b"next"


def test_a_line_that_is_too_long_is_refused() -> None:
    """A row is bounded as a live message is."""
    (refused,) = rows(b"ipp\n" + b"1" * (LINE_BYTES_MAX + 1))
    assert isinstance(refused, Refused) and refused.line_number == 2


# --- CSV

FULL = {
    "ipp": "42",
    "birth_family": "DARK",
    "birth_given": "Jeanne",
    "birth_given_list": "JEANNE MARIE",
    "used_family": '""',
    "used_given": "",
    "birth_date": "1960-05-30",
    "birth_date_interpreted": "N",
    "sex": "F",
    "birth_place_cog": "88154",
    "birth_place_city": "Domrémy-la-Pucelle",
    "birth_place_country": "FRA",
    "birth_order": "2",
    "mother_birth_family": "ROMÉE",
    "nationality": "FRA",
    "deceased": "Y",
    "deceased_at": "2026-01-02T03:04:05+01:00",
    "status": "QUAL",
    "attributes": "HOMA CACH",
    "restricted": "Y",
    "ins": "2 97 02 2A 020 778 78",
    "ins_oid": OID_INS_NIR_TEST,
    "phones": "06 12 34 56 78|01 23 45 67 89",
    "emails": "j@exemple.fr",
    "address_lines": "12, rue de la Paix|Bât. B",
    "address_city": "Lille",
    "address_postal_code": "59000",
    "address_country": "FRA",
    "last_activity_at": "2026-11-20T08:00:00Z",
}


def csv_of(values: dict[str, str], separator: str = ",") -> str:
    cells = ('"' + value.replace('"', '""') + '"' for value in values.values())
    return separator.join(values) + "\n" + separator.join(cells) + "\n"


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_every_column_has_its_place(separator: str) -> None:
    """A row with all columns is the patch that it says."""
    assert list(FULL) == list(COLUMNS)
    event = only(csv_of(FULL, separator))
    assert (event.kind, event.ipp, event.hospital_id) == (FeedKind.UPSERT, "42", CHU.hospital_id)
    assert (event.occurred_at, event.explains_s) == (datetime(2026, 11, 20, 8, tzinfo=UTC), 72 * 3600)
    assert event.patch == Patch(
        birth_family="DARK",
        birth_given="Jeanne",
        birth_given_list="JEANNE MARIE",
        used_family="",
        birth_date=date(1960, 5, 30),
        birth_date_interpreted=False,
        sex=Sex.FEMALE,
        birth_place=BirthPlace("88154", "Domrémy-la-Pucelle", "FRA"),
        birth_order=2,
        mother_birth_family="ROMÉE",
        nationality="FRA",
        deceased=True,
        deceased_at=datetime(2026, 1, 2, 2, 4, 5, tzinfo=UTC),
        status=IdentityStatus.QUALIFIED,
        attributes=(IdentityAttribute.HOMONYM, IdentityAttribute.HIDDEN),
        restricted=True,
        ins=Ins("297022A02077878", OID_INS_NIR_TEST),
        telecoms=(
            Telecom(TelecomKind.PHONE, "06 12 34 56 78"),
            Telecom(TelecomKind.PHONE, "01 23 45 67 89"),
            Telecom(TelecomKind.EMAIL, "j@exemple.fr"),
        ),
        addresses=(Address(("12, rue de la Paix", "Bât. B"), "Lille", "59000", "FRA"),),
    )


def test_an_empty_cell_mentions_nothing() -> None:
    """Empty keeps, a cell with two quotes deletes."""
    names = [name for name in COLUMNS if name not in ("ipp", "birth_date", "sex", "status", "last_activity_at")]
    kept = only(csv_of({"ipp": "1"} | dict.fromkeys(names, "")))
    assert kept.patch == Patch() and kept.explains_s == 0
    deleted = only(csv_of({"ipp": "1"} | {n: '""' for n in names if n not in ("deceased_at", "ins_oid")})).patch
    assert deleted == Patch(
        **dict.fromkeys(("birth_family", "birth_given", "birth_given_list", "used_family", "used_given"), ""),
        mother_birth_family="",
        nationality="",
        birth_date_interpreted=False,
        birth_place=BirthPlace(),
        birth_order=0,
        deceased=False,
        restricted=False,
        attributes=(),
        ins_removed=True,
        telecoms=(),
        addresses=(),
    )


@pytest.mark.parametrize(
    "header", ["DUPONT;PAUL;1950", "", "ipp;ipp", "ipp;secret_name", "﻿ipp;x", "birth_family", '"ipp']
)
def test_a_wrong_header_stops_the_file_and_is_not_repeated(header: str) -> None:
    """The first line may be a patient's: it is never told."""
    with pytest.raises(Malformed) as caught:
        rows(header + "\n1")
    assert not header or all(word not in str(caught.value) for word in ("DUPONT", "PAUL", "secret"))


def test_a_byte_order_mark_and_capitals_are_no_matter() -> None:
    """A file from a spreadsheet is read."""
    assert only(b"\xef\xbb\xbfIPP;Birth_Family\r\n1;DARK\r\n").patch.birth_family == "DARK"


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("birth_date", "30/05/1960"),
        ("birth_date", "1960-02-30"),
        ("sex", "X"),
        ("status", "VALIDE"),
        ("attributes", "HOMA SECRET"),
        ("birth_order", "0"),
        ("deceased", "oui"),
        ("deceased_at", "2026-01-01T00:00:00"),
        ("last_activity_at", "2026-01-01"),
        ("ins", "297022A02077878"),
        ("birth_family", "SECRET" * 50),
        ("birth_family", "SEC\x01RET"),
        ("phones", "|".join(["SECRET"] * 21)),
    ],
)
def test_a_wrong_value_refuses_its_row_without_repeating_it(column: str, cell: str) -> None:
    """The reason names the column; the neighbours are read."""
    text = f'ipp;{column}\n1;\n2;"{cell}"\n3;\n'
    first, refused, last = rows(text)
    assert isinstance(refused, Refused) and refused.line_number == 2 + 1
    assert cell not in str(refused.reason) and "SECRET" not in str(refused.reason)
    assert isinstance(first, Row) and isinstance(last, Row)


@pytest.mark.parametrize("line", ['1;"DARK', "1", "1;2;3", ";DARK", b"1;D\xe9part", '1;"a"b'])
def test_a_broken_row_harms_no_other(line: str | bytes) -> None:
    """A quote that is not closed ends with its line."""
    broken = line.encode() if isinstance(line, str) else line
    one, two, three = rows(b"ipp;birth_family\n1;A\n" + broken + b"\n3;C\n")
    assert isinstance(two, Refused) and two.line_number == 3
    assert isinstance(one, Row) and isinstance(three, Row) and three.line_number == 4


@pytest.mark.parametrize("bulk_format", [CSV, NDJSON, HL7])
def test_reading_goes_on_after_a_line(bulk_format: BulkFormat) -> None:
    """After any row's last line, exactly the rows behind it come."""
    text = {
        CSV: "ipp\n1\n\n2\n3\n",
        NDJSON: '{"ipp":"1"}\n\n{"ipp":"2"}\n{"ipp":"3"}\n',
        HL7: "\n".join(message(msh(control=str(n)), pid(ipp(str(n))), end="\n").decode() for n in (1, 2, 3)),
    }[bulk_format]
    everything = rows(text, bulk_format)
    assert len(everything) == 3
    for count, row in enumerate(everything, 1):
        assert rows(text, bulk_format, after_line=row.end_line) == everything[count:]


def test_every_column_and_member_is_documented() -> None:
    """The reference names each column of a CSV and each member of a JSON row."""
    text = (Path(__file__).parents[2] / "docs" / "reference" / "bulk-import.md").read_text(encoding="utf-8")
    assert [name for name in (*COLUMNS, *Patch.__struct_fields__) if f"`{name}`" not in text] == []


# --- NDJSON


@given(st.builds(Patch, birth_family=st.none() | st.text("AÉ-' ", max_size=9), sex=st.sampled_from([None, *Sex])))
def test_a_patch_goes_through_ndjson(patch: Patch) -> None:
    """The JSON of a Patch, with its ipp, is that Patch again."""
    line = msgspec.json.encode(msgspec.to_builtins(patch) | {"ipp": "1"})
    assert only(line, NDJSON).patch == patch


@pytest.mark.parametrize(
    "line",
    [
        "SECRET",
        '{"ipp": 5}',
        '{"ipp": "1", "sex": "SECRET"}',
        '{"ipp": "1", "SECRET": 1}',
        '{"ipp": "1", "birth_place": {"SECRET": 1}, "birth_date": "SECRET"}',
        '{"birth_family": "SECRET"}',
        '{"ipp": "1", "birth_family": "SEC\\u0000RET"}',
        '{"ipp": "1", "ins": {"value": "SECRET", "oid": "x"}, "status": "QUAL"}',
        '{"ipp": "1", "ins": {"value": "297022A02077878", "oid": "1.2.250.1.213.1.4.10"}}',
        '{"ipp": "1", "last_activity_at": "2026-01-01T00:00:00"}',
        "[" * 2000,
        b'{"ipp": "\xff"}',
    ],
)
def test_a_wrong_json_row_is_refused_without_repeating_it(line: str | bytes) -> None:
    """No value, and no member name that is not ours, is told."""
    content = line.encode() if isinstance(line, str) else line
    refused, good = rows(content + b'\n{"ipp": "2"}', NDJSON)
    assert isinstance(refused, Refused) and isinstance(good, Row)
    assert "SECRET" not in str(refused.reason)


# --- HL7


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_messages_stand_one_after_the_other(end: str) -> None:
    """Any line end; each message is a row, with the lines where it begins and ends."""
    content = b"".join(message(msh(control=str(n)), "EVN||20260306", pid(ipp(str(n))), end=end) for n in (1, 2))
    one, two = rows(content, HL7)
    assert isinstance(one, Row) and isinstance(two, Row)
    assert [(r.line_number, r.end_line) for r in (one, two)] == [(1, 3), (4, 6)]
    assert [e.ipp for r in (one, two) for e in r.events] == ["1", "2"]


def test_batch_segments_and_framing_are_no_matter() -> None:
    """FHS, BHS, BTS, FTS and MLLP's bytes stand around messages."""
    inner = message(msh(), pid(ipp("1")))
    content = b"FHS|^~\\&\rBHS|^~\\&\r\x0b" + inner + b"\x1c\r\x0b" + inner + b"\x1c\rBTS|2\rFTS|1\r"
    assert [type(r) for r in rows(content, HL7)] == [Row, Row]


def test_a_wrong_message_harms_no_other() -> None:
    """A message without PID, one of another hospital, a stray segment: refused, each alone."""
    good = message(msh(), pid(ipp("1")))
    other = message(msh(), pid("9^^^CH-MODELE&1.2.250.1.999.2&ISO^PI"))
    content = b"PID|stray\r" + message(msh()) + good + other + message("MSH|garbage") + good
    assert [type(r) for r in rows(content, HL7)] == [Refused, Refused, Row, Refused, Refused, Row]


def test_a_message_that_is_too_long_is_refused() -> None:
    """A file is no way around the limit of a live message."""
    content = message(msh(), pid(ipp("1")), *["OBX|1|TX|" + "x" * 100_000] * 12)
    (refused,) = rows(content, HL7)
    assert isinstance(refused, Refused)


@given(st.binary(max_size=200), st.sampled_from(list(BulkFormat)))
def test_no_content_breaks_the_reader(content: bytes, bulk_format: BulkFormat) -> None:
    """Any bytes give rows and refusals in the order of their lines, or a refused file."""
    try:
        found = rows(b"ipp\n" + content if bulk_format is CSV else content, bulk_format)
    except CallerError:
        return
    ends = [r.end_line for r in found]
    assert ends == sorted(set(ends)) and all(r.line_number <= r.end_line for r in found)
