"""Open items and the day-end report as a spreadsheet of the reader's language opens them, and the file for bookkeeping.

The first two as statements of account: localized, UTF-8 with a byte order mark. The third is read by programs too, so
it is the same in every language: commas, decimal points, ISO dates, no mark.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from itertools import islice

from billing_core import money, words
from billing_core.sellers.models import Seller
from billing_core.spreadsheet import MARK, harmless, written
from billing_core.words import mark
from corporate_portal.receivables.books.exporting import COLUMNS
from corporate_portal.receivables.books.lines import Figure
from corporate_portal.receivables.queries.ageing import Calendar, Item
from corporate_portal.receivables.queries.books import DayEnd

LINES_AT_A_TIME = 200
Cells = list[str]

AGES = {
    "not-due": mark("Not due yet"),
    "to-30": mark("1 to 30 days"),
    "to-60": mark("31 to 60 days"),
    "to-90": mark("61 to 90 days"),
    "over-90": mark("Over 90 days"),
}
"""What the ages of open items are called."""


def open_items(pages: Iterable[list[Item]], days: Calendar, locale: str) -> Iterator[str]:
    """The file of open items in parts, a page of items each."""
    with words.in_language(locale):
        head = [
            words.gettext("Customer number"), words.gettext("Account"), words.gettext("Seller"),
            words.gettext("Invoice"), words.gettext("Invoice date"), words.gettext("Due date"),
            words.gettext("Days past due"), words.gettext("Age"), words.gettext("Total"), words.gettext("Balance"),
            words.gettext("Currency"), words.gettext("Disputed"), words.gettext("Payment under way"),
            words.gettext("Last reminder"), words.gettext("Reminded on"), words.gettext("Purchase order number"),
        ]  # fmt: skip
    yield written([[MARK + head[0], *head[1:]]], locale)
    for page in pages:
        with words.in_language(locale):
            lines = [_item(item, days, locale) for item in page]
        yield written(lines, locale)


def _item(item: Item, days: Calendar, locale: str) -> Cells:
    it, account = item.invoice, item.invoice.account
    flags = [words.gettext("yes") if flag else "" for flag in (item.is_disputed, item.is_held)]
    step = [str(item.step.step), item.step.sent_on.isoformat()] if item.step else ["", ""]
    texts = [harmless(text) for text in (account.number, account.name, days.sellers[it.seller_id].code, it.number)]
    amounts = [money.typed(amount, it.currency, locale) for amount in (it.total, it.balance)]
    return [
        *texts, it.issued_on.isoformat(), it.due_on.isoformat(), str(item.days), words.gettext(AGES[item.bucket]),
        *amounts, it.currency, *flags, *step, harmless(it.po_number),
    ]  # fmt: skip


def bookkeeping(lines: Iterable[Cells]) -> Iterator[str]:
    """The file of movements in parts."""
    found = iter(lines)
    part: list[Cells] = [list(COLUMNS)]
    while part:
        yield _plain(part)
        part = list(islice(found, LINES_AT_A_TIME))


def _plain(lines: Iterable[Cells]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(lines)
    return text.getvalue()


def day_end(found: DayEnd, seller: Seller, locale: str) -> str:
    """The report of a day: three blocks of lines, with what the second computation says beside the closing figures."""
    currency, day = found.books.currency, found.books.day.isoformat()

    def line(block: str, name: str, amount: int, kept: str = "") -> Cells:
        return [day, seller.code, block, name, money.typed(amount, currency, locale), kept, currency]

    def block(title: str, opening: int, figures: list[Figure], closing: int, kept: int) -> list[Cells]:
        rows = [line(title, words.gettext("Opening balance"), opening)]
        rows += [line(title, words.gettext(one.line.title), one.amount) for one in figures]
        return [*rows, line(title, words.gettext("Closing balance"), closing, money.typed(kept, currency, locale))]

    with words.in_language(locale):
        head = [
            words.gettext("Date"), words.gettext("Seller"), words.gettext("Part"), words.gettext("Entry"),
            words.gettext("Amount"), words.gettext("From the balances"), words.gettext("Currency"),
        ]  # fmt: skip
        owed, left = found.receivables, found.credit
        cells = [[MARK + head[0], *head[1:]]]
        cells += block(words.gettext("Receivables"), owed.opening, found.receivable_figures, owed.closing, owed.kept)
        cells += block(words.gettext("Account credit"), left.opening, found.credit_figures, left.closing, left.kept)
        title = words.gettext("Money in and out")
        cells += [line(title, words.gettext(one.line.title), one.amount) for one in found.money_figures]
        cells.append(line(title, words.gettext("In total"), found.money))
    return written(cells, locale)
