"""One witness over HTTP: a checkpoint goes there, a cosignature comes back, or why not.

Source: C2SP tlog-witness, "HTTP Interface". The connection is kept: a checkpoint leaves every second.
"""

import asyncio
from dataclasses import dataclass
from typing import Final

import httpx2

from beffroi.outbound.fetching import FetchFailed, client_for

SECONDS_MAX: Final = 5.0
"""A witness answers after one write to its disk; a slower one is as good as away."""
ANSWER_BYTES_MAX: Final = 65_536


@dataclass(frozen=True, slots=True)
class WitnessAnswer:
    """The status and the text of an answer."""

    status: int
    text: str


class WitnessLine:
    """The line to one witness. `url` is its submission prefix and its monitoring prefix. Raises FetchFailed where that
    is neither https nor of this machine.
    """

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._client = client_for(self._url, SECONDS_MAX)

    async def close(self) -> None:
        """Gives the connection up."""
        await self._client.aclose()

    async def submit(self, body: str) -> WitnessAnswer:
        """POST add-checkpoint. Raises FetchFailed when no answer comes."""
        return await self._ask("POST", "add-checkpoint", body)

    async def submit_gap(self, note: str) -> WitnessAnswer:
        """POST add-gap, which our own witness knows. Raises FetchFailed."""
        return await self._ask("POST", "add-gap", note)

    async def checkpoint(self, origin_hash: str) -> str | None:
        """What the witness cosigned last of a log; None when it does not say. Raises FetchFailed."""
        answer = await self._ask("GET", f"{origin_hash}/checkpoint", "")
        return answer.text if answer.status == httpx2.codes.OK else None

    async def _ask(self, method: str, path: str, body: str) -> WitnessAnswer:
        url = f"{self._url}/{path}"
        headers = {"accept-encoding": "identity", "content-type": "text/plain; charset=utf-8"}
        try:
            async with (
                asyncio.timeout(SECONDS_MAX),
                self._client.stream(method, url, content=body.encode(), headers=headers) as response,
            ):
                received = bytearray()
                async for part in response.aiter_raw():
                    received += part
                    if len(received) > ANSWER_BYTES_MAX:
                        raise FetchFailed("the answer is too large")
                return WitnessAnswer(response.status_code, received.decode("utf-8", "replace"))
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, TimeoutError, ValueError) as error:
            raise FetchFailed(type(error).__name__) from error
