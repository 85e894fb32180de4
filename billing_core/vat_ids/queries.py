"""How it stands with the VAT ID of an account, and for finance those accounts that are charged VAT for want of one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from billing_core import clock, db
from billing_core.accounts import VAT_CONFIRMATION_LASTS, Account, vat_is_confirmed
from billing_core.permissions import Viewer, demand_staff
from billing_core.sellers import tax
from billing_core.sellers.models import Seller
from billing_core.vat_ids import asking, policy
from billing_core.vat_ids.models import VatCheck
from billing_core.vat_ids.states import CONFIRMED, OPEN, UNAVAILABLE, UNKNOWN, WAITING

NONE, NOT_NEEDED, UNCHECKED, LAPSED = "none", "not_needed", "unchecked", "lapsed"
MOST_ROWS = 100


@dataclass(frozen=True)
class VatStanding:
    """state: none, not_needed, confirmed, waiting, unavailable, unknown, lapsed or unchecked.

    `why` is a sentence about what follows for the tax (a msgid), empty where VAT is charged in any case.
    """

    account: Account
    state: str
    why: str
    check: VatCheck | None
    """The newest one of the present number."""

    @property
    def vat_id(self) -> str:
        """As it stands on documents; empty for none."""
        return self.account.vat_id or ""

    @property
    def confirmed_on(self) -> date | None:
        """The day of the confirmation that counts, or counted last, on the account's calendar."""
        return self._day(timedelta())

    @property
    def valid_until(self) -> date | None:
        """The day on which it runs out."""
        return self._day(VAT_CONFIRMATION_LASTS)

    def _day(self, later: timedelta) -> date | None:
        confirmed = self.account.vat_confirmed_at
        return clock.local(confirmed + later, self.account.timezone).date() if confirmed else None

    @property
    def by_finance(self) -> bool:
        """A person of finance confirmed it, with a note."""
        return self.check is not None and self.check.state == CONFIRMED and self.check.is_by_finance

    @property
    def register(self) -> str:
        """The register that confirmed it; empty where finance did, or an import said so."""
        told = self.check is not None and self.check.state == CONFIRMED and not self.check.is_by_finance
        return self.check.decided_by if self.check and told else ""

    @property
    def is_under_way(self) -> bool:
        """The register is being asked, be it for the first time or to renew what is confirmed."""
        return self.check is not None and self.check.state in OPEN


def standing(account: Account) -> VatStanding:
    """How it stands now. Needs the account's seller. One statement."""
    check = asking.last_check(account) if account.vat_id else None
    is_confirmed = vat_is_confirmed(account, clock.now())
    return VatStanding(account, _state(account, check, is_confirmed), _why(account, is_confirmed), check)


def _state(account: Account, check: VatCheck | None, is_confirmed: bool) -> str:
    if account.vat_id is None:
        return NONE
    if not policy.decides_tax(account):
        return NOT_NEEDED
    if is_confirmed:
        return CONFIRMED
    if check is not None and check.state in (WAITING, UNAVAILABLE, UNKNOWN):
        return check.state
    return LAPSED if account.vat_confirmed_at is not None else UNCHECKED


def _why(account: Account, is_confirmed: bool) -> str:
    if account.country == account.seller.country:
        return ""
    if not policy.decides_tax(account):
        return tax.TAXED_ELSEWHERE
    if account.vat_id is None:
        return tax.WITHOUT_VAT_ID
    return tax.BUYER_OWES if is_confirmed else tax.VAT_ID_UNCONFIRMED


def checks_of(viewer: Viewer, account: Account) -> Sequence[VatCheck]:
    """What was asked and answered, the newest first, for finance alone."""
    demand_staff(viewer, "finance")
    rows = select(VatCheck).where(VatCheck.account_id == account.id).order_by(VatCheck.id.desc())
    return db.session().scalars(rows.limit(MOST_ROWS)).all()


def unconfirmed(viewer: Viewer) -> list[VatStanding]:
    """Open accounts in another state of the EU than their seller that are charged VAT although they have a VAT ID.

    For finance alone. Two statements, whatever their number; at most MOST_ROWS.
    """
    demand_staff(viewer, "finance")
    ends = clock.now() - VAT_CONFIRMATION_LASTS
    rows = (
        select(Account)
        .join(Account.seller)
        .options(joinedload(Account.seller))
        .where(Account.vat_id.is_not(None), Account.closed_on.is_(None), Account.country != Seller.country)
        .where(Account.country.in_(tax.EU), Seller.country.in_(tax.EU))
        .where(or_(Account.vat_confirmed_at.is_(None), Account.vat_confirmed_at <= ends))
    )
    accounts = db.session().scalars(rows.order_by(Account.name_folded, Account.id).limit(MOST_ROWS)).all()
    checks = select(VatCheck).where(VatCheck.account_id.in_([one.id for one in accounts])).order_by(VatCheck.id)
    newest = {(check.account_id, check.vat_id): check for check in db.session().scalars(checks)}
    found = ((account, newest.get((account.id, account.vat_id or ""))) for account in accounts)
    return [
        VatStanding(account, _state(account, check, False), tax.VAT_ID_UNCONFIRMED, check) for account, check in found
    ]
