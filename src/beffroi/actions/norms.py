"""Proposing, signing and applying what is usual. The program proposes; people sign; no server can.

A proposal holds the median over accounts, so that no account, nor a few, can teach the watch; and never a base rate
beyond the fixed bounds (`watch.release`).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from statistics import median

import msgspec

from beffroi.ledger.checkpoint import SigningKey, VerifierKey, signed_text
from beffroi.ledger.note import signature as parsed_signature
from beffroi.store.norms import AccountShare, NormStore
from beffroi.watch.norms import BASE_RATE_MAX, BASE_RATE_MIN, NORMS
from beffroi.watch.release import FORMAT, Release, SiteNorm, read_release

DAYS = 90
"""Days that a proposal looks back on."""
PATIENTS_MIN = 50
"""New patients that an account needs before its share says anything."""
ACCOUNTS_MIN = 20
"""Accounts that a role needs at a site before its median says anything; below, a wider norm holds."""


async def propose(store: NormStore, now: datetime, days: int = DAYS) -> str:
    """The text of a proposal, as JSON for people to read, change and sign."""
    shares = await store.shares(now - timedelta(days=days), PATIENTS_MIN)
    release = Release(FORMAT, now.isoformat(timespec="seconds"), proposed(shares))
    return msgspec.json.format(msgspec.json.encode(release), indent=2).decode() + "\n"


def proposed(shares: Sequence[AccountShare]) -> tuple[SiteNorm, ...]:
    """The median share of each role, over the region and at each site with accounts enough.

    >>> proposed([AccountShare("ward_nurse", 3, 95, 5)] * 20)[0]
    SiteNorm(role=<Role.WARD_NURSE: 'ward_nurse'>, base_rate=0.05, hospital=0, volume=0, ceiling=None, contacts=None, \
arrivals_per_h=-1, outage_24h=0)
    """
    groups: dict[tuple[str, int], list[float]] = {}
    for one in shares:
        share = one.unexplained_count / (one.explained_count + one.unexplained_count)
        groups.setdefault((one.role, 0), []).append(share)
        groups.setdefault((one.role, one.hospital), []).append(share)
    known = {role.value: role for role in NORMS}
    return tuple(
        SiteNorm(known[role], _bounded(median(found)), hospital)
        for (role, hospital), found in sorted(groups.items())
        if role in known and len(found) >= ACCOUNTS_MIN
    )


def sign(text: str, key: SigningKey) -> str:
    """The signed note of a release's text. Raises ValueError when it is none, or beyond the bounds."""
    read_release(text)
    return signed_text(text, [key])


async def apply(store: NormStore, note: str, keys: Sequence[VerifierKey]) -> int:
    """Puts a signed release in force; its number. Raises ValueError when no key of ours signed it, or it is wrong."""
    body, blank, signature = note.rpartition("\n\n")
    text = body + "\n"
    if not blank or not signed_by_one_of(keys, text, signature):
        raise ValueError("no key of watch.norm_keys has signed it")
    read_release(text)
    return await store.apply(text, signature)


def signed_by_one_of(keys: Sequence[VerifierKey], text: str, signature: str) -> bool:
    """Whether one of the signature lines over the text is of one of these keys."""
    for line in signature.splitlines():
        try:
            found = parsed_signature(line)
        except ValueError:
            continue
        if any(key.name == found.name and key.verifies(text, found.content) for key in keys):
            return True
    return False


def _bounded(rate: float) -> float:
    return round(min(max(rate, BASE_RATE_MIN), BASE_RATE_MAX), 4)
