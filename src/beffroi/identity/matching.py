"""Which identities are one person: the deterministic cross-reference, as a function of a set.

Two identities are one person when all their strict traits are equal and both were checked (`strict_key`), unless
qualified INS contradict within the group; or when their own hospital linked or merged them. The result depends on the
identities and on what was asserted, never on the order of arrival. A wrong join shows one patient another's identity,
a missing one costs a click: every doubt leaves identities apart.

What a sensitive hospital knows joins, parts and renumbers nobody of another's: its identities are added to the persons
that there are without them, or stand apart (law 4).

Source: RNIV 1 v2.0 (strict traits, standards 1.2); PAM 3.30 A24, A37, A40 (standards 2.4, 3.5).
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from hashlib import blake2b

import msgspec

from beffroi.identity.normalise import name_key
from beffroi.identity.status import carried_ins, may_be_linked
from beffroi.model.person import COG_UNKNOWN, HospitalId, IdentityId, PersonId, Record, Sex

STRICT_KEY_BYTES = 16
# Identities in one strict-key group (count). A region has some fifty hospitals: more than this is a placeholder that
# somebody validated, and linking it would make one person of hundreds.
GROUP_SIZE_MAX = 500

_COG = re.compile(r"\A(?:\d{5}|2[AB]\d{3})\Z")

Cell = tuple[IdentityId, ...]


class Standing(msgspec.Struct, frozen=True):
    """What the cross-reference needs to know of an identity. `ins` is "value|oid" of a qualified one.

    `hidden_by` is its hospital where that one is sensitive: nobody outside may notice the identity.
    """

    identity_id: IdentityId
    strict_key: bytes | None = None
    ins: str | None = None
    merged_into: IdentityId | None = None
    hidden_by: HospitalId | None = None


class Link(msgspec.Struct, frozen=True):
    """What a hospital last asserted about two of its identities: one person (A24), or two (A37)."""

    a: IdentityId
    b: IdentityId
    linked: bool


def strict_key(record: Record) -> bytes | None:
    """16 bytes that are equal for equal strict traits; None when the identity may not be linked by them.

    The traits: birth family name, list of birth given names (the first one where there is no list), birth date, sex and
    INSEE birth place. An unknown one (indeterminate sex, place 99999) is missing, not equal to another unknown one.
    Where the birth date was completed the INS is among them: everybody without a known day shares such a date.

    >>> strict_key(Record(birth_family="Dark")) is None
    True
    """
    if not may_be_linked(record) or record.birth_date is None or record.sex is Sex.UNKNOWN:
        return None
    family = name_key(record.birth_family)
    given = name_key(record.birth_given_list) or name_key(record.birth_given)
    cog = record.birth_place.cog.strip().upper()
    if not (family and given) or cog == COG_UNKNOWN or not _COG.match(cog):
        return None
    ins = carried_ins(record) if record.birth_date_interpreted else None
    born = record.birth_date.isoformat() + (f" {ins.value}" if ins else "")
    traits = "\0".join((family, given, born, record.sex.value, cog))
    return blake2b(traits.encode(), digest_size=STRICT_KEY_BYTES).digest()


def partition(
    identities: Iterable[Standing], links: Iterable[Link] = (), *, group_size_max: int = GROUP_SIZE_MAX
) -> list[Cell]:
    """The persons: each identity in exactly one cell, hidden ones last in it, otherwise cells and members sorted.

    `identities` must hold whole groups: everybody who shares a strict key, a link or a merge with somebody in it.
    Links to others than `identities` are left out. Where joining would put two identities together that their hospital
    asserts to be two people, none of that cell's links counts.

    >>> partition([Standing(3, b"k"), Standing(1, b"k"), Standing(2), Standing(4, merged_into=2)])
    [(1, 3), (2, 4)]
    >>> partition([Standing(1, b"k", hidden_by=9), Standing(2, b"k")])
    [(2, 1)]
    """
    standings, links = list(identities), list(links)
    cells = _partition(standings, links, group_size_max)
    hidden = {s.identity_id: s.hidden_by for s in standings if s.hidden_by is not None}
    if not hidden:
        return cells
    seen = _partition([s for s in standings if s.hidden_by is None], links, group_size_max)
    return _added(seen, cells, hidden)


def _partition(identities: Iterable[Standing], links: Iterable[Link], group_size_max: int) -> list[Cell]:
    standings = {standing.identity_id: standing for standing in identities}
    survivors = {number: _survivor(number, standings) for number in standings}
    together, apart = _assertions(links, survivors)
    outside = {number for pair in apart for number in pair}
    groups = list(_automatic(standings.values(), outside, group_size_max))
    roots = sorted(set(survivors.values()))
    joined = _components(roots, [*groups, *together])
    if apart:
        joined = _contradictions_undone(joined, groups, apart)
    return _with_merged(joined, survivors)


def _added(seen: list[Cell], cells: list[Cell], hidden: dict[IdentityId, HospitalId]) -> list[Cell]:
    """`seen`, the persons without hidden identities, with these where they change nothing; elsewhere they stand apart.

    The hidden ones of a cell without anybody else are of one hospital each: two sensitive hospitals are strangers too.
    """
    kept = set(seen)
    apart: dict[tuple[Cell, HospitalId], list[IdentityId]] = defaultdict(list)
    for cell in cells:
        others = tuple(number for number in cell if number not in hidden)
        within = tuple(number for number in cell if number in hidden)
        if within and others in kept:
            kept.remove(others)
            kept.add(others + within)
            continue
        for number in within:
            apart[cell, hidden[number]].append(number)
    return sorted([*kept, *(tuple(numbers) for numbers in apart.values())])


def persons(cells: Iterable[Cell]) -> dict[IdentityId, PersonId]:
    """Each identity's person: the number of the oldest identity of its cell that is not hidden.

    >>> persons([(1, 3), (2,)])
    {1: 1, 3: 1, 2: 2}
    """
    return {number: PersonId(cell[0]) for cell in cells for number in cell}


def _survivor(number: IdentityId, standings: dict[IdentityId, Standing]) -> IdentityId:
    """Where a chain of merges ends; of a circle, its smallest number, so that the answer never depends on the start."""
    path: list[IdentityId] = []
    while True:
        if number in path:
            return min(path[path.index(number) :])
        following = standings[number].merged_into
        if following is None or following not in standings:
            return number
        path.append(number)
        number = following


Pair = tuple[IdentityId, IdentityId]


def _assertions(links: Iterable[Link], survivors: dict[IdentityId, IdentityId]) -> tuple[list[Pair], list[Pair]]:
    """(joined, separated) pairs of survivors: what was said of a merged identity now holds of its survivor."""
    together: list[Pair] = []
    apart: list[Pair] = []
    for link in links:
        if link.a in survivors and link.b in survivors:
            pair = (survivors[link.a], survivors[link.b])
            if pair[0] != pair[1]:
                (together if link.linked else apart).append(pair)
    return together, apart


def _automatic(
    standings: Iterable[Standing], outside: set[IdentityId], group_size_max: int
) -> Iterator[tuple[IdentityId, ...]]:
    """Groups of at least two identities that the strict traits make one person."""
    groups: dict[bytes, list[Standing]] = defaultdict(list)
    for standing in standings:
        if standing.strict_key is not None and standing.merged_into is None and standing.identity_id not in outside:
            groups[standing.strict_key].append(standing)
    for group in groups.values():
        if 1 < len(group) <= group_size_max:
            yield from _agreeing(group)


def _agreeing(group: list[Standing]) -> Iterator[tuple[IdentityId, ...]]:
    """`group` whole, or by INS where qualified INS contradict: then whoever has none cannot be attributed."""
    by_ins: dict[str, list[IdentityId]] = defaultdict(list)
    for standing in group:
        if standing.ins is not None:
            by_ins[standing.ins].append(standing.identity_id)
    if len(by_ins) < 2:
        yield tuple(standing.identity_id for standing in group)
    else:
        yield from (tuple(numbers) for numbers in by_ins.values() if len(numbers) > 1)


def _components(numbers: Iterable[IdentityId], joins: Iterable[tuple[IdentityId, ...]]) -> list[list[IdentityId]]:
    """The connected components of `numbers` under `joins` (disjoint sets, path halving)."""
    parent = {number: number for number in numbers}

    def find(number: IdentityId) -> IdentityId:
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    for first, *others in joins:
        for other in others:
            parent[find(other)] = find(first)
    cells: dict[IdentityId, list[IdentityId]] = defaultdict(list)
    for number in parent:
        cells[find(number)].append(number)
    return list(cells.values())


def _contradictions_undone(
    cells: list[list[IdentityId]], groups: list[tuple[IdentityId, ...]], apart: list[Pair]
) -> list[list[IdentityId]]:
    """Cells that hold a separated pair fall back to strict traits alone, which never join separated identities."""
    cell_of = {number: index for index, cell in enumerate(cells) for number in cell}
    wrong = {cell_of[a] for a, b in apart if cell_of[a] == cell_of[b]}
    kept = [cell for index, cell in enumerate(cells) if index not in wrong]
    loose = [number for index in sorted(wrong) for number in cells[index]]
    return kept + _components(loose, [group for group in groups if cell_of[group[0]] in wrong])


def _with_merged(joined: list[list[IdentityId]], survivors: dict[IdentityId, IdentityId]) -> list[Cell]:
    members: dict[IdentityId, list[IdentityId]] = defaultdict(list)
    for number, survivor in survivors.items():
        members[survivor].append(number)
    return sorted(tuple(sorted(number for root in cell for number in members[root])) for cell in joined)
