"""Two doors on one socket: what begins with the console's root is the console's, the bare address leads there, and all
else is the FHIR API's."""

from beffroi.servers.console.exchange import ROOT
from beffroi.servers.fhir_api import Receive, Scope, Send
from beffroi.servers.http_server import AsgiApp


class Doors:
    """Hands each request to its door."""

    def __init__(self, api: AsgiApp, console: AsgiApp) -> None:
        self._api = api
        self._console = console

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """To the console, or to the API."""
        path: str = scope["path"]
        if path == "/" or path == ROOT or path.startswith(f"{ROOT}/"):
            await self._console(scope, receive, send)
        else:
            await self._api(scope, receive, send)
