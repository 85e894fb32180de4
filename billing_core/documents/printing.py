"""From an object's public id to the bytes of its document: a wing says what to print, the worker prints it once.

A wing's `prints.py` has one builder a kind, `invoice_print(public_id) -> Print`; the roof hands the mapping from kind
to builder, and the printer, to `render_document`, the handler of the job `document.render`.

What the templates of templates/print/ expect as context (rows come with the named relationships loaded; besides, every
template has the filters and globals of `billing_core.templating` and `letter`, see letter.py):

print/invoice.html
    invoice     Invoice with lines and taxes
    letterhead  the seller as it was at issue
    bill_to     dict: name, attention, street, postal_code, city, country, vat_id, customer_number
    user_id     the User ID of the contact it is addressed to; empty prints no sign-in box's User ID

print/quote.html
    version     QuoteVersion with quote, lines (with product) and taxes
    letterhead, bill_to, customer_number, rep (name, email, phone)
                whom it names, as they were when it was submitted
    user_id     the User ID of the contact it is addressed to, or empty
    terms       the paragraphs of the terms, in the document's language
    groups      the lines in groups: heading, sum_label, lines and net
    recurring   what each frequency costs: frequency, net, next_start, last_day, and whether it comes_again

print/statement.html
    statement   Statement; period, sums and entries as corporate_portal/statement/books reads them
    letterhead, bill_to
                whom it names, as they were when it was asked for

print/receipt.html
    receipt     Receipt; method, payer (a name, or empty)
    letterhead, bill_to
                the seller and the account
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from billing_core import db, templating, words
from billing_core.documents import letter, service


@dataclass(frozen=True)
class Print:
    """One document to be printed: a template of templates/print/ with its data, in the language of its reader.

    `title`, `author`, `subject` and `created` become the document's properties; nothing else of the time or the machine
    gets into the bytes, so that the same Print gives the same bytes.
    """

    template: str
    context: Mapping[str, Any]
    locale: str
    title: str
    """As a window shows it: "Invoice DE-2026-000042"."""
    author: str
    """The seller's name."""
    created: datetime
    """When it was issued or submitted."""
    subject: str = ""


Builder = Callable[[str], Print]
"""From the public id of an object to its Print; called inside `db.reading()`, in the document's language."""


class Printer(Protocol):
    """Turns a page of HTML into a PDF; documents/weasy.py is the one in use."""

    def print_page(self, html: str) -> bytes:
        """The PDF. Raises CannotPrint when the page takes too long, needs too much memory or cannot be set."""
        ...


class CannotPrint(Exception):
    """The printer gave up on a page: it may be tried again, and its job ends as a dead letter."""


def render_document(document_id: int, builders: Mapping[str, Builder], printer: Printer) -> None:
    """Handler of `document.render`: print the document unless it has its bytes already. Safe to run twice.

    Raises CannotPrint, and KeyError for a kind that no wing prints; the job is then tried again.
    """
    with db.reading():
        document = service.unprinted(document_id)
        if document is None:
            return
        with words.in_language(document.locale):
            html = page_of(builders[document.kind](document.subject))
    pdf = printer.print_page(html)
    db.perform(service.keep_printed, document_id, pdf)


def page_of(wanted: Print) -> str:
    """The page as the printer gets it: everything is in it, nothing is fetched for it."""
    with words.in_language(wanted.locale):
        return templating.render(wanted.template, letter=letter, document=wanted, **wanted.context)
