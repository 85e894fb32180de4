"""What a document says about its seller: copied when the document is made, so that it never follows later changes."""

import json
from dataclasses import asdict, dataclass
from typing import Any

from billing_core.sellers.models import Seller


@dataclass(frozen=True)
class Letterhead:
    """Name, address, numbers, ways to reach and bank account of the seller as they stand on one document."""

    name: str
    street: str
    postal_code: str
    city: str
    country: str
    email: str
    vat_id: str | None = None
    registration: str = ""
    phone: str = ""
    website: str = ""
    bank_name: str = ""
    iban: str = ""
    bic: str = ""

    @classmethod
    def of(cls, seller: Seller) -> "Letterhead":
        """The seller as it is now."""
        return cls(**{name: getattr(seller, name) for name in cls.__dataclass_fields__})

    @property
    def facts(self) -> dict[str, Any]:
        """Its parts by name, ready for JSON."""
        return asdict(self)

    def to_bytes(self) -> bytes:
        """The stored form."""
        return json.dumps(self.facts, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()

    @classmethod
    def from_bytes(cls, stored: bytes) -> "Letterhead":
        """The seller of an issued document."""
        return cls(**json.loads(stored))
