"""The public page: genuine, altered, or our own copy damaged; nothing else is told, and no file is kept."""

import hashlib
import logging
from dataclasses import replace
from io import BytesIO

import pytest
from sqlalchemy import select, update

from billing_core import db
from billing_core.documents import service as documents
from billing_core.documents.models import Document, DocumentBytes
from corporate_portal.verify import service
from tests.client import Client, Page
from tests.factories import quotes

pytestmark = pytest.mark.usefixtures("database")

CERTIFICATE = b"%PDF-1.7 " + bytes(range(256)) * 400


def keep(kind: str = "certificate", content: bytes = CERTIFICATE) -> str:
    db.perform(documents.keep_document, db.public_id("ver"), kind, "en", "x.pdf", content)
    return hashlib.sha256(content).hexdigest()


def ask(client: Client, *, file: bytes | None = None, fingerprint: str = "") -> Page:
    page = client.get("/verify")
    sent: dict[str, object] = {"fingerprint": fingerprint, "csrf_token": client.token(page)}
    if file is not None:
        sent["file"] = (BytesIO(file), "x.pdf")
    answer = client.post("/verify", sent, content_type="multipart/form-data")
    return client.follow(answer) if answer.status == 303 else answer


def test_an_unaltered_file_is_genuine(client: Client) -> None:
    keep()
    page = ask(client, file=CERTIFICATE)
    assert "Genuine" in page.words
    assert "This is a certificate of acceptance from us, unaltered." in page.words
    assert "Genuine" not in client.get("/verify").words


@pytest.mark.parametrize("position", [0, 8, 5_000, len(CERTIFICATE) - 1])
def test_one_flipped_bit_is_found(client: Client, position: int) -> None:
    keep()
    altered = bytearray(CERTIFICATE)
    altered[position] ^= 1
    assert "Altered, or not from us" in ask(client, file=bytes(altered)).words


@pytest.mark.parametrize("written", ["{0}", " {0} ", "sha256:{0}", "SHA-256: {0}", "{1}", "{2}"])
def test_a_fingerprint_is_read_in_any_form(client: Client, written: str) -> None:
    sha256 = keep()
    groups = " ".join(sha256[start : start + 8] for start in range(0, 64, 8))
    assert "Genuine" in ask(client, fingerprint=written.format(sha256, sha256.upper(), groups)).words


@pytest.mark.parametrize("written", ["", "abc", "g" * 64, "a" * 63, "a" * 65, "\uff41" * 64, "\u0661" * 64, "x" * 201])
def test_what_is_no_fingerprint_is_told_beside_the_field(client: Client, written: str) -> None:
    page = ask(client, fingerprint=written)
    assert page.status == 400
    assert page.html.select(".error-summary a")


def test_file_and_fingerprint_together_are_one_too_many(client: Client) -> None:
    assert ask(client, file=b"x", fingerprint="a" * 64).status == 400


@pytest.mark.parametrize("kind", ["certificate", "evidence", "quote-text"])
def test_everything_that_proves_an_acceptance_can_be_verified(client: Client, kind: str) -> None:
    version = quotes.version(quotes.accepted(quotes.deal()))
    if kind == "certificate":
        waiting = select(Document.id).where(Document.kind == kind)
        db.perform(lambda: documents.keep_printed(db.session().scalars(waiting).one(), CERTIFICATE))
    with db.reading():
        kept = documents.content(version.public_id, kind)
    assert kept is not None
    page = ask(client, fingerprint=kept.sha256)
    assert "Genuine" in page.words
    for secret in (version.quote.number, "Carla", version.quote.account.name, "1,880", version.public_id):
        assert secret not in page.text


def test_stored_bytes_that_no_longer_match_are_told_and_logged(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    sha256 = keep()
    rotten = update(DocumentBytes).where(DocumentBytes.sha256 == sha256).values(content=CERTIFICATE[:-1] + b"!")
    db.perform(lambda: db.session().execute(rotten))
    with caplog.at_level(logging.ERROR):
        page = ask(client, file=CERTIFICATE)
    assert "Our own copy is damaged" in page.words
    assert "no longer matches its hash" in caplog.text
    assert "Altered, or not from us" in ask(client, file=CERTIFICATE[:-1] + b"!").words


def test_questions_are_throttled_by_address(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "ADDRESS", replace(service.ADDRESS, most=2))
    for _ in range(2):
        assert ask(client, fingerprint="a" * 64).status == 200
    refused = ask(client, fingerprint="a" * 64)
    assert refused.status == 429
    assert int(refused.response.headers["Retry-After"]) > 0


def test_a_file_beyond_the_limit_is_refused_and_nothing_is_kept(client: Client) -> None:
    client.app.config["MAX_CONTENT_LENGTH"] = 100_000
    assert ask(client, file=b"x" * 100_000).status == 413
    assert ask(client, file=b"x" * 90_000).status == 200
    with db.reading() as session:
        assert session.scalars(select(DocumentBytes.sha256)).all() == []


def test_an_upload_never_touches_a_disk(client: Client) -> None:
    with client.app.test_request_context() as context:
        stream = context.request._get_file_stream(900_000, "application/pdf", "x.pdf", 900_000)
        assert isinstance(stream, BytesIO)


def test_the_page_speaks_german_too(client: Client) -> None:
    keep()
    client.post("/language", {"language": "de", "next": "/verify"}, page=client.get("/verify"))
    page = ask(client, file=CERTIFICATE)
    assert page.h1 == "Dokument prüfen"
    assert "Echt" in page.words
