"""The verbs of requests: a contact asks, the representative makes a draft quote of it, or says why there is none."""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from billing_core import audit, clock, db, templating, words
from billing_core.accounts import Account
from billing_core.catalogue.queries import prices_on
from billing_core.errors import Invalid, NotAllowed, NotFound
from billing_core.ledger.service import lock_account
from billing_core.people import Person
from billing_core.permissions import Viewer
from billing_core.subscriptions.models import Subscription
from billing_core.words import mark
from corporate_portal.quotes import service as quotes
from corporate_portal.quotes.models import Quote
from corporate_portal.quotes.offer.content import LONGEST_REASON, MOST_UNITS, LineWish, QuoteContent
from corporate_portal.quotes.offer.drafting import FURTHEST, LONGEST_TITLE, is_readable
from corporate_portal.quotes.queries import sees_at_desk
from corporate_portal.requests import mails, policy, states
from corporate_portal.requests.models import QuoteRequest
from corporate_portal.requests.queries import choices
from corporate_portal.requests.refusals import RequestAnswered

STANDARD_TERM = 12
EFFECTS = ("add", "remove", "start")


@dataclass(frozen=True)
class Wish:
    """What a contact asks for: seats for (add) or off (remove) a subscription, or a product in a tier (start)."""

    effect: str
    seats: int
    subscription: str = ""
    product_code: str = ""
    tier: str = ""
    wanted_on: date | None = None
    text: str = ""


def ask_for_quote(viewer: Viewer, wish: Wish, key: str) -> QuoteRequest:
    """Ask the representative of the chosen account. `key` is the form's own: sent twice, it asks once.

    Raises NotAllowed, and Invalid naming the field: wish, seats, wanted_on or text.
    """
    if viewer.current is None or not policy.may_ask(viewer, viewer.current.account_id):
        raise NotAllowed
    if not 8 <= len(key) <= 40 or not (key.isascii() and key.isalnum()):
        raise Invalid(mark("Open this form again: it has lost its own mark."))
    lock_account(viewer.current.account_id)  # the same form twice at once: the second finds what the first has asked
    whole = select(Account).where(Account.id == viewer.current.account_id).options(joinedload(Account.seller))
    account = db.session().scalars(whole).one()
    same = select(QuoteRequest).where(QuoteRequest.account_id == account.id, QuoteRequest.key == key)
    before = db.session().scalar(same)
    if before is not None:
        return before
    request = _checked(account, wish)
    request.key = key
    request.person = db.session().get_one(Person, viewer.person_id)
    db.session().add(request)
    db.session().flush()
    audit.record(viewer.actor, "request.asked", request.public_id, account.id, effect=wish.effect, seats=wish.seats)
    mails.tell_asked(request)
    return request


def _checked(account: Account, wish: Wish) -> QuoteRequest:
    offered = choices(account)
    request = QuoteRequest(
        public_id=db.public_id("req"), account=account, state=states.REQUEST.initial, effect=wish.effect,
        seats=wish.seats, wanted_on=wish.wanted_on, text=wish.text.strip(), asked_at=clock.now(),
    )  # fmt: skip
    if wish.effect == "start":
        sold = [s for s in offered.sold if (s.product.code, s.tier) == (wish.product_code, wish.tier)]
        if not sold:
            raise Invalid(mark("Choose what you would like."), field="wish")
        request.product, request.tier = sold[0].product, sold[0].tier
    else:
        running = [one for one in offered.running if one.public_id == wish.subscription]
        if wish.effect not in EFFECTS or not running:
            raise Invalid(mark("Choose what you would like."), field="wish")
        request.subscription, request.product, request.tier = running[0], running[0].product, running[0].tier
    _check_numbers(account, request)
    return request


def _check_numbers(account: Account, request: QuoteRequest) -> None:
    most = MOST_UNITS
    if request.effect == "remove" and request.subscription is not None:
        most = request.subscription.seats - request.subscription.removed_at_end
    if most < 1:
        raise Invalid(mark("All seats of this subscription leave at the end of its term already."), field="wish")
    if not 1 <= request.seats <= most:
        raise Invalid(mark("Enter a whole number from %(least)s to %(most)s."), field="seats", least=1, most=most)
    today = clock.today(account.timezone)
    if request.wanted_on is not None and not today <= request.wanted_on <= today + FURTHEST:
        raise Invalid(mark("Choose a day from today on, at most a year ahead."), field="wanted_on")
    if len(request.text) > LONGEST_REASON or not is_readable(request.text):
        sentence = mark("Use at most %(most)s characters, and only ones that can be read.")
        raise Invalid(sentence, field="text", most=LONGEST_REASON)


