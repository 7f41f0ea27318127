"""Access tokens: what is believed, and each thing that is not."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi.access.issuers import DemoIssuerRefused, parse_key_set
from beffroi.access.rejection import Reason, Rejected
from beffroi.access.tokens import LIFETIME_S_MAX, AccessToken, Trust, read_token, verify_token
from beffroi.errors import NotAuthenticated
from beffroi.telemetry.metrics import Rejection
from credentials import (
    AUDIENCE,
    ED25519,
    ISSUER,
    KEY_OF,
    NOW_S,
    OTHER_P256,
    P256,
    RSA_2048,
    application_claims,
    base64url,
    person_claims,
    public,
    sign,
    token,
    trust,
    trusted,
    unsigned,
)


def verified(raw: bytes, by: Trust | None = None, now_s: float = NOW_S) -> AccessToken:
    return verify_token(read_token(raw), by or trust(), now_s)


def refusal(raw: bytes, by: Trust | None = None, now_s: float = NOW_S) -> Reason:
    with pytest.raises(Rejected) as caught:
        verified(raw, by, now_s)
    return caught.value.reason


@pytest.mark.parametrize("alg", ["ES256", "RS256", "PS256", "EdDSA", "Ed25519"])
def test_the_four_algorithms_are_accepted(alg: str) -> None:
    """ES256, RS256, PS256 and EdDSA (under either name) verify with a key of their type."""
    keys = trust(public(KEY_OF[alg], kid="k1"))
    raw = token(person_claims(), KEY_OF[alg], alg)
    assert verified(raw, keys).claims.SubjectNameID == "ANS20261124090000"


def test_what_is_bound_is_said() -> None:
    """A verified token says to which key it is bound, and that it must not be used after its end and the skew."""
    found = verified(token(person_claims(OTHER_P256)))
    assert base64url(found.key) == OTHER_P256.thumbprint() and found.certificate == b""
    assert found.expires_at_s == NOW_S + 120 + trusted().skew_s


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ({"typ": "JWT"}, Reason.TOKEN_TYPE),
        ({"typ": "dpop+jwt"}, Reason.TOKEN_TYPE),
        ({"typ": None}, Reason.TOKEN_TYPE),
        ({"typ": "logout+jwt"}, Reason.TOKEN_TYPE),
        ({"kid": "k2"}, Reason.UNKNOWN_KEY),
        ({"kid": None}, Reason.UNKNOWN_KEY),
        ({"crit": ["b64"], "b64": False}, Reason.TOKEN_FORM),
        ({"crit": []}, Reason.TOKEN_FORM),
    ],
)
def test_headers_that_are_refused(header: dict[str, Any], reason: Reason) -> None:
    """Another type, an unknown key number or a critical extension is refused, though the signature is right."""
    assert refusal(token(person_claims(), **header)) is reason


@pytest.mark.parametrize("kind", ["ID", "Refresh", "Logout", "Offline", ""])
def test_keycloak_tokens_of_other_types(kind: str) -> None:
    """Of Keycloak's tokens only Bearer and DPoP are access tokens."""
    assert refusal(token(person_claims(typ=kind), typ="JWT")) is Reason.TOKEN_TYPE
    assert verified(token(person_claims(typ="Bearer"), typ="JWT"))
    assert verified(token(person_claims(typ="DPoP"), typ="JWT"))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"iss": "https://other.example"}, Reason.ISSUER),
        ({"iss": ISSUER + "/"}, Reason.ISSUER),
        ({"aud": "https://else.example"}, Reason.AUDIENCE),
        ({"aud": []}, Reason.AUDIENCE),
        ({"aud": AUDIENCE.upper()}, Reason.AUDIENCE),
        ({"exp": NOW_S - 11}, Reason.EXPIRED),
        ({"iat": NOW_S + 11, "exp": NOW_S + 60}, Reason.NOT_YET),
        ({"nbf": NOW_S + 11}, Reason.NOT_YET),
        ({"exp": NOW_S + LIFETIME_S_MAX + 1}, Reason.LIFETIME),
        ({"exp": None}, Reason.CLAIMS),
        ({"iat": None}, Reason.CLAIMS),
        ({"iss": None}, Reason.CLAIMS),
        ({"aud": None}, Reason.CLAIMS),
        ({"exp": "1795510920"}, Reason.CLAIMS),
        ({"exp": True}, Reason.CLAIMS),
        ({"aud": {"a": 1}}, Reason.CLAIMS),
        ({"SubjectNameID": 899700366240}, Reason.CLAIMS),
        ({"cnf": None}, Reason.BEARER),
        ({"cnf": {}}, Reason.CLAIMS),
        ({"cnf": {"jwk": {}}}, Reason.CLAIMS),
        ({"cnf": {"jkt": "AAAA"}}, Reason.CLAIMS),
        ({"cnf": {"jkt": "not base64url"}}, Reason.CLAIMS),
        ({"cnf": {"x5t#S256": base64url(("ab" * 32).encode())}}, Reason.CLAIMS),
        ({"cnf": {"jkt": ["a"]}}, Reason.CLAIMS),
    ],
)
def test_claims_that_are_refused(changes: dict[str, Any], reason: Reason) -> None:
    """Each claim that matters is checked; a certificate's thumbprint in base64 of hexadecimal is not one."""
    assert refusal(token(person_claims(**changes))) is reason


