"""A whole deployment tells a consumer of a change of cross-reference; doctor and command line say how that stands."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from beffroi.actions.register import FeedSource, Registrar
from beffroi.app.serving import serving
from beffroi.clock import Clock
from beffroi.model.account import AccountId
from beffroi.model.person import HospitalId
from beffroi.store.database import ROLE_OWNER, Database
from beffroi.store.registers import set_up
from commands import told
from consumers import ConsumerSink
from deployments import configuration, write_configuration
from doubles import HOSPITALS
from feeding import event


async def test_a_served_deployment_notifies(tmp_path: Path, dsn_of: Callable[[str], str], database: Database) -> None:
    """By the real worker, under its own roles."""
    await set_up(dsn_of(ROLE_OWNER), demo=True, clock=Clock())
    sink = await ConsumerSink().start()
    application = '[[application]]\nname = "DPI"\nhospital = 1\nrole = "cross_reference_application"\n'
    application += 'loopback_facilities = ["DPI"]\n'
    consumer = '[[cross_reference_consumer]]\nname = "dpi"\napplication = "DPI"\nhost = "127.0.0.1"\ntls = false\n'
    consumer += f'port = {sink.port}\ndomains = ["{HOSPITALS[0].oid}", "{HOSPITALS[1].oid}"]\n'
    config = write_configuration(tmp_path, configuration(dsn_of, more=application + consumer))
    registrar = Registrar(database, Clock())
    async with serving(config, demo=True):
        await registrar.start()
        for hospital in (1, 2):
            await registrar.apply(event("7", hospital=hospital), FeedSource(AccountId(1), HospitalId(hospital)))
        await registrar.stop()
        since_s = time.monotonic()
        while not sink.got:
            assert time.monotonic() < since_s + 20
            await asyncio.sleep(0.05)
    await sink.stop()
    assert b"ADT^A31^ADT_A05" in sink.got[0] and HOSPITALS[1].oid.encode() in sink.got[0]
    code, said = await told("doctor", "--demo", "--config", config)
    assert "dpi: " in said
    code, said = await told("notifications", "--demo", "--config", config)
    assert code == 0 and said.startswith("dpi: ")
