"""From settings to Shared Signals: our transmitter, whom it tells, and whom we hear."""

from collections.abc import Sequence
from hashlib import sha256
from urllib.parse import urlsplit

from beffroi.access.issuers import TrustedIssuer
from beffroi.access.sets import Signer
from beffroi.actions.listen import Source
from beffroi.actions.receive import Receiving, Trusted
from beffroi.actions.transmit import Receiver, Transmitter
from beffroi.clock import Clock
from beffroi.config.settings import Config, SignalReceiverSettings, SignalTransmitterSettings
from beffroi.errors import OperatorError
from beffroi.model.signal import SENT
from beffroi.outbound.issuer_keys import IssuerKeys
from beffroi.outbound.set_delivery import push_set
from beffroi.servers.http_server import AsgiApp
from beffroi.servers.signals_api import signals_app
from beffroi.store.database import Database


def transmitter_of(config: Config, database: Database, clock: Clock) -> Transmitter | None:
    """Our transmitter; None without [signals]. Raises OperatorError when its key is not usable."""
    if config.signals is None:
        return None
    try:
        signer = Signer(config.secret(config.signals.key_file))
    except ValueError:
        raise OperatorError(
            "signals.key_file: an RSA key of 2048 bits or more, or one of P-256, in PEM.",
            "signals.key_file : une clé RSA d'au moins 2048 bits, ou de P-256, en PEM.",
        ) from None
    issuer = config.signals.issuer or config.web.public_url
    receivers = [_receiver(config, one) for one in config.signal_receiver]
    return Transmitter(database, issuer, signer, receivers, clock)


def _receiver(config: Config, settings: SignalReceiverSettings) -> Receiver:
    header = config.secret(settings.push_authorization_file) if settings.push_authorization_file else ""
    return Receiver(
        settings.name,
        settings.audience,
        sha256(config.secret(settings.token_file).encode()).digest(),
        frozenset(kind for kind in SENT if kind.short in settings.events),
        settings.push_url,
        header,
    )


async def push(receiver: Receiver, token: str) -> str:
    """Posts a token to a receiver."""
    return await push_set(receiver.url, receiver.authorization, token)


def keys_of_transmitters(config: Config, clock: Clock) -> list[IssuerKeys]:
    """The keys of every transmitter that is heard, not fetched yet."""
    return [IssuerKeys(_trusted(config, one), clock) for one in config.signal_transmitter]


def _trusted(config: Config, settings: SignalTransmitterSettings) -> TrustedIssuer:
    parts = urlsplit(settings.issuer)
    discovery = f"{parts.scheme}://{parts.netloc}/.well-known/ssf-configuration{parts.path.rstrip('/')}"
    return TrustedIssuer(
        issuer=settings.issuer,
        audiences=frozenset({settings.audience}),
        discovery_url=discovery,
        key_set_url=settings.jwks_url,
        key_set_file=str(config.path(settings.jwks_file)) if settings.jwks_file else "",
    )


def receiving_of(
    config: Config, database: Database, transmitters: Sequence[IssuerKeys], issuers: Sequence[IssuerKeys], clock: Clock
) -> Receiving:
    """What is done about signals from others."""
    trusted = [
        Trusted(keys, settings.audience, settings.accounts_of or settings.issuer)
        for keys, settings in zip(transmitters, config.signal_transmitter, strict=True)
    ]
    return Receiving(database, trusted, issuers, clock)


def sources_of(config: Config) -> list[Source]:
    """Whom to poll."""
    polled = [one for one in config.signal_transmitter if one.poll_url]
    return [Source(one.poll_url, f"Bearer {config.secret(one.poll_token_file)}") for one in polled]


def signals_of(
    config: Config, database: Database, transmitters: Sequence[IssuerKeys], issuers: Sequence[IssuerKeys], clock: Clock
) -> AsgiApp:
    """The addresses of Shared Signals and of back-channel logout."""
    names = [one.push_token_file for one in config.signal_transmitter if one.push_token_file]
    tokens = frozenset(sha256(config.secret(name).encode()).digest() for name in names)
    receiving = receiving_of(config, database, transmitters, issuers, clock)
    return signals_app(transmitter_of(config, database, clock), receiving, config.web.public_url, tokens)
