"""The worker process: housekeeping, and the management port of the whole deployment."""

import asyncio

from beffroi.actions.housekeeping import Housekeeper
from beffroi.actions.readiness import ReadinessCheck
from beffroi.app.context import Context
from beffroi.app.supervisor import CHILDREN_FILE, read_children
from beffroi.servers.http_server import HttpLimits, serve_http
from beffroi.servers.operations import operations_app
from beffroi.store.health import HealthStore
from beffroi.store.housekeeping import HousekeepingStore
from beffroi.store.migrate import load_migrations

CONNECTIONS_MAX = 64
"""Connections of the management port: a monitor or two, and whoever looks."""
SHUTDOWN_S = 2


async def run_worker(context: Context) -> None:
    """Keeps house and answers on the management port until it is stopped."""
    keep = context.config.retention
    async with await context.database("worker", 1) as own, await context.database("web", 1) as gate:
        housekeeper = Housekeeper(
            HousekeepingStore(own),
            context.clock,
            feed_messages_days=keep.feed_messages_days,
            proofs_minutes=keep.proofs_minutes,
        )
        # Readiness asks as the web role: what must work is the gate, under its own rights.
        readiness = ReadinessCheck(
            HealthStore(gate, load_migrations()),
            context.clock,
            lambda: read_children(context.folder / CHILDREN_FILE),
        )
        keeping = asyncio.create_task(housekeeper.run(context.stopping))
        limits = HttpLimits(CONNECTIONS_MAX, SHUTDOWN_S)
        await serve_http(operations_app(readiness), context.listening, limits, context.stopping, ready=context.ready)
        await keeping
