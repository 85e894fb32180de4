"""What has been imported: each row's key and a fingerprint of its content, so that a second run skips it."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from billing_core.db import Base, Instant


class ImportSource(Base):
    """A system that rows come from. Its row is locked by each import, so that two of one source follow one another."""

    __tablename__ = "import_source"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    imported_at: Mapped[datetime] = mapped_column(Instant)


class ImportedRow(Base):
    """One row of one file as it was last written: the SHA-256 of its cells as text, lines and PDF included.

    The text is hashed before relative dates are worked out, so that `today+7` is the same content tomorrow.
    """

    __tablename__ = "imported_row"

    source: Mapped[str] = mapped_column(String(40), primary_key=True)
    file: Mapped[str] = mapped_column(String(24), primary_key=True)
    key: Mapped[str] = mapped_column(String(240), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64))
