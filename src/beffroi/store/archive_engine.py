"""DuckDB as the archive uses it: two threads, a bounded memory, no network, no extension that it does not bring."""

from pathlib import Path
from typing import Any

import duckdb

MEMORY = "1500MB"
"""Of a sort or an answer; the rest of a sort goes to a folder on the disk."""
THREADS = 2


def connect(folder: Path | None = None) -> duckdb.DuckDBPyConnection:
    """DuckDB without a network and without extensions that it does not bring. `folder`: for what memory cannot hold."""
    settings: dict[str, str | bool | int | float | list[str]] = {
        "threads": THREADS,
        "memory_limit": MEMORY,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    if folder is not None:
        settings["temp_directory"] = str(folder / "duckdb")
    return duckdb.connect(config=settings)


def view_of(connection: duckdb.DuckDBPyConnection, name: str, source: Any) -> None:
    """Gives files (paths, or a data set) a name in a connection."""
    if isinstance(source, list):
        connection.read_parquet(source).create_view(name, replace=True)
    else:
        connection.register(name, source)
