"""Another program with its token: what it sends, and a world in which there is something to read."""

from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from billing_core import db
from billing_core.payments.service import pay_invoice
from corporate_portal.api import service
from corporate_portal.api.models import ApiToken
from corporate_portal.api.policy import Scope
from corporate_portal.quotes.models import Quote
from tests.factories import core, ledger
from tests.factories import quotes as make
from tests.factories.quotes import Deal

ROOT = "/api/v1"
_keys = count(1)


def token(*scopes: Scope, expires_at: datetime | None = None) -> tuple[ApiToken, str]:
    """A token for these scopes, or for all."""
    return db.perform(service.issue_token, "test", "CRM", scopes or tuple(Scope), expires_at)


class Program:
    """Sends requests with its token, a new key for each POST, and checks what every answer must have."""

    def __init__(self, app: Flask, *scopes: Scope) -> None:
        self.browser = app.test_client()
        self.token, self.secret = token(*scopes)

    def send(self, method: str, path: str, **kwargs: Any) -> TestResponse:
        """Any request; `headers` are added to the token's."""
        headers = {"Authorization": f"Bearer {self.secret}"} | dict(kwargs.pop("headers", {}))
        answer = self.browser.open(ROOT + path, method=method, headers=headers, **kwargs)
        check(answer)
        return answer

    def get(self, path: str, **headers: str) -> TestResponse:
        """Read."""
        return self.send("GET", path, headers=spelled(headers))

    def post(self, path: str, content: Any = None, *, key: str = "", seen: str = "", **headers: str) -> TestResponse:
        """Do something under a key; `seen` is the ETag of what was read."""
        own = {"Idempotency-Key": key or f"key-{next(_keys)}"} | ({"If-Match": seen} if seen else {})
        body = {} if content is None else {"json": content}
        return self.send("POST", path, headers=own | spelled(headers), **body)

    def put(self, path: str, content: Any, seen: str, **headers: str) -> TestResponse:
        """Change what was read."""
        return self.send("PUT", path, headers={"If-Match": seen} | spelled(headers), json=content)

    def seen(self, quote: Quote) -> str:
        """The ETag of the quote as it is now."""
        return self.get(f"/quotes/{quote.public_id}").headers["ETag"]


def spelled(headers: dict[str, str]) -> dict[str, str]:
    """accept_language becomes Accept-Language."""
    return {name.replace("_", "-").title(): value for name, value in headers.items()}


def check(answer: TestResponse) -> None:
    """No page, no cookie, nothing that may be kept; a problem is a problem document that repeats the status."""
    assert "html" not in (answer.content_type or ""), answer.text
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    if answer.status_code >= 400:
        assert answer.content_type == "application/problem+json", answer.text
        assert answer.json is not None
        assert answer.json["status"] == answer.status_code
        assert answer.json["detail"].endswith("."), answer.json
        assert "%(" not in answer.text


def problem(answer: TestResponse) -> tuple[int, str]:
    """Status and name of what went wrong."""
    assert answer.json is not None, answer.text
    return answer.status_code, answer.json["type"].removeprefix("urn:problem-type:billing-portal:")


def wish(of: Deal, **changes: Any) -> dict[str, Any]:
    """The content of a draft: three yearly seats less 5 %."""
    line = {"effect": "start", "product": of.product.code, "frequency": "yearly", "quantity": 3, "percent_off": 500}
    text = {"title": "Three seats", "starts_on": make.in_days(1).isoformat(), "term_months": 12, "lines": [line]}
    return text | changes


def new(of: Deal, **changes: Any) -> dict[str, Any]:
    """The same, for the deal's account."""
    return wish(of, **{"account": of.account.public_id} | changes)


@dataclass(frozen=True)
class Stock:
    """One of everything that can be read, by resource: the public ids."""

    deal: Deal
    quotes: dict[str, Quote]
    ids: dict[str, str]


def stock() -> Stock:
    """Quotes in every reachable state, an order, invoices, a payment, and an online account that must not be seen."""
    deal = make.deal(payment_days=14)
    quotes = {
        "accepted": make.accepted(deal),
        "rejected": make.rejected(deal),
        "withdrawn": make.withdrawn(deal),
        "sent": make.sent(deal),
        "draft": make.draft(deal),
    }
    invoice = ledger.invoice(deal.account, 50_000, contact=deal.contact)
    ledger.pdf_of(invoice)
    payment = pay_invoice(core.viewer(deal.contact), invoice.public_id, 10_000)
    online = core.account(kind="online", rep_id=None)
    ledger.invoice(online, 10_000)
    ids = {
        "accounts": deal.account.public_id,
        "quotes": quotes["accepted"].public_id,
        "invoices": invoice.public_id,
        "payments": payment.public_id,
        "online": online.public_id,
    }
    return Stock(deal, quotes, ids)
