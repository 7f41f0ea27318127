"""What a thief was shown before the account came onto each rung: strangers, and patients with their contact fields."""

from collections.abc import Mapping, Sequence
from typing import Any

from beffroi.watch.evidence import ASK, HOLD, MASK, WARN, Rung
from beffroi_region.drill.account import Account, Showing
from beffroi_region.drill.figures import spread_of

RUNGS = {"warn": WARN, "ask": ASK, "mask": MASK, "hold": HOLD}
Counted = dict[str, int]
"""By `before_` or `contacts_before_`, and the rung's name."""
FIGURES = tuple(f"{kind}before_{name}" for kind in ("", "contacts_") for name in RUNGS)


def counted(account: Account) -> Counted:
    """Of one account, by its thief. Where a rung was never reached, everything came before it."""
    thief = [one for one in account.showings if one.thief]
    found: Counted = {}
    for name, rung in RUNGS.items():
        before = [one for one in thief if _is_before(one, account, rung)]
        found[f"before_{name}"] = len({one.person for one in before if not one.explained})
        found[f"contacts_before_{name}"] = len({one.person for one in before if one.contact})
    return found


def _is_before(showing: Showing, account: Account, rung: Rung) -> bool:
    reached_s = account.rungs.get(rung)
    return reached_s is None or (showing.rung < rung and showing.at_s <= reached_s)


def figures(runs: Sequence[Counted]) -> dict[str, Any]:
    """Median, 95th percentile and maximum of each."""
    found: dict[str, Any] = {}
    for name in FIGURES:
        found |= spread_of(name, [run[name] for run in runs])
    return found


def has(found: Mapping[str, Any]) -> bool:
    """Whether a scenario's figures hold them: a live exercise has none."""
    return f"{FIGURES[-1]}_max" in found


def cells(found: Mapping[str, Any]) -> list[str]:
    """A scenario's figures as a table has them: for each rung strangers, then contact fields; median / 95 % / most.

    >>> cells(figures([{name: 4 for name in FIGURES}]))[0]
    '4 / 4 / 4'
    """
    return [" / ".join(f"{found[f'{name}_{key}']:,}" for key in ("p50", "p95", "max")) for name in FIGURES]
