"""Security event tokens over HTTP: pushed to a receiver, or polled from a transmitter.

Source: RFC 8935 section 2 (push; 202, or 400 with an error code); RFC 8936 section 2 (poll).
"""

from typing import Final

import httpx2
import msgspec

from beffroi.outbound.fetching import FetchFailed, client_for

SECONDS_MAX: Final = 10.0
ANSWER_BYTES_MAX: Final = 2_000_000
_ACCEPTED: Final = frozenset({200, 202, 204})


class _Error(msgspec.Struct):
    err: str = "invalid_request"


class Polled(msgspec.Struct):
    """What a transmitter has: tokens by identifier, and whether more wait."""

    sets: dict[str, str] = {}
    moreAvailable: bool = False


async def push_set(url: str, authorization: str, token: str) -> str:
    """Posts a token; the receiver's error code when it refuses it, empty when it took it. Raises FetchFailed."""
    headers = {"content-type": "application/secevent+jwt", "accept": "application/json"}
    if authorization:
        headers["authorization"] = authorization
    response = await _post(url, token.encode(), headers)
    if response.status_code in _ACCEPTED:
        return ""
    if response.status_code != httpx2.codes.BAD_REQUEST:
        raise FetchFailed("the answer is neither 202 nor 400")
    try:
        return msgspec.json.decode(response.content[:ANSWER_BYTES_MAX], type=_Error).err or "invalid_request"
    except (msgspec.MsgspecError, RecursionError):
        return "invalid_request"


async def poll_sets(
    url: str, authorization: str, acknowledged: list[str], refused: dict[str, str], count_max: int
) -> Polled:
    """Acknowledges what was done, says what was refused, and takes what waits. Raises FetchFailed."""
    asked = {
        "maxEvents": count_max,
        "returnImmediately": True,
        "ack": acknowledged,
        "setErrs": {jti: {"err": code, "description": code} for jti, code in refused.items()},
    }
    headers = {"content-type": "application/json", "accept": "application/json", "authorization": authorization}
    response = await _post(url, msgspec.json.encode(asked), headers)
    if response.status_code != httpx2.codes.OK or len(response.content) > ANSWER_BYTES_MAX:
        raise FetchFailed("the answer is not 200")
    try:
        return msgspec.json.decode(response.content, type=Polled)
    except (msgspec.MsgspecError, RecursionError):
        raise FetchFailed("the answer cannot be read") from None


async def _post(url: str, body: bytes, headers: dict[str, str]) -> httpx2.Response:
    try:
        async with client_for(url, SECONDS_MAX) as client:
            return await client.post(url, content=body, headers=headers)
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
        raise FetchFailed(type(error).__name__) from error
