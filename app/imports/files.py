"""The files of an import directory: columns, keys and order. docs/import.md says the same, as a test checks."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from app.imports.columns import (
    COUNTRY,
    CURRENCY,
    EMAIL,
    KEY,
    LANGUAGE,
    PDF_NAME,
    SELLER_CODE,
    USERNAME,
    ZONE,
    Amount,
    BankAccount,
    Choice,
    Column,
    Day,
    Percent,
    Reference,
    TaxNumber,
    Text,
    WholeNumber,
    YesNo,
)  # fmt: skip
from billing_core.catalogue.models import FREQUENCIES, SEAT_KINDS
from billing_core.people import STAFF_ROLES
from corporate_portal.quotes.offer.content import EFFECTS, LONGEST_DESCRIPTION, MOST_MONTHS, MOST_UNITS, START

TAX_CATEGORIES = ("S", "AA", "Z", "E", "AE", "G", "O")
TAXED = ("S", "AA")
"""The categories that have a rate above zero; the others print why no tax is charged."""


@dataclass(frozen=True)
class CsvFile:
    """One kind of row. `key` names the columns that identify a row; `part_of` the file whose row a line belongs to."""

    name: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    part_of: str = ""

    @cached_property
    def by_name(self) -> Mapping[str, Column]:
        """The columns by name."""
        return {column.name: column for column in self.columns}


def _yes_no(name: str, meaning: str, default: bool = False) -> Column:
    return Column(name, YesNo(), meaning, default=default)


_EXTERNAL_ID = Column("external_id", KEY, "The row's key in the source.", required=True)

SELLERS = CsvFile(
    "sellers.csv",
    ("external_id",),
    (
        _EXTERNAL_ID,
        Column("code", SELLER_CODE, "Begins the seller's document numbers; never changes.", required=True),
        Column("name", Text(160), "Legal name.", required=True),
        Column("street", Text(160), "Street and house number.", required=True),
        Column("postal_code", Text(20), "Postal code.", default=""),
        Column("city", Text(80), "City.", required=True),
        Column("country", COUNTRY, "Country of the seat; decides tax.", required=True),
        Column("vat_id", TaxNumber(), "VAT ID."),
        Column("registration", Text(160), "Register and directors, as business letters state them.", default=""),
        Column("email", EMAIL, "Address for questions about documents.", required=True),
        Column("phone", Text(40), "Telephone number as printed.", default=""),
        Column("website", Text(160), "Website as printed.", default=""),
        Column("bank_name", Text(80), "Bank.", default=""),
        Column("iban", BankAccount(40), "Account for payments; check digits are checked.", default=""),
        Column("bic", Text(40), "BIC, or the local routing number.", default=""),
        Column("timezone", ZONE, "On whose calendar its invoices fall due.", required=True),
    ),
)
TAX_RATES = CsvFile(
    "tax_rates.csv",
    ("country", "category", "valid_from"),
    (
        Column("country", COUNTRY, "Where the tax is charged.", required=True),
        Column("category", Choice(TAX_CATEGORIES), "UNCL 5305 letters as EN 16931 uses them.", required=True),
        Column("rate", Percent(), "Above zero only in S and AA.", required=True),
        Column("valid_from", Day(relative=False), "First day.", required=True),
        Column("exemption_en", Text(400), "Printed where no tax is charged; needed in E, AE, G and O.", default=""),
        Column("exemption_de", Text(400), "The same in German; needed in E, AE, G and O.", default=""),
    ),
)
PRODUCTS = CsvFile(
    "products.csv",
    ("external_id",),
    (
        _EXTERNAL_ID,
        Column("code", Text(40), "Short name in the catalogue; unique.", required=True),
        Column("name", Text(120), "Name on documents.", required=True),
        Column("description_en", Text(400), "One sentence in English.", default=""),
        Column("description_de", Text(400), "The same in German.", default=""),
        Column("seat_kind", Choice(SEAT_KINDS), "What one unit is.", required=True),
        Column("tax_category", Choice(TAX_CATEGORIES), "Tax category.", default="S"),
        Column("position", WholeNumber(0, 9999), "Place in the catalogue.", default=0),
        _yes_no("is_active", "Whether it is sold.", default=True),
        _yes_no("is_online", "Whether customers buy it themselves in the Billing Center."),
        Column("least_seats", WholeNumber(1, MOST_UNITS), "Fewest seats of a subscription bought online.", default=1),
        Column("most_seats", WholeNumber(1, MOST_UNITS), "Most seats of a subscription bought online.", default=1000),
        Column("trial_days", WholeNumber(0, 365), "Days of a free trial. 0: there is none.", default=0),
        Column("trial_seats", WholeNumber(1, MOST_UNITS), "Most seats of a trial.", default=1),
    ),
)
TIERS = CsvFile(
    "tiers.csv",
    ("product", "name"),
    (
        Column("product", Reference("products.csv"), "The product.", required=True),
        Column("name", Text(20), "The tier's name, as prices and subscriptions have it.", required=True),
        Column(
            "rank", WholeNumber(1, 99), "Its order, the lowest first; to a lower rank is a downgrade.", required=True
        ),
        Column("description_en", Text(400), "For whom it is made, in English.", default=""),
        Column("description_de", Text(400), "The same in German.", default=""),
        _yes_no("can_be_tried", "Whether a trial may have it, where the product has trials.", default=True),
        _yes_no("is_active", "Whether it is sold online.", default=True),
    ),
)
FEATURES = CsvFile(
    "features.csv",
    ("product", "code"),
    (
        Column("product", Reference("products.csv"), "The product.", required=True),
        Column("code", Text(40), "Short name; unique in the product.", required=True),
        Column("position", WholeNumber(0, 9999), "Place in the comparison.", default=0),
        Column("name_en", Text(120), "What is compared, in English.", required=True),
        Column("name_de", Text(120), "The same in German.", required=True),
    ),
)
FEATURE_VALUES = CsvFile(
    "feature_values.csv",
    ("product", "feature", "tier"),
    (
        Column("product", Reference("products.csv"), "The product.", required=True),
        Column("feature", Text(40), "The feature's code in features.csv.", required=True),
        Column("tier", Text(20), "Tier, where the product has some.", default=""),
        _yes_no("is_included", "Whether the tier has it.", default=True),
        Column("value_en", Text(60), "How much of it, in English; empty where yes or no is all.", default=""),
        Column("value_de", Text(60), "The same in German; needed where value_en is given.", default=""),
    ),
)
PRICES = CsvFile(
    "prices.csv",
    ("product", "tier", "frequency", "currency", "valid_from"),
    (
        Column("product", Reference("products.csv"), "What is sold.", required=True),
        Column("tier", Text(20), "Tier, where the product has some.", default=""),
        Column("frequency", Choice(FREQUENCIES), "What the price covers.", required=True),
        Column("currency", CURRENCY, "Currency of the price.", required=True),
        Column("amount", Amount(), "Price of one unit for one period, without tax.", required=True),
        Column(
            "valid_from", Day(relative=False), "First day; until the next row of the same key begins.", required=True
        ),
    ),
)
PEOPLE = CsvFile(
    "people.csv",
    ("external_id",),
    (
        _EXTERNAL_ID,
        Column("name", Text(120), "Name as shown.", required=True),
        Column("email", EMAIL, "Where mail goes.", required=True),
        Column("username", USERNAME, "Signs in with it; belongs to one person, whatever its case."),
        _yes_no("email_signs_in", "Whether the e-mail address signs in as well; then it belongs to one person.", True),
        Column("phone", Text(40), "Telephone number.", default=""),
        Column("locale", LANGUAGE, "Language of pages and mails.", required=True),
        Column("staff_role", Choice(STAFF_ROLES), "Only for the vendor's own people."),
        Column("discount_limit", Percent(), "A representative's limit for discounts. Empty: 10 percent."),
        _yes_no("disabled", "May no longer sign in."),
    ),
)
ACCOUNTS = CsvFile(
    "accounts.csv",
    ("external_id",),
    (
        _EXTERNAL_ID,
        Column("number", Text(20), "Customer number on documents; unique.", required=True),
        Column("kind", Choice(("corporate", "online")), "Never changes.", required=True),
        Column("name", Text(160), "Company name.", required=True),
        Column("seller", Reference("sellers.csv"), "Who sells to it.", required=True),
        Column("rep", Reference("people.csv"), "Its representative; needed for corporate accounts, and only there."),
        Column("currency", CURRENCY, "Currency of new documents.", required=True),
        Column("locale", LANGUAGE, "Language of documents.", required=True),
        Column("timezone", ZONE, "Its calendar: deadlines, starts of terms.", required=True),
        Column("street", Text(160), "Street and house number.", required=True),
        Column("postal_code", Text(20), "Postal code.", default=""),
        Column("city", Text(80), "City.", required=True),
        Column("country", COUNTRY, "Country; decides tax.", required=True),
        Column("phone", Text(40), "Telephone number.", default=""),
        Column("vat_id", TaxNumber(), "VAT ID."),
        Column("vat_confirmed_on", Day(), "When the VAT ID was confirmed; counts for 90 days. Not in the future."),
        Column("vat_note", Text(1000, multiline=True), "How it was confirmed.", default=""),
        _yes_no("po_required", "Orders need a PO number."),
        Column("po_pattern", Text(60), "How its PO numbers look: # a figure, @ a letter, * anything.", default=""),
        Column("payment_days", WholeNumber(0, 365), "Days until an invoice is due.", default=30),
        _yes_no("hides_contacts", "Does not name its billing contacts to other admins."),
        Column("closed_on", Day(), "Closed since."),
    ),
)
CONTACTS = CsvFile(
    "contacts.csv",
    ("account", "person"),
    (
        Column("account", Reference("accounts.csv"), "The account.", required=True),
        Column("person", Reference("people.csv"), "Its member; never a member of staff.", required=True),
        Column(
            "role", Choice(("admin", "user", "none")), "Place in the account; none ends the membership.", required=True
        ),
        _yes_no("billing_contact", "May see the account's billing."),
        _yes_no("may_accept", "May decide quotes."),
        _yes_no("may_pay", "May pay invoices."),
        _yes_no("may_manage", "May change billing details."),
        _yes_no("is_primary", "The one who is named; at most one an account."),
        Column("function", Text(80), "Position in the company, shown with decisions.", default=""),
        Column(
            "user_id",
            Text(254),
            "The User ID printed on mail: one of the person's own. Empty: username, or else e-mail.",
        ),
    ),
)
SUBSCRIPTIONS = CsvFile(
    "subscriptions.csv",
    ("external_id",),
    (
        _EXTERNAL_ID,
        Column("account", Reference("accounts.csv"), "The account.", required=True),
        Column("product", Reference("products.csv"), "What is used.", required=True),
        Column("tier", Text(20), "Tier, where the product has some.", default=""),
        Column("seats", WholeNumber(1, 100_000), "Seats.", required=True),
        Column("frequency", Choice(("monthly", "yearly")), "How it is billed.", required=True),
        Column("unit_price", Amount(), "Price of a seat for one period, as sold.", required=True),
        Column("currency", CURRENCY, "The account's currency.", required=True),
        Column("period_start", Day(), "First day of the present period.", required=True),
        Column("period_end", Day(), "First day after it.", required=True),
        _yes_no("is_trial", "A trial."),
        Column("cancelled_on", Day(), "When the renewal was switched off."),
    ),
)
QUOTES = CsvFile(
    "quotes.csv",
    ("external_id",),
    (
        _EXTERNAL_ID,
        Column("account", Reference("accounts.csv"), "A corporate account.", required=True),
        Column("rep", Reference("people.csv"), "Who issues it. Empty: the account's representative."),
        Column("title", Text(160), "What it is about.", required=True),
        Column(
            "state",
            Choice(("draft", "sent")),
            "sent submits it: from then on its content cannot change.",
            required=True,
        ),
        Column("currency", CURRENCY, "The account's currency.", required=True),
        Column("starts_on", Day(), "First day of the term.", required=True),
        Column("term_months", WholeNumber(1, MOST_MONTHS), "Length of the term of recurring lines.", default=12),
        Column("valid_until", Day(), "Last day on which it can be accepted. Empty: the 7th day after submission."),
        Column("zone", ZONE, "On whose calendar the validity ends. Empty: the account's."),
        Column("discount_percent", Percent(), "Off the whole quote in every period, in percent.", default=0),
        Column("discount", Amount(), "Off the whole quote once, as an amount; not both.", default="0"),
        Column("notes", Text(4000, multiline=True), "Words to the customer.", default=""),
    ),
)
QUOTE_LINES = CsvFile(
    "quote_lines.csv",
    ("quote", "position"),
    (
        Column("quote", Reference("quotes.csv"), "The quote, in the same directory.", required=True),
        Column("position", WholeNumber(1, 999), "Order of the lines.", required=True),
        Column("product", Reference("products.csv"), "What is offered.", required=True),
        Column("tier", Text(20), "Tier, where the product has some.", default=""),
        Column("quantity", WholeNumber(1, MOST_UNITS), "Seats or pieces.", required=True),
        Column("frequency", Choice(FREQUENCIES), "What one billing covers.", required=True),
        Column(
            "unit_price",
            Amount(signed=True),
            "Price of one unit for one period; below zero only a free line. Empty: the list price of the day, or in "
            "add and remove the subscription's own.",
        ),
        Column("discount_percent", Percent(), "Taken off the line, in percent.", default=0),
        Column("discount", Amount(), "Taken off the line, as an amount; not both.", default="0"),
        Column(
            "effect",
            Choice(EFFECTS),
            "start: begins. renew: follows on the subscription. add, remove: seats join or leave it. free: words and "
            "an amount of its own.",
            default=START,
        ),
        Column("subscription", Reference("subscriptions.csv"), "What renew, add and remove are about."),
        Column("starts_on", Day(), "The line's own first day. Empty: the quote's; renewals follow on their term."),
        Column("term_months", WholeNumber(1, MOST_MONTHS), "The line's own term. Empty: the quote's."),
        Column("description", Text(LONGEST_DESCRIPTION), "The words of a free line.", default=""),
        _yes_no("credited", "Removed seats leave on starts_on, with a credit, not at their term's end."),
    ),
    part_of="quotes.csv",
)
INVOICES = CsvFile(
    "invoices.csv",
    ("external_id",),
    (
        _EXTERNAL_ID,
        Column(
            "number",
            Text(60),
            "The number that it was issued under; unique, and not of a seller's own series here.",
            required=True,
        ),
        Column("account", Reference("accounts.csv"), "Who owes it.", required=True),
        Column("contact", Reference("people.csv"), "The billing contact to whom it is addressed."),
        Column("title", Text(160), "What it is about.", default=""),
        Column("currency", CURRENCY, "The account's currency.", required=True),
        Column("issued_on", Day(), "Date of issue, not in the future.", required=True),
        Column("due_on", Day(), "Last day to pay; not before issued_on.", required=True),
        Column("period_start", Day(), "First day of the service period; together with period_end."),
        Column("period_end", Day(), "First day after it."),
        Column("po_number", Text(100), "The customer's order number.", default=""),
        Column("total", Amount(), "The total on the document, tax included; compared with the lines.", required=True),
        Column("paid", Amount(), "What was already paid of it, at most the total.", default="0"),
        Column(
            "pdf",
            PDF_NAME,
            "The issued document, a file beside the CSV, at most 10 MB. Empty: marked as issued elsewhere.",
        ),
    ),
)
INVOICE_LINES = CsvFile(
    "invoice_lines.csv",
    ("invoice", "position"),
    (
        Column("invoice", Reference("invoices.csv"), "The invoice, in the same directory.", required=True),
        Column("position", WholeNumber(1, 9999), "Order of the lines.", required=True),
        Column("description", Text(300), "What was delivered.", required=True),
        Column("detail", Text(300), "A second line under it.", default=""),
        Column("quantity", WholeNumber(1, 1_000_000), "Seats or pieces.", required=True),
        Column("unit", Choice(SEAT_KINDS[:-1]), "What one unit is, where it is a seat.", default=""),
        Column("unit_price", Amount(), "Price of one unit without tax.", required=True),
        Column("discount", Amount(), "Taken off the line.", default="0"),
        Column("tax_category", Choice(TAX_CATEGORIES), "Tax category.", required=True),
        Column("tax_rate", Percent(), "Rate as issued; above zero only in S and AA.", required=True),
        Column("exemption", Text(400), "Why no tax was charged; needed in E, AE, G and O.", default=""),
    ),
    part_of="invoices.csv",
)

FILES = (
    SELLERS, TAX_RATES, PRODUCTS, TIERS, FEATURES, FEATURE_VALUES, PRICES, PEOPLE, ACCOUNTS, CONTACTS, SUBSCRIPTIONS,
    INVOICES, INVOICE_LINES, QUOTES, QUOTE_LINES,
)  # fmt: skip
"""In the order in which they are read and written: a row refers only to files before its own. Quotes come last, because
each takes a number, whose series stays locked until the end."""


def key_of(file: CsvFile, values: Mapping[str, object]) -> str:
    """The row's key as one text. The separator is a control character, which no cell can hold."""
    return "\x1f".join(str(values.get(name, "")) for name in file.key)


def shown_key(key: str) -> str:
    """The key as a person reads it."""
    return " / ".join(key.split("\x1f"))
