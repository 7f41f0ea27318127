"""Software that we did not write: oidc-provider issues the tokens, openid-client signs the proofs."""

import asyncio
import json
from pathlib import Path

import pytest

from foreign_api import served
from foreign_node import script_beside_modules

pytestmark = pytest.mark.foreign


async def test_a_foreign_issuer_and_client(tmp_path: Path) -> None:
    """Tokens of software and of people (a pushed request, PKCE) are accepted by each algorithm; a nonce is followed."""
    script = script_beside_modules("sign_in.mjs", tmp_path)
    pipe = asyncio.subprocess.PIPE
    node = await asyncio.create_subprocess_exec("node", str(script), stdin=pipe, stdout=pipe, cwd=tmp_path)
    assert node.stdin is not None and node.stdout is not None
    issuer = (await node.stdout.readline()).decode().strip()
    async with served(issuer, {"urgences": 1}) as url:
        output, _ = await asyncio.wait_for(node.communicate(url.encode() + b"\n"), 60)
    told = [json.loads(line) for line in output.decode().splitlines() if line.startswith("{")]
    assert len(told) == 24 and {line["status"] for line in told} == {200}
    assert {line["body"] for line in told} == {
        "application urgences hospital_application",
        "person ANS-FOREIGN-1 ward_doctor",
    }
    assert {line["algorithm"] for line in told} == {"ES256", "PS256", "RS256", "Ed25519"}
    assert sum(line["followed"] for line in told) <= 12
