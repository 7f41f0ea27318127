"""Shared Signals: whether others would be told that an account was stopped, and what was never taken."""

from collections.abc import AsyncIterator, Iterator

from beffroi.app.signalling import transmitter_of
from beffroi.clock import Clock
from beffroi.config.settings import Config
from beffroi.doctor.finding import Finding, error, good, note
from beffroi.errors import OperatorError, Words
from beffroi.store.database import DATABASE_FAULTS, Database
from beffroi.store.signals import SignalStore


async def check_signals(config: Config, clock: Clock) -> AsyncIterator[Finding]:
    """The key that signs, then the queue."""
    if config.signals is None or not config.signal_receiver:
        yield note(
            "signals",
            "No other system is told when an account is stopped: there is no [[signal_receiver]].",
            "Aucun autre système n'apprend l'arrêt d'un compte : il n'y a pas de [[signal_receiver]].",
        )
        return
    try:
        async with await Database.open(config.dsn("worker"), size=1) as database:
            transmitter_of(config, database, clock)
            waiting_count, dead_count = await SignalStore(database).standing()
    except OperatorError as failure:
        yield error("signals", Words(failure.text("en"), failure.text("fr")))
        return
    except DATABASE_FAULTS:
        return  # said among the databases
    if dead_count:
        yield error(
            "signals",
            Words(
                f"{dead_count} signals were refused by their receiver, or given up.",
                f"{dead_count} signaux ont été refusés par leur destinataire, ou abandonnés.",
            ),
            Words("See the log: signal_refused, signal_not_delivered.", "Voir le journal : signal_refused."),
        )
    else:
        yield good("signals", f"Receivers are told; {waiting_count} wait.", f"{waiting_count} signaux en attente.")


def check_own_networks(config: Config) -> Iterator[Finding]:
    """Hospitals that a containment of a network or of a structure would not spare."""
    without = [hospital.name for hospital in config.hospital if not hospital.networks]
    if without:
        names = ", ".join(without)
        yield note(
            "networks",
            f"No networks declared (hospital.networks): {names}. A wide containment reaches them too.",
            f"Aucun réseau déclaré (hospital.networks) : {names}. Un arrêt large les atteint aussi.",
        )
