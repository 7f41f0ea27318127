"""The archive in S3-compatible storage: moto, a server that we did not write, on a real socket.

Installed once, from the package index, in a folder of the cache.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import msgspec
import pytest

from archived import TODAY, old
from beffroi.actions.archive import Mover, Signing
from beffroi.actions.audit import audit
from beffroi.actions.house import open_house
from beffroi.actions.investigate import Investigation
from beffroi.model.selection import Selection
from beffroi.store.archive import Archive
from beffroi.store.archive_moves import MOVE_SETTINGS, ArchiveMoves
from beffroi.store.archive_place import Bucket, Location, place_at
from beffroi.store.database import ROLE_ARCHIVER, ROLE_SEALER, Database
from beffroi.store.ledger_audit import AUDIT_SETTINGS
from deployments import free_port
from disclosed import KEY, ORIGIN, disclose, seal_all, sealer

MOTO = "5.2.5"
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "beffroi-tests" / f"moto-{MOTO}"
INSTALL_S_MAX, START_S_MAX = 300, 60
pytestmark = pytest.mark.foreign


@pytest.fixture(scope="module")
def location() -> Iterator[Location]:
    """A bucket on a server of this machine."""
    if not (CACHE / "moto").is_dir():
        partial = CACHE.with_name(f"{CACHE.name}.{os.getpid()}")
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(partial), f"moto[server]=={MOTO}"]
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=INSTALL_S_MAX)
        except (subprocess.SubprocessError, OSError):
            shutil.rmtree(partial, ignore_errors=True)
            pytest.skip("moto could not be had from the package index")
        CACHE.parent.mkdir(parents=True, exist_ok=True)
        partial.rename(CACHE)
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        env={**os.environ, "PYTHONPATH": str(CACHE)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    endpoint = f"http://127.0.0.1:{port}"
    try:
        deadline_s = time.monotonic() + START_S_MAX
        while True:
            try:
                httpx2.put(f"{endpoint}/archive", timeout=5)
                break
            except httpx2.TransportError:
                assert server.poll() is None and time.monotonic() < deadline_s
                time.sleep(0.2)
        yield Location(
            bucket="archive", prefix="region/one", endpoint=endpoint, region="us-east-1", access_key="a", secret_key="s"
        )
    finally:
        server.kill()
        server.wait()


def test_a_bucket_holds_files_whole(location: Location, tmp_path: Path) -> None:
    """Put, listed, read, taken away; what is not there is an error to read and none to take away."""
    place = place_at(location)
    assert isinstance(place, Bucket)
    (tmp_path / "one").write_bytes(b"x" * 3_000_000)
    assert place.names() == set()
    place.put(tmp_path / "one", "000000-x.bin")
    assert place.names() == {"000000-x.bin"}
    with place.reading("000000-x.bin") as file:
        assert len(file.read()) == 3_000_000
    place.delete("000000-x.bin")
    place.delete("000000-x.bin")
    assert place.names() == set()
    with pytest.raises(OSError), place.reading("000000-x.bin") as file:
        file.read()


async def test_a_scope_and_an_audit_of_what_lies_in_a_bucket(
    location: Location, database: Database, hospitals, deployment, clock, dsn_of: Callable[[str], str]
) -> None:
    """Moved there, asked there, audited there: the same answer as before, and no fault; a changed byte is one."""
    await disclose(database, [old(1 + n % 3, 1 + n // 3) for n in range(90)])
    async with await Database.open(dsn_of(ROLE_SEALER), size=2) as own:
        await seal_all(sealer(own))
    house = await open_house(database, clock)
    asked = [(Selection(accounts=(2,)),), (Selection(people=(7,)),), (Selection(query=(("family", "Mar7"),)),)]
    before = Investigation(database, house.gate, house.references, house.hospitals, clock)
    expected = [await before.scope(one) for one in asked]
    place = place_at(location)
    async with await Database.open(dsn_of(ROLE_ARCHIVER), size=2, **MOVE_SETTINGS) as mine:
        moved = await Mover(ArchiveMoves(mine), place, Signing(ORIGIN, [KEY]), TODAY, hot_days=90).run(everything=True)
    assert [one.disclosures for one in moved] == [90]
    archive = Archive(msgspec.to_builtins(location))
    after = Investigation(database, house.gate, house.references, house.hospitals, clock, archive)
    assert [await after.scope(one) for one in asked] == expected
    async with await Database.open(dsn_of(ROLE_SEALER), size=2, **AUDIT_SETTINGS) as own:
        found = await audit(own, [KEY.verifier()], ORIGIN, TODAY, place=place)
        assert found.sound, [one.words().english for one in found.found]
        name = next(name for name in place.names() if "by-account" in name)
        with place.reading(name) as file:
            content = bytearray(file.read())
        content[100] ^= 1
        httpx2.put(f"{location.endpoint}/archive/region/one/{name}", content=bytes(content), timeout=30)
        found = await audit(own, [KEY.verifier()], ORIGIN, TODAY, place=place)
        assert [one.fault.name for one in found.found] == ["FILE_CHANGED"]
    await house.close()
