"""Contacts press Place Service Order while others reject, revise or withdraw the quote, or while its deadline passes.

A real server with two processes answers. Exactly one side wins each quote; an accepted one has one order, one invoice
and one set of mails. The control runs the same races without the look under the lock and without the unique
constraints, and must see two winners. `bin/prove races` runs ten thousand attempts of each kind, half on each database.
"""

import random
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import SAWarning
from sqlalchemy.orm import Session

from billing_core import clock, db
from billing_core.ledger.models import Invoice
from billing_core.mail.models import OutboxMail
from billing_core.orders.models import ServiceOrder
from billing_core.people import Person
from billing_core.permissions import Realm
from corporate_portal.quotes import jobs, service
from corporate_portal.quotes.models import Quote, QuoteDecision, QuoteVersion
from corporate_portal.quotes.offer import terms
from corporate_portal.quotes.offer.content import LineWish
from tests.concurrency.server import Answer, Browser, Server, at_once, running
from tests.concurrency.uniques_off import without_uniques
from tests.conftest import SECRET, Database
from tests.corporate_portal.quotes import life_laws
from tests.factories import core, quotes
from tests.factories.quotes import Deal

SIDES = ("accept", "reject", "revise", "withdraw", "expire")
"""What each race sets against accepting."""
PRESSES = 8
"""Attempts of one race: four of each side, or eight acceptances."""
CHANCE, NEARLY = random.Random(7), 0.025  # noqa: S311 - no secret
"""Nobody presses at exactly the same moment: within so many seconds, so that each side wins at times."""
AFTERWARDS = {"accept": "accepted", "reject": "rejected", "revise": "superseded", "withdraw": "withdrawn"}
MAILS = ("quote-accepted", "quote-accepted-rep", "invoice-issued")
"""What one acceptance sends, each to one person."""


@dataclass
class Stage:
    """Everybody at their screens, signed in once."""

    server: Server
    deal: Deal
    contacts: list[Person]
    at_portal: list[Browser] = field(default_factory=list)
    at_desk: list[Browser] = field(default_factory=list)
    tokens: dict[int, dict[str, str]] = field(default_factory=dict)
    lead: float = 0.05
    """Seconds before the deadline at which contacts press: what an acceptance takes on this machine."""

    def open(self) -> None:
        """Sign everybody in and take one form of each page: the rest of it is known."""
        quote = quotes.sent(self.deal, lines=self.lines)
        reviewed = quotes.version(quote).sha256
        for contact in self.contacts:
            browser = Browser(self.server).sign_in(contact)
            details = browser.get(f"/quotes/{quote.public_id}/order-details?reviewed={reviewed}").form("order-details")
            answer = browser.post(f"/quotes/{quote.public_id}/order-details", details | {"payment": "terms"})
            assert answer.status == 303, answer.h1
            self.tokens[id(browser)] = browser.get(answer.location).form("confirm")
            self.at_portal.append(browser)
        for _ in range(2):
            browser = Browser(self.server).sign_in(self.deal.rep, Realm.DESK)
            self.tokens[id(browser)] = browser.get(f"/desk/quotes/{quote.public_id}").form("withdraw")
            self.at_desk.append(browser)
        db.perform(_withdraw, self.deal, quote.public_id)

    @property
    def lines(self) -> tuple[LineWish, ...]:
        """Three seats for a year."""
        return (LineWish(self.deal.product.code, "", "yearly", 3),)


def _withdraw(deal: Deal, public_id: str) -> None:
    service.withdraw_quote(deal.desk, public_id)


@dataclass
class Race:
    """One quote that waits for whoever comes first, and what came of it."""

    public_id: str
    version: QuoteVersion
    accepting: list[Answer] = field(default_factory=list)
    opposing: list[Answer] = field(default_factory=list)

    @property
    def is_accepted(self) -> bool:
        """Somebody was told that the order is placed."""
        return any(answer.status == 303 for answer in self.accepting)

    @property
    def is_opposed(self) -> bool:
        """Somebody of the other side was told that it is done."""
        return any(answer.status == 303 for answer in self.opposing)


