"""A real Keycloak, which Pro Santé Connect is: fetched once a user through Maven, started by the test that needs it.

Needs Java 17 or later and Maven on the path; without them, or without a network at the first time, the test is skipped
with a line that says so. It listens on this machine alone.
"""

import asyncio
import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from deployments import free_port

VERSION = "26.4.0"
ARTIFACT = f"org.keycloak:keycloak-quarkus-dist:{VERSION}:zip"
REALM = Path(__file__).with_name("foreign") / "keycloak" / "realm.json"
FETCH_S_MAX, START_S_MAX = 300, 150
JAVA_MIN = 17
_TELEPHONE = "--spi-ciba-auth-channel--ciba-http-auth-channel--http-authentication-channel-uri"


def keycloak_folder() -> Path:
    """The unpacked distribution in the user's cache; skips the test where it cannot be had."""
    if not (shutil.which("java") and shutil.which("mvn")):
        pytest.skip("needs Java and Maven (java, mvn) on the path")
    said = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(\d+)', said)
    if version is None or int(version[1]) < JAVA_MIN:
        pytest.skip(f"needs Java {JAVA_MIN} or later")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "beffroi"
    cache.mkdir(parents=True, exist_ok=True)
    folder = cache / f"keycloak-{VERSION}"
    with (cache / ".keycloak.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not (folder / ".ready").exists():
            _fetch(cache)
            (folder / ".ready").touch()
    return folder


def _fetch(cache: Path) -> None:
    command = ["mvn", "-q", "-B", "dependency:copy", f"-Dartifact={ARTIFACT}", f"-DoutputDirectory={cache}"]
    try:
        subprocess.run(command, cwd=cache, check=True, capture_output=True, timeout=FETCH_S_MAX)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as failure:
        pytest.skip(f"Maven could not fetch Keycloak ({type(failure).__name__}): no network?")
    archive = cache / f"keycloak-quarkus-dist-{VERSION}.zip"
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(cache)
    archive.unlink()
    (cache / f"keycloak-{VERSION}" / "bin" / "kc.sh").chmod(0o755)


def _realm(keys: dict[str, Any]) -> str:
    """The realm, with the public keys of the clients that sign their own assertions (private_key_jwt)."""
    realm = json.loads(REALM.read_text(encoding="utf-8"))
    for client in realm["clients"]:
        if client.get("clientAuthenticatorType") == "client-jwt":
            client["attributes"]["jwks.string"] = json.dumps(keys)
    return json.dumps(realm)


@asynccontextmanager
async def keycloak(scratch: Path, keys: dict[str, Any], telephone: str) -> AsyncIterator[str]:
    """The issuer of the realm `beffroi`, answering, with its data in memory alone. `scratch`: a folder for its log.

    `keys`: a JWK set of its clients. `telephone`: the address at which it asks people to confirm (CIBA).
    One at a time for each user: what it builds at its first start is kept beside it, so that later ones are faster.
    """
    own = await asyncio.to_thread(keycloak_folder)
    turn = (own / ".running.lock").open("w")
    await asyncio.to_thread(fcntl.flock, turn, fcntl.LOCK_EX)
    (own / "data" / "import").mkdir(parents=True, exist_ok=True)
    (own / "data" / "import" / "beffroi-realm.json").write_text(_realm(keys), encoding="utf-8")
    port, management = free_port(), free_port()
    command = [str(own / "bin" / "kc.sh"), "start-dev", "--import-realm", "--db=dev-mem", "--http-host=127.0.0.1"]
    command += [f"--http-port={port}", f"--http-management-port={management}"]
    command += [f"{_TELEPHONE}={telephone}"]
    environment = os.environ | {"JAVA_OPTS_APPEND": "-Xmx384m -XX:TieredStopAtLevel=1"}
    with (scratch / "keycloak.log").open("w") as log:
        process = await asyncio.create_subprocess_exec(
            *command, stdout=log, stderr=log, env=environment, start_new_session=True
        )
    try:
        issuer = f"http://127.0.0.1:{port}/realms/beffroi"
        await _answering(issuer, process, scratch / "keycloak.log")
        yield issuer
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)  # the group of this process alone, which is a session of its own
        await process.wait()
        turn.close()


async def _answering(issuer: str, process: asyncio.subprocess.Process, log: Path) -> None:
    async with asyncio.timeout(START_S_MAX), httpx2.AsyncClient(trust_env=False) as client:
        while True:
            assert process.returncode is None, log.read_text()[-2_000:]
            try:
                if (await client.get(f"{issuer}/.well-known/openid-configuration")).status_code == 200:
                    return
            except httpx2.HTTPError:
                pass
            await asyncio.sleep(0.5)
