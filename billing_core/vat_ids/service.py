"""What people do about a VAT ID: change it, have it checked again, confirm it with a note. Verbs for `db.perform`."""

from datetime import timedelta

from billing_core import audit, clock
from billing_core.accounts import Account, vat_is_confirmed
from billing_core.errors import Invalid, NotAllowed
from billing_core.permissions import Viewer, demand_staff
from billing_core.vat_ids import asking, formats, policy
from billing_core.vat_ids.refusals import NoteNeeded, NothingToConfirm, VatIdChanged
from billing_core.words import mark

LONGEST_NOTE = 300
AGAIN_AFTER = timedelta(hours=1)
"""How soon a contact can have a number asked again that the register did not know."""


def change_vat_id(viewer: Viewer, account_public_id: str, typed: str, seen: str | None = None) -> bool:
    """Set the account's VAT ID, or remove it where `typed` is empty. Whether anything came of it.

    Another number drops the confirmation and is checked by a job, if tax depends on it. The same number is asked once
    more if the register did not know it an hour ago. `seen` is the VAT ID that the viewer saw ("" for none); None skips
    that comparison. Documents that were issued stay as they are. Locks the account. Raises NotFound, NotAllowed,
    VatIdChanged, and Invalid for the field `vat_id`.
    """
    account = asking.find_account(viewer, account_public_id)
    wanted = formats.parsed(typed, account.country) if formats.compact(typed) else None
    account = asking.lock(account.id)
    if not policy.may_change(viewer, account):
        raise NotAllowed
    before = account.vat_id
    if before == wanted:
        return _ask_once_more(viewer, account)
    if seen is not None and seen != (before or ""):
        raise VatIdChanged
    account.vat_id = wanted
    asking.drop(account)
    audit.record(
        viewer.actor, "account.vat-id-changed", account.public_id, account.id, before=before, after=wanted
    )  # fmt: skip
    if policy.is_to_be_checked(account):
        asking.begin(account, viewer.actor)
    return True


def _ask_once_more(viewer: Viewer, account: Account) -> bool:
    if vat_is_confirmed(account, clock.now()) or not asking.wants_check(account):
        return False
    last = asking.last_check(account)
    if last is not None and clock.now() < last.asked_at + AGAIN_AFTER:
        return False
    asking.begin(account, viewer.actor)
    return True


def check_now(viewer: Viewer, account_public_id: str, seen: str) -> None:
    """Have the register asked at once, by finance alone; a check that waits for its next try does not wait any longer.

    Raises NotFound, NotAllowed, VatIdChanged and NothingToConfirm.
    """
    account = _for_finance(viewer, account_public_id, seen)
    under_way = asking.open_check(account) or asking.begin(account, viewer.actor)
    asking.hurry(under_way)
    audit.record(
        viewer.actor, "account.vat-id-check-asked", account.public_id, account.id, vat_id=under_way.vat_id
    )  # fmt: skip


def confirm_vat_id(viewer: Viewer, account_public_id: str, seen: str, note: str) -> None:
    """Finance vouches for the VAT ID, with a note; it counts as long as an answer of the register does.

    A check under way is decided by it, so that its answer comes too late. Raises NotFound, NotAllowed, VatIdChanged,
    NothingToConfirm, NoteNeeded, and Invalid for the field `note`.
    """
    account = _for_finance(viewer, account_public_id, seen)
    if not note.strip():
        raise NoteNeeded(field="note")
    if len(note) > LONGEST_NOTE:
        raise Invalid(mark("Please use at most %(max)d characters."), field="note", max=LONGEST_NOTE)
    check = asking.open_check(account) or asking.note_check(account, viewer.actor)
    check.note = note.strip()
    asking.confirm(account, check, viewer.actor, viewer.actor)


def _for_finance(viewer: Viewer, account_public_id: str, seen: str) -> Account:
    demand_staff(viewer, "finance")
    account = asking.lock(asking.find_account(viewer, account_public_id).id)
    if (account.vat_id or "") != seen:
        raise VatIdChanged
    if not policy.is_to_be_checked(account):
        raise NothingToConfirm
    return account
