"""DPoP proofs: a test per check of RFC 9449 section 4.3 (the first, a single header, is in servers), and addresses."""

import base64
import json
from hashlib import sha256
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import ECKey, Key, RSAKey

from beffroi.access.dpop import (
    AGE_S_MAX,
    AHEAD_S_MAX,
    DRIFT_S_MAX,
    PROOFS_KEPT_S,
    Held,
    ProofKeys,
    Request,
    normalise_address,
    same_address,
    verify_proof,
)
from beffroi.access.nonces import WINDOW_S, Nonces
from beffroi.access.rejection import Reason, Rejected
from beffroi.errors import NotAuthenticated
from credentials import KEY_OF, NOW_S, OTHER_P256, P256, RSA_2048, Proofs, base64url, public, sign, unsigned

URL = "https://beffroi.example/fhir/Patient"
TOKEN = b"a.b.c"
NONCES = Nonces(bytes(range(32)))


def request(key: Key = OTHER_P256, method: str = "GET", url: str = URL) -> Request:
    return Request(method, url, sha256(TOKEN).digest(), base64.urlsafe_b64decode(key.thumbprint() + "="))


def verified(
    proof: str | bytes, asked: Request | None = None, now_s: float = NOW_S, nonces: Nonces | None = None
) -> Held:
    raw = proof if isinstance(proof, bytes) else proof.encode()
    return verify_proof(raw, asked or request(), now_s, ProofKeys(), nonces)


def refusal(
    proof: str | bytes, asked: Request | None = None, now_s: float = NOW_S, nonces: Nonces | None = None
) -> Reason:
    with pytest.raises(Rejected) as caught:
        verified(proof, asked, now_s, nonces)
    return caught.value.reason


def claims(**changes: Any) -> dict[str, Any]:
    return Proofs().claims("GET", URL, TOKEN, **changes)


def with_header(**changes: Any) -> str:
    return sign(Proofs().header(**changes), claims(), OTHER_P256)


@pytest.mark.parametrize("alg", ["ES256", "RS256", "PS256", "EdDSA", "Ed25519"])
def test_a_right_proof(alg: str) -> None:
    """A proof by any of the four algorithms gives the thumbprint of its key, and what the gate burns."""
    key = KEY_OF[alg]
    held = verified(sign(Proofs(key, alg).header(), claims(), key), request(key))
    assert base64url(held.thumbprint) == key.thumbprint()
    assert len(held.proof.digest) == 16 and held.proof.minute == NOW_S // 60


@pytest.mark.parametrize(
    "proof",
    [
        "",
        "a",
        "a.b",
        "..",
        "e30.e30",
        "e30.e30.AA.AA",
        "e30=.e30.AA",
        "e30.e30.A+",
        "ééé.é.é",
        "W10.e30.AA",
        "e30.e30.AA",
    ],
)
def test_check_2_a_well_formed_jwt(proof: str) -> None:
    """Anything but one signed JWT is refused."""
    assert refusal(proof) is Reason.PROOF_FORM


@pytest.mark.parametrize("name", ["jti", "htm", "htu", "iat"])
def test_check_3_every_claim_is_there(name: str) -> None:
    """jti, htm, htu and iat are required, and so is each header parameter."""
    assert refusal(Proofs().proof("GET", URL, TOKEN, **{name: None})) is Reason.PROOF_CLAIMS
    for parameter in ("typ", "jwk"):
        assert refusal(with_header(**{parameter: None})) is Reason.PROOF_FORM
    assert refusal(unsigned({"typ": "dpop+jwt", "jwk": public(OTHER_P256)}, claims(), b"x" * 64)) is Reason.PROOF_FORM


@pytest.mark.parametrize(
    ("name", "value"),
    [("jti", 1), ("htm", ["GET"]), ("htu", None), ("iat", "1"), ("iat", True), ("ath", {}), ("nonce", 7)],
)
def test_check_3_every_claim_has_its_type(name: str, value: object) -> None:
    """A claim of another type is not converted."""
    raw = claims() | {name: value}
    assert refusal(sign(Proofs().header(), raw, OTHER_P256)) is Reason.PROOF_CLAIMS


