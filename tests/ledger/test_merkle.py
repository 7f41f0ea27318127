"""The tree against RFC 6962 written down naively."""

from hypothesis import given, settings
from hypothesis import strategies as st

from beffroi.ledger.merkle import TILE_WIDTH, Frontier, edge_places, fold, grow, leaf_hash
from beffroi.ledger.tiles import Place
from twins.merkle_twin import tree_hash

ENTRIES = [
    bytes.fromhex(h)
    for h in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
"""The entries that Certificate Transparency's reference implementations test their trees with."""
ROOTS = {
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    4: "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    5: "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    6: "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    7: "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}
"""The roots over the first of them, as those tests state them."""


def entries_of(count: int) -> list[bytes]:
    return [number.to_bytes(4, "big") for number in range(count)]


@given(st.lists(st.integers(0, 300), max_size=6))
@settings(max_examples=40, deadline=None)
def test_growing_in_any_steps_gives_the_tree_hash(steps: list[int]) -> None:
    """However entries arrive, the root is that of RFC 6962 over all of them."""
    frontier, entries = Frontier(), []
    for step in steps:
        new = [(len(entries) + i).to_bytes(4, "big") for i in range(step)]
        frontier, _ = grow(frontier, new)
        entries += new
        assert frontier.root() == tree_hash(entries)
    assert frontier.size == len(entries)


def test_three_levels_of_tiles() -> None:
    """70,000 leaves: the root is right and every tile is published where it belongs."""
    frontier, published = Frontier(), {}
    entries = entries_of(70_000)
    for first in range(0, 70_000, 7_001):
        frontier, tiles = grow(frontier, entries[first : first + 7_001])
        published.update({Place(t.level, t.index, len(t.hashes)).path(): t for t in tiles})
    assert frontier.root() == tree_hash(entries)
    full = [t for t in published.values() if t.level == 0 and len(t.hashes) == TILE_WIDTH]
    assert sorted(t.index for t in full) == list(range(70_000 // TILE_WIDTH))
    level_1 = published["1/000"]
    assert level_1.hashes[3] == fold(published["0/003"].hashes)
    assert "2/000.p/1" in published
    edge = {(t.level, t.index): t.hashes for t in published.values() if t.level == 0 and t.index == 70_000 // 256}
    assert [len(hashes) for hashes in frontier.edge] == [width for _, _, width in edge_places(70_000)]
    assert frontier.edge[0] in edge.values()


def test_the_roots_of_known_entries() -> None:
    """The roots that Certificate Transparency's implementations agree upon, reached leaf by leaf and at once."""
    stepwise = Frontier()
    for size, root in ROOTS.items():
        stepwise, _ = grow(stepwise, ENTRIES[size - 1 : size])
        assert stepwise.root().hex() == root == grow(Frontier(), ENTRIES[:size])[0].root().hex()
    assert leaf_hash(b"").hex() == ROOTS[1]
