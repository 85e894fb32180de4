"""What a new quote's form begins with: nothing, the content of another quote, or the renewal of a subscription."""

from dataclasses import replace

from billing_core import clock, words
from billing_core.accounts import Account
from billing_core.subscriptions.models import Subscription
from corporate_portal.quotes.models import QuoteVersion
from corporate_portal.quotes.offer.content import RENEW, LineWish, QuoteContent, begun_from, content_of

STANDARD_TERM = 12


def blank(account: Account) -> QuoteContent:
    """No lines, from today on."""
    return QuoteContent(
        "", clock.today(account.timezone), STANDARD_TERM, (), zone=account.timezone, locale=account.locale
    )


def copy_of(version: QuoteVersion) -> QuoteContent:
    """The same content with no start before today and a validity of its own, under the present terms."""
    content = begun_from(content_of(version), clock.today(version.zone))
    return replace(content, valid_until=None, terms_version="")


def renewal_of(subscription: Subscription, account: Account) -> QuoteContent:
    """Another term as long as the present one, for the seats that stay. The subscription comes with its product."""
    start, end = subscription.period_start, subscription.period_end
    months = (end.year - start.year) * 12 + end.month - start.month
    line = LineWish(
        product_code="", tier="", frequency="", quantity=max(subscription.seats - subscription.removed_at_end, 1),
        effect=RENEW, subscription=subscription.public_id,
    )  # fmt: skip
    title = words.gettext("Renewal of %(product)s", product=subscription.product.name)
    return replace(blank(account), title=title, starts_on=end, term_months=max(months, 1), lines=(line,))
