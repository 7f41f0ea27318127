"""The Client-Cert header: one certificate, whole, or nothing."""

import base64
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi.access.certificates import thumbprint_of_header
from beffroi.access.rejection import Reason, Rejected
from credentials import certificate, client_cert

DER = certificate()


def test_the_thumbprint_is_of_the_der_form() -> None:
    """RFC 8705 section 3.1: the SHA-256 of the certificate itself."""
    assert thumbprint_of_header(client_cert(DER).encode()) == sha256(DER).digest()
    assert thumbprint_of_header(f" {client_cert(DER)} ".encode()) == sha256(DER).digest()


@pytest.mark.parametrize(
    "value",
    [
        "",
        ":",
        "::",
        base64.b64encode(DER).decode(),
        client_cert(DER) + ", " + client_cert(DER),
        client_cert(DER) + ";a=1",
        client_cert(DER + b"\0"),
        client_cert(DER[:-1]),
        client_cert(b"\x30\x03\x02\x01\x01"),
        client_cert(DER)[:9] + "-_" + client_cert(DER)[11:],
        client_cert(DER)[:9] + " " + client_cert(DER)[9:],
        f":-----BEGIN CERTIFICATE-----{base64.b64encode(DER).decode()}:",
        ":" + "A" * 9_000 + ":",
    ],
)
def test_headers_that_are_refused(value: str) -> None:
    """Two values, parameters, PEM, other alphabets, bytes missing or left over: no certificate."""
    with pytest.raises(Rejected) as caught:
        thumbprint_of_header(value.encode())
    assert caught.value.reason is Reason.CERTIFICATE_FORM


@given(st.binary(max_size=400) | st.binary(max_size=300).map(lambda b: client_cert(b).encode()))
def test_any_bytes(value: bytes) -> None:
    """Whatever arrives, the answer is a thumbprint or `Rejected`."""
    try:
        assert len(thumbprint_of_header(value)) == 32
    except Rejected:
        return