def test_times_have_a_skew() -> None:
    """Ten seconds either way are forgiven, and not one more."""
    assert verified(token(person_claims(exp=NOW_S - 9)))
    assert verified(token(person_claims(iat=NOW_S + 10, nbf=NOW_S + 10)))
    assert refusal(token(person_claims(exp=NOW_S)), trust(skew_s=0)) is Reason.EXPIRED


def test_one_of_several_audiences_is_enough() -> None:
    """`aud` is a text or a list of which one is ours."""
    assert verified(token(person_claims(aud=["account", AUDIENCE])))


def test_a_bearer_token_needs_the_operators_leave() -> None:
    """A token bound to nothing is refused unless its issuer's configuration allows it."""
    bare = token(person_claims(holder=None))
    assert refusal(bare) is Reason.BEARER
    found = verified(bare, trust(bearer_allowed=True))
    assert (found.key, found.certificate) == (b"", b"")


def test_no_algorithm_none() -> None:
    """`none` is no algorithm, in any case of letters."""
    for name in ("none", "None", "NONE", "nOnE"):
        raw = unsigned({"alg": name, "typ": "at+jwt", "kid": "k1"}, person_claims()).encode()
        assert refusal(raw + b"AAAA") is Reason.ALGORITHM


@pytest.mark.parametrize("secret", ["spki", "jwk", "x"])
def test_a_public_key_is_never_a_secret(secret: str) -> None:
    """HS256 under the bytes of the issuer's public key is refused, whatever form of it was used."""
    forms = {
        "spki": P256.as_pem(private=False),
        "jwk": json.dumps(public(P256)).encode(),
        "x": public(P256)["x"].encode(),
    }
    assert refusal(token(person_claims(), forms[secret], "HS256")) is Reason.ALGORITHM


def test_an_algorithm_is_used_with_its_own_type_of_key() -> None:
    """An RS256 token does not verify with a P-256 key of that number."""
    assert refusal(token(person_claims(), RSA_2048, "RS256")) is Reason.UNKNOWN_KEY


def test_an_issuer_may_be_held_to_fewer_algorithms() -> None:
    """An algorithm that the issuer is not configured for is refused before its key is looked for."""
    by = trust(public(P256, kid="k1"), public(RSA_2048, kid="k2"), algorithms=frozenset({"ES256"}))
    assert refusal(token(person_claims(), RSA_2048, "RS256", kid="k2"), by) is Reason.ALGORITHM


def test_a_key_of_another_issuer_does_not_count() -> None:
    """A token signed by one issuer in the name of another is refused, whatever key number it names."""
    raw = token(person_claims(), OTHER_P256, kid="k1")
    assert refusal(raw) is Reason.SIGNATURE
    other = trust(public(OTHER_P256, kid="k9"), issuer="https://other.example")
    assert refusal(token(person_claims(), OTHER_P256, kid="k9"), trust()) is Reason.UNKNOWN_KEY
    assert refusal(token(person_claims(), OTHER_P256, kid="k9"), other) is Reason.ISSUER


def test_a_changed_byte_breaks_the_signature() -> None:
    """Claims that are changed after signing are not believed."""
    head, _, signature = token(person_claims()).decode().split(".")
    forged = base64url(json.dumps(person_claims(SubjectNameID="ANS999")).encode())
    assert refusal(f"{head}.{forged}.{signature}".encode()) is Reason.SIGNATURE


def test_keys_in_the_token_are_not_used() -> None:
    """A key that the token brings along, by value or by address, is not looked at (BCP 225 section 3.10)."""
    raw = token(person_claims(), OTHER_P256, jwk=public(OTHER_P256), jku="https://thief.example/jwks")
    assert refusal(raw) is Reason.SIGNATURE


def test_claims_under_other_names() -> None:
    """An issuer that names its claims otherwise is read under those names, and under those alone."""
    claims = person_claims(SubjectNameID="decoy", rpps="810000000001", metier=["M"], finess="590000002")
    other = trust(subject_claim="rpps", role_claim="metier", structure_claim="finess")
    found = verified(token(claims), other).claims
    assert (found.SubjectNameID, found.SubjectRole, found.SubjectOrganizationID) == ("810000000001", ["M"], "590000002")
    assert verified(token(person_claims()), other).claims.SubjectNameID == ""
    assert refusal(token(person_claims(rpps=1)), other) is Reason.CLAIMS


