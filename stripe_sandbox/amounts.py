"""Stripe's rules for amounts (https://docs.stripe.com/currencies), in the minor unit that Stripe expects.

Stripe's unit is not always ISO 4217's: ISK and UGX have no smaller unit any more, yet are sent as hundredths that end
in 00.
"""

from decimal import Decimal

from babel.numbers import format_currency

from stripe_sandbox.errors import invalid

WITHOUT_DECIMALS = frozenset(
    {"bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"}
)
WITH_THREE_DECIMALS = frozenset({"bhd", "jod", "kwd", "omr", "tnd"})
HUNDREDTHS_END_IN_00 = frozenset({"isk", "ugx"})
LARGEST = 99_999_999

# What Stripe asks for at least, in minor units; where its table is silent, what half a dollar looks like in that unit.
SMALLEST = {
    "aed": 200, "bgn": 100, "czk": 1500, "dkk": 250, "gbp": 30, "hkd": 400, "huf": 17500, "mxn": 1000, "myr": 200,
    "nok": 300, "pln": 200, "ron": 200, "sek": 300, "thb": 1000,
}  # fmt: skip
SMALLEST_ELSEWHERE = {0: 50, 2: 50, 3: 500}


def exponent(currency: str) -> int:
    """How many decimals Stripe's minor unit of `currency` has."""
    if currency in WITHOUT_DECIMALS:
        return 0
    return 3 if currency in WITH_THREE_DECIMALS else 2


def checked_currency(currency: str, param: str) -> str:
    lowered = currency.lower()
    if len(lowered) != 3 or not lowered.isascii() or not lowered.isalpha():
        raise invalid(f"Invalid currency: {currency}", param)
    return lowered


def check_unit(amount: int, currency: str, param: str) -> None:
    """Refuses an amount below zero, of more than eight digits, or not in whole units of what the networks settle."""
    if amount < 0:
        raise invalid(f"Invalid integer: {amount} is below zero.", param, "parameter_invalid_integer")
    if amount > LARGEST:
        raise invalid(f"Amount must be no more than {shown(LARGEST, currency)}.", param, "amount_too_large")
    if currency in WITH_THREE_DECIMALS and amount % 10:
        raise invalid(f"Amounts in {currency} must be a multiple of 10.", param)
    if currency in HUNDREDTHS_END_IN_00 and amount % 100:
        raise invalid(f"Amounts in {currency} must be a multiple of 100.", param)


def check_charge(amount: int, currency: str, param: str) -> None:
    """Refuses an amount that no card may be charged with."""
    check_unit(amount, currency, param)
    smallest = SMALLEST.get(currency, SMALLEST_ELSEWHERE[exponent(currency)])
    if amount < smallest:
        raise invalid(f"Amount must be at least {shown(smallest, currency)}.", param, "amount_too_small")


def shown(amount: int, currency: str, locale: str = "en") -> str:
    """`amount` as a reader of `locale` writes it."""
    return format_currency(Decimal(amount).scaleb(-exponent(currency)), currency.upper(), locale=locale)
