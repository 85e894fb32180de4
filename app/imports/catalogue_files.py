"""The files of what is sold, and by whom: sellers, tax rates, products with their tiers and features, and prices."""

from app.imports.columns import (
    COUNTRY,
    CURRENCY,
    EMAIL,
    SELLER_CODE,
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
)  # fmt: skip
from app.imports.csv_file import EXTERNAL_ID, CsvFile, yes_no
from billing_core.catalogue.models import FREQUENCIES, SEAT_KINDS
from corporate_portal.quotes.offer.content import MOST_UNITS

TAX_CATEGORIES = ("S", "AA", "Z", "E", "AE", "G", "O")
TAXED = ("S", "AA")
"""The categories that have a rate above zero; the others print why no tax is charged."""

SELLERS = CsvFile(
    "sellers.csv",
    ("external_id",),
    (
        EXTERNAL_ID,
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
        EXTERNAL_ID,
        Column("code", Text(40), "Short name in the catalogue; unique.", required=True),
        Column("name", Text(120), "Name on documents.", required=True),
        Column("description_en", Text(400), "One sentence in English.", default=""),
        Column("description_de", Text(400), "The same in German.", default=""),
        Column("seat_kind", Choice(SEAT_KINDS), "What one unit is.", required=True),
        Column("tax_category", Choice(TAX_CATEGORIES), "Tax category.", default="S"),
        Column("position", WholeNumber(0, 9999), "Place in the catalogue.", default=0),
        yes_no("is_active", "Whether it is sold.", default=True),
        yes_no("is_online", "Whether customers buy it themselves in the Billing Center."),
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
        yes_no("can_be_tried", "Whether a trial may have it, where the product has trials.", default=True),
        yes_no("is_active", "Whether it is sold online.", default=True),
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
        yes_no("is_included", "Whether the tier has it.", default=True),
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
