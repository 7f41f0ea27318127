"""A process of its own that counts what is archived: asked on standard input, answered on standard output.

`python -m beffroi.store.archive_child`. DuckDB and pyarrow are imported here and not in whoever starts it, so a process
that serves keeps its memory, and can end this one when it takes too long.
"""

import msgspec

from beffroi.breach.scope import Tally
from beffroi.model.selection import Selection
from beffroi.store.child import answer_once


class Question(msgspec.Struct, frozen=True):
    """Where the files lie, their manifests (signed notes), and what is asked (selection, persons, identities, hidden).

    `spark`: the address of a Spark cluster; empty: DuckDB, here.
    """

    location: dict[str, str]
    manifests: tuple[str, ...]
    asked: tuple[tuple[Selection, tuple[int, ...], tuple[int, ...] | None, tuple[int, ...]], ...]
    spark: str = ""


def main() -> None:
    """Counts."""
    answer_once(Question, answer)


def answer(question: Question) -> Tally:
    """The archived readings of a question's selections."""
    from beffroi.ledger.manifest import Manifest
    from beffroi.store.archive_place import Location, place_at
    from beffroi.store.archive_query import Asked, count, duckdb_engine, spark_engine

    location = msgspec.convert(question.location, Location)
    manifests = [Manifest.of_note(note) for note in question.manifests]
    asked = [Asked(*one) for one in question.asked]
    if question.spark:
        from pyspark.sql import SparkSession

        session = SparkSession.builder.master(question.spark).config("spark.sql.session.timeZone", "UTC").getOrCreate()
        base = f"s3a://{location.bucket}/{location.prefix}".rstrip("/") if location.bucket else location.folder
        tally = count(spark_engine(session, base), manifests, asked)
        session.stop()
    else:
        tally = count(duckdb_engine(place_at(location)), manifests, asked)
    tally.counted = None
    return tally


if __name__ == "__main__":
    main()
