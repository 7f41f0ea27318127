"""A PostgreSQL that somebody else runs, with the methods of the embedded one; and the choice between the two."""

import os
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from beffroi.store.cluster import apart, ensure_cluster
from beffroi.store.database import ROLE_OWNER, ROLES
from beffroi.store.embedded import DATABASE, EmbeddedPostgres

URL_VARIABLE = "BEFFROI_DATABASE_URL"


class ExternalPostgres:
    """A server that somebody else runs. `url` is an address of its superuser; other roles are reached by `set role`."""

    def __init__(self, url: str, *, database: str | None = DATABASE) -> None:
        self._url = urlsplit(url)
        self._database = database

    def start(self) -> str:
        """The owner's address of the database. Raises OperatorError when the server cannot be reached."""
        apart(lambda: ensure_cluster(self.dsn("", "postgres"), self._database))
        return self.dsn(ROLE_OWNER)

    def stop(self) -> None:
        """Nothing: it is not ours to stop."""

    def dsn(self, role: str, database: str | None = None) -> str:
        """The address of a database for one role; for the address's own role when `role` is empty or the superuser."""
        options = dict(parse_qsl(self._url.query))
        if role in ROLES:
            options["role"] = role
        name = database or self._database or "postgres"
        return urlunsplit(self._url._replace(path=f"/{quote(name, safe='')}", query=urlencode(options)))


def postgres_for(data_dir: Path, *, database: str | None = DATABASE) -> EmbeddedPostgres | ExternalPostgres:
    """The server named by BEFFROI_DATABASE_URL when that is set, else an embedded one on `data_dir`."""
    url = os.environ.get(URL_VARIABLE)
    return ExternalPostgres(url, database=database) if url else EmbeddedPostgres(data_dir, database=database)
