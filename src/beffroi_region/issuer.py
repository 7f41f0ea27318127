"""The demonstration's sign-in issuer: OpenID discovery, keys, and tokens that are bound to a key (DPoP).

Anybody on this machine can be anybody here, of people who do not exist. So it listens on the loopback alone, makes its
keys at random with numbers that `serve` refuses, and does not start without a folder of the demonstration and a
database that says it is one.

Source: OpenID Connect Discovery 1.0; RFC 6749 section 5; RFC 7523 section 2.2 (private_key_jwt); RFC 9449 section 5.
"""

import hmac
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from beffroi.access.compact import PublicKey, decode_part, import_key, is_compact, parts_of
from beffroi.access.dpop import ProofKeys, Request, verify_proof
from beffroi.access.issuers import DEMO_PREFIX
from beffroi.access.rejection import Rejected
from beffroi.access.remembered import Remembered
from beffroi.clock import Clock
from beffroi.errors import OperatorError
from beffroi.model.account import AccountKind
from beffroi.model.person import Hospital
from beffroi.outbound.signing_key import SigningKey, base64url
from beffroi.store.database import Database
from beffroi.store.identities import load_deployment
from beffroi_region.issuer_flow import FLOW_S, CodeFlow, TokenRefused
from beffroi_region.issuer_page import sign_in_page
from beffroi_region.professions import claims_of
from beffroi_region.staff import StaffAccount

AUDIENCE: Final = "urn:beffroi:demo"
LIFETIME_S: Final = 120  # as Pro Santé Connect's
SESSION_S: Final = 4 * 3_600  # as Pro Santé Connect's: for so long one sign-in serves
ASSERTION_S_MAX: Final = 300
BODY_BYTES_MAX: Final = 16_384
SESSIONS_MAX: Final = 10_000
GRANT_ACCOUNT: Final = "urn:beffroi:demo:grant-type:account"
GRANT_CLIENT: Final = "client_credentials"
CONSOLE_CLIENT: Final = "demo-console"
"""The console's client id; its private key is in the demonstration's folder, not in `ACCESS_FILE`."""
GRANT_CODE: Final = "authorization_code"
GRANT_REFRESH: Final = "refresh_token"
ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ACCESS_FILE: Final = "issuer.json"
"""In the demonstration's folder, for its owner alone: where the issuer is, and the secret that opens it."""
_SECRET_BYTES: Final = 32
_KEY_NUMBER_BYTES: Final = 6
_NOT_KEPT: Final = {"cache-control": "no-store"}


class Access(msgspec.Struct, frozen=True):
    """What `ACCESS_FILE` holds: the issuer, the API for which it issues, and the secret of the account grant."""

    issuer: str
    api: str
    secret: str
    clients: dict[str, dict[str, str]] = {}


class _Assertion(msgspec.Struct):
    iss: str
    sub: str
    aud: str | list[str]
    exp: float
    jti: str


_decode_assertion = msgspec.json.Decoder(_Assertion).decode