@pytest.mark.parametrize("kind", ["JWT", "at+jwt", "dpop", "application/dpop+jwt;x"])
def test_check_4_the_type(kind: str) -> None:
    """`typ` is dpop+jwt, so that no other JWT that a client signs can be taken for a proof."""
    assert refusal(with_header(typ=kind)) is Reason.PROOF_TYPE


@pytest.mark.parametrize("alg", ["none", "HS256", "ES384", "ES256K", "RS512", "dir", ""])
def test_check_5_the_algorithm(alg: str) -> None:
    """`none`, shared secrets and algorithms that are not offered are refused."""
    header = Proofs().header() | {"alg": alg}
    assert refusal(unsigned(header, claims(), b"x" * 64)) is Reason.PROOF_ALGORITHM


def test_check_5_no_secret_by_the_public_key() -> None:
    """HS256 under the proof's own public key is no proof of anything."""
    header = Proofs().header() | {"alg": "HS256"}
    assert refusal(sign(header, claims(), public(OTHER_P256)["x"].encode())) is Reason.PROOF_ALGORITHM


def test_check_6_the_signature() -> None:
    """A proof signed with another key than the one that it shows is refused; so is one that was changed."""
    assert refusal(sign(Proofs().header(), claims(), P256)) is Reason.PROOF_SIGNATURE
    head, _, signature = Proofs().proof("GET", URL, TOKEN).decode().split(".")
    changed = base64url(json.dumps(claims(jti="another-one-altogether")).encode())
    assert refusal(f"{head}.{changed}.{signature}") is Reason.PROOF_SIGNATURE


@pytest.mark.parametrize("size", [0, 1, 63, 65, 70, 128])
def test_check_6_a_signature_of_another_size(size: int) -> None:
    """ES256 has 64 bytes of signature; the all-zero one does not verify either."""
    assert refusal(unsigned(Proofs().header(), claims(), b"\0" * size)) in (Reason.PROOF_SIGNATURE, Reason.PROOF_FORM)
    assert refusal(unsigned(Proofs().header(), claims(), b"\0" * 64)) is Reason.PROOF_SIGNATURE


def test_check_7_no_private_key() -> None:
    """A proof that shows its private key is refused, and says to replace that key."""
    assert refusal(with_header(jwk=dict(OTHER_P256.as_dict(private=True)))) is Reason.PRIVATE_KEY
    rsa = sign({"typ": "dpop+jwt", "alg": "RS256", "jwk": dict(RSA_2048.as_dict(private=True))}, claims(), RSA_2048)
    assert refusal(rsa) is Reason.PRIVATE_KEY


@pytest.mark.parametrize(
    "jwk",
    [
        {},
        {"kty": "oct", "alg": "ES256"},
        public(RSA_2048),
        public(ECKey.generate_key("P-384")),
        public(OTHER_P256) | {"y": public(P256)["y"]},
        public(OTHER_P256) | {"x": public(OTHER_P256)["x"] + "="},
        public(OTHER_P256) | {"x": "AA" + public(OTHER_P256)["x"]},
        public(OTHER_P256) | {"use": "enc"},
        public(OTHER_P256) | {"alg": "ES384"},
        public(OTHER_P256) | {"x": 5},
    ],
)
def test_the_key_is_a_public_key_of_its_algorithm(jwk: dict[str, Any]) -> None:
    """Another type or curve, a point off the curve, coordinates of another length: no key."""
    assert refusal(with_header(jwk=jwk)) is Reason.PROOF_KEY


def test_large_or_odd_rsa_keys() -> None:
    """An RSA key outside 2048 to 4096 bits, or with another exponent than 65537, is refused before it costs much."""
    for n, e in (("u" * 171, "AQAB"), ("u" * 1_366, "AQAB"), (public(RSA_2048)["n"], "Aw")):
        header = {"typ": "dpop+jwt", "alg": "RS256", "jwk": {"kty": "RSA", "n": n, "e": e}}
        assert refusal(unsigned(header, claims(), b"x" * 256)) is Reason.PROOF_KEY


@pytest.mark.parametrize("method", ["POST", "get", "GET ", ""])
def test_check_8_the_method(method: str) -> None:
    """`htm` is the request's method, letter for letter."""
    assert refusal(Proofs().proof(method, URL, TOKEN)) is Reason.PROOF_METHOD


