"""A fresh proof before what matters most: asked for in the answer to the form, which loses nothing that was typed."""

from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select, update

from billing_core import clock, db
from billing_core.audit import AuditEntry
from billing_core.credentials.models import Password, SignInSession
from billing_core.payments import limits
from billing_core.payments.models import Payment
from billing_core.people import Person
from billing_core.permissions import Realm
from corporate_portal.quotes.models import Quote
from tests.billing_core.credentials.factors.test_passkeys import options_on
from tests.client import Client, Page
from tests.factories import core as make
from tests.factories import ledger, quotes
from tests.factories.factors import app_of, code, wrong_code
from tests.factories.passkeys import SoftKey, passkey_of

ASKED = "Confirm that it is you"


def old(*, handed_over: bool = False) -> None:
    """Everybody signed in eleven minutes ago."""
    then = None if handed_over else clock.real_now() - timedelta(minutes=11)
    db.perform(lambda: db.session().execute(update(SignInSession).values(proven_at=then)))


def proven_at(person: Person) -> object:
    with db.reading() as session:
        newest = select(SignInSession.proven_at).where(SignInSession.person_id == person.id)
        return session.scalars(newest.order_by(SignInSession.id.desc())).first()


def state_of(quote: Quote) -> str:
    return quotes.version(quote).state


@pytest.fixture
def deal(app: Flask) -> quotes.Deal:
    return quotes.deal()


def place(client: Client, quote: Quote, **more: str) -> Page:
    """Accept the quote, with what the page holds."""
    reviewed = quotes.version(quote).sha256
    shown = client.get(f"/quotes/{quote.public_id}/confirm?reviewed={reviewed}&payment=terms&po_number=PO-77")
    fields = shown.form("confirm") | {"agreed": "y"} | more
    return client.post(f"/quotes/{quote.public_id}/confirm", fields)


def confirm(client: Client, asked: Page, **proof: str) -> Page:
    """Send the page that asks, as it is, with the proof."""
    form = asked.html.select_one("main form[method=post]")
    assert form is not None
    return client.post(str(form["action"]), asked.form() | proof)


def test_within_ten_minutes_nothing_is_asked(app: Flask, deal: quotes.Deal) -> None:
    quote = quotes.sent(deal)
    assert place(Client(app).sign_in(deal.contact), quote).status == 303
    assert state_of(quote) == "accepted"


def test_later_the_password_is_asked_for_and_what_was_typed_is_kept(app: Flask, deal: quotes.Deal) -> None:
    quote = quotes.sent(deal)
    client = Client(app).sign_in(deal.contact)
    old()
    asked = place(client, quote)
    assert (asked.status, asked.h1, state_of(quote)) == (403, ASKED, "sent")
    wrong = confirm(client, asked, proof_password="wrong but long enough")
    assert (wrong.status, "This is not your password." in wrong.words, state_of(quote)) == (400, True, "sent")
    assert "wrong but long enough" not in wrong.text
    done = confirm(client, wrong, proof_password=make.PASSWORD)
    assert (done.status, state_of(quote)) == (303, "accepted")
    assert "PO-77" in client.follow(done).words
    other = quotes.sent(deal)
    assert place(client, other).status == 303  # proven for the next ten minutes


def test_after_a_proof_the_former_cookie_opens_nothing(app: Flask, deal: quotes.Deal) -> None:
    client, thief = Client(app).sign_in(deal.contact), Client(app)
    thief.browser.set_cookie("portal-session", client.browser.get_cookie("portal-session").value)
    old()
    assert thief.get("/quotes").status == 200
    asked = place(client, quotes.sent(deal))
    assert (confirm(client, asked, proof_password="wrong but long enough").status, thief.get("/quotes").status) == (
        400,
        200,
    )
    assert confirm(client, asked, proof_password=make.PASSWORD).status == 303
    assert (client.get("/quotes").status, thief.get("/quotes").status) == (200, 303)


def test_who_has_a_factor_shows_that_one_and_not_the_password(app: Flask, deal: quotes.Deal) -> None:
    quote = quotes.sent(deal)
    codes = app_of(deal.contact)
    client = Client(app).sign_in(deal.contact)
    old()
    asked = place(client, quote)
    assert "Your password" not in asked.words
    assert confirm(client, asked, proof_password=make.PASSWORD, proof_code="").status == 400
    assert confirm(client, asked, proof_code=wrong_code()).status == 400
    used = code()
    assert confirm(client, asked, proof_code=used).status == 303
    old()
    second = place(client, quotes.sent(deal))
    assert confirm(client, second, proof_code=used).status == 400
    assert confirm(client, second, proof_code=codes[0]).status == 303
    with db.reading() as session:
        told = session.scalars(select(AuditEntry.action).where(AuditEntry.action.like("factor.%"))).all()
    assert told == ["factor.recovery_code_used"]


def test_a_passkey_proves_and_its_answer_counts_once(app: Flask, deal: quotes.Deal) -> None:
    key = SoftKey(counts=False)
    passkey_of(deal.contact, key)
    client = Client(app).sign_in(deal.contact)
    old()
    asked = place(client, quotes.sent(deal))
    said = key.use(options_on(asked))
    assert confirm(client, asked, proof_passkey=said).status == 303
    old()
    again = place(client, quotes.sent(deal))
    assert confirm(client, again, proof_passkey=said).status == 400
    assert confirm(client, again, proof_passkey=key.use(options_on(again))).status == 303


