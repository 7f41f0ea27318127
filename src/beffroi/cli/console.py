"""client-key: the key by which the console proves itself to the issuer."""

import os
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from beffroi.cli.speaking import say, tell
from beffroi.errors import unwritable
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
    try:
        with os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
            file.write(msgspec.json.encode(key.private_jwk) + b"\n")
    except OSError as error:
        raise unwritable(out, error) from None
    public = key.jwk | {"kid": base64url(key.thumbprint), "use": "sig", "alg": "ES256"}
    tell(msgspec.json.encode({"keys": [public]}).decode())
