"""The two ways a mail leaves: an SMTP server, or nowhere, because the mailbox page of development reads the outbox."""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage

from billing_core.mail.service import Undeliverable


@dataclass(frozen=True)
class SmtpTransport:
    """Delivers each mail over a connection of its own. security: starttls, tls or none.

    A refusal with 4xx, a broken connection and a time-out are raised as they are, to be tried again; a refusal of this
    mail with 5xx becomes Undeliverable. A failed sign-in is the operator's mistake, not the mail's: tried again.
    """

    host: str
    port: int
    sender: str
    security: str = "starttls"
    user: str = ""
    password: str = ""
    timeout: float = 20.0
    """Seconds for each step of the conversation."""
    trust: ssl.SSLContext | None = None
    """Whom to trust; the system's authorities where none is given."""

    @property
    def keeps_mail_here(self) -> bool:
        """The receiver's server has it now."""
        return False

    def deliver(self, message: EmailMessage) -> None:
        """Hand the message over, or raise as said above."""
        try:
            with self._connection() as server:
                server.send_message(message)
        except smtplib.SMTPAuthenticationError:
            raise
        except smtplib.SMTPRecipientsRefused as refused:
            replies = list(refused.recipients.values())
            self._give_up_if([code for code, _ in replies], replies)
            raise
        except smtplib.SMTPResponseException as refused:
            if isinstance(refused, smtplib.SMTPSenderRefused | smtplib.SMTPDataError):
                self._give_up_if([refused.smtp_code], refused)
            raise
        except smtplib.SMTPNotSupportedError as refused:
            if self.security == "starttls" and "STARTTLS" in str(refused):
                raise
            raise Undeliverable(str(refused)) from refused

    @contextmanager
    def _connection(self) -> Iterator[smtplib.SMTP]:
        trust = self.trust or ssl.create_default_context()
        if self.security == "tls":
            opened: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, timeout=self.timeout, context=trust)
        else:
            opened = smtplib.SMTP(self.host, self.port, timeout=self.timeout)
        with opened:
            if self.security == "starttls":
                opened.starttls(context=trust)
            if self.user:
                opened.login(self.user, self.password)
            yield opened

    @staticmethod
    def _give_up_if(codes: list[int], why: object) -> None:
        if codes and all(500 <= code < 600 for code in codes):
            raise Undeliverable(f"refused for good: {why}")


@dataclass(frozen=True)
class MailboxTransport:
    """Development: the mail stays in the outbox, where the mailbox page shows it, and counts as sent."""

    sender: str

    @property
    def keeps_mail_here(self) -> bool:
        """The mailbox page goes on showing it."""
        return True

    def deliver(self, message: EmailMessage) -> None:
        """Nothing leaves; the message was composed, so whatever is wrong with it has shown by now."""
