"""The published ledger over HTTP: what C2SP tlog-tiles says, cacheable, and nothing else."""

from collections.abc import AsyncIterator
from hashlib import sha256

import httpx2
import pytest
from starlette.applications import Starlette

from beffroi.actions.publish import Publication
from beffroi.ledger.checkpoint import opened
from beffroi.servers.ledger_api import ledger_routes
from beffroi.store.database import ROLE_SEALER, Database
from beffroi.store.ledger import LedgerStore
from disclosed import KEY, disclose, row, seal_all, sealer
from doubles import FakeClock
from opened import opened_as

own = opened_as(ROLE_SEALER)


@pytest.fixture
async def client(own: Database) -> AsyncIterator[httpx2.AsyncClient]:
    app = Starlette(routes=ledger_routes(Publication(LedgerStore(own), FakeClock())))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://ledger.test") as one:
        yield one


async def test_before_the_first_leaf_there_is_nothing(client: httpx2.AsyncClient) -> None:
    """No checkpoint, no tile: 404, and not kept by a cache."""
    for path in ("/checkpoint", "/tile/0/000", "/tile/entries/000.p/1"):
        answer = await client.get(path)
        assert (answer.status_code, answer.headers["cache-control"]) == (404, "no-store")


async def test_tiles_and_entries_are_what_was_sealed(
    database: Database, own: Database, client: httpx2.AsyncClient
) -> None:
    """600 leaves: two full tiles and a partial one, bundles of the same widths, and the level above."""
    await disclose(database, [row(1, n) for n in range(1, 601)])
    await seal_all(sealer(own))
    checkpoint = await client.get("/checkpoint")
    assert opened(checkpoint.text, [KEY.verifier()]).size == 600
    assert checkpoint.headers["content-type"] == "text/plain; charset=utf-8"
    assert checkpoint.headers["cache-control"] == "public, max-age=1"
    leaves = [r[0] for r in await database.pool.fetch("select commitment from leaves order by tree_index")]
    for path, first, end in (("000", 0, 256), ("001", 256, 512), ("002.p/88", 512, 600), ("002.p/5", 512, 517)):
        tile, entries = await client.get(f"/tile/0/{path}"), await client.get(f"/tile/entries/{path}")
        assert tile.content == b"".join(sha256(b"\0" + leaf).digest() for leaf in leaves[first:end])
        assert entries.content == b"".join(b"\0\x20" + leaf for leaf in leaves[first:end])
        for answer in (tile, entries):
            assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
            assert answer.headers["content-type"] == "application/octet-stream"
    assert len((await client.get("/tile/1/000.p/2")).content) == 64


@pytest.mark.parametrize(
    "path", ["0/002", "0/000.p/4", "0/003", "1/000.p/1", "entries/000.p/4", "entries/001", "0/0", "0/%30%30%30%2f"]
)
async def test_what_the_tree_does_not_hold_is_not_found(
    database: Database, own: Database, client: httpx2.AsyncClient, path: str
) -> None:
    """Beyond three leaves there is no tile, whole or partial, and no other spelling of one."""
    await disclose(database, [row(1, n) for n in range(1, 4)])
    await seal_all(sealer(own))
    assert (await client.get(f"/tile/{path}")).status_code == 404
    assert (await client.get("/tile/0/000.p/3")).status_code == 200


async def test_nothing_published_tells_anything(database: Database, own: Database, client: httpx2.AsyncClient) -> None:
    """Neither a nonce nor a word, number or time of a disclosure is among what is published."""
    await disclose(database, [row(1, n) for n in range(1, 20)])
    await seal_all(sealer(own))
    paths = ("checkpoint", "tile/0/000.p/19", "tile/entries/000.p/19")
    content = b"".join([(await client.get(f"/{path}")).content for path in paths])
    for number in range(1, 20):
        one = row(1, number)
        assert one.nonce not in content and one.session_key not in content
    assert b"Mar" not in content and b"1985" not in content
