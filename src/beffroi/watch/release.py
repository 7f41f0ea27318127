"""A release of norms: what is usual for the roles of some sites, as a text that people sign.

The program proposes it from medians over accounts; only a signature by keys that the configuration names puts it in
force. Whatever a release says, a base rate stays within the fixed bounds, and a ceiling within twice the built-in one.

Format `beffroi-norms/1` (docs/reference/norms.md): one JSON object.
"""

import msgspec

from beffroi.model.account import Role
from beffroi.model.person import HospitalId
from beffroi.watch.norms import BASE_RATE_MAX, BASE_RATE_MIN, NORMS, Ceiling, Norm

FORMAT = "beffroi-norms/1"
RAISED_MAX = 2
"""Times the built-in ceiling that a release may set at most."""
TEXT_BYTES_MAX = 1_048_576


class SiteNorm(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is usual for a role at one hospital (0: everywhere). What is not said stays as built in."""

    role: Role
    base_rate: float
    hospital: int = 0
    volume: int = 0
    ceiling: Ceiling | None = None
    contacts: Ceiling | None = None
    arrivals_per_h: int = -1
    outage_24h: int = 0


class Release(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`at`: when it was proposed, in text; two releases with equal norms differ by it."""

    format: str
    at: str
    norms: tuple[SiteNorm, ...]


Norms = dict[tuple[Role, int], Norm]


def read_release(text: str) -> Release:
    """The release of a text. Raises ValueError, saying where, when it is none or beyond the bounds.

    >>> read_release('{"format": "beffroi-norms/1", "at": "", "norms": [{"role": "ward_nurse", "base_rate": 0.9}]}')
    Traceback (most recent call last):
    ValueError: ward_nurse at hospital 0: base_rate 0.9 is not between 0.005 and 0.35
    """
    if len(text.encode()) > TEXT_BYTES_MAX:
        raise ValueError(f"longer than {TEXT_BYTES_MAX} bytes")
    try:
        release = msgspec.json.decode(text.encode(), type=Release)
    except msgspec.MsgspecError as error:
        raise ValueError(str(error)) from None
    if release.format != FORMAT:
        raise ValueError(f"format is not {FORMAT}")
    for norm in release.norms:
        _check(norm)
    return release


def norms_of(release: Release | None) -> Norms:
    """The norms in force, by role and hospital (0: everywhere).

    >>> norms_of(None)[Role.WARD_NURSE, 0].base_rate
    0.03
    """
    found: Norms = {(role, 0): norm for role, norm in NORMS.items()}
    everywhere = sorted(release.norms, key=lambda one: one.hospital) if release else ()
    for one in everywhere:
        found[one.role, one.hospital] = _applied(one, found.get((one.role, 0), NORMS[one.role]))
    return found


def in_force(norms: Norms, role: Role, hospital: HospitalId) -> Norm | None:
    """The norm of a role at a hospital; None for a role that is shown nobody."""
    return norms.get((role, hospital)) or norms.get((role, 0))


def _check(norm: SiteNorm) -> None:
    where = f"{norm.role} at hospital {norm.hospital}"
    built_in = NORMS.get(norm.role)
    if built_in is None:
        raise ValueError(f"{where}: this role is shown nobody")
    if not BASE_RATE_MIN <= norm.base_rate <= BASE_RATE_MAX:
        raise ValueError(f"{where}: base_rate {norm.base_rate} is not between {BASE_RATE_MIN} and {BASE_RATE_MAX}")
    for name, new, usual in (
        ("ceiling", norm.ceiling, built_in.ceiling),
        ("contacts", norm.contacts, built_in.contacts),
    ):
        if new is not None and any(
            not 0 <= a <= RAISED_MAX * b for a, b in zip(_three(new), _three(usual), strict=True)
        ):
            raise ValueError(f"{where}: {name} is beyond {RAISED_MAX} times the built-in one")
    for field, value, most in (
        ("volume", norm.volume, RAISED_MAX * built_in.volume),
        ("outage_24h", norm.outage_24h, RAISED_MAX * built_in.outage_24h),
        ("arrivals_per_h", norm.arrivals_per_h, max(RAISED_MAX * built_in.arrivals_per_h, 12)),
    ):
        if not -1 <= value <= most:
            raise ValueError(f"{where}: {field} {value} is not between 0 and {most}")


def _three(ceiling: Ceiling) -> tuple[int, int, int]:
    return ceiling.patients_24h, ceiling.patients_30d, ceiling.patients_365d


def _applied(one: SiteNorm, usual: Norm) -> Norm:
    return Norm(
        one.base_rate,
        one.volume or usual.volume,
        one.ceiling or usual.ceiling,
        one.contacts or usual.contacts,
        usual.arrivals_per_h if one.arrivals_per_h < 0 else one.arrivals_per_h,
        one.outage_24h or usual.outage_24h,
    )
