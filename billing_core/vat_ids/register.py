"""The port to the register of VAT IDs: what is asked, what it can answer, and that it may not answer at all."""

from dataclasses import dataclass
from typing import Protocol


class Unavailable(Exception):
    """The register gave no answer that counts, which says nothing about the number. `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code[:40]


@dataclass(frozen=True)
class Question:
    """A VAT ID as we keep it, and the VAT ID of the seller who asks, where the register takes it; else empty."""

    vat_id: str
    requester: str = ""


@dataclass(frozen=True)
class Answer:
    """Whether the number exists today. Name and address are empty where the country keeps them to itself."""

    is_known: bool
    name: str = ""
    address: str = ""
    consultation: str = ""


class VatRegister(Protocol):
    """Called outside any transaction; takes seconds at most."""

    @property
    def name(self) -> str:
        """Who answers, as it is kept with the answer."""
        ...

    def ask(self, question: Question) -> Answer:
        """The answer of today. Raises Unavailable."""
        ...
