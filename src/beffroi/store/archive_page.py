"""A page of an audit trail, of what is archived: newest first, segment after segment until it is full.

`python -m beffroi.store.archive_page`, a process of its own (store.child): DuckDB is imported here alone.
"""

import os
import sys
from typing import Any

import msgspec

from beffroi.ledger.manifest import BY_ACCOUNT, BY_PATIENT, Manifest
from beffroi.store.archive_place import ArchivePlace, Location, place_at
from beffroi.store.database import load_queries
from beffroi.store.selecting import one_of

MARGIN_US = 600_000_000
"""Ten minutes: disclosures are numbered when they are written, and none is written so long after its time."""


class PageQuestion(msgspec.Struct, frozen=True):
    """Where the files lie, the manifests of segments that may hold something, and which disclosures: of a structure, in
    a time (microseconds), before a number, of a person, of accounts; None: any."""

    location: dict[str, str]
    manifests: tuple[str, ...]
    structure: int
    since_us: int
    until_us: int
    before: int | None
    person: int | None
    accounts: tuple[int, ...] | None
    rows_max: int


def page(question: PageQuestion) -> list[dict[str, Any]]:
    """The page's rows."""
    place = place_at(msgspec.convert(question.location, Location))
    manifests = [Manifest.parse(note.rpartition("\n\n")[0] + "\n") for note in question.manifests]
    found: list[dict[str, Any]] = []
    for manifest in sorted(manifests, key=lambda one: one.number, reverse=True):
        full = len(found) >= question.rows_max
        if full and manifest.last_us + MARGIN_US < found[question.rows_max - 1]["at_us"]:
            break
        if manifest.first_us < question.until_us and manifest.last_us >= question.since_us:
            found += _segment(place, manifest, question)
            found.sort(key=lambda row: -int(row["disclosure_id"]))
    return found[: question.rows_max]


def _segment(place: ArchivePlace, manifest: Manifest, question: PageQuestion) -> list[dict[str, Any]]:
    if question.person is None:
        return _rows(place, manifest, BY_ACCOUNT, "page", question)
    found = _rows(place, manifest, BY_PATIENT, "of_person", question)
    if not found:
        return []
    numbers = tuple(int(row["disclosure_id"]) for row in found)
    accounts = tuple({int(row["account_id"]) for row in found})
    narrowed = msgspec.structs.replace(question, accounts=accounts)
    return _rows(place, manifest, BY_ACCOUNT, "page", narrowed, numbers)


def _rows(
    place: ArchivePlace,
    manifest: Manifest,
    order: str,
    query: str,
    question: PageQuestion,
    numbers: tuple[int, ...] = (),
) -> list[dict[str, Any]]:
    from beffroi.store.archive_engine import connect, view_of

    values: list[Any] = []

    def bind(value: Any) -> str:
        values.append(value)
        return "?"

    parts = [f"d.structure_id = {bind(question.structure)}", f"d.at_us >= {bind(question.since_us)}"]
    parts.append(f"d.at_us < {bind(question.until_us)}")
    parts += [f"d.disclosure_id < {bind(question.before)}"] if question.before is not None else []
    parts += [f"d.person_id = {bind(question.person)}"] if order == BY_PATIENT else []
    parts += [one_of("d.account_id", question.accounts, bind)] if question.accounts is not None else []
    parts += [one_of("d.disclosure_id", numbers, bind)] if numbers else []
    text = load_queries("archive_page")[query].replace("/*condition*/", " and ".join(parts))
    with connect() as connection:
        view_of(connection, order.replace("-", "_"), place.source([manifest.file(order).name]))
        found = connection.execute(text, values)
        names = [str(column[0]) for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchmany(question.rows_max)]


def main() -> None:
    """Answers one question. Whatever a library prints goes nowhere: standard output is the answer's alone."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    out.write(msgspec.msgpack.encode(page(msgspec.msgpack.decode(sys.stdin.buffer.read(), type=PageQuestion))))
    out.close()


if __name__ == "__main__":
    main()
