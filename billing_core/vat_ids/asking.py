"""A check begins and ends: rows, jobs and the account's own confirmation, moved together under the account's lock."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from billing_core import audit, clock, db, jobs
from billing_core.accounts import Account
from billing_core.errors import NotFound
from billing_core.permissions import Viewer
from billing_core.vat_ids import policy
from billing_core.vat_ids.models import VatCheck
from billing_core.vat_ids.states import OPEN, VAT_CHECK, WAITING

CHECK = "vat.check"
"""The job that asks the register."""


def find_account(viewer: Viewer, public_id: str) -> Account:
    """The account with its seller: finance's any, a contact's own. Raises NotFound."""
    if not db.is_storable(public_id):
        raise NotFound
    named = select(Account).where(Account.public_id == public_id).options(joinedload(Account.seller))
    if not viewer.is_staff("finance"):
        named = named.where(Account.id.in_(sorted(viewer.account_ids)))
    found = db.session().scalar(named)
    if found is None:
        raise NotFound
    return found


def lock(account_id: int) -> Account:
    """The account's row, locked and read anew, with its seller."""
    row = select(Account).where(Account.id == account_id).options(joinedload(Account.seller))
    locked = row.with_for_update(key_share=True, of=Account).execution_options(populate_existing=True)
    return db.session().scalars(locked).one()


def open_check(account: Account) -> VatCheck | None:
    """The check under way, of which an account has at most one. The account is locked.

    One of another number ends here: an import changes numbers and knows nothing of checks.
    """
    mine = select(VatCheck).where(VatCheck.account_id == account.id, VatCheck.state.in_(OPEN))
    check = db.session().scalar(mine.execution_options(populate_existing=True))
    if check is None or check.vat_id == account.vat_id:
        return check
    end(check, "replace", "")
    db.session().flush()
    return None


def last_check(account: Account) -> VatCheck | None:
    """The newest check of the VAT ID that the account has now."""
    of_number = select(VatCheck).where(VatCheck.account_id == account.id, VatCheck.vat_id == account.vat_id)
    return db.session().scalar(of_number.order_by(VatCheck.id.desc()).limit(1))


def begin(account: Account, actor: str, run_at: datetime | None = None) -> VatCheck:
    """A new check of the VAT ID that the account has, asked by a job at once or at `run_at`. The account is locked."""
    check = note_check(account, actor)
    enqueue(check, run_at)
    return check


def enqueue(check: VatCheck, run_at: datetime | None = None) -> None:
    """The job of an open check, unless it waits already."""
    jobs.enqueue(CHECK, run_at=run_at, once_key=_key(check), check_id=check.id)


def hurry(check: VatCheck) -> None:
    """Ask now, whatever pause the job was to make, and also where the job had given up."""
    enqueue(check)
    jobs.hurry(_key(check))


def _key(check: VatCheck) -> str:
    return f"{CHECK}:{check.id}"


def note_check(account: Account, actor: str) -> VatCheck:
    """The row of a check alone: nobody is going to ask the register. The account is locked."""
    now = clock.now()
    check = VatCheck(account_id=account.id, vat_id=account.vat_id, state=WAITING, asked_at=now, asked_by=actor, tries=0)
    db.session().add(check)
    db.session().flush()
    return check


def end(check: VatCheck, event: str, by: str) -> None:
    """The check is decided, or no longer asked for. The account is locked. Raises WrongState."""
    check.state = VAT_CHECK.after(check.state, event)
    check.decided_at, check.decided_by = clock.now(), by


def confirm(account: Account, check: VatCheck, actor: str, by: str) -> None:
    """The VAT ID counts for reverse charge from now on. The account is locked."""
    end(check, "confirm", by)
    account.vat_confirmed_at = check.decided_at
    account.vat_note = (check.note or f"{by} {check.consultation}").strip()
    audit.record(
        actor, "account.vat-id-confirmed", account.public_id, account.id,
        vat_id=check.vat_id, by=by, note=check.note, consultation=check.consultation,
    )  # fmt: skip


def drop(account: Account) -> None:
    """What was confirmed about another number counts no longer, nor does an answer that is still to come."""
    account.vat_confirmed_at, account.vat_note = None, ""
    open_check(account)


def wants_check(account: Account) -> bool:
    """A question to the register would say something new: it matters for tax, and none is under way."""
    return policy.is_to_be_checked(account) and open_check(account) is None
