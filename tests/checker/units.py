"""How an amount of ours reads at the processor: https://docs.stripe.com/currencies, stated here a second time.

We count in the smallest unit that a currency has today; the processor counts most currencies in hundredths, whether or
not they still have any. Where both count alike nothing is converted: EUR and HUF in hundredths (only pay-outs of HUF
are in whole forints, never charges), JPY in whole yen, KWD in thousandths.
"""

WHOLE_HERE = frozenset({"AFN", "ALL", "ISK", "LAK", "LBP", "MMK", "RSD", "SOS", "UGX", "YER"})
"""Whole units for us, hundredths for the processor, which for ISK and UGX end in 00."""
LAST_DIGIT_IS_0 = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})
"""Thousandths on both sides, of which the card networks settle hundredths."""
MOST = 99_999_999
"""The processor takes eight digits."""


def at_processor(amount: int, currency: str) -> int:
    """What the processor must show for our amount."""
    return amount * 100 if currency in WHOLE_HERE else amount


def is_chargeable(amount: int, currency: str) -> bool:
    """Whether the processor can have taken an amount, in its own unit."""
    step = 100 if currency in ("ISK", "UGX") else 10 if currency in LAST_DIGIT_IS_0 else 1
    return 0 < amount <= MOST and amount % step == 0