def test_a_large_token_is_refused_unread() -> None:
    """Beyond 8 KiB a token is not even parsed."""
    assert refusal(token(application_claims(scope="x" * 9_000))) is Reason.TOKEN_SIZE


# --- key sets


def key_set(*keys: dict[str, Any], **changes: Any) -> set[tuple[str, str]]:
    return set(parse_key_set(json.dumps({"keys": keys}).encode(), trusted(**changes)))


def test_only_keys_that_may_sign_are_kept() -> None:
    """Keys for encryption, shared secrets, weak or private ones and other curves are left out of a set."""
    kept = key_set(
        public(P256, kid="good", x5c="ignored"),
        public(RSA_2048, kid="rsa"),
        public(ED25519, kid="ed", alg="Ed25519"),
        public(RSA_2048, kid="enc", use="enc"),
        {"kty": "RSA", "n": "u" * 171, "e": "AQAB", "kid": "weak"},
        public(RSA_2048, kid="ps-only", alg="PS256"),
        dict(P256.as_dict(private=True)) | {"kid": "private"},
        {"kty": "oct", "k": "AAAA", "kid": "secret"},
        {"kty": "EC", "crv": "P-384", "x": "A" * 64, "y": "A" * 64, "kid": "p384"},
        {"kty": ["EC"], "kid": "odd"},
        public(P256),
    )
    assert kept == {("good", "ES256"), ("rsa", "RS256"), ("rsa", "PS256"), ("ed", "EdDSA"), ("ps-only", "PS256")}


@pytest.mark.parametrize(
    "document",
    [b"", b"[]", b'{"keys": {}}', b'{"keys": []}', b'{"keys": [1]}', b"{" * 50_000, b" " * 70_000, b'{"keys": [{}]}'],
)
def test_key_sets_that_cannot_be_used(document: bytes) -> None:
    """A set that is broken, empty or too large is a ValueError, whatever is in it."""
    with pytest.raises(ValueError):
        parse_key_set(document, trusted())


def test_too_many_keys() -> None:
    """A set has 32 keys at most."""
    with pytest.raises(ValueError):
        key_set(*(public(P256, kid=f"k{n}") for n in range(33)))


def test_a_demos_keys_are_refused_elsewhere() -> None:
    """A key number of the demo's issuer is refused in any deployment that is not the demo."""
    with pytest.raises(DemoIssuerRefused):
        key_set(public(P256, kid="good"), public(OTHER_P256, kid="demo-1"))
    assert key_set(public(OTHER_P256, kid="demo-1"), demo=True) == {("demo-1", "ES256")}


def test_the_first_of_two_keys_of_a_number_counts() -> None:
    """Two keys of one number and type: the first one verifies, the second one does not."""
    by = trust(public(P256, kid="k1"), public(OTHER_P256, kid="k1"))
    assert verified(token(person_claims(), P256), by)
    assert refusal(token(person_claims(), OTHER_P256), by) is Reason.SIGNATURE


# --- hostile input

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@given(st.binary(max_size=200) | st.text(max_size=100).map(lambda t: f"e30.{t}.AA".encode()))
def test_any_bytes(raw: bytes) -> None:
    """Whatever arrives in place of a token, the answer is NotAuthenticated and nothing else."""
    with pytest.raises(NotAuthenticated):
        verified(raw)


@given(st.sampled_from(sorted(person_claims())), JSON)
def test_any_value_in_a_signed_claim(name: str, value: object) -> None:
    """Even an issuer that signs nonsense in a claim causes NotAuthenticated at worst."""
    raw = sign(
        {"alg": "ES256", "typ": "at+jwt", "kid": "k1"}, msgspec.json.encode(person_claims() | {name: value}), P256
    )
    try:
        verified(raw.encode())
    except NotAuthenticated:
        return


@given(st.sampled_from(["alg", "typ", "kid", "crit"]), JSON)
def test_any_value_in_a_header(name: str, value: object) -> None:
    """Whatever a header says, the answer is a token or NotAuthenticated."""
    header = msgspec.json.encode({"alg": "ES256", "typ": "at+jwt", "kid": "k1"} | {name: value})
    with pytest.raises(NotAuthenticated):
        verified(f"{base64url(header)}.{base64url(msgspec.json.encode(person_claims()))}.AAAA".encode())


# --- the vocabulary


@pytest.mark.parametrize("reason", list(Reason))
def test_reasons_fit_their_places(reason: Reason) -> None:
    """A reason has a group that metrics know, and an English text that may stand in a header."""
    assert Rejection(reason.value.group)
    assert reason.value.english.isascii() and not set(reason.value.english) & set('"\\')
    assert Rejected(reason).text("fr").startswith("Identifiez-vous")
