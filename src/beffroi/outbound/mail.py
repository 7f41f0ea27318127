"""Alerts by e-mail: one message to the duty officer's addresses, over TLS from the first byte or by STARTTLS.

Source: RFC 5321, RFC 3207, RFC 8314 (implicit TLS); RFC 5322 (Message-ID: the same at each try).
"""

import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime

import aiosmtplib

from beffroi.model.alert import Notice, body_of, title_of

SECONDS_MAX = 12.0


@dataclass(frozen=True, slots=True)
class MailServer:
    """How mail leaves. `tls`: "tls", "starttls", or "none" (this machine alone). `context` checks the server."""

    host: str
    port: int
    tls: str
    user: str = ""
    password: str = ""
    context: ssl.SSLContext | None = None


class MailChannel:
    """The duty officer's mailbox."""

    name = "mail"

    def __init__(self, server: MailServer, sender: str, recipients: tuple[str, ...], language: str) -> None:
        self._server = server
        self._sender = sender
        self._recipients = recipients
        self._language = language

    async def tell(self, notice: Notice) -> None:
        """Sends one message; raises what the mail server refuses."""
        server = self._server
        encrypted = server.tls != "none"
        await aiosmtplib.send(
            self._message(notice),
            hostname=server.host,
            port=server.port,
            use_tls=server.tls == "tls",
            start_tls=server.tls == "starttls",
            username=server.user or None,
            password=server.password or None,
            timeout=SECONDS_MAX,
            tls_context=(server.context or ssl.create_default_context()) if encrypted else None,
        )

    def _message(self, notice: Notice) -> EmailMessage:
        message = EmailMessage()
        message["From"] = self._sender
        message["To"] = ", ".join(self._recipients)
        message["Subject"] = f"[Beffroi] {title_of(notice, self._language)}"
        message["Date"] = format_datetime(notice.at)
        message["Message-ID"] = f"<alert-{notice.reference}@{self._sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(body_of(notice, self._language))
        return message
