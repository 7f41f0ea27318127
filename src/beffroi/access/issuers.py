"""Whom we believe: an issuer of tokens as the operator configured it, and the keys that it publishes.

Source: RFC 8414 and OpenID Connect Discovery 1.0 (metadata), RFC 7517 (key sets), RFC 9068 (access tokens).
"""

import contextlib
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from beffroi.access.compact import ALGORITHMS, PublicKey, import_key
from beffroi.model.account import Role

KEY_SET_BYTES_MAX: Final = 65_536  # a set of 32 keys with their certificates fits
KEYS_MAX: Final = 32  # an issuer that rotates every hour and keeps a day's keys has 24
KEY_NAME_CHARACTERS_MAX: Final = 256
SKEW_S_DEFAULT: Final = 10  # both clocks are synchronised
SKEW_S_MAX: Final = 120  # as long as a token of Pro Santé Connect lives
SUBJECT_CLAIM: Final = "SubjectNameID"
ROLE_CLAIM: Final = "SubjectRole"
STRUCTURE_CLAIM: Final = "SubjectOrganizationID"
DEMO_PREFIX: Final = "demo-"
"""Key numbers of the demo's bundled issuer begin so; everywhere else such a key is refused."""
_ALGORITHMS_OF_TYPE: Final = {
    "EC": frozenset({"ES256"}),
    "RSA": frozenset({"RS256", "PS256"}),
    "OKP": frozenset({"EdDSA"}),
}


class TrustedIssuer(msgspec.Struct, frozen=True, kw_only=True):
    """One issuer. `issuer` is compared exactly with `iss`, `audiences` are what we are called in `aud`.

    `roles` maps a profession as the token writes it ("10^1.2.250.1.213.1.1.5.5") to a role; privileged roles come from
    grants alone. `acr_values`: when not empty, a person's token must have one of them.
    `proving_acr_values`: those of a sign-in that cannot be phished. `skew_s`: seconds between its
    clock and ours. `nonce_required`: proofs carry a nonce of ours. `bearer_allowed`: tokens that are bound to no key
    are accepted, so that whoever copies one is its holder for as long as it lives. The keys come from `key_set_file`,
    else from `key_set_url`, else from what `discovery_url` names, which is empty when it stands where OpenID Connect
    puts it. `demo`: the bundled issuer, in the demo only.
    """

    issuer: str
    audiences: frozenset[str]
    roles: dict[str, Role] = {}
    algorithms: frozenset[str] = ALGORITHMS
    acr_values: frozenset[str] = frozenset()
    proving_acr_values: frozenset[str] = frozenset()
    skew_s: int = SKEW_S_DEFAULT
    nonce_required: bool = True
    bearer_allowed: bool = False
    subject_claim: str = SUBJECT_CLAIM
    role_claim: str = ROLE_CLAIM
    structure_claim: str = STRUCTURE_CLAIM
    discovery_url: str = ""
    key_set_url: str = ""
    key_set_file: str = ""
    demo: bool = False

    def __post_init__(self) -> None:
        if not self.issuer or not self.audiences or not all(self.audiences):
            raise ValueError("an issuer has an address, and we have a name in its tokens")
        if not self.algorithms or not self.algorithms <= ALGORITHMS:
            raise ValueError("algorithms are among " + ", ".join(sorted(ALGORITHMS)))
        if not 0 <= self.skew_s <= SKEW_S_MAX:
            raise ValueError(f"clocks differ by {SKEW_S_MAX} seconds at most")

    @property
    def other_claims(self) -> dict[str, str]:
        """Which claims stand under another name than Pro Santé Connect's: its name by theirs."""
        names = {SUBJECT_CLAIM: self.subject_claim, ROLE_CLAIM: self.role_claim, STRUCTURE_CLAIM: self.structure_claim}
        return {standard: name for standard, name in names.items() if standard != name}


KeySet = Mapping[tuple[str, str], PublicKey]
"""Keys by (kid, algorithm)."""


class _KeyDocument(msgspec.Struct):
    keys: list[dict[str, Any]]


_decode_keys = msgspec.json.Decoder(_KeyDocument).decode


class DemoIssuerRefused(ValueError):
    """These are the keys of a demo, and this is none."""


def parse_key_set(document: bytes, trusted: TrustedIssuer) -> KeySet:
    """The keys of a JWK Set that may sign tokens; those that may not are left out.

    Raises ValueError when it cannot be read, is over its limits or holds no usable key, DemoIssuerRefused when it is a
    demo's and `trusted` is not.
    """
    if len(document) > KEY_SET_BYTES_MAX:
        raise ValueError("the key set is too large")
    try:
        keys = _decode_keys(document).keys
    except (msgspec.MsgspecError, RecursionError):
        raise ValueError("the key set is not a JWK Set") from None
    if len(keys) > KEYS_MAX:
        raise ValueError("the key set has too many keys")
    usable: dict[tuple[str, str], PublicKey] = {}
    for jwk in keys:
        kid = jwk.get("kid")
        if not isinstance(kid, str) or not 0 < len(kid) <= KEY_NAME_CHARACTERS_MAX:
            continue
        if kid.startswith(DEMO_PREFIX) and not trusted.demo:
            raise DemoIssuerRefused("a demo's keys are not accepted here")
        for algorithm in _algorithms(jwk.get("kty")) & trusted.algorithms:
            with contextlib.suppress(ValueError):  # a key for something else stands beside those that sign
                usable.setdefault((kid, algorithm), import_key(jwk, algorithm))
    if not usable:
        raise ValueError("the key set has no key that may sign tokens")
    return usable


def _algorithms(kind: object) -> frozenset[str]:
    return _ALGORITHMS_OF_TYPE.get(kind, frozenset()) if isinstance(kind, str) else frozenset()