def draft_from_request(viewer: Viewer, public_id: str) -> Quote:
    """A draft quote of what was asked for; the request's words begin its thread. Twice makes one.

    Raises NotFound, RequestAnswered where it was closed, and Invalid where it can no longer be offered.
    """
    request = _locked(viewer, public_id)
    if request.state == states.DRAFTED and request.quote_id is not None:
        return db.session().get_one(Quote, request.quote_id)
    if not states.REQUEST.allows(request.state, "draft"):
        raise RequestAnswered
    quote = quotes.draft_quote(viewer, request.account.public_id, _content(request), f"request{request.public_id[4:]}")
    request.state = states.REQUEST.after(request.state, "draft")
    request.quote_id, request.closed_at = quote.id, clock.now()
    db.session().flush()
    quotes.keep_request(quote, request.person, in_words(request))
    audit.record(viewer.actor, "request.drafted", public_id, request.account_id, quote=quote.public_id)
    return quote


def close_request(viewer: Viewer, public_id: str, answer: str) -> QuoteRequest:
    """No quote, but an answer; the contact who asked gets it by mail. The same answer twice is harmless.

    Raises NotFound, RequestAnswered and Invalid.
    """
    request = _locked(viewer, public_id)
    answer = answer.replace("\r\n", "\n").strip()
    if request.state == states.CLOSED and request.answer == answer:
        return request
    if not states.REQUEST.allows(request.state, "close"):
        raise RequestAnswered
    if not answer:
        raise Invalid(mark("Say in a few words why there is no quote."), field="answer")
    if len(answer) > LONGEST_REASON or not is_readable(answer):
        sentence = mark("Use at most %(most)s characters, and only ones that can be read.")
        raise Invalid(sentence, field="answer", most=LONGEST_REASON)
    request.state = states.REQUEST.after(request.state, "close")
    request.answer, request.closed_at = answer, clock.now()
    db.session().flush()
    audit.record(viewer.actor, "request.closed", public_id, request.account_id)
    mails.tell_answered(request, db.session().get_one(Person, viewer.person_id))
    return request


def _locked(viewer: Viewer, public_id: str) -> QuoteRequest:
    own = select(QuoteRequest).where(QuoteRequest.public_id == public_id)
    whole = own.options(
        joinedload(QuoteRequest.account).joinedload(Account.seller),
        joinedload(QuoteRequest.product),
        joinedload(QuoteRequest.person),
        joinedload(QuoteRequest.subscription).joinedload(Subscription.product),
    )
    request = db.session().scalar(whole.with_for_update(of=QuoteRequest).execution_options(populate_existing=True))
    if request is None:
        raise NotFound
    if not policy.may_answer(viewer, request.account):
        raise NotAllowed if sees_at_desk(viewer, request.account_id) else NotFound
    return request


def _content(request: QuoteRequest) -> QuoteContent:
    account = request.account
    today = clock.today(account.timezone)
    starts_on = max(request.wanted_on or today, today)
    with words.in_language(account.locale):
        sentence = {
            "add": mark("Additional seats: %(product)s"),
            "remove": mark("Fewer seats: %(product)s"),
            "start": mark("New subscription: %(product)s"),
        }[request.effect]
        title = words.gettext(sentence, product=request.product.name)[:LONGEST_TITLE]
    return QuoteContent(title, starts_on, STANDARD_TERM, (_line(request, starts_on),), locale=account.locale)


def _line(request: QuoteRequest, starts_on: date) -> LineWish:
    if request.subscription is None:
        return LineWish(request.product.code, request.tier, _frequency(request), request.seats)
    term = request.subscription
    begins = starts_on if request.effect == "add" else None
    if begins is not None:
        # A day beyond the term would refuse the draft; the representative sees the day that was wished in the thread.
        begins = min(max(begins, term.period_start), term.period_end - timedelta(days=1))
    return LineWish(
        term.product.code, term.tier, term.frequency, request.seats,
        effect=request.effect, subscription=term.public_id, starts_on=begins,
    )  # fmt: skip


def _frequency(request: QuoteRequest) -> str:
    """Yearly where it is sold so, as most are; the representative changes it in the form."""
    sold = {
        price.frequency
        for price in prices_on(clock.today(request.account.seller.timezone), request.account.currency)
        if (price.product_id, price.tier) == (request.product_id, request.tier)
    }
    return next((one for one in ("yearly", "monthly") if one in sold), "yearly")


def in_words(request: QuoteRequest) -> str:
    """The request as a sentence in the account's language, and below it what the contact wrote."""
    sentences = {
        "add": mark("Asked for: %(seats)s more seats of %(product)s."),
        "remove": mark("Asked for: %(seats)s fewer seats of %(product)s."),
        "start": mark("Asked for: %(product)s, %(seats)s seats."),
    }
    named = " ".join(filter(None, (request.product.name, request.tier)))
    with words.in_language(request.account.locale):
        said = words.gettext(sentences[request.effect], seats=request.seats, product=named)
        if request.wanted_on is not None:
            said += " " + words.gettext("Wished from %(day)s on.", day=templating.day(request.wanted_on))
    return f"{said}\n{request.text}".strip()
