"""From settings to the consumers that are told of changes of cross-reference."""

from beffroi.actions.notify_consumers import Consumer
from beffroi.app.tls import client_context
from beffroi.config.settings import Config, CrossReferenceConsumerSettings
from beffroi.model.person import HospitalId
from beffroi.outbound.mllp import Listener
from beffroi.store.registers import LOCAL_ISSUER
from beffroi.wire.hl7_notification import Addressee


def consumers_of(config: Config) -> tuple[Consumer, ...]:
    """The configured ones, in the order of the file. Raises OperatorError when a file is not usable."""
    return tuple(
        _consumer(config, settings, f"cross_reference_consumer[{index}]")
        for index, settings in enumerate(config.cross_reference_consumer)
    )


def _consumer(config: Config, settings: CrossReferenceConsumerSettings, section: str) -> Consumer:
    application = next(one for one in config.application if one.name == settings.application)
    context = None
    if settings.tls:
        context = client_context(config, section, settings.ca_file, settings.certificate, settings.key)
    return Consumer(
        name=settings.name,
        issuer=application.issuer or LOCAL_ISSUER,
        subject=application.client_id or application.name,
        hospital=HospitalId(application.hospital),
        domains=settings.domains,
        addressee=Addressee(settings.receiving_application, settings.receiving_facility, config.region.name),
        listener=Listener(settings.host, settings.port, context),
    )
