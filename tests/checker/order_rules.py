"""What must be true of online orders: money and fulfilment come together, or not at all."""

from collections import Counter
from collections.abc import Iterator

from tests.checker.books import SET_ASIDE, SUCCEEDED, UNDER_WAY, Books, Row
from tests.checker.rules import at_any_time
from tests.checker.till import Till


@at_any_time("an online order is due its total less account credit: that much is asked, or stays open as a rest")
def _due(books: Books, _till: Till) -> Iterator[str]:
    nets: Counter[int] = Counter()
    for line in books.order_lines:
        nets[line["order_id"]] += line["net"] or 0
    for place, order in books.orders.items():
        due = max(order["total"], 0) - order["credit_used"]
        if (order["net"], order["net"] + order["tax"], order["asked"] + order["rest"]) != (
            nets[place], order["total"], due,
        ):  # fmt: skip
            yield f"{order['public_id']}: {order['total']}, {due} due, {nets[place]} charged"


@at_any_time("an online order that was carried out has one document of its total, and no other order has one")
def _document(books: Books, _till: Till) -> Iterator[str]:
    notes = {row["id"]: row for row in books.rows("SELECT id, total, account_id FROM credit_note")}
    billed = {line["order_id"] for line in books.order_lines if line["net"] is not None}
    for place, order in books.orders.items():
        invoice, note = books.invoices.get(order["invoice_id"]), notes.get(order["credit_note_id"])
        papers = [(paper["total"], paper["account_id"]) for paper in (invoice, note) if paper is not None]
        is_due = order["state"] == "fulfilled" and place in billed
        wanted = [(abs(order["total"]), order["account_id"])] if is_due else []
        if papers != wanted or (note is not None and order["total"] > 0):
            yield f"{order['public_id']} ({order['state']}, {order['total']}): {papers}"


@at_any_time("the money of an online order has carried it out, or is account credit, and an unpaid one has nothing")
def _money_and_order(books: Books, _till: Till) -> Iterator[str]:
    payments = {row["id"]: row for row in books.payments.values()}
    paid_for = {target["order_id"] for target in books.targets if target["order_id"] is not None}
    for target in books.targets:
        if target["order_id"] is None:
            if target["invoice_id"] is None:
                yield f"target {target['id']} is meant for nothing"
            continue
        order, payment = books.orders[target["order_id"]], payments[target["payment_id"]]
        if (order["state"], order["invoice_id"]) not in _possible(payment, target):
            yield f"{order['public_id']} is {order['state']}, {payment['public_id']} is {payment['state']}"
        if order["state"] == "unapplied":
            kept = sum(row["amount"] for row in books.credit if row["payment_id"] == target["payment_id"])
            gone = sum(row["amount"] for row in (*books.refunds, *books.disputes) if row["payment_id"] == payment["id"])
            if kept + gone < target["amount"] and not gone:
                yield f"{order['public_id']}: {kept} of {target['amount']} is account credit"
    for place, order in books.orders.items():
        if place not in paid_for and (order["state"], order["asked"]) != ("fulfilled", 0):
            yield f"{order['public_id']} is {order['state']} without any payment"


def _possible(payment: Row, target: Row) -> list[tuple[str, int | None]]:
    """State and invoice that an order can have beside its payment."""
    if payment["state"] == SUCCEEDED:
        return [("unapplied", None)] if target["invoice_id"] is None else [("fulfilled", target["invoice_id"])]
    if payment["state"] == SET_ASIDE:
        return [("placed", None), ("void", None)]
    return [("placed" if payment["state"] in UNDER_WAY else "void", None)]


@at_any_time(
    "an online account has one live subscription of a product, tried it once, and pays for one change at a time"
)
def _one_each(books: Books, _till: Till) -> Iterator[str]:
    live: Counter[tuple[int, int]] = Counter()
    tried: Counter[tuple[int, int]] = Counter()
    for row in books.subscriptions:
        if row["source"] == "online":
            key = row["account_id"], row["product_id"]
            live[key] += bool(row["is_live"])
            tried[key] += bool(row["is_trial"])
            if row["is_live"] and row["cancelled_on"] is not None:
                yield f"{row['public_id']} is live and cancelled"
    waiting: Counter[tuple[int, int]] = Counter()
    for line in books.order_lines:
        waiting[line["account_id"], line["product_id"]] += books.orders[line["order_id"]]["state"] == "placed"
    for name, found in (("live", live), ("tried", tried), ("under way", waiting)):
        yield from (f"{key} is {name} {times} times" for key, times in found.items() if times > 1)


@at_any_time("a period is renewed once, never after the subscription's end, and begins where the last one ended")
def _renewals(books: Books, _till: Till) -> Iterator[str]:
    renewed: Counter[tuple[int, str]] = Counter()
    subscriptions = {row["id"]: row for row in books.subscriptions}
    for line in books.order_lines:
        order = books.orders[line["order_id"]]
        if line["effect"] != "renew" or order["state"] != "fulfilled":
            continue
        key = line["subscription_id"], str(line["period_start"])
        renewed[key] += 1
        of = subscriptions.get(key[0], {})
        ends = [of.get(name) for name in ("ended_on", "cancelled_on")]
        if any(end is not None and str(order["day"]) > str(end) for end in ends):
            yield f"{order['public_id']} renewed on {order['day']} what ended on {ends}"
        if str(order["day"]) < key[1]:
            yield f"{order['public_id']} renewed on {order['day']} what began on {key[1]}"
    yield from (f"{key} is renewed {times} times" for key, times in renewed.items() if times > 1)


@at_any_time("nobody counts on account credit that is not there")
def _credit_held(books: Books, _till: Till) -> Iterator[str]:
    """But for money that was taken back behind it: the invoice then stays open."""
    held: Counter[tuple[int, str]] = Counter()
    for order in books.orders.values():
        if order["state"] == "placed":
            held[order["account_id"], order["currency"]] += order["credit_used"]
    taken_back = {row["account_id"] for row in books.credit if row["kind"] in ("dispute", "refund", "returned")}
    for key, amount in held.items():
        kept = books.balances.get(key, {}).get("credit", 0)
        if amount > kept and key[0] not in taken_back:
            yield f"account {key[0]}: {amount} {key[1]} held, {kept} there"
