"""The life of quotes in any order, by several people: what happens is what a simple model says, and the laws hold.

`bin/prove life` lives through many more lives, each database in turn.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select, text, update

from billing_core import clock, db
from billing_core.errors import Refusal
from billing_core.people import BillingContact, Person
from billing_core.permissions import Realm, Viewer
from corporate_portal.quotes import jobs, service
from corporate_portal.quotes.models import Quote, QuoteVersion
from corporate_portal.quotes.offer import terms
from corporate_portal.quotes.offer.content import Acceptance, LineWish, QuoteContent, Record, Rejection
from corporate_portal.quotes.offer.loading import WHOLE
from corporate_portal.quotes.service import deciding, recording, talking, writing
from tests import conftest
from tests.conftest import Database
from tests.corporate_portal.quotes import life_laws
from tests.factories import core, quotes
from tests.tampering import unguard

BEGIN = datetime(2026, 3, 24, 12, tzinfo=UTC)
"""Five days before the clocks of Berlin are put forward."""
LONGEST_LIFE = timedelta(days=300)
"""A draft's start must lie within a year from today."""
ZONE = "Europe/Berlin"
OPEN = ("sent", "change_requested")

PERMITTED, DEAR = 500, 3000
"""Discounts in basis points, below and above the representative's limit of ten per cent."""

DECIDERS = ("contact", "second", "onlooker", "stranger", "rep")
AUTHORS = ("rep", "foreign rep", "manager")


@dataclass
class Version:
    """What the model knows of one version."""

    state: str = "draft"
    discount: int = PERMITTED
    valid_days: int | None = None
    expires_at: datetime | None = None
    sha256: str = ""


@dataclass
class Paper:
    """What the model knows of one quote."""

    quote: Quote
    versions: list[Version] = field(default_factory=lambda: [Version()])

    @property
    def current(self) -> Version:
        """The last one written."""
        return self.versions[-1]

    @property
    def shown(self) -> Version | None:
        """The last one submitted."""
        return next((version for version in reversed(self.versions) if version.sha256), None)

    @property
    def is_open(self) -> bool:
        """A contact may decide the version on the screen now."""
        return self.shown is self.current and self.current.state in OPEN and not self.is_late

    @property
    def has_an_old_text(self) -> bool:
        """It is open, and somebody may still have a version before it on the screen."""
        return self.is_open and sum(1 for version in self.versions if version.sha256) > 1

    @property
    def is_late(self) -> bool:
        """The deadline of the last version has passed."""
        return self.current.expires_at is not None and clock.now() >= self.current.expires_at