@dataclass(slots=True)
class DemoIssuer:
    """One issuer at `url`. `clients` are the private keys of the applications, for the demonstration's own clients."""

    url: str
    secret: str
    staff: Sequence[StaffAccount]
    hospitals: Sequence[Hospital]
    clock: Clock
    lifetime_s: int = LIFETIME_S
    keys: list[tuple[str, SigningKey]] = field(default_factory=list)
    clients: dict[str, SigningKey] = field(default_factory=dict)
    flow: CodeFlow = field(default_factory=CodeFlow)
    console: SigningKey | None = None
    _proof_keys: ProofKeys = field(default_factory=ProofKeys)
    _sessions: Remembered[tuple[str, bytes], int] = field(default_factory=lambda: Remembered(SESSIONS_MAX))
    _used: Remembered[str | bytes, bool] = field(default_factory=lambda: Remembered(SESSIONS_MAX))

    def __post_init__(self) -> None:
        self.rotate()
        for account in self.staff:
            if account.kind is AccountKind.APPLICATION:
                self.clients[account.subject] = SigningKey()

    def rotate(self, keep: int = 1) -> None:
        """Signs with a new key from now on; the last `keep` ones are still published."""
        number = f"{DEMO_PREFIX}{base64url(self.clock.token_bytes(_KEY_NUMBER_BYTES))}"
        self.keys = [(number, SigningKey()), *self.keys[:keep]]

    @property
    def metadata(self) -> dict[str, Any]:
        """OpenID Connect Discovery 1.0 section 3, as far as this issuer goes."""
        return {
            "issuer": self.url,
            "jwks_uri": f"{self.url}/jwks",
            "token_endpoint": f"{self.url}/token",
            "authorization_endpoint": f"{self.url}/authorize",
            "pushed_authorization_request_endpoint": f"{self.url}/par",
            "require_pushed_authorization_requests": True,
            "authorization_response_iss_parameter_supported": True,
            "code_challenge_methods_supported": ["S256"],
            "grant_types_supported": [GRANT_CLIENT, GRANT_ACCOUNT, GRANT_CODE, GRANT_REFRESH],
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": ["ES256"],
            "dpop_signing_alg_values_supported": ["ES256"],
            "id_token_signing_alg_values_supported": ["ES256"],
            "subject_types_supported": ["public"],
            "response_types_supported": ["code"],
        }

    @property
    def key_set(self) -> dict[str, Any]:
        """RFC 7517 section 5."""
        return {"keys": [key.jwk | {"kid": kid, "use": "sig", "alg": "ES256"} for kid, key in self.keys]}

    def answer(self, form: Mapping[str, str], proof: str) -> dict[str, Any]:
        """A token for whoever the form proves to be, bound to the proof's key. Raises TokenRefused."""
        now_s = self.clock.now().timestamp()
        try:
            endpoint = Request("POST", f"{self.url}/token", b"", b"")
            held = verify_proof(proof.encode("latin-1", "replace"), endpoint, now_s, self._proof_keys, None)
        except Rejected as rejected:
            raise TokenRefused("invalid_dpop_proof", rejected.reason.value.english) from None
        if self._used.get(held.proof.digest):
            raise TokenRefused("invalid_dpop_proof", "this proof was used before")
        self._used.put(held.proof.digest, True)
        if form.get("grant_type") in (GRANT_CODE, GRANT_REFRESH):
            return self._answer_sign_in(form, held.thumbprint)
        token = self.token(self._account(form), held.thumbprint)
        return {"access_token": token, "token_type": "DPoP", "expires_in": self.lifetime_s}

    def push(self, form: Mapping[str, str]) -> str:
        """The reference of a sign-in that its client asks for (RFC 9126). Raises TokenRefused."""
        client = self._client(form)
        return self.flow.push(client, form, self.clock)

    def _answer_sign_in(self, form: Mapping[str, str], thumbprint: bytes) -> dict[str, Any]:
        """The tokens of somebody who signed in here, and later ones of the same sign-in."""
        client = self._client(form)
        if form["grant_type"] == GRANT_CODE:
            signed_in = self.flow.redeem(client, form, thumbprint, self.clock)
        else:
            signed_in = self.flow.renew(client, form.get("refresh_token", ""), thumbprint)
        account = next(a for a in self.staff if a.name == signed_in.account)
        now_s = int(self.clock.now().timestamp())
        if now_s - signed_in.at_s > SESSION_S:
            raise TokenRefused("invalid_grant", "the session is over")
        names = claims_of(account, self._hospital(account), signed_in.at_s)
        told = {name: names[name] for name in ("sub", "given_name", "family_name", "acr", "auth_time")}
        identity = told | {"iss": self.url, "aud": client, "iat": now_s, "exp": now_s + self.lifetime_s}
        kid, key = self.keys[0]
        return {
            "access_token": self.token(account, thumbprint, client, signed_in.at_s),
            "token_type": "DPoP",
            "expires_in": self.lifetime_s,
            "refresh_token": self.flow.keep(signed_in, self.clock),
            "id_token": key.sign({"typ": "JWT", "kid": kid}, identity | {"nonce": signed_in.nonce}),
        }

    def _hospital(self, account: StaffAccount) -> Hospital:
        return next(h for h in self.hospitals if h.hospital_id == account.hospital_id)

    def token(self, account: StaffAccount, thumbprint: bytes, client: str = "", since_s: int = 0) -> str:
        """An access token of that account (RFC 9068), bound to the key of that thumbprint.

        `client`: for which client, by default the demonstration's own; `since_s`: when the person signed in.
        """
        now_s = int(self.clock.now().timestamp())
        session = (account.name, thumbprint)
        authenticated_at_s = self._sessions.get(session) or now_s
        if now_s - authenticated_at_s > SESSION_S:
            authenticated_at_s = now_s
        self._sessions.put(session, authenticated_at_s)
        for_whom = {"azp": client, "client_id": client} if client else {}
        claims = (
            claims_of(account, self._hospital(account), since_s or authenticated_at_s)
            | for_whom
            | {
                "iss": self.url,
                "aud": AUDIENCE,
                "iat": now_s,
                "exp": now_s + self.lifetime_s,
                "jti": str(self.clock.uuid()),
                "cnf": {"jkt": base64url(thumbprint)},
            }
        )
        kid, key = self.keys[0]
        return key.sign({"typ": "at+jwt", "kid": kid}, claims)

    def _account(self, form: Mapping[str, str]) -> StaffAccount:
        grant = form.get("grant_type", "")
        if grant == GRANT_ACCOUNT:
            if not hmac.compare_digest(form.get("secret", "").encode(), self.secret.encode()):
                raise TokenRefused("invalid_grant", "the secret is in the demonstration's folder")
            found = next((a for a in self.staff if a.name == form.get("account")), None)
            if found is None:
                raise TokenRefused("invalid_grant", "no such account")
            return found
        if grant == GRANT_CLIENT:
            client = self._client(form)
            found = next((a for a in self.staff if a.subject == client), None)
            if found is None:
                raise TokenRefused("unauthorized_client", "this client has no account of its own")
            return found
        raise TokenRefused("unsupported_grant_type", "use client_credentials, or the demonstration's account grant")

    def _client(self, form: Mapping[str, str]) -> str:
        """The client that its own key proves (private_key_jwt); an assertion serves once."""
        raw = form.get("client_assertion", "").encode("latin-1", "replace")
        refused = TokenRefused("invalid_client", "client_assertion does not prove a known client")
        if form.get("client_assertion_type") != ASSERTION_TYPE or not is_compact(raw):
            raise refused
        _, claims, signed, signature = parts_of(raw)
        try:
            assertion = _decode_assertion(decode_part(claims))
            key = self._client_key(assertion.sub)
            verified = key is not None and key.verifies(signed, decode_part(signature))
        except (ValueError, msgspec.MsgspecError, RecursionError):
            raise refused from None
        audiences = [assertion.aud] if isinstance(assertion.aud, str) else assertion.aud
        left_s = assertion.exp - self.clock.now().timestamp()
        ours = assertion.iss == assertion.sub and bool({self.url, f"{self.url}/token"} & set(audiences))
        if not verified or not ours or not 0 < left_s <= ASSERTION_S_MAX or self._used.get(assertion.jti):
            raise refused
        self._used.put(assertion.jti, True)
        return assertion.sub

    def _client_key(self, client: str) -> PublicKey | None:
        key = self.console if client == CONSOLE_CLIENT else self.clients.get(client)
        return None if key is None else import_key(key.jwk, "ES256")


