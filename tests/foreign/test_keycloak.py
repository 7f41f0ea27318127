"""Software that we did not write: a real Keycloak, which Pro Santé Connect is, issues tokens bound to keys (DPoP)."""

import asyncio
import json
from pathlib import Path

import pytest
from joserfc.jwk import ECKey

from deployments import free_port
from foreign_api import served
from foreign_keycloak import keycloak
from foreign_node import script_beside_modules

pytestmark = pytest.mark.foreign


async def test_a_real_keycloak(tmp_path: Path) -> None:
    """Its tokens are accepted with their key, and refused without it: an application's; a person's by password, by
    telephone (CIBA), and by exchange (RFC 8693) through an application that signs its assertions (private_key_jwt).
    """
    script = await asyncio.to_thread(script_beside_modules, "keycloak.mjs", tmp_path)
    port = free_port()
    key = ECKey.generate_key("P-256").as_dict(private=True) | {"kid": "relais-1"}
    (tmp_path / "key.json").write_text(json.dumps(key))
    public = {name: value for name, value in key.items() if name != "d"} | {"use": "sig", "alg": "ES256"}
    async with keycloak(tmp_path, {"keys": [public]}, f"http://127.0.0.1:{port}/") as issuer:
        pipe = asyncio.subprocess.PIPE
        async with served(issuer, {"urgences": 1}) as url:
            node = await asyncio.create_subprocess_exec(
                "node", str(script), issuer, url, "key.json", str(port), stdout=pipe, stderr=pipe, cwd=tmp_path
            )
            output, problems = await asyncio.wait_for(node.communicate(), 60)
    told = [json.loads(line) for line in output.decode().splitlines()]
    assert len(told) == 8, problems.decode()[-2_000:]
    assert {one["name"]: one["body"] for one in told if one["bound"]} == {
        "urgences": "application urgences hospital_application",
        **dict.fromkeys(("poste", "telephone", "exchange"), "person ANS-FOREIGN-1 ward_doctor"),
    }
    assert {one["type"] for one in told} == {"dpop"}
    assert {one["status"] for one in told if not one["bound"]} == {401}