class Life(RuleBasedStateMachine):
    """Two quotes of one account, its people, and a clock that only goes forward."""

    def __init__(self) -> None:
        super().__init__()
        conftest.empty()  # also of what a life left that broke the laws
        self.travel = time_machine.travel(BEGIN, tick=False)
        self.clock = self.travel.start()
        self.deal = quotes.deal()
        self.people = self._people()
        self.may_accept = {"contact": True, "second": True}
        self.papers: list[Paper] = []

    def _people(self) -> dict[str, Person]:
        account = self.deal.account
        return {
            "contact": self.deal.contact,
            "second": core.contact(account),
            "onlooker": core.contact(account, rights=""),
            "stranger": core.contact(core.account(self.deal.seller, self.deal.rep)),
            "rep": self.deal.rep,
            "foreign rep": core.staff(),
            "manager": core.staff("rep_manager"),
        }

    def teardown(self) -> None:
        """Time goes on as usual."""
        self.travel.stop()

    def viewer(self, who: str) -> Viewer:
        """The person, where they work."""
        person = self.people[who]
        return core.viewer(person, Realm.DESK if person.staff_role else Realm.PORTAL)

    def attempt(self, allowed: bool, verb: Callable[..., Any], *args: Any) -> Any:
        """The verb works exactly where the model says so; anything but a refusal is a fault."""
        result, refused = None, None
        try:
            result = db.perform(verb, *args)
        except Refusal as refusal:
            refused = refusal
        assert refused is None or not allowed, f"{verb.__name__} was refused: {refused!r}"
        assert refused is not None or allowed, f"{verb.__name__} was not refused"
        return result

    def content(self, discount: int, valid_days: int | None) -> QuoteContent:
        """Three seats for a year, at this discount."""
        line = LineWish(self.deal.product.code, "", "yearly", 3, percent_off=discount)
        until = clock.today(ZONE) + timedelta(days=valid_days) if valid_days is not None else None
        return QuoteContent("Seats", clock.today(ZONE), 12, (line,), valid_until=until)

    def stored(self, paper: Paper) -> list[QuoteVersion]:
        """The versions in the database."""
        of_quote = select(QuoteVersion).where(QuoteVersion.quote_id == paper.quote.id)
        with db.reading() as session:
            return list(session.scalars(of_quote.order_by(QuoteVersion.version).options(*WHOLE)))

    def is_outdated(self, version: Version) -> bool:
        """A date of validity that was chosen while the draft was made has passed since."""
        return version.valid_days is not None and clock.today(ZONE).toordinal() > version.valid_days

    @initialize(versions=st.integers(1, 3))
    def begin(self, versions: int) -> None:
        """One quote is sent at once, perhaps again and again, so that most lives come to something."""
        self.draft(PERMITTED, None)
        self.submit(0, "rep", False)
        for _ in range(versions - 1):
            self.revise(0, "rep")
            self.submit(0, "rep", False)

    @precondition(lambda self: len(self.papers) < 2)
    @rule(discount=st.sampled_from([PERMITTED, DEAR]), valid_days=st.sampled_from([None, 0, 2]))
    def draft(self, discount: int, valid_days: int | None) -> None:
        """The representative begins another quote."""
        account = self.deal.account.public_id
        quote = self.attempt(True, service.draft_quote, self.viewer("rep"), account, self.content(discount, valid_days))
        self.papers.append(Paper(quote, [Version(discount=discount, valid_days=self._day(valid_days))]))

    def _day(self, valid_days: int | None) -> int | None:
        return None if valid_days is None else clock.today(ZONE).toordinal() + valid_days

    @rule(
        at=st.integers(0, 1),
        who=st.sampled_from(AUTHORS),
        discount=st.sampled_from([PERMITTED, DEAR]),
        valid_days=st.sampled_from([None, 0, 2]),
    )
    def change(self, at: int, who: str, discount: int, valid_days: int | None) -> None:
        """A draft gets another content."""
        paper = self.papers[at % len(self.papers)]
        content, seen = self.content(discount, valid_days), self._seen(paper)
        allowed = who == "rep" and paper.current.state == "draft"
        done = self.attempt(allowed, service.change_draft, self.viewer(who), paper.quote.public_id, content, seen)
        if done:
            paper.current.discount, paper.current.valid_days = discount, self._day(valid_days)

    def _seen(self, paper: Paper) -> str:
        return service.draft_sha256(self.stored(paper)[-1])

    @rule(at=st.integers(0, 1), who=st.sampled_from(("rep", *AUTHORS)), stale=st.booleans())
    def submit(self, at: int, who: str, stale: bool) -> None:
        """The representative sends it, or asks the manager for the discount."""
        paper = self.papers[at % len(self.papers)]
        version = paper.current
        allowed = who == "rep" and version.state == "draft" and not stale and not self.is_outdated(version)
        seen = "0" * 64 if stale else self._seen(paper)
        if self.attempt(allowed, service.submit_quote, self.viewer(who), paper.quote.public_id, seen):
            version.state = "awaiting_approval" if version.discount == DEAR else "sent"
            self._note_sent(paper)

    def _note_sent(self, paper: Paper) -> None:
        version = paper.current
        if version.state == "sent":
            today = clock.today(ZONE)
            last = today.fromordinal(version.valid_days) if version.valid_days else today + timedelta(days=7)
            version.expires_at = clock.end_of_day(last, ZONE)
            version.sha256 = self.stored(paper)[-1].sha256 or ""

    @rule(at=st.integers(0, 1), who=st.sampled_from(("manager", "rep", "contact")))
    def approve(self, at: int, who: str) -> None:
        """The manager permits the discount."""
        paper = self.papers[at % len(self.papers)]
        waits = paper.current.state == "awaiting_approval"
        allowed = who == "manager" and waits and not self.is_outdated(paper.current)
        arguments = self.viewer(who), paper.quote.public_id, self._seen(paper)
        if self.attempt(allowed, service.approve_quote, *arguments):
            paper.current.state = "sent"
            self._note_sent(paper)

    @rule(at=st.integers(0, 1), who=st.sampled_from(("manager", "rep")))
    def give_back(self, at: int, who: str) -> None:
        """The manager wants less of a discount."""
        paper = self.papers[at % len(self.papers)]
        allowed = who == "manager" and paper.current.state == "awaiting_approval"
        if self.attempt(allowed, service.return_quote, self.viewer(who), paper.quote.public_id, "Too much."):
            paper.current.state = "draft"

    @rule(at=st.integers(0, 1), who=st.sampled_from(("rep", *AUTHORS)))
    def revise(self, at: int, who: str) -> None:
        """A new version follows on one that is out."""
        paper = self.papers[at % len(self.papers)]
        former = paper.current
        allowed = who == "rep" and former.state in (*OPEN, "rejected", "expired")
        if self.attempt(allowed, service.revise_quote, self.viewer(who), paper.quote.public_id):
            former.state = "superseded"
            paper.versions.append(Version(discount=former.discount))

    @rule(at=st.integers(0, 1), who=st.sampled_from(AUTHORS))
    def withdraw(self, at: int, who: str) -> None:
        """The representative takes it back."""
        paper = self.papers[at % len(self.papers)]
        possible = paper.current.state in ("draft", "awaiting_approval", "withdrawn") or paper.is_open
        if self.attempt(who == "rep" and possible, service.withdraw_quote, self.viewer(who), paper.quote.public_id):
            paper.current.state = "withdrawn"

    def decides(self, who: str, paper: Paper) -> bool:
        """The person may decide what the customer sees."""
        return self.may_accept.get(who, False) and paper.shown is not None

    def screen(self, paper: Paper, back: int) -> tuple[str, QuoteVersion]:
        """A text that somebody has on the screen: the last one submitted, or one from before."""
        submitted = [version for version in self.stored(paper) if version.sha256]
        on_it = submitted[max(len(submitted) - 1 - back, 0)] if submitted else self.stored(paper)[-1]
        return on_it.sha256 or "", on_it

    @rule(at=st.integers(0, 1), who=st.sampled_from(("contact", *DECIDERS)), back=st.sampled_from([0, 0, 1, 2]))
    def accept(self, at: int, who: str, back: int) -> None:
        """Somebody presses Place Service Order, perhaps under an old text."""
        paper = self.papers[at % len(self.papers)]
        sha256, on_it = self.screen(paper, back)
        person = self.people[who]
        said = terms.declaration(on_it, person.name, "Head of Accounts", "en")
        seen = paper.shown is not None and paper.shown.sha256 == sha256
        already = paper.current.state == "accepted"
        allowed = self.decides(who, paper) and (already or (paper.is_open and seen))
        acceptance = Acceptance(sha256, said.sha256, "en")
        if self.attempt(allowed, service.accept_quote, self.viewer(who), paper.quote.public_id, acceptance):
            paper.current.state = "accepted"

    @rule(at=st.integers(0, 1), who=st.sampled_from(("contact", *DECIDERS)), back=st.sampled_from([0, 0, 1]))
    def reject(self, at: int, who: str, back: int) -> None:
        """Somebody does not want it."""
        paper = self.papers[at % len(self.papers)]
        sha256, _ = self.screen(paper, back)
        seen = paper.shown is not None and paper.shown.sha256 == sha256
        already = paper.shown is paper.current and paper.current.state == "rejected"
        allowed = self.decides(who, paper) and (already or (paper.is_open and seen))
        rejection = Rejection(sha256, "Too dear.")
        if self.attempt(allowed, service.reject_quote, self.viewer(who), paper.quote.public_id, rejection):
            paper.current.state = "rejected"

    @rule(
        at=st.integers(0, 1),
        who=st.sampled_from(AUTHORS),
        named=st.sampled_from(DECIDERS),
        verdict=st.sampled_from(["accepted", "rejected"]),
        back=st.sampled_from([0, 0, 1]),
    )
    def record(self, at: int, who: str, named: str, verdict: str, back: int) -> None:
        """The representative writes down what a contact decided by phone."""
        paper = self.papers[at % len(self.papers)]
        sha256, _ = self.screen(paper, back)
        seen = paper.shown is not None and paper.shown.sha256 == sha256
        decided = paper.current.state == verdict
        allowed = who == "rep" and (decided or (self.decides(named, paper) and paper.is_open and seen))
        record = Record(verdict, sha256, self.people[named].public_id, "phone", "Call 7", reason="Too dear.")
        if self.attempt(allowed, service.record_decision, self.viewer(who), paper.quote.public_id, record):
            paper.current.state = verdict

    @rule(at=st.integers(0, 1), who=st.sampled_from(DECIDERS), back=st.sampled_from([0, 1]))
    def ask_change(self, at: int, who: str, back: int) -> None:
        """A contact asks for another version; this one stays acceptable."""
        paper = self.papers[at % len(self.papers)]
        sha256, _ = self.screen(paper, back)
        seen = paper.shown is not None and paper.shown.sha256 == sha256
        allowed = self.decides(who, paper) and paper.is_open and seen
        asked = self.attempt(
            allowed, service.ask_change, self.viewer(who), paper.quote.public_id, "One seat less.", sha256
        )
        if asked:
            paper.current.state = "change_requested"

    @precondition(lambda self: any(paper.has_an_old_text for paper in self.papers))
    @rule(deed=st.integers(0, 3))
    def decide_on_an_old_text(self, deed: int) -> None:
        """Somebody who may decide does so under the text before the last one."""
        at = next(at for at, paper in enumerate(self.papers) if paper.has_an_old_text)
        deeds = (self.reject, self.ask_change, self.accept)
        if deed == len(deeds):
            self.record(at, "rep", "contact", "accepted", 1)
        else:
            deeds[deed](at, "contact", 1)

    @rule(at=st.integers(0, 1), who=st.sampled_from(DECIDERS))
    def look_and_comment(self, at: int, who: str) -> None:
        """Any contact may look and say something, which decides nothing."""
        paper = self.papers[at % len(self.papers)]
        allowed = who in ("contact", "second", "onlooker") and paper.shown is not None
        db.perform(service.mark_viewed, self.viewer(who), paper.quote.public_id)
        self.attempt(allowed, service.comment, self.viewer(who), paper.quote.public_id, "Looks good.")

    @rule(may=st.booleans())
    def change_right(self, may: bool) -> None:
        """The second contact gets or loses the right to accept."""
        person, account = self.people["second"].id, self.deal.account.id
        place = update(BillingContact).where(BillingContact.person_id == person, BillingContact.account_id == account)
        db.perform(lambda: db.session().execute(place.values(may_accept=may)))
        self.may_accept["second"] = may

    @precondition(lambda self: clock.now() - BEGIN < LONGEST_LIFE)
    @rule(hours=st.sampled_from([1, 23, 24, 25, 72, 169]))
    def wait(self, hours: int) -> None:
        """Time goes by."""
        self.clock.shift(timedelta(hours=hours))

    @precondition(lambda self: clock.now() - BEGIN < LONGEST_LIFE)
    @rule(at=st.integers(0, 1), beside=st.sampled_from([-1, 0, 1]))
    def wait_for_the_deadline(self, at: int, beside: int) -> None:
        """One microsecond before the deadline, at it, or after it."""
        deadline = self.papers[at % len(self.papers)].current.expires_at
        if deadline is not None and deadline + timedelta(microseconds=beside) > clock.now():
            self.clock.move_to(deadline + timedelta(microseconds=beside))

    @rule()
    def work(self) -> None:
        """The worker reminds, and writes down what has expired."""
        jobs.remind_due()
        jobs.expire_due()
        for paper in self.papers:
            if paper.current.state in OPEN and paper.is_late:
                paper.current.state = "expired"

    @invariant()
    def is_as_the_model_says(self) -> None:
        """State, currency and visibility of every version; and what is late reads as expired before any job ran."""
        for paper in self.papers:
            stored = self.stored(paper)
            assert [version.state for version in stored] == [version.state for version in paper.versions]
            flags = [(version.is_current, version.is_shown) for version in stored]
            assert flags == [(known is paper.current, known is paper.shown) for known in paper.versions]
            assert [version.sha256 or "" for version in stored] == [version.sha256 for version in paper.versions]
            assert stored[-1].expires_at == paper.current.expires_at
            assert stored[-1].is_outstanding(clock.now()) == paper.is_open

    @invariant()
    def the_laws_hold(self) -> None:
        """I2 and I3, in SQL."""
        with db.reading() as session:
            life_laws.check(session.connection())


