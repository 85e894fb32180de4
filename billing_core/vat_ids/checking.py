"""The jobs: asking the register about one number, and renewing confirmations before they run out."""

import logging
from datetime import datetime, timedelta

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import aliased, joinedload

from billing_core import audit, clock, db, jobs
from billing_core.accounts import VAT_CONFIRMATION_LASTS, Account
from billing_core.sellers.models import Seller
from billing_core.sellers.tax import EU
from billing_core.vat_ids import asking, formats
from billing_core.vat_ids.models import VatCheck
from billing_core.vat_ids.register import Answer, Question, Unavailable, VatRegister
from billing_core.vat_ids.states import OPEN, VAT_CHECK

RENEW = "vat.renew"
"""The recurring job that asks again in time."""
RENEWED_AFTER = VAT_CONFIRMATION_LASTS - timedelta(days=10)
"""A confirmation of this age is asked again: ten days are left for a register that does not answer."""
MOST_RENEWALS = 50
"""Confirmations that one run renews; the next run takes the next ones."""
APART = timedelta(seconds=30)
"""Between two questions of one run, so that the register is not asked many at a time."""
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=6)

log = logging.getLogger(__name__)


def ask_register(check_id: int, *, register: VatRegister) -> None:
    """Handler of `vat.check`. Asks outside any transaction; an answer that comes too late is dropped.

    A register that does not answer is asked again after growing pauses for as long as the check is open: raises NotYet.
    """
    with db.reading():
        question = _question(check_id)
    if question is None:
        db.perform(_locked, check_id)
        return
    try:
        answer = register.ask(question)
    except Unavailable as trouble:
        log.warning("VAT register gave no answer: %s", trouble.code, extra={"check": check_id})
        pause = db.perform(_note_trouble, check_id, trouble.code)
        if pause is not None:
            raise jobs.NotYet(pause) from trouble
        return
    db.perform(take_answer, check_id, answer, register.name)


def _question(check_id: int) -> Question | None:
    with_seller = joinedload(VatCheck.account).joinedload(Account.seller)
    check = db.session().get(VatCheck, check_id, options=[with_seller])
    if check is None or check.state not in OPEN or check.account.vat_id != check.vat_id:
        return None
    own = check.account.seller
    return Question(check.vat_id, own.vat_id if own.vat_id and formats.is_of_eu(own.vat_id) else "")


def _locked(check_id: int) -> tuple[Account, VatCheck] | None:
    """Account and check while an answer counts: the check is open, and its number still the account's."""
    account = asking.lock(db.session().get_one(VatCheck, check_id).account_id)
    check = asking.open_check(account)
    return (account, check) if check is not None and check.id == check_id else None


def take_answer(check_id: int, answer: Answer, by: str) -> bool:
    """Keep what the register said; whether it still counted. A number that it does not know loses its confirmation."""
    found = _locked(check_id)
    if found is None:
        return False
    account, check = found
    if answer.is_known:
        check.name, check.address, check.consultation = answer.name, answer.address, answer.consultation
        asking.confirm(account, check, "worker", by)
        return True
    asking.end(check, "deny", by)
    was_confirmed = account.vat_confirmed_at is not None
    account.vat_confirmed_at, account.vat_note = None, ""
    audit.record(
        "worker", "account.vat-id-unknown", account.public_id, account.id,
        vat_id=check.vat_id, by=by, confirmation_ended=was_confirmed,
    )  # fmt: skip
    return True


def _note_trouble(check_id: int, code: str) -> timedelta | None:
    """Count the try; how long to wait for the next one, or None where there is nothing to ask any more."""
    found = _locked(check_id)
    if found is None:
        return None
    _, check = found
    check.state = VAT_CHECK.after(check.state, "no_answer")
    check.tries, check.tried_at, check.trouble = check.tries + 1, clock.now(), code
    return pause_after(check.tries)


def pause_after(tries: int) -> timedelta:
    """One minute, doubling, at most six hours."""
    growing: int = 2 ** min(tries - 1, 12)
    return min(FIRST_PAUSE * growing, LONGEST_PAUSE)


def renew_due() -> int:
    """Handler of `vat.renew`: begin a check for confirmations that soon run out, once for each. How many.

    A confirmation that has run out already and was never asked again is among them.
    """
    now = clock.now()
    with db.reading():
        due = _due(now)
    return sum(db.perform(_renew, account_id, now + APART * place) for place, account_id in enumerate(due))


def _due(now: datetime) -> list[int]:
    """Accounts in another EU state than their seller, oldest confirmation first, not asked since it was given."""
    later, seller = aliased(VatCheck), Seller.country
    asked_since = exists().where(later.account_id == Account.id, later.asked_at > Account.vat_confirmed_at)
    rows = (
        select(Account.id)
        .join(Seller, Seller.id == Account.seller_id)
        .where(Account.vat_confirmed_at <= now - RENEWED_AFTER, Account.vat_id.is_not(None))
        .where(Account.closed_on.is_(None), Account.country != seller, Account.country.in_(EU), seller.in_(EU))
        .where(~asked_since, or_(*(Account.vat_id.startswith(prefix) for prefix in formats.OF_EU)))
    )
    return list(db.session().scalars(rows.order_by(Account.vat_confirmed_at, Account.id).limit(MOST_RENEWALS)))


def _renew(account_id: int, run_at: datetime) -> bool:
    account = asking.lock(account_id)
    confirmed = account.vat_confirmed_at
    if confirmed is None or confirmed > clock.now() - RENEWED_AFTER or not asking.wants_check(account):
        return False
    asking.begin(account, "worker", run_at)
    return True
