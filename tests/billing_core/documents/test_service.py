"""A document is printed once, kept by its hash, and never replaced."""

import hashlib

import pytest
from sqlalchemy import func, select

from billing_core import db, jobs
from billing_core.documents import service
from billing_core.documents.models import Document, DocumentBytes
from billing_core.documents.printing import CannotPrint, Print, render_document
from billing_core.jobs import Job
from tests.billing_core.documents import samples
from tests.conftest import Database


class FakePrinter:
    """Prints the number of the page it has printed."""

    def __init__(self) -> None:
        self.pages: list[str] = []

    def print_page(self, html: str) -> bytes:
        assert not db.in_transaction(), "printing takes long: never inside a transaction"
        self.pages.append(html)
        return f"%PDF page {len(self.pages)}".encode()


def build(subject: str) -> Print:
    assert db.in_transaction()
    return samples.invoice_print(number=subject)


def document_of(subject: str) -> Document:
    with db.reading() as session:
        return session.scalars(select(Document).where(Document.subject == subject)).one()


def content(subject: str) -> service.Content | None:
    with db.reading():
        return service.content(subject, "invoice")


@pytest.fixture
def wanted(database: Database) -> Document:
    db.perform(service.request_document, "inv_1", "invoice", "de", "DE-1.pdf")
    return document_of("inv_1")


def test_asked_for_twice_it_is_one_document_and_one_job(wanted: Document) -> None:
    db.perform(service.request_document, "inv_1", "invoice", "en", "other.pdf")
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Document)) == 1
        job = session.scalars(select(Job)).one()
    assert (job.kind, job.arguments) == ("document.render", {"document_id": wanted.id})


def test_there_is_no_content_until_it_is_printed(wanted: Document) -> None:
    assert content("inv_1") is None
    render_document(wanted.id, {"invoice": build}, FakePrinter())
    kept = content("inv_1")
    assert kept == service.Content(
        b"%PDF page 1", "DE-1.pdf", "application/pdf", hashlib.sha256(b"%PDF page 1").hexdigest()
    )


def test_it_is_printed_in_its_own_language(wanted: Document) -> None:
    printer = FakePrinter()
    render_document(wanted.id, {"invoice": lambda subject: samples.invoice_print(locale="de")}, printer)
    assert "Zu zahlen" in printer.pages[0]


def test_once_printed_it_is_never_printed_again(wanted: Document) -> None:
    printer = FakePrinter()
    render_document(wanted.id, {"invoice": build}, printer)
    render_document(wanted.id, {"invoice": build}, printer)
    assert len(printer.pages) == 1


def test_of_two_workers_the_first_bytes_stay(wanted: Document) -> None:
    db.perform(service.keep_printed, wanted.id, b"%PDF first")
    db.perform(service.keep_printed, wanted.id, b"%PDF second")
    kept = content("inv_1")
    assert kept is not None
    assert kept.data == b"%PDF first"


def test_equal_bytes_are_kept_once(database: Database) -> None:
    for subject in ("inv_1", "inv_2"):
        db.perform(service.keep_document, subject, "invoice", "en", "received.pdf", b"%PDF received")
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(DocumentBytes)) == 1
    assert content("inv_2") is not None


def test_received_bytes_are_kept_and_no_job_is_written(database: Database) -> None:
    db.perform(service.keep_document, "inv_1", "invoice", "en", "received.pdf", b"%PDF received")
    db.perform(service.keep_document, "inv_1", "invoice", "en", "other.pdf", b"%PDF other")
    kept = content("inv_1")
    assert kept is not None
    assert (kept.data, kept.filename) == (b"%PDF received", "received.pdf")
    with db.reading() as session:
        assert session.scalars(select(Job)).all() == []


def test_a_printer_that_gives_up_leaves_the_document_waiting(wanted: Document) -> None:
    class Broken:
        def print_page(self, html: str) -> bytes:
            raise CannotPrint("no")

    with pytest.raises(CannotPrint):
        render_document(wanted.id, {"invoice": build}, Broken())
    assert content("inv_1") is None


def test_nothing_is_asked_for_when_the_transaction_fails(database: Database) -> None:
    def fail() -> None:
        service.request_document("inv_1", "invoice", "en", "x.pdf")
        raise jobs.Hopeless

    with pytest.raises(jobs.Hopeless):
        db.perform(fail)
    with db.reading() as session:
        assert session.scalars(select(Document)).all() == []
        assert session.scalars(select(Job)).all() == []
