"""When certificates end: read from their files, told to the metric and the log."""

from datetime import timedelta
from pathlib import Path
from ssl import DER_cert_to_PEM_cert

import pytest
from prometheus_client import REGISTRY

from beffroi.actions.certificates import Certificates
from beffroi.app.certificates import certificate_files
from beffroi.config.reading import load
from beffroi.model.certificate import Validity
from credentials import certificate
from deployments import configuration, write_configuration
from doubles import FakeClock

METRIC = "beffroi_certificate_end_timestamp_seconds"
SYSLOG = '[alert_syslog]\nhost = "syslog.test"\ncertificate = "syslog.pem"\nkey = "syslog.key"'


async def test_what_ends_soon_is_told(tmp_path: Path, clock: FakeClock, capfd: pytest.CaptureFixture[str]) -> None:
    """The first end of a file's certificates counts; what cannot be read is worst, and comes first."""
    start = clock.now()
    chain = [DER_cert_to_PEM_cert(certificate("one", start + timedelta(days=days))) for days in (200, 40)]
    (tmp_path / "chain.pem").write_text("".join(chain))
    files = {"web.tls_certificate": tmp_path / "chain.pem", "mllp.client_ca": tmp_path / "nowhere.pem"}
    certificates = Certificates(files, clock)
    authorities, chained = certificates.read()
    assert authorities.validity(start) is Validity.UNREADABLE and authorities.failure.english == "it does not exist"
    assert chained.validity(start) is Validity.GOOD and chained.days_left(start) == 41
    assert await certificates.round() == 1
    clock.advance(timedelta(days=20))
    assert await certificates.round() == 2
    assert chained.ends_at is not None
    assert REGISTRY.get_sample_value(METRIC, {"setting": "web.tls_certificate"}) == chained.ends_at.timestamp()
    assert REGISTRY.get_sample_value(METRIC, {"setting": "mllp.client_ca"}) == 0
    told = [line for line in capfd.readouterr().err.splitlines() if "certificate_ends" in line]
    assert len(told) == 3 and '"setting":"web.tls_certificate"' in told[-1] and '"count":21' in told[-1]


def test_every_certificate_of_the_configuration_is_among_them(tmp_path: Path) -> None:
    """Of the doors, and ours towards servers of others."""
    text = configuration(lambda role: "postgresql://127.0.0.1/x", more=SYSLOG)
    config = load(write_configuration(tmp_path, text), demo=True)
    assert certificate_files(config) == {"alert_syslog.certificate": tmp_path / "syslog.pem"}
