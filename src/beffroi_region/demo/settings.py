"""The demonstration's `beffroi.toml`: this machine alone, the embedded database, the bundled sign-in."""

import json
from collections.abc import Callable
from dataclasses import dataclass

from beffroi.model.account import AccountKind
from beffroi.model.person import Hospital
from beffroi_region import staff
from beffroi_region.issuer import AUDIENCE, CONSOLE_CLIENT
from beffroi_region.professions import roles_of_professions

HOST = "127.0.0.1"
REGION_OID = "2.999.59.3"
REGION_NAME = "Région de démonstration"
CALL = "Astreinte régionale, 03 00 00 00 00"
LEDGER_ORIGIN = "demo.beffroi.invalid/ledger"
LEDGER_KEY_FILE = "ledger.key"
"""In the demonstration's folder, made at its first start."""
CONSOLE_KEY_FILE = "console.key"
ROLES = ("web", "feed", "worker", "sealer", "owner")
PORT_DEFAULT = 8080
PORTS = 4
"""Ports in a row: FHIR, sign-in, HL7 v2, management."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the demonstration listens, counted from the one on the command line."""

    web: int

    @property
    def issuer(self) -> int:
        """Sign-in."""
        return self.web + 1

    @property
    def mllp(self) -> int:
        """HL7 v2."""
        return self.web + 2

    @property
    def operations(self) -> int:
        """Health and metrics."""
        return self.web + 3

    def all(self) -> tuple[int, ...]:
        """All of them."""
        return tuple(range(self.web, self.web + PORTS))


def url(port: int) -> str:
    """An address on this machine, without a path.

    >>> url(8080)
    'http://127.0.0.1:8080'
    """
    return f"http://{HOST}:{port}"


def browser_url(port: int) -> str:
    """The same by its name: security keys (WebAuthn) belong to a name, never to a number.

    >>> browser_url(8080)
    'http://localhost:8080'
    """
    return f"http://localhost:{port}"


def configuration(hospitals: tuple[Hospital, ...], ports: Ports, dsn: Callable[[str], str]) -> str:
    """The whole file. `dsn` gives the database's address for a role of ours."""
    parts = [
        "# Written by `beffroi demo` at each start. `beffroi serve` refuses it.",
        _table("region", oid=REGION_OID, name=REGION_NAME),
        _table("database", **{f"{role}_url": dsn(f"beffroi_{role}") for role in ROLES}),
        _table("web", public_url=url(ports.web), host=HOST, port=ports.web, processes=1, feed=True),
        _table("mllp", host=HOST, port=ports.mllp),
        _table("operations", host=HOST, port=ports.operations),
        _table("ledger", origin=LEDGER_ORIGIN, key_file=LEDGER_KEY_FILE),
        _table(
            "console",
            issuer=url(ports.issuer),
            client_id=CONSOLE_CLIENT,
            client_key_file=CONSOLE_KEY_FILE,
            public_url=browser_url(ports.web),
            call=CALL,
        ),
        _table("[issuer]", url=url(ports.issuer), audience=[AUDIENCE], roles=dict(roles_of_professions())),
    ]
    parts += [
        _table(
            "[hospital]",
            id=h.hospital_id,
            finess=h.finess,
            name=h.name,
            oid=h.oid,
            namespace=h.namespace,
            sensitive=h.sensitive,
        )
        for h in hospitals
    ]
    parts += [_application(account, url(ports.issuer)) for account in staff.applications(hospitals)]
    return "\n\n".join(parts) + "\n"


def _application(account: staff.StaffAccount, issuer_url: str) -> str:
    assert account.kind is AccountKind.APPLICATION
    return _table(
        "[application]",
        name=account.display_name,
        hospital=account.hospital_id,
        role=account.role.value,
        issuer=issuer_url,
        client_id=account.subject,
        loopback_facilities=[account.facility],
        may_feed=account.may_feed,
        may_query=not account.may_feed,
    )


def _table(title: str, /, **settings: object) -> str:
    return "\n".join([f"[{title}]", *(f"{key} = {_value(value)}" for key, value in settings.items())])


def _value(value: object) -> str:
    r"""A value as TOML writes it: JSON's texts, numbers, booleans and lists are TOML's.

    >>> _value(['a "b"', 1]), _value({"x": "y"}), _value(True)
    ('["a \\"b\\"", 1]', '{ "x" = "y" }', 'true')
    """
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_value(k)} = {_value(v)}" for k, v in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)
