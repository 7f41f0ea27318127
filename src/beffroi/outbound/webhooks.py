"""Alerts by webhook, signed: HMAC-SHA256 over identifier, time and body, so that nobody else can ring, or ring again.

Source: Standard Webhooks 1.0 (webhook-id, webhook-timestamp, webhook-signature; secrets as whsec_ and base64).
"""

import binascii
import hmac
from base64 import b64decode, b64encode
from hashlib import sha256

import httpx2
import msgspec

from beffroi.clock import Clock
from beffroi.model.alert import Notice, title_of
from beffroi.outbound.fetching import FetchFailed, client_for

SECONDS_MAX = 10.0
SECRET_BYTES_MIN = 24
SECRET_BYTES_MAX = 64
_PREFIX = "whsec_"


def secret_of(text: str) -> bytes:
    """The key of a secret as it is written: `whsec_` and base64 of 24 to 64 bytes. Raises ValueError.

    >>> len(secret_of("whsec_" + "A" * 32))
    24
    """
    try:
        key = b64decode(text.strip().removeprefix(_PREFIX), validate=True)
    except (ValueError, binascii.Error):
        key = b""
    if not text.startswith(_PREFIX) or not SECRET_BYTES_MIN <= len(key) <= SECRET_BYTES_MAX:
        raise ValueError("not a secret of Standard Webhooks")
    return key


def signature_of(key: bytes, reference: str, timestamp_s: int, body: bytes) -> str:
    """The value of webhook-signature.

    >>> signature_of(bytes(24), "msg_1", 1, b"{}")[:10]
    'v1,OmiNie3'
    """
    signed = f"{reference}.{timestamp_s}.".encode() + body
    return "v1," + b64encode(hmac.new(key, signed, sha256).digest()).decode()


class WebhookChannel:
    """One address that takes alerts as JSON. `number`: which of the configured ones."""

    def __init__(self, number: int, url: str, key: bytes, language: str, clock: Clock) -> None:
        self.name = f"webhook:{number}"
        self._url = url
        self._key = key
        self._language = language
        self._clock = clock

    async def tell(self, notice: Notice) -> None:
        """Posts one alert; raises FetchFailed unless the answer is 2xx."""
        timestamp_s = int(self._clock.now().timestamp())
        body = msgspec.json.encode(payload_of(notice, self._language))
        headers = {
            "content-type": "application/json",
            "webhook-id": f"alert_{notice.reference}",
            "webhook-timestamp": str(timestamp_s),
            "webhook-signature": signature_of(self._key, f"alert_{notice.reference}", timestamp_s, body),
        }
        try:
            async with client_for(self._url, SECONDS_MAX) as client:
                response = await client.post(self._url, content=body, headers=headers)
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            raise FetchFailed(type(error).__name__) from error
        if not 200 <= response.status_code < 300:
            raise FetchFailed("the answer is not 2xx")


def payload_of(notice: Notice, language: str) -> dict[str, object]:
    """The body: what a program reads first, and one line for people."""
    return {
        "type": f"beffroi.{notice.kind}",
        "timestamp": notice.at.isoformat(),
        "data": {
            "reference": notice.reference,
            "severity": notice.severity.name.lower(),
            "account": notice.account_id,
            "count": notice.count,
            "again": notice.again,
            "particulars": notice.particulars,
            "title": title_of(notice, language),
        },
    }
