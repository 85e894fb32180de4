"""What the verbs of quotes are given: a draft's content, by the desk's form or an import, and a contact's decision."""

from dataclasses import dataclass, replace
from datetime import date

from corporate_portal.quotes.models import QuoteLine, QuoteVersion

START, RENEW, ADD, REMOVE, FREE = "start", "renew", "add", "remove", "free"
EFFECTS = (START, RENEW, ADD, REMOVE, FREE)
MOST_LINES = 50
MOST_UNITS = 99_999
MOST_MONTHS = 60
LONGEST_DESCRIPTION = 300
LONGEST_PO, LONGEST_REASON, LONGEST_MESSAGE = 100, 1000, 2000
PAYMENTS = ("terms", "card")
"""How the first invoice is going to be paid: on its terms, or by card from the receipt on."""
CHANNELS = ("mail", "phone")
"""How a decision that a representative records reached them."""
LONGEST_REFERENCE = 200


@dataclass(frozen=True)
class LineWish:
    """One position as it is asked for. percent_off is in basis points, amount_off in smallest units; not both.

    `effect` is QuoteLine's. unit_price None means the catalogue's price of the day, or for add and remove that of the
    subscription; a free line names its own, of any sign, and words of its own in `description`. add, remove and renew
    name a subscription of the account by its public id, and may leave product, tier and frequency empty: those are its
    own. starts_on and term_months are the line's own where they are not the quote's. `credited` takes removed seats
    away at `starts_on`, with a credit, instead of at the term's end.
    """

    product_code: str
    tier: str
    frequency: str
    quantity: int
    percent_off: int = 0
    amount_off: int = 0
    unit_price: int | None = None
    effect: str = START
    subscription: str = ""
    starts_on: date | None = None
    term_months: int | None = None
    description: str = ""
    credited: bool = False


@dataclass(frozen=True)
class QuoteContent:
    """The text of one version. Empty zone or locale: the account's. No valid_until: the 7th day after submission.

    percent_off (basis points, in every period) and amount_off (smallest units, once) are discounts on the whole quote;
    not both. Empty terms_version: the present one.
    """

    title: str
    starts_on: date
    term_months: int
    lines: tuple[LineWish, ...]
    notes: str = ""
    valid_until: date | None = None
    zone: str = ""
    locale: str = ""
    percent_off: int = 0
    amount_off: int = 0
    terms_version: str = ""


@dataclass(frozen=True)
class AdminContact:
    """Who is going to administer what is ordered: a member of the account (public id), or a new person."""

    member: str = ""
    name: str = ""
    email: str = ""


@dataclass(frozen=True)
class Acceptance:
    """What a contact sends with the button. Both hashes say what was on the page: the reviewed text and the wording."""

    reviewed_sha256: str
    wording_sha256: str
    locale: str
    po_number: str = ""
    payment: str = "terms"
    po_expires_on: date | None = None
    admin: AdminContact | None = None


@dataclass(frozen=True)
class Confirmation:
    """What a second contact sends. `first_sha256` is of the evidence of the acceptance that was on the page."""

    first_sha256: str
    wording_sha256: str
    locale: str


@dataclass(frozen=True)
class Rejection:
    """The reviewed text and why it is not wanted."""

    reviewed_sha256: str
    reason: str


@dataclass(frozen=True)
class Record:
    """A decision that reached the representative by mail or phone: whose it was, and where its proof is."""

    verdict: str
    """accepted or rejected."""
    reviewed_sha256: str
    contact: str
    """Public id of the person who decided."""
    channel: str
    reference: str
    locale: str = "en"
    reason: str = ""
    po_number: str = ""
    po_expires_on: date | None = None
    admin: AdminContact | None = None


def begun_from(content: QuoteContent, today: date) -> QuoteContent:
    """The same content, with no start before today; a line whose own start has passed takes the quote's."""
    lines = tuple(
        replace(line, starts_on=None) if line.starts_on is not None and line.starts_on < today else line
        for line in content.lines
    )
    return replace(content, starts_on=max(content.starts_on, today), lines=lines)


def content_of(version: QuoteVersion, *, own_prices: bool = False) -> QuoteContent:
    """What a stored version says, to show it in a form or to compute it again. Lines come whole.

    `own_prices` keeps the stored unit prices; otherwise catalogue and subscriptions are asked again. What is the
    quote's own start or term stands in no line.
    """
    return QuoteContent(
        title=version.title,
        starts_on=version.starts_on,
        term_months=version.term_months,
        lines=tuple(_wish(line, version, own_prices) for line in version.lines),
        notes=version.notes,
        valid_until=version.valid_until,
        zone=version.zone,
        locale=version.locale,
        percent_off=version.percent_off,
        amount_off=version.amount_off,
        terms_version=version.terms_version,
    )


def _wish(line: QuoteLine, version: QuoteVersion, own_prices: bool) -> LineWish:
    is_credited = line.effect == REMOVE and line.ends_on is not None
    chooses_start = line.effect in (START, ADD) or is_credited
    return LineWish(
        product_code=line.product.code,
        tier=line.tier,
        frequency=line.frequency,
        quantity=line.quantity,
        percent_off=line.percent_off,
        amount_off=0 if line.percent_off else line.discount,
        unit_price=line.unit_price if own_prices or line.effect == FREE else None,
        effect=line.effect,
        subscription=line.subscription.public_id if line.subscription else "",
        starts_on=line.starts_on if chooses_start and line.starts_on != version.starts_on else None,
        term_months=_own_term(line, version),
        description=line.description if line.effect == FREE else "",
        credited=is_credited,
    )


def _own_term(line: QuoteLine, version: QuoteVersion) -> int | None:
    if line.effect not in (START, RENEW) or line.ends_on is None:
        return None
    months = (line.ends_on.year - line.starts_on.year) * 12 + line.ends_on.month - line.starts_on.month
    return months if months != version.term_months else None
