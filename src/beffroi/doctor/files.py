"""Files and disks: who may read secrets, until when certificates hold, how much room is left."""

import shutil
import ssl
import stat
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from beffroi.actions.certificates import read_certificate
from beffroi.app.certificates import certificate_files
from beffroi.config.settings import Config
from beffroi.doctor.finding import Finding, error, good, warning
from beffroi.errors import Words, reason_of, unreadable
from beffroi.model.certificate import CertificateFile, Validity

ROOM_BYTES_LOW = 2 * 2**30
ROOM_BYTES_MIN = 200 * 2**20

_RENEW = Words("Renew it.", "Renouvelez-le.")


def check_files(config_file: Path, config: Config, now: datetime) -> Iterator[Finding]:
    """The configuration's own file, secrets, certificates and the room on the disks."""
    yield from _configuration(config_file)
    yield from _secrets(config)
    web, mllp = config.web, config.mllp
    if web.tls_certificate:
        yield from _pair("web", config.path(web.tls_certificate), config.path(web.tls_key))
    if mllp is not None and mllp.tls_certificate:
        yield from _pair("mllp", config.path(mllp.tls_certificate), config.path(mllp.tls_key))
    for setting, path in certificate_files(config).items():
        yield _certificate(read_certificate(setting, path), now)
    yield from _room({Path(config.folder), Path(tempfile.gettempdir())})


def _configuration(path: Path) -> Iterator[Finding]:
    mode = path.stat().st_mode
    if mode & (stat.S_IWGRP | stat.S_IWOTH):
        yield error(
            "configuration",
            Words(f"{path} may be written by others than its owner.", f"{path} est modifiable par d'autres."),
            Words(f"chmod 640 {path}", f"chmod 640 {path}"),
        )
    else:
        yield good("configuration", f"{path} is sound.", f"{path} est correct.")


def _secrets(config: Config) -> Iterator[Finding]:
    names = {f"database.{role}_password_file": getattr(config.database, f"{role}_password_file") for role in _ROLES}
    names |= {"ledger.key_file": config.ledger.key_file if config.ledger else ""}
    names |= {"web.tls_key": config.web.tls_key, "mllp.tls_key": config.mllp.tls_key if config.mllp else ""}
    for setting, name in names.items():
        if name:
            yield _secret(setting, config.path(name))


_ROLES = ("web", "feed", "worker", "sealer", "archiver", "owner")


def _secret(setting: str, path: Path) -> Finding:
    try:
        mode = path.stat().st_mode
        with path.open("rb"):
            pass
    except OSError as failure:
        said = unreadable(path, failure)
        return error("secret", Words(said.text("en"), said.text("fr")), Words(f"See {setting}.", f"Voir {setting}."))
    if mode & (stat.S_IRWXO | stat.S_IWGRP):
        return error(
            "secret",
            Words(f"{setting}: {path} is open to others.", f"{setting} : {path} est ouvert à d'autres."),
            Words(f"chmod 600 {path}, and replace the secret.", f"chmod 600 {path}, et remplacez le secret."),
        )
    return good("secret", f"{setting}: only for its owner.", f"{setting} : pour son seul propriétaire.")


def _pair(section: str, certificate: Path, key: Path) -> Iterator[Finding]:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
    except FileNotFoundError:
        return  # said of the file itself
    except OSError as failure:  # ssl.SSLError among them
        why = reason_of(failure)
        yield error(
            "certificate",
            Words(
                f"{section}.tls_certificate and {section}.tls_key are not usable together: {why.english}.",
                f"{section}.tls_certificate et {section}.tls_key ne vont pas ensemble : {why.french}.",
            ),
        )
        return


def _certificate(one: CertificateFile, now: datetime) -> Finding:
    setting, day = one.setting, f"{one.ends_at:%Y-%m-%d}" if one.ends_at else ""
    match one.validity(now):
        case Validity.UNREADABLE:
            why = one.failure
            said = Words(f"{setting} cannot be read: {why.english}.", f"{setting} est illisible : {why.french}.")
            return error("certificate", said)
        case Validity.ENDED:
            said = Words(f"{setting} expired on {day}.", f"{setting} a expiré le {day}.")
            return error("certificate", said, _RENEW)
        case Validity.ENDS_SOON:
            said = Words(f"{setting} expires on {day}.", f"{setting} expire le {day}.")
            return warning("certificate", said, _RENEW)
        case Validity.GOOD:
            return good("certificate", f"{setting} holds until {day}.", f"{setting} est valable jusqu'au {day}.")


def _room(folders: set[Path]) -> Iterator[Finding]:
    for folder in sorted(folders):
        free_bytes = shutil.disk_usage(folder).free
        said = Words(
            f"{free_bytes // 2**20} MiB free for {folder}.", f"{free_bytes // 2**20} Mio libres pour {folder}."
        )
        todo = Words("Make room before something stops.", "Faites de la place avant que tout s'arrête.")
        if free_bytes < ROOM_BYTES_MIN:
            yield error("disk", said, todo)
        elif free_bytes < ROOM_BYTES_LOW:
            yield warning("disk", said, todo)
        else:
            yield good("disk", said.english, said.french)
