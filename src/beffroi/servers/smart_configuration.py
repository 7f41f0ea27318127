"""What a SMART client asks first: where to get a token for this API, and what may be in it.

Tokens are the issuer's affair: its endpoints are those of its own metadata, told on.

Source: SMART App Launch 2.2 section 2.5 (`.well-known/smart-configuration`); IHE IUA (ITI-103).
"""

from typing import Any, Final

import msgspec

from beffroi.access.compact import ALGORITHMS
from beffroi.outbound.issuer_keys import IssuerMetadata
from beffroi.servers.routes import Route

PATH: Final = "/.well-known/smart-configuration"
_CAPABILITIES: Final = ["client-confidential-asymmetric", "permission-user", "permission-v2"]


def smart_configuration(issuer: str, metadata: IssuerMetadata | None, routes: tuple[Route, ...]) -> bytes:
    """The document. Without the issuer's metadata (not fetched, or keys by a file alone) it names the issuer alone."""
    found: dict[str, Any] = {"issuer": issuer}
    if metadata is not None:
        names = (
            "jwks_uri",
            "authorization_endpoint",
            "token_endpoint",
            "introspection_endpoint",
            "revocation_endpoint",
            "pushed_authorization_request_endpoint",
            "grant_types_supported",
            "token_endpoint_auth_methods_supported",
        )
        found |= {name: value for name in names if (value := getattr(metadata, name))}
    scopes = [route.transaction for route in routes if route.transaction]
    smart = [f"{context}/{route.resource}.{route.letters}" for route in routes for context in ("user", "system")]
    return msgspec.json.encode(
        found
        | {
            "scopes_supported": list(dict.fromkeys(["openid", *scopes, *smart])),
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
            "capabilities": _CAPABILITIES,
            "dpop_signing_alg_values_supported": sorted(ALGORITHMS),
        }
    )
