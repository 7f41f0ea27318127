"""Software that we did not write: oidc-provider issues the tokens, openid-client signs the proofs."""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import pytest

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
from beffroi.store.accounts import AccountStore, StoredAccount
from credentials import DOCTOR_CODE
from doubles import HOSPITALS
from foreign_node import script_beside_modules

pytestmark = pytest.mark.foreign


class Accounts(AccountStore):
    """One application, and people who may come."""

    def __init__(self) -> None:
        pass

    async def find(self, issuer: str, subject: str) -> StoredAccount | None:
        grant = Grant(HospitalId(1), Role.HOSPITAL_APPLICATION)
        return StoredAccount(AccountId(1), AccountKind.APPLICATION, (grant,)) if subject == "urgences" else None

    async def remember_names(self, *_: object) -> None:
        """Nobody ends a session here."""

    async def create_person(self, issuer: str, subject: str) -> StoredAccount:
        return StoredAccount(AccountId(2), AccountKind.PERSON, ())


def api(authenticator: Authenticator, public_url: str) -> Any:
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


async def test_a_foreign_issuer_and_client(tmp_path: Path) -> None:
    """Tokens of software and of people (a pushed request, PKCE) are accepted by each algorithm; a nonce is followed."""
    script = script_beside_modules("sign_in.mjs", tmp_path)
    pipe = asyncio.subprocess.PIPE
    node = await asyncio.create_subprocess_exec("node", str(script), stdin=pipe, stdout=pipe, cwd=tmp_path)
    assert node.stdin is not None and node.stdout is not None
    issuer_url = (await node.stdout.readline()).decode().strip()
    trusted = TrustedIssuer(
        issuer=issuer_url, audiences=frozenset({"urn:beffroi"}), roles={DOCTOR_CODE: Role.WARD_DOCTOR}
    )
    sign_in = SignIn(Accounts(), Hospitals(HOSPITALS), Clock(), nothing_recorded)
    authenticator = Authenticator([IssuerKeys(trusted, Clock())], sign_in, Nonces(os.urandom(32)), Clock())
    await authenticator.start()
    listening, stopping = listen("127.0.0.1", 0), asyncio.Event()
    public_url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    serving = asyncio.create_task(serve_http(api(authenticator, public_url), listening, HttpLimits(50, 1), stopping))
    try:
        output, _ = await asyncio.wait_for(node.communicate(public_url.encode() + b"\n"), 60)
    finally:
        stopping.set()
        await serving
        await authenticator.stop()
        listening.close()
    told = [json.loads(line) for line in output.decode().splitlines() if line.startswith("{")]
    assert len(told) == 24 and {line["status"] for line in told} == {200}
    assert {line["body"] for line in told} == {
        "application urgences hospital_application",
        "person ANS-FOREIGN-1 ward_doctor",
    }
    assert {line["algorithm"] for line in told} == {"ES256", "PS256", "RS256", "Ed25519"}
    assert sum(line["followed"] for line in told) <= 12
