"""What is said when the database is out of reach: where it was looked for, as whom, and why it is not there."""

from urllib.parse import parse_qs, urlsplit

from beffroi.errors import OperatorError, reason_of


def unreachable(dsn: str, error: BaseException) -> OperatorError:
    """The error to raise, without the address's password."""
    place, role, why = place_of(dsn), role_of(dsn), reason_of(error)
    return OperatorError(
        f"The database cannot be reached at {place} as {role}: {why.english}.",
        f"La base de données est injoignable à {place} en tant que {role} : {why.french}.",
    )


def place_of(dsn: str) -> str:
    """The host and port, or the socket's folder.

    >>> place_of("postgresql://web:secret@db.example:5433/beffroi"), place_of("postgresql://web@/beffroi?host=%2Frun")
    ('db.example:5433', '/run')
    """
    parts = urlsplit(dsn)
    return parts.netloc.rpartition("@")[2] or parse_qs(parts.query).get("host", ["localhost"])[0]


def role_of(dsn: str) -> str:
    """The role that logs in.

    >>> role_of("postgresql://beffroi_web:secret@db.example/beffroi")
    'beffroi_web'
    """
    parts = urlsplit(dsn)
    return parts.username or parse_qs(parts.query).get("user", ["?"])[0]