def test_wrong_proofs_close_the_door_for_a_while(app: Flask, deal: quotes.Deal) -> None:
    client = Client(app).sign_in(deal.contact)
    old()
    asked = place(client, quotes.sent(deal))
    for _ in range(5):
        confirm(client, asked, proof_password="wrong but long enough")
    refused = confirm(client, asked, proof_password=make.PASSWORD)
    assert (refused.status, refused.h1, "Too many attempts." in refused.words) == (429, ASKED, True)
    with time_machine.travel(clock.real_now() + timedelta(minutes=2)):
        assert confirm(client, asked, proof_password=make.PASSWORD).status == 303


def test_a_proof_is_for_its_own_session(app: Flask, deal: quotes.Deal) -> None:
    mine, thief = Client(app).sign_in(deal.contact), Client(app).sign_in(deal.contact)
    old()
    quote = quotes.sent(deal)
    assert confirm(mine, place(mine, quote), proof_password=make.PASSWORD).status == 303
    assert place(thief, quotes.sent(deal)).h1 == ASKED


def test_a_session_that_another_site_handed_over_is_never_asked(app: Flask, deal: quotes.Deal) -> None:
    client = Client(app).sign_in(deal.contact)
    old(handed_over=True)
    assert place(client, quotes.sent(deal)).status == 303


def test_a_proof_needs_the_token_of_the_form(app: Flask, deal: quotes.Deal) -> None:
    client = Client(app).sign_in(deal.contact)
    old()
    asked = place(client, quotes.sent(deal))
    before = proven_at(deal.contact)
    assert confirm(client, asked, proof_password=make.PASSWORD, csrf_token="none").status == 400
    assert proven_at(deal.contact) == before


def test_the_password_page_never_holds_a_password(app: Flask, deal: quotes.Deal) -> None:
    client = Client(app).sign_in(deal.contact)
    old()
    shown = client.get("/security")
    asked = client.post("/security/passkeys", {"password": "mine, all mine", "x": "kept"}, page=shown)
    assert (asked.h1, "mine, all mine" in asked.text, 'value="kept"' in asked.text) == (ASKED, False, True)


def test_a_password_changed_meanwhile_proves_nothing(app: Flask, deal: quotes.Deal) -> None:
    client = Client(app).sign_in(deal.contact)
    old()
    asked = place(client, quotes.sent(deal))
    db.perform(lambda: db.session().execute(update(Password).values(hash="$argon2id$v=19$m=8,t=1,p=1$YWFhYWFhYWE$YQ")))
    assert confirm(client, asked, proof_password=make.PASSWORD).status == 400


@pytest.mark.parametrize(("amount", "is_asked"), [(500_000, False), (500_001, True)])
def test_large_payments_ask_and_small_ones_do_not(app: Flask, deal: quotes.Deal, amount: int, is_asked: bool) -> None:
    assert limits._proven_above == 5000
    invoice = ledger.invoice(deal.account, 700_000, contact=deal.contact)
    client = Client(app).sign_in(deal.contact)
    old()
    shown = client.get(f"/invoices/{invoice.public_id}/pay")
    fields = shown.form("/pay") | {"share": "part", "amount": f"{amount // 100}.{amount % 100:02}"}
    page = client.post(f"/invoices/{invoice.public_id}/pay", fields)
    assert (page.h1 == ASKED, payments()) == (is_asked, 0 if is_asked else 1)
    if is_asked:
        assert confirm(client, page, proof_password=make.PASSWORD).status == 303
        assert payments() == 1


def test_several_invoices_count_together(app: Flask, deal: quotes.Deal) -> None:
    named = [ledger.invoice(deal.account, 300_000, contact=deal.contact).public_id for _ in range(2)]
    client = Client(app).sign_in(deal.contact)
    old()
    parts = "&".join(f"parts-{place}={name}.300000.300000" for place, name in enumerate(named))
    shown = client.get(f"/payments/confirm?{parts}")
    page = client.post("/payments/confirm", shown.form("confirm"))
    assert (page.h1, payments()) == (ASKED, 0)
    assert confirm(client, page, proof_password=make.PASSWORD).status == 303
    assert payments() == 1


def test_in_german_it_is_asked_in_german(app: Flask, deal: quotes.Deal) -> None:
    client = Client(app).sign_in(deal.contact)
    client.post("/language", {"language": "de", "next": "/quotes"}, page=client.get("/quotes"))
    old()
    assert place(client, quotes.sent(deal)).h1 == "Bestätigen Sie, dass Sie es sind"


def payments() -> int:
    with db.reading() as session:
        return len(session.scalars(select(Payment.id)).all())


@pytest.mark.parametrize("realm", [Realm.PORTAL, Realm.MY, Realm.DESK])
def test_what_changes_a_factor_asks(app: Flask, realm: Realm) -> None:
    who = make.staff(user_id="anna") if realm is Realm.DESK else make.contact(make.account(), make.person("A", "anna"))
    here = {Realm.PORTAL: "/security", Realm.MY: "/my-account/security", Realm.DESK: "/desk/security"}[realm]
    client = Client(app).sign_in(who, realm)
    old()
    shown = client.get(here)
    for deed in ("passkeys", "passkeys/psk_x/remove", "authenticator/drop", "recovery-codes"):
        assert client.post(f"{here}/{deed}", page=shown).h1 == ASKED, deed
