"""A town under siege: a deployment in processes of its own, on a PostgreSQL of its own, both free to be killed.

The deployment runs in a process group, so that all of it can be killed at one instant; the database is the embedded
one, whose postmaster is killed like any process. Nothing here is gentle, and nothing outside this folder is touched.
"""

import asyncio
import contextlib
import json
import os
import signal
import time
from pathlib import Path

import asyncpg
from cryptography.hazmat.primitives.asymmetric import ec

from beffroi.clock import Clock
from beffroi.model.account import Role
from beffroi.store.database import ROLE_OWNER
from beffroi.store.embedded import EmbeddedPostgres
from beffroi.store.migrate import migrate
from beffroi.store.registers import set_up
from beffroi_region.bench.passes import Pass, base64url, signed
from deployments import ISSUER, configuration, write_configuration
from faults.processes import Deployment

KEY = "siege"
AUDIENCE = "beffroi"
TOKEN_S = 3_000


class Town:
    """One deployment and its database, in one folder."""

    deployment: Deployment

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._postgres = EmbeddedPostgres(folder / "pg")
        self._issuer_key = ec.generate_private_key(ec.SECP256R1())

    def found(self) -> None:
        """The first start: a migrated database, hospitals, a feed, and accounts with a grant."""
        self._postgres.start()
        asyncio.run(self._set_up())
        self.deployment.start()

    async def _set_up(self) -> None:
        dsn = self._postgres.dsn(ROLE_OWNER)
        await migrate(dsn)
        await set_up(dsn, demo=True, clock=Clock())
        written = write_configuration(self.folder, configuration(self._postgres.dsn))
        self.deployment = Deployment(written, self.folder / "deployment.log")
        (self.folder / "keys.json").write_text(json.dumps({"keys": [self._jwk()]}), encoding="utf-8")

    def _jwk(self) -> dict[str, str]:
        point = self._issuer_key.public_key().public_numbers()
        x, y = (base64url(n.to_bytes(32, "big")).decode() for n in (point.x, point.y))
        return {"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": KEY, "x": x, "y": y}

    def pass_of(self, subject: str, finess: str) -> Pass:
        """A key with a token that lasts the siege."""
        one, now_s = Pass(), int(time.time())
        header = {"typ": "at+jwt", "alg": "ES256", "kid": KEY}
        claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": subject, "azp": "dpi", "iat": now_s, "exp": now_s + TOKEN_S}
        claims |= {"jti": subject, "auth_time": now_s, "cnf": {"jkt": one.thumbprint}}
        claims |= {"SubjectNameID": subject, "SubjectOrganizationID": finess}
        encoded = (base64url(json.dumps(part).encode()) for part in (header, claims))
        one.give(signed(self._issuer_key, b".".join(encoded)))
        return one

    async def grant(self, professionals: list[str], hospital: int, role: Role) -> None:
        """Accounts that may read, as an operator would have granted it."""
        connection = await asyncpg.connect(self._postgres.dsn(ROLE_OWNER))
        try:
            for subject in professionals:
                account = await connection.fetchval(
                    "insert into accounts (kind, issuer, subject) values ('person', $1, $2) returning account_id",
                    ISSUER,
                    subject,
                )
                await connection.execute("insert into account_states values ($1) on conflict do nothing", account)
                await connection.execute(
                    "insert into grants (account_id, hospital_id, role, granted_by) values ($1, $2, $3, 'test')",
                    account,
                    hospital,
                    role.value,
                )
        finally:
            await connection.close()

    async def owner(self) -> "asyncpg.Connection[asyncpg.Record]":
        """A connection that may read everything; the caller closes it."""
        return await asyncpg.connect(self._postgres.dsn(ROLE_OWNER))

    def kill_database(self) -> None:
        """kill -9 of the postmaster, with which its sessions end."""
        pid = self._postgres.server_pid
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._postgres.stop()

    def start_database(self) -> None:
        """Recovery, then connections again."""
        self._postgres.start()

    def end(self) -> None:
        """Ends whatever is left."""
        self.deployment.kill()
        self._postgres.stop()
