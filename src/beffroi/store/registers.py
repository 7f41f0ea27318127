"""Hospitals and applications, copied from the configuration into the database, where the other tables refer to them.

Copying twice changes nothing. What only was removed from the configuration stays readable (disclosures name it), but
loses its grants and credentials. What contradicts is refused: a hospital's number never changes its OID, because the
identities that it fed would change hands.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

import asyncpg
import msgspec

from beffroi.clock import Clock
from beffroi.errors import OperatorError, Words
from beffroi.model.account import Role
from beffroi.model.person import Hospital, HospitalId
from beffroi.store.database import connect, load_queries
from beffroi.store.identities import hospital_of
from beffroi.store.unreachable import unreachable

ADVISORY_LOCK = 0x6265666672_7265  # "beffre": registers
GRANTED_BY = "configuration"
LOCAL_ISSUER = "urn:beffroi:application"
"""The issuer of applications that have no client id: their subject is their configured name."""
REFERENCE_KEY_BYTES = 16
NONCE_KEY_BYTES = 32

_SQL = load_queries("registers")
_Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


class Credential(msgspec.Struct, frozen=True):
    """`text` is "x5t:" and the hex SHA-256 of a certificate, or "loopback:" and MSH-4."""

    text: str
    may_feed: bool
    may_query: bool


class ApplicationEntry(msgspec.Struct, frozen=True):
    """An application as the configuration has it. `issuer` and `subject` name its account."""

    name: str
    issuer: str
    subject: str
    hospital_id: HospitalId
    role: Role
    credentials: tuple[Credential, ...] = ()


class ChangeKind(StrEnum):
    HOSPITAL_ADDED = "hospital_added"
    HOSPITAL_CHANGED = "hospital_changed"
    HOSPITAL_UNLISTED = "hospital_unlisted"
    APPLICATION_ADDED = "application_added"
    APPLICATION_RENAMED = "application_renamed"
    GRANT_ADDED = "grant_added"
    GRANT_REMOVED = "grant_removed"
    CREDENTIAL_PUT = "credential_put"
    CREDENTIAL_REMOVED = "credential_removed"


_SAID = {
    ChangeKind.HOSPITAL_ADDED: Words("hospital added", "hôpital ajouté"),
    ChangeKind.HOSPITAL_CHANGED: Words("hospital changed", "hôpital modifié"),
    ChangeKind.HOSPITAL_UNLISTED: Words(
        "hospital no longer in the configuration, kept", "hôpital absent de la configuration, conservé"
    ),
    ChangeKind.APPLICATION_ADDED: Words("application added", "application ajoutée"),
    ChangeKind.APPLICATION_RENAMED: Words("application renamed", "application renommée"),
    ChangeKind.GRANT_ADDED: Words("rights given", "droits donnés"),
    ChangeKind.GRANT_REMOVED: Words("rights taken away", "droits retirés"),
    ChangeKind.CREDENTIAL_PUT: Words("credential added or changed", "moyen d'accès ajouté ou modifié"),
    ChangeKind.CREDENTIAL_REMOVED: Words("credential removed", "moyen d'accès retiré"),
}


class Change(msgspec.Struct, frozen=True):
    """One difference between the configuration and the database. `what` is a name, `details` the columns concerned."""

    kind: ChangeKind
    what: str
    details: tuple[str, ...] = ()
    changes_nothing: bool = False

    def text(self, language: str) -> str:
        """In words, "fr" or English.

        >>> Change(ChangeKind.HOSPITAL_CHANGED, "CH", ("name",)).text("en")
        'hospital changed: CH (name)'
        """
        said = _SAID[self.kind]
        details = f" ({', '.join(self.details)})" if self.details else ""
        return (f"{said.french} : " if language == "fr" else f"{said.english}: ") + self.what + details


@dataclass(frozen=True, slots=True)
class _Account:
    account_id: int
    kind: str
    name: str


async def differences(
    dsn: str, hospitals: Iterable[Hospital], applications: Iterable[ApplicationEntry]
) -> list[Change]:
    """What `copy_registers` would change. Any role may ask. Raises OperatorError on a contradiction."""
    return await _run(dsn, tuple(hospitals), tuple(applications), write=False)


async def copy_registers(
    dsn: str, hospitals: Iterable[Hospital], applications: Iterable[ApplicationEntry]
) -> list[Change]:
    """Makes the database say what the configuration says, in one transaction; returns what changed.

    `dsn` is the owner's. Raises OperatorError when the two contradict each other; then nothing was changed.
    """
    return await _run(dsn, tuple(hospitals), tuple(applications), write=True)


async def set_up(dsn: str, *, demo: bool, clock: Clock) -> bool:
    """Writes the deployment's row with new keys, unless there is one; True when this call wrote it.

    Raises OperatorError when the database is a demonstration's and this is not one, or the other way round.
    """
    connection = await _connect(dsn)
    try:
        keys = clock.token_bytes(REFERENCE_KEY_BYTES), clock.token_bytes(NONCE_KEY_BYTES)
        made = await connection.fetchval(_SQL["insert_deployment"], demo, *keys) is not None
        refuse_other_kind(await connection.fetchval(_SQL["is_demo"]), demo=demo)
        return made
    finally:
        await connection.close()


async def is_demo(dsn: str) -> bool | None:
    """Whether this database belongs to a demonstration; None before it was set up. Any role may ask."""
    connection = await _connect(dsn)
    try:
        return await connection.fetchval(_SQL["is_demo"])  # type: ignore[no-any-return]
    except asyncpg.UndefinedTableError:
        return None
    finally:
        await connection.close()


def refuse_other_kind(found: bool | None, *, demo: bool) -> None:
    """Raises OperatorError unless a database is of the kind that is served. None: not set up yet."""
    if found is None:
        raise OperatorError(
            "This database was not set up yet: run `beffroi migrate --config FILE`.",
            "Cette base n'est pas encore préparée : lancez `beffroi migrate --config FICHIER`.",
        )
    if found and not demo:
        raise OperatorError(
            "This database belongs to a demonstration: its accounts are open to anybody. Use another database.",
            "Cette base est celle d'une démonstration : ses comptes sont ouverts à tous. Utilisez-en une autre.",
        )
    if demo and not found:
        raise OperatorError(
            "This database is a real one: the demonstration leaves it alone.",
            "Cette base est réelle : la démonstration n'y touche pas.",
        )


async def _connect(dsn: str) -> _Connection:
    try:
        return await connect(dsn, application_name="beffroi registers")
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
        raise unreachable(dsn, error) from error


async def _run(
    dsn: str, hospitals: tuple[Hospital, ...], applications: tuple[ApplicationEntry, ...], *, write: bool
) -> list[Change]:
    connection = await _connect(dsn)
    try:
        async with connection.transaction(readonly=not write):
            await connection.fetchval(_SQL["lock_registers"], ADVISORY_LOCK)
            changes = await _hospitals(connection, hospitals, write)
            return changes + await _applications(connection, applications, write)
    except asyncpg.UndefinedTableError:
        refuse_other_kind(None, demo=False)
        raise
    finally:
        await connection.close()


async def _hospitals(connection: _Connection, wanted: tuple[Hospital, ...], write: bool) -> list[Change]:
    rows = await connection.fetch(_SQL["list_hospitals"])
    present = {row["hospital_id"]: hospital_of(row) for row in rows}
    changes = compare_hospitals(present, wanted)
    if write:
        for hospital in wanted:
            known = present.get(hospital.hospital_id)
            columns = (hospital.finess, hospital.name, hospital.namespace, hospital.sensitive, hospital.networks)
            if known is None:
                values = (hospital.finess, hospital.name, hospital.oid, *columns[2:])
                await connection.execute(_SQL["insert_hospital"], hospital.hospital_id, *values)
            elif known != hospital:
                await connection.execute(_SQL["update_hospital"], hospital.hospital_id, *columns)
    return changes


def compare_hospitals(present: dict[HospitalId, Hospital], wanted: Iterable[Hospital]) -> list[Change]:
    """The differences; raises OperatorError when a number or an OID changed hands.

    >>> ch = Hospital(HospitalId(1), "590000001", "CH", "1.2.3", "CH")
    >>> [change.text("en") for change in compare_hospitals({}, [ch])]
    ['hospital added: CH']
    """
    changes: list[Change] = []
    owner_of_oid = {hospital.oid: hospital.hospital_id for hospital in present.values()}
    listed: set[HospitalId] = set()
    for hospital in wanted:
        listed.add(hospital.hospital_id)
        known = present.get(hospital.hospital_id)
        if known is not None and known.oid != hospital.oid:
            raise _contradiction(hospital.hospital_id, known.oid)
        if known is None and hospital.oid in owner_of_oid:
            raise _contradiction(owner_of_oid[hospital.oid], hospital.oid)
        if known is None:
            changes.append(Change(ChangeKind.HOSPITAL_ADDED, hospital.name))
        elif known != hospital:
            names = ("finess", "name", "namespace", "sensitive", "networks")
            details = tuple(name for name in names if getattr(known, name) != getattr(hospital, name))
            changes.append(Change(ChangeKind.HOSPITAL_CHANGED, hospital.name, details))
    unlisted = [hospital for number, hospital in present.items() if number not in listed]
    return changes + [Change(ChangeKind.HOSPITAL_UNLISTED, h.name, changes_nothing=True) for h in unlisted]


def _contradiction(number: int, oid: str) -> OperatorError:
    return OperatorError(
        f"The hospital number {number} has the OID {oid} in the database, and the configuration says otherwise. "
        "A number and its OID belong together for ever: give the new one another number.",
        f"L'hôpital numéro {number} a l'OID {oid} dans la base, et la configuration dit autre chose. "
        "Un numéro et son OID vont ensemble pour toujours : donnez un autre numéro au nouveau.",
    )


async def _applications(connection: _Connection, wanted: tuple[ApplicationEntry, ...], write: bool) -> list[Change]:
    rows = await connection.fetch(
        _SQL["list_applications"], [entry.issuer for entry in wanted], [entry.subject for entry in wanted]
    )
    accounts = {(r["issuer"], r["subject"]): _Account(r["account_id"], r["kind"], r["display_name"]) for r in rows}
    changes: list[Change] = []
    numbers: dict[tuple[str, str], int] = {}
    for entry in wanted:
        known = accounts.get((entry.issuer, entry.subject))
        change = _compare_application(entry, known)
        changes += [change] if change else []
        numbers[(entry.issuer, entry.subject)] = await _write_application(connection, entry, known, write)
    changes += await _grants(connection, wanted, numbers, write)
    return changes + await _credentials(connection, wanted, numbers, write)


def _compare_application(entry: ApplicationEntry, known: _Account | None) -> Change | None:
    if known is None:
        return Change(ChangeKind.APPLICATION_ADDED, entry.name)
    if known.kind != "application":
        raise OperatorError(
            f"The application {entry.name} has the client_id of an account that belongs to a person.",
            f"L'application {entry.name} a le client_id d'un compte qui est celui d'une personne.",
        )
    return Change(ChangeKind.APPLICATION_RENAMED, entry.name) if known.name != entry.name else None


_NOT_YET = -1


async def _write_application(
    connection: _Connection, entry: ApplicationEntry, known: _Account | None, write: bool
) -> int:
    """The account's number; -1 when it would be made."""
    if known is None:
        if not write:
            return _NOT_YET
        return await connection.fetchval(  # type: ignore[no-any-return]
            _SQL["insert_application"], entry.issuer, entry.subject, entry.name
        )
    if write and known.name != entry.name:
        await connection.execute(_SQL["rename_application"], known.account_id, entry.name)
    return known.account_id


