"""TLS towards servers of others."""

import ssl

from beffroi.config.settings import Config
from beffroi.errors import OperatorError, reason_of


def client_context(config: Config, section: str, ca_file: str, certificate: str = "", key: str = "") -> ssl.SSLContext:
    """TLS 1.2 or later towards a server whose certificate and name are checked. Raises OperatorError."""
    try:
        context = ssl.create_default_context(cafile=str(config.path(ca_file)) if ca_file else None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if certificate:
            context.load_cert_chain(config.path(certificate), config.path(key))
    except OSError as error:  # ssl.SSLError among them
        why = reason_of(error)
        raise OperatorError(
            f"The TLS files of [{section}] are not usable: {why.english}.",
            f"Les fichiers TLS de [{section}] sont inutilisables : {why.french}.",
        ) from None
    return context
