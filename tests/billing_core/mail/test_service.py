"""What is written into the outbox, and what it looks like as a message."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from billing_core import db, jobs
from billing_core.documents.service import keep_document, request_document
from billing_core.errors import Invalid
from billing_core.jobs import Job
from billing_core.mail.models import OutboxMail
from billing_core.mail.service import BadRecipient, compose, send
from billing_core.mail.transports import MailboxTransport
from tests.billing_core.mail.conftest import reread, write
from tests.conftest import Database

HEADER_INJECTIONS = [
    "\r\nBcc: thief@example.com",
    "\nSubject: other",
    "\rX: y",
    "\x00",
    "\u2028Bcc: x",
    "\x0b",
]


def test_a_mail_is_a_row_and_a_job_in_the_same_transaction(database: Database) -> None:
    mail = reread(write())
    assert mail.subject == "Invoice DE-1"
    assert mail.recipient == "anna@customer.example"
    assert mail.sent_at is None
    assert mail.message_id == f"<{mail.public_id}@127.0.0.1>"
    assert "Invoice DE-1 – fällig" in mail.text_body
    assert "Hello Anna Weber," in mail.text_body
    with db.reading() as session:
        job = session.scalars(select(Job)).one()
    assert (job.kind, job.arguments) == ("mail.send", {"mail_id": mail.id})


def test_the_words_are_the_recipients_and_fixed_when_written(database: Database) -> None:
    mail = reread(write(locale="de"))
    assert "Guten Tag Anna Weber," in mail.text_body
    assert '<html lang="de">' in mail.html_body


def test_html_is_escaped_and_text_is_not(database: Database) -> None:
    mail = reread(write(name="Weber & Söhne <b>", context={"remark": "<script>alert(1)</script>"}))
    assert "<script>" not in mail.html_body
    assert "Weber &amp; Söhne &lt;b&gt;" in mail.html_body
    assert "Hello Weber & Söhne <b>," in mail.text_body


def test_never_more_than_one_empty_line_stands_in_the_text(database: Database) -> None:
    assert "\n\n\n" not in reread(write()).text_body


@pytest.mark.parametrize("evil", HEADER_INJECTIONS)
@pytest.mark.parametrize("where", ["address", "reply_to"])
def test_nothing_that_breaks_a_line_gets_into_a_header(database: Database, where: str, evil: str) -> None:
    cases = {
        "address": lambda: write(f"anna{evil}@customer.example"),
        "reply_to": lambda: write(reply_to=f"rep{evil}@seller.example"),
    }
    with pytest.raises(BadRecipient) as refused:
        cases[where]()
    assert isinstance(refused.value, Invalid)
    with db.reading() as session:
        assert session.scalars(select(OutboxMail)).all() == []
        assert session.scalars(select(Job)).all() == []


@pytest.mark.parametrize("odd", ["\r\nBcc: thief@example.com", "\u00a0", "\u00ad", "\u200b", "\u202e", "\u2028"])
def test_an_odd_name_or_subject_is_tidied_and_never_stops_a_mail(database: Database, odd: str) -> None:
    public_id = write(name=f"Anna{odd}Weber", context={"number": f"1{odd}2"})
    with db.reading():
        message = compose(reread(public_id), "billing@seller.example")
    text = message.as_bytes().split(b"\n\n")[0].split(b"\r\n\r\n")[0]
    assert b"\nBcc:" not in text
    assert message["To"].addresses[0].addr_spec == "anna@customer.example"
    assert message["To"].addresses[0].display_name.isprintable()
    assert str(message["Subject"]).isprintable()


@pytest.mark.parametrize(
    "address",
    ["", "anna", "anna@", "@customer.example", "a@b, c@d", "<a@b>", "a b@c.example", "anna@exa mple.com",
     "a@b@c.example", "anna@.example", f"{'a' * 300}@{'b' * 64}.example"],
)  # fmt: skip
def test_what_is_no_address_is_refused(database: Database, address: str) -> None:
    with pytest.raises(BadRecipient):
        write(address)


def test_a_domain_is_written_as_the_net_knows_it(database: Database) -> None:
    assert reread(write("anna@müller.example")).recipient == "anna@xn--mller-kva.example"


def test_a_long_subject_is_shortened(database: Database) -> None:
    subject = reread(write(context={"number": "x" * 500})).subject
    assert len(subject) == 200
    assert subject.endswith("…")


def test_the_message_has_both_bodies_and_says_that_a_program_wrote_it(database: Database) -> None:
    public_id = write(reply_to="rep@seller.example", name="Jörg, Weber")
    with db.reading():
        message = compose(reread(public_id), "billing@seller.example")
    assert str(message["From"]) == "Billing Portal <billing@seller.example>"
    assert [address.display_name for address in message["To"].addresses] == ["Jörg, Weber"]
    assert message["Reply-To"] == "rep@seller.example"
    assert message["Auto-Submitted"] == "auto-generated"
    assert [part.get_content_type() for part in message.walk()] == ["multipart/alternative", "text/plain", "text/html"]


def test_it_waits_for_its_attachment_and_longer_each_time(database: Database) -> None:
    db.perform(request_document, "inv_1", "invoice", "en", "Rechnung Ü.pdf")
    mail = reread(write(attached=(("invoice", "inv_1"),)))
    with pytest.raises(jobs.NotYet) as wait:
        send(mail.id, MailboxTransport("billing@seller.example"))
    assert timedelta(seconds=1) <= wait.value.pause < timedelta(minutes=1)
    assert reread(mail.public_id).sent_at is None


def test_two_compositions_are_the_same_to_the_letter(database: Database) -> None:
    db.perform(keep_document, "inv_1", "invoice", "en", "Rechnung Ü.pdf", b"%PDF bytes")
    public_id = write(attached=(("invoice", "inv_1"),))
    with db.reading():
        first, second = (compose(reread(public_id), "billing@seller.example") for _ in range(2))
    assert first.as_bytes() == second.as_bytes()
    (attachment,) = first.iter_attachments()
    assert attachment.get_filename() == "Rechnung Ü.pdf"
    assert attachment.get_content_type() == "application/pdf"
    assert attachment.get_content() == b"%PDF bytes"


def test_in_development_it_counts_as_sent_and_once_sent_it_stays_so(database: Database) -> None:
    mail = reread(write())
    send(mail.id, MailboxTransport("billing@seller.example"))
    sent_at = reread(mail.public_id).sent_at
    assert sent_at is not None
    send(mail.id, MailboxTransport("billing@seller.example"))
    assert reread(mail.public_id).sent_at == sent_at
