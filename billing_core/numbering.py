"""Gapless document numbers: a counter row per series, taken when the rows of the issuing transaction are written.

A database sequence would leave a gap at each rollback; here a rollback takes the number back (reliability, I6).
The row stays locked until commit, so only what prints the number may follow: audit, mail, document request.
"""

import re
import unicodedata

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from billing_core import db
from billing_core.db import Base


class NumberSeries(Base):
    """One run of numbers 1..n. `code` is what documents print before the figure, for example DE-2026 or Q."""

    __tablename__ = "number_series"

    code: Mapped[str] = mapped_column(String(24), primary_key=True)
    next: Mapped[int]


def series(*parts: str | int) -> str:
    """The code of a series: DE-2026, CN-DE-2026. Parts are letters and digits, so that no two causes share a series.

    Raises ValueError for a part that holds the hyphen, with which a seller could number into another one's documents.
    """
    spelled = [str(part) for part in parts]
    if not all(part.isalnum() for part in spelled):
        raise ValueError(f"not the parts of a number series: {spelled}")
    return "-".join(spelled)


def take(code: str) -> int:
    """The next number of the series, which begins at 1 by itself. Locked until commit: call it when the rows stand."""
    db.session().flush()
    start = db.upsert(NumberSeries).values(code=code, next=2)
    move_on = start.on_conflict_do_update(index_elements=["code"], set_={"next": NumberSeries.next + 1})
    following: int = db.session().execute(move_on.returning(NumberSeries.next)).scalar_one()
    return following - 1


def spell(code: str, number: int) -> str:
    """The document number as printed: DE-2026-000042."""
    return f"{code}-{number:06d}"


def plain(number: str) -> str:
    """A number as it is compared with what people type: capitals and figures alone. DE-2026-000042 is DE2026000042."""
    return re.sub(r"[^0-9A-Z]", "", unicodedata.normalize("NFKC", number).upper())