@pytest.mark.parametrize(
    "url",
    [
        "https://beffroi.example/fhir/Patient/1",
        "https://beffroi.example/fhir/patient",
        "https://beffroi.example/fhir/Patient/",
        "http://beffroi.example/fhir/Patient",
        "https://beffroi.example:8443/fhir/Patient",
        "https://beffroi.example.thief.example/fhir/Patient",
        "https://thief@beffroi.example/fhir/Patient",
        "https://thief.example/https://beffroi.example/fhir/Patient",
        "https://beffroi.example/fhir%2FPatient",
        "/fhir/Patient",
        "",
        "https://",
        "https://beffroi.example:port/fhir/Patient",
        "https://[::1/fhir/Patient",
    ],
)
def test_check_9_the_address(url: str) -> None:
    """A proof for another address, port, scheme or host is refused."""
    assert refusal(Proofs().proof("GET", url, TOKEN)) is Reason.PROOF_URL


@pytest.mark.parametrize(
    "url",
    [
        URL,
        URL + "?birthdate=1985-03-12",
        URL + "#top",
        "HTTPS://Beffroi.Example:443/fhir/Patient",
        "https://beffroi.example/fhir/x/../Patient",
        "https://beffroi.example/fhir/%50atient",
    ],
)
def test_check_9_equal_addresses(url: str) -> None:
    """Query and fragment do not count, and addresses are compared after RFC 3986's normalisation."""
    assert verified(Proofs().proof("GET", url, TOKEN), request(url=URL + "?family=Mar"))


def test_check_10_the_nonce() -> None:
    """With nonces, a proof without one, with a made-up one or with one of two windows ago is refused."""
    fresh = NONCES.current(NOW_S)
    assert verified(Proofs().proof("GET", URL, TOKEN, fresh), nonces=NONCES)
    for nonce in ("", "A" * 22, fresh[:-1], fresh + "A", "é"):
        assert refusal(Proofs().proof("GET", URL, TOKEN, nonce), nonces=NONCES) is Reason.NONCE
    old = NONCES.current(NOW_S - 2 * WINDOW_S)
    assert refusal(Proofs().proof("GET", URL, TOKEN, old), nonces=NONCES) is Reason.NONCE
    assert Rejected(Reason.NONCE).error == "use_dpop_nonce"


def test_check_10_nonces_rotate() -> None:
    """A nonce is good in its window and in the next one, and another deployment's never is."""
    nonce = NONCES.current(NOW_S)
    proof = Proofs().proof("GET", URL, TOKEN, nonce)
    assert verified(proof, now_s=NOW_S + WINDOW_S, nonces=Nonces(bytes(range(32))))
    assert refusal(proof, now_s=NOW_S + 2 * WINDOW_S, nonces=NONCES) is Reason.NONCE
    assert refusal(proof, nonces=Nonces(bytes(32))) is Reason.NONCE


def test_check_11_the_time_without_nonces() -> None:
    """Without nonces a proof is a minute old at most, and ten seconds ahead at most."""
    for offset in (-AGE_S_MAX, 0, AHEAD_S_MAX):
        assert verified(Proofs().proof("GET", URL, TOKEN, iat=NOW_S + offset))
    for offset in (-AGE_S_MAX - 1, AHEAD_S_MAX + 1, 10**9, -(10**9)):
        assert refusal(Proofs().proof("GET", URL, TOKEN, iat=NOW_S + offset)) is Reason.PROOF_TIME


def test_check_11_the_time_with_nonces() -> None:
    """The nonce proves the time, so a workstation's clock may be wrong by ten minutes, and no more."""
    nonce = NONCES.current(NOW_S)
    for offset in (-DRIFT_S_MAX, DRIFT_S_MAX):
        assert verified(Proofs().proof("GET", URL, TOKEN, nonce, iat=NOW_S + offset), nonces=NONCES)
    for offset in (-DRIFT_S_MAX - 1, DRIFT_S_MAX + 1):
        assert refusal(Proofs().proof("GET", URL, TOKEN, nonce, iat=NOW_S + offset), nonces=NONCES) is Reason.PROOF_TIME


