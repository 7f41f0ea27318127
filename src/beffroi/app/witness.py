"""The witness as a process: its file, its key, one socket. It has no database, and nothing of a deployment."""

import asyncio
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from beffroi.actions.witness import WitnessDesk
from beffroi.clock import Clock
from beffroi.ledger.checkpoint import VerifierKey
from beffroi.ledger.cosignature import CosigningKey
from beffroi.servers.http_server import HttpLimits, TlsFiles, serve_http
from beffroi.servers.witness_api import witness_app
from beffroi.store.witness_state import WitnessFile

CONNECTIONS_MAX = 64
"""A few logs, each with a connection or two."""
SHUTDOWN_S = 5


@dataclass(frozen=True, slots=True)
class WitnessPlan:
    """What a witness is started with. `listening` is bound."""

    state: Path
    key: CosigningKey
    logs: Sequence[VerifierKey]
    listening: socket.socket
    create: bool = False
    tls: TlsFiles | None = None


async def serve_witness(plan: WitnessPlan, stopping: asyncio.Event, ready: Callable[[], None]) -> None:
    """Cosigns until `stopping` is set. Raises OperatorError when its file is not what it must be."""
    logs: dict[str, list[VerifierKey]] = {}
    for key in plan.logs:
        logs.setdefault(key.name, []).append(key)
    file = WitnessFile(plan.state, create=plan.create)
    try:
        application = witness_app(WitnessDesk(file, plan.key, logs, Clock()))
        limits = HttpLimits(CONNECTIONS_MAX, SHUTDOWN_S)
        await serve_http(application, plan.listening, limits, stopping, tls=plan.tls, ready=ready)
    finally:
        file.close()
