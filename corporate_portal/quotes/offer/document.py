"""The frozen text of a version as canonical JSON (RFC 8785), and its SHA-256: what is reviewed is what is accepted.

The bytes are stored and hashed as they are; nobody ever re-encodes them. Amounts are smallest units; all numbers stay
below 2**53, beyond which canonical JSON knows no integers (money.LARGEST).
"""

import hashlib
from typing import Any

import rfc8785

from billing_core.sellers.models import Seller
from corporate_portal.quotes.models import QuoteLine, QuoteTax, QuoteVersion
from corporate_portal.quotes.offer.recurring import term_end

FORM = 1
"""Raised when fields are added, so that old documents stay readable for what they are."""


def canonical(value: dict[str, Any]) -> bytes:
    """The one encoding of the value."""
    return rfc8785.dumps(value)


def digest(content: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def document_of(version: QuoteVersion) -> bytes:
    """Everything that a contact reviews and an acceptance binds to. The version is whole, its deadline already set."""
    quote, account = version.quote, version.quote.account
    return canonical(
        {
            "form": FORM,
            "quote": quote.number,
            "id": quote.public_id,
            "version": version.version,
            "currency": quote.currency,
            "seller": _seller(account.seller),
            "account": {
                "number": account.number,
                "name": account.name,
                "country": account.country,
                "vat_id": account.vat_id,
                "payment_days": account.payment_days,
            },
            "representative": {"name": quote.rep.name, "email": quote.rep.email},
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
            "lines": [_line(line) for line in version.lines],
            "taxes": [_tax(tax) for tax in version.taxes],
            "net": version.net,
            "tax": version.tax,
            "total": version.total,
        }
    )


def _seller(seller: Seller) -> dict[str, Any]:
    return {"name": seller.name, "country": seller.country, "vat_id": seller.vat_id}


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
        "net": line.net,
        "tax_category": line.tax_category,
        "tax_rate": line.tax_rate,
        "exemption": line.exemption,
    }


def _tax(tax: QuoteTax) -> dict[str, Any]:
    return {"category": tax.category, "rate": tax.rate, "net": tax.net, "tax": tax.tax, "exemption": tax.exemption}
