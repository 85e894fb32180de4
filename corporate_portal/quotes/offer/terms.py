"""The wording of quotes: the terms they are made under, and what a contact declares with an acceptance.

The wording that was shown becomes evidence, so an acceptance carries its hash back: what is written down is exactly
what stood on the page, in the page's language. A change of words here is a new TERMS_VERSION.
"""

from dataclasses import dataclass

from billing_core import money, templating, words
from billing_core.words import mark
from corporate_portal.quotes.models import QuoteVersion
from corporate_portal.quotes.offer.document import digest, parties_of
from corporate_portal.quotes.offer.recurring import Recurring, last_day, recurring_of

TERMS_VERSION = "2026-11"

_PARAGRAPHS = {
    "2026-11": (
        mark("Prices are net and fixed for the term. Tax is added as shown."),
        mark("The first billing period and everything that is delivered once are invoiced with the acceptance."),
        mark("Each invoice is payable within %(days)s days of its date, without deduction."),
    )
}
_DEADLINE = {
    "2026-11": (
        mark("This quote can be accepted until the end of %(until)s (%(zone)s) and binds both sides once accepted."),
        mark("This quote can be accepted for 7 days after it was sent and binds both sides once accepted."),
    )
}
"""With a date, and of a draft without one."""
_OF_RECURRING = {
    "2026-11": (
        mark("The term begins on %(start)s and ends on %(end)s. It does not renew by itself: a new quote is needed."),
        mark("Seats can be added during the term with a further quote. Removed seats count from the end of the term."),
    )
}
"""Said only where something recurs."""

_ORDER = mark("%(person)s orders “%(title)s” (quote %(number)s, version %(version)s) from %(seller)s for %(account)s: ")
_UNTAXED = mark("%(total)s, without tax, will be invoiced now and is payable within %(days)s days")
_NOW = mark("%(total)s, of which %(tax)s is tax, will be invoiced now and is payable within %(days)s days")
_MONTHLY = mark(", then %(amount)s plus tax every month from %(start)s until %(end)s")
_YEARLY = mark(", then %(amount)s plus tax every year from %(start)s until %(end)s")
_CONSENT = mark("I have reviewed this quote and its terms, I am authorised to order for %(account)s, and I place a binding order with an obligation to pay.")  # fmt: skip  # noqa: E501


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
    values = {
        "days": parties_of(version).account.payment_days,
        "start": templating.day(version.starts_on),
        "end": templating.day(last_day(version)),
        "until": templating.day(version.valid_until) if version.valid_until else "",
        "zone": version.zone,
    }
    form = version.terms_version
    deadline = _DEADLINE[form][0 if version.valid_until else 1]
    also = _OF_RECURRING[form] if recurring_of(version) else ()
    return [words.gettext(text) % values for text in (*_PARAGRAPHS[form], deadline, *also)]


def declaration(version: QuoteVersion, person: str, function: str, locale: str) -> Declaration:
    """The words of the confirm page for this person, in the language of the page."""
    with words.in_language(locale):
        return Declaration(_statement(version, person, function), _consent(version), words.locale())


def _consent(version: QuoteVersion) -> str:
    return words.gettext(_CONSENT, account=parties_of(version).account.name)


def _statement(version: QuoteVersion, person: str, function: str) -> str:
    quote, parties = version.quote, parties_of(version)
    parts = [
        words.gettext(
            _ORDER,
            person=f"{person} ({function})" if function else person,
            title=version.title,
            number=quote.number,
            version=version.version,
            seller=parties.seller.name,
            account=parties.account.name,
        ),
        words.gettext(
            _NOW if version.tax else _UNTAXED,
            total=money.show(version.total, quote.currency, words.locale()),
            tax=money.show(version.tax, quote.currency, words.locale()),
            days=parties.account.payment_days,
        ),
    ]
    parts += [_later(later, version) for later in recurring_of(version) if later.next_start <= last_day(version)]
    return "".join(parts) + "."


def _later(later: Recurring, version: QuoteVersion) -> str:
    return words.gettext(
        _MONTHLY if later.frequency == "monthly" else _YEARLY,
        amount=money.show(later.net, version.quote.currency, words.locale()),
        start=templating.day(later.next_start),
        end=templating.day(last_day(version)),
    )
