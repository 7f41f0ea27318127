"""When the certificates that the configuration names end: for `doctor`, the operator's room and a metric."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from cryptography import x509

from beffroi.actions.rounds import Rounds
from beffroi.clock import Clock
from beffroi.errors import Words, reason_of
from beffroi.model.certificate import CertificateFile, Validity, to_renew
from beffroi.model.job import Job
from beffroi.telemetry import Event, log
from beffroi.telemetry.metrics import show_certificate

ROUND_S: Final = 6 * 3_600.0
"""Seconds between two looks of the worker: what ends, ends by days."""
_NO_CERTIFICATE: Final = Words("it holds no certificate in PEM", "il ne contient pas de certificat PEM")


def read_certificate(setting: str, path: Path) -> CertificateFile:
    """When the first of a PEM file's certificates ends."""
    try:
        certificates = x509.load_pem_x509_certificates(path.read_bytes())
    except OSError as failure:
        return CertificateFile(setting, None, reason_of(failure))
    except ValueError:
        return CertificateFile(setting, None, _NO_CERTIFICATE)
    return CertificateFile(setting, min(one.not_valid_after_utc for one in certificates))


class Certificates:
    """All files of one configuration, by their settings."""

    def __init__(self, files: Mapping[str, Path], clock: Clock) -> None:
        self._files = dict(files)
        self._clock = clock

    def read(self) -> tuple[CertificateFile, ...]:
        """Each as it is now, those that end first at the beginning."""
        found = [read_certificate(setting, path) for setting, path in self._files.items()]
        return tuple(sorted(found, key=lambda one: (one.ends_at is not None, one.ends_at and one.ends_at.timestamp())))

    def to_renew(self) -> int:
        """How many end soon, have ended or cannot be read."""
        return to_renew(self.read(), self._clock.now())

    async def run(self, rounds: Rounds) -> None:
        """Rounds until it is stopped."""
        if self._files:
            await rounds.repeat(Job.CERTIFICATES, self.round, ROUND_S, Event.HOUSEKEEPING_FAILED)

    async def round(self) -> int:
        """Tells the metric, and the log of those that end soon; how many these are."""
        now, found = self._clock.now(), self.read()
        for one in found:
            show_certificate(one.setting, one.ends_at.timestamp() if one.ends_at else 0)
            if one.validity(now) is not Validity.GOOD:
                log(Event.CERTIFICATE_ENDS, setting=one.setting, count=one.days_left(now))
        return to_renew(found, now)
