"""From settings to the certificates that must not end unseen: of our doors, and ours towards servers of others."""

from collections.abc import Iterator
from pathlib import Path

from beffroi.config.settings import Config


def certificate_files(config: Config) -> dict[str, Path]:
    """Their files, by the settings that name them."""
    return {setting: config.path(name) for setting, name in _named(config) if name}


def _named(config: Config) -> Iterator[tuple[str, str]]:
    yield "web.tls_certificate", config.web.tls_certificate
    if config.mllp is not None:
        yield "mllp.tls_certificate", config.mllp.tls_certificate
        yield "mllp.client_ca", config.mllp.client_ca
    if config.alert_syslog is not None:
        yield "alert_syslog.certificate", config.alert_syslog.certificate
    for index, repository in enumerate(config.audit_repository):
        yield f"audit_repository[{index}].certificate", repository.certificate
    for index, consumer in enumerate(config.cross_reference_consumer):
        yield f"cross_reference_consumer[{index}].certificate", consumer.certificate
