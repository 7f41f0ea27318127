"""Software that we did not write: npm `node-hl7-client` feeds and asks over MLLP, with mutual TLS and accents."""

import asyncio
import json
from pathlib import Path

import pytest

from beffroi.actions.connections import Connections
from beffroi.actions.house import open_house
from beffroi.actions.register import Registrar
from beffroi.clock import Clock
from beffroi.model.account import Role
from beffroi.model.person import HospitalId
from beffroi.servers.mllp_messages import Messages
from beffroi.servers.mllp_server import tls_context
from beffroi.store.credentials import CredentialStore
from beffroi.store.database import Database
from beffroi.store.registers import ApplicationEntry, Credential, copy_registers
from doubles import HOSPITALS
from foreign_node import script_beside_modules
from servers.mllp_certificates import Authority
from servers.mllp_doubles import REGION, serving
from wire.hl7_messages import message, pid

pytestmark = pytest.mark.foreign
FEED = f"42^^^&{HOSPITALS[0].oid}&ISO^PI"


async def test_a_foreign_client_over_mutual_tls(
    dsn: str, deployment: object, database: Database, tmp_path: Path, clock: Clock
) -> None:
    """Its certificate names its hospital; what it feeds with accents it finds with accents, in its own parser."""
    authority = Authority(tmp_path)
    server, client = authority.issue("server"), authority.issue("client")
    credential = Credential(f"x5t:{client.thumbprint.hex()}", may_feed=True, may_query=True)
    entry = ApplicationEntry("DPI", "urn:test", "DPI", HospitalId(1), Role.HOSPITAL_APPLICATION, (credential,))
    await copy_registers(dsn, HOSPITALS, [entry])
    house = await open_house(database, clock)
    registrar = Registrar(database, clock)
    await registrar.start()
    callers = Connections(CredentialStore(database), house.hospitals, clock)
    messages = Messages(registrar, house.finder, callers.caller, clock, REGION)
    header = "MSH|^~\\&|DPI|ANY|BEFFROI|R|20261124090000||{}|{}|P|2.5^FRA^2.11|||||FRA|UNICODE UTF-8"
    traits = {"names": "NOËL-ÇÀ^ÉLÉONORE^^^^^L", "f7": "19800412", "f8": "F", "f11": "^^^^^^BDL^^59350", "f32": "VALI"}
    sent = [
        message(header.format("ADT^A28^ADT_A05", "1"), "EVN||20261124090000", pid(ids=FEED, **traits)),
        message(header.format("QBP^Q22^QBP_Q21", "2"), "QPD|IHE PDQ Query|T1|@PID.3.1^42", "RCP|I"),
    ]
    lines = "".join(json.dumps(one.decode().rstrip("\r")) + "\n" for one in sent)
    script = await asyncio.to_thread(script_beside_modules, "hl7_client.mjs", tmp_path)
    context = tls_context(server.certificate, server.key, authority.file)
    try:
        async with serving(messages, tls=context) as door:
            command = ["node", str(script), str(door.port), authority.file, client.certificate, client.key]
            pipe = asyncio.subprocess.PIPE
            node = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, stderr=pipe, cwd=tmp_path)
            output, problems = await asyncio.wait_for(node.communicate(lines.encode()), 60)
    finally:
        await registrar.stop()
        await house.close()
    replies = [json.loads(line) for line in output.decode().splitlines()]
    assert len(replies) == 2, problems.decode()[-2000:]
    assert "MSA|AA|1" in replies[0]
    assert "QAK|T1|OK" in replies[1] and "NOËL-ÇÀ^ÉLÉONORE" in replies[1]
