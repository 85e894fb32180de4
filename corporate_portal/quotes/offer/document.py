"""The frozen text of a version as canonical JSON (RFC 8785), and its SHA-256: what is reviewed is what is accepted.

The bytes are stored and hashed as they are; nobody ever re-encodes them. Amounts are smallest units; all numbers stay
below 2**53, beyond which canonical JSON knows no integers (money.LARGEST).
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

import rfc8785

from billing_core.people import BillingContact
from billing_core.sellers.letterhead import Letterhead
from corporate_portal.quotes.models import QuoteLine, QuoteTax, QuoteVersion
from corporate_portal.quotes.offer.recurring import term_end

FORM = 2
"""Raised when fields are added, so that old documents stay readable for what they are. Form 1 knew only what begins,
at the quote's own start, and no discount on the whole."""


def canonical(value: dict[str, Any]) -> bytes:
    """The one encoding of the value."""
    return rfc8785.dumps(value)


def digest(content: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


@dataclass(frozen=True)
class Customer:
    """The account as the quote names it."""

    number: str
    name: str
    street: str
    postal_code: str
    city: str
    country: str
    vat_id: str | None
    payment_days: int


@dataclass(frozen=True)
class Representative:
    """Who made the quote, and the way to reach them."""

    name: str
    email: str
    phone: str


@dataclass(frozen=True)
class Addressee:
    """The contact whom the letter is for, with the User ID that it prints; both empty in a draft."""

    name: str = ""
    user_id: str = ""


@dataclass(frozen=True)
class Parties:
    """Everybody whom a quote names. A submitted one names them as they were when it was submitted."""

    seller: Letterhead
    account: Customer
    representative: Representative
    addressee: Addressee


def parties_of(version: QuoteVersion) -> Parties:
    """The parties of a whole version: out of its document where it is submitted, else as they are now."""
    if version.document is None:
        return _parties_now(version, None)
    said = json.loads(version.document)
    return Parties(
        Letterhead(**said["seller"]),
        Customer(**said["account"]),
        Representative(**said["representative"]),
        Addressee(**said["addressee"]),
    )


def _parties_now(version: QuoteVersion, addressee: BillingContact | None) -> Parties:
    quote, account = version.quote, version.quote.account
    return Parties(
        Letterhead.of(account.seller),
        Customer(**{name: getattr(account, name) for name in Customer.__dataclass_fields__}),
        Representative(quote.rep.name, quote.rep.email, quote.rep.phone),
        Addressee(addressee.person.name, addressee.user_id) if addressee else Addressee(),
    )


def document_of(version: QuoteVersion, addressee: BillingContact | None = None) -> bytes:
    """Everything that a contact reviews and an acceptance binds to. The version is whole, its deadline already set.

    `addressee` comes with the person, and is there from the submission on.
    """
    quote = version.quote
    return canonical(
        {
            "form": FORM,
            "quote": quote.number,
            "id": quote.public_id,
            "version": version.version,
            "currency": quote.currency,
            **asdict(_parties_now(version, addressee)),
            "title": version.title,
            "notes": version.notes,
            "terms": version.terms_version,
            "language": version.locale,
            "starts_on": version.starts_on.isoformat(),
            "term_months": version.term_months,
            "term_end": term_end(version).isoformat(),
            "valid_until": version.valid_until.isoformat() if version.valid_until else None,
            "zone": version.zone,
            "expires_at": version.expires_at.isoformat() if version.expires_at else None,
            "percent_off": version.percent_off,
            "amount_off": version.amount_off,
            "lines": [_line(line) for line in version.lines],
            "taxes": [_tax(tax) for tax in version.taxes],
            "net": version.net,
            "tax": version.tax,
            "total": version.total,
        }
    )


def _line(line: QuoteLine) -> dict[str, Any]:
    return {
        "position": line.position,
        "product": line.product.code,
        "description": line.description,
        "tier": line.tier,
        "quantity": line.quantity,
        "unit": line.unit,
        "frequency": line.frequency,
        "unit_price": line.unit_price,
        "percent_off": line.percent_off,
        "discount": line.discount,
        "rebate": line.rebate,
        "once_off": line.once_off,
        "net": line.net,
        "due": line.due,
        "effect": line.effect,
        "subscription": line.subscription.public_id if line.subscription else None,
        "starts_on": line.starts_on.isoformat(),
        "ends_on": line.ends_on.isoformat() if line.ends_on else None,
        "whole_periods": line.whole_periods,
        "days": line.days,
        "of_days": line.of_days,
        "tax_category": line.tax_category,
        "tax_rate": line.tax_rate,
        "exemption": line.exemption,
    }


def _tax(tax: QuoteTax) -> dict[str, Any]:
    return {
        "category": tax.category, "rate": tax.rate, "net": tax.net, "tax": tax.tax, "exemption": tax.exemption,
        "why": tax.why,
    }  # fmt: skip
