"""What races for money have in common: a payer on the hosted page, and the books beside the processor's file."""

import json
import sqlite3
from contextlib import closing
from urllib.parse import urlsplit

from bs4 import BeautifulSoup
from sqlalchemy import select, text

from billing_core import db
from billing_core.payments import service
from billing_core.payments.models import Payment
from tests import invariants
from tests.checker import audit
from tests.concurrency.server import Browser
from tests.conftest import Database
from tests.factories.till import CardTill
from tests.faults.quiet import work_off

DONE, REFUSED = 303, (400, 409)
THINGS = "SELECT body FROM object WHERE seq > :after AND kind IN ('charge', 'refund')"


def enter_card_if_open(till: CardTill, tab: Browser, hosted: str) -> None:
    """What the payer does next, unless the page was closed meanwhile; and then comes back."""
    place = "/sandbox/" + hosted.partition("/sandbox/")[2]
    page = BeautifulSoup(till.browser.get(place).get_data(as_text=True), "lxml")
    token = page.select_one("input[name=page_token]")
    if token is not None:
        sent = {"card": "pm_card_visa", "page_token": str(token["value"])}
        tab.get(urlsplit(till.browser.post(place, data=sent).location)._replace(scheme="", netloc="").geturl())


def newest_thing(till: CardTill) -> int:
    """The number of what the processor put down last."""
    with closing(sqlite3.connect(till.path)) as store:
        return int(store.execute("SELECT COALESCE(MAX(seq), 0) FROM object").fetchone()[0])


def charged_and_sent_back(till: CardTill, after: int = 0) -> tuple[list[int], list[int]]:
    """The amounts that came by card and went back, by the processor's own file."""
    with closing(sqlite3.connect(till.path)) as store:
        bodies = [json.loads(body) for (body,) in store.execute(THINGS, {"after": after})]
    charges = [one["amount"] for one in bodies if one["object"] == "charge" and one["status"] == "succeeded"]
    return charges, [one["amount"] for one in bodies if one["object"] == "refund"]


def sums(till: CardTill) -> dict[str, int]:
    """What came by card and went back, by the processor's own file; and what the portal has of each."""
    charges, refunds = charged_and_sent_back(till)
    with db.reading() as session:
        ours = {
            name: int(session.scalar(text(f"SELECT COALESCE(SUM({column}), 0) FROM {table}")) or 0)  # noqa: S608
            for name, column, table in (
                ("issued", "total", "invoice"), ("open", "balance", "invoice"), ("credit", "amount", "credit_entry"),
                ("transferred", "amount", "incoming_payment"),
            )
        }  # fmt: skip
    return ours | {"by_card": sum(charges), "sent_back": sum(refunds)}


def audit_everything(till: CardTill, database: Database) -> dict[str, int]:
    """Nothing was charged, booked or sent back twice, and nothing is lost; the sums, once all is settled."""
    work_off()  # needless attempts are ended
    with db.reading() as session:
        invariants.check(session.connection())
        unpaid = session.scalars(
            select(Payment.public_id).where(Payment.state.in_(("creating", "open", "unknown")))
        ).all()
    for public_id in unpaid:
        service.settle(public_id)
    found = sums(till)
    came = found["by_card"] - found["sent_back"] + found["transferred"]
    assert found["open"] - found["credit"] == found["issued"] - came, found
    audit(database.url, till.path, quiet=False)
    return found
