"""What quotes and their lines may say. What a quote comes to is checked by its own verbs when it is written."""

from app.imports.book import Run, known, stored
from app.imports.catalogue_files import PRODUCTS
from app.imports.checks.rows import Rows, check_currency, check_is_rep
from app.imports.files import ACCOUNTS, PEOPLE, QUOTE_LINES, QUOTES, SUBSCRIPTIONS
from app.imports.papers import Paper, fresh_papers
from app.imports.staging import Row
from corporate_portal.quotes import states
from corporate_portal.quotes.offer.content import FREE, MOST_LINES


def check_quotes(run: Run, chunk: list[Row]) -> None:
    """For open corporate accounts in their currency, with lines; what was submitted keeps its content."""
    rows = Rows(run, QUOTES, [])
    papers = fresh_papers(run, QUOTES, QUOTE_LINES, chunk)
    rows.rows = [paper.row for paper in papers]
    accounts = known(run, ACCOUNTS, rows.keys("account"))
    own_reps = {facts["rep"] for facts in accounts.values() if facts and facts["rep"]}
    reps = known(run, PEOPLE, rows.keys("rep") | own_reps)
    before = stored(run.source, QUOTES, [row.key for row in rows.rows])
    for row, quote in rows:
        account = rows.referred(row, "account", quote["account"], accounts)
        check_currency(rows, row, quote["currency"], account)
        if account is not None and account["kind"] != "corporate":
            rows.bad(row, "account", f"{quote['account']!r} is an online account, and quotes are for corporate ones")
        if account is not None and account["closed_on"]:
            rows.bad(row, "account", f"{quote['account']!r} is closed")
        if quote["rep"]:
            check_is_rep(rows, row, quote["rep"], reps)
        off = rows.amount(row, "discount", quote["discount"], quote["currency"])
        if off and quote["discount_percent"]:
            rows.bad(row, "discount", "must be empty where discount_percent is given")
        if row.key in before and before[row.key]["state"] != states.DRAFT:
            number, state = before[row.key]["number"], before[row.key]["state"]
            rows.bad(
                row, "external_id", f"quote {number} is {state}: its content can no longer be changed by an import"
            )
    _check_quote_lines(run, papers)


def _check_quote_lines(run: Run, papers: list[Paper]) -> None:
    lines = Rows(run, QUOTE_LINES, [])
    lines.rows = [part for paper in papers for part in paper.parts if part.values is not None]
    products = known(run, PRODUCTS, lines.keys("product"))
    subscriptions = known(run, SUBSCRIPTIONS, lines.keys("subscription"))
    currency = {paper.row.key: str((paper.row.values or {})["currency"]) for paper in papers}
    for line, facts in lines:
        lines.referred(line, "product", facts["product"], products)
        price = lines.amount(line, "unit_price", facts["unit_price"], currency[line.owner])
        if facts["subscription"]:
            lines.referred(line, "subscription", facts["subscription"], subscriptions)
        if price is not None and price < 0 and facts["effect"] != FREE:
            lines.bad(line, "unit_price", "must not be negative; only a free line is a credit")
        off = lines.amount(line, "discount", facts["discount"], currency[line.owner])
        if off and facts["discount_percent"]:
            lines.bad(line, "discount", "must be empty where discount_percent is given")
        elif off and price is not None and price >= 0 and off > facts["quantity"] * price:
            lines.bad(line, "discount", "is larger than the line itself")
    for paper in papers:
        if not paper.parts and QUOTE_LINES.name in run.unread:
            continue
        if not paper.parts:
            run.problems.add(QUOTES.name, paper.row.line, "external_id", f"has no line in {QUOTE_LINES.name}")
        elif len(paper.parts) > MOST_LINES:
            reason = f"has {len(paper.parts)} lines in {QUOTE_LINES.name}, at most {MOST_LINES} are possible"
            run.problems.add(QUOTES.name, paper.row.line, "external_id", reason)
