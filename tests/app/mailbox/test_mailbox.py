"""The mailbox of development: everything can be read and clicked, nothing in a mail can do harm, none in production."""

from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from bs4 import BeautifulSoup
from flask import Flask

from app.factory import create_app
from app.settings import Settings
from billing_core import db
from billing_core.documents.service import keep_document, request_document
from billing_core.mail.models import OutboxMail
from billing_core.mail.service import Recipient, send_mail
from tests.client import Client

RESET = "http://localhost/password/reset/abc"


def write(attached: tuple[tuple[str, str], ...] = ()) -> OutboxMail:
    """A mail as the outbox has it."""
    sent = Recipient("Anna <b>Weber</b>", "anna@customer.example", "en")
    values = {"address": RESET, "is_first": False, "user_id": "anna"}
    public_id = db.perform(send_mail, "password-link", "Hello", sent, values, attached=attached)
    with db.reading() as session:
        return session.query(OutboxMail).filter_by(public_id=public_id).one()


@pytest.fixture
def mail(app: Flask) -> OutboxMail:
    return write()


def test_it_is_empty_with_a_word_about_what_will_come(client: Client) -> None:
    page = client.get("/mailbox")
    assert page.h1 == "Mailbox"
    assert "No mail yet" in page.words


def test_mails_stand_newest_first_and_lead_to_their_page(client: Client, mail: OutboxMail) -> None:
    newer = write()
    links = [a["href"] for a in client.get("/mailbox").html.select("main table a")]
    assert links == [f"/mailbox/{newer.public_id}", f"/mailbox/{mail.public_id}"]


def test_a_full_page_leads_to_the_older_ones(client: Client) -> None:
    ids = [write().public_id for _ in range(31)]
    page = client.get("/mailbox")
    assert len(page.html.select("main tbody tr")) == 30
    older = page.html.select_one("a[rel=next]")
    assert older is not None
    page = client.get(str(older["href"]))
    assert [a["href"] for a in page.html.select("main table a")] == [f"/mailbox/{ids[0]}"]
    assert page.html.select_one("a[rel=next]") is None


def test_a_mail_shows_its_words_and_its_text_can_be_clicked(client: Client, mail: OutboxMail) -> None:
    page = client.get(f"/mailbox/{mail.public_id}")
    assert page.h1 == "Hello"
    assert "Anna <b>Weber</b> <anna@customer.example>" in page.words
    assert not page.html.select("main b")
    assert RESET in [a["href"] for a in page.html.select("pre a")]


def test_the_html_is_framed_and_may_do_nothing_but_be_clicked(client: Client, mail: OutboxMail) -> None:
    frame = client.get(f"/mailbox/{mail.public_id}").html.iframe
    assert frame is not None
    allowed = str(frame["sandbox"])
    assert "allow-scripts" not in allowed
    assert "allow-same-origin" not in allowed
    assert "allow-forms" not in allowed
    answer = client.browser.get(str(frame["src"]))
    policy = answer.headers["Content-Security-Policy"]
    for part in ("default-src 'none'", "form-action 'none'", "frame-ancestors 'self'", "sandbox "):
        assert part in policy
    assert "script-src" not in policy
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    html = BeautifulSoup(answer.get_data(as_text=True), "html5lib")
    assert html.base is not None
    assert html.base["target"] == "_top"
    assert RESET in [a["href"] for a in html.select("a")]


def test_attachments_are_served_unchanged_and_waited_for(client: Client) -> None:
    db.perform(keep_document, "inv_1", "invoice", "en", "Rechnung Ü.pdf", b"%PDF bytes")
    db.perform(request_document, "inv_2", "invoice", "en", "later.pdf")
    mail = write((("invoice", "inv_1"), ("invoice", "inv_2")))
    page = client.get(f"/mailbox/{mail.public_id}")
    assert "The attachment is being printed." in page.words
    (link,) = page.html.select("a[download]")
    answer = client.browser.get(str(link["href"]))
    assert answer.data == b"%PDF bytes"
    assert answer.content_type == "application/pdf"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    for position in (1, 2, 99999999999):
        assert client.browser.get(f"/mailbox/{mail.public_id}/attachments/{position}").status_code == 404


@pytest.mark.parametrize(
    "path", ["/mailbox/mail_unknown", "/mailbox/mail_unknown/html", "/mailbox?before=mail_unknown"]
)
def test_what_is_not_there_is_not_found(client: Client, path: str) -> None:
    assert client.get(path).status == 404


def test_it_speaks_german(client: Client, mail: OutboxMail) -> None:
    page = client.get("/mailbox", headers={"Accept-Language": "de"})
    assert page.h1 == "Postfach"
    assert "Betreff" in page.words


def test_there_is_none_in_production(settings: Settings) -> None:
    production = replace(
        settings, environment="production", public_url="https://billing.example", stripe_secret_key="sk_live_x",
        stripe_webhook_secret="whsec_x", smtp_host="smtp.example",
    )  # fmt: skip
    application = create_app(production)
    assert not [rule for rule in application.url_map.iter_rules() if "mailbox" in rule.rule]
    host = urlsplit(production.base_url).netloc
    assert application.test_client().get("/mailbox", base_url=f"https://{host}").status_code == 404