async def open_issuer(
    folder: Path,
    database: Database,
    url: str,
    staff: Sequence[StaffAccount],
    hospitals: Sequence[Hospital],
    clock: Clock,
    lifetime_s: int = LIFETIME_S,
) -> DemoIssuer:
    """The issuer of one demonstration. Raises OperatorError unless folder and database are a demonstration's."""
    deployment = await load_deployment(database)
    if deployment is None or not deployment.demo:
        raise OperatorError("The demonstration's issuer only serves a demonstration: this database is not one.")
    check_folder(folder)
    if not url.startswith("http://127.0.0.1:"):
        raise OperatorError("The demonstration's issuer listens on 127.0.0.1 only.")
    return DemoIssuer(url, base64url(clock.token_bytes(_SECRET_BYTES)), staff, hospitals, clock, lifetime_s)


def check_folder(folder: Path) -> None:
    """Raises OperatorError unless the folder is there and its owner's alone."""
    try:
        state = folder.stat()
    except OSError:
        raise OperatorError(f"The demonstration's folder {folder} is not there.") from None
    if not stat.S_ISDIR(state.st_mode) or state.st_mode & 0o077:
        raise OperatorError(f"The demonstration's folder {folder} is open to others; it must be yours alone (0700).")


def write_access(folder: Path, issuer: DemoIssuer, api: str) -> Path:
    """Writes `ACCESS_FILE`, readable by its owner alone, for `beffroi demo token` and `beffroi demo call`."""
    check_folder(folder)
    clients = {name: key.private_jwk for name, key in issuer.clients.items()}
    target = folder / ACCESS_FILE
    target.unlink(missing_ok=True)
    target.touch(mode=0o600)
    target.write_bytes(msgspec.json.encode(Access(issuer.url, api, issuer.secret, clients)))
    return target


