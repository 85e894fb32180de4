"""The files of an import directory: columns, keys and order. docs/import.md says the same, as a test checks."""

from collections.abc import Mapping

from app.imports.catalogue_files import (
    FEATURE_VALUES,
    FEATURES,
    PRICES,
    PRODUCTS,
    SELLERS,
    TAX_CATEGORIES,
    TAX_RATES,
    TIERS,
)  # fmt: skip
from app.imports.columns import (
    COUNTRY,
    CURRENCY,
    EMAIL,
    LANGUAGE,
    PDF_NAME,
    USERNAME,
    ZONE,
    Amount,
    Choice,
    Column,
    Day,
    Percent,
    Reference,
    TaxNumber,
    Text,
    WholeNumber,
)  # fmt: skip
from app.imports.csv_file import EXTERNAL_ID, CsvFile, yes_no
from billing_core.catalogue.models import FREQUENCIES, SEAT_KINDS
from billing_core.people import STAFF_ROLES
from corporate_portal.quotes.offer.content import EFFECTS, LONGEST_DESCRIPTION, MOST_MONTHS, MOST_UNITS, START

PEOPLE = CsvFile(
    "people.csv",
    ("external_id",),
    (
        EXTERNAL_ID,
        Column("name", Text(120), "Name as shown.", required=True),
        Column("email", EMAIL, "Where mail goes.", required=True),
        Column("username", USERNAME, "Signs in with it; belongs to one person, whatever its case."),
        yes_no("email_signs_in", "Whether the e-mail address signs in as well; then it belongs to one person.", True),
        Column("phone", Text(40), "Telephone number.", default=""),
        Column("locale", LANGUAGE, "Language of pages and mails.", required=True),
        Column("staff_role", Choice(STAFF_ROLES), "Only for the vendor's own people."),
        Column("manager", Reference("people.csv"), "A representative's manager. Empty: all managers."),
        Column("discount_limit", Percent(), "A representative's limit for discounts. Empty: 10 percent."),
        yes_no("disabled", "May no longer sign in."),
    ),
)
ACCOUNTS = CsvFile(
    "accounts.csv",
    ("external_id",),
    (
        EXTERNAL_ID,
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
        yes_no("po_required", "Orders need a PO number."),
        Column("po_pattern", Text(60), "How its PO numbers look: # a figure, @ a letter, * anything.", default=""),
        Column("second_above", Amount(), "Quotes that order for more and payments of more, gross, need two contacts."),
        yes_no("requires_factor", "Its contacts sign in in two steps."),
        Column("payment_days", WholeNumber(0, 365), "Days until an invoice is due.", default=30),
        yes_no("hides_contacts", "Does not name its billing contacts to other admins."),
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
        yes_no("billing_contact", "May see the account's billing."),
        yes_no("may_accept", "May decide quotes."),
        yes_no("may_pay", "May pay invoices."),
        yes_no("may_manage", "May change billing details."),
        yes_no("is_primary", "The one who is named; at most one an account."),
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
        EXTERNAL_ID,
        Column("account", Reference("accounts.csv"), "The account.", required=True),
        Column("product", Reference("products.csv"), "What is used.", required=True),
        Column("tier", Text(20), "Tier, where the product has some.", default=""),
        Column("seats", WholeNumber(1, 100_000), "Seats.", required=True),
        Column("frequency", Choice(("monthly", "yearly")), "How it is billed.", required=True),
        Column("unit_price", Amount(), "Price of a seat for one period, as sold.", required=True),
        Column("currency", CURRENCY, "The account's currency.", required=True),
        Column("period_start", Day(), "First day of the present period.", required=True),
        Column("period_end", Day(), "First day after it.", required=True),
        yes_no("is_trial", "A trial."),
        Column("cancelled_on", Day(), "When the renewal was switched off."),
    ),
)
QUOTES = CsvFile(
    "quotes.csv",
    ("external_id",),
    (
        EXTERNAL_ID,
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
        yes_no("credited", "Removed seats leave on starts_on, with a credit, not at their term's end."),
    ),
    part_of="quotes.csv",
)
INVOICES = CsvFile(
    "invoices.csv",
    ("external_id",),
    (
        EXTERNAL_ID,
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
