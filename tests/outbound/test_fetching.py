"""One small document from another machine: what is taken, and what is not."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from beffroi.outbound.fetching import FetchFailed, fetch, read_file


@asynccontextmanager
async def answering(answer: bytes, hold: bool = False) -> AsyncIterator[str]:
    """A server on this machine that answers everything with the same bytes."""
    done = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        if hold:
            await done.wait()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/keys"
    finally:
        done.set()
        server.close()
        await server.wait_closed()


def response(body: bytes, status: str = "200 OK", more: bytes = b"") -> bytes:
    return b"HTTP/1.1 %b\r\ncontent-length: %d\r\n%b\r\n%b" % (status.encode(), len(body), more, body)


async def test_a_document() -> None:
    """What came, byte for byte."""
    async with answering(response(b'{"keys": []}')) as url:
        assert await fetch(url, 100) == b'{"keys": []}'


@pytest.mark.parametrize(
    "answer",
    [
        response(b"x" * 101),
        response(b"", "404 Not Found"),
        response(b"", "302 Found", b"location: https://thief.example/keys\r\n"),
        response(b"", "204 No Content"),
        b"rubbish\r\n\r\n",
        b"",
    ],
)
async def test_answers_that_are_refused(answer: bytes) -> None:
    """Too large, not there, elsewhere or no HTTP: none is taken, and no redirection is followed."""
    async with answering(answer) as url:
        with pytest.raises(FetchFailed):
            await fetch(url, 100)


async def test_a_compressed_answer_is_not_unpacked() -> None:
    """What comes compressed, unasked, stays as it is: nothing small becomes huge here."""
    async with answering(response(b"\x1f\x8b\x08", more=b"content-encoding: gzip\r\n")) as url:
        assert await fetch(url, 100) == b"\x1f\x8b\x08"


async def test_a_slow_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that does not finish is given up."""
    monkeypatch.setattr("beffroi.outbound.fetching.SECONDS_MAX", 0.2)
    async with answering(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab", hold=True) as url:
        with pytest.raises(FetchFailed):
            await asyncio.wait_for(fetch(url, 100), 5)


@pytest.mark.parametrize("url", ["http://issuer.example/keys", "file:///etc/passwd", "ftp://a", "", "https://", "//a"])
async def test_addresses_that_are_refused(url: str) -> None:
    """Only https, or this machine."""
    with pytest.raises(FetchFailed):
        await fetch(url, 100)


async def test_nobody_listens() -> None:
    """A machine that is not there is told as such, whatever the library calls it."""
    async with answering(b"") as url:
        gone = url
    with pytest.raises(FetchFailed):
        await fetch(gone, 100)


async def test_files(tmp_path: Path) -> None:
    """A local document, within its size."""
    (tmp_path / "keys").write_bytes(b"x" * 100)
    assert await read_file(str(tmp_path / "keys"), 100) == b"x" * 100
    for path, bytes_max in ((tmp_path / "keys", 99), (tmp_path / "none", 100), (tmp_path, 100)):
        with pytest.raises(FetchFailed):
            await read_file(str(path), bytes_max)
