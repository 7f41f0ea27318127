"""The console's own files: its style, its few lines of script, its mark. Named by their content, so kept for ever."""

from dataclasses import dataclass
from hashlib import sha256
from importlib import resources
from typing import Final

from beffroi.servers.console.exchange import ROOT

_TYPES: Final = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
FOLDER: Final = "/assets/"


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is served."""

    body: bytes
    media_type: str


class Assets:
    """All of them, read once."""

    def __init__(self) -> None:
        self.addresses: dict[str, str] = {}
        self._files: dict[str, Asset] = {}
        for file in sorted((resources.files("beffroi.servers.console") / "static").iterdir(), key=lambda f: f.name):
            stem, _, kind = file.name.rpartition(".")
            if kind in _TYPES:
                body = file.read_bytes()
                name = f"{stem}.{sha256(body).hexdigest()[:12]}.{kind}"
                self._files[name] = Asset(body, _TYPES[kind])
                self.addresses[file.name] = f"{ROOT}{FOLDER}{name}"

    @property
    def bytes_count(self) -> int:
        """Bytes of all of them, which a browser keeps."""
        return sum(len(file.body) for file in self._files.values())

    def find(self, path: str) -> Asset | None:
        """The file at a path below the console's root."""
        return self._files.get(path.removeprefix(FOLDER)) if path.startswith(FOLDER) else None
