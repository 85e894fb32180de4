"""The wording of quotes: the terms they are made under, and what a contact declares with an acceptance.

The wording that was shown becomes evidence, so an acceptance carries its hash back: what is written down is exactly
what stood on the page, in the page's language. A change of words here is a new TERMS_VERSION.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from billing_core import money, templating, words
from billing_core.words import mark
from corporate_portal.quotes.models import QuoteLine, QuoteTax, QuoteVersion
from corporate_portal.quotes.offer.document import digest, parties_of
from corporate_portal.quotes.offer.explaining import counted
from corporate_portal.quotes.offer.recurring import Recurring, recurring_of
from corporate_portal.quotes.offer.second import needs_second

TERMS_VERSIONS = ("2026-12", "2026-11")
"""What a quote can be made under, the present ones first. None is ever taken away: submitted quotes name theirs."""
TERMS_VERSION = TERMS_VERSIONS[0]

_PARAGRAPHS = {
    "2026-12": (
        mark("Prices are net and fixed for the term. Tax is added as shown."),
        mark("What is due at once is invoiced with the acceptance; later periods are invoiced on their first day."),
        mark("Each invoice is payable within %(days)s days of its date, without deduction."),
    ),
    "2026-11": (
        mark("Prices are net and fixed for the term. Tax is added as shown."),
        mark("The first billing period and everything that is delivered once are invoiced with the acceptance."),
        mark("Each invoice is payable within %(days)s days of its date, without deduction."),
    ),
}
_DEADLINE = (
    mark("This quote can be accepted until the end of %(until)s (%(zone)s) and binds both sides once accepted."),
    mark("This quote can be accepted for 7 days after it was sent and binds both sides once accepted."),
)
"""With a date, and of a draft without one."""
_TERM = mark("The term begins on %(start)s and ends on %(end)s. It does not renew by itself: a new quote is needed.")
_TERMS = mark("Each term begins and ends on the days shown. No term renews by itself: a new quote is needed.")
_SEATS = mark("Seats can be added during the term with a further quote. Removed seats count from the end of the term.")
"""Said only where something recurs; the first two by whether all of it has one term."""
_ADDED = mark("Added seats are charged once, by whole periods and days, until the term of their subscription ends.")
_CREDITED = mark("What this quote credits is issued as a credit note with the acceptance. It reduces open invoices or becomes credit of the account.")  # fmt: skip  # noqa: E501
_REMOVED = mark("Seats removed without a credit leave at the end of the term and are not renewed.")
"""Said only where such a line stands in the quote."""

_ORDER = mark("%(person)s orders “%(title)s” (quote %(number)s, version %(version)s) from %(seller)s for %(account)s: ")
_UNTAXED = mark("%(total)s, without tax, will be invoiced now and is payable within %(days)s days")
_NOW = mark("%(total)s, of which %(tax)s is tax, will be invoiced now and is payable within %(days)s days")
_NOT_NOW = mark("nothing will be invoiced now")
_CREDIT = mark(", and %(total)s, of which %(tax)s is tax, will be credited now")
_UNTAXED_CREDIT = mark(", and %(total)s, without tax, will be credited now")
_MONTHLY = mark(", then %(amount)s plus tax every month from %(start)s until %(end)s")
_YEARLY = mark(", then %(amount)s plus tax every year from %(start)s until %(end)s")
_LEAVES = mark(", and %(units)s of %(product)s leave at the end of %(day)s")
_CONSENT = mark("I have reviewed this quote and its terms, I am authorised to order for %(account)s, and I place a binding order with an obligation to pay.")  # fmt: skip  # noqa: E501

_ACCEPTS = mark("%(person)s accepts “%(title)s” (quote %(number)s, version %(version)s) from %(seller)s for %(account)s, to be ordered when a second contact confirms it: ")  # fmt: skip  # noqa: E501
_CONSENT_FIRST = mark("I have reviewed this quote and its terms and I am authorised to accept it for %(account)s. The binding order is placed when a second contact confirms my acceptance.")  # fmt: skip  # noqa: E501
_CONSENT_SECOND = mark("I have reviewed this quote, its terms and the order details of %(first)s, I am authorised to order for %(account)s, and I confirm a binding order with an obligation to pay.")  # fmt: skip  # noqa: E501
"""Where the account's rule asks for two contacts."""


