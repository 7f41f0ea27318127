"""Plain HTTP beyond this machine: the proxies are answered, everybody else is told where to go."""

from typing import Any

import msgspec
import pytest

from beffroi.clock import Clock
from beffroi.servers.proxied import ProxiesOnly
from beffroi.servers.proxies import Proxies


async def ask(peer: str, language: str = "en") -> tuple[int, dict[str, Any]]:
    """The status and the body; the application behind answers 204."""
    sent: list[dict[str, Any]] = []

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        pytest.fail("nothing of it is read")

    guarded = ProxiesOnly(app, Proxies(("192.0.2.0/28",)), "https://beffroi.test", Clock())
    scope = {"type": "http", "client": (peer, 1), "headers": [(b"accept-language", language.encode())]}
    await guarded(scope, receive, send)
    return sent[0]["status"], msgspec.json.decode(sent[1]["body"])


@pytest.mark.parametrize("peer", ["192.0.2.1", "::ffff:192.0.2.1", "127.0.0.1", "::1"])
async def test_the_proxies_and_this_machine_are_answered(peer: str) -> None:
    """Who ended TLS before us, and who is here, is let through."""
    assert (await ask(peer))[0] == 204


@pytest.mark.parametrize("peer", ["192.0.2.200", "2001:db8::1", "", "unix"])
async def test_nobody_else_is(peer: str) -> None:
    """Everybody else hears where to go, in their language, and nothing of what they sent is read."""
    status, outcome = await ask(peer, "fr")
    assert status == 403 and outcome["resourceType"] == "OperationOutcome"
    assert "https://beffroi.test" in outcome["issue"][0]["details"]["text"]
    assert outcome["issue"][0]["details"]["text"].startswith("En HTTP sans chiffrement")
