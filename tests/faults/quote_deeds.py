"""What is done with quotes and their orders, by name, so that a test can let it die before any statement."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import event, select

from billing_core import db
from billing_core.orders.jobs import fulfil_on_day
from billing_core.orders.models import ServiceOrder
from billing_core.people import Person
from billing_core.permissions import Realm, Viewer, viewer_of
from corporate_portal.invoices.jobs import issue_scheduled
from corporate_portal.quotes import jobs, service
from corporate_portal.quotes.models import Quote, QuoteVersion
from corporate_portal.quotes.offer import terms
from corporate_portal.quotes.offer.content import Acceptance, Confirmation, Record, Rejection
from corporate_portal.quotes.offer.loading import WHOLE
from tests.factories.sql import writes

Deed = Callable[[], object]
COMMIT, AT_COMMIT = "COMMIT", 0


@dataclass(frozen=True)
class Case:
    """A quote, its people, and when the deed is done."""

    quote: str
    rep: int
    manager: int
    contact: int
    second: int
    at: str

    def viewer(self, person_id: int) -> Viewer:
        """The person, where they work."""
        with db.reading() as session:
            person = session.get_one(Person, person_id)
            return viewer_of(person, Realm.DESK if person.staff_role else Realm.PORTAL)

    @property
    def version(self) -> QuoteVersion:
        """The version that counts."""
        found = select(QuoteVersion).join(Quote).where(Quote.public_id == self.quote, QuoteVersion.is_current)
        with db.reading() as session:
            return session.scalars(found.options(*WHOLE)).one()


def submit(case: Case) -> Deed:
    rep, seen = case.viewer(case.rep), service.draft_sha256(case.version)
    return lambda: db.perform(service.submit_quote, rep, case.quote, seen)


def approve(case: Case) -> Deed:
    manager, seen = case.viewer(case.manager), service.draft_sha256(case.version)
    return lambda: db.perform(service.approve_quote, manager, case.quote, seen)


def give_back(case: Case) -> Deed:
    manager = case.viewer(case.manager)
    return lambda: db.perform(service.return_quote, manager, case.quote, "Too much.")


def revise(case: Case) -> Deed:
    rep = case.viewer(case.rep)
    return lambda: db.perform(service.revise_quote, rep, case.quote)


def withdraw(case: Case) -> Deed:
    rep = case.viewer(case.rep)
    return lambda: db.perform(service.withdraw_quote, rep, case.quote)


def accept(case: Case) -> Deed:
    contact, version = case.viewer(case.contact), case.version
    said = terms.declaration(version, contact.display_name, "Head of Accounts", "en")
    acceptance = Acceptance(version.sha256 or "", said.sha256, "en")
    return lambda: db.perform(service.accept_quote, contact, case.quote, acceptance)


def confirm(case: Case) -> Deed:
    version = case.version
    first = version.first_acceptance
    second = case.viewer(case.second)
    said = terms.declaration(version, second.display_name, "Head of Accounts", "en")
    confirmation = Confirmation(first.sha256 if first else "", said.sha256, "en")
    return lambda: db.perform(service.confirm_quote, second, case.quote, confirmation)


def refuse(case: Case) -> Deed:
    first, second = case.version.first_acceptance, case.viewer(case.second)
    sha256 = first.sha256 if first else ""
    return lambda: db.perform(service.refuse_confirmation, second, case.quote, sha256, "Not now.")


def reject(case: Case) -> Deed:
    contact, rejection = case.viewer(case.contact), Rejection(case.version.sha256 or "", "Too dear.")
    return lambda: db.perform(service.reject_quote, contact, case.quote, rejection)


def record(case: Case) -> Deed:
    rep, contact = case.viewer(case.rep), case.viewer(case.contact).public_id
    said = Record("accepted", case.version.sha256 or "", contact, "mail", "Mail of Monday")
    return lambda: db.perform(service.record_decision, rep, case.quote, said)


def ask_change(case: Case) -> Deed:
    contact, sha256 = case.viewer(case.contact), case.version.sha256 or ""
    return lambda: db.perform(service.ask_change, contact, case.quote, "One seat less.", sha256)


def fulfil(_case: Case) -> Deed:
    with db.reading() as session:
        order = session.scalars(select(ServiceOrder.public_id)).one()
    return lambda: fulfil_on_day(order)


DEEDS: dict[str, Callable[[Case], Deed]] = {
    "submit": submit, "approve": approve, "give back": give_back, "revise": revise, "withdraw": withdraw,
    "accept": accept, "accept first": accept, "confirm": confirm, "refuse": refuse,
    "reject": reject, "record": record, "ask change": ask_change, "fulfil": fulfil,
    "issue": lambda _case: issue_scheduled, "expire": lambda _case: jobs.expire_due,
    "remind": lambda _case: jobs.remind_due,
}  # fmt: skip


@contextmanager
def dying_before(number: int, die: Callable[[str], object]) -> Iterator[list[str]]:
    """Die before the n-th statement that writes; commits count too, and AT_COMMIT is the first of them.

    Gives what was reached.
    """
    reached: list[str] = []

    def reach(statement: str) -> None:
        reached.append(statement)
        if len(reached) == number or (statement == COMMIT and number == AT_COMMIT):
            die(statement)

    def before_statement(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if writes([statement]):
            reach(statement)

    def before_commit(_connection: object) -> None:
        if reached and reached[-1] != COMMIT:
            reach(COMMIT)

    engine = db.engine()
    event.listen(engine, "before_cursor_execute", before_statement)
    event.listen(engine, "commit", before_commit)
    try:
        yield reached
    finally:
        event.remove(engine, "before_cursor_execute", before_statement)
        event.remove(engine, "commit", before_commit)
