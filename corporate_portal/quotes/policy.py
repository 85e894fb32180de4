"""Who may do what with a quote. The verbs ask here as authority, the views and templates for their buttons."""

from dataclasses import dataclass
from datetime import datetime

from billing_core.accounts import Account
from billing_core.permissions import Right, Viewer
from corporate_portal.quotes import states
from corporate_portal.quotes.models import QuoteVersion


@dataclass(frozen=True)
class Importer:
    """The import, which acts for the operator and is trusted with own prices and past dates."""

    actor: str = "import"


@dataclass(frozen=True)
class Integration:
    """Another program of the vendor, with a token: it writes for corporate accounts in their representatives' place."""

    actor: str


Author = Viewer | Importer | Integration
"""Who writes quotes: a representative at the desk, the import, or another program."""


def may_decide(viewer: Viewer, account_id: int) -> bool:
    """A billing contact with the right to accept may accept and reject."""
    return viewer.may(Right.ACCEPT, account_id)


def can_decide(viewer: Viewer, version: QuoteVersion, now: datetime) -> bool:
    """Whether the buttons are shown: the right, and a quote that is still open."""
    return may_decide(viewer, version.account_id) and version.is_outstanding(now)


def can_confirm(viewer: Viewer, version: QuoteVersion, now: datetime) -> bool:
    """Another contact than the one who accepted first, with the same right."""
    first = version.first_acceptance
    is_other = first is not None and first.person_id != viewer.person_id
    return is_other and version.is_awaiting_second(now) and may_decide(viewer, version.account_id)


def may_write_for(author: Author, account: Account) -> bool:
    """Quotes of a corporate account are written by its own representative, or come with an import."""
    if isinstance(author, Importer):
        return account.is_corporate
    if isinstance(author, Integration):
        return account.is_corporate and account.rep_id is not None
    return author.is_staff("rep") and account.is_corporate and account.rep_id == author.person_id


def can_change(author: Author, version: QuoteVersion, account: Account) -> bool:
    """A draft, by those who may write it."""
    return version.is_current and version.state == states.DRAFT and may_write_for(author, account)


def can_withdraw(author: Author, version: QuoteVersion, account: Account, now: datetime) -> bool:
    """A draft or an open quote, by those who may write it."""
    possible = states.QUOTE.allows(version.state, "withdraw") and not version.is_expired(now)
    return version.is_current and possible and may_write_for(author, account)


def can_revise(author: Author, version: QuoteVersion, account: Account, now: datetime) -> bool:
    """What was sent and is not accepted or withdrawn, by those who may write it."""
    return version.is_current and version.shown_state(now) in states.REVISABLE and may_write_for(author, account)


def may_approve(viewer: Viewer) -> bool:
    """A manager of representatives answers for discounts above their limits."""
    return viewer.is_staff("rep_manager")
