"""Software that we did not write: Go's sumdb/note and sumdb/tlog verify what the ledger publishes.

Needs a Go toolchain, and once its module proxy, for golang.org/x/mod. The program is in ledger_verify/.
"""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest
from starlette.applications import Starlette

from beffroi.actions.publish import Publication
from beffroi.ledger.checkpoint import SigningKey
from beffroi.ledger.merkle import TILE_WIDTH, edge_places
from beffroi.ledger.tiles import Place
from beffroi.servers.ledger_api import ledger_routes
from beffroi.store.database import ROLE_SEALER, Database
from beffroi.store.ledger import LedgerStore
from disclosed import KEY, ORIGIN, disclose, row, seal_all, sealer
from doubles import FakeClock
from opened import opened_as

PROGRAM = Path(__file__).with_name("ledger_verify")
BUILD_S_MAX = 180
pytestmark = [pytest.mark.foreign, pytest.mark.skipif(not shutil.which("go"), reason="needs a Go toolchain")]


@pytest.fixture(scope="module")
def verify(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """The built program."""
    program = tmp_path_factory.mktemp("go") / "ledger_verify"
    built = subprocess.run(
        ["go", "build", "-o", str(program), "."], cwd=PROGRAM, capture_output=True, text=True, timeout=BUILD_S_MAX
    )
    if built.returncode:
        pytest.skip(f"golang.org/x/mod could not be had: {built.stderr.strip().splitlines()[-1]}")

    def run(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
        return subprocess.run([str(program), *map(str, arguments)], capture_output=True, text=True, check=False)

    return run


own = opened_as(ROLE_SEALER)


def places(size: int) -> list[Place]:
    """Every tile and bundle of a tree of so many leaves."""
    found = []
    for level, full, width in edge_places(size):
        widths = [*[TILE_WIDTH] * full, *([width] if width else [])]
        found += [Place(level, index, one) for index, one in enumerate(widths)]
        found += [Place(None, index, one) for index, one in enumerate(widths)] if level == 0 else []
    return found


async def mirror(own: Database, folder: Path, sizes: list[int]) -> None:
    """Fetches over HTTP what anybody may fetch of trees of these sizes."""
    app = Starlette(routes=ledger_routes(Publication(LedgerStore(own), FakeClock())))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://ledger.test") as client:
        for place in {place for size in sizes for place in places(size)}:
            path = folder / "tile" / place.path()
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes((await client.get(f"/tile/{place.path()}")).raise_for_status().content)


async def test_go_verifies_every_checkpoint_and_every_entry(
    database: Database, own: Database, tmp_path: Path, verify: Callable[..., "subprocess.CompletedProcess[str]"]
) -> None:
    """Signatures, consistency from one checkpoint to the next, inclusion of each entry; nothing that was changed."""
    sizes, files = [1, 2, 255, 256, 257, 700], []
    for size in sizes:
        count = await database.pool.fetchval("select count(*) from disclosures")
        await disclose(database, [row(1 + n % 3, 1 + n // 3) for n in range(count, size)])
        await seal_all(sealer(own, [KEY, SigningKey(ORIGIN, bytes(32))]))
        files.append(tmp_path / f"checkpoint-{size}")
        files[-1].write_text(await LedgerStore(own).checkpoint() or "", encoding="utf-8")
    await mirror(own, tmp_path, sizes)
    arguments = (KEY.verifier().text(), ORIGIN, tmp_path, *files)
    verified = verify(*arguments)
    assert (verified.stdout, verified.returncode) == ("verified 700 entries\n", 0)

    stranger = SigningKey(ORIGIN, b"\5" * 32).verifier().text()
    assert verify(stranger, *arguments[1:]).returncode == 1
    for path in ("0/000", "0/002.p/188", "1/000.p/2", "entries/001", "entries/002.p/188"):
        file = tmp_path / "tile" / path
        content = file.read_bytes()
        file.write_bytes(content[:40] + bytes([content[40] ^ 1]) + content[41:])
        assert verify(*arguments).returncode == 1, path
        file.write_bytes(content)
    assert verify(*arguments).returncode == 0
