"""Whether a quote needs two contacts: what is ordered with it, compared with the account's own amount."""

from billing_core import clock, money
from billing_core.subscriptions.proration import MONTHS_OF
from corporate_portal.quotes.models import QuoteLine, QuoteVersion


def needs_second(version: QuoteVersion) -> bool:
    """Whether a second contact has to confirm. Always in another currency than the account's: it cannot be compared."""
    account = version.quote.account
    if account.second_above is None:
        return False
    return version.quote.currency != account.currency or ordered_in_all(version) > account.second_above


def ordered_in_all(version: QuoteVersion) -> int:
    """The gross of everything that is ordered: what is due at once, and every later period until the term's end.

    Smallest units of the quote's currency. Credits are not set off: they do not make an order smaller.
    """
    at_once = sum(row.net + row.tax for row in version.taxes if row.net > 0)
    return at_once + sum(_later(line) for line in version.lines)


def _later(line: QuoteLine) -> int:
    """Gross of the periods after the first one, each rounded as its invoice will be."""
    if line.effect not in ("start", "renew") or line.ends_on is None or line.net <= 0:
        return 0
    months, periods = MONTHS_OF[line.frequency], 1
    while clock.add_months(line.starts_on, months * periods) < line.ends_on:
        periods += 1
    return (periods - 1) * (line.net + money.percent(line.net, line.tax_rate))
