"""Who is there when the main job begins: a seller, a representative, a customer, and a contact without a password."""

from dataclasses import dataclass
from datetime import date

from billing_core import db
from billing_core.accounts import Account
from billing_core.catalogue.models import Price, Product
from billing_core.people import Person
from tests.factories import core
from tests.factories.core import PASSWORD, add


@dataclass(frozen=True)
class Scene:
    """The people and what is sold, with the figures that must come out, as the reader of the language writes them."""

    locale: str
    currency: str
    seller: dict[str, str]
    company: dict[str, str]
    rep_name: str
    contact_name: str
    function: str
    title: str
    quote_subject: str
    """How the subject of the mail about the quote begins."""
    seats: str
    discount: str
    seats_offer: str
    setup_offer: str
    seat_price: int
    setup_price: int
    po_number: str
    net: int
    tax: int
    total: int
    paid: int
    """Smallest units."""
    shown_net: str
    shown_tax: str
    shown_total: str
    typed_part: str
    shown_part: str
    shown_rest: str

    rep_id: str = "ogrant"
    contact_id: str = "gokafor"
    rep_password = PASSWORD
    contact_password = "amber cable drifts past noon"


ENGLISH = Scene(
    "en", "GBP",
    seller={
        "country": "GB", "name": "Northgate Communications Ltd", "street": "41 Finsbury Circus",
        "postal_code": "EC2M 7AB", "city": "London", "vat_id": "GB636684407", "bank_name": "Thames Commercial Bank",
        "iban": "GB29NWBK60161331926819", "bic": "NWBKGB2L", "timezone": "Europe/London",
        "registration": "Registered in England and Wales, no. 07318264; Director: Alan Whitmore",
    },
    company={
        "name": "Brightwell Analytics Ltd", "street": "3 Piccadilly Place", "postal_code": "M1 3BN",
        "city": "Manchester", "country": "GB", "vat_id": "GB806734917", "timezone": "Europe/London",
    },
    rep_name="Olivia Grant", contact_name="Grace Okafor", function="Head of Procurement",
    title="GoToMeeting for the Leeds office", quote_subject="Your quote",
    seats="25", discount="10", seats_offer="GoToMeeting Pro, yearly, £140.00",
    setup_offer="Onboarding package, one-off, £820.00",
    seat_price=14000, setup_price=82000, po_number="BW-2407", net=397000, tax=79400, total=476400, paid=200000,
    shown_net="£3,970.00", shown_tax="£794.00", shown_total="£4,764.00",
    typed_part="2,000.00", shown_part="£2,000.00", shown_rest="£2,764.00",
)  # fmt: skip

GERMAN = Scene(
    "de", "EUR",
    seller={
        "country": "DE", "name": "Northgate Communications GmbH", "street": "Leopoldstraße 244", "postal_code": "80807",
        "city": "München", "vat_id": "DE136148540", "bank_name": "Isarbank München",
        "iban": "DE89370400440532013000", "bic": "COBADEFFXXX", "timezone": "Europe/Berlin",
        "registration": "Amtsgericht München, HRB 198452; Geschäftsführung: Henrike Falk",
    },
    company={
        "name": "Lindner Maschinenbau GmbH", "street": "Industriestraße 18", "postal_code": "86153",
        "city": "Augsburg", "country": "DE", "vat_id": "DE310033907", "timezone": "Europe/Berlin",
    },
    rep_name="Daniel Brandt", contact_name="Katharina Vogt", function="Leiterin Einkauf",
    rep_id="dbrandt", contact_id="kvogt",
    title="GoToMeeting für den Standort Ulm", quote_subject="Ihr Angebot",
    seats="25", discount="12,5", seats_offer="GoToMeeting Pro, jährlich, 160,00 €",
    setup_offer="Einrichtungspaket, einmalig, 950,00 €",
    seat_price=16000, setup_price=95000, po_number="4500073255", net=445000, tax=84550, total=529550, paid=200000,
    shown_net="4.450,00 €", shown_tax="845,50 €", shown_total="5.295,50 €",
    typed_part="2.000,00", shown_part="2.000,00 €", shown_rest="3.295,50 €",
)  # fmt: skip

SCENES = {"en": ENGLISH, "de": GERMAN}


def set_up(scene: Scene, *, with_password: bool = False) -> tuple[Account, Person, Person]:
    """Write the rows: account, representative and contact, who by default has no password yet."""
    local_part = scene.contact_name.lower().replace(" ", ".")
    seller = core.seller(scene.seller["country"], code=scene.seller["country"], **_without(scene.seller, "country"))
    rep = core.staff(
        name=scene.rep_name, user_id=scene.rep_id, locale=scene.locale,
        discount_limit=1500, email=scene.rep_name.lower().replace(" ", ".") + "@northgate.example",
    )  # fmt: skip
    account = core.account(
        seller, rep, number="20008", name_folded=scene.company["name"].casefold(), currency=scene.currency,
        locale=scene.locale, **scene.company,
    )  # fmt: skip
    person = core.person(
        scene.contact_name, scene.contact_id, password=PASSWORD if with_password else None, locale=scene.locale,
        email=f"{local_part}@customer.example",
    )  # fmt: skip
    core.contact(account, person, user_id=scene.contact_id, function=scene.function, is_primary=True)
    _sell("MEETING", "GoToMeeting", "organizer", "Pro", "yearly", scene.seat_price, scene.currency, 10)
    setup = "Onboarding package" if scene.locale == "en" else "Einrichtungspaket"
    _sell("ONBOARD", setup, "none", "", "once", scene.setup_price, scene.currency, 80)
    return account, rep, person


def _without(values: dict[str, str], name: str) -> dict[str, str]:
    return {key: value for key, value in values.items() if key != name}


def _sell(
    code: str, name: str, seat_kind: str, tier: str, frequency: str, amount: int, currency: str, position: int
) -> None:
    product: Product = add(
        Product(source="stage", external_id=code, code=code, name=name, seat_kind=seat_kind, position=position)
    )
    add(
        Price(
            product_id=product.id, tier=tier, frequency=frequency, currency=currency, amount=amount,
            valid_from=date(2020, 1, 1),
        )
    )  # fmt: skip


def speaks(who: Person, locale: str) -> None:
    """The person reads in this language from now on."""

    def change() -> None:
        db.session().get_one(Person, who.id).locale = locale

    db.perform(change)
