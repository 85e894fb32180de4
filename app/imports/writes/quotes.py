"""Write quotes by their own verb. All its refusals are collected, each with the line that it is about."""

import re
from typing import TypeVar

from sqlalchemy import select

from app.imports.book import Facts, Run, stored
from app.imports.columns import smallest_units
from app.imports.files import QUOTE_LINES, QUOTES, SUBSCRIPTIONS
from app.imports.papers import Paper, fresh_papers
from app.imports.staging import Row
from app.imports.writes.rows import facts_of, remember
from billing_core import db, words
from billing_core.accounts import Account
from billing_core.catalogue.models import Product
from billing_core.errors import Refusal
from billing_core.people import Person
from corporate_portal.quotes.offer.content import LineWish, QuoteContent
from corporate_portal.quotes.service import import_quote

T = TypeVar("T", Account, Person)

_COLUMNS = {"offer": "product"} | {
    name: name
    for name in (
        "product", "quantity", "discount", "unit_price", "effect", "subscription", "starts_on", "term_months",
        "description",
    )
}  # fmt: skip
"""The part of a verb's field name that says what is meant, and its column."""


def write_quotes(run: Run, chunk: list[Row]) -> tuple[int, int]:
    """Insert new quotes and put new versions in the place of changed drafts."""
    papers = fresh_papers(run, QUOTES, QUOTE_LINES, chunk)
    rows = [(paper, facts_of(QUOTES, paper.row, is_new=True)) for paper in papers]
    accounts = _by_key(run, Account, {quote["account"] for _, quote in rows})
    reps = _by_key(run, Person, {quote["rep"] for _, quote in rows if quote["rep"]})
    codes = _codes(run, {str((part.values or {})["product"]) for paper in papers for part in paper.parts})
    named = {(part.values or {}).get("subscription") for paper in papers for part in paper.parts}
    subscriptions = stored(run.source, SUBSCRIPTIONS, {str(key) for key in named if key})
    outcomes: list[str] = []
    for paper, quote in rows:
        account = accounts[quote["account"]]
        rep = reps[quote["rep"]] if quote["rep"] else db.session().get_one(Person, account.rep_id)
        try:
            with db.savepoint():
                sent = quote["state"] == "sent"
                content = _content(paper, quote, codes, subscriptions)
                outcomes.append(import_quote(account, rep, content, run.source, paper.row.key, submitted=sent))
        except Refusal as refusal:
            _name(run, paper, refusal)
    remember(run, QUOTES, [(paper.row.key, paper.sha256) for paper in papers])
    return outcomes.count("added"), outcomes.count("changed")


def _by_key(run: Run, table: type[T], keys: set[str]) -> dict[str, T]:
    mine = select(table).where(table.source == run.source, table.external_id.in_(keys))
    return {row.external_id: row for row in db.session().scalars(mine)}


def _codes(run: Run, keys: set[str]) -> dict[str, str]:
    mine = select(Product.external_id, Product.code).where(Product.source == run.source, Product.external_id.in_(keys))
    return {row.external_id: row.code for row in db.session().execute(mine)}


def _content(paper: Paper, quote: Facts, codes: dict[str, str], subscriptions: dict[str, Facts]) -> QuoteContent:
    lines = [facts_of(QUOTE_LINES, part, is_new=True) for part in paper.parts]
    return QuoteContent(
        title=quote["title"],
        starts_on=quote["starts_on"],
        term_months=quote["term_months"],
        lines=tuple(_wish(line, codes, subscriptions, quote["currency"]) for line in lines),
        zone=quote["zone"] or "",
        percent_off=quote["discount_percent"],
        amount_off=smallest_units(quote["discount"], quote["currency"]),
        notes=quote["notes"] or "",
        valid_until=quote["valid_until"],
    )


def _wish(line: Facts, codes: dict[str, str], subscriptions: dict[str, Facts], currency: str) -> LineWish:
    price, subscription = line["unit_price"], line["subscription"]
    return LineWish(
        product_code=codes[line["product"]],
        tier=line["tier"],
        frequency=line["frequency"],
        quantity=line["quantity"],
        percent_off=line["discount_percent"],
        amount_off=smallest_units(line["discount"], currency),
        unit_price=None if price is None else smallest_units(price, currency),
        effect=line["effect"],
        subscription=subscriptions[subscription]["public_id"] if subscription else "",
        starts_on=line["starts_on"],
        term_months=line["term_months"],
        description=line["description"],
        credited=line["credited"],
    )


def _name(run: Run, paper: Paper, refusal: Refusal) -> None:
    """Tell a refusal with the line and column that it is about."""
    field = str(getattr(refusal, "field", None) or "")
    reason = words.sentence(refusal)
    of_line = re.fullmatch(r"lines-(\d+)-(\w+)", field)
    if of_line is None:
        named = "discount" if field == "total_discount" else field
        column = named if named in QUOTES.by_name else ""
        run.problems.add(QUOTES.name, paper.row.line, column, reason)
    else:
        part = paper.parts[int(of_line[1])]
        run.problems.add(QUOTE_LINES.name, part.line, _COLUMNS.get(of_line[2], ""), reason)
