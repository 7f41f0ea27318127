"""An issuer's word on its tokens (RFC 7662), over a real socket."""

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncIterator

import pytest

from beffroi.access.rejection import Rejected
from beffroi.errors import Unavailable
from beffroi.outbound.introspection import Introspection


class Issuer:
    """Answers what it is told to, and remembers what it was asked."""

    def __init__(self) -> None:
        self.answer = b'{"active":true,"sub":"x"}'
        self.status = "200 OK"
        self.asked = b""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        self.asked = head + await reader.readexactly(length)
        said = f"HTTP/1.1 {self.status}\r\ncontent-type: application/json\r\ncontent-length: {len(self.answer)}\r\n\r\n"
        writer.write(said.encode() + self.answer)
        await writer.drain()
        writer.close()


@pytest.fixture
async def issuer() -> AsyncIterator[tuple[Issuer, Introspection]]:
    one = Issuer()
    server = await asyncio.start_server(one.serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/introspect"
    yield one, Introspection(url, "beffroi", "secret")
    server.close()


async def test_an_active_token(issuer: tuple[Issuer, Introspection]) -> None:
    """The token goes in a form, never in an address, with our own credentials."""
    one, introspection = issuer
    await introspection.check(b"a.b.c")
    assert one.asked.startswith(b"POST /introspect HTTP/1.1") and b"token=a.b.c" in one.asked.partition(b"\r\n\r\n")[2]
    assert b64encode(b"beffroi:secret") in one.asked


async def test_an_inactive_token(issuer: tuple[Issuer, Introspection]) -> None:
    """An issuer that no longer stands by a token ends it here."""
    one, introspection = issuer
    one.answer = json.dumps({"active": False}).encode()
    with pytest.raises(Rejected):
        await introspection.check(b"a.b.c")


@pytest.mark.parametrize(
    ("status", "answer"),
    [("401 Unauthorized", b"{}"), ("200 OK", b"<html>"), ("200 OK", b'{"sub":"x"}'), ("500 X", b"")],
)
async def test_an_issuer_that_does_not_say(issuer: tuple[Issuer, Introspection], status: str, answer: bytes) -> None:
    """No answer is no yes: nobody signs in, and it is said to be for now."""
    one, introspection = issuer
    one.status, one.answer = status, answer
    with pytest.raises(Unavailable):
        await introspection.check(b"a.b.c")


async def test_an_issuer_that_is_away() -> None:
    """Neither is silence; and another machine is never asked in clear."""
    for url in ("http://127.0.0.1:9/introspect", "http://issuer.example/introspect"):
        with pytest.raises(Unavailable):
            await Introspection(url, "beffroi", "secret").check(b"a.b.c")