def live(lives: int, steps: int, **more: Any) -> None:
    """So many lives of so many steps."""
    chosen: dict[str, Any] = {
        "max_examples": lives, "stateful_step_count": steps, "deadline": None, "database": None,
        "suppress_health_check": list(HealthCheck), "derandomize": True,
    }  # fmt: skip
    run_state_machine_as_test(Life, settings=settings(**(chosen | more)))


@pytest.mark.usefixtures("database")
def test_any_order_of_deeds() -> None:
    live(lives=8, steps=25)


@pytest.mark.prove
@pytest.mark.parametrize("round_", range(10))
@pytest.mark.usefixtures("database")
def test_any_order_of_deeds_in_very_many_lives(round_: int) -> None:
    live(lives=100, steps=50, derandomize=False, print_blob=True)


@contextmanager
def without(guard: str) -> Iterator[None]:
    """The program with one guard taken out."""

    def anything(*_args: object) -> None:
        """Refuse nothing."""

    with pytest.MonkeyPatch.context() as patch:
        for module in (deciding, recording, talking, writing):
            if hasattr(module, guard):
                patch.setattr(module, guard, anything)
        yield


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("guard", ["refuse_unless_open", "refuse_unless_reviewed"])
def test_the_control_without_a_guard_is_found(guard: str) -> None:
    with without(guard), pytest.raises(AssertionError, match="was not refused"):
        live(lives=60, steps=25, phases=[Phase.generate], report_multiple_bugs=False)


