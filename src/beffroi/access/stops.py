"""Which containment, if any, refuses a question. The gate reads what is in force in its transaction, and asks here.

A containment matches what it names and nothing else, so nobody else's request is refused. Wide ones (a network, a
structure) let emergency readings pass, with the sign-in before them, and whatever comes from the networks that a
hospital has declared its own.
"""

import binascii
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from beffroi.access.compact import decode_part
from beffroi.errors import Contained, InvalidValue, Words
from beffroi.model.account import Asker
from beffroi.model.containment import WIDE, ContainmentKind, EndedSession, Stop
from beffroi.model.disclosure import Operation

Network = IPv4Network | IPv6Network
PREFIX_MIN: Final = {4: 16, 6: 32}
"""Bits of a network's prefix by version of IP: 65,536 addresses of version 4, a provider's allocation of version 6."""
_KEY_BYTES: Final = 32
_WORDS: Final = {
    ContainmentKind.ACCOUNT: Words("The account", "Le compte"),
    ContainmentKind.DEVICE: Words("The device", "L'appareil"),
    ContainmentKind.APPLICATION: Words("The application", "Le logiciel"),
    ContainmentKind.NETWORK: Words("The network", "Le réseau"),
    ContainmentKind.STRUCTURE: Words("The hospital", "L'hôpital"),
}
_ALWAYS: Final = frozenset({Operation.EMERGENCY_READ, Operation.SIGN_IN})
"""What wide containments let pass."""


class Stops:
    """The containments in force that are not an account's own (the gate reads those in the account's row)."""

    def __init__(self, stops: Iterable[Stop] = (), ended: Iterable[EndedSession] = ()) -> None:
        self._stops = tuple(stops)
        self._ended = tuple(ended)

    def is_over(self, asker: Asker) -> bool:
        """Whether the asker's session was ended after its token was issued. Without a time nothing can be said."""
        since_s = asker.issued_at_s or asker.authenticated_at_s
        return any(
            one.account_id == asker.account_id and one.session in ("", asker.session_id) and 0 < since_s <= one.until_s
            for one in self._ended
        )

    def against(self, asker: Asker, operation: Operation) -> Stop | None:
        """The one that refuses this operation to this asker; None when none does."""
        for stop in self._stops:
            if stop_reaches(stop, asker, operation):
                return stop
        return None


def stop_reaches(stop: Stop, asker: Asker, operation: Operation) -> bool:
    """Whether a containment refuses an operation to an asker."""
    match stop.kind:
        case ContainmentKind.ACCOUNT:
            return stop.target == str(asker.account_id)
        case ContainmentKind.DEVICE:
            return stop.target == asker.session_key.hex()
        case ContainmentKind.APPLICATION:
            return stop.target == asker.application
        case ContainmentKind.NETWORK:
            named = is_within(asker.network, (stop.target,))
        case ContainmentKind.STRUCTURE:
            named = stop.target == str(asker.structure)
    return named and operation not in _ALWAYS and not is_within(asker.network, stop.spared)


_FROM = {
    ContainmentKind.ACCOUNT: Words("this account", "ce compte"),
    ContainmentKind.DEVICE: Words("this device or session", "cet appareil ou cette session"),
    ContainmentKind.APPLICATION: Words("this application", "cette application"),
    ContainmentKind.NETWORK: Words("this network", "ce réseau"),
    ContainmentKind.STRUCTURE: Words("this structure", "cette structure"),
}
_ELSEWHERE = Words(
    "Sign in on another device or in another application, or ask a colleague; call the duty officer.",
    "Connectez-vous d'un autre appareil ou d'une autre application, ou demandez à un collègue ; appelez l'astreinte.",
)
_EMERGENCY = Words(
    "An emergency reading stays possible; call the duty officer.",
    "Une lecture en urgence reste possible ; appelez la personne d'astreinte.",
)