def test_check_12_the_token() -> None:
    """A proof is for one token: without `ath`, or with that of another token, it is refused."""
    assert refusal(Proofs().proof("GET", URL)) is Reason.PROOF_TOKEN
    assert refusal(Proofs().proof("GET", URL, b"another")) is Reason.PROOF_TOKEN


def test_check_12_the_key() -> None:
    """A right proof by another key than the one that the token is bound to is refused."""
    assert refusal(Proofs(P256).proof("GET", URL, TOKEN)) is Reason.PROOF_HOLDER


@pytest.mark.parametrize("jti", ["", "short", "x" * 15, "x" * 257])
def test_the_length_of_jti(jti: str) -> None:
    """A jti has 16 characters (96 bits in base64) to 256."""
    assert refusal(Proofs().proof("GET", URL, TOKEN, jti=jti)) is Reason.PROOF_JTI


def test_a_large_proof_is_refused_unread() -> None:
    """Beyond 4 KiB a proof is not even parsed."""
    assert refusal(Proofs().proof("GET", URL, TOKEN, more="x" * 4_000)) is Reason.PROOF_SIZE


def test_critical_extensions_are_refused() -> None:
    """Whoever says that an extension must be understood is told that it is not."""
    assert refusal(with_header(crit=["exp"])) is Reason.PROOF_FORM


def test_what_is_burnt() -> None:
    """The same jti of the same key burns the same digest; of another key, or another jti, another one."""
    first = verified(Proofs().proof("GET", URL, TOKEN, jti="j" * 20)).proof
    again = verified(Proofs().proof("GET", URL, TOKEN, jti="j" * 20)).proof
    other_key = verified(Proofs(P256).proof("GET", URL, TOKEN, jti="j" * 20), request(P256)).proof
    other = verified(Proofs().proof("GET", URL, TOKEN, jti="k" * 20)).proof
    assert first == again and len({first.digest, other_key.digest, other.digest}) == 3


def test_a_second_signature_of_the_same_proof_burns_the_same() -> None:
    """ECDSA can sign twice, and (r, n - s) verifies too: neither makes a second use."""
    raw = claims(jti="j" * 20)
    one, two = (verified(sign(Proofs().header(), raw, OTHER_P256)) for _ in range(2))
    assert one.proof == two.proof


def test_proofs_are_kept_while_they_could_be_accepted() -> None:
    """No proof of a minute is accepted once its row may be gone, whatever the time of its making and of its use."""
    nonce_s = NOW_S + DRIFT_S_MAX + 60
    late = Proofs().proof("GET", URL, TOKEN, NONCES.current(nonce_s), iat=NOW_S)
    assert refusal(late, now_s=nonce_s, nonces=NONCES) is Reason.PROOF_TIME
    assert PROOFS_KEPT_S >= DRIFT_S_MAX + 60


def test_a_remembered_key_changes_nothing() -> None:
    """The second proof of a key is judged like the first: by its own claims and signature."""
    keys = ProofKeys()
    good = Proofs().proof("GET", URL, TOKEN)
    verify_proof(good, request(), NOW_S, keys, None)
    head, body, _ = good.decode().split(".")
    with pytest.raises(Rejected) as caught:
        verify_proof(f"{head}.{body}.{base64url(b'x' * 64)}".encode(), request(), NOW_S, keys, None)
    assert caught.value.reason is Reason.PROOF_SIGNATURE


def test_the_memory_of_keys_is_bounded() -> None:
    """More keys than it may remember push the oldest out, and those are read again."""
    keys = ProofKeys(entries_max=2)
    clients = [ECKey.generate_key("P-256") for _ in range(4)]
    for client in clients + clients:
        assert verify_proof(Proofs(client).proof("GET", URL, TOKEN), request(client), NOW_S, keys, None)
    assert len(keys) == 2


def test_wrong_proofs_are_not_remembered() -> None:
    """A proof that is refused leaves nothing behind, and neither does a header that is padded to fill the memory."""
    keys = ProofKeys()
    for proof in (Proofs(P256).proof("GET", URL, TOKEN), Proofs().proof("POST", URL, TOKEN)):
        with pytest.raises(Rejected):
            verify_proof(proof, request(), NOW_S, keys, None)
    padded = sign(Proofs().header(more="x" * 1_000), claims(), OTHER_P256).encode()
    assert verify_proof(padded, request(), NOW_S, keys, None)
    assert len(keys) == 0


