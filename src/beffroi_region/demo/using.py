"""A running demonstration, used from another terminal: a token, one signed request, one HL7 v2 message."""

import asyncio
import shlex
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import httpx2
import msgspec

from beffroi.cli.files import content_of
from beffroi.errors import OperatorError
from beffroi_region.client import SigningClient, read_access
from beffroi_region.demo.folder import Folder, default_folder, is_running
from beffroi_region.demo.screen import Screen
from beffroi_region.demo.settings import HOST
from beffroi_region.mllp_client import Answer, MllpConnection, NoAnswer

ACCOUNT_DEFAULT = "ward-nurse"
MESSAGE_BYTES_MAX = 1 << 20
_ANSWERS_NOBODY = "/fhir/Patient"
"""A search without criteria: it tells a nonce, and nothing else."""
_JSON = "json"

Use = Callable[[SigningClient], Awaitable[int]]


def token(*, account: str = ACCOUNT_DEFAULT, data: Path | None = None, language: str = "en") -> int:
    """Prints an access token of an account, the key that it is bound to, and for how long it is good; the exit code."""

    async def show(client: SigningClient) -> int:
        found = {"access_token": await client.token(), "token_type": "DPoP", "key": client.key.private_jwk}
        _print_json(msgspec.json.encode(found))
        return 0

    return _with_client(account, data, language, show)


def call(
    method: str,
    path: str,
    *,
    account: str = ACCOUNT_DEFAULT,
    headers: Sequence[str] = (),
    body: str = "",
    curl: bool = False,
    data: Path | None = None,
    language: str = "en",
) -> int:
    """Makes one signed request and prints the answer; the exit code is 0 for a status below 400, otherwise 1.

    `headers` are written "Name: value". `body` is the body itself, or @FILE. With `curl`, the request is printed as a
    curl command with a fresh token and proof instead: it works once, for about a minute.
    """

    async def ask(client: SigningClient) -> int:
        if not path.startswith("/"):
            raise OperatorError(
                "A path begins with a slash: /fhir/Patient?...", "Un chemin commence par une barre : /fhir/Patient?..."
            )
        sent = {"accept-language": language, **_headers(headers)}
        content = _body(body)
        if content is not None:
            sent.setdefault("content-type", "application/fhir+json")
        if curl:
            print(await _as_curl(client, method.upper(), path, sent, content))
            return 0
        answer = await client.call(method.upper(), path, content, sent)
        _print_answer(answer)
        return 0 if answer.status_code < httpx2.codes.BAD_REQUEST else 1

    return _with_client(account, data, language, ask)


def send(file: Path, *, data: Path | None = None, language: str = "en") -> int:
    """Sends one HL7 v2 message from a file, one segment a line, and prints the answer; 0 when it is accepted."""
    screen = Screen(language)
    try:
        folder = _running_folder(data)
        running = folder.running()
        if running is None or not running.mllp_port:
            raise _not_ready()
        content = _message(file)
        answer = asyncio.run(_send_one(running.mllp_port, content))
    except OperatorError as error:
        screen.fail(error)
        return 1
    print(answer.content.decode("utf-8", "replace").replace("\r", "\n").rstrip("\n"))
    return 0 if answer.accepted else 1


def _with_client(account: str, data: Path | None, language: str, use: Use) -> int:
    screen = Screen(language)

    async def work() -> int:
        access = read_access(_running_folder(data).root)
        async with SigningClient.of_account(access, account.replace("_", "-")) as client:
            return await use(client)

    try:
        return asyncio.run(work())
    except OperatorError as error:
        screen.fail(error)
    except httpx2.HTTPError as error:
        name = type(error).__name__
        screen.fail(OperatorError(f"The server does not answer ({name}).", f"Le serveur ne répond pas ({name})."))
    return 1


def _running_folder(data: Path | None) -> Folder:
    folder = Folder(data or default_folder())
    if not is_running(folder):
        raise OperatorError(
            f"No demonstration is running in {folder.root}. Start one in another terminal: beffroi demo",
            f"Aucune démonstration ne tourne dans {folder.root}. Lancez-en une dans un autre terminal : beffroi demo",
        )
    return folder


def _not_ready() -> OperatorError:
    return OperatorError(
        "The demonstration is still starting; wait until it says that it is ready.",
        "La démonstration démarre encore ; attendez qu'elle se dise prête.",
    )


def _headers(lines: Sequence[str]) -> dict[str, str]:
    found = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            raise OperatorError('A header is written "Name: value".', "Un en-tête s'écrit « Nom: valeur ».")
        found[name.strip().lower()] = value.strip()
    return found


def _body(text: str) -> bytes | None:
    if not text:
        return None
    return content_of(Path(text[1:]), MESSAGE_BYTES_MAX) if text.startswith("@") else text.encode()


def _message(file: Path) -> bytes:
    """The message of a file as it goes over the wire: segments end with a carriage return."""
    content = content_of(file, MESSAGE_BYTES_MAX).replace(b"\r\n", b"\r").replace(b"\n", b"\r")
    return content.rstrip(b"\r") + b"\r"


async def _send_one(port: int, content: bytes) -> Answer:
    try:
        async with await MllpConnection.open(HOST, port) as connection:
            return await connection.send(content)
    except (OSError, NoAnswer) as failure:
        name = type(failure).__name__
        raise OperatorError(
            f"The HL7 v2 door does not answer ({name}).", f"La porte HL7 v2 ne répond pas ({name})."
        ) from None


async def _as_curl(client: SigningClient, method: str, path: str, headers: dict[str, str], body: bytes | None) -> str:
    """The same request for curl. The server's nonce is fetched first, or the proof would be sent back."""
    await client.fetch_nonce(_ANSWERS_NOBODY)
    signed = await client.signed(method, path)
    words = ["curl", "-sS", "-X", method]
    for name, value in {**headers, **signed}.items():
        words += ["-H", f"{name}: {value}"]
    if body is not None:
        words += ["--data-binary", body.decode("utf-8", "replace")]
    return shlex.join([*words, client.address_of(path)])


def _print_answer(answer: httpx2.Response) -> None:
    """The body on standard output, indented when it is JSON; the status on standard error."""
    print(f"HTTP {answer.status_code}", file=sys.stderr)
    if _JSON in answer.headers.get("content-type", ""):
        _print_json(answer.content)
    else:
        print(answer.text)


def _print_json(content: bytes) -> None:
    print(msgspec.json.format(content, indent=2).decode())
