"""Before anything is served: the installation is what it must be, and the registers say what the configuration says.

What is refused here would break a law silently later: a database whose commits are not durable, a role that could
rewrite disclosures, a demonstration's accounts open to anybody.
"""

from beffroi.app.assembly import applications_of, hospitals_of
from beffroi.clock import Clock
from beffroi.config.settings import Config
from beffroi.errors import OperatorError
from beffroi.store.database import ROLE_ARCHIVER, ROLE_FEED, ROLE_SEALER, ROLE_WEB, ROLE_WORKER
from beffroi.store.inspection import VERSION_MIN, Inspection, inspect
from beffroi.store.migrate import Migration, migrate, plan
from beffroi.store.registers import Change, copy_registers, differences, refuse_other_kind, set_up
from beffroi.telemetry import Event, log

ROLES = {
    "web": ROLE_WEB,
    "feed": ROLE_FEED,
    "worker": ROLE_WORKER,
    "sealer": ROLE_SEALER,
    "archiver": ROLE_ARCHIVER,
}


async def prepare(config: Config, *, demo: bool) -> list[Change]:
    """Checks the database and the registers; copies the configuration when the owner's address is there.

    Returns what was changed. Raises OperatorError with what to do.
    """
    for name, role in ROLES.items():
        if (name == "sealer" and config.ledger is None) or (name == "archiver" and config.archive is None):
            continue
        found = await inspect(config.dsn(name), role)
        refuse_unfit(found, role, demo=demo)
    warn(config)
    hospitals, applications = hospitals_of(config), applications_of(config)
    if config.database.owner_url:
        changes = await copy_registers(config.dsn("owner"), hospitals, applications)
        for change in changes:
            if not change.changes_nothing:
                log(Event.REGISTER_CHANGED, kind=change.kind)
        return changes
    changes = [c for c in await differences(config.dsn("web"), hospitals, applications) if not c.changes_nothing]
    if changes:
        raise OperatorError(
            "The database does not say what the configuration says; run `beffroi migrate` with the owner's address:\n"
            + "\n".join(change.text("en") for change in changes),
            "La base ne dit pas ce que dit la configuration ; lancez `beffroi migrate` avec l'adresse du "
            "propriétaire :\n" + "\n".join(change.text("fr") for change in changes),
        )
    return []


def refuse_unfit(found: Inspection, role: str, *, demo: bool) -> None:
    """Raises OperatorError unless a database, as a role sees it, may be served."""
    if found.version_number // 10_000 < VERSION_MIN:
        raise OperatorError(
            f"PostgreSQL {found.version} is too old: {VERSION_MIN} or later is needed.",
            f"PostgreSQL {found.version} est trop ancien : il faut {VERSION_MIN} ou plus récent.",
        )
    if found.in_recovery:
        raise OperatorError(
            "This database is a standby and takes no writes: use the primary's address.",
            "Cette base est un secours et n'accepte pas d'écriture : utilisez l'adresse du primaire.",
        )
    if found.pending is None or found.pending:
        raise OperatorError(
            "This database is not at this release: run `beffroi migrate --config FILE`.",
            "Cette base n'est pas à cette version : lancez `beffroi migrate --config FICHIER`.",
        )
    if role not in (ROLE_WORKER, ROLE_SEALER, ROLE_ARCHIVER):  # they do not read whose deployment it is
        refuse_other_kind(found.demo, demo=demo)
    if found.weak:
        names = ", ".join(found.weak)
        raise OperatorError(
            f"This database loses committed transactions ({names} is off): an answer could leave without its record.",
            f"Cette base perd des transactions validées ({names} désactivé) : une réponse partirait sans sa trace.",
        )
    if found.may_rewrite:
        raise OperatorError(
            f"The role {found.role} may change or delete disclosures: give {role} its own login, without more rights "
            "than `beffroi migrate` gives it.",
            f"Le rôle {found.role} peut modifier ou supprimer des divulgations : donnez à {role} sa propre connexion, "
            "sans plus de droits que n'en donne `beffroi migrate`.",
        )


def warn(config: Config) -> None:
    """Says at every start what was switched on at a risk."""
    for index, issuer in enumerate(config.issuer):
        if issuer.allow_bearer:
            log(Event.BEARER_ALLOWED, setting=f"issuer[{index}].allow_bearer")
        if not issuer.dpop_nonce:
            log(Event.SETTING_WEAK, setting=f"issuer[{index}].dpop_nonce")
    if config.mllp is not None and not config.mllp.tls_certificate:
        log(Event.PLAIN_LISTENER, setting="mllp.tls_certificate", port=config.mllp.port)


async def migrate_and_set_up(config: Config, *, demo: bool, clock: Clock) -> tuple[list[Migration], list[Change]]:
    """What `beffroi migrate` does: migrations, the deployment's keys, the registers; what each changed."""
    owner = config.dsn("owner")
    applied = await migrate(owner)
    for migration in applied:
        log(Event.MIGRATION_APPLIED, migration=migration.number)
    await set_up(owner, demo=demo, clock=clock)
    return applied, await copy_registers(owner, hospitals_of(config), applications_of(config))


async def planned(config: Config) -> tuple[list[Migration], list[Change]]:
    """What `migrate_and_set_up` would change; the registers' part only once the tables are there."""
    owner = config.dsn("owner")
    waiting = await plan(owner)
    if waiting:
        return waiting, []
    return waiting, await differences(owner, hospitals_of(config), applications_of(config))
