"""What every answer is made of: words, places, lists, and what went wrong."""

from typing import Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

QuoteState = Literal[
    "draft", "awaiting_approval", "sent", "change_requested", "awaiting_second_contact", "accepted", "rejected",
    "expired", "superseded", "withdrawn",
]  # fmt: skip
OrderState = Literal["pending", "fulfilled"]
InvoiceState = Literal["open", "partially_paid", "paid", "cancelled"]
PaymentState = Literal[
    "creating", "open", "unknown", "succeeded", "failed", "expired", "cancelled", "needs_review",
    "given_back", "closed",
]  # fmt: skip
Frequency = Literal["monthly", "yearly", "once"]
Effect = Literal["start", "renew", "add", "remove", "free"]

T = TypeVar("T")


class Told(BaseModel):
    """The parent of what is given: read from rows by their attributes, written as it is documented."""

    model_config = ConfigDict(from_attributes=True)


class Listed(Told, Generic[T]):
    """One page of a list, the oldest first. `next` is the cursor of the following page, null on the last one."""

    data: list[T]
    next: str | None


class AccountNamed(Told):
    """An account, as others mention it."""

    id: str
    number: str
    name: str


class PersonNamed(Told):
    """A member of the vendor's staff."""

    id: str
    name: str
    email: str


class TaxTold(Told):
    """Tax of one category and rate (basis points) on a net sum."""

    category: str
    rate: int
    net: int
    tax: int
    exemption: str


class ProblemFault(BaseModel):
    """One thing that is wrong with the request, and where: in the content, or a parameter."""

    detail: str
    pointer: str | None = Field(None, description="JSON pointer into the content, as a fragment.")
    parameter: str | None = Field(None, description="The name of the query parameter.")


class Problem(BaseModel):
    """What went wrong (RFC 9457). `detail` is for people, in the language of Accept-Language; `type` for programs."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[ProblemFault] | None = None
