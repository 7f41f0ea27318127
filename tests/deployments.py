"""A configuration for a test's own database: everything on the loopback, an issuer whose keys are a file."""

import socket
from collections.abc import Callable
from pathlib import Path

from beffroi.store.database import ROLE_FEED, ROLE_OWNER, ROLE_WEB, ROLE_WORKER
from doubles import HOSPITALS

ISSUER = "http://127.0.0.1:9/issuer"


def free_port() -> int:
    """A port that nobody listens on at the moment."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def configuration(dsn_of: Callable[[str], str], *, mllp: bool = True, owner: bool = True, more: str = "") -> str:
    """The text of a configuration. `more` is added at its end."""
    port = free_port()
    lines = ["[region]", 'oid = "1.2.250.1.999"', "[database]"]
    roles = {"web": ROLE_WEB, "feed": ROLE_FEED, "worker": ROLE_WORKER} | ({"owner": ROLE_OWNER} if owner else {})
    lines += [f'{name}_url = "{dsn_of(role)}"' for name, role in roles.items()]
    lines += ["pool_size = 2", "[web]", f'public_url = "http://127.0.0.1:{port}"', f"port = {port}", "processes = 2"]
    lines += ["[mllp]", "port = 0"] if mllp else []
    lines += ["[operations]", "port = 0", "[limits]", "shutdown_s = 2"]
    lines += ["[[issuer]]", f'url = "{ISSUER}"', 'audience = ["beffroi"]', 'jwks_file = "keys.json"']
    for hospital in HOSPITALS:
        lines += ["[[hospital]]", f"id = {hospital.hospital_id}", f'finess = "{hospital.finess}"']
        lines += [f'name = "{hospital.name}"', f'oid = "{hospital.oid}"', f'namespace = "{hospital.namespace}"']
        lines += ["sensitive = true"] if hospital.sensitive else []
    lines += ["[[application]]", 'name = "GAM"', "hospital = 1", 'role = "feed"', "may_feed = true"]
    lines += ['loopback_facilities = ["CH-BEAUMONT"]', more]
    return "\n".join(lines) + "\n"


def write_configuration(folder: Path, text: str) -> Path:
    """The configuration's file, with an empty set of keys beside it."""
    (folder / "keys.json").write_text('{"keys": []}', encoding="utf-8")
    path = folder / "beffroi.toml"
    path.write_text(text, encoding="utf-8")
    return path
