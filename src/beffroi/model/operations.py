"""What the operator sees of a deployment: feeds, rights given by name, the ledger, storage. Nobody's identity."""

from datetime import datetime

import msgspec


class FeedState(msgspec.Struct, frozen=True):
    """A hospital's feed. `last_at` None: it has never sent anything."""

    hospital: str
    last_at: datetime | None
    messages: int


class GivenRole(msgspec.Struct, frozen=True):
    """A role that was given by name. `until` None: nobody has said when it ends."""

    subject: str
    name: str
    kind: str
    role: str
    hospital: str
    by: str
    at: datetime
    until: datetime | None


class Application(msgspec.Struct, frozen=True):
    """An application of the register. `roles` is empty when the configuration names it no more; `credentials` are
    kinds: `x5t` (a certificate), `client` (a token), `loopback`. `asked_at`: its last question; `fed_at`: the last
    message of its hospital's feed, when it may feed. `held`: by the watch; `stopped`: by a person."""

    subject: str
    name: str
    hospitals: tuple[str, ...]
    roles: tuple[str, ...]
    credentials: tuple[str, ...]
    asked_at: datetime | None
    fed_at: datetime | None
    held: bool
    stopped: bool


class StoredTable(msgspec.Struct, frozen=True):
    """A table with its indexes."""

    name: str
    size_bytes: int


class Disk(msgspec.Struct, frozen=True):
    """The disk of a folder on this machine."""

    folder: str
    free_bytes: int
    size_bytes: int


class Storage(msgspec.Struct, frozen=True):
    """What lies where."""

    tables: tuple[StoredTable, ...]
    segments: int
    archived: int
    disks: tuple[Disk, ...]


class Deployment(msgspec.Struct, frozen=True):
    """All of it at one moment. `sealed_at` None: nothing was ever sealed; `identities`, `disclosures` None: not
    counted by the database yet.

    Of the console's `sessions` so many are `bound` to a key of their device, and so many have come without that key.
    """

    feeds: tuple[FeedState, ...]
    tree_size: int
    sealed_at: datetime | None
    database_bytes: int
    identities: int | None
    disclosures: int | None
    sessions: int
    bound: int
    unproved: int
