"""The ledger: whether disclosures are sealed, and if not, why."""

from collections.abc import AsyncIterator

from beffroi.actions.audit import SEALED_WITHIN
from beffroi.actions.seal import SealingRefused, check
from beffroi.app.assembly import sealing_keys
from beffroi.clock import Clock
from beffroi.config.settings import Config
from beffroi.doctor.finding import Finding, error, good, note
from beffroi.errors import OperatorError, Words
from beffroi.store.database import DATABASE_FAULTS, Database
from beffroi.store.ledger import LedgerStore, Standing

_PAGE = Words("See docs/how-to/audit-the-ledger.md.", "Voir docs/how-to/audit-the-ledger.md.")


async def check_ledger(config: Config, clock: Clock) -> AsyncIterator[Finding]:
    """The key, then whether the ledger goes on and nothing has waited for a minute."""
    if config.ledger is None:
        yield note(
            "ledger", "Nothing is sealed: there is no [ledger].", "Rien n'est scellé : il n'y a pas de [ledger]."
        )
        return
    try:
        sealing_keys(config, config.ledger)
        async with await Database.open(config.dsn("sealer"), size=1) as database:
            store = LedgerStore(database)
            standing = await store.look()
            late = await store.late(standing.settled_below, clock.now() - SEALED_WITHIN)
    except OperatorError as failure:
        yield error("ledger", Words(failure.text("en"), failure.text("fr")))
        return
    except DATABASE_FAULTS as failure:
        name = type(failure).__name__
        yield error("ledger", Words(f"The ledger cannot be read ({name}).", f"Le registre est illisible ({name})."))
        return
    yield _finding(standing, late)


def _finding(standing: Standing, late: bool) -> Finding:
    try:
        check(standing)
    except SealingRefused as refused:
        why = refused.refusal.value
        said = Words(f"Nothing is sealed: {why.english}.", f"Plus rien n'est scellé : {why.french}.")
        return error("ledger", said, _PAGE)
    if late:
        said = Words(
            "Disclosures have waited for more than a minute to be sealed.",
            "Des divulgations attendent depuis plus d'une minute d'être scellées.",
        )
        return error("ledger", said, _PAGE)
    return good("ledger", f"{standing.tree_size} disclosures sealed.", f"{standing.tree_size} divulgations scellées.")
