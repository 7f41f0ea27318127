"""The demonstration's issuer, listening: on 127.0.0.1, in the loop of whoever starts it."""

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from beffroi.clock import Clock
from beffroi.model.person import Hospital
from beffroi.outbound.signing_key import SigningKey
from beffroi.servers.http_server import AsgiApp, HttpLimits, listen, serve_http
from beffroi.store.database import Database
from beffroi_region.issuer import CONSOLE_CLIENT, LIFETIME_S, DemoIssuer, application, open_issuer, write_access
from beffroi_region.staff import StaffAccount

HOST: Final = "127.0.0.1"
START_S_MAX: Final = 10.0
_LIMITS: Final = HttpLimits(connections_max=100, shutdown_s=1)


@asynccontextmanager
async def issuer_running(
    folder: Path,
    database: Database,
    staff: Sequence[StaffAccount],
    hospitals: Sequence[Hospital],
    api: str = "",
    port: int = 0,
    clock: Clock | None = None,
    lifetime_s: int = LIFETIME_S,
    console: tuple[SigningKey, str] | None = None,
) -> AsyncIterator[DemoIssuer]:
    """An issuer that answers at its `url`; `port` 0 takes a free one. `api` is the address of the FHIR server's door.

    `console`: the console's key, and where browsers go back to it.

    The access file is in `folder` while it runs. Raises OperatorError where it must not start.
    """
    with listen(HOST, port) as listening:
        url = f"http://{HOST}:{listening.getsockname()[1]}"
        issuer = await open_issuer(folder, database, url, staff, hospitals, clock or Clock(), lifetime_s)
        if console is not None:
            issuer.flow.redirects[CONSOLE_CLIENT] = console[1]
            issuer.console = console[0]
        access = write_access(folder, issuer, api)
        try:
            async with _answering(application(issuer), listening):
                yield issuer
        finally:
            access.unlink(missing_ok=True)


@asynccontextmanager
async def _answering(app: AsgiApp, listening: socket.socket) -> AsyncIterator[None]:
    """An application behind a socket, while the context lasts."""
    ready, stopping = asyncio.Event(), asyncio.Event()
    serving = asyncio.create_task(serve_http(app, listening, _LIMITS, stopping, ready=ready.set))
    try:
        async with asyncio.timeout(START_S_MAX):
            await ready.wait()
        yield
    finally:
        stopping.set()
        await serving
