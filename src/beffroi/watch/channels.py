"""By which channels a question comes, as short keys: the session's key, and the network that its address lies in.

Short, because an account's row holds some of them; a chance collision only joins two sequences of one account.
"""

from functools import lru_cache
from ipaddress import ip_address
from zlib import crc32

KEY_BYTES = 4
_PREFIX_BITS = {4: 24, 6: 56}
"""An office's network (IPv4), and what a provider gives one site (IPv6, RIPE-690)."""


def key_of(session_key: bytes) -> str:
    """The first bytes of a session key's thumbprint, in hexadecimal.

    >>> key_of(bytes(range(32)))
    '00010203'
    """
    return session_key[:KEY_BYTES].hex()


@lru_cache(maxsize=20_000)
def prefix_of(address: str) -> str:
    """The network of an address, as text; the text itself where it is no address.

    >>> prefix_of("192.0.2.77"), prefix_of("2001:db8:1:2::3"), prefix_of("local")
    ('192.0.2.0/24', '2001:db8:1::/56', 'local')
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    kept = _PREFIX_BITS[parsed.version]
    cleared = int(parsed) >> (parsed.max_prefixlen - kept) << (parsed.max_prefixlen - kept)
    return f"{type(parsed)(cleared)}/{kept}"


@lru_cache(maxsize=20_000)
def network_of(address: str) -> str:
    """The network of an address, shortened.

    >>> network_of("192.0.2.77") == network_of("192.0.2.78") != network_of("192.0.3.1")
    True
    """
    return f"{crc32(prefix_of(address).encode()):08x}"