def waiting(stage: Stage, number: int) -> list[Race]:
    """So many quotes, sent in the way that mails nobody: it is the quickest."""
    deal, names = stage.deal, [db.public_id("race") for _ in range(number)]
    content = quotes.content(deal, lines=stage.lines)
    for name in names:
        db.perform(service.import_quote, deal.account, deal.rep, content, "race", name, submitted=True)
    with db.reading() as session:
        sent = session.scalars(select(Quote).where(Quote.external_id.in_(names))).all()
    return [Race(quote.public_id, quotes.version(quote)) for quote in sent]


def press_accept(stage: Stage, race: Race, at: int) -> Answer:
    """The contact's last button, under the words that stand above it."""
    browser, contact = stage.at_portal[at], stage.contacts[at]
    said = terms.declaration(race.version, contact.name, "Head of Accounts", "en")
    fields = {"reviewed": race.version.sha256 or "", "wording": said.sha256, "language": "en", "agreed": "y"}
    return browser.post(f"/quotes/{race.public_id}/confirm", stage.tokens[id(browser)] | fields)


def press_reject(stage: Stage, race: Race, at: int) -> Answer:
    """The contact's other button."""
    browser = stage.at_portal[at]
    token = stage.tokens[id(browser)]["csrf_token"]
    fields = {"csrf_token": token, "reviewed": race.version.sha256 or "", "reason": "Too dear."}
    return browser.post(f"/quotes/{race.public_id}/reject", fields)


def press_at_desk(deed: str) -> Callable[[Stage, Race, int], Answer]:
    """A button of the representative."""

    def press(stage: Stage, race: Race, at: int) -> Answer:
        browser = stage.at_desk[at % 2]
        token = stage.tokens[id(browser)]["csrf_token"]
        return browser.post(f"/desk/quotes/{race.public_id}/{deed}", {"csrf_token": token})

    return press


OPPOSING = {
    "accept": press_accept, "reject": press_reject, "revise": press_at_desk("revise"),
    "withdraw": press_at_desk("withdraw"),
}  # fmt: skip


def run(stage: Stage, side: str, race: Race) -> None:
    """All of them at once."""
    if side == "expire":
        run_against_the_clock(stage, race)
        return
    half = PRESSES // 2
    pressing = [press_accept] * half + [OPPOSING[side]] * half

    def deed(at: int) -> Answer:
        time.sleep(CHANCE.uniform(0, NEARLY))
        return pressing[at](stage, race, at)

    answers = at_once([partial(deed, at) for at in range(PRESSES)])
    race.accepting, race.opposing = answers[:half], answers[half:]
    if side == "accept":
        race.accepting, race.opposing = race.accepting + race.opposing, []


def run_against_the_clock(stage: Stage, race: Race) -> None:
    """The deadline falls while three contacts press, and another process writes down what has expired."""
    deadline = clock.now() + timedelta(seconds=stage.lead + 3 * NEARLY)
    db.perform(_end, race.version.id, deadline)

    def press(at: int, early: float) -> Answer:
        time.sleep(max((deadline - clock.now()).total_seconds() - early, 0))
        return press_accept(stage, race, at)

    def expire() -> None:
        time.sleep(max((deadline - clock.now()).total_seconds(), 0))
        jobs.expire_due()

    around = [stage.lead + CHANCE.uniform(-NEARLY, NEARLY) for _ in range(PRESSES - 1)]
    presses: list[Callable[[], Answer | None]] = [partial(press, at, early) for at, early in enumerate(around)]
    race.accepting = [answer for answer in at_once([*presses, expire]) if answer is not None]
    jobs.expire_due()
    stage.lead *= 0.8 if race.is_accepted else 1.25


def _end(version_id: int, deadline: datetime) -> None:
    of_race = update(QuoteVersion).where(QuoteVersion.id == version_id)
    db.session().execute(of_race.values(expires_at=deadline))


@contextmanager
def on_stage(database: Database, tmp_path: Path, without: str = "") -> Iterator[Stage]:
    """Server, people and browsers."""
    deal = quotes.deal()
    contacts = [core.contact(deal.account) for _ in range(PRESSES)]
    with running(database.url, tmp_path, SECRET, without=without) as server:
        stage = Stage(server, deal, contacts)
        stage.open()
        yield stage


