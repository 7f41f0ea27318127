"""A PostgreSQL that somebody else runs, with the methods of the embedded one; and the choice between the two."""

import hashlib
import os
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from beffroi.errors import OperatorError
from beffroi.store.cluster import apart, drop_database, ensure_cluster
from beffroi.store.database import DATABASE_FAULTS, ROLE_OWNER, ROLES
from beffroi.store.embedded import DATABASE, EmbeddedPostgres

URL_VARIABLE = "BEFFROI_DATABASE_URL"


class ExternalPostgres:
    """A server that somebody else runs. `url` is an address of its superuser; other roles are reached by `set role`."""

    def __init__(self, url: str, *, database: str | None = DATABASE) -> None:
        self._url = urlsplit(url)
        self._database = database

    def start(self) -> str:
        """The owner's address of the database. Raises OperatorError when the server cannot be reached."""
        try:
            apart(lambda: ensure_cluster(self.dsn("", "postgres"), self._database))
        except DATABASE_FAULTS as error:
            raise OperatorError(
                f"The server that {URL_VARIABLE} names does not do what a superuser asks ({type(error).__name__}).",
                f"Le serveur de {URL_VARIABLE} refuse ce que demande un superutilisateur ({type(error).__name__}).",
            ) from error
        return self.dsn(ROLE_OWNER)

    def stop(self) -> None:
        """Nothing: it is not ours to stop."""

    def empty(self) -> None:
        """Replaces the database by an empty one: everything in it is lost."""
        if self._database:
            name = self._database
            apart(lambda: drop_database(self.dsn("", "postgres"), name))
            apart(lambda: ensure_cluster(self.dsn("", "postgres"), name))

    def dsn(self, role: str, database: str | None = None) -> str:
        """The address of a database for one role; for the address's own role when `role` is empty or the superuser."""
        options = dict(parse_qsl(self._url.query))
        if role in ROLES:
            options["role"] = role
        name = database or self._database or "postgres"
        address = f"{self._url.scheme}://{self._url.netloc}/{quote(name, safe='')}"
        return f"{address}?{urlencode(options)}" if options else address


Postgres = EmbeddedPostgres | ExternalPostgres


def postgres_for(data_dir: Path, *, database: str | None = DATABASE) -> Postgres:
    """The server named by BEFFROI_DATABASE_URL when that is set, else an embedded one on `data_dir`.

    On a named server each `data_dir` has a database of its own: its name ends with a digest of the path.
    """
    url = os.environ.get(URL_VARIABLE)
    if not url:
        return EmbeddedPostgres(data_dir, database=database)
    digest = hashlib.sha256(os.fsencode(data_dir.expanduser().absolute())).hexdigest()[:8]
    return ExternalPostgres(url, database=f"{database}_{digest}" if database else None)
