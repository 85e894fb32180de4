"""A VAT ID from the moment it is typed to the day its confirmation runs out, on both databases."""

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from billing_core import clock, db, jobs
from billing_core.accounts import Account, vat_is_confirmed
from billing_core.audit import AuditEntry
from billing_core.errors import Invalid, NotAllowed, NotFound
from billing_core.jobs import Job
from billing_core.permissions import Realm, Viewer
from billing_core.vat_ids import asking, checking, queries, service
from billing_core.vat_ids.models import VatCheck
from billing_core.vat_ids.queries import VatStanding
from billing_core.vat_ids.refusals import NoteNeeded, NothingToConfirm, VatIdChanged
from billing_core.vat_ids.register import Answer, Question, Unavailable
from tests.conftest import Database
from tests.factories import core as make

ONE, OTHER = "ATU57194903", "ATU13585627"
KNOWN = Answer(True, "Alpen AG", "Ring 1, 1010 Wien", "W1")


class Register:
    """Says what it was given to say; `meanwhile` happens while it is being asked, when no transaction is open."""

    name = "VIES"

    def __init__(self, says: Answer | str = KNOWN, meanwhile: Callable[[], object] = lambda: None) -> None:
        self.says, self.meanwhile, self.asked = says, meanwhile, list[Question]()

    def ask(self, question: Question) -> Answer:
        assert not db.in_transaction()
        self.asked.append(question)
        self.meanwhile()
        if isinstance(self.says, str):
            raise Unavailable(self.says)
        return self.says


def account(**changes: object) -> Account:
    return make.account(kind="online", rep_id=None, **({"country": "AT", "timezone": "Europe/Vienna"} | changes))


def contact(of: Account) -> Viewer:
    return make.viewer(make.contact(of), Realm.MY)


def finance() -> Viewer:
    return make.viewer(make.staff("finance"), Realm.DESK)


def change(viewer: Viewer, of: Account, typed: str, seen: str | None = None) -> bool:
    return db.perform(service.change_vat_id, viewer, of.public_id, typed, seen)


def now(of: Account) -> VatStanding:
    with db.reading():
        return queries.standing(asking.find_account(Viewer(Realm.DESK, 0, "", "", "", "en", "finance"), of.public_id))


def waiting() -> list[Job]:
    with db.reading() as session:
        return list(session.scalars(select(Job).where(Job.kind == asking.CHECK, Job.state == "ready").order_by(Job.id)))


def check(register: Register, place: int = -1) -> None:
    checking.ask_register(**waiting()[place].arguments, register=register)


def audited() -> list[str]:
    with db.reading() as session:
        return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


def test_a_number_is_kept_at_once_and_confirmed_by_a_job(database: Database) -> None:
    mine = account()
    assert change(contact(mine), mine, " atu 57194903 ", "")
    assert (now(mine).vat_id, now(mine).state, vat_is_confirmed(now(mine).account, clock.now())) == (
        ONE,
        "waiting",
        False,
    )
    register = Register()
    check(register)
    assert register.asked == [Question(ONE, "DE136695976")]
    found = now(mine)
    assert (found.state, found.register, found.by_finance) == ("confirmed", "VIES", False)
    assert vat_is_confirmed(found.account, clock.now())
    assert found.account.vat_note == "VIES W1"
    assert found.check is not None
    assert (found.check.name, found.check.consultation) == ("Alpen AG", "W1")
    check(register)  # a job may run twice
    assert len(register.asked) == 1
    assert audited() == ["account.vat-id-changed", "account.vat-id-confirmed"]


def test_another_number_drops_the_confirmation_in_the_same_transaction(database: Database) -> None:
    mine = account(vat_id=ONE, vat_confirmed_at=clock.now(), vat_note="by hand")
    who = contact(mine)
    assert not change(who, mine, ONE, ONE)
    assert now(mine).state == "confirmed"
    assert change(who, mine, OTHER, ONE)
    assert (now(mine).state, now(mine).account.vat_confirmed_at, now(mine).account.vat_note) == ("waiting", None, "")
    assert change(who, mine, "", OTHER)
    assert (now(mine).state, now(mine).account.vat_id) == ("none", None)
    register = Register()
    check(register)
    assert not register.asked


