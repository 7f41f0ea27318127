"""Two accounts turn out to be one person's: their evidence becomes one, the stricter of both wherever it differs."""

from collections import Counter

import msgspec

from beffroi.watch.detectors import Sequence
from beffroi.watch.evidence import CHANNELS_MAX, TRAIL_MAX, Counts, Evidence
from beffroi.watch.norms import PENDING_KEPT_MAX


def joined(one: Evidence, other: Evidence) -> Evidence:
    """The evidence of both. A patient whom both were shown counts twice until she has left the windows.

    >>> found = joined(Evidence(hours={1: 2}, held_s=9), Evidence(hours={1: 3}, rung=2))
    >>> found.hours, found.held_s, found.rung
    ({1: 5}, 9, 2)
    """
    return msgspec.structs.replace(
        one,
        hours=_sum(one.hours, other.hours),
        days=_sum(one.days, other.days),
        blocks=_sum(one.blocks, other.blocks),
        contacts=_sum(one.contacts, other.contacts),
        contacts_blocks=_sum(one.contacts_blocks, other.contacts_blocks),
        beyond=_sum(one.beyond, other.beyond),
        emergencies=tuple(sorted((*one.emergencies, *other.emergencies))),
        own=max(one.own, other.own, key=lambda sequence: sequence.score),
        keys=_channels(one.keys, other.keys),
        networks=_channels(one.networks, other.networks),
        pending=(*one.pending, *other.pending)[:PENDING_KEPT_MAX],
        trail=(*one.trail, *other.trail)[-TRAIL_MAX:],
        patterns={name: max(one.patterns.get(name, 0), other.patterns.get(name, 0)) for name in _names(one, other)},
        first_s=_first(one.first_s, other.first_s),
        rung=max(one.rung, other.rung),
        held_s=_first(one.held_s, other.held_s),
        asked_s=_first(one.asked_s, other.asked_s),
        proved_s=min(one.proved_s, other.proved_s),
        strangers=_sum(one.strangers, other.strangers),
        allowances=_sum(one.allowances, other.allowances),
        confirmed={},
        confirmations=(*one.confirmations, *other.confirmations),
        vouched=(*one.vouched, *other.vouched),
        seconds=(),
        releases=(*one.releases, *other.releases),
    )


def _sum(one: Counts, other: Counts) -> Counts:
    return dict(Counter(one) + Counter(other))


def _names(one: Evidence, other: Evidence) -> list[str]:
    return sorted({*one.patterns, *other.patterns})


def _first(one: int, other: int) -> int:
    """The earlier of two moments; 0 is none."""
    return min((at for at in (one, other) if at), default=0)


def _channels(one: tuple[Sequence, ...], other: tuple[Sequence, ...]) -> tuple[Sequence, ...]:
    found: dict[str, Sequence] = {}
    for sequence in (*one, *other):
        known = found.get(sequence.key)
        found[sequence.key] = sequence if known is None or sequence.score > known.score else known
    return tuple(sorted(found.values(), key=lambda sequence: -sequence.at_s)[:CHANNELS_MAX])
