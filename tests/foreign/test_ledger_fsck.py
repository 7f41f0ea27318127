"""Software that we did not write: Tessera's fsck reads the served ledger whole, and a foreign verifier its cosignature.

Needs a Go toolchain, and once its module proxy, for github.com/transparency-dev. The program is in ledger_fsck/.
"""

import asyncio
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from starlette.applications import Starlette

from beffroi.actions.cosign import Cosigner, WitnessState
from beffroi.actions.publish import Publication
from beffroi.actions.reopen import Reopening
from beffroi.ledger.checkpoint import Checkpoint
from beffroi.ledger.epoch import epoch_origin
from beffroi.servers.http_server import HttpLimits, serve_http
from beffroi.servers.ledger_api import ledger_routes
from beffroi.store.cosigning import CosigningStore
from beffroi.store.database import ROLE_SEALER, Database
from beffroi.store.ledger import LedgerStore
from disclosed import KEY, ORIGIN, disclose, row, seal_all, sealer
from doubles import FakeClock
from opened import opened_as
from witnesses import WITNESS, witness_served

PROGRAM = Path(__file__).with_name("ledger_fsck")
BUILD_S_MAX = 300
FLIP = "update tiles set hashes = set_byte(hashes, 40, get_byte(hashes, 40) # 1)"
pytestmark = [pytest.mark.foreign, pytest.mark.skipif(not shutil.which("go"), reason="needs a Go toolchain")]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built program."""
    built = tmp_path_factory.mktemp("go") / "ledger_fsck"
    done = subprocess.run(
        ["go", "build", "-o", str(built), "."], cwd=PROGRAM, capture_output=True, text=True, timeout=BUILD_S_MAX
    )
    if done.returncode:
        pytest.skip(f"github.com/transparency-dev could not be had: {done.stderr.strip().splitlines()[-1]}")
    return built


own = opened_as(ROLE_SEALER)


@asynccontextmanager
async def served(own: Database) -> AsyncIterator[str]:
    """The published ledger on a socket, as the worker serves it."""
    app = Starlette(routes=ledger_routes(Publication(LedgerStore(own), FakeClock(), 1, [WITNESS.name])))
    stopping, ready = asyncio.Event(), asyncio.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        serving = asyncio.create_task(serve_http(app, listening, HttpLimits(32, 2), stopping, ready=ready.set))
        await ready.wait()
        try:
            yield address
        finally:
            stopping.set()
            await serving


async def fsck(program: Path, *arguments: str) -> tuple[str, int]:
    process = await asyncio.create_subprocess_exec(
        str(program), *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    said, _ = await process.communicate()
    return said.decode(), process.returncode or 0


async def test_a_foreign_fsck_reads_the_ledger_whole(
    database: Database, own: Database, tmp_path: Path, program: Path
) -> None:
    """Entries, tiles, root, our signature and a witness's; in the next epoch too; and it sees what was changed."""
    key, witness_key = KEY.verifier().text(), WITNESS.verifier().text()
    async with served(own) as address, witness_served(tmp_path) as witness:
        cosigner = Cosigner(CosigningStore(own), witness, ORIGIN, [KEY.verifier()], FakeClock())
        for size in (1, 256, 700):
            count = await database.pool.fetchval("select count(*) from disclosures")
            await disclose(database, [row(1 + n % 3, 1 + n // 3) for n in range(count, size)])
            await seal_all(sealer(own))
            assert await cosigner.exchange() is WitnessState.COSIGNED
            said = await fsck(program, address, ORIGIN, key, witness_key)
            assert said == (f"verified {size} entries, 1 cosignatures\n", 0)
        note = await database.pool.fetchval("select note from checkpoints where tree_size = 700")
        assert note
        lost = Checkpoint(ORIGIN, 705, bytes(32))
        trees = await database.pool.fetchrow("select tree_size, root from checkpoints where tree_size = 700")
        kept = [lost, Checkpoint(ORIGIN, trees["tree_size"], trees["root"])]
        again = Reopening(database, ORIGIN, [KEY], [KEY.verifier()], (witness,), FakeClock())
        assert (await again.run("a broken disk", kept)).epoch == 2
        assert await cosigner.exchange() is WitnessState.COSIGNED
        said = await fsck(program, address, epoch_origin(ORIGIN, 2), key, witness_key)
        assert said == ("verified 701 entries, 1 cosignatures\n", 0)
        for change in (
            f"{FLIP} where level = 0 and tile_index = 1",
            f"{FLIP} where level = 1",
            "update leaves set commitment = sha256('x') where tree_index = 300",
        ):
            await database.pool.execute(change)
            assert (await fsck(program, address, epoch_origin(ORIGIN, 2), key, witness_key))[1] == 1, change
            await database.pool.execute(change.replace("sha256('x')", "commitment"))
