"""The worker process: housekeeping, sealing, and the management port of the whole deployment."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager
from typing import Any

from beffroi.access.reference import References
from beffroi.actions.alerts import Deliverer
from beffroi.actions.audit_feed import AuditFeed
from beffroi.actions.certificates import Certificates
from beffroi.actions.cosign import Cosigner, Cosigning
from beffroi.actions.erase import Eraser
from beffroi.actions.federate import Federation
from beffroi.actions.find_doubts import DoubtWalk
from beffroi.actions.house import open_house
from beffroi.actions.housekeeping import Housekeeper
from beffroi.actions.listen import Listener
from beffroi.actions.note_taking import NoteTaker
from beffroi.actions.notify_consumers import Notifier
from beffroi.actions.publish import Publication
from beffroi.actions.readiness import ReadinessCheck
from beffroi.actions.rounds import Rounds
from beffroi.actions.seal import Sealer
from beffroi.actions.signals import Forgetting
from beffroi.app.alerting import channels_of
from beffroi.app.archiving import keep_moving
from beffroi.app.assembly import expectations_of, ledger_verifiers, sealing_keys, witnesses_of
from beffroi.app.auditing import repositories_of
from beffroi.app.certificates import certificate_files
from beffroi.app.context import Context
from beffroi.app.notifying import consumers_of
from beffroi.app.signalling import keys_of_transmitters, push, receiving_of, sources_of, transmitter_of
from beffroi.app.supervisor import CHILDREN_FILE, read_children
from beffroi.config.settings import LedgerSettings
from beffroi.model.hospitals import Hospitals
from beffroi.model.job import Job
from beffroi.outbound.set_delivery import poll_sets
from beffroi.servers.http_server import HttpLimits, serve_http
from beffroi.servers.ledger_api import ledger_routes
from beffroi.servers.operations import operations_app
from beffroi.store.audit_repositories import AuditRepositoryStore
from beffroi.store.cosigning import CosigningStore
from beffroi.store.database import Database
from beffroi.store.doubts import DoubtStore
from beffroi.store.health import HealthStore
from beffroi.store.housekeeping import HousekeepingStore
from beffroi.store.identities import load_deployment, load_hospitals
from beffroi.store.jobs import JobStore
from beffroi.store.ledger import LedgerStore
from beffroi.store.migrate import load_migrations
from beffroi.store.notifications import ConsumerAccounts, NotificationStore
from beffroi.store.suspicions import SuspicionStore
from beffroi.telemetry import Event, log

Work = Coroutine[Any, Any, None]

CONNECTIONS_MAX = 64
"""Connections of the management port: a monitor or two, and whoever looks."""
SHUTDOWN_S = 2
LEDGER_POOL_SIZE = 4
"""One connection seals; the others answer who reads the published ledger, and serve the witnesses."""
FIRST_WORDS_S = 2.0
"""Seconds at a start, at most: a database that was brought back to yesterday should hear of it before it signs."""
ALERTS_POOL_SIZE = 2
"""One connection delivers, the other looks at how the outbox stands."""
NOTIFYING_POOL_SIZE = 3
"""Of the queue one holds the lock; of the gate one writes, the others look patients up and follow the watch."""
AUDIT_POOL_SIZE = 2
"""One connection holds the lock, the other reads what is to be told and notes what was."""


async def run_worker(context: Context) -> None:
    """Keeps house, seals, and answers on the management port until it is stopped."""
    keep, rounds = context.config.retention, Rounds(context.stopping, context.clock)
    async with (
        await context.database("worker", 1) as own,
        await context.database("worker", ALERTS_POOL_SIZE) as outbox,
        await context.database("web", 2) as gate,
        _auditing(context, rounds, gate),
        _notifying(context, rounds),
        _sealing(context, rounds) as ledger,
    ):
        housekeeper = Housekeeper(
            HousekeepingStore(own),
            context.clock,
            feed_messages_days=keep.feed_messages_days,
            feed_events_days=keep.feed_events_days,
            proofs_minutes=keep.proofs_minutes,
        )
        # Readiness asks as the web role: what must work is the gate, under its own rights.
        readiness = ReadinessCheck(
            HealthStore(gate, load_migrations()),
            context.clock,
            lambda: read_children(context.folder / CHILDREN_FILE),
        )
        works = [
            housekeeper.run(rounds),
            Eraser(HousekeepingStore(own), context.clock, keep.disclosures_days).run(rounds),
            Deliverer(outbox, channels_of(context.config, context.clock), context.clock).run(rounds),
            Federation(SuspicionStore(outbox), context.clock).run(rounds),
            keep_moving(context.config, rounds),
            DoubtWalk(DoubtStore(outbox)).run(rounds),
            Certificates(certificate_files(context.config), context.clock).run(rounds),
            *_signalling(context, rounds, outbox, gate),
            NoteTaker(rounds.notebook, JobStore(outbox), context.clock).run(context.stopping),
        ]
        limits = HttpLimits(CONNECTIONS_MAX, SHUTDOWN_S)
        application = operations_app(readiness, ledger=ledger_routes(_publication(context, ledger)) if ledger else ())
        async with _beside(context, *works):
            await serve_http(application, context.listening, limits, context.stopping, ready=context.ready)


def _signalling(context: Context, rounds: Rounds, outbox: Database, gate: Database) -> Iterator[Work]:
    """Pushes Shared Signals, and polls those that do not post; what they ask for is done as the web role does it."""
    config, clock = context.config, context.clock
    yield Forgetting(outbox, clock).run(rounds)
    transmitter = transmitter_of(config, outbox, clock)
    if transmitter is not None:
        yield transmitter.run(rounds, push)
    sources = sources_of(config)
    if sources:
        transmitters = keys_of_transmitters(config, clock)
        receiving = receiving_of(config, gate, transmitters, (), clock)
        yield Listener(receiving, sources, poll_sets).run(rounds)


@asynccontextmanager
async def _auditing(context: Context, rounds: Rounds, gate: Database) -> AsyncIterator[None]:
    """Tells audit repositories while the block runs; they are known before anything more is sealed."""
    deployment = await load_deployment(gate) if context.config.audit_repository else None
    if deployment is None:
        yield
        return
    async with await context.database("worker", AUDIT_POOL_SIZE) as database:
        repositories = repositories_of(context.config, Hospitals(await load_hospitals(gate)))
        references = References(deployment.reference_key)
        feed = AuditFeed(AuditRepositoryStore(database), repositories, references, context.clock)
        await feed.know()
        async with _beside(context, feed.run(rounds)):
            yield


@asynccontextmanager
async def _notifying(context: Context, rounds: Rounds) -> AsyncIterator[None]:
    """Tells consumers of changes of cross-reference while the block runs. The gate says what may be told, under the web
    processes' role; the queue is the worker's."""
    config, clock = context.config, context.clock
    if not config.cross_reference_consumer:
        yield
        return
    async with (
        await context.database("worker", NOTIFYING_POOL_SIZE) as queue,
        await context.database("web", NOTIFYING_POOL_SIZE) as database,
    ):
        house = await open_house(database, clock, config.limits.list_max, expectations_of(config))
        store, accounts = NotificationStore(queue), ConsumerAccounts(database)
        notifier = Notifier(store, accounts, house, consumers_of(config), config.region.oid, clock)
        await notifier.know()
        try:
            async with _beside(context, notifier.run(rounds)):
                yield
        finally:
            await house.close()


@asynccontextmanager
async def _sealing(context: Context, rounds: Rounds) -> AsyncIterator[LedgerStore | None]:
    """Seals while the block runs; what is published of it, or None (said in the log) without a configured key."""
    settings = context.config.ledger
    if settings is None:
        log(Event.NOT_SEALING, setting="ledger.key_file")
        yield None
        return
    keys = sealing_keys(context.config, settings)
    async with await context.database("sealer", LEDGER_POOL_SIZE) as database:
        store = LedgerStore(database)
        sealer = Sealer(store, settings.origin, keys, context.clock)
        cosigning = _cosigning(context, settings, database)
        async with _beside(context, cosigning.run(rounds), _seal(sealer, cosigning, rounds)):
            yield store


@asynccontextmanager
async def _beside(context: Context, *works: Work) -> AsyncIterator[None]:
    """They run while the block does, and end in order once the process is asked to stop."""
    running = [asyncio.create_task(one) for one in works]
    try:
        yield
    finally:
        if not context.stopping.is_set():  # something else failed: nobody would ever ask these to stop
            for one in running:
                one.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _seal(sealer: Sealer, cosigning: Cosigning, rounds: Rounds) -> None:
    """Seals once the witnesses had a moment to say that this is not the ledger that they know."""
    rounds.notebook.expect(Job.SEALING)
    await cosigning.first_words(FIRST_WORDS_S)
    await sealer.run(rounds)


def _cosigning(context: Context, settings: LedgerSettings, database: Database) -> Cosigning:
    store, keys = CosigningStore(database), ledger_verifiers(context.config, settings)
    witnesses = witnesses_of(context.config)
    return Cosigning([Cosigner(store, one, settings.origin, keys, context.clock) for one in witnesses])


def _publication(context: Context, store: LedgerStore) -> Publication:
    names = [one.key.name for one in witnesses_of(context.config)]
    settings = context.config.ledger
    return Publication(store, context.clock, settings.witnesses_min if settings else 0, names)