async def _grants(
    connection: _Connection,
    entries: tuple[ApplicationEntry, ...],
    numbers: dict[tuple[str, str], int],
    write: bool,
) -> list[Change]:
    rows = await connection.fetch(_SQL["list_configured_grants"], GRANTED_BY)
    present = {(row["account_id"], row["hospital_id"], row["role"]) for row in rows}
    wanted = {(numbers[e.issuer, e.subject], e.hospital_id, e.role.value): e.name for e in entries}
    names = {number: name for (number, _, _), name in wanted.items()}
    added = [grant for grant in wanted if grant not in present]
    removed = sorted(present - set(wanted))
    if write:
        for grant in added:
            await connection.execute(_SQL["insert_grant"], *grant, GRANTED_BY)
        for grant in removed:
            await connection.execute(_SQL["delete_grant"], *grant, GRANTED_BY)
    return [
        *(Change(ChangeKind.GRANT_ADDED, wanted[grant], (grant[2],)) for grant in added),
        *(Change(ChangeKind.GRANT_REMOVED, names.get(g[0], f"account {g[0]}"), (g[2],)) for g in removed),
    ]


async def _credentials(
    connection: _Connection,
    entries: tuple[ApplicationEntry, ...],
    numbers: dict[tuple[str, str], int],
    write: bool,
) -> list[Change]:
    rows = await connection.fetch(_SQL["list_credentials"])
    present = {r["credential"]: (r["account_id"], r["hospital_id"], r["may_feed"], r["may_query"]) for r in rows}
    wanted = {
        c.text: (numbers[e.issuer, e.subject], e.hospital_id, c.may_feed, c.may_query)
        for e in entries
        for c in e.credentials
    }
    put = [text for text, values in wanted.items() if present.get(text) != values]
    removed = sorted(set(present) - set(wanted))
    if write:
        for text in put:
            await connection.execute(_SQL["put_credential"], text, *wanted[text])
        for text in removed:
            await connection.execute(_SQL["delete_credential"], text)
    return [
        *(Change(ChangeKind.CREDENTIAL_PUT, text) for text in put),
        *(Change(ChangeKind.CREDENTIAL_REMOVED, text) for text in removed),
    ]
