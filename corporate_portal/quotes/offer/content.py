"""What the verbs of quotes are given: a draft's content, by the desk's form or an import, and a contact's decision."""

from dataclasses import dataclass
from datetime import date

from corporate_portal.quotes.models import QuoteVersion

MOST_LINES = 50
MOST_UNITS = 99_999
MOST_MONTHS = 60
LONGEST_PO, LONGEST_REASON = 100, 1000
PAYMENTS = ("terms", "card")
"""How the first invoice is going to be paid: on its terms, or by card from the receipt on."""


@dataclass(frozen=True)
class LineWish:
    """One position as it is asked for. percent_off is in basis points, amount_off in smallest units; not both.

    unit_price None means the catalogue's price of the day; only an import names its own.
    """

    product_code: str
    tier: str
    frequency: str
    quantity: int
    percent_off: int = 0
    amount_off: int = 0
    unit_price: int | None = None


@dataclass(frozen=True)
class QuoteContent:
    """The text of one version. Empty zone or locale: the account's. No valid_until: the 7th day after submission."""

    title: str
    starts_on: date
    term_months: int
    lines: tuple[LineWish, ...]
    notes: str = ""
    valid_until: date | None = None
    zone: str = ""
    locale: str = ""


@dataclass(frozen=True)
class Acceptance:
    """What a contact sends with the button. Both hashes say what was on the page: the reviewed text and the wording."""

    reviewed_sha256: str
    wording_sha256: str
    locale: str
    po_number: str = ""
    payment: str = "terms"


@dataclass(frozen=True)
class Rejection:
    """The reviewed text and why it is not wanted."""

    reviewed_sha256: str
    reason: str


def content_of(version: QuoteVersion, *, own_prices: bool = False) -> QuoteContent:
    """What a stored version says, to show it in a form or to compute it again. Lines come with their products.

    `own_prices` keeps the stored unit prices; otherwise the catalogue is asked again.
    """
    lines = tuple(
        LineWish(
            product_code=line.product.code,
            tier=line.tier,
            frequency=line.frequency,
            quantity=line.quantity,
            percent_off=line.percent_off,
            amount_off=0 if line.percent_off else line.discount,
            unit_price=line.unit_price if own_prices else None,
        )
        for line in version.lines
    )
    return QuoteContent(
        title=version.title,
        starts_on=version.starts_on,
        term_months=version.term_months,
        lines=lines,
        notes=version.notes,
        valid_until=version.valid_until,
        zone=version.zone,
        locale=version.locale,
    )
