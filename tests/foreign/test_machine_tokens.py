"""Software that we did not write: an application known by its key, and one by its certificate, at an oidc-provider."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from joserfc.jwk import ECKey

from beffroi.servers.proxies import Proxies
from foreign_api import served
from foreign_node import script_beside_modules

pytestmark = pytest.mark.foreign


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
    proxies = Proxies(["127.0.0.1"], certificates=True)
    async with served(issuer, {"urgences": 1, "automate": 2}, proxies) as url:
        output, problems = await asyncio.wait_for(node.communicate(url.encode() + b"\n"), 60)
    told = [json.loads(line) for line in output.decode().splitlines() if line.startswith("{")]
    assert len(told) == 5, problems.decode()[-2_000:]
    assert {one["body"] for one in told if one["bound"]} == {
        "application urgences hospital_application",
        "application automate hospital_application",
    }
    assert {one["status"] for one in told if not one["bound"]} == {401}
