"""Ask for a document, keep its bytes, read them. Bytes once kept are never replaced."""

import hashlib
from dataclasses import dataclass

from sqlalchemy import select, update

from billing_core import clock, db, jobs
from billing_core.documents.models import Document, DocumentBytes

RENDER = "document.render"
"""The job kind; its argument is document_id."""


@dataclass(frozen=True)
class Content:
    """A stored document, ready to be served or attached."""

    data: bytes
    filename: str
    media_type: str
    sha256: str


def request_document(subject: str, kind: str, locale: str, filename: str) -> None:
    """Have the object's document printed by the worker after this transaction; once, however often it is asked for."""
    document_id = _add(subject, kind, locale, filename)
    if document_id is not None:
        jobs.enqueue(RENDER, once_key=f"{RENDER}:{document_id}", document_id=document_id)


def keep_document(
    subject: str, kind: str, locale: str, filename: str, content: bytes, media_type: str = "application/pdf"
) -> None:
    """Keep bytes that were made elsewhere as the object's document; nothing happens where it has one already."""
    document_id = _add(subject, kind, locale, filename, media_type)
    if document_id is not None:
        keep_printed(document_id, content)


def content(subject: str, kind: str) -> Content | None:
    """The stored document; None while the worker has not printed it yet, and where none was asked for."""
    stored = (
        select(Document.filename, Document.media_type, Document.sha256, DocumentBytes.content)
        .join(DocumentBytes, DocumentBytes.sha256 == Document.sha256)
        .where(Document.subject == subject, Document.kind == kind)
    )
    row = db.session().execute(stored).first()
    return None if row is None else Content(row.content, row.filename, row.media_type, row.sha256)


def unprinted(document_id: int) -> Document | None:
    """The document that still waits for its bytes; None when it has them."""
    waiting = select(Document).where(Document.id == document_id, Document.sha256.is_(None))
    return db.session().scalar(waiting)


def keep_printed(document_id: int, content: bytes) -> None:
    """Give the document its bytes, unless another worker was quicker: the first bytes stay."""
    sha256 = hashlib.sha256(content).hexdigest()
    db.add_if_absent(DocumentBytes, sha256=sha256, content=content)
    first = update(Document).where(Document.id == document_id, Document.sha256.is_(None))
    db.session().execute(first.values(sha256=sha256, rendered_at=clock.now()))


def _add(subject: str, kind: str, locale: str, filename: str, media_type: str = "application/pdf") -> int | None:
    """The new row's id; None where the object has a document of this kind."""
    values = {"subject": subject, "kind": kind, "locale": locale, "filename": filename, "media_type": media_type}
    if not db.add_if_absent(Document, **values, requested_at=clock.now()):
        return None
    return db.session().scalar(select(Document.id).where(Document.subject == subject, Document.kind == kind))
