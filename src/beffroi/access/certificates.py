"""The client certificate that a TLS proxy passes on, as the thumbprint to which a token may be bound.

Source: RFC 9440 section 2.1 (Client-Cert is a structured field: a byte sequence); RFC 8941 section 3.3.5; RFC 8705
section 3.1 (the SHA-256 of the certificate's DER form).
"""

import binascii
from hashlib import sha256
from typing import Final

from beffroi.access.rejection import Reason, Rejected

HEADER_BYTES_MAX: Final = 8_192  # a certificate of IGC-Santé has about 2,500 in base64
_SEQUENCE: Final = 0x30
_LONG_FORM: Final = 0x82  # any certificate is longer than 255 bytes and shorter than 65,536


def thumbprint_of_header(value: bytes) -> bytes:
    """The SHA-256 (32 bytes) of the certificate in a Client-Cert header; raises `Rejected`.

    The certificate is not validated: the proxy did, and a token's `cnf` names this one among all.

    >>> thumbprint_of_header(b":MIIBAA==:")
    Traceback (most recent call last):
    beffroi.access.rejection.Rejected: Sign in first: the Client-Cert header cannot be read.
    """
    value = value.strip(b" ")
    if len(value) > HEADER_BYTES_MAX or len(value) < 2 or value[:1] != b":" or value[-1:] != b":":
        raise Rejected(Reason.CERTIFICATE_FORM)
    try:
        certificate = binascii.a2b_base64(value[1:-1], strict_mode=True)
    except ValueError:
        raise Rejected(Reason.CERTIFICATE_FORM) from None
    if not _is_der(certificate):
        raise Rejected(Reason.CERTIFICATE_FORM)
    return sha256(certificate).digest()


def _is_der(certificate: bytes) -> bool:
    """Whether it is one DER sequence and nothing after it."""
    if len(certificate) < 4 or certificate[0] != _SEQUENCE or certificate[1] != _LONG_FORM:
        return False
    return len(certificate) == 4 + int.from_bytes(certificate[2:4], "big")
