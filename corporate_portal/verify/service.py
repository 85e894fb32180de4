"""What is known of a SHA-256: whether we keep a document under it, and whether our bytes still are what they were."""

import hashlib
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from billing_core import db
from billing_core.credentials.throttles import Window, knock, network_of
from billing_core.documents.models import Document, DocumentBytes
from billing_core.errors import Invalid, TooMany
from billing_core.words import mark

GENUINE, UNKNOWN, DAMAGED = "genuine", "unknown", "damaged"
ADDRESS = Window("verify-address", 30, timedelta(minutes=10))

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Verdict:
    """The whole answer. `kind` is the kind of document where we keep one under the hash, empty otherwise.

    genuine: ours, unaltered. unknown: altered, or not from us. damaged: the hash is ours, but the bytes that we keep
    under it no longer match it.
    """

    verdict: str
    sha256: str
    kind: str = ""


def count_question(address: str) -> None:
    """Count one question of the address. Raises TooMany."""
    wait = knock(ADDRESS, network_of(address))
    if wait:
        raise TooMany(retry_after=int(wait.total_seconds()) + 1)


def read_fingerprint(text: str) -> str:
    """A SHA-256 as it was pasted, in any case and in groups, as 64 signs. Raises Invalid."""
    sha256 = "".join(text.split()).casefold().removeprefix("sha256:").removeprefix("sha-256:")
    if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
        raise Invalid(mark("A fingerprint has 64 signs: the figures 0 to 9 and the letters a to f."), "fingerprint")
    return sha256


def fingerprint_of(chunks: Iterable[bytes]) -> str:
    """The SHA-256 of a file, piece by piece."""
    sha256 = hashlib.sha256()
    for chunk in chunks:
        sha256.update(chunk)
    return sha256.hexdigest()


def verify(sha256: str) -> Verdict:
    """What we know of the hash. Our own bytes are hashed anew each time; a mismatch is logged as an error."""
    kept = (
        select(Document.kind, DocumentBytes.content)
        .join(DocumentBytes, DocumentBytes.sha256 == Document.sha256)
        .where(Document.sha256 == sha256)
        .order_by(Document.id)
        .limit(1)
    )
    row = db.session().execute(kept).first()
    if row is None:
        return Verdict(UNKNOWN, sha256)
    if hashlib.sha256(row.content).hexdigest() != sha256:
        _log.error("a stored document no longer matches its hash", extra={"kind": row.kind, "sha256": sha256})
        return Verdict(DAMAGED, sha256, row.kind)
    return Verdict(GENUINE, sha256, row.kind)
