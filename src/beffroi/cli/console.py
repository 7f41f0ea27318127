"""client-key: the key by which the console proves itself to the issuer."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from beffroi.cli.files import write_new
from beffroi.cli.speaking import say, tell
from beffroi.outbound.signing_key import SigningKey, base64url


def add_to(app: typer.Typer) -> None:
    """Adds this command."""
    app.command(
        "client-key",
        help=say(
            "Make the key by which the console proves itself to the sign-in service (private_key_jwt).",
            "Créer la clé par laquelle la console se prouve au service d'identification (private_key_jwt).",
        ),
    )(client_key)


def client_key(
    out: Annotated[Path, typer.Option("--out", help=say("The new file.", "Le nouveau fichier."), metavar="FILE")],
) -> None:
    """Writes the private key (mode 0600), never over another file, and prints the key set to register at the issuer."""
    key = SigningKey()
    write_new(out, msgspec.json.encode(key.private_jwk) + b"\n")
    public = key.jwk | {"kid": base64url(key.thumbprint), "use": "sig", "alg": "ES256"}
    tell(msgspec.json.encode({"keys": [public]}).decode())
