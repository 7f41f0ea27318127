"""From settings to the ways by which the duty officer is told."""

from beffroi.actions.alerts import Channel
from beffroi.app.tls import client_context
from beffroi.clock import Clock
from beffroi.config.settings import AlertMailSettings, AlertSyslogSettings, Config
from beffroi.errors import OperatorError
from beffroi.outbound.mail import MailChannel, MailServer
from beffroi.outbound.syslog import Collector, SyslogChannel
from beffroi.outbound.webhooks import WebhookChannel, secret_of


def channels_of(config: Config, clock: Clock) -> tuple[Channel, ...]:
    """The configured ways, in the order of the file. Raises OperatorError when a file is not usable."""
    found: list[Channel] = []
    language = config.alerts.language
    if config.alert_mail is not None:
        found.append(_mail(config, config.alert_mail, language))
    for index, webhook in enumerate(config.alert_webhook):
        try:
            key = secret_of(config.secret(webhook.secret_file))
        except ValueError:
            raise OperatorError(
                f"alert_webhook[{index}].secret_file: `whsec_` and base64 of 24 to 64 bytes.",
                f"alert_webhook[{index}].secret_file : `whsec_` et le base64 de 24 à 64 octets.",
            ) from None
        found.append(WebhookChannel(index, webhook.url, key, language, clock))
    if config.alert_syslog is not None:
        found.append(_syslog(config, config.alert_syslog, language))
    return tuple(found)


def _mail(config: Config, settings: AlertMailSettings, language: str) -> MailChannel:
    password = config.secret(settings.password_file) if settings.password_file else ""
    context = client_context(config, "alert_mail", settings.ca_file) if settings.tls != "none" else None
    server = MailServer(settings.host, settings.port, settings.tls, settings.user, password, context)
    return MailChannel(server, settings.sender, settings.recipients, language)


def _syslog(config: Config, settings: AlertSyslogSettings, language: str) -> SyslogChannel:
    context = client_context(config, "alert_syslog", settings.ca_file, settings.certificate, settings.key)
    return SyslogChannel(Collector(settings.host, settings.port, context), language)
