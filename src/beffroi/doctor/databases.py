"""PostgreSQL as each of our roles sees it: version, rights, durability, migrations, clock."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

from beffroi.app.assembly import applications_of, hospitals_of
from beffroi.clock import Clock
from beffroi.config.settings import Config
from beffroi.doctor.finding import Finding, Level, error, good, warning
from beffroi.errors import OperatorError, Words
from beffroi.store.database import ROLE_ARCHIVER, ROLE_FEED, ROLE_SEALER, ROLE_WEB, ROLE_WORKER
from beffroi.store.inspection import VERSION_MIN, Inspection, inspect
from beffroi.store.registers import differences

SKEW_S_WARNING = 2.0
"""Seconds. A proof is accepted for a minute or two around our clock, and disclosures bear our time."""
SKEW_S_ERROR = 10.0
_ROLES = {
    "web": ROLE_WEB,
    "feed": ROLE_FEED,
    "worker": ROLE_WORKER,
    "sealer": ROLE_SEALER,
    "archiver": ROLE_ARCHIVER,
}
_MIGRATE = Words(
    "Run `beffroi migrate --config FILE` with the owner's address.",
    "Lancez `beffroi migrate --config FICHIER` avec l'adresse du propriétaire.",
)


async def check_databases(config: Config, clock: Clock, *, demo: bool) -> AsyncIterator[Finding]:
    """Every role's login, then what the database says of itself, then the registers."""
    reached: Inspection | None = None
    for name, role in _ROLES.items():
        if (name == "sealer" and config.ledger is None) or (name == "archiver" and config.archive is None):
            continue
        try:
            found = await inspect(config.dsn(name), role)
        except OperatorError as failure:
            todo = Words(f"Check database.{name}_url.", f"Vérifiez database.{name}_url.")
            yield error("database", Words(failure.text("en"), failure.text("fr")), todo)
            continue
        for finding in (*_login(found, name, role), *_rights(found, role)):
            yield finding
        reached = reached or found
        if found.shared:
            yield _shared(found.shared)
    if reached is None:
        return
    for finding in (*_server(reached), _clock(reached, clock), _kind(reached, demo)):
        yield finding
    if config.database.owner_url and not demo:
        yield _owner_beside()
    if reached.pending == 0:
        yield await _registers(config)


def _login(found: Inspection, name: str, role: str) -> Iterator[Finding]:
    if found.role != role:
        yield warning(
            "role",
            Words(
                f"database.{name}_url acts as {found.role} and not as {role}.",
                f"database.{name}_url agit en tant que {found.role} et non {role}.",
            ),
            Words("Give each process its own role.", "Donnez à chaque processus son propre rôle."),
        )
    if found.login != found.role:
        yield warning(
            "role",
            Words(
                f"database.{name}_url logs in as {found.login}: who takes that process over has all its rights.",
                f"database.{name}_url se connecte en tant que {found.login} : qui prend ce processus les a tous.",
            ),
            Words(f"Log in as {role} itself.", f"Connectez-vous directement en tant que {role}."),
        )


def _rights(found: Inspection, role: str) -> Iterator[Finding]:
    if found.superuser or found.may_rewrite:
        yield error(
            "rights",
            Words(
                f"{found.role} may change or delete disclosures.",
                f"{found.role} peut modifier ou supprimer des divulgations.",
            ),
            Words(
                "Take those rights away: no serving process needs them.",
                "Retirez ces droits : aucun processus de service n'en a besoin.",
            ),
        )
    others = [privilege for privilege in found.excessive if privilege[0] != "disclosures"]
    if others and not found.superuser:
        names = ", ".join(f"{privilege.lower()} {table}" for table, privilege in others)
        yield error(
            "rights",
            Words(f"{found.role} has rights too many: {names}.", f"{found.role} a des droits de trop : {names}."),
            Words("Revoke them.", "Révoquez-les."),
        )
    if found.missing:
        names = ", ".join(f"{privilege.lower()} {table}" for table, privilege in found.missing)
        yield error(
            "rights",
            Words(f"{found.role} lacks rights: {names}.", f"Il manque des droits à {found.role} : {names}."),
            _MIGRATE,
        )
    if not (found.excessive or found.missing or found.superuser):
        yield good("rights", f"{role} has what it needs and no more.", f"{role} a ce qu'il lui faut et rien de plus.")


