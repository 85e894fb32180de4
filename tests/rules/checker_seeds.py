"""Violations of the checker's rules, as SQL for the portal's database or the sandbox's file; $names are the scene's."""

COPY = (
    "INSERT INTO object (id, kind, created, customer, payment_intent, charge, status, type, email, expires_at, body,"
    " private) SELECT $values FROM object WHERE $which LIMIT 1"
)


def copied(kind: str, new: str, where: str, **changes: str) -> str:
    """Another thing at the processor, like one that is there but for its id and some of its JSON."""
    said = "".join(f", '$.{name}', {value}" for name, value in {"id": f"'{new}'", **changes}.items())
    values = (
        f"'{new}', '{kind}', created, customer, payment_intent, charge, status, type, email, expires_at,"
        f" json_set(body{said}), private"
    )
    return COPY.replace("$values", values).replace("$which", where)


def altered(where: str, name: str, value: str) -> str:
    """A thing at the processor that says something else."""
    return f"UPDATE object SET body = json_set(body, '$.{name}', {value}) WHERE {where}"  # noqa: S608


PAID = "json_extract(body, '$.metadata.payment') = '$paid'"
INTENT, SESSION = f"kind = 'payment_intent' AND {PAID}", f"kind = 'checkout.session' AND {PAID}"
ON_FILE = "kind = 'payment_intent' AND json_extract(body, '$.metadata.payment') = '$by_card'"
DECLINED = ON_FILE.replace("$by_card", "$declined")
METHOD = "kind = 'payment_method' AND id = '$method'"
REMOVED = "UPDATE saved_card SET removed_at = '2020-01-01T00:00:00.000000Z', is_default = (1 = 0)"
REFUND = (
    "INSERT INTO refund (public_id, account_id, payment_id, state, amount, currency, reason, processor_refund, failure,"
    " created_at, checks) VALUES ('ref_1', $account, $paid_id, 'succeeded', 100, 'EUR', '', 're_1', '', '$now', 0)"
)
ALLOCATION = (
    "INSERT INTO allocation (invoice_id, account_id, kind, reference, amount, currency, payment_id, booked_at)"
    " VALUES ($partly_paid, $account, 'card', 'pi_again', 100, 'EUR', $paid_id, '$now')"
)
JOB = (
    "INSERT INTO job (kind, payload, state, run_at, attempts, created_at)"
    " VALUES ('payment.settle', '{\"payment\": \"$open\"}', 'ready', '$now', 0, '$now')"
)

SECOND_EVENT = (
    "INSERT INTO processor_event SELECT 'evt_2', kind, body, received_at, processed_at FROM processor_event LIMIT 1"
)

