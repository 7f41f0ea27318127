"""A second, slow cross-reference, written from the rules and not from the code: the oracle of identity.matching."""

from itertools import combinations

from beffroi.identity.matching import Link, Standing


def naive_partition(identities: list[Standing], links: list[Link], group_size_max: int) -> set[frozenset[int]]:
    """As if there were no sensitive hospital, then each of its identities where it disturbs nobody, or apart."""
    hidden = {i.identity_id: i.hidden_by for i in identities if i.hidden_by is not None}
    seen = open_partition([i for i in identities if i.hidden_by is None], links, group_size_max)
    result = set(seen)
    for cell in open_partition(identities, links, group_size_max):
        others = frozenset(cell - hidden.keys())
        if others in seen:
            result = (result - {others}) | {cell}
        else:
            result |= {frozenset(m for m in cell if hidden.get(m) == hidden[n]) for n in cell & hidden.keys()}
    return result


def open_partition(identities: list[Standing], links: list[Link], group_size_max: int) -> set[frozenset[int]]:
    """Every pair is asked whether it is joined; cells grow until nothing changes."""
    by_number = {i.identity_id: i for i in identities}
    live = {n for n in by_number if survivor(n, by_number) == n}
    separated = {
        frozenset((survivor(k.a, by_number), survivor(k.b, by_number)))
        for k in links
        if not k.linked and k.a in by_number and k.b in by_number
    }
    separated = {pair for pair in separated if len(pair) == 2}
    linked = {
        frozenset((survivor(k.a, by_number), survivor(k.b, by_number)))
        for k in links
        if k.linked and k.a in by_number and k.b in by_number
    }

    def by_traits(x: int, y: int) -> bool:
        key = by_number[x].strict_key
        if key is None or key != by_number[y].strict_key:
            return False
        if any(x in pair or y in pair for pair in separated):
            return False
        group = [
            n
            for n in live
            if by_number[n].strict_key == key
            and by_number[n].merged_into is None
            and not any(n in pair for pair in separated)
        ]
        if x not in group or y not in group or len(group) > group_size_max:
            return False
        known = {by_number[n].ins for n in group} - {None}
        return len(known) < 2 or (by_number[x].ins is not None and by_number[x].ins == by_number[y].ins)

    def grow(numbers: set[int], with_links: bool) -> set[frozenset[int]]:
        cells = {frozenset({n}) for n in numbers}
        while True:
            for one, two in combinations(cells, 2):
                if any(by_traits(x, y) or (with_links and frozenset((x, y)) in linked) for x in one for y in two):
                    cells = (cells - {one, two}) | {one | two}
                    break
            else:
                return cells

    result: set[frozenset[int]] = set()
    for cell in grow(live, with_links=True):
        if any(pair <= cell for pair in separated):
            result |= grow(set(cell), with_links=False)
        else:
            result.add(cell)
    return {frozenset(n for n in by_number if survivor(n, by_number) in cell) for cell in result}


def survivor(number: int, by_number: dict[int, Standing]) -> int:
    """The end of the chain of merges; of a circle, its smallest member."""
    visited: list[int] = []
    while by_number[number].merged_into in by_number:
        if number in visited:
            return min(visited[visited.index(number) :])
        visited.append(number)
        number = by_number[number].merged_into  # type: ignore[assignment]
    return number