def judge(side: str, races: list[Race]) -> int:
    """Every quote has one winner, in what was answered and in what is stored; how many were accepted."""
    accepted = 0
    for race in races:
        answers = race.accepting + race.opposing
        assert {answer.status for answer in answers} <= {303, 409}, [(a.status, a.h1) for a in answers]
        assert race.is_accepted + race.is_opposed == (1 if side != "expire" or race.is_accepted else 0)
        assert {answer.status for answer in race.accepting} == {303 if race.is_accepted else 409}
        accepted += race.is_accepted
        with db.reading() as session:
            state = session.get_one(QuoteVersion, race.version.id).state
        assert state == ("accepted" if race.is_accepted else AFTERWARDS.get(side, "expired"))
    return accepted


def race_and_judge(stage: Stage, side: str, rounds: int) -> int:
    """So many races of one kind; how many quotes were accepted."""
    races = waiting(stage, rounds)
    for race in races:
        run(stage, side, race)
    return judge(side, races)


def counted(session: Session, column: Any) -> dict[Any, int]:
    """How often each value of the column is stored."""
    return dict(iter(session.execute(select(column, func.count()).group_by(column))))


def judge_everything(accepted: int) -> None:
    """The laws of quotes, one order and one invoice each, numbers without a gap, and one set of mails."""
    with db.reading() as session:
        life_laws.check(session.connection())
        for row in (ServiceOrder, Invoice):
            assert session.scalar(select(func.count()).select_from(row)) == accepted
        numbers = sorted(int(number.rpartition("-")[2]) for number in session.scalars(select(Invoice.number)))
        assert numbers == list(range(1, accepted + 1))
        mails = counted(session, OutboxMail.kind)
        assert {kind: mails.get(kind, 0) for kind in MAILS} == dict.fromkeys(MAILS, accepted)


AT_A_TIME = 100
ROUNDS = 32
"""Races of each kind on each database: 8 attempts each, 512 on both together."""


MOST_TRIES = 20
"""Races in which the control must have seen two winners."""


def test_races_have_one_winner(database: Database, tmp_path: Path, tell: Callable[[str], None]) -> None:
    prove_one_winner(database, tmp_path, tell, ROUNDS)


@pytest.mark.prove
def test_very_many_races_have_one_winner(database: Database, tmp_path: Path, tell: Callable[[str], None]) -> None:
    prove_one_winner(database, tmp_path, tell, 625)


def parts(rounds: int) -> list[int]:
    """Few enough quotes at a time to be looked for by name."""
    return [min(AT_A_TIME, rounds - done) for done in range(0, rounds, AT_A_TIME)]


def prove_one_winner(database: Database, tmp_path: Path, tell: Callable[[str], None], rounds: int) -> None:
    """Races of every kind, one kind after the other."""
    everything = 0
    with on_stage(database, tmp_path) as stage:
        for side in SIDES:
            accepted = sum(race_and_judge(stage, side, number) for number in parts(rounds))
            everything += accepted
            against = f"accept against {side}, {database.kind}"
            tell(
                f"{against}: {rounds * PRESSES} attempts, {accepted} accepted and {rounds - accepted} not, of {rounds}"
            )
    judge_everything(everything)


def doubles(side: str, races: list[Race]) -> int:
    """Quotes with two winners: two decisions, both sides told that it is done, or an acceptance after the deadline."""
    late = select(func.count()).select_from(QuoteDecision).join(QuoteVersion)
    with db.reading() as session:
        decisions = counted(session, QuoteDecision.version_id)
        after = session.scalar(late.where(QuoteDecision.decided_at >= QuoteVersion.expires_at)) or 0
    both = sum(1 for race in races if (race.is_accepted and race.is_opposed) or decisions.get(race.version.id, 0) > 1)
    return after if side == "expire" else both


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_control_of_the_races_without_guards_sees_two_winners(
    database: Database, tmp_path: Path, tell: Callable[[str], None]
) -> None:
    with without_uniques("quote_decision", "service_order"), on_stage(database, tmp_path, "second-look") as stage:
        for side in SIDES:
            tried, found = 0, 0
            while not found and tried < MOST_TRIES:
                races, tried = waiting(stage, 1), tried + 1
                with warnings.catch_warnings():  # what reads a quote with two decisions warns of them, as it should
                    warnings.simplefilter("ignore", SAWarning)
                    run(stage, side, races[0])
                found = doubles(side, races)
            assert found, f"accept against {side} did not happen, so the test above proves nothing"
            tell(f"accept against {side}, {database.kind}, control: two winners in race {tried}")