SEEDS: list[tuple[str, str, str]] = [
    ("settled and held beyond", "books", "UPDATE payment_target SET amount = 6001 WHERE payment_id = $open_id"),
    ("settled and held beyond", "books", "UPDATE invoice SET net = net - 1, total = total - 1 WHERE id = $invoice"),
    ("without an outcome hold", "books", "UPDATE payment_target SET holds = (1 = 0) WHERE payment_id = $open_id"),
    ("without an outcome hold", "books", "UPDATE payment_target SET holds = (1 = 1) WHERE payment_id = $paid_id"),
    ("invoice's balance is", "books", "UPDATE invoice SET balance = balance - 1 WHERE id = $partly_paid"),
    ("invoice's balance is", "books", "UPDATE allocation SET currency = 'USD'"),
    ("owes the sum", "books", "UPDATE account_balance SET open = open + 1"),
    ("account's credit is", "books", "UPDATE account_balance SET credit = credit + 1"),
    ("account's credit is", "books", "UPDATE credit_entry SET amount = -1"),
    ("booked once and to the last unit", "books", "DELETE FROM allocation WHERE payment_id = $paid_id"),
    ("booked once and to the last unit", "books", ALLOCATION),
    ("booked once and to the last unit", "books", ALLOCATION.replace("$paid_id", "$open_id")),
    ("booked once and to the last unit", "books", "DELETE FROM audit_entry WHERE action = 'payment.succeeded'"),
    ("entries of the audit trail", "books", "DELETE FROM audit_entry WHERE id = 3"),
    ("entries of the audit trail", "books", "UPDATE audit_entry SET actor = 'worker' WHERE actor = 'processor'"),
    ("entries of the audit trail", "books", "UPDATE audit_entry SET account_id = NULL WHERE account_id = $account"),
    ("entries of the audit trail", "books", "UPDATE audit_entry SET previous_seal = seal WHERE id = 2"),
    ("entries of the audit trail", "books", "UPDATE audit_head SET entries = entries - 1"),
    ("booked entry of the bank", "books", "UPDATE bank_entry SET amount = 501 WHERE amount = 500"),
    ("booked entry of the bank", "books", "UPDATE incoming_payment SET currency = 'USD'"),
    ("booked entry of the bank", "books", "UPDATE bank_entry SET currency = 'USD' WHERE amount = 500"),
    ("bank statement adds up", "books", "UPDATE bank_statement SET closing = closing + 1"),
    ("bank statement adds up", "books", "DELETE FROM bank_entry WHERE amount = 100"),
    ("event of the processor is stored once", "books", SECOND_EVENT),
    ("without a gap", "books", "UPDATE number_series SET next = next + 1"),
    ("without a gap", "books", "UPDATE number_series SET next = next - 1"),
    ("without a gap", "books", "UPDATE invoice SET number = 'DE-2026-1' WHERE id = $invoice"),
    ("whose row came first", "file", altered(INTENT, "metadata.payment", "'pay_unknown'")),
    ("whose row came first", "file", copied("checkout.session", "cs_2", SESSION, client_reference_id="'pay_unknown'")),
    ("whose row came first", "file", altered("kind = 'charge'", "payment_intent", "'pi_unknown'")),
    ("whose row came first", "books", "UPDATE payment SET created_at = '2099-01-01T00:00:00.000000Z'"),
    ("at most one session", "file", copied("checkout.session", "cs_2", SESSION)),
    ("at most one session", "file", altered(SESSION, "amount_total", "9999")),
    ("at most one session", "books", "UPDATE payment SET processor_session = 'cs_other' WHERE id = $open_id"),
    ("takes money twice", "file", copied("payment_intent", "pi_2", INTENT)),
    ("takes money twice", "file", copied("charge", "ch_2", "kind = 'charge'")),
    ("money that the processor took: intent", "file", altered(INTENT, "status", "'canceled'")),
    ("money that the processor took: intent", "file", altered(INTENT, "amount_received", "9999")),
    ("money that the processor took: intent", "file", altered(INTENT, "currency", "'usd'")),
    ("money that the processor took: intent", "file", altered(INTENT, "livemode", "json('true')")),
    ("money that the processor took: intent", "file", altered(INTENT, "metadata.payment", "'$open'")),
    ("money that the processor took: intent", "books", "UPDATE payment SET currency = 'JPY' WHERE id = $paid_id"),
    ("message that we confirmed", "books", "DELETE FROM processor_event WHERE kind = 'charge.succeeded'"),
    ("message that we confirmed", "books", "UPDATE processor_event SET kind = 'charge.failed'"),
    ("message that we confirmed", "file", altered("kind = 'event'", "created", "1")),
    ("refund of ours", "books", REFUND),
    ("at most one intent", "file", copied("payment_intent", "pi_3", ON_FILE, status="'canceled'")),
    ("at most one intent", "books", "UPDATE payment SET processor_intent = 'pi_other' WHERE public_id = '$by_card'"),
    ("at most one intent", "file", altered(ON_FILE, "payment_method", "'pm_other'")),
    ("charged for its own account", "books", REMOVED),
    ("charged for its own account", "books", "UPDATE saved_card SET account_id = (SELECT MAX(id) FROM account)"),
    ("four digits", "books", "UPDATE saved_card SET last4 = '424'"),
    ("four digits", "books", "UPDATE saved_card SET fingerprint = '4242424242424242'"),
    ("exactly the cards", "file", altered(METHOD, "customer", "NULL")),
    ("exactly the cards", "file", altered(METHOD, "customer", "'cus_other'")),
    ("exactly the cards", "books", "UPDATE payment SET card_id = NULL; DELETE FROM card_setup; DELETE FROM saved_card"),
    ("which attempts can still be paid", "file", altered(DECLINED, "status", "'requires_confirmation'")),
    ("took is booked here", "books", "UPDATE payment SET state = 'expired' WHERE id = $paid_id"),
    ("took is booked here", "books", "UPDATE payment SET state = 'needs_review' WHERE id = $paid_id"),
    ("took is booked here", "file", copied("payment_intent", "pi_2", INTENT, **{"metadata.payment": "'$open'"})),
    ("every refund and every dispute", "file", copied("refund", "re_1", "kind = 'charge'", payment_intent="'pi_x'")),
    ("every refund and every dispute", "file", copied("dispute", "du_1", "kind = 'charge'", status="'needs_response'")),
    ("a refund that took place", "books", "DELETE FROM allocation WHERE kind = 'refund'"),
    ("a refund that took place", "books", "UPDATE allocation SET amount = amount - 1 WHERE kind = 'refund'"),
    ("a refund that took place", "file", altered("kind = 'refund'", "status", "'failed'")),
    ("a refund that took place", "file", altered("kind = 'refund'", "amount", "2999")),
    ("a dispute that took money", "books", "DELETE FROM allocation WHERE kind = 'dispute' AND reference = '$disputed'"),
    ("a dispute that took money", "file", altered("kind = 'dispute'", "amount", "9999")),
    ("a dispute that was won", "books", "DELETE FROM allocation WHERE kind = 'dispute_won'"),
    ("a dispute that was won", "file", altered("kind = 'dispute'", "status", "'warning_closed'")),
    ("undoes what the same payment", "books", "UPDATE allocation SET amount = -10001 WHERE kind = 'refund'"),
    ("undoes what the same payment", "books", "UPDATE allocation SET payment_id = $paid_id WHERE kind = 'refund'"),
    ("took is booked here", "books", "UPDATE payment SET state = 'given_back' WHERE id = $paid_id"),
    ("took is booked here", "books", "UPDATE payment SET state = 'closed' WHERE id = $paid_id"),
    ("nothing waits", "books", "UPDATE processor_event SET processed_at = NULL WHERE kind = 'charge.succeeded'"),
    ("nothing waits", "books", JOB),
    ("nothing waits", "file", "UPDATE delivery SET delivered_at = NULL"),
    ("which attempts can still be paid", "books", "UPDATE payment SET state = 'cancelled' WHERE id = $open_id"),
    ("which attempts can still be paid", "file", altered("kind = 'checkout.session'", "status", "'expired'")),
    ("is due its total less", "books", "UPDATE online_order SET net = net - 1, tax = tax + 1"),
    ("is due its total less", "books", "UPDATE online_order_charge SET amount = amount + 1"),
    ("carried out has one document", "books", "UPDATE online_order SET invoice_id = NULL WHERE id = $ordered"),
    ("carried out has one document", "books", "UPDATE online_order SET invoice_id = $invoice WHERE id = $ordered"),
    ("carried out has one document", "books", "UPDATE online_order SET invoice_id = $invoice WHERE id = $waiting"),
    ("money of an online order has", "books", "UPDATE online_order SET state = 'void' WHERE id = $waiting"),
    ("money of an online order has", "books", "UPDATE online_order SET state = 'placed' WHERE id = $ordered"),
    ("money of an online order has", "books", "UPDATE payment_target SET invoice_id = NULL WHERE order_id = $ordered"),
    ("money of an online order has", "books", "DELETE FROM payment_target WHERE order_id = $waiting"),
    ("one live subscription", "books", "UPDATE subscription SET cancelled_on = '2026-06-01' WHERE is_live"),
    ("period is renewed once", "books",
     "UPDATE online_order_line SET effect = 'renew', period_start = '2100-01-01' WHERE order_id = $ordered"),
    ("counts on account credit", "books", "UPDATE online_order SET credit_used = 1, asked = asked - 1"),
]  # fmt: skip
"""Words of the rule that must be named, where the violation is put down, and the SQL that does it."""