@pytest.mark.parametrize(
    "elsewhere", [{"country": "DE", "vat_id": None}, {"country": "CH"}, {"country": "US"}], ids=["home", "CH", "US"]
)
def test_nothing_is_sent_where_no_tax_depends_on_it(database: Database, elsewhere: dict[str, str]) -> None:
    mine = account(**elsewhere)
    number = {"DE": "DE136695976", "CH": "CHE-107.787.577 IVA", "US": "123456789"}[mine.country]
    assert change(contact(mine), mine, number)
    assert (now(mine).vat_id, now(mine).state, waiting()) == (number, "not_needed", [])
    for verb in (service.check_now, service.confirm_vat_id):
        with pytest.raises(NothingToConfirm):
            db.perform(
                verb, finance(), mine.public_id, number, *(["A letter"] if verb is service.confirm_vat_id else [])
            )


def test_who_may_not_and_what_cannot_be_is_refused_and_changes_nothing(database: Database) -> None:
    mine, theirs = account(vat_id=ONE), account()
    corporate = make.account(country="AT")
    who = contact(mine)
    with pytest.raises(NotFound):
        change(who, theirs, ONE)
    for viewer, of in (
        (make.viewer(make.contact(mine, rights="pay"), Realm.MY), mine),
        (make.viewer(make.contact(corporate)), corporate),
    ):
        with pytest.raises(NotAllowed):
            change(viewer, of, OTHER)
    for viewer in (make.viewer(make.staff("support"), Realm.DESK), who):
        for verb, rest in ((service.check_now, []), (service.confirm_vat_id, ["A letter"])):
            with pytest.raises((NotAllowed, NotFound)):
                db.perform(verb, viewer, mine.public_id, ONE, *rest)
    for typed in ("ATU57194904", "DE136695976"):
        with pytest.raises(Invalid):
            change(who, mine, typed)
    with pytest.raises(VatIdChanged):
        change(who, mine, OTHER, "")
    with pytest.raises(NoteNeeded):
        db.perform(service.confirm_vat_id, finance(), mine.public_id, ONE, "  ")
    assert (now(mine).vat_id, now(mine).state, waiting(), audited()) == (ONE, "unchecked", [], [])


def test_a_register_that_does_not_answer_is_asked_again_after_growing_pauses(database: Database) -> None:
    mine = account()
    change(contact(mine), mine, ONE)
    for minutes in (1, 2, 4):
        with pytest.raises(jobs.NotYet) as later:
            check(Register("MS_UNAVAILABLE"))
        assert later.value.pause == timedelta(minutes=minutes)
        assert (now(mine).state, now(mine).account.vat_confirmed_at) == ("unavailable", None)
    found = now(mine).check
    assert found is not None
    assert (found.tries, found.trouble) == (3, "MS_UNAVAILABLE")
    assert checking.pause_after(30) == timedelta(hours=6)
    check(Register())
    assert now(mine).state == "confirmed"


def test_finance_makes_a_waiting_check_due_at_once(database: Database) -> None:
    mine, clerk = account(vat_id=ONE), finance()
    db.perform(service.check_now, clerk, mine.public_id, ONE)
    (job,) = waiting()

    def postpone() -> None:
        db.session().get_one(Job, job.id).run_at = clock.now() + timedelta(hours=6)

    db.perform(postpone)
    db.perform(service.check_now, clerk, mine.public_id, ONE)
    (job,) = waiting()
    assert job.run_at <= clock.now()


def test_a_number_that_the_register_does_not_know_confirms_nothing_and_ends_what_was(database: Database) -> None:
    mine = account(vat_id=ONE, vat_confirmed_at=clock.now() - timedelta(days=85))
    who = contact(mine)
    assert checking.renew_due() == 1
    assert (now(mine).state, now(mine).is_under_way) == ("confirmed", True)
    check(Register(Answer(is_known=False)))
    assert (now(mine).state, now(mine).account.vat_confirmed_at) == ("unknown", None)
    assert not change(who, mine, ONE, ONE)
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=2)):
        assert change(who, mine, ONE, ONE)
        check(Register())
        assert now(mine).state == "confirmed"


def test_the_answer_about_a_number_that_was_changed_meanwhile_is_dropped(database: Database) -> None:
    mine = account()
    who = contact(mine)
    change(who, mine, ONE)
    check(Register(KNOWN, lambda: change(who, mine, OTHER)))
    assert (now(mine).vat_id, now(mine).state, now(mine).account.vat_confirmed_at) == (OTHER, "waiting", None)
    check(Register("TIMEOUT", lambda: change(who, mine, ONE)), place=-1)
    assert (now(mine).vat_id, now(mine).state) == (ONE, "waiting")
    with db.reading() as session:
        assert list(session.scalars(select(VatCheck.state).order_by(VatCheck.id))) == [
            "replaced",
            "replaced",
            "waiting",
        ]


