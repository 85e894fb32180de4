"""Every field of every form takes anything without a fault: a sentence and nothing written, or a value that is valid.

Verbs run to their end and are then rolled back, so that each attempt finds the same world; what a verb would have kept
is what counts as written.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from itertools import product
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from billing_core import db
from billing_core.permissions import Realm
from tests.client import Client
from tests.factories import core
from tests.factories.sql import rows
from tests.rules.world import DOORS, FORMS, UNSHOWN, World, filled

UNTOUCHED = {"sign_in_session"}
ATTEMPTS: dict[str, Callable[[str, str], list[str]]] = {
    "too long": lambda _value, _foreign: ["x" * 10_000],
    "nul": lambda value, _foreign: [f"{value}\x00b"],
    "control": lambda value, _foreign: [f"{value}\x07\x1b"],
    "negative": lambda _value, _foreign: ["-1"],
    "zero": lambda _value, _foreign: ["0"],
    "huge": lambda _value, _foreign: ["9" * 30],
    "letters": lambda _value, _foreign: ["abc"],
    "missing": lambda _value, _foreign: [],
    "foreign": lambda _value, foreign: [foreign],
    "doubled": lambda value, _foreign: [value, value],
}
"""What is sent instead of a value. Of a doubled one the first counts, so that is always as good as the value."""
TEXT = {"negative", "zero", "huge", "letters", "foreign"}
"""What may stand where people write what they like."""
ANYTHING = set(ATTEMPTS)
"""The field says nothing to the verb here, or falls back on what is usual."""
OF_LINES = {
    "line effect": ANYTHING, "line discount": {"zero", "missing"}, "line discount_kind": ANYTHING,
    "line starts_on": {"missing"}, "line term_months": {"missing"}, "total_discount": {"zero", "missing"},
}  # fmt: skip
OF_QUOTES = {"zone": {"missing"}, "terms_version": {"missing"}, "total_discount_kind": ANYTHING}
ORDERED = {
    "po_number": TEXT | {"missing"}, "po_expires_on": {"missing"}, "admin_member": {"missing"},
    "admin_name": {"missing"}, "admin_email": {"missing"},
}  # fmt: skip
VALID: dict[str, dict[str, set[str]]] = {
    "quotes.check_order_details": ORDERED,
    "quotes.place_order": {**ORDERED, "language": ANYTHING, "agreed": ANYTHING - {"missing"}},
    "quotes.check_several": {
        **ORDERED, "rows-0-po_number": TEXT | {"missing"}, "rows-0-po_expires_on": {"missing"},
    },
    "quotes.place_orders": {
        **ORDERED, "language": ANYTHING, "agreed": ANYTHING - {"missing"}, "rows-0-wording": ANYTHING,
        "rows-0-reviewed": ANYTHING,  # what becomes of each stands on the page that follows
    },
    "desk.keep_record": {
        **ORDERED, "reference": TEXT, "reason": TEXT | {"missing"}, "agreed": ANYTHING - {"missing"},
    },
    "finance.keep_booking": {"key": ANYTHING, "reference": TEXT, "note": TEXT | {"missing"}},
    "finance.issue_credit_note": {"key": ANYTHING, "reason": TEXT, "parts-0-quantity": {"missing"}},
    "finance.use_credit": {"key": ANYTHING},
    "finance.send_refund": {
        "key": ANYTHING, "reason": TEXT, "parts-1-amount": {"zero", "missing"}, "parts-1-part": ANYTHING,
    },
    "finance.keep_return": {"reason": TEXT},
    "finance.accept_certain": {"certain": ANYTHING},
    "finance.dismiss_debits": {"entry": ANYTHING, "note": TEXT},
    "finance.accept_entry": {"back": ANYTHING},
    "finance.book_entry": {"back": ANYTHING, **{f"shares-{row}-amount": {"zero", "missing"} for row in range(20)}},
    "finance.dismiss_entry": {"back": ANYTHING, "note": TEXT},
    "finance.link_entry": {"back": ANYTHING},
    "finance.return_entry": {"back": ANYTHING},
    "finance.decide_review": {"note": TEXT},
    "receivables.pause": {"note": TEXT},
    "support.apply": {"key": ANYTHING},
    "billing.change_vat_number": {"vat_id": {"missing"}, "seen": {"missing"}},
    "finance.change_vat_id": {"vat_id": {"missing"}},
    "renewals.pay": {"card": {"missing"}},
    "finance.confirm_vat_id": {"note": TEXT},
    "statement.make_pdf": {"first": {"missing"}, "last": {"missing"}, "currency": {"missing"}},
    "profile.keep_purchase_order": {"number": TEXT, "expires_on": {"missing"}, "budget": {"missing"}},
    "quotes.send_rejection": {"reason": TEXT},
    "quotes.send_change": {"text": TEXT},
    "quotes.confirm_second": {"language": ANYTHING, "agreed": ANYTHING - {"missing"}},
    "quotes.refuse_second": {"refusal-reason": TEXT},
    "desk.set_second_rule": {"above": {"zero", "missing"}},
    "quotes.send_comment": {"text": TEXT},
    "quotes.ask_again": {"again-text": TEXT | {"missing"}},
    "requests.send": {"key": {"huge"}, "wanted_on": {"missing"}, "text": TEXT | {"missing"}},
    "desk.send_message": {"text": TEXT},
    "desk.return_quote": {"note": TEXT},
    "desk.close_request": {"answer": TEXT},
    "invoices.use_credit": {"credit-form_key": ANYTHING},
    "invoices.start_payment": {"form_key": TEXT - {"negative"}, "seen": {"zero"}, "keep": ANYTHING},
    "paying.start": {"keep": ANYTHING},
    "cards.add": {"form_key": ANYTHING},
    "paying.show_allocation": {"total": {"negative", "zero", "missing"}},
    "profile.change_bill_to": {
        "street": TEXT, "city": TEXT, "postal_code": TEXT - {"huge"}, "phone": {"huge", "missing"},
    },
    "desk.save_new_quote": {
        "key": ANYTHING, "seen": ANYTHING, "title": TEXT, "valid_until": {"missing"}, "language": ANYTHING,
        "notes": TEXT | {"missing"}, **OF_LINES, **OF_QUOTES,
    },
    "desk.save_quote": {
        "key": ANYTHING, "title": TEXT, "valid_until": {"missing"}, "language": ANYTHING,
        "notes": TEXT | {"missing"}, **OF_LINES, **OF_QUOTES,
    },
    "desk.quote_totals": {
        "key": ANYTHING, "seen": ANYTHING, "title": ANYTHING, "valid_until": ANYTHING, "notes": ANYTHING,
        "zone": ANYTHING, "language": ANYTHING, "terms_version": ANYTHING, "total_discount_kind": ANYTHING,
        **OF_LINES,
    },
    "auth.request_password_link": {"user_id": TEXT},
    "routing.send_question": {"message": TEXT},
    "cart.add": {"kind": {"missing"}, "frequency": {"missing"}, "then": ANYTHING},
    "cart.summary": {"kind": {"missing"}, "frequency": {"missing"}, "then": ANYTHING},
    "cart.change_line": {
        "kind": ANYTHING, "product": ANYTHING, "subscription": ANYTHING, "frequency": {"missing"}, "then": ANYTHING,
    },
    "checkout.place": {"card": ANYTHING - {"missing"}, "keep": ANYTHING},  # the same form is the same order
    "payment_methods.add": {"form_key": ANYTHING},
    **{f"{realm}_contacts.ask": {
        "contact": ANYTHING, "name": TEXT, "function": TEXT | {"missing"}, "reason": TEXT, "form_key": ANYTHING,
        "may_accept": ANYTHING, "may_pay": ANYTHING, "may_manage": ANYTHING,
    } for realm in ("portal", "my")},
    **{f"{realm}_contacts.invite": {"invite-name": TEXT} for realm in ("portal", "my")},
    "desk.approve_change": {"note": TEXT}, "desk.reject_change": {"reject-note": TEXT},
    "proposals.refuse": {"refusal-reason": TEXT},
    "proposals.confirm": {"form_key": ANYTHING, "keep": ANYTHING},
    **{f"{realm}_security.keep_passkey": {"name": TEXT} for realm in ("portal", "my", "desk")},
    "portal_security.set_policy": {"required": ANYTHING}, "my_security.set_policy": {"required": ANYTHING},
}  # fmt: skip
"""By endpoint and field (of lines: line and its name). Everything else is refused, and a doubled value is taken."""
TRACES = {
    "auth.check_sign_in", "auth.check_desk_sign_in", "my.check_sign_in", "verify.check",
    *(f"{realm}_security.{deed}" for realm in ("portal", "my", "desk") for deed in ("begin", "remove")),
}  # fmt: skip
"""Their refusals are written down for the throttles."""
REAL = {
    "invoices.start_payment", "paying.start", "finance.send_refund", "finance.accept_certain",
    "finance.look_at_review", "finance.decide_review", "cards.add", "checkout.place", "proposals.confirm",
    "payment_methods.add", "renewals.pay",
}  # fmt: skip
"""Several transactions with the processor between them: they cannot be rolled back each by itself."""


@contextmanager
def rolled_back(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The verbs that come to their end; what they do is not kept."""
    ended: list[str] = []

    def once(verb: Callable[[], Any], *, in_a_hurry: bool = False) -> tuple[Any, list[Any]]:
        with Session(db.engine(), expire_on_commit=False) as opened:
            if db.engine().dialect.name == "sqlite":
                opened.execute(text("BEGIN IMMEDIATE"))
            token, listening, ending = db._session.set(opened), db._after.set([]), db._last.set([])
            try:
                result = verb()
                db._end(opened)
                if not in_a_hurry:  # a session that is in use is noted once a minute, whatever was sent
                    ended.append(repr(verb))
                opened.expunge_all()
            finally:
                db._session.reset(token)
                db._after.reset(listening)
                db._last.reset(ending)
                opened.rollback()
        return result, []

    with monkeypatch.context() as patch:
        patch.setattr(db, "_once", once)
        yield ended