def application(issuer: DemoIssuer) -> Starlette:
    """The issuer as an ASGI application: discovery, keys, tokens, and the page where people sign in."""

    async def metadata(_request: HttpRequest) -> JSONResponse:
        return JSONResponse(issuer.metadata)

    async def key_set(_request: HttpRequest) -> JSONResponse:
        return JSONResponse(issuer.key_set)

    async def token(request: HttpRequest) -> JSONResponse:
        headers = {"cache-control": "no-store"}
        try:
            body = await _body(request)
            form = dict(parse_qsl(body.decode("ascii", "replace"), max_num_fields=32))
            return JSONResponse(issuer.answer(form, request.headers.get("dpop", "")), headers=headers)
        except (TokenRefused, ValueError) as refused:
            error = refused if isinstance(refused, TokenRefused) else TokenRefused("invalid_request", "unreadable form")
            told = {"error": error.error, "error_description": error.description}
            return JSONResponse(told, 401 if error.error == "invalid_client" else 400, headers)

    async def push(request: HttpRequest) -> JSONResponse:
        try:
            form = dict(parse_qsl((await _body(request)).decode("ascii", "replace"), max_num_fields=32))
            return JSONResponse({"request_uri": issuer.push(form), "expires_in": FLOW_S}, 201, _NOT_KEPT)
        except TokenRefused as refused:
            return JSONResponse({"error": refused.error, "error_description": refused.description}, 400, _NOT_KEPT)

    async def authorize(request: HttpRequest) -> Response:
        return sign_in_page(issuer.flow, issuer.staff, issuer.hospitals, dict(request.query_params), request)

    async def choose(request: HttpRequest) -> Response:
        form = dict(parse_qsl((await _body(request)).decode("ascii", "replace"), max_num_fields=32))
        try:
            known = next((a.name for a in issuer.staff if a.name == form.get("account")), "")
            there = issuer.flow.authorize(form.get("request_uri", ""), known, issuer.url, issuer.clock)
        except TokenRefused as refused:
            return Response(refused.description, 400, _NOT_KEPT, "text/plain; charset=utf-8")
        return RedirectResponse(there, 303, _NOT_KEPT)

    return Starlette(
        routes=[
            Route("/.well-known/openid-configuration", metadata),
            Route("/jwks", key_set),
            Route("/token", token, methods=["POST"]),
            Route("/par", push, methods=["POST"]),
            Route("/authorize", authorize, methods=["GET"]),
            Route("/authorize", choose, methods=["POST"]),
        ]
    )


async def _body(request: HttpRequest) -> bytes:
    received = bytearray()
    async for part in request.stream():
        received += part
        if len(received) > BODY_BYTES_MAX:
            raise TokenRefused("invalid_request", "the form is too large")
    return bytes(received)
