"""Mail: written and worded in the business transaction, sent by the worker at least once under one Message-ID.

The words are fixed when the mail is written, so that a second sending (after a crash, or a time-out behind the last
byte) is the same mail to the letter, and the receiver's server may drop it by its Message-ID.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any, Protocol
from urllib.parse import urlsplit

from sqlalchemy import select

from billing_core import clock, db, jobs, templating, words
from billing_core.documents import service as documents
from billing_core.errors import Invalid
from billing_core.mail.models import OutboxMail

SEND = "mail.send"
"""The job kind; its argument is mail_id."""
_LONGEST_SUBJECT = 200


@dataclass(frozen=True)
class Recipient:
    """Who gets a mail, and in which language."""

    name: str
    email: str
    locale: str


class Transport(Protocol):
    """The way out of the house; see transports.py."""

    @property
    def sender(self) -> str:
        """The address in From."""
        ...

    @property
    def keeps_mail_here(self) -> bool:
        """Whether the outbox is where the mail is read, so that nothing of it may be forgotten."""
        ...

    def deliver(self, message: EmailMessage) -> None:
        """Hand the message over. Raises Undeliverable when it never will be taken, any other error to try again."""
        ...


class BadRecipient(Invalid):
    """The name, the address or the subject cannot stand in the head of a mail."""

    message = "No mail can be sent to this address. Please check it."


class Undeliverable(jobs.Hopeless):
    """The receiving server refused this mail for good; trying again would not help."""


def send_mail(
    kind: str,
    subject: str,
    recipient: Recipient,
    context: Mapping[str, Any],
    *,
    account_id: int | None = None,
    attached: tuple[tuple[str, str], ...] = (),
    reply_to: str = "",
    is_secret: bool = False,
) -> str:
    """Put one mail into the open transaction and return its public id (mail_…).

    templates/mail/<kind>.txt and .html are rendered at once in the recipient's language, with `context`, `recipient`
    and `subject`. `subject` is a msgid (marked with words.mark) whose %(name)s places are filled from the context.
    The words of a mail that `is_secret` are forgotten once a mail server has it.
    `attached` names documents as (kind, public id of the object): the mail waits until the worker has printed them.
    Raises BadRecipient where the address is none, or a line break stands in what becomes a header.
    """
    to = _address(recipient.name, recipient.email)
    answer_to = str(_address("", reply_to)) if reply_to else ""
    with words.in_language(recipient.locale):
        title = _subject(words.gettext(subject) % {name: str(value) for name, value in context.items()})
        values = {**context, "recipient": recipient, "subject": title}
        text = _tidy(templating.render(f"mail/{kind}.txt", **values))
        html = templating.render(f"mail/{kind}.html", **values)
    public_id = db.public_id("mail")
    mail = OutboxMail(
        public_id=public_id,
        message_id=f"<{public_id}@{urlsplit(templating.brand().public_url).hostname or 'localhost'}>",
        kind=kind,
        recipient=to.addr_spec,
        recipient_name=recipient.name,
        reply_to=answer_to,
        locale=recipient.locale,
        subject=title,
        text_body=text,
        html_body=html,
        attached=" ".join(f"{document}:{of}" for document, of in attached),
        is_secret=is_secret,
        account_id=account_id,
        created_at=clock.now(),
    )
    db.session().add(mail)
    db.session().flush()
    jobs.enqueue(SEND, once_key=f"{SEND}:{mail.id}", mail_id=mail.id)
    return public_id


def send(mail_id: int, transport: Transport) -> None:
    """Handler of `mail.send`. Raises NotYet while an attachment is being printed.

    A crash between delivery and the mark sends the mail a second time, word for word and under the same Message-ID.
    """
    with db.reading():
        mail = db.session().get_one(OutboxMail, mail_id)
        if mail.sent_at is not None:
            return
        message = compose(mail, transport.sender)
    transport.deliver(message)
    db.perform(_mark_sent, mail_id, forget=mail.is_secret and not transport.keeps_mail_here)


def compose(mail: OutboxMail, sender: str) -> EmailMessage:
    """The message as it goes out: always the same for one mail. Raises NotYet while an attachment is being printed."""
    message = EmailMessage(policy=SMTP)
    message["From"] = _address(templating.brand().name, sender)
    message["To"] = _address(mail.recipient_name, mail.recipient)
    if mail.reply_to:
        message["Reply-To"] = mail.reply_to
    message["Subject"] = mail.subject
    message["Date"] = mail.created_at
    message["Message-ID"] = mail.message_id
    message["Content-Language"] = mail.locale
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text_body)
    message.add_alternative(mail.html_body, subtype="html")
    for content in _attachments(mail):
        kind, _, subtype = content.media_type.partition("/")
        message.add_attachment(content.data, maintype=kind, subtype=subtype, filename=content.filename)
    _fix_boundaries(message, mail.public_id)
    return message


def attachments_of(mail: OutboxMail) -> list[tuple[str, str]]:
    """The attached documents as (kind, public id of the object)."""
    return [(kind, subject) for kind, _, subject in (name.partition(":") for name in mail.attached.split())]


def _attachments(mail: OutboxMail) -> Iterator[documents.Content]:
    for kind, subject in attachments_of(mail):
        content = documents.content(subject, kind)
        if content is None:
            age = clock.now() - mail.created_at
            raise jobs.NotYet(min(max(age, timedelta(seconds=1)), timedelta(minutes=10)))
        yield content


def _fix_boundaries(message: EmailMessage, public_id: str) -> None:
    """Without this each sending would get boundaries of its own, and two sendings would differ."""
    for position, part in enumerate(part for part in message.walk() if part.is_multipart()):
        part.set_boundary(f"=_{public_id}_{position}")


def _mark_sent(mail_id: int, *, forget: bool) -> None:
    mail = db.session().scalar(select(OutboxMail).where(OutboxMail.id == mail_id).with_for_update())
    if mail is not None and mail.sent_at is None:
        mail.sent_at = clock.now()
        if forget:
            mail.text_body = mail.html_body = ""


def _tidy(text: str) -> str:
    """At most one empty line in a row, so that a template need not count what its conditions leave behind."""
    return re.sub(r"\n{3,}", "\n\n", text.replace("\r\n", "\n")).strip() + "\n"


def _address(name: str, email: str) -> Address:
    """Name and address as a header takes them; the domain in its ASCII form."""
    if not email.isprintable():
        raise BadRecipient
    name = _header_text(name)
    local, at, domain = email.strip().rpartition("@")
    try:
        ascii_domain = domain.encode("idna").decode("ascii")
        if not (local and at and ascii_domain):
            raise BadRecipient
        # The parser knows no letters beyond ASCII, which RFC 6531 allows: one of its own stands in for each of them.
        parsed = Address(display_name=name, addr_spec=f"{re.sub('[^ -~]', 'x', local)}@{ascii_domain}")
        return parsed if local.isascii() else Address(name, local, ascii_domain)
    except (MessageError, UnicodeError, ValueError, IndexError):
        raise BadRecipient from None


def is_address(text: str) -> bool:
    """Whether mail can be sent to this address: the same question that `send_mail` asks."""
    try:
        _address("", text)
    except BadRecipient:
        return False
    return True


def _header_text(text: str) -> str:
    """Text as a header takes it: what cannot be seen is left out, what is white space of any kind is one space.

    A name with a no-break space in it must never stop an acceptance or the booking of a payment.
    """
    seen = (c if c.isprintable() else " " if c.isspace() else "" for c in text)
    return " ".join("".join(seen).split())


def _subject(text: str) -> str:
    text = _header_text(text)
    return text if len(text) <= _LONGEST_SUBJECT else text[: _LONGEST_SUBJECT - 1].rstrip() + "…"