def test_every_form_is_tried(app: Flask) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if "POST" in (rule.methods or set())]
    posts = {rule.endpoint for rule in rules if not rule.endpoint.startswith("api.")}  # tests of their own, no forms
    assert posts == {*FORMS, *UNSHOWN, *DOORS}


@pytest.mark.parametrize("part", [0, 1])
def test_no_field_of_any_form_breaks_anything(world: World, monkeypatch: pytest.MonkeyPatch, part: int) -> None:
    """Every form, on one of the databases; `bin/prove form` tries each on both."""
    on_this_one = 2 * part + (db.engine().dialect.name == "postgresql")
    try_forms(world, monkeypatch, sorted(FORMS)[on_this_one::4])


@pytest.mark.prove
def test_no_field_of_any_form_breaks_anything_on_either_database(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    try_forms(world, monkeypatch, sorted(FORMS))


def try_forms(world: World, monkeypatch: pytest.MonkeyPatch, endpoints: list[str]) -> None:
    """Nothing of what is sent to them breaks anything."""
    foreign, wrong = core.account().public_id, []
    for endpoint in endpoints:
        client, fields = filled(world, endpoint)
        cookie = held(client, FORMS[endpoint].realm)
        path = world.path(next(rule for rule in world.app.url_map.iter_rules() if rule.endpoint == endpoint))
        before = rows(UNTOUCHED)
        with nullcontext([]) if endpoint in REAL else rolled_back(monkeypatch) as kept:
            for name, attempt in product(tried(fields), ATTEMPTS):
                kept.clear()
                sent = {key: [one] for key, one in fields.items()} | {name: ATTEMPTS[attempt](fields[name], foreign)}
                status = client.browser.post(path, data=sent).status_code
                client.browser.set_cookie(*cookie)  # a new token is rolled back with all the rest
                fault = judge(endpoint, name, attempt, status, bool(kept))
                wrong += [f"{endpoint}, {name}, {attempt}: {fault} ({status})"] if fault else []
        assert endpoint in REAL or rows(UNTOUCHED) == before
    assert not wrong, "\n".join(wrong)


def held(client: Client, realm: Realm | None) -> tuple[str, str]:
    """The cookie by which the browser is signed in."""
    name = f"{realm}-session"
    kept = client.browser.get_cookie(name)
    return name, kept.value if kept is not None else ""


def tried(fields: dict[str, str]) -> list[str]:
    """Every field but the token; of rows that repeat, those of the first two."""
    return [name for name in fields if name != "csrf_token" and not re.match(r"[a-z]+-([2-9]|\d\d+)-", name)]


def judge(endpoint: str, name: str, attempt: str, status: int, has_written: bool) -> str:
    """What is wrong with the answer, if anything."""
    valid = VALID.get(endpoint, {}).get(re.sub(r"^lines-\d+-", "line ", name), set()) | {"doubled"}
    if status >= 500:
        return "a fault of the program"
    if name == "act" and status == 200:
        return "an act that makes no sense wrote" if has_written else ""
    if attempt not in valid and status < 400:
        return "taken"
    if attempt in valid and status >= 400 and endpoint not in TRACES:
        return "refused"
    return "refused and written" if status >= 400 and has_written and endpoint not in TRACES else ""
