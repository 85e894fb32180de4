"""The demo: complete, open to everybody it names, harmless to install twice, never stale and never in production."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from app.demo import decisions, install
from app.demo.install import DemoRefused, banner, install_demo, refresh_demo
from app.demo.logins import demo_logins
from app.settings import Settings
from billing_core import clock, db, people
from billing_core.accounts import Account
from billing_core.audit import AuditEntry
from billing_core.catalogue.queries import features_of, offer_of, offers_on
from billing_core.credentials import sessions
from billing_core.credentials.strength import demand_strength
from billing_core.ledger.models import Invoice
from billing_core.mail.models import OutboxMail
from billing_core.people import Person
from billing_core.permissions import Realm, viewer_of
from billing_core.subscriptions.models import Subscription
from corporate_portal.quotes import states
from corporate_portal.quotes.models import Quote, QuoteVersion
from tests.copies import Copies


@pytest.fixture
def installed(settings: Settings, copies: Copies) -> Settings:
    db.configure(settings.database)
    copies.begin_with("demo", lambda: install_demo(settings))
    return settings


def shown_states() -> dict[str, str]:
    with db.reading() as session:
        current = select(Quote.external_id, QuoteVersion).join(QuoteVersion, QuoteVersion.quote_id == Quote.id)
        rows = session.execute(current.where(QuoteVersion.is_current)).all()
    return {key: version.shown_state(clock.now()) for key, version in rows}


def test_the_demo_has_what_a_newcomer_should_see(installed: Settings) -> None:
    with db.reading() as session:
        accounts = session.scalars(select(Account)).all()
        invoices = session.scalars(select(Invoice)).all()
        today = clock.today("UTC")
        assert len(accounts) >= 12
        assert {account.kind for account in accounts} == {"corporate", "online"}
        assert {account.currency for account in accounts} == {"EUR", "USD", "GBP", "CHF", "JPY"}
        assert {account.locale for account in accounts} == {"en", "de"}
        assert {invoice.settlement for invoice in invoices} == {"open", "partially_paid", "paid"}
        assert any(invoice.is_past_due(today) for invoice in invoices)
        assert {invoice.issued_elsewhere for invoice in invoices} == {True, False}
        used = {subscription.status(today) for subscription in session.scalars(select(Subscription))}
        assert {"active", "trial", "expired", "pending_cancellation"} <= used
        roles = set(session.scalars(select(Person.staff_role)))
        assert roles == {None, "rep", "rep_manager", "finance", "support"}
        without = [account for account in accounts if not people.contacts_of(account.id)]
        assert [account.external_id for account in without] == ["tanaka"]
        hiding = {account.kind for account in accounts if account.hides_contacts}
        assert hiding == {"corporate", "online"}
        sent_mails = session.scalars(select(OutboxMail.kind)).all()
        assert {"quote-sent", "invoice-issued"} <= set(sent_mails)
    shown = {
        states.DRAFT, states.AWAITING_APPROVAL, states.SENT, states.CHANGE_REQUESTED, states.ACCEPTED, states.REJECTED,
        states.EXPIRED, states.WITHDRAWN,
    }  # fmt: skip
    assert set(shown_states().values()) == shown


def test_everybody_named_can_sign_in_where_it_says(installed: Settings) -> None:
    realm_of = {"portal": Realm.PORTAL, "my": Realm.MY, "desk": Realm.DESK}
    passwords = [login.password for login in demo_logins()]
    assert len(set(passwords)) == len(passwords)
    with db.reading() as session:
        everybody = session.scalar(select(func.count()).select_from(Person).where(Person.disabled_at.is_(None)))
        assert len(passwords) == everybody
        for login in demo_logins():
            person = people.person_by_identifier(login.user_id)
            assert person is not None
            assert person.external_id == login.person
            assert sessions.may_enter(viewer_of(person, realm_of[login.place])), login
            demand_strength(login.password, [person.name, person.email, login.user_id, installed.brand_name])


def test_installing_twice_changes_nothing(installed: Settings) -> None:
    def everything() -> tuple[int | None, ...]:
        with db.reading() as session:
            tables = (AuditEntry, QuoteVersion, Invoice, Person)
            return tuple(session.scalar(select(func.count()).select_from(table)) for table in tables)

    before = everything()
    assert install_demo(installed) == demo_logins()
    assert everything() == before


def test_an_interrupted_installation_is_taken_up_again(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(decisions, "_reject", fail)
    with pytest.raises(KeyboardInterrupt):
        install_demo(settings)
    assert not install.is_installed()
    monkeypatch.undo()
    install_demo(settings)
    assert shown_states()["q-kestrel-assist"] == states.REJECTED


@pytest.mark.usefixtures("installed")
def test_a_refresh_makes_the_demo_current_again(settings: Settings) -> None:
    later = datetime.now(UTC) + timedelta(days=200)
    with time_machine.travel(later, tick=False):
        assert states.SENT not in shown_states().values()
        refresh_demo(settings)
        refreshed = shown_states()
        new = {key: state for key, state in refreshed.items() if key.endswith(f"-{later.date()}")}
        assert set(new.values()) == {states.SENT, states.DRAFT, states.AWAITING_APPROVAL}
        assert new[f"q-lindner-rollout-{later.date()}"] == states.SENT
        with db.reading() as session:
            confirmed = session.scalars(
                select(Account.vat_confirmed_at).where(Account.external_id == "alpenblick")
            ).one()
            assert confirmed is not None
            assert later - confirmed < timedelta(days=90)
            studio = select(Subscription).where(Subscription.external_id == "s-weber-meeting")
            assert session.scalars(studio).one().status(later.date()) == "active"
        refresh_demo(settings)
        assert shown_states() == refreshed


def test_a_refresh_needs_a_demo(settings: Settings) -> None:
    with pytest.raises(DemoRefused, match="portal demo install"):
        refresh_demo(settings)


def test_production_is_refused_before_anything_is_read(settings: Settings) -> None:
    for verb in (install_demo, refresh_demo):
        with pytest.raises(DemoRefused, match="for development only"):
            verb(replace(settings, environment="production"))
    assert not install.is_installed()


def test_the_start_names_the_demo_only_where_it_is(settings: Settings) -> None:
    assert banner(settings) == f"The portal runs at {settings.base_url}"
    install_demo(settings)
    text = banner(settings)
    for login in demo_logins():
        assert (login.password in text) == bool(login.purpose)
    assert f"{settings.base_url}/mailbox" in text
    assert f"{settings.base_url}/clock" in text
    assert "/clock" not in banner(replace(settings, clock="real"))
    assert "kvogt" not in banner(replace(settings, environment="production"))


@pytest.mark.usefixtures("installed")
def test_what_is_sold_online_can_be_looked_at_and_compared() -> None:
    with db.reading():
        for currency in ("EUR", "USD", "GBP", "CHF", "JPY"):
            offers = offers_on(clock.today("UTC"), currency)
            assert [offer.code for offer in offers] == ["MEETING", "WEBINAR", "TRAINING", "ASSIST", "RESCUE"]
            assert {offer.seat_kind for offer in offers} == {"organizer", "agent", "expert"}
            assert all(tier.frequencies == ("monthly", "yearly") for offer in offers for tier in offer.tiers)
            assert {len(offer.tiers) for offer in offers} == {1, 2, 3}
        rows = features_of([offer.product_id for offer in offers])
        for offer in offers:
            compared = [[row.of(tier.name) for tier in offer.tiers] for row in rows[offer.product_id]]
            assert len(compared) > 5
            assert all(any(one.is_included for one in row) for row in compared), "a row that nobody has"
        later = offer_of("TRAINING", date(2027, 7, 1), "EUR")
    assert later is not None
    assert later.price("Pro", "monthly") == 13400
