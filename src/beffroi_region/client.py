"""A small client that signs: one key, a token bound to it, and a DPoP proof for each request.

    access = read_access(folder)
    async with SigningClient.of_account(access, "ward-nurse") as client:
        answer = await client.call("GET", "/fhir/Patient?birthdate=1985-03-12")

Source: RFC 9449 sections 4, 5, 8 and 9; RFC 7523 section 2.2.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import httpx2
import msgspec

from beffroi.clock import Clock
from beffroi.errors import OperatorError
from beffroi.outbound.fetching import authorities
from beffroi.outbound.signing_key import SigningKey, base64url, read_key
from beffroi_region.issuer import ACCESS_FILE, ASSERTION_TYPE, GRANT_ACCOUNT, GRANT_CLIENT, Access

RENEW_S: Final = 15
"""Seconds before its end from which a token is not used any more."""
SECONDS_MAX: Final = 30.0
_JTI_BYTES: Final = 16
_ASSERTION_S: Final = 60
_NONCE_HEADER: Final = "dpop-nonce"

Form = Callable[[], dict[str, str]]


def read_access(folder: Path) -> Access:
    """Where the demonstration's issuer is. Raises OperatorError when it is not running in that folder."""
    try:
        return msgspec.json.decode((folder / ACCESS_FILE).read_bytes(), type=Access)
    except FileNotFoundError:
        raise OperatorError("No demonstration is running here. Start one in another window: beffroi demo") from None
    except PermissionError:
        raise OperatorError("The demonstration's folder belongs to another user of this machine.") from None
    except msgspec.MsgspecError:
        raise OperatorError(
            "The demonstration's folder is broken: stop the demonstration and start it again."
        ) from None


class SigningClient:
    """Requests to one API, in the name of whoever `form` proves to be at the issuer's token endpoint."""

    def __init__(self, access: Access, form: Form, clock: Clock | None = None) -> None:
        self.key = SigningKey()
        self._access = access
        self._form = form
        self._clock = clock or Clock()
        self._token = ""
        self._good_until_s = 0.0
        self._nonce = ""
        # Both are on this machine: no proxy of the environment stands between.
        self._http = httpx2.AsyncClient(timeout=SECONDS_MAX, verify=authorities(), trust_env=False)

    @classmethod
    def of_account(cls, access: Access, account: str, clock: Clock | None = None) -> Self:
        """A client for an account by its name, by the demonstration's own grant."""
        return cls(access, lambda: {"grant_type": GRANT_ACCOUNT, "account": account, "secret": access.secret}, clock)

    @classmethod
    def of_application(cls, access: Access, client_id: str, clock: Clock | None = None) -> Self:
        """A client for a hospital's software, by client_credentials with its own key (private_key_jwt)."""
        own, time = read_key(access.clients[client_id]), clock or Clock()

        def form() -> dict[str, str]:
            now_s = int(time.now().timestamp())
            claims = {
                "iss": client_id,
                "sub": client_id,
                "aud": access.issuer,
                "iat": now_s,
                "exp": now_s + _ASSERTION_S,
                "jti": base64url(time.token_bytes(_JTI_BYTES)),
            }
            assertion = own.sign({"typ": "JWT"}, claims)
            return {
                "grant_type": GRANT_CLIENT,
                "client_assertion_type": ASSERTION_TYPE,
                "client_assertion": assertion,
            }

        return cls(access, form, clock)

    async def use(self, transport: httpx2.AsyncBaseTransport) -> None:
        """Sends what follows through another transport (tests)."""
        await self._http.aclose()
        self._http = httpx2.AsyncClient(transport=transport, timeout=SECONDS_MAX)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes the connections."""
        await self._http.aclose()

    async def token(self) -> str:
        """An access token bound to this client's key, asked for when there is none that lasts. Raises OperatorError."""
        now_s = self._clock.now().timestamp()
        if now_s < self._good_until_s:
            return self._token
        url = f"{self._access.issuer}/token"
        headers = {"dpop": self.key.proof("POST", url, int(now_s), self._clock)}
        try:
            answer = await self._http.post(url, data=self._form(), headers=headers)
        except httpx2.HTTPError as error:
            raise OperatorError(f"The demonstration's issuer does not answer ({type(error).__name__}).") from error
        content: dict[str, Any] = answer.json()
        if answer.status_code != httpx2.codes.OK:
            why = content.get("error_description", answer.status_code)
            raise OperatorError(
                f"The issuer gives no token: {why}. `make run` printed the accounts.",
                f"L'émetteur ne donne pas de jeton : {why}. `make run` a affiché les comptes.",
            )
        self._token, self._good_until_s = content["access_token"], now_s + content["expires_in"] - RENEW_S
        return self._token

    async def call(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> httpx2.Response:
        """The answer to one signed request; a request for a nonce is followed once. Raises OperatorError, HTTPError."""
        answer = await self._send(method, path, body, headers or {})
        if answer.status_code == httpx2.codes.UNAUTHORIZED and _asks_for_nonce(answer):
            answer = await self._send(method, path, body, headers or {})
        return answer

    async def fetch_nonce(self, path: str) -> None:
        """Asks the server for the nonce that its next proof must carry, by a request to `path` that it sends back."""
        await self._send("GET", path, None, {})

    def follow(self, nonce: str) -> None:
        """Puts a server's nonce into the proofs to come."""
        self._nonce = nonce

    async def signed(self, method: str, path: str) -> dict[str, str]:
        """The Authorization and DPoP headers of one request."""
        token = await self.token()
        return {"authorization": f"DPoP {token}", "dpop": self._proof(method, path, token)}

    async def proofs_in_advance(self, count: int, method: str, path: str) -> list[str]:
        """`count` DPoP headers for the same token and address, for a load that signs nothing while it runs.

        Good while the token and the nonce are: fetch the nonce first, by any call.
        """
        token = await self.token()
        return [self._proof(method, path, token) for _ in range(count)]

    async def _send(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> httpx2.Response:
        url = self.address_of(path)
        signed = await self.signed(method, path)
        answer = await self._http.request(method, url, content=body, headers={**headers, **signed})
        self._nonce = answer.headers.get(_NONCE_HEADER, self._nonce)
        return answer

    def _proof(self, method: str, path: str, token: str) -> str:
        now_s = int(self._clock.now().timestamp())
        address = self.address_of(path).partition("?")[0]
        return self.key.proof(method, address, now_s, self._clock, token, self._nonce)

    def address_of(self, path: str) -> str:
        """The whole address of a path of the API."""
        return self._access.api + path


def _asks_for_nonce(answer: httpx2.Response) -> bool:
    offered = answer.headers.get("www-authenticate", "")
    return 'error="use_dpop_nonce"' in offered and _NONCE_HEADER in answer.headers
