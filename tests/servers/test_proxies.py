"""What a proxy says is believed of the configured ones alone."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi.access.rejection import Reason, Rejected
from beffroi.servers.proxies import Proxies
from credentials import certificate, client_cert

DER = certificate()
HEADERS = {"client-cert": client_cert(DER)}
OURS = Proxies(("10.0.0.0/30", "::1"), certificates=True)


def test_a_certificate_from_our_proxy() -> None:
    """The thumbprint is that of the certificate which our proxy passes on; without the header there is none."""
    for peer in ("10.0.0.1", "::1", "::ffff:10.0.0.2"):
        assert OURS.certificate(HEADERS, peer) == sha256(DER).digest()
        assert OURS.certificate({}, peer) is None


@pytest.mark.parametrize("peer", ["10.0.0.4", "192.0.2.1", "::2", "", "unix:", "10.0.0.1 ", "localhost"])
@pytest.mark.parametrize("name", ["client-cert", "client-cert-chain"])
def test_a_certificate_from_a_stranger(peer: str, name: str) -> None:
    """From anybody else the header is refused, not overlooked, whatever it holds."""
    for value in (client_cert(DER), "", "x"):
        with pytest.raises(Rejected) as caught:
            OURS.certificate({name: value}, peer)
        assert caught.value.reason is Reason.CERTIFICATE_STRANGER


def test_certificates_are_switched_on_apart() -> None:
    """A proxy that is trusted for addresses alone is not believed about certificates."""
    with pytest.raises(Rejected):
        Proxies(("10.0.0.1",)).certificate(HEADERS, "10.0.0.1")


@pytest.mark.parametrize(
    ("forwarded", "expected"),
    [
        ("", "10.0.0.1"),
        ("203.0.113.9", "203.0.113.9"),
        ("198.51.100.1, 203.0.113.9", "203.0.113.9"),
        ("203.0.113.9, 10.0.0.2", "203.0.113.9"),
        ("10.0.0.3, 10.0.0.2", "10.0.0.1"),
        ("203.0.113.9, rubbish", "10.0.0.1"),
        ("unknown", "10.0.0.1"),
        ("2001:DB8::9", "2001:db8::9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
    ],
)
def test_the_clients_address(forwarded: str, expected: str) -> None:
    """It is what the last of our proxies saw; what the client wrote before that does not count."""
    assert OURS.network({"x-forwarded-for": forwarded}, "10.0.0.1") == expected


def test_a_strangers_forwarding_does_not_count() -> None:
    """Whoever is no proxy of ours is their own address."""
    assert OURS.network({"x-forwarded-for": "203.0.113.9"}, "192.0.2.1") == "192.0.2.1"
    assert Proxies().network({"x-forwarded-for": "203.0.113.9"}, "10.0.0.1") == "10.0.0.1"


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_headers(forwarded: str, value: str) -> None:
    """Whatever a proxy sends, there is an address, and a thumbprint or `Rejected`."""
    assert OURS.network({"x-forwarded-for": forwarded}, "10.0.0.1")
    with pytest.raises(Rejected):
        OURS.certificate({"client-cert": value}, "10.0.0.1")
