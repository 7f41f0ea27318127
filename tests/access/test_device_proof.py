"""Proofs of a device's key: right ones, every altered byte refused; and what we say to browsers ourselves."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import ECKey, Key, RSAKey

from beffroi.access.device_proof import Fault, NotProved, read_proof
from beffroi.access.device_statements import CHARACTERS, About, Statement, Statements
from credentials import ED25519, KEY_OF, OTHER_P256, P256, RSA_2048, base64url, public, sign, unsigned

CHALLENGE = "challenge-1"
MOMENTS = st.integers(0, 2**53).map(lambda number: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=number))


def proof(key: Key = P256, alg: str = "ES256", claims: dict[str, Any] | None = None, **header: Any) -> str:
    """A binding's proof; with `jwk=None` a refresh's."""
    full = {"alg": alg, "typ": "dbsc+jwt", "jwk": public(key)} | header
    return sign({name: value for name, value in full.items() if value is not None}, claims or {"jti": CHALLENGE}, key)


def bound(header: str) -> str:
    return read_proof(header).new_key()


def fault(header: str, key: str = "") -> Fault:
    with pytest.raises(NotProved) as caught:
        bound(header) if not key else read_proof(header).check(key)
    return caught.value.fault


@pytest.mark.parametrize("alg", ["ES256", "RS256"])
def test_a_key_that_was_bound_proves_itself(alg: str) -> None:
    """Its public members alone are kept; with them the next proofs are checked, quoted or bare."""
    key = KEY_OF[alg]
    kept = bound(f'"{proof(key, alg, jwk=public(key, kid="x", use="sig"))}"')
    assert '"d"' not in kept and "kid" not in kept and alg in kept
    answer = proof(key, alg, jwk=None)
    read_proof(answer).check(kept)
    assert read_proof(answer).challenge == CHALLENGE
    assert fault(proof(key, alg), kept) is Fault.KEY  # a refresh brings no key


@given(part=st.integers(0, 2), place=st.integers(0, 10_000), mask=st.integers(1, 255), new=st.booleans())
def test_every_altered_byte_is_refused(part: int, place: int, mask: int, new: bool) -> None:
    """Of the header, the claims or the signature; at the binding and at a refresh."""
    kept, right = bound(proof()), proof() if new else proof(jwk=None)
    parts = right.split(".")
    raw = bytearray(base64.urlsafe_b64decode(parts[part] + "=" * (-len(parts[part]) % 4)))
    raw[place % len(raw)] ^= mask
    parts[part] = base64url(bytes(raw))
    fault(".".join(parts), "" if new else kept)


@pytest.mark.parametrize(
    ("header", "why"),
    [
        ("", Fault.FORM),
        ("a.b", Fault.FORM),
        ("e30.e30.AA", Fault.FORM),
        (proof()[:-1] + "é", Fault.FORM),
        (proof(claims={"jti": 1}), Fault.FORM),
        (proof(claims={"iat": 1}), Fault.FORM),
        (proof(claims={"jti": "x" * 257}), Fault.FORM),
        (proof(claims={"jti": "x", "pad": "x" * 4_000}), Fault.FORM),
        (proof(crit=["exp"]), Fault.FORM),
        (proof(typ="dpop+jwt"), Fault.TYPE),
        (unsigned({"alg": "none", "typ": "dbsc+jwt", "jwk": public(P256)}, {"jti": CHALLENGE}), Fault.ALGORITHM),
        (proof(RSA_2048, "PS256"), Fault.ALGORITHM),
        (proof(ED25519, "EdDSA"), Fault.ALGORITHM),
        (proof(jwk=None), Fault.KEY),
        (proof(jwk=dict(P256.as_dict(private=True))), Fault.KEY),
        (proof(jwk=public(RSA_2048)), Fault.KEY),
        (proof(jwk=public(P256) | {"y": public(OTHER_P256)["y"]}), Fault.KEY),
        (proof(jwk=public(ECKey.generate_key("P-384"))), Fault.KEY),
        (proof(jwk=public(OTHER_P256)), Fault.SIGNATURE),
    ],
)
def test_a_wrong_binding_is_refused(header: str, why: Fault) -> None:
    """Another form, type, algorithm or key than browsers have for this, each with its reason."""
    assert fault(header) is why


def test_a_small_key_is_refused() -> None:
    """RSA has 2048 bits or more."""
    with pytest.warns(match="2048"):
        small = RSAKey.generate_key(1024)
    assert fault(proof(small, "RS256")) is Fault.KEY


def test_another_key_proves_nothing() -> None:
    """A proof by another key, or by another algorithm's, is not this session's."""
    kept = bound(proof())
    assert fault(proof(OTHER_P256, jwk=None), kept) is Fault.SIGNATURE
    assert fault(proof(RSA_2048, "RS256", jwk=None), kept) is Fault.ALGORITHM


@given(
    about=st.sampled_from(About),
    session=st.binary(min_size=32, max_size=32),
    at=MOMENTS,
    nonce=st.binary(min_size=12, max_size=12),
)
def test_what_we_said_is_read_again_by_us_alone(about: About, session: bytes, at: datetime, nonce: bytes) -> None:
    """For the same purpose and by the same server, to the microsecond; by no other."""
    said = Statements(bytes(32)).say(about, session, at, nonce)
    assert len(said) == CHARACTERS
    assert Statements(bytes(32)).read(about, said) == Statement(session, at)
    assert Statements(b"x" * 32).read(about, said) is None
    assert [other for other in About if Statements(bytes(32)).read(other, said)] == [about]


@given(place=st.integers(0, CHARACTERS - 2), letter=st.sampled_from("AZaz09-_é."))
def test_a_statement_cannot_be_altered(place: int, letter: str) -> None:
    """Another letter anywhere, one more or one less: nobody said that."""
    ours = Statements(bytes(32))
    said = ours.say(About.COOKIE, bytes(32), datetime(2026, 11, 24, tzinfo=UTC) + timedelta(hours=1), bytes(12))
    altered = said[:place] + letter + said[place + 1 :]
    assert (ours.read(About.COOKIE, altered) is None) == (altered != said)
    assert ours.read(About.COOKIE, said[:-1]) is None and ours.read(About.COOKIE, said + "A") is None
