"""Software that we did not write: an application known by its key, and one by its certificate, at an oidc-provider."""

import asyncio
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from joserfc.jwk import ECKey

from beffroi.access.issuers import TrustedIssuer
from beffroi.access.nonces import Nonces
from beffroi.access.professional import Grant
from beffroi.actions.sign_in import SignIn, nothing_recorded
from beffroi.clock import Clock
from beffroi.model.account import AccountId, AccountKind, Role
from beffroi.model.hospitals import Hospitals
from beffroi.model.person import HospitalId
from beffroi.outbound.issuer_keys import IssuerKeys
from beffroi.servers.authentication import Authenticator
from beffroi.servers.http_server import HttpLimits, listen, serve_http
from beffroi.servers.proxies import Proxies
from beffroi.store.accounts import StoredAccount
from doubles import HOSPITALS
from foreign.test_sign_in import Accounts, api
from foreign_node import script_beside_modules

pytestmark = pytest.mark.foreign


class Applications(Accounts):
    """Two applications of one hospital."""

    async def find(self, issuer: str, subject: str) -> StoredAccount | None:
        known = {"urgences": AccountId(1), "automate": AccountId(2)}
        grant = Grant(HospitalId(1), Role.HOSPITAL_APPLICATION)
        return StoredAccount(known[subject], AccountKind.APPLICATION, (grant,)) if subject in known else None


def write_certificate(folder: Path, name: str) -> None:
    """A key and a certificate that it signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    start = datetime.now(UTC) - timedelta(minutes=1)
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), 1, start, start + timedelta(days=1))
    (folder / f"{name}.pem").write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    (folder / f"{name}.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


async def test_applications_known_by_key_and_by_certificate(tmp_path: Path) -> None:
    """private_key_jwt with npm `dpop`, and mutual TLS: accepted from whoever holds the key or certificate alone."""
    script = await asyncio.to_thread(script_beside_modules, "machine_tokens.mjs", tmp_path)
    (tmp_path / "key.json").write_text(json.dumps(ECKey.generate_key("P-256").as_dict(private=True)))
    for name in ("client", "server"):
        write_certificate(tmp_path, name)
    pipe = asyncio.subprocess.PIPE
    node = await asyncio.create_subprocess_exec(
        "node", str(script), str(tmp_path), stdin=pipe, stdout=pipe, stderr=pipe, cwd=tmp_path
    )
    assert node.stdout is not None and node.stderr is not None
    issuer = (await node.stdout.readline()).decode().strip()
    sign_in = SignIn(Applications(), Hospitals(HOSPITALS), Clock(), nothing_recorded)
    trusted = TrustedIssuer(issuer=issuer, audiences=frozenset({"urn:beffroi"}), roles={})
    authenticator = Authenticator(
        [IssuerKeys(trusted, Clock())],
        sign_in,
        Nonces(os.urandom(32)),
        Clock(),
        Proxies(["127.0.0.1"], certificates=True),
    )
    await authenticator.start()
    listening, stopping = listen("127.0.0.1", 0), asyncio.Event()
    public_url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    serving = asyncio.create_task(serve_http(api(authenticator, public_url), listening, HttpLimits(50, 1), stopping))
    try:
        output, problems = await asyncio.wait_for(node.communicate(public_url.encode() + b"\n"), 60)
    finally:
        stopping.set()
        await serving
        await authenticator.stop()
        listening.close()
    told = [json.loads(line) for line in output.decode().splitlines() if line.startswith("{")]
    assert len(told) == 5, problems.decode()[-2_000:]
    assert {one["body"] for one in told if one["bound"]} == {
        "application urgences hospital_application",
        "application automate hospital_application",
    }
    assert {one["status"] for one in told if not one["bound"]} == {401}
