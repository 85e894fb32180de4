"""What must be true of the portal's own rows: balances (I1, I9), numbers (I6), events stored once (I5)."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from tests.checker.books import SET_ASIDE, SUCCEEDED, UNDER_WAY, Books, Row
from tests.checker.rules import at_any_time
from tests.checker.till import Till

NUMBERED = {
    "invoice": "NOT issued_elsewhere", "credit_note": "1 = 1", "quote": "1 = 1", "service_order": "1 = 1",
}  # fmt: skip
"""The documents that have numbers, and those of each that have ours."""
DIGITS = 6


@at_any_time("no invoice is settled and held beyond its total")
def _not_too_much(books: Books, _till: Till) -> Iterator[str]:
    """Money that came in otherwise may overtake an attempt; the job that ends the attempt must then be there."""
    payments = {row["id"]: row for row in books.payments.values()}
    withdrawn = {job["about"] for job in books.jobs if job["kind"] == "payment.withdraw"}
    held: Counter[int] = Counter()
    for target in books.targets:
        payment = payments[target["payment_id"]]
        if payment["state"] in UNDER_WAY and payment["public_id"] not in withdrawn:
            held[target["invoice_id"]] += target["amount"]
    settled = _sums(books.allocations, "invoice_id")
    for place, invoice in books.invoices.items():
        if not (settled[place] >= 0 and settled[place] + held[place] <= invoice["total"]):
            yield f"{invoice['number']}: {settled[place]} settled, {held[place]} held, total {invoice['total']}"


@at_any_time("exactly the attempts without an outcome hold money")
def _holds(books: Books, _till: Till) -> Iterator[str]:
    payments = {row["id"]: row for row in books.payments.values()}
    for target in books.targets:
        payment = payments[target["payment_id"]]
        if bool(target["holds"]) != (payment["state"] in UNDER_WAY or payment["state"] == SET_ASIDE):
            yield f"{payment['public_id']} is {payment['state']}, holds: {target['holds']}"


@at_any_time("an invoice's balance is its total less what was allocated, in its own currency and account")
def _balance(books: Books, _till: Till) -> Iterator[str]:
    settled = _sums(books.allocations, "invoice_id")
    for place, invoice in books.invoices.items():
        if invoice["balance"] != invoice["total"] - settled[place]:
            yield f"{invoice['number']}: balance {invoice['balance']}, total {invoice['total']}, {settled[place]} came"
    for row in books.allocations:
        invoice = books.invoices[row["invoice_id"]]
        if (row["currency"], row["account_id"]) != (invoice["currency"], invoice["account_id"]):
            yield f"allocation {row['id']} on {invoice['number']}"


@at_any_time("an account owes the sum of its invoices' balances")
def _open(books: Books, _till: Till) -> Iterator[str]:
    owed: Counter[tuple[int, str]] = Counter()
    for invoice in books.invoices.values():
        owed[invoice["account_id"], invoice["currency"]] += invoice["balance"]
    yield from _differing(owed, {key: row["open"] for key, row in books.balances.items()})


@at_any_time("an account's credit is the sum of its entries and never below zero")
def _credit(books: Books, _till: Till) -> Iterator[str]:
    entered: Counter[tuple[int, str]] = Counter()
    for entry in books.credit:
        entered[entry["account_id"], entry["currency"]] += entry["amount"]
    yield from _differing(entered, {key: row["credit"] for key, row in books.balances.items()})
    yield from (f"{key}: {amount}" for key, amount in entered.items() if amount < 0)


@at_any_time("a payment that succeeded is booked once and to the last unit, and no other is booked")
def _booked(books: Books, _till: Till) -> Iterator[str]:
    payments = {row["id"]: row for row in books.payments.values()}
    booked: Counter[int] = Counter()
    for row in books.allocations:
        if row["kind"] == "card":
            booked[row["payment_id"]] += row["amount"]
    for row in books.credit:
        intent = payments[row["payment_id"]]["processor_intent"] if row["payment_id"] is not None else None
        if intent is not None and row["kind"] == "overpayment" and row["reference"].startswith(intent):
            booked[row["payment_id"]] += row["amount"]
    told = Counter(
        row["subject"] for row in books.rows("SELECT subject FROM audit_entry WHERE action = 'payment.succeeded'")
    )
    for place, payment in payments.items():
        times = 1 if payment["state"] == SUCCEEDED else 0
        found = booked[place], told[payment["public_id"]]
        if found != (payment["amount"] * times, times):
            due = f"{payment['amount']} {payment['state']}"
            yield f"{payment['public_id']} ({due}): {found[0]} booked, told {found[1]} times"


@at_any_time("a booked entry of the bank is one booking of its amount and currency or undoes one, and is so alone")
def _entries(books: Books, _till: Till) -> Iterator[str]:
    booked = Counter(row["incoming_id"] for row in books.bank_entries if row["incoming_id"] is not None)
    undone = Counter(row["return_id"] for row in books.bank_entries if row["return_id"] is not None)
    yield from (f"booking {place} is {times} entries" for place, times in booked.items() if times > 1)
    yield from (f"return {place} is {times} entries" for place, times in undone.items() if times > 1)
    for row in books.bank_entries:
        came = books.incoming.get(row["incoming_id"])
        back = books.undone.get(row["return_id"])
        gone = books.incoming.get(back["incoming_id"]) if back else None
        is_same = came is not None and (came["amount"], came["currency"]) == (row["amount"], row["currency"])
        takes = gone is not None and gone["amount"] <= -row["amount"] and gone["currency"] == row["currency"]
        if [is_same, takes].count(True) != (row["state"] == "booked") or (came is not None) != is_same:
            yield f"{row['public_id']}: {row['state']}, {row['amount']} {row['currency']}"


@at_any_time("a bank statement adds up")
def _statements(books: Books, _till: Till) -> Iterator[str]:
    moved = _sums(books.bank_entries, "statement_id")
    for place, row in books.bank_statements.items():
        if row["opening"] + row["known_sum"] + moved[place] != row["closing"]:
            yield f"{row['iban']} {row['statement_id']}"


@at_any_time("an event of the processor is stored once")
def _events_once(books: Books, _till: Till) -> Iterator[str]:
    stored = Counter(row["said"]["id"] for row in books.events)
    yield from (f"{event} {times} times" for event, times in stored.items() if times > 1)
    yield from (
        f"{row['said']['id']} as {row['event_id']}" for row in books.events if row["said"]["id"] != row["event_id"]
    )


@at_any_time("the numbers of a series are 1 to n, without a gap or a duplicate")
def _numbers(books: Books, _till: Till) -> Iterator[str]:
    used: dict[str, list[int]] = defaultdict(list)
    for table, ours in NUMBERED.items():
        for row in books.rows(f"SELECT number FROM {table} WHERE {ours}"):  # noqa: S608 (constants)
            series, _, figure = row["number"].rpartition("-")
            if not (len(figure) == DIGITS and figure.isdecimal()):
                yield f"{row['number']} is no number"
                continue
            used[series].append(int(figure))
    following = {row["code"]: row["next"] for row in books.rows("SELECT code, next FROM number_series")}
    for series in sorted(used.keys() | following.keys()):
        wanted = list(range(1, following.get(series, 1)))
        if sorted(used[series]) != wanted:
            yield f"{series}: {sorted(used[series])[:20]}, the next one is {following.get(series)}"


def _sums(rows: Iterable[Row], by: str) -> Counter[int]:
    sums: Counter[int] = Counter()
    for row in rows:
        sums[row[by]] += row["amount"]
    return sums


def _differing(found: Counter[tuple[int, str]], kept: dict[tuple[int, str], int]) -> Iterator[str]:
    for key in sorted(found.keys() | kept.keys()):
        if found[key] != kept.get(key, 0):
            yield f"account {key[0]}: {kept.get(key, 0)} {key[1]} kept, {found[key]} found"
