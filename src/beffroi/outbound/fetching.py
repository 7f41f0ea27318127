"""One small document from another machine: over TLS (or from this one), within a size and a time, never redirected."""

import asyncio
import ipaddress
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx2

SECONDS_MAX: Final = 5.0  # a document of some kilobytes; a slower machine is as good as away

_HEADERS: Final = {"accept": "application/json", "accept-encoding": "identity"}


class FetchFailed(Exception):
    """The document did not come, or not in the form that it should have. Says nothing of what came."""


@lru_cache(maxsize=1)
def authorities() -> ssl.SSLContext:
    """Those that this machine trusts, read once: to read them takes 30 ms, in which a process answers nobody."""
    return httpx2.create_ssl_context()


def client_for(url: str, seconds_max: float, context: ssl.SSLContext | None = None) -> httpx2.AsyncClient:
    """A client that calls one address, `context` saying whom it trusts there. Raises FetchFailed for an address that
    may not be called."""
    if not may_be_fetched(url):
        raise FetchFailed("the address is neither https nor of this machine")
    # The operator's outgoing proxy, if the environment names one, is not for this machine.
    outside = not url.startswith("http:")
    return httpx2.AsyncClient(timeout=seconds_max, verify=context or authorities(), trust_env=outside)


async def fetch(url: str, bytes_max: int) -> bytes:
    """The document's bytes. Raises FetchFailed."""
    answered = await _exchange("GET", url, bytes_max, _HEADERS, None)
    if answered.status != httpx2.codes.OK:
        raise FetchFailed("the answer is not 200")
    return answered.body


@dataclass(frozen=True, slots=True)
class Answered:
    """What came back for a form, whatever its status. Header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


async def post_form(url: str, form: Mapping[str, str], headers: Mapping[str, str], bytes_max: int) -> Answered:
    """The answer to a form. Raises FetchFailed when none came, or one that is too large."""
    return await _exchange("POST", url, bytes_max, {**_HEADERS, **headers}, dict(form))


async def _exchange(
    method: str, url: str, bytes_max: int, headers: Mapping[str, str], form: dict[str, str] | None
) -> Answered:
    try:
        async with (
            asyncio.timeout(SECONDS_MAX),
            client_for(url, SECONDS_MAX) as client,
            client.stream(method, url, headers=headers, data=form) as response,
        ):
            received = bytearray()
            async for part in response.aiter_raw():  # not unpacked: a small answer can unpack to a huge one
                received += part
                if len(received) > bytes_max:
                    raise FetchFailed("the answer is too large")
            return Answered(response.status_code, dict(response.headers), bytes(received))
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError, TimeoutError, ValueError) as error:
        raise FetchFailed(type(error).__name__) from error


async def read_file(path: str, bytes_max: int) -> bytes:
    """A local document's bytes. Raises FetchFailed."""

    def read() -> bytes:
        with Path(path).open("rb") as file:
            return file.read(bytes_max + 1)

    try:
        received = await asyncio.to_thread(read)
    except OSError as error:
        raise FetchFailed(type(error).__name__) from error
    if len(received) > bytes_max:
        raise FetchFailed("the file is too large")
    return received


def may_be_fetched(url: str) -> bool:
    """Whether the address is https, or plain http on this machine alone.

    >>> [may_be_fetched(url) for url in ("https://a.example/k", "http://127.0.0.1:8081/k", "http://a.example/k")]
    [True, True, False]
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host)))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
