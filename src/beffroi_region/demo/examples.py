"""What the demonstration prints for somebody who tries it: addresses, accounts, and commands that work as printed.

The examples are about a real person of the region, who has just come to the printed accounts' hospital, and about one
who comes through the printed message.
"""

import shlex
import shutil
import sys
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import quote, urlencode

from beffroi.errors import Words
from beffroi.model.account import Role
from beffroi.model.person import Address, Hospital, Record, Sex, Telecom, TelecomKind
from beffroi_region import staff
from beffroi_region.adt_messages import Envelope, message
from beffroi_region.demo.folder import Example, Folder, default_folder
from beffroi_region.demo.settings import Ports, url
from beffroi_region.hospitals import Site

NEWCOMER_IPP = "DEMO-0001"
NEWCOMER = Record(
    birth_family="D'Hallewyn",
    birth_given="Marie-Noëlle",
    birth_given_list="Marie-Noëlle Zoé",
    birth_date=date(1974, 2, 19),
    sex=Sex.FEMALE,
    telecoms=(Telecom(TelecomKind.PHONE, "0700000000", "mobile"),),
    addresses=(Address(("3 place du Beffroi",), "Lille", "59000", "FRA"),),
)
"""Nobody of the region: she comes by the printed message."""
FAMILY_LETTERS, GIVEN_LETTERS = 3, 1
"""Letters that show also people whom nothing explains, beside the full birth date (architecture, what counts)."""


@dataclass(frozen=True, slots=True)
class Command:
    """A line to copy into another terminal. `name` is how the tests call it."""

    name: str
    words: Words
    line: str


def program() -> str:
    """How to start this program from the same folder: its name when the shell finds it, otherwise its path."""
    started = Path(sys.argv[0])
    found = shutil.which("beffroi")
    if found and started.exists() and Path(found).resolve() == started.resolve():
        return "beffroi"
    if started.name != "beffroi":  # python -m, or a test
        beside = Path(sys.executable).with_name("beffroi")
        return shlex.quote(str(beside)) if beside.exists() else f"{shlex.quote(sys.executable)} -m beffroi"
    near = started.absolute()
    return shlex.quote(str(near.relative_to(Path.cwd()) if near.is_relative_to(Path.cwd()) else near))


def _demo(what: str, folder: Folder, *arguments: str) -> str:
    """A subcommand of `beffroi demo`, with the folder where it is not the usual one."""
    named = [] if folder.root == default_folder().expanduser().absolute() else ["--data", str(folder.root)]
    return f"{program()} demo {what} " + shlex.join([*named, *arguments])


def commands(folder: Folder, ports: Ports, hospital: Hospital, example: Example, reference: str) -> list[Command]:
    """The examples, in the order in which they are worth trying. `reference` is the person's public one."""
    born = example.birth_date.isoformat()
    names = {"family": example.family[:FAMILY_LETTERS], "given": example.given[:GIVEN_LETTERS]}
    search = "/fhir/Patient?" + urlencode({"birthdate": born, **names}, quote_via=quote)
    own = quote(f"urn:oid:{hospital.oid}|{example.ipp}", safe="")
    contact = ("--header", "Beffroi-Fields: contact", "--header", "Beffroi-Purpose: HOPERAT")
    today = datetime.now(UTC).date()
    days = f"date=ge{today}&date=le{today}"

    def call(role: Role, path: str, *more: str) -> str:
        return _demo("call", folder, "GET", path, "--account", staff.account_name(role), *more)

    return [
        Command(
            "metadata",
            Words("What this server can do (no token)", "Ce que sait faire ce serveur (sans jeton)"),
            f"curl -s {url(ports.web)}/fhir/metadata",
        ),
        Command(
            "health", Words("Whether it works", "S'il fonctionne"), f"curl -s {url(ports.operations)}/health/ready"
        ),
        Command(
            "search",
            Words("Search a patient as a ward nurse", "Chercher un patient, en infirmière d'un service"),
            call(Role.WARD_NURSE, search),
        ),
        Command(
            "contact",
            Words("The same person with phone and address", "La même personne, avec téléphone et adresse"),
            call(Role.ADMISSION_CLERK, f"/fhir/Patient/{reference}", *contact),
        ),
        Command(
            "pix",
            Words("Her identifiers in other hospitals", "Ses identifiants dans d'autres hôpitaux"),
            call(Role.CROSS_REFERENCE_APPLICATION, f"/fhir/Patient/$ihe-pix?sourceIdentifier={own}"),
        ),
        Command(
            "audit",
            Words("Who saw her today, as an auditor", "Qui l'a vue aujourd'hui, en auditeur"),
            call(Role.AUDITOR, f"/fhir/AuditEvent?{days}&patient={reference}"),
        ),
        Command(
            "curl",
            Words(
                "The search as a curl line, with a fresh token and proof", "La recherche en curl, jeton et preuve frais"
            ),
            call(Role.WARD_NURSE, search, "--curl"),
        ),
        Command(
            "token",
            Words("A token, and the key that it is bound to", "Un jeton, et la clé à laquelle il est lié"),
            _demo("token", folder, "--account", staff.account_name(Role.WARD_NURSE)),
        ),
        Command(
            "admission",
            Words("Send an admission over HL7 v2 (MLLP)", "Envoyer une admission en HL7 v2 (MLLP)"),
            _demo("send", folder, str(folder.admission)),
        ),
        Command(
            "query",
            Words("Ask for her over HL7 v2 (PDQ)", "La chercher en HL7 v2 (PDQ)"),
            _demo("send", folder, str(folder.query)),
        ),
    ]


def write_messages(folder: Folder, site: Site, now: datetime) -> None:
    """The two messages of the examples, one segment a line: an admission, and a query for the same person."""
    hospital = site.hospital
    stamp = f"{now:%Y%m%d%H%M%S}"
    envelope = Envelope("A01", f"DEMO-{stamp}", now, hospital.namespace)
    admission = message(NEWCOMER, NEWCOMER_IPP, site, envelope)
    query = "\r".join(
        [
            f"MSH|^~\\&|DPI|{hospital.namespace}-DPI|BEFFROI|REGION|{stamp}||QBP^Q22^QBP_Q21|DEMO-Q-{stamp}|P|2.5"
            "|||||FRA|UNICODE UTF-8",
            f"QPD|IHE PDQ Query|{stamp}|@PID.5.1^D'HALLEWYN~@PID.5.2^M~@PID.7^{NEWCOMER.birth_date:%Y%m%d}",
            "RCP|I",
            "",
        ]
    ).encode()
    for path, content in ((folder.admission, admission), (folder.query, query)):
        path.write_bytes(content.replace(b"\r", b"\n"))
        path.chmod(0o600)
