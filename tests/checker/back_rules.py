"""What must be true of money that leaves again: the ledger's rows of refunds and disputes, against the processor's."""

from collections import Counter
from collections.abc import Iterator

from tests.checker.books import GIVEN_BACK, Books, Row
from tests.checker.rules import at_any_time, when_quiet
from tests.checker.till import Till
from tests.checker.units import at_processor

STANDS = ("pending", "requires_action", "succeeded")
"""States of a refund at the processor in which the money has left."""


@when_quiet("a refund that took place has taken its amount out of the ledger, and one that did not has taken nothing")
def _refund_rows(books: Books, till: Till) -> Iterator[str]:
    """But for money that was never in the ledger: it goes back past it."""
    payments = {row["id"]: row for row in books.payments.values()}
    there = {refund["id"]: refund for refund in till.refunds}
    for row in books.refunds:
        refund = there.get(row["processor_refund"])
        if refund is None:
            continue  # another rule's
        stands = refund["status"] in STANDS and payments[row["payment_id"]]["state"] != GIVEN_BACK
        wanted = refund["amount"] if stands else 0
        found = -_moved(books, [row["public_id"]], ("refund", "refund_failed"))
        if at_processor(found, row["currency"]) != wanted:
            yield f"{row['public_id']}: {found} left the ledger, {refund['id']} is {wanted} {refund['status']}"


@when_quiet("a dispute that took money has taken it out of the ledger, as far as it was there")
def _dispute_rows(books: Books, till: Till) -> Iterator[str]:
    payments = {row["id"]: row for row in books.payments.values()}
    there = {dispute["id"]: dispute for dispute in till.disputes}
    refunded: Counter[str] = Counter()
    for refund in till.refunds:
        refunded[refund["payment_intent"]] += refund["amount"] if refund["status"] in STANDS else 0
    for row in books.disputes:
        dispute, payment = there.get(row["processor_dispute"]), payments[row["payment_id"]]
        if dispute is None or not _took_money(dispute["status"]) or payment["state"] == GIVEN_BACK:
            continue
        was_there = at_processor(payment["amount"], payment["currency"]) - refunded[payment["processor_intent"]]
        wanted = min(dispute["amount"], was_there)
        found = at_processor(-_moved(books, _steps(row), ("dispute", "dispute_won")), row["currency"])
        if found != wanted:
            yield f"{row['public_id']}: {found} left the ledger, {dispute['id']} took {wanted}"


@when_quiet("a dispute that was won, or never took money, has left the ledger as it was")
def _dispute_undone(books: Books, till: Till) -> Iterator[str]:
    there = {dispute["id"]: dispute for dispute in till.disputes}
    for row in books.disputes:
        dispute = there.get(row["processor_dispute"])
        moved = _moved(books, _steps(row), ("dispute", "dispute_won"))
        if dispute is not None and not _took_money(dispute["status"]) and moved:
            yield f"{row['public_id']}: {moved} moved, {dispute['id']} is {dispute['status']}"


@at_any_time("money that leaves undoes what the same payment has brought, invoice by invoice")
def _undoes(books: Books, _till: Till) -> Iterator[str]:
    left: Counter[tuple[int, int]] = Counter()
    for row in books.allocations:
        if row["payment_id"] is not None:
            left[row["payment_id"], row["invoice_id"]] += row["amount"]
    for (payment, invoice), amount in left.items():
        if amount < 0:
            yield f"payment {payment} on invoice {invoice}: {amount}"


def _steps(row: Row) -> list[str]:
    """Under which a dispute's rows stand: its own id, and with the number of each further step."""
    return [row["public_id"], *(f"{row['public_id']}.{step}" for step in range(2, row["takes"] + 1))]


def _moved(books: Books, references: list[str], kinds: tuple[str, ...]) -> int:
    """What the rows under these references have moved; what found its invoice paid came back as an overpayment."""
    own = sum(
        row["amount"]
        for row in (*books.allocations, *books.credit)
        if row["kind"] in kinds and row["reference"] in references
    )
    begins = tuple(f"{reference}/" for reference in references)
    as_credit = (
        row["amount"] for row in books.credit if row["kind"] == "overpayment" and row["reference"].startswith(begins)
    )
    return int(own) + sum(as_credit)


def _took_money(status: str) -> bool:
    return not status.startswith("warning_") and status not in ("won", "prevented")
