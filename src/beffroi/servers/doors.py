"""Doors on one socket: what begins with the console's root is the console's, the bare address leads there, Shared
Signals have their own addresses, and all else is the FHIR API's."""

from beffroi.servers.console.exchange import ROOT
from beffroi.servers.fhir_api import Receive, Scope, Send
from beffroi.servers.http_server import AsgiApp
from beffroi.servers.signals_api import PATHS


class Doors:
    """Hands each request to its door."""

    def __init__(self, api: AsgiApp, console: AsgiApp | None, signals: AsgiApp | None = None) -> None:
        self._api = api
        self._console = console or api
        self._signals = signals or api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """To the console, to Shared Signals, or to the API."""
        path: str = scope["path"]
        if path == "/" or path == ROOT or path.startswith(f"{ROOT}/"):
            await self._console(scope, receive, send)
        elif path.startswith(PATHS):
            await self._signals(scope, receive, send)
        else:
            await self._api(scope, receive, send)
