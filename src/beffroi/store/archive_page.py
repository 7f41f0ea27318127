"""A page of an audit trail, of what is archived: newest first, segment after segment until it is full.

`python -m beffroi.store.archive_page`, a process of its own (store.child): DuckDB is imported here alone.
"""

from typing import Any

import msgspec

from beffroi.ledger.manifest import BY_ACCOUNT, BY_PATIENT, Manifest
from beffroi.store.archive_place import ArchivePlace, Location, place_at
from beffroi.store.child import answer_once
from beffroi.store.database import load_queries
from beffroi.store.selecting import one_of

MARGIN_US = 600_000_000
"""Ten minutes: disclosures are numbered when they are written, and none is written so long after its time."""


class PageQuestion(msgspec.Struct, frozen=True):
    """Where the files lie, the manifests of segments that may hold something, and which disclosures: of a structure or
    of none of some, in a time (microseconds), before a number, of people, of accounts; None: any."""

    location: dict[str, str]
    manifests: tuple[str, ...]
    rows_max: int
    structure: int | None = None
    hidden: tuple[int, ...] = ()
    since_us: int | None = None
    until_us: int | None = None
    before: int | None = None
    people: tuple[int, ...] | None = None
    accounts: tuple[int, ...] | None = None

    def reaches(self, manifest: Manifest) -> bool:
        """Whether a segment may hold some of them, by its times."""
        return (self.until_us is None or manifest.first_us < self.until_us) and (
            self.since_us is None or manifest.last_us >= self.since_us
        )


def page(question: PageQuestion) -> list[dict[str, Any]]:
    """The page's rows."""
    place = place_at(msgspec.convert(question.location, Location))
    manifests = [Manifest.of_note(note) for note in question.manifests]
    found: list[dict[str, Any]] = []
    for manifest in sorted(manifests, key=lambda one: one.number, reverse=True):
        full = len(found) >= question.rows_max
        if full and manifest.last_us + MARGIN_US < found[question.rows_max - 1]["at_us"]:
            break
        if question.reaches(manifest):
            found += _segment(place, manifest, question)
            found.sort(key=lambda row: -int(row["disclosure_id"]))
    return found[: question.rows_max]


def _segment(place: ArchivePlace, manifest: Manifest, question: PageQuestion) -> list[dict[str, Any]]:
    if question.people is None:
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

    bounds = (
        ("d.structure_id =", question.structure),
        ("d.at_us >=", question.since_us),
        ("d.at_us <", question.until_us),
        ("d.disclosure_id <", question.before),
    )
    parts = [f"{bound} {bind(value)}" for bound, value in bounds if value is not None]
    if question.hidden:
        parts.append(f"(d.structure_id is null or not {one_of('d.structure_id', question.hidden, bind)})")
    if question.people is not None and order == BY_PATIENT:
        parts.append(one_of("d.person_id", question.people, bind))
    parts += [one_of("d.account_id", question.accounts, bind)] if question.accounts is not None else []
    parts += [one_of("d.disclosure_id", numbers, bind)] if numbers else []
    text = load_queries("archive_page")[query].replace("/*condition*/", " and ".join(parts) or "true")
    with connect() as connection:
        view_of(connection, order.replace("-", "_"), place.source([manifest.file(order).name]))
        found = connection.execute(text, values)
        names = [str(column[0]) for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchmany(question.rows_max)]


def main() -> None:
    """Answers one question."""
    answer_once(PageQuestion, page)


if __name__ == "__main__":
    main()