def _server(found: Inspection) -> Iterator[Finding]:
    if found.version_number // 10_000 < VERSION_MIN:
        todo = Words(f"Upgrade to {VERSION_MIN} or later.", f"Passez à la version {VERSION_MIN} ou plus récente.")
        yield error("version", Words(f"PostgreSQL {found.version}.", f"PostgreSQL {found.version}."), todo)
    else:
        yield good("version", f"PostgreSQL {found.version}.", f"PostgreSQL {found.version}.")
    if found.in_recovery:
        yield error(
            "standby",
            Words("This server is a standby and takes no writes.", "Ce serveur est un secours, sans écriture."),
            Words("Use the primary's address.", "Utilisez l'adresse du primaire."),
        )
    if found.weak:
        names = ", ".join(found.weak)
        yield error(
            "durability",
            Words(
                f"Off: {names}. A crash loses what was recorded.", f"Désactivé : {names}. Une panne perd des traces."
            ),
            Words("Switch on in postgresql.conf.", "Activez dans postgresql.conf."),
        )
    else:
        yield good("durability", "What is committed stays.", "Ce qui est validé le reste.")
    if found.pending is None:
        yield error(
            "migrations",
            Words(
                "The migrations of this database are not those of this release.",
                "Les migrations de cette base ne sont pas celles de cette version.",
            ),
            Words("Install the release that it was migrated with.", "Installez la version qui l'a migrée."),
        )
    elif found.pending:
        count = found.pending
        yield error("migrations", Words(f"{count} migrations to apply.", f"{count} migrations à appliquer."), _MIGRATE)
    else:
        yield good("migrations", "All migrations are applied.", "Toutes les migrations sont appliquées.")


def _clock(found: Inspection, clock: Clock) -> Finding:
    skew_s = abs((found.now - clock.now()) / timedelta(seconds=1))
    said = Words(
        f"The database's clock and ours differ by {skew_s:.1f} s.",
        f"L'horloge de la base et la nôtre diffèrent de {skew_s:.1f} s.",
    )
    todo = Words("Synchronise both (NTP).", "Synchronisez les deux (NTP).")
    if skew_s >= SKEW_S_ERROR:
        return error("clock", said, todo)
    return warning("clock", said, todo) if skew_s >= SKEW_S_WARNING else good("clock", said.english, said.french)


def _kind(found: Inspection, demo: bool) -> Finding:
    if found.demo is None:
        return error("deployment", Words("Not set up yet.", "Pas encore préparée."), _MIGRATE)
    if found.demo and not demo:
        return error(
            "deployment",
            Words("This database is a demonstration's.", "Cette base est celle d'une démonstration."),
            Words("Use another one.", "Utilisez-en une autre."),
        )
    return good("deployment", "The deployment's keys are there.", "Les clés du déploiement sont là.")


def _owner_beside() -> Finding:
    return warning(
        "owner",
        Words(
            "database.owner_url stands in the file that serve reads.",
            "database.owner_url figure dans le fichier que lit serve.",
        ),
        Words(
            "Put it in a file for `beffroi migrate` alone.", "Mettez-la dans un fichier pour `beffroi migrate` seul."
        ),
    )


def _shared(names: tuple[str, ...]) -> Finding:
    listed = ", ".join(names)
    return warning(
        "credentials",
        Words(f"One account both feeds and asks: {listed}.", f"Un même compte alimente et interroge : {listed}."),
        Words(
            "Give it two: what a credential feeds explains none of its own readings.",
            "Donnez-lui en deux : ce qu'un accès alimente n'explique aucune de ses propres lectures.",
        ),
    )


async def _registers(config: Config) -> Finding:
    try:
        changes = await differences(config.dsn("web"), hospitals_of(config), applications_of(config))
    except OperatorError as failure:
        return error("registers", Words(failure.text("en"), failure.text("fr")))
    waiting = [change for change in changes if not change.changes_nothing]
    if waiting:
        english, french = ("; ".join(change.text(language) for change in waiting) for language in ("en", "fr"))
        return Finding(Level.ERROR, "registers", Words(f"{english}.", f"{french}."), _MIGRATE)
    return good(
        "registers", "The database says what the configuration says.", "La base dit ce que dit la configuration."
    )