def test_at_a_token_endpoint() -> None:
    """Where there is no token yet, neither `ath` nor a key is compared; the thumbprint says to what to bind one."""
    asked = Request("POST", "https://issuer.example/token", b"", b"")
    held = verified(Proofs().proof("POST", "https://issuer.example/token"), asked)
    assert base64url(held.thumbprint) == OTHER_P256.thumbprint()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@given(st.binary(max_size=300) | st.text(max_size=100).map(lambda text: f"e30.{text}.AA".encode()))
def test_any_bytes(raw: bytes) -> None:
    """Whatever arrives in place of a proof, the answer is NotAuthenticated and nothing else."""
    with pytest.raises(NotAuthenticated):
        verified(raw)


@given(st.sampled_from(["jti", "htm", "htu", "iat", "ath", "nonce"]), JSON)
def test_any_value_in_a_signed_claim(name: str, value: object) -> None:
    """A client that signs nonsense is told so, and nothing else happens."""
    raw = sign(Proofs().header(), msgspec.json.encode(claims() | {name: value}), OTHER_P256)
    try:
        verified(raw, nonces=NONCES)
    except NotAuthenticated:
        return


@given(st.sampled_from(["typ", "alg", "jwk", "crit"]), JSON)
def test_any_value_in_the_header(name: str, value: object) -> None:
    """Whatever a header says, the answer is a proof or NotAuthenticated."""
    header = base64url(msgspec.json.encode(Proofs().header() | {name: value}))
    with pytest.raises(NotAuthenticated):
        verified(f"{header}.{base64url(msgspec.json.encode(claims()))}.AAAA")


@given(st.sampled_from(["kty", "crv", "x", "y", "n", "e", "use", "alg", "key_ops"]), JSON)
def test_any_value_in_the_key(name: str, value: object) -> None:
    """Whatever a key says, the answer is a proof or NotAuthenticated."""
    for alg, key in (("ES256", OTHER_P256), ("RS256", RSA_2048), ("EdDSA", KEY_OF["Ed25519"])):
        header = {"typ": "dpop+jwt", "alg": alg, "jwk": public(key) | {name: value}}
        with pytest.raises(NotAuthenticated):
            verified(f"{base64url(msgspec.json.encode(header))}.{base64url(msgspec.json.encode(claims()))}.AAAA")


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_address(path: str, other: str) -> None:
    """Any text is an address or None; the same path is the same address, and normalising twice changes nothing."""
    found = normalise_address(f"https://beffroi.example/{path}")
    assert found is None or normalise_address(found) == found
    assert same_address(f"https://beffroi.example/{other}", f"https://beffroi.example/{other}")


def test_normalised_addresses() -> None:
    """RFC 3986 section 5.4's dot segments, default ports, IPv6 hosts, and what is no address of ours."""
    same = {
        "https://h/a/b/../c": "https://h/a/c",
        "https://h/../a": "https://h/a",
        "https://h/a/.": "https://h/a/",
        "https://h/a/..": "https://h/",
        "https://h": "https://h/",
        "http://h:80/": "http://h/",
        "http://h:8080/": "http://h:8080/",
        "https://[2001:DB8::1]:443/a": "https://[2001:db8::1]/a",
        "https://h/%e9%2f%7E": "https://h/%E9%2F~",
    }
    assert {address: normalise_address(address) for address in same} == same
    for other in ("ftp://h/", "//h/", "https:///a", "https://h/é", "https://h/a b", "https://h/a\n", "https://u@h/"):
        assert normalise_address(other) is None


def test_a_weak_key_is_refused_quietly() -> None:
    """A 1024-bit RSA key is refused without a word to the log."""
    with pytest.warns(match="2048"):
        weak = RSAKey.generate_key(1024)
    assert refusal(sign({"typ": "dpop+jwt", "alg": "RS256", "jwk": public(weak)}, claims(), weak)) is Reason.PROOF_KEY
