"""What every page says to the browser besides its text: what may run (our own files), who may frame it (nobody), what
is kept (nothing), and the cookies; and as whom the browser has to address us.

Over https a cookie has the prefix `__Host-`: this host alone set it, for no other, over TLS. On the loopback, where the
demonstration speaks http, some browsers would drop such a cookie: there the same one has a plain name, and the console
refuses to start with http anywhere else.

Source: CSP 3; Trusted Types; RFC 6265bis sections 4.1.3.2 and 5.8.3; Fetch Metadata; Clear Site Data.
"""

import re
from collections import Counter
from typing import Final

from beffroi.servers.console.exchange import Header

POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "worker-src 'none'",
        "base-uri 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
_FEATURES: Final = (
    "publickey-credentials-get=(self), publickey-credentials-create=(self), camera=(), microphone=(), geolocation=(), "
    "display-capture=(), usb=(), serial=(), payment=(), browsing-topics=()"
)
_COMMON: Final = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-embedder-policy", b"require-corp"),
    (b"permissions-policy", _FEATURES.encode()),
)
PAGE_HEADERS: Final = (*_COMMON, (b"cache-control", b"no-store"), (b"x-robots-tag", b"noindex"))
FILE_HEADERS: Final = (*_COMMON, (b"cache-control", b"public, max-age=31536000, immutable"))
TLS_HEADERS: Final = ((b"strict-transport-security", b"max-age=31536000; includeSubDomains"),)
CLEAR: Final = (b"clear-site-data", b'"cache", "storage"')
"""At a sign-out: what Back would show is gone, and what binds the session to the device. Not "cookies": the language
stays."""
COOKIES_BYTES_MAX: Final = 8_192
_PORT: Final = re.compile(r":[0-9]*$")


class Cookies:
    """The names and marks of this deployment's cookies."""

    def __init__(self, secure: bool) -> None:
        self.marks = "Path=/; HttpOnly; SameSite=Lax" + ("; Secure" if secure else "")
        prefix = "__Host-beffroi" if secure else "beffroi"
        self.session = prefix
        self.bound = f"{prefix}-bound"
        self.sign_in = f"{prefix}-sign-in"
        self.language = f"{prefix}-language"

    def set(self, name: str, value: str, seconds: int | None = None) -> Header:
        """Sets one, until the browser closes or for some seconds. Not for scripts, not from other sites."""
        age = "" if seconds is None else f"; Max-Age={seconds}"
        return (b"set-cookie", f"{name}={value}; {self.marks}{age}".encode("ascii"))

    def drop(self, name: str) -> Header:
        """Takes one away."""
        return self.set(name, "", 0)

    def drop_session(self) -> tuple[Header, Header]:
        """Takes away the session's, and the one that proves its device."""
        return (self.drop(self.session), self.drop(self.bound))


def cookies_of(header: str) -> dict[str, str]:
    """The cookies of a request, parted by semicolons alone: another site of the same domain may plant a value like
    `x __Host-beffroi=y`, which a lenient reader takes for a cookie of ours. A name that comes twice is nobody's.

    >>> cookies_of("beffroi=abc; other=1 beffroi=x, beffroi=y")
    {'beffroi': 'abc', 'other': '1 beffroi=x, beffroi=y'}
    >>> cookies_of("beffroi=abc; other={}; beffroi=def")
    {'other': '{}'}
    """
    if len(header) > COOKIES_BYTES_MAX:
        return {}
    pairs = [part.strip(" \t").partition("=") for part in header.split(";")]
    named = Counter(name for name, _, _ in pairs)
    return {name: value for name, equals, value in pairs if equals and named[name] == 1}


def host_name(host: str) -> str:
    """The name in a `Host`, without its port, which a proxy may leave out (RFC 9110 section 7.2).

    >>> host_name("Console.example:443"), host_name("[::1]:8480"), host_name("[::1]")
    ('console.example', '[::1]', '[::1]')
    """
    return _PORT.sub("", host.lower())
