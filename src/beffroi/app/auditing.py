"""From settings to the audit repositories that are told of every disclosure."""

import socket
from urllib.parse import urlsplit

from beffroi.app.tls import client_context
from beffroi.config.settings import AuditRepositorySettings, Config
from beffroi.model.hospitals import Hospitals
from beffroi.outbound.audit_repository import FhirRepository, Repository, SyslogRepository
from beffroi.outbound.syslog import Collector
from beffroi.servers.fhir_api import ROOT
from beffroi.wire.fhir_audit_tde import PROFILE_TDE
from beffroi.wire.fhir_view import Endpoint

SYSLOG_PORT = 6514


def repositories_of(config: Config, hospitals: Hospitals) -> tuple[Repository, ...]:
    """The configured ones, in the order of the file. Raises OperatorError when a file is not usable."""
    endpoint = Endpoint(config.web.public_url + ROOT, config.region.oid, hospitals)
    return tuple(
        _repository(config, settings, endpoint, f"audit_repository[{index}]")
        for index, settings in enumerate(config.audit_repository)
    )


def _repository(config: Config, settings: AuditRepositorySettings, endpoint: Endpoint, section: str) -> Repository:
    context = client_context(config, section, settings.ca_file, settings.certificate, settings.key)
    parts = urlsplit(settings.url)
    if parts.scheme == "syslog":
        collector = Collector(parts.hostname or "", parts.port or SYSLOG_PORT, context)
        return SyslogRepository(settings.name, collector, endpoint, socket.gethostname())
    profile = PROFILE_TDE if settings.profile == "tde" else ""
    authorization = config.secret(settings.authorization_file) if settings.authorization_file else ""
    return FhirRepository(settings.name, settings.url, endpoint, profile, authorization, context)
