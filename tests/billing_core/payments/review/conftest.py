"""The processor and somebody who pays, as for the payments themselves."""

from tests.billing_core.payments.conftest import invoice, payer, till

__all__ = ["invoice", "payer", "till"]
