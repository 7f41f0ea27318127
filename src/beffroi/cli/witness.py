"""witness: a small server of its own, run by somebody else than the ledger, that cosigns what continues."""

import asyncio
import contextlib
import signal
import socket
from pathlib import Path
from typing import Annotated

import typer

from beffroi.app.witness import WitnessPlan, serve_witness
from beffroi.cli.files import content_of
from beffroi.cli.speaking import say, tell
from beffroi.config.contradictions import is_loopback
from beffroi.errors import OperatorError, reason_of
from beffroi.ledger.checkpoint import VerifierKey
from beffroi.ledger.cosignature import CosigningKey
from beffroi.servers.http_server import TlsFiles, listen
from beffroi.telemetry import Process, configure_logs

KEY_BYTES_MAX = 4_096


def add_to(app: typer.Typer) -> None:
    """Adds this command."""
    app.command(
        help=say(
            "Be a witness of other people's ledgers: cosign each checkpoint that continues what was seen before.",
            "Être le témoin du registre d'autrui : cosigner chaque point de contrôle qui continue ce qui a été vu.",
        )
    )(witness)


def witness(
    key: Annotated[
        Path,
        typer.Option(
            help=say("Its private key (keygen --witness).", "Sa clé privée (keygen --witness)."), metavar="FILE"
        ),
    ],
    state: Annotated[
        Path,
        typer.Option(help=say("Its memory; never restored from a backup.", "Sa mémoire."), metavar="FILE"),
    ],
    log: Annotated[
        list[str],
        typer.Option(
            help=say("The public key of a ledger; again for each key.", "La clé publique d'un registre ; répétable."),
            metavar="NAME+HASH+KEY",
        ),
    ],
    create: Annotated[
        bool, typer.Option("--create", help=say("Make the state file: a new witness.", "Créer la mémoire."))
    ] = False,
    host: Annotated[str, typer.Option(help=say("The address to listen on.", "L'adresse d'écoute."))] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(help=say("The port; 0 takes a free one.", "Le port ; 0 en prend un libre."))
    ] = 9474,
    tls_certificate: Annotated[str, typer.Option(help=say("A PEM file.", "Un fichier PEM."), metavar="FILE")] = "",
    tls_key: Annotated[str, typer.Option(help=say("A PEM file.", "Un fichier PEM."), metavar="FILE")] = "",
) -> None:
    """Runs until SIGTERM or Ctrl-C."""
    configure_logs(Process.COMMAND)
    if bool(tls_certificate) != bool(tls_key) or (not tls_certificate and not is_loopback(host)):
        raise OperatorError(
            "--tls-certificate and --tls-key go together, and without them --host must be of this machine.",
            "--tls-certificate et --tls-key vont ensemble ; sans eux, --host doit être de cette machine.",
        )
    tls = TlsFiles(tls_certificate, tls_key) if tls_certificate else None
    plan = WitnessPlan(state, _cosigning(key), _logs(log), _bound(host, port), create, tls)
    asyncio.run(_serve(plan))


async def _serve(plan: WitnessPlan) -> None:
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    address, port = plan.listening.getsockname()[:2]

    def ready() -> None:
        tell(say(f"Witness {plan.key.verifier().text()}", f"Témoin {plan.key.verifier().text()}"))
        tell(f"  {'https' if plan.tls else 'http'}://{address}:{port}/")

    with contextlib.closing(plan.listening):
        await serve_witness(plan, stopping, ready)
    tell(say("Stopped.", "Arrêté."))


def _bound(host: str, port: int) -> socket.socket:
    try:
        return listen(host, port)
    except OSError as error:
        why = reason_of(error)
        raise OperatorError(
            f"Cannot listen on {host} port {port} (--host, --port): {why.english}.",
            f"Impossible d'écouter sur {host} port {port} (--host, --port) : {why.french}.",
        ) from None


def _cosigning(path: Path) -> CosigningKey:
    try:
        return CosigningKey.parse(content_of(path, KEY_BYTES_MAX).decode("utf-8", "replace"))
    except ValueError:
        raise OperatorError(
            f"{path} is no key of `beffroi keygen --witness`.",
            f"{path} n'est pas une clé de `beffroi keygen --witness`.",
        ) from None


def _logs(texts: list[str]) -> tuple[VerifierKey, ...]:
    try:
        return tuple(VerifierKey.parse(text) for text in texts)
    except ValueError:
        raise OperatorError(
            "--log: not a public key of a ledger (NAME+HASH+KEY).",
            "--log : pas la clé publique d'un registre (NAME+HASH+KEY).",
        ) from None
