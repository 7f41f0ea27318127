"""What does not go together in the settings of alerts, of Shared Signals, of audit repositories and of consumers of the
cross-reference. Pure.

Nothing leaves this machine in clear.
"""

from collections import Counter
from collections.abc import Iterator

from beffroi.config.settings import Config
from beffroi.errors import Words
from beffroi.model.account import Role
from beffroi.model.person import INS_OIDS
from beffroi.outbound.fetching import may_be_fetched


def telling(config: Config) -> Iterator[Words]:
    """Every problem found."""
    yield from _alerts(config)
    yield from _signals(config)
    yield from _audit_repositories(config)
    yield from _consumers(config)


def _alerts(config: Config) -> Iterator[Words]:
    mail, syslog = config.alert_mail, config.alert_syslog
    if mail is not None and mail.tls == "none" and not may_be_fetched(f"http://{mail.host}"):
        yield Words(
            "alert_mail.tls is none: only for a server on this machine.",
            "alert_mail.tls est none : seulement pour un serveur sur cette machine.",
        )
    if mail is not None and bool(mail.user) != bool(mail.password_file):
        yield Words(
            "alert_mail.user and alert_mail.password_file go together.",
            "alert_mail.user et alert_mail.password_file vont ensemble.",
        )
    for index, webhook in enumerate(config.alert_webhook):
        if not may_be_fetched(webhook.url):
            yield Words(
                f"alert_webhook[{index}].url must begin with https://.",
                f"alert_webhook[{index}].url doit commencer par https://.",
            )
    if syslog is not None and bool(syslog.certificate) != bool(syslog.key):
        yield Words(
            "alert_syslog.certificate and alert_syslog.key go together.",
            "alert_syslog.certificate et alert_syslog.key vont ensemble.",
        )


def _audit_repositories(config: Config) -> Iterator[Words]:
    if config.audit_repository and config.ledger is None:
        yield Words(
            "[[audit_repository]] needs [ledger]: it is told of what is sealed.",
            "[[audit_repository]] demande [ledger] : il reçoit ce qui est scellé.",
        )
    names = Counter(one.name for one in config.audit_repository)
    for name in (name for name, count in names.items() if count > 1):
        yield Words(f"two audit repositories are named {name}.", f"deux dépôts de traces s'appellent {name}.")
    for index, one in enumerate(config.audit_repository):
        place = f"audit_repository[{index}]"
        if not one.url.startswith("syslog:") and not may_be_fetched(one.url):
            yield Words(f"{place}.url must begin with https://.", f"{place}.url doit commencer par https://.")
        if bool(one.certificate) != bool(one.key):
            yield Words(f"{place}: certificate and key go together.", f"{place} : certificate et key vont ensemble.")


def _consumers(config: Config) -> Iterator[Words]:
    names = Counter(one.name for one in config.cross_reference_consumer)
    for name in (name for name, count in names.items() if count > 1):
        yield Words(f"two consumers are named {name}.", f"deux destinataires s'appellent {name}.")
    for index, one in enumerate(config.cross_reference_consumer):
        place = f"cross_reference_consumer[{index}]"
        if not one.tls and not may_be_fetched(f"http://{one.host}"):
            yield Words(
                f"{place}.tls is false: only for a consumer on this machine.",
                f"{place}.tls est false : seulement pour un destinataire sur cette machine.",
            )
        if bool(one.certificate) != bool(one.key):
            yield Words(f"{place}: certificate and key go together.", f"{place} : certificate et key vont ensemble.")
        application = next((a for a in config.application if a.name == one.application), None)
        if application is None or application.role is not Role.CROSS_REFERENCE_APPLICATION:
            yield Words(
                f"{place}.application is no [[application]] of role cross_reference_application.",
                f"{place}.application n'est aucune [[application]] de rôle cross_reference_application.",
            )
            continue
        may_know = {h.oid for h in config.hospital if not h.sensitive or h.id == application.hospital} | INS_OIDS
        for oid in (oid for oid in one.domains if oid not in may_know):
            yield Words(
                f"{place}.domains: {oid} is no authority that this hospital may know of.",
                f"{place}.domains : {oid} n'est aucune autorité que cet hôpital puisse connaître.",
            )


def _signals(config: Config) -> Iterator[Words]:
    if config.signal_receiver and config.signals is None:
        yield Words("[[signal_receiver]] needs [signals].", "[[signal_receiver]] demande [signals].")
    names = Counter(receiver.name for receiver in config.signal_receiver)
    for name in (name for name, count in names.items() if count > 1):
        yield Words(f"two receivers are named {name}.", f"deux destinataires s'appellent {name}.")
    urls = [(f"signal_receiver[{i}].push_url", one.push_url) for i, one in enumerate(config.signal_receiver)]
    for index, one in enumerate(config.signal_transmitter):
        urls += [(f"signal_transmitter[{index}].{n}", getattr(one, n)) for n in ("jwks_url", "poll_url")]
        if bool(one.poll_url) != bool(one.poll_token_file):
            yield Words(
                f"signal_transmitter[{index}]: poll_url and poll_token_file go together.",
                f"signal_transmitter[{index}] : poll_url et poll_token_file vont ensemble.",
            )
    for setting, url in urls:
        if url and not may_be_fetched(url):
            yield Words(f"{setting} must begin with https://.", f"{setting} doit commencer par https://.")