BREAKING = {
    "UPDATE quote_decision SET decided_at = '2099-01-01T00:00:00.000000Z'": "deadline",
    "UPDATE quote_version SET sha256 = 'f', document = document": "evidence of another text",
    "UPDATE quote_version SET is_shown = (1 = 0)": "last one submitted",
    "UPDATE quote_version SET is_current = (1 = 0)": "last one written",
    "UPDATE quote_version SET state = 'superseded'": "no longer count",
    "UPDATE quote_version SET state = 'rejected'": "at most once",
    "UPDATE quote_decision SET person_id = (SELECT rep_id FROM quote)": "billing contact of the account",
    "UPDATE quote_decision SET verdict = 'rejected'": "at most once",
    "UPDATE quote_decision SET order_id = NULL": "its one order",
    "UPDATE service_order SET origin = 'elsewhere'": "its one order",
    "UPDATE invoice SET order_number = 'ORD-0'": "invoice",
    "UPDATE quote_version SET net = net + 1, total = total + 1": "sums of its version",
    "DELETE FROM audit_entry WHERE action = 'quote.accepted'": "in the audit",
}
"""What nobody's verb does, and words of the law that finds it."""


def test_the_laws_find_what_is_broken(database: Database) -> None:
    deal = quotes.deal()
    quotes.accepted(deal)
    with db.engine().connect() as connection:
        for statement, law in BREAKING.items():
            connection.exec_driver_sql("BEGIN") if database.kind == "sqlite" else None
            life_laws.check(connection)
            for one in (*unguard(database.kind), statement):
                connection.execute(text(one))
            with pytest.raises(AssertionError, match=law):
                life_laws.check(connection)
            connection.rollback()
