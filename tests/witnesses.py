"""Witnesses for tests: a log that grows in memory, and a witness as a process of its own, over HTTP."""

import asyncio
import contextlib
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from beffroi.actions.cosign import Witness
from beffroi.app.witness import WitnessPlan, serve_witness
from beffroi.ledger.checkpoint import Checkpoint, SigningKey, signed
from beffroi.ledger.cosignature import CosigningKey
from beffroi.ledger.epoch import Gap, epoch_origin
from beffroi.ledger.merkle import Frontier, grow
from beffroi.ledger.proofs import consistency_ranges, proof, range_hash
from beffroi.ledger.witness import Submission
from disclosed import KEY, ORIGIN

WITNESS = CosigningKey("witness.test/w1", b"\x11" * 32)
SECOND = CosigningKey("witness.test/w2", b"\x12" * 32)
THIRD = CosigningKey("witness.test/w3", b"\x13" * 32)


class GrownLog:
    """A log of entries that says what to submit; another `story` makes another log under the same name."""

    def __init__(self, size: int, story: str = "", keys: Sequence[SigningKey] = (KEY,), shared: int = 0) -> None:
        entries = [f"{n}" if n < shared else f"{story}{n}" for n in range(size)]
        _, tiles = grow(Frontier(), [one.encode().ljust(32) for one in entries])
        self.tiles = {(tile.level, tile.index): b"".join(tile.hashes) for tile in tiles}
        self.keys = keys

    def root(self, size: int) -> bytes:
        return range_hash((0, size), self.tiles)

    def note(self, size: int, epoch: int = 1) -> str:
        return signed(Checkpoint(epoch_origin(ORIGIN, epoch), size, self.root(size)), self.keys)

    def submission(self, old: int, new: int, epoch: int = 1) -> bytes:
        hashes = proof(consistency_ranges(old, new), self.tiles) if 0 < old < new else []
        return Submission(old, tuple(hashes), self.note(new, epoch)).text().encode()

    def gap(self, kept: int, *known: Checkpoint, epoch: int = 2, reason: str = "a broken disk") -> Gap:
        times = ("2026-11-24T09:00:00.000000Z", "2026-11-25T09:00:00.000000Z")
        trees = tuple(sorted((one.size, one.root) for one in known))
        return Gap(epoch, ORIGIN, kept, self.root(kept), trees, *times, reason)


@asynccontextmanager
async def witness_served(folder: Path, key: CosigningKey = WITNESS, *, create: bool = True) -> AsyncIterator[Witness]:
    """A witness in this process, over real HTTP, as the ledger's configuration names it."""
    folder.mkdir(exist_ok=True)
    stopping, ready = asyncio.Event(), asyncio.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        plan = WitnessPlan(folder / "witness.json", key, [KEY.verifier()], listening, create)
        serving = asyncio.create_task(serve_witness(plan, stopping, ready.set))
        await asyncio.wait({serving, asyncio.create_task(ready.wait())}, return_when=asyncio.FIRST_COMPLETED)
        try:
            yield Witness(key.verifier(), f"http://127.0.0.1:{port}")
        finally:
            stopping.set()
            await serving


@asynccontextmanager
async def witness_process(
    folder: Path, key: CosigningKey = WITNESS, *, port: int = 0, create: bool = True
) -> AsyncIterator[tuple[str, "asyncio.subprocess.Process"]]:
    """`beffroi witness`, with its address; killed at the end, as hard as can be."""
    key_file = folder / "witness.key"
    key_file.write_text(key.secret_text() + "\n", encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "beffroi", "witness", "--key", str(key_file), "--state", str(folder / "witness.json")),
        *("--log", KEY.verifier().text(), "--port", str(port), *(["--create"] if create else [])),
        stdout=asyncio.subprocess.PIPE,
        env={"LANG": "C", "PATH": ""},
    )
    try:
        assert process.stdout is not None
        assert key.verifier().text() in (await process.stdout.readline()).decode()
        yield (await process.stdout.readline()).decode().strip(), process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