def test_a_number_changed_by_an_import_ends_the_check_of_the_former_one(database: Database) -> None:
    mine = account()
    change(contact(mine), mine, ONE)

    def import_it() -> None:
        db.session().get_one(Account, mine.id).vat_id = OTHER

    db.perform(import_it)
    check(register := Register())
    assert not register.asked
    assert now(mine).state == "unchecked"
    db.perform(service.check_now, finance(), mine.public_id, OTHER)
    check(register)
    assert (register.asked[0].vat_id, now(mine).state) == (OTHER, "confirmed")


def test_finance_vouches_with_a_note_and_the_answer_under_way_comes_too_late(database: Database) -> None:
    mine, clerk = account(), finance()
    change(contact(mine), mine, ONE)

    def vouch() -> None:
        db.perform(service.confirm_vat_id, clerk, mine.public_id, ONE, " Letter of 3 May ")

    check(Register(Answer(is_known=False), vouch))
    found = now(mine)
    assert (found.state, found.by_finance, found.account.vat_note) == ("confirmed", True, "Letter of 3 May")
    with db.reading() as session:
        last = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert last is not None
    assert (last.actor, last.action) == (clerk.actor, "account.vat-id-confirmed")
    assert json.loads(last.detail)["note"] == "Letter of 3 May"


def test_of_two_who_change_it_at_once_the_second_is_told(database: Database) -> None:
    mine = account(vat_id=ONE)
    people, ends, outcomes = (finance(), finance()), threading.Barrier(2), list[object]()

    def go(viewer: Viewer, typed: str) -> None:
        ends.wait()
        try:
            outcomes.append(change(viewer, mine, typed, ONE))
        except VatIdChanged:
            outcomes.append("told")

    threads = [threading.Thread(target=go, args=(people[n], typed)) for n, typed in enumerate((OTHER, "ATU60951367"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, outcomes)) == ["True", "told"]
    assert len(waiting()) == 1


def test_a_confirmation_counts_ninety_days_and_is_renewed_in_time_once(database: Database) -> None:
    mine = account(vat_id=ONE, vat_confirmed_at=clock.now(), vat_note="VIES")
    account(vat_id="DE136695976", country="DE", vat_confirmed_at=clock.now())
    account(vat_id="ATU60951367", vat_confirmed_at=clock.now(), closed_on=clock.today("UTC"))
    begun = datetime.now(UTC)
    with time_machine.travel(begun + timedelta(days=79)):
        assert checking.renew_due() == 0
    with time_machine.travel(begun + timedelta(days=81)):
        assert (checking.renew_due(), checking.renew_due()) == (1, 0)
        with pytest.raises(jobs.NotYet):
            check(Register("MS_UNAVAILABLE"))
        assert now(mine).state == "confirmed"
    with time_machine.travel(begun + timedelta(days=90, seconds=1)):
        assert (now(mine).state, vat_is_confirmed(now(mine).account, clock.now())) == ("unavailable", False)
        check(Register())
        assert now(mine).state == "confirmed"
        assert checking.renew_due() == 0


def test_renewals_are_spread_and_never_more_than_some_at_a_time(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "MOST_RENEWALS", 2)
    seller = make.seller()
    for days in (85, 95, 81):
        make.account(seller, country="AT", vat_id=ONE, vat_confirmed_at=clock.now() - timedelta(days=days))
    assert checking.renew_due() == 2
    first, second = waiting()
    assert second.run_at - first.run_at >= timedelta(seconds=29)
    assert (checking.renew_due(), checking.renew_due()) == (1, 0)


def test_finance_sees_whose_number_is_not_confirmed(database: Database) -> None:
    account(vat_id=ONE, vat_confirmed_at=clock.now())
    account(vat_id="DE136695976", country="DE")
    old, new = account(vat_id=ONE, vat_confirmed_at=clock.now() - timedelta(days=91)), account()
    change(contact(new), new, OTHER)
    check(Register(Answer(is_known=False)))
    clerk = finance()
    with db.reading():
        found = {row.account.id: row.state for row in queries.unconfirmed(clerk)}
    assert found == {old.id: "lapsed", new.id: "unknown"}