def refusal(stop: Stop) -> Contained:
    """What whoever is refused is told, with the way on."""
    return Contained(what=_FROM[stop.kind], instead=_EMERGENCY if stop.kind in WIDE else _ELSEWHERE)


def is_within(address: str, networks: Iterable[str]) -> bool:
    """Whether an address lies in one of the networks; a text that is no address lies in none.

    >>> [is_within(address, ["192.0.2.0/28"]) for address in ("192.0.2.7", "::ffff:192.0.2.7", "192.0.2.16", "")]
    [True, True, False, False]
    """
    found = _address(address)
    return found is not None and any(found in _network(network) for network in networks)


def overlapping(network: str, others: Iterable[str]) -> tuple[str, ...]:
    """Those of the networks that have addresses in common with the first.

    >>> overlapping("192.0.2.0/24", ["192.0.2.7", "198.51.100.0/24", "2001:db8::/32"])
    ('192.0.2.7',)
    """
    one = _network(network)
    return tuple(other for other in others if one.version == _network(other).version and one.overlaps(_network(other)))


def covered(network: str, others: Iterable[str]) -> bool:
    """Whether one of the other networks holds all of the first.

    >>> covered("192.0.2.7", ["192.0.2.0/24"]), covered("192.0.2.0/24", ["192.0.2.7"])
    (True, False)
    """
    one = _network(network)
    return any(one.version == _network(o).version and one.subnet_of(_network(o)) for o in others)  # type: ignore[arg-type]


@lru_cache(maxsize=4_096)
def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


@lru_cache(maxsize=4_096)
def _network(text: str) -> Network:
    return ip_network(text, strict=False)


def target_of(kind: ContainmentKind, text: str) -> str:
    """What a person named, in the one form in which it is compared. Raises `InvalidValue`.

    >>> target_of(ContainmentKind.NETWORK, "192.0.2.9/28"), target_of(ContainmentKind.DEVICE, "AB" * 32)[:8]
    ('192.0.2.0/28', 'abababab')
    """
    text = text.strip()
    match kind:
        case ContainmentKind.DEVICE:
            return _device(text)
        case ContainmentKind.NETWORK:
            return _network_target(text)
        case ContainmentKind.ACCOUNT | ContainmentKind.STRUCTURE:
            if not (text.isascii() and text.isdigit() and len(text) <= 9):
                raise InvalidValue(what=_WORDS[kind], why=Words("a number is needed", "il faut un numéro"))
            return str(int(text))
        case ContainmentKind.APPLICATION:
            if not (0 < len(text) <= 255 and text.isprintable()):
                raise InvalidValue(
                    what=_WORDS[kind], why=Words("a client id is needed", "il faut un identifiant client")
                )
            return text


def _device(text: str) -> str:
    """A thumbprint as disclosures show it (hexadecimal) or as tokens do (base64url: jkt, x5t#S256)."""
    plain = text.removeprefix("x5t:").removeprefix("jkt:")
    try:
        key = bytes.fromhex(plain) if len(plain) == 2 * _KEY_BYTES else decode_part(plain.encode())
    except (ValueError, binascii.Error):
        key = b""
    if len(key) != _KEY_BYTES:
        why = Words("a thumbprint of 32 bytes is needed", "il faut une empreinte de 32 octets")
        raise InvalidValue(what=_WORDS[ContainmentKind.DEVICE], why=why)
    return key.hex()


def _network_target(text: str) -> str:
    try:
        found = ip_network(text, strict=False)
    except ValueError:
        why = Words("an address or a prefix is needed", "il faut une adresse ou un préfixe")
        raise InvalidValue(what=_WORDS[ContainmentKind.NETWORK], why=why) from None
    least = PREFIX_MIN[found.version]
    if found.prefixlen < least:
        why = Words(f"a prefix has {least} bits at least", f"un préfixe a au moins {least} bits")
        raise InvalidValue(what=_WORDS[ContainmentKind.NETWORK], why=why)
    return str(found)
