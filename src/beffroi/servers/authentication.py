"""Who asks, by HTTP: from a request's headers to an asker, with a place held for them while the request is under way.

    async with authenticator.admit(method, url, headers, peer) as who:
        ...

The order is cheap before dear and nothing before possession: the token (remembered once verified), the account's place,
the proof or the certificate, and only then the account, which a first request creates and whose sign-in it records. A
proof's single use is the gate's affair: `who.proof` must be handed to it.

Source: RFC 6750 sections 2 and 3, RFC 9449 sections 7 to 9, RFC 8705 section 3, RFC 9470 section 3.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from hmac import compare_digest
from types import TracebackType
from typing import Final

from beffroi.access.compact import ALGORITHMS
from beffroi.access.dpop import ProofKeys, Request, verify_proof
from beffroi.access.nonces import Nonces
from beffroi.access.professional import check_acr, claimed
from beffroi.access.rejection import STEP_UP, Reason, Rejected
from beffroi.access.tokens import read_token, verify_token
from beffroi.access.verified import Verified, VerifiedTokens
from beffroi.actions.sign_in import SignIn
from beffroi.clock import Clock
from beffroi.errors import NotAuthenticated, Unavailable, UnknownAccount, Words
from beffroi.model.account import Asker
from beffroi.model.containment import Stop
from beffroi.model.disclosure import Proof
from beffroi.outbound.introspection import FRESH_S
from beffroi.outbound.issuer_keys import IssuerKeys
from beffroi.servers.admission import Admission
from beffroi.servers.proxies import Proxies
from beffroi.telemetry import Event, log
from beffroi.telemetry.metrics import Rejection, count_rejection

_ALGORITHMS: Final = " ".join(sorted(ALGORITHMS))
_DPOP: Final = "dpop"
_BEARER: Final = "bearer"
_LOGGED: Final = frozenset({"audience", "unbound", "binding", "proof"})
"""Groups of reasons that take a token which its issuer signed. What anybody can send is counted, and fills no log."""
_KEYS: Final = Words("The keys of the sign-in service", "Le trousseau du service d'identification")

Headers = Mapping[str, str]
"""By lower-case name; the values of a header that came several times joined by ", "."""


@dataclass(frozen=True, slots=True)
class Authenticated:
    """Who asks, and the proof to be burnt with their first disclosure."""

    asker: Asker
    proof: Proof | None


class Authenticator:
    """The tokens, keys and accounts of one process. `start` before use, `stop` at the end."""

    def __init__(
        self,
        issuers: Sequence[IssuerKeys],
        sign_in: SignIn,
        nonces: Nonces,
        clock: Clock,
        proxies: Proxies | None = None,
        admission: Admission | None = None,
    ) -> None:
        self._issuers = {keys.issuer.issuer: keys for keys in issuers}
        self._sign_in = sign_in
        self._nonces = nonces
        self._clock = clock
        self._proxies = proxies or Proxies()
        self._admission = admission or Admission()
        self._tokens = VerifiedTokens()
        self._proof_keys = ProofKeys()
        self._tasks: list[asyncio.Task[None]] = []
        self._acr_values = " ".join(sorted({acr for keys in issuers for acr in keys.issuer.acr_values}))
        self._proving = " ".join(sorted({acr for keys in issuers for acr in keys.issuer.proving_acr_values}))
        self._bearer = any(keys.issuer.bearer_allowed for keys in issuers)
        for keys in issuers:
            keys.changed = partial(self._tokens.forget_issuer, keys.issuer.issuer)

    async def start(self) -> None:
        """Fetches every issuer's keys, then keeps them fresh. An issuer that is away does not prevent the start."""
        await asyncio.gather(*(keys.refresh() for keys in self._issuers.values()))
        self._tasks = [asyncio.create_task(keys.run()) for keys in self._issuers.values()]

    async def stop(self) -> None:
        """Ends the refreshing."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    def forget_stopped(self, stop: Stop) -> None:
        """What is remembered of whoever a containment concerns is read again at their next request."""
        self._sign_in.forget_stopped(stop)

    def admit(self, method: str, url: str, headers: Headers, peer: str) -> "Admitted":
        """A context in which the request is under way; entering it gives `Authenticated`.

        `url` is the address as the client saw it: the configured public address and the raw path, never the Host
        header; its query does not count. Entering raises NotAuthenticated (`Rejected`), UnknownAccount,
        TooManyInFlight, Unavailable, or what the record of a new sign-in raises.
        """
        return Admitted(self, method, url, headers, peer)

    def nonce(self) -> str:
        """The value of DPoP-Nonce, for every answer: so a client has the next one before the last has expired."""
        return self._nonces.current(self._clock.now().timestamp())

    def challenges(self, error: NotAuthenticated) -> tuple[tuple[str, str], ...]:
        """The headers that belong to a 401: WWW-Authenticate for each scheme accepted here, and DPoP-Nonce."""
        described = _described(error)
        if error.error == STEP_UP:
            described += self._wanted(error)
        offered = [("www-authenticate", f'DPoP realm="beffroi", algs="{_ALGORITHMS}"{described}')]
        if self._bearer or self._proxies.certificates:
            # A refused proof is no affair of bearers (RFC 9449 section 7.1).
            offered.append(
                ("www-authenticate", 'Bearer realm="beffroi"' + ("" if "dpop" in error.error else described))
            )
        return (*offered, ("dpop-nonce", self.nonce()))

    def _wanted(self, error: NotAuthenticated) -> str:
        """How to authenticate: by a stronger means; when the watch asks, anew by one that cannot be phished."""
        asked_by_the_watch = not isinstance(error, Rejected)
        levels = self._proving if asked_by_the_watch else self._acr_values
        wanted = f', acr_values="{levels}"' if levels else ""
        return wanted + (', max_age="0"' if asked_by_the_watch and levels else "")

    async def enter(self, method: str, url: str, headers: Headers, peer: str) -> tuple[Authenticated, "Place"]:
        """What `admit` does on entering; whoever calls it must give the place back by `leave`."""
        try:
            return await self._enter(method, url, headers, peer)
        except Rejected as rejected:
            count_rejection(Rejection(rejected.reason.value.group))
            if rejected.reason.value.group in _LOGGED:
                log(Event.TOKEN_REJECTED, reason=rejected.reason)
            raise
        except UnknownAccount:
            count_rejection(Rejection.UNKNOWN_ACCOUNT)
            log(Event.TOKEN_REJECTED, reason=Rejection.UNKNOWN_ACCOUNT)
            raise

    async def verified(self, token: bytes) -> Verified:
        """The token, once everything but its holder is checked: for whoever holds its key themselves (the console).

        Raises NotAuthenticated (`Rejected`), Unavailable.
        """
        digest = sha256(token).digest()
        now_s = self._clock.now().timestamp()
        return self._tokens.get(digest, now_s) or await self._verify(token, digest)

    def leave(self, place: "Place") -> None:
        """The request is over."""
        self._admission.leave(place)

    async def _enter(self, method: str, url: str, headers: Headers, peer: str) -> tuple[Authenticated, "Place"]:
        scheme, token = _credentials(headers)
        certificate = self._proxies.certificate(headers, peer)
        now_s = self._clock.now().timestamp()
        digest = sha256(token).digest()
        verified = self._tokens.get(digest, now_s) or await self._verify(token, digest)
        place = (verified.who.issuer, verified.who.subject)
        await self._admission.enter(place)
        try:
            request = Request(method, url, digest, verified.key)
            proof = self._check_holder(scheme, verified, request, headers, certificate)
            network = self._proxies.network(headers, peer)
            asker = self._sign_in.known(verified, network, now_s)
            if asker is None:
                asker = await self._sign_in.asker(verified, network)
            return Authenticated(asker, proof), place
        except BaseException:
            self._admission.leave(place)
            raise

    async def _verify(self, token: bytes, digest: bytes) -> Verified:
        unverified = read_token(token, digest)
        keys = self._issuers.get(unverified.issuer)
        if keys is None:
            raise Rejected(Reason.ISSUER)
        trust = keys.trust(self._clock.now().timestamp())
        if trust is None or not trust.knows(unverified):
            await keys.look_for(unverified)
            trust = keys.trust(self._clock.now().timestamp())
        if trust is None:
            raise Unavailable(what=_KEYS)
        access = verify_token(unverified, trust, self._clock.now().timestamp())
        who = claimed(access.claims)
        check_acr(who, keys.issuer.acr_values)
        verified = Verified.of(access, who, keys.issuer)
        if keys.introspection is not None:
            await keys.introspection.check(token)
            fresh_until_s = self._clock.now().timestamp() + FRESH_S
            verified = replace(verified, expires_at_s=min(verified.expires_at_s, fresh_until_s))
        self._tokens.put(verified)
        return verified

    def _check_holder(
        self, scheme: str, verified: Verified, request: Request, headers: Headers, certificate: bytes | None
    ) -> Proof | None:
        """The proof, when the token is bound to a key. Raises `Rejected` unless whoever asks holds what it is bound to.

        A token that is bound to a key and presented as a bearer's is refused (RFC 9449 section 7.2).
        """
        if verified.certificate:
            if certificate is None:
                raise Rejected(Reason.NO_CERTIFICATE)
            if not compare_digest(certificate, verified.certificate):
                raise Rejected(Reason.CERTIFICATE_HOLDER)
        if not verified.key:
            if scheme != _BEARER:
                raise Rejected(Reason.SCHEME)
            return None
        proof = headers.get("dpop", "")
        if scheme != _DPOP or not proof:
            raise Rejected(Reason.NO_PROOF)
        if "," in proof:
            raise Rejected(Reason.PROOF_TWICE)
        nonces = self._nonces if verified.issuer.nonce_required else None
        now_s = self._clock.now().timestamp()
        return verify_proof(proof.encode("latin-1", "replace"), request, now_s, self._proof_keys, nonces).proof


Place = tuple[str, str]


class Admitted:
    """One request under way: see `Authenticator.admit`."""

    __slots__ = ("_authenticator", "_place", "_request")

    def __init__(self, authenticator: Authenticator, method: str, url: str, headers: Headers, peer: str) -> None:
        self._authenticator = authenticator
        self._request = (method, url, headers, peer)
        self._place: Place = ("", "")

    async def __aenter__(self) -> Authenticated:
        who, self._place = await self._authenticator.enter(*self._request)
        return who

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._authenticator.leave(self._place)


def _credentials(headers: Headers) -> tuple[str, bytes]:
    """The scheme in lower case and the token. A token elsewhere (form, query) is not looked at (RFC 9700)."""
    value = headers.get("authorization")
    if not value:
        raise Rejected(Reason.NO_TOKEN)
    scheme, _, token = value.partition(" ")
    scheme = scheme.lower()
    if scheme not in (_DPOP, _BEARER) or not token or "," in token:
        raise Rejected(Reason.SCHEME)
    return scheme, token.strip(" ").encode("latin-1", "replace")


def _described(error: NotAuthenticated) -> str:
    """Without a token there is no error code (RFC 6750 section 3.1). Our own texts hold no quotation mark."""
    if not error.error:
        return ""
    why = str(error.parameters["why"]).replace("\\", "").replace('"', "'").encode("ascii", "replace").decode()
    return f', error="{error.error}", error_description="{why}"'
