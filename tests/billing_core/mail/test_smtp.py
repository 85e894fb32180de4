"""Delivery to a real SMTP server: what arrives, what is tried again, what is given up."""

import smtplib
import socket
import ssl
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import select

from app.ports import Ports
from app.worker import Worker
from billing_core import clock, db
from billing_core.documents.service import keep_document
from billing_core.jobs import Job
from billing_core.mail.service import Transport, Undeliverable, send
from billing_core.mail.transports import SmtpTransport
from tests.billing_core.mail.conftest import SmtpServer, reread, smtp_server, write
from tests.conftest import Database

SENDER = "billing@seller.example"


def to(server: SmtpServer, **changes: object) -> SmtpTransport:
    values = {"security": "none", "timeout": 2.0} | changes
    return SmtpTransport("127.0.0.1", server.port, SENDER, **values)  # type: ignore[arg-type]


def work_off(transport: Transport) -> Job:
    """Let a worker do what is due; the one mail job as it is then."""
    Worker(Ports(gateway=None, transport=transport, printer=None, vat_register=None)).work_off()  # type: ignore[arg-type]
    with db.reading() as session:
        return session.scalars(select(Job).where(Job.kind == "mail.send")).one()


def test_umlauts_and_attachments_arrive_whole(database: Database, smtp: SmtpServer) -> None:
    pdf = bytes(range(256)) * 300
    db.perform(keep_document, "inv_1", "invoice", "de", "Rechnung für Müller.pdf", pdf)
    mail = reread(
        write("jörg@müller.example".replace("ö", "oe"), name="Jörg Müller", subject="Rechnung für %(number)s – bezahlt",
              context={"number": "Größe"}, attached=(("invoice", "inv_1"),), locale="de")
    )  # fmt: skip
    send(mail.id, to(smtp))
    (received,) = smtp.received()
    assert received.sender == SENDER
    assert received.to == ["joerg@xn--mller-kva.example"]
    message = received.message
    assert message["Subject"] == "Rechnung für Größe – bezahlt"
    assert message["To"].addresses[0].display_name == "Jörg Müller"
    assert message["Message-ID"] == mail.message_id
    text = message.get_body(("plain",))
    html = message.get_body(("html",))
    assert text is not None
    assert html is not None
    assert "Guten Tag Jörg Müller," in text.get_content()
    assert "fällig" in html.get_content()
    (attachment,) = message.iter_attachments()
    assert attachment.get_filename() == "Rechnung für Müller.pdf"
    assert attachment.get_content() == pdf
    assert all(len(line) <= 998 for line in received.raw.split(b"\r\n"))


def test_one_mail_is_exactly_one_message_to_one_recipient(database: Database, smtp: SmtpServer) -> None:
    send(
        reread(write(name='Anna "x", Bcc: thief@example.com', context={"remark": "\r\n.\r\nMAIL FROM:<x@y>"})).id,
        to(smtp),
    )
    (received,) = smtp.received()
    assert received.to == ["anna@customer.example"]
    assert len(received.message["To"].addresses) == 1
    assert received.message["Bcc"] is None


def test_the_words_of_a_secret_mail_are_forgotten_once_it_is_delivered(database: Database, smtp: SmtpServer) -> None:
    kept, forgotten = write(), write(is_secret=True)
    for mail in (kept, forgotten):
        send(reread(mail).id, to(smtp))
    assert len(smtp.received()) == 2
    assert reread(kept).text_body
    assert reread(forgotten).text_body == reread(forgotten).html_body == ""


def test_a_refusal_for_now_is_tried_again(database: Database, smtp: SmtpServer) -> None:
    mail = reread(write("later@customer.example"))
    with time_machine.travel(clock.now(), tick=True) as traveller:
        for attempt in (1, 2):
            job = work_off(to(smtp))
            assert (job.state, job.attempts) == ("ready", attempt)
            assert "451" in (job.last_error or "")
            assert reread(mail.public_id).sent_at is None
            traveller.shift(timedelta(minutes=1))
        assert work_off(to(smtp)).state == "done"
    assert reread(mail.public_id).sent_at is not None
    assert len(smtp.received()) == 1


@pytest.mark.parametrize(("address", "reply"), [("never@customer.example", "550"), ("full@customer.example", "552")])
def test_a_refusal_for_good_is_a_dead_letter_at_once(
    database: Database, smtp: SmtpServer, address: str, reply: str
) -> None:
    write(address)
    job = work_off(to(smtp))
    assert (job.state, job.attempts) == ("dead", 1)
    assert reply in (job.last_error or "")
    assert smtp.received() == []


def test_a_time_out_behind_data_sends_the_same_mail_again(database: Database, smtp: SmtpServer) -> None:
    mail = reread(write("slow@customer.example"))
    with time_machine.travel(clock.now(), tick=True) as traveller:
        job = work_off(to(smtp, timeout=1.0))
        assert job.state == "ready"
        assert "timed out" in (job.last_error or "") or "Timeout" in (job.last_error or "")
        traveller.shift(timedelta(minutes=1))
        assert work_off(to(smtp)).state == "done"
    first, second = smtp.received()
    assert first.message["Message-ID"] == second.message["Message-ID"] == mail.message_id
    assert first.raw == second.raw


def test_no_server_is_waited_for(database: Database) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        write()
        job = work_off(SmtpTransport("127.0.0.1", port, SENDER, security="none", timeout=1.0))
    assert (job.state, job.attempts) == ("ready", 1)


class TestWithTls:
    """A server that demands STARTTLS and a sign-in."""

    @pytest.fixture
    def secured(self, tmp_path: Path) -> Path:
        folder = tmp_path / "secured"
        folder.mkdir()
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
             "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
            check=True, capture_output=True,
        )  # fmt: skip
        return folder

    def test_it_signs_in_over_tls(self, database: Database, secured: Path) -> None:
        with smtp_server(secured, "certificate") as server:
            trust = ssl.create_default_context(cafile=secured / "cert.pem")
            send(reread(write()).id, to(server, security="starttls", user="portal", password="secret", trust=trust))
            (received,) = server.received()
        assert received.tls
        assert received.user == "portal"

    def test_an_unknown_certificate_a_wrong_password_and_no_tls_are_tried_again(
        self, database: Database, secured: Path
    ) -> None:
        mail = reread(write())
        with smtp_server(secured, "certificate") as server:
            trust = ssl.create_default_context(cafile=secured / "cert.pem")
            with pytest.raises(ssl.SSLCertVerificationError):
                send(mail.id, to(server, security="starttls"))
            with pytest.raises(smtplib.SMTPAuthenticationError):
                send(mail.id, to(server, security="starttls", user="portal", password="wrong", trust=trust))
            assert server.received() == []
        assert reread(mail.public_id).sent_at is None

    def test_a_server_without_tls_is_never_told_a_mail(self, database: Database, smtp: SmtpServer) -> None:
        mail = reread(write())
        with pytest.raises(smtplib.SMTPNotSupportedError):
            send(mail.id, to(smtp, security="starttls"))
        with pytest.raises((ssl.SSLError, TimeoutError, OSError)):
            send(mail.id, to(smtp, security="tls"))
        assert smtp.received() == []


def test_a_name_beyond_ascii_needs_a_server_that_can_write_it(database: Database, smtp: SmtpServer) -> None:
    mail = reread(write("jörg@customer.example"))
    with pytest.raises(Undeliverable):
        send(mail.id, to(smtp))
    assert smtp.received() == []
