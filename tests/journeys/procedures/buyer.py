"""Who walks the procedures: the contact of an online account of which everything has expired."""

from dataclasses import dataclass, field
from datetime import timedelta

from babel.dates import format_date
from babel.numbers import format_currency
from sqlalchemy import select

from app.demo.logins import Login
from billing_core import clock, db
from billing_core.accounts import Account
from billing_core.catalogue.models import Product
from billing_core.sellers.models import Seller
from tests.factories import core, plans
from tests.journeys.visitor import Visitor


@dataclass
class Buyer:
    """A contact at a browser. `numbers` are those of the account's invoices so far, the newest last."""

    contact: Visitor
    login: Login
    account: Account
    numbers: list[str] = field(default_factory=list)

    def shown(self, amount: int) -> str:
        """Smallest units as the reader of the language sees them."""
        text = format_currency(amount / 100, "EUR", locale="de_DE" if self.contact.walk.locale == "de" else "en_GB")
        return text.replace("\xa0", " ")

    @property
    def today(self) -> str:
        """The day on the account's calendar, written out."""
        is_german = self.contact.walk.locale == "de"
        return format_date(clock.today(self.account.timezone), "d. MMMM y" if is_german else "d MMMM y",
                           locale="de_DE" if is_german else "en_GB")  # fmt: skip

    def choose_tier(self, name: str) -> None:
        """A radio button whose label is data."""
        self.contact.page.locator("label").get_by_text(name, exact=True).click()

    def look_at_the_sum(self, label: str = "Change") -> None:
        """Without a script the Order Summary waits for the button."""
        if not self.contact.walk.javascript:
            self.contact.click(label)


def expired_buyer(contact: Visitor) -> Buyer:
    """In Austria, without a VAT number: Rescue has expired, and so has a trial of GoToTraining."""
    locale = contact.walk.locale
    with db.reading() as session:
        seller = session.scalars(select(Seller).where(Seller.country == "DE")).first()
        products = {one.code: one for one in session.scalars(select(Product))}
    account = core.account(
        seller, kind="online", rep_id=None, name="Atelier Novak", country="AT", city="Wien", postal_code="1070",
        timezone="Europe/Vienna", locale=locale,
    )  # fmt: skip
    who = core.contact(account, core.person("Lena Novak", "lena.novak", locale=locale))
    today = clock.today(account.timezone)
    over = {"seats": 1, "period_start": today - timedelta(60), "period_end": today - timedelta(30)}
    plans.subscribed(account, products["RESCUE"], "", unit_price=8300, **over)
    plans.subscribed(account, products["TRAINING"], "Starter", unit_price=0, is_trial=True, **over)
    return Buyer(contact, Login(who.external_id, "lena.novak", core.PASSWORD, "my", ""), account)
