"""Parameters, headers and contents of requests. What is not named here is refused."""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from billing_core import money
from corporate_portal.api.schemas.told import Frequency, InvoiceState, OrderState, PaymentState, QuoteState
from corporate_portal.quotes.offer.content import LONGEST_DESCRIPTION, MOST_LINES, MOST_MONTHS, MOST_UNITS
from corporate_portal.quotes.offer.drafting import LONGEST_NOTES, LONGEST_TITLE

MOST_ROWS = 100
_EARLIEST, _LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


def _whole_number(value: Any) -> int:
    if not re.fullmatch("[0-9]{1,9}", str(value)):
        raise ValueError("figures only")
    return int(value)


def _instant(value: Any) -> datetime:
    """Nothing here happened before the first of these days or after the last, so the ends stand for all beyond."""
    found = datetime.fromisoformat(str(value).upper())
    if found.tzinfo is None or "T" not in str(value).upper():
        raise ValueError("an instant needs its zone")
    naive = found.replace(tzinfo=UTC)
    if not _EARLIEST < naive < _LATEST:
        return _EARLIEST if naive <= _EARLIEST else _LATEST
    return found.astimezone(UTC)


def _without_fraction(value: Any) -> Any:
    """JSON writes a whole number as 3 or as 3.0."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


WHOLE = BeforeValidator(_without_fraction)
PublicId = Annotated[str, Field(pattern="^[a-z]{2,4}_[0-9a-z]{1,28}$", examples=["acc_0123456789abcdef"])]
Code = Annotated[str, Field(pattern="^[^\\u0000-\\u001f]{1,40}$")]
Amount = Annotated[int, Field(ge=0, le=money.LARGEST), WHOLE]
Share = Annotated[int, Field(ge=0, le=10_000), WHOLE]
Since = Annotated[
    AwareDatetime, BeforeValidator(_instant), WithJsonSchema({"type": "string", "format": "date-time"})
]  # fmt: skip
Limit = Annotated[int, Field(ge=1, le=MOST_ROWS), BeforeValidator(_whole_number)]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Page(_Asked):
    """Which part of a list."""

    limit: Limit = Field(20, description="Rows of one page.")
    after: Annotated[str, Field(pattern="^[0-9]{1,18}$")] | None = Field(
        None, description="The `next` of the page before this one."
    )


class Nothing(_Asked):
    """For operations without parameters."""


class AccountsWanted(Page):
    """A page of accounts."""

    number: Annotated[str, Field(pattern="^[^\\u0000-\\u001f]{1,20}$")] | None = Field(
        None, description="The customer number, exactly."
    )


class _OfAccount(Page):
    account: PublicId | None = Field(None, description="Only those of this account.")
    changed_since: Since | None = Field(None, description="Only those that something happened to since then.")


class QuotesWanted(_OfAccount):
    """A page of quotes."""

    state: QuoteState | None = None


class OrdersWanted(_OfAccount):
    """A page of service orders."""

    state: OrderState | None = None


class InvoicesWanted(_OfAccount):
    """A page of invoices."""

    state: InvoiceState | None = Field(None, description="Settlement.")


class PaymentsWanted(_OfAccount):
    """A page of payments."""

    state: PaymentState | None = None


class OnceHeaders(BaseModel):
    """What every POST carries."""

    idempotency_key: Annotated[str, Field(pattern="^[!-~]{1,120}$")] = Field(
        alias="Idempotency-Key", description="A new one for each thing to be done; the same one when it is sent again."
    )


class SeenHeaders(BaseModel):
    """What every change of a quote carries."""

    if_match: str = Field(alias="If-Match", description="The ETag of the quote as it was read.", min_length=1)


class OnceSeenHeaders(OnceHeaders, SeenHeaders):
    """Both."""


class UnlessHeaders(BaseModel):
    """For asking whether something is still the same."""

    if_none_match: str | None = Field(None, alias="If-None-Match", description="The ETag of what is known already.")


_OWN_START = Field(None, description="Where it is not the quote's own.")
_OWN_TERM = Field(None, description="Months, where they are not the quote's own.")
Term = Annotated[int, Field(ge=1, le=MOST_MONTHS), WHOLE]
Tier = Annotated[str, Field(pattern="^[^\\u0000-\\u001f]{0,20}$")]


class _Line(_Asked):
    quantity: Annotated[int, Field(ge=1, le=MOST_UNITS, description="Seats or pieces."), WHOLE]


class _Discounted(_Line):
    percent_off: Share = Field(0, description="Basis points off the line.")
    amount_off: Amount = Field(0, description="Off the line, smallest units. Not both.")


class StartLine(_Discounted):
    """A recurring product begins, or something is delivered once, at the catalogue's price of the day."""

    effect: Literal["start"]
    product: Code = Field(description="The code of the product.")
    tier: Tier = ""
    frequency: Frequency
    starts_on: date | None = _OWN_START
    term_months: Term | None = _OWN_TERM


class RenewLine(_Discounted):
    """A term follows on that of a subscription: with its tier and frequency, or with those that are given."""

    effect: Literal["renew"]
    subscription: PublicId
    tier: Tier = Field("", description="Counts where a frequency is given.")
    frequency: Literal["", "monthly", "yearly"] = Field("", description="Empty: the subscription's own, and its tier.")
    term_months: Term | None = _OWN_TERM


class AddLine(_Discounted):
    """Seats join a subscription until its term ends, prorated, at its own price."""

    effect: Literal["add"]
    subscription: PublicId
    starts_on: date | None = _OWN_START


class RemoveLine(_Line):
    """Seats leave a subscription at its term's end; with `credited` at `starts_on`, and the rest is credited."""

    effect: Literal["remove"]
    subscription: PublicId
    credited: bool = False
    starts_on: date | None = _OWN_START


class FreeLine(_Discounted):
    """An amount with words of its own, once; below zero it is a credit. The product says how it is taxed."""

    effect: Literal["free"]
    product: Code = Field(description="The code of the product.")
    description: Annotated[str, Field(min_length=1, max_length=LONGEST_DESCRIPTION)]
    unit_price: Annotated[int, Field(ge=-money.LARGEST, le=money.LARGEST), WHOLE]


LineWanted = Annotated[StartLine | RenewLine | AddLine | RemoveLine | FreeLine, Field(discriminator="effect")]


class _Text(_Asked):
    title: Annotated[str, Field(min_length=1, max_length=LONGEST_TITLE)]
    starts_on: date
    term_months: Annotated[int, Field(ge=1, le=MOST_MONTHS), WHOLE]
    lines: Annotated[list[LineWanted], Field(min_length=1, max_length=MOST_LINES)]
    notes: Annotated[str, Field(max_length=LONGEST_NOTES)] = ""
    percent_off: Share = Field(0, description="Basis points off every line, in every period.")
    amount_off: Amount = Field(0, description="Smallest units, once, off what the acceptance bills. Not both.")
    terms_version: Annotated[str, Field(pattern="^[0-9-]{0,20}$")] = Field("", description="Empty: the present one.")
    valid_until: date | None = Field(None, description="Last day; none means the 7th day after submission.")
    zone: Annotated[str, Field(pattern="^[A-Za-z0-9/_+-]{0,40}$")] = Field("", description="Empty: the account's.")
    locale: Literal["", "en", "de"] = Field("", description="Empty: the account's.")


class QuoteText(_Text):
    """What a draft is to say: all of it, since what is left out falls back to what is usual."""


class NewQuote(_Text):
    """A draft for an account."""

    account: PublicId