@dataclass(frozen=True)
class Declaration:
    """What a contact says with the button: who orders what for how much, and the consent beside the tick-box."""

    statement: str
    consent: str
    locale: str

    @property
    def sha256(self) -> str:
        """What the form brings back, so that nobody consents to words that were not shown."""
        return digest(f"{self.locale}\n{self.statement}\n{self.consent}".encode())


def paragraphs(version: QuoteVersion) -> list[str]:
    """The terms of a whole version in the reader's language."""
    recurring = recurring_of(version)
    values = {
        "days": parties_of(version).account.payment_days,
        "start": templating.day(recurring[0].starts_on) if recurring else "",
        "end": templating.day(recurring[0].last_day) if recurring else "",
        "until": templating.day(version.valid_until) if version.valid_until else "",
        "zone": version.zone,
    }
    said = [*_PARAGRAPHS[version.terms_version], _DEADLINE[0 if version.valid_until else 1]]
    if recurring:
        has_one_term = len({(one.starts_on, one.ends_on) for one in recurring}) == 1
        said += [_TERM if has_one_term else _TERMS, _SEATS]
    said += [text for text, applies in _OF_CHANGES if any(applies(line) for line in version.lines)]
    return [words.gettext(text) % values for text in said]


_OF_CHANGES: tuple[tuple[str, Callable[[QuoteLine], bool]], ...] = (
    (_ADDED, lambda line: line.effect == "add"),
    (_REMOVED, lambda line: line.effect == "remove" and line.ends_on is None),
    (_CREDITED, lambda line: line.due < 0),
)


def declaration(version: QuoteVersion, person: str, function: str, locale: str) -> Declaration:
    """The words of the confirm page for this person, in the language of the page."""
    with words.in_language(locale):
        return Declaration(_statement(version, person, function), _consent(version), words.locale())


def _consent(version: QuoteVersion) -> str:
    account, first = parties_of(version).account.name, version.first_acceptance
    if first is not None:
        return words.gettext(_CONSENT_SECOND, account=account, first=first.person_name)
    return words.gettext(_CONSENT_FIRST if needs_second(version) else _CONSENT, account=account)


def _statement(version: QuoteVersion, person: str, function: str) -> str:
    quote, parties = version.quote, parties_of(version)
    parts = [
        words.gettext(
            _ACCEPTS if version.first_acceptance is None and needs_second(version) else _ORDER,
            person=f"{person} ({function})" if function else person,
            title=version.title,
            number=quote.number,
            version=version.version,
            seller=parties.seller.name,
            account=parties.account.name,
        ),
        *_now(version, parties.account.payment_days),
    ]
    parts += [_later(later, version) for later in recurring_of(version) if later.comes_again]
    parts += [_leaves(line) for line in version.lines if line.effect == "remove" and line.ends_on is None]
    return "".join(parts) + "."


def _now(version: QuoteVersion, days: int) -> Iterator[str]:
    """What is invoiced and credited with the acceptance, each with its own tax."""

    def said(with_tax: str, without: str, rows: list[QuoteTax], sign: int, **more: int) -> str:
        tax, net = sign * sum(row.tax for row in rows), sign * sum(row.net for row in rows)
        total, of_it = (money.show(amount, version.quote.currency, words.locale()) for amount in (net + tax, tax))
        return (
            words.gettext(with_tax, total=total, tax=of_it, **more)
            if tax
            else words.gettext(without, total=total, **more)
        )

    credit = [row for row in version.taxes if row.net < 0]
    billed = [row for row in version.taxes if row.net >= 0]
    yield said(_NOW, _UNTAXED, billed, 1, days=days) if billed else words.gettext(_NOT_NOW)
    if credit:
        yield said(_CREDIT, _UNTAXED_CREDIT, credit, -1)


def _leaves(line: QuoteLine) -> str:
    day = templating.day(line.starts_on - timedelta(days=1))
    return words.gettext(_LEAVES, units=counted(line.quantity, line.unit), product=line.description, day=day)


def _later(later: Recurring, version: QuoteVersion) -> str:
    return words.gettext(
        _MONTHLY if later.frequency == "monthly" else _YEARLY,
        amount=money.show(later.net, version.quote.currency, words.locale()),
        start=templating.day(later.next_start),
        end=templating.day(later.last_day),
    )
