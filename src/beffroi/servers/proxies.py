"""What a configured reverse proxy says of the client, believed from nobody else.

Source: RFC 9440 section 4 (Client-Cert comes from the proxy, which removes the client's own); X-Forwarded-For as every
proxy appends it, read from the right.
"""

import ipaddress
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

from beffroi.access.certificates import thumbprint_of_header
from beffroi.access.rejection import Reason, Rejected

CERTIFICATE_HEADERS: Final = ("client-cert", "client-cert-chain")
HOPS_MAX: Final = 8
PEERS_REMEMBERED_MAX: Final = 4_096

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Proxies:
    """The configured proxies: addresses or networks. `certificates`: whether they pass the client's certificate on."""

    def __init__(self, networks: Iterable[str] = (), certificates: bool = False) -> None:
        self._networks = tuple(ipaddress.ip_network(network, strict=False) for network in networks)
        self.certificates = certificates
        self.trusts = lru_cache(maxsize=PEERS_REMEMBERED_MAX)(self._trusts)

    def _trusts(self, peer: str) -> bool:
        """Whether that address is one of the proxies."""
        address = _address(peer)
        return address is not None and any(address in network for network in self._networks)

    def certificate(self, headers: Mapping[str, str], peer: str) -> bytes | None:
        """The thumbprint of the client's certificate, None when the request has none.

        Raises `Rejected` when the header is there and comes from anybody else: it is a lie, or a proxy is missing from
        the configuration, and both must be noticed.
        """
        if not any(name in headers for name in CERTIFICATE_HEADERS):
            return None
        if not self.certificates or not self.trusts(peer):
            raise Rejected(Reason.CERTIFICATE_STRANGER)
        value = headers.get("client-cert")
        return None if value is None else thumbprint_of_header(value.encode("latin-1", "replace"))

    def network(self, headers: Mapping[str, str], peer: str) -> str:
        """The client's address: the peer's own, or what the last of our proxies saw."""
        if not self._networks or not self.trusts(peer):
            return peer
        for hop in reversed(headers.get("x-forwarded-for", "").split(",")[-HOPS_MAX:]):
            address = _address(hop.strip())
            if address is None:
                return peer
            if not self.trusts(str(address)):
                return str(address)
        return peer


def _address(text: str) -> Address | None:
    """An address, IPv4 where it is one in IPv6's clothes; None for anything else."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
