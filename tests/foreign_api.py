"""The authenticator on a socket, for foreign issuers and clients: an application that answers who asked."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from beffroi.access.issuers import TrustedIssuer
from beffroi.access.nonces import Nonces
from beffroi.access.professional import Grant
from beffroi.actions.sign_in import SignIn, nothing_recorded
from beffroi.clock import Clock
from beffroi.errors import NotAuthenticated
from beffroi.model.account import AccountId, AccountKind, Role
from beffroi.model.hospitals import Hospitals
from beffroi.model.person import HospitalId
from beffroi.outbound.issuer_keys import IssuerKeys
from beffroi.servers.authentication import Authenticator
from beffroi.servers.exchange import header_dict
from beffroi.servers.http_server import HttpLimits, listen, serve_http
from beffroi.servers.proxies import Proxies
from beffroi.store.accounts import AccountStore, StoredAccount
from credentials import DOCTOR_CODE
from doubles import HOSPITALS


class Accounts(AccountStore):
    """Applications of one hospital by their subjects, and people who may come."""

    def __init__(self, applications: Mapping[str, int]) -> None:
        self._applications = applications

    async def find(self, issuer: str, subject: str) -> StoredAccount | None:
        if subject not in self._applications:
            return None
        grant = Grant(HospitalId(1), Role.HOSPITAL_APPLICATION)
        return StoredAccount(AccountId(self._applications[subject]), AccountKind.APPLICATION, (grant,))

    async def remember_names(self, *_: object) -> None:
        """Nobody ends a session here."""

    async def create_person(self, issuer: str, subject: str) -> StoredAccount:
        return StoredAccount(AccountId(100), AccountKind.PERSON, ())


def _api(authenticator: Authenticator, public_url: str) -> Any:
    """An application that answers who asked."""

    async def answer(scope: Any, _receive: Any, send: Any) -> None:
        url = public_url + scope["raw_path"].decode()
        headers: list[tuple[str, str]] = [("dpop-nonce", authenticator.nonce())]
        try:
            async with authenticator.admit(scope["method"], url, header_dict(scope["headers"]), "127.0.0.1") as who:
                status, body = 200, f"{who.asker.kind} {who.asker.subject} {who.asker.role}"
        except NotAuthenticated as error:
            status, body, headers = 401, "", list(authenticator.challenges(error))
        raw = [(name.encode(), value.encode()) for name, value in headers]
        await send({"type": "http.response.start", "status": status, "headers": raw})
        await send({"type": "http.response.body", "body": body.encode()})

    return answer


@asynccontextmanager
async def served(issuer: str, applications: Mapping[str, int], proxies: Proxies | None = None) -> AsyncIterator[str]:
    """The address of an API that trusts this issuer for "urn:beffroi" and knows these applications."""
    trusted = TrustedIssuer(issuer=issuer, audiences=frozenset({"urn:beffroi"}), roles={DOCTOR_CODE: Role.WARD_DOCTOR})
    sign_in = SignIn(Accounts(applications), Hospitals(HOSPITALS), Clock(), nothing_recorded)
    keys, behind = [IssuerKeys(trusted, Clock())], [proxies] if proxies else []
    authenticator = Authenticator(keys, sign_in, Nonces(os.urandom(32)), Clock(), *behind)
    await authenticator.start()
    listening, stopping = listen("127.0.0.1", 0), asyncio.Event()
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    serving = asyncio.create_task(serve_http(_api(authenticator, url), listening, HttpLimits(50, 1), stopping))
    try:
        yield url
    finally:
        stopping.set()
        await serving
        await authenticator.stop()
        listening.close()
