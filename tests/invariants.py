"""What must be true of the ledger after every test, in SQL alone: nothing of the program is believed or imported."""

from sqlalchemy import Connection, text

from tests import order_invariants

MONEY = (
    "invoice", "allocation", "credit_entry", "account_balance", "credit_note", "payment", "payment_target",
    "incoming_payment", "bank_statement", "refund", "dispute", "service_order", "scheduled_invoice", "subscription",
    "hand_off", "online_order", "vat_check",
)  # fmt: skip
ANYTHING = "SELECT " + " OR ".join(f"EXISTS (SELECT 1 FROM {table})" for table in MONEY)  # noqa: S608
"""Most tests leave nothing that the rules could be about."""
RULES = {
    "an invoice's balance is its total less what was allocated": """
        SELECT invoice.number, invoice.total, invoice.balance, COALESCE(SUM(allocation.amount), 0) AS allocated
        FROM invoice LEFT JOIN allocation ON allocation.invoice_id = invoice.id
        GROUP BY invoice.id, invoice.number, invoice.total, invoice.balance
        HAVING invoice.balance <> invoice.total - COALESCE(SUM(allocation.amount), 0)
    """,
    "an account's open balance is the sum of its invoices' balances": """
        SELECT owed.account_id, owed.currency, owed.total, kept.open FROM (
            SELECT account_id, currency, SUM(balance) AS total FROM invoice GROUP BY account_id, currency
        ) AS owed
        LEFT JOIN account_balance AS kept ON kept.account_id = owed.account_id AND kept.currency = owed.currency
        WHERE owed.total <> COALESCE(kept.open, 0)
    """,
    "no open balance is kept where no invoice stands behind it": """
        SELECT kept.account_id, kept.currency, kept.open FROM account_balance AS kept
        WHERE kept.open <> 0 AND NOT EXISTS (
            SELECT 1 FROM invoice WHERE invoice.account_id = kept.account_id AND invoice.currency = kept.currency
        )
    """,
    "an account's credit is the sum of its credit entries": """
        SELECT sums.account_id, sums.currency, sums.total, kept.credit FROM (
            SELECT account_id, currency, SUM(amount) AS total FROM credit_entry GROUP BY account_id, currency
        ) AS sums
        LEFT JOIN account_balance AS kept ON kept.account_id = sums.account_id AND kept.currency = sums.currency
        WHERE sums.total <> COALESCE(kept.credit, 0)
    """,
    "no credit is kept where no entry stands behind it": """
        SELECT kept.account_id, kept.currency, kept.credit FROM account_balance AS kept
        WHERE kept.credit <> 0 AND NOT EXISTS (
            SELECT 1 FROM credit_entry AS entry
            WHERE entry.account_id = kept.account_id AND entry.currency = kept.currency
        )
    """,
    "an invoice's net is the sum of its lines, and its tax that of its tax rows": """
        SELECT invoice.number, invoice.net, invoice.tax FROM invoice
        WHERE invoice.net <> (SELECT COALESCE(SUM(net), 0) FROM invoice_line WHERE invoice_line.invoice_id = invoice.id)
           OR invoice.net <> (SELECT COALESCE(SUM(net), 0) FROM invoice_tax WHERE invoice_tax.invoice_id = invoice.id)
           OR invoice.tax <> (SELECT COALESCE(SUM(tax), 0) FROM invoice_tax WHERE invoice_tax.invoice_id = invoice.id)
    """,
    "money, invoice and account agree on account and currency": """
        SELECT allocation.id FROM allocation JOIN invoice ON invoice.id = allocation.invoice_id
        WHERE allocation.account_id <> invoice.account_id OR allocation.currency <> invoice.currency
        UNION ALL
        SELECT payment.id FROM payment JOIN payment_target ON payment_target.payment_id = payment.id
        JOIN invoice ON invoice.id = payment_target.invoice_id
        WHERE payment.account_id <> invoice.account_id OR payment.currency <> invoice.currency
    """,
    "a payment that succeeded is booked to the last unit, less what went back, and no other is": """
        SELECT payment.public_id, payment.state, payment.amount FROM payment
        WHERE (CASE WHEN payment.state = 'succeeded' THEN payment.amount
            - (SELECT COALESCE(SUM(amount), 0) FROM refund
               WHERE refund.payment_id = payment.id AND refund.state IN ('begun', 'pending', 'succeeded'))
            - (SELECT COALESCE(SUM(amount), 0) FROM dispute
               WHERE dispute.payment_id = payment.id AND dispute.state IN ('disputed', 'lost')) ELSE 0 END) <>
            (SELECT COALESCE(SUM(amount), 0) FROM allocation WHERE allocation.payment_id = payment.id)
            + (SELECT COALESCE(SUM(amount), 0) FROM credit_entry WHERE credit_entry.payment_id = payment.id)
    """,
    "a reminder asks for the sum of what it names, of its own row's account, and went to somebody": """
        SELECT reminder.public_id, reminder.total FROM reminder
        WHERE reminder.total <> (SELECT COALESCE(SUM(balance), 0) FROM reminder_item WHERE reminder_id = reminder.id)
           OR NOT EXISTS (SELECT 1 FROM reminder_mail WHERE reminder_id = reminder.id)
        UNION ALL
        SELECT reminder.public_id, item.balance FROM reminder
        JOIN dunning ON dunning.id = reminder.dunning_id
        JOIN reminder_item AS item ON item.reminder_id = reminder.id JOIN invoice ON invoice.id = item.invoice_id
        WHERE invoice.account_id <> dunning.account_id OR invoice.currency <> dunning.currency
           OR invoice.seller_id <> dunning.seller_id
    """,
    "a token from an outside My Account opens a session of My Account and of nothing else": """
        SELECT hand_off.fingerprint, opened.realm FROM hand_off
        JOIN sign_in_session AS opened ON opened.id = hand_off.session_id WHERE opened.realm <> 'my'
    """,
    "a payment's targets add up to its amount": """
        SELECT payment.public_id, payment.amount FROM payment
        WHERE payment.amount <> (SELECT COALESCE(SUM(amount), 0) FROM payment_target WHERE payment_id = payment.id)
    """,
    "exactly the attempts without an outcome hold money": """
        SELECT payment.public_id, payment.state
        FROM payment JOIN payment_target ON payment_target.payment_id = payment.id
        WHERE payment_target.holds <> (payment.state IN ('creating', 'open', 'unknown', 'needs_review'))
    """,
    "never more goes back than a payment brought": """
        SELECT payment.public_id FROM payment
        LEFT JOIN payment_review AS review ON review.payment_id = payment.id
        WHERE (CASE WHEN payment.state = 'given_back' THEN review.received ELSE payment.amount END) <
            (SELECT COALESCE(SUM(amount), 0) FROM refund
             WHERE refund.payment_id = payment.id AND refund.state IN ('begun', 'pending', 'succeeded'))
            + (SELECT COALESCE(SUM(amount), 0) FROM dispute
               WHERE dispute.payment_id = payment.id AND dispute.state IN ('disputed', 'lost'))
    """,
    "a refund is booked to the last unit while it stands, and not at all where it was declined or has failed": """
        SELECT refund.public_id, refund.state, refund.amount FROM refund
        WHERE (CASE WHEN refund.state IN ('begun', 'pending', 'succeeded')
            AND EXISTS (SELECT 1 FROM refund_part WHERE refund_id = refund.id) THEN refund.amount ELSE 0 END) <>
            - (SELECT COALESCE(SUM(amount), 0) FROM allocation
               WHERE kind IN ('refund', 'refund_failed') AND reference = refund.public_id)
            - (SELECT COALESCE(SUM(amount), 0) FROM credit_entry
               WHERE kind IN ('refund', 'refund_failed') AND reference = refund.public_id
               OR kind = 'overpayment' AND reference LIKE refund.public_id || '/%')
    """,
    "the parts of a refund are its amount; only money that was set aside, and never booked, goes back without any": """
        SELECT refund.public_id FROM refund
        WHERE refund.amount <> (SELECT COALESCE(SUM(amount), 0) FROM refund_part WHERE refund_id = refund.id)
        AND NOT (
            NOT EXISTS (SELECT 1 FROM refund_part WHERE refund_id = refund.id)
            AND EXISTS (SELECT 1 FROM payment_review WHERE payment_review.payment_id = refund.payment_id)
        )
    """,
    "a refund without parts is on its way exactly while its payment is given back": """
        SELECT refund.public_id, refund.state, payment.state FROM refund
        JOIN payment ON payment.id = refund.payment_id
        WHERE NOT EXISTS (SELECT 1 FROM refund_part WHERE refund_id = refund.id)
        AND refund.state IN ('begun', 'pending', 'succeeded') AND payment.state <> 'given_back'
        UNION ALL
        SELECT payment.public_id, payment.state, payment.state FROM payment
        WHERE payment.state = 'given_back' AND 1 <> (
            SELECT COUNT(*) FROM refund
            WHERE refund.payment_id = payment.id AND refund.state IN ('begun', 'pending', 'succeeded')
        )
    """,
    "what finance has decided about a payment that was set aside is where its state says": """
        SELECT payment.public_id, payment.state, review.decision FROM payment
        LEFT JOIN payment_review AS review ON review.payment_id = payment.id
        WHERE payment.state = 'given_back' AND COALESCE(review.decision, '') <> 'give_back'
        OR payment.state = 'closed' AND COALESCE(review.decision, '') <> 'close'
        OR payment.state NOT IN ('given_back', 'closed') AND review.decision IN ('give_back', 'close')
        OR payment.state <> 'succeeded' AND review.decision = 'take_in'
        OR review.decision IS NOT NULL AND (review.decided_by IS NULL OR review.note = '')
    """,
    "a reconciliation is finished, or the one that is under way": """
        SELECT public_id FROM reconciliation WHERE (finished_at IS NULL) <> (running IS NOT NULL)
    """,
    "a dispute is booked to the last unit while the money is away, and not at all otherwise": """
        SELECT dispute.public_id, dispute.state, dispute.amount FROM dispute
        WHERE (CASE WHEN dispute.state IN ('disputed', 'lost') THEN dispute.amount ELSE 0 END) <>
            - (SELECT COALESCE(SUM(amount), 0) FROM allocation
               WHERE kind IN ('dispute', 'dispute_won')
               AND (reference = dispute.public_id OR reference LIKE dispute.public_id || '.%'))
            - (SELECT COALESCE(SUM(amount), 0) FROM credit_entry
               WHERE kind IN ('dispute', 'dispute_won')
               AND (reference = dispute.public_id OR reference LIKE dispute.public_id || '.%')
               OR kind = 'overpayment' AND (
                   reference LIKE dispute.public_id || '/%' OR reference LIKE dispute.public_id || '.%/%'
               ))
    """,
    "money that was returned is undone to the last unit, and no other": """
        SELECT came.public_id FROM incoming_payment AS came LEFT JOIN incoming_return ON incoming_id = came.id
        WHERE (CASE WHEN incoming_return.id IS NULL THEN 0 ELSE came.amount END) <>
            - (SELECT COALESCE(SUM(amount), 0) FROM allocation WHERE kind = 'returned' AND reference = came.public_id)
            - (SELECT COALESCE(SUM(amount), 0) FROM credit_entry WHERE kind = 'returned' AND reference = came.public_id)
    """,
    "the same money is booked once": """
        SELECT kind, reference FROM allocation WHERE amount > 0 GROUP BY kind, reference, invoice_id HAVING COUNT(*) > 1
    """,
    "a credit note's net is the sum of its lines, and its tax that of its tax rows": """
        SELECT note.number, note.net, note.tax FROM credit_note AS note
        WHERE note.net <> (SELECT COALESCE(SUM(net), 0) FROM credit_note_line WHERE credit_note_id = note.id)
           OR note.net <> (SELECT COALESCE(SUM(net), 0) FROM credit_note_tax WHERE credit_note_id = note.id)
           OR note.tax <> (SELECT COALESCE(SUM(tax), 0) FROM credit_note_tax WHERE credit_note_id = note.id)
    """,
    "a credit note is used up to the last unit: off the invoice that it names, and as account credit": """
        SELECT note.number, note.total FROM credit_note AS note
        WHERE note.total <> (
            SELECT COALESCE(SUM(amount), 0) FROM allocation
            WHERE kind = 'credit_note' AND reference = note.public_id AND invoice_id = note.invoice_id
        ) + (
            SELECT COALESCE(SUM(amount), 0) FROM credit_entry
            WHERE kind = 'credit_note' AND reference = note.public_id AND account_id = note.account_id
            AND currency = note.currency
        )
    """,
    "what was credited of an invoice is the sum of the credit notes that correct its lines": """
        SELECT invoice.number, invoice.total, invoice.credited FROM invoice
        WHERE invoice.credited <> (
            SELECT COALESCE(SUM(note.total), 0) FROM credit_note AS note
            WHERE note.invoice_id = invoice.id AND EXISTS (
                SELECT 1 FROM credit_note_line
                WHERE credit_note_line.credit_note_id = note.id AND credit_note_line.invoice_line_id IS NOT NULL
            )
        )
    """,
    "a credit note corrects lines of the invoice that it names, or none": """
        SELECT note.number FROM credit_note AS note
        JOIN credit_note_line ON credit_note_line.credit_note_id = note.id
        LEFT JOIN invoice_line ON invoice_line.id = credit_note_line.invoice_line_id
        GROUP BY note.id, note.number, note.invoice_id
        HAVING COUNT(invoice_line.id) NOT IN (0, COUNT(*))
            OR MIN(invoice_line.invoice_id) <> note.invoice_id OR MAX(invoice_line.invoice_id) <> note.invoice_id
    """,
    "no line of an invoice is credited beyond its net amount": """
        SELECT line.id, line.net FROM invoice_line AS line
        JOIN credit_note_line ON credit_note_line.invoice_line_id = line.id
        GROUP BY line.id, line.net HAVING SUM(credit_note_line.net) > line.net
    """,
    "what is credited of a line, as wrong and as no longer used, is never more than its net amount": """
        SELECT line.id, line.net, SUM(taken.net) FROM invoice_line AS line JOIN (
            SELECT invoice_line_id AS line_id, net FROM credit_note_line
            UNION ALL SELECT credits_line_id, net FROM credit_note_line
            UNION ALL SELECT credits_line_id, -net FROM invoice_line
        ) AS taken ON taken.line_id = line.id
        GROUP BY line.id, line.net HAVING SUM(taken.net) > line.net
    """,
    "no tax is credited beyond the tax that was charged, and all of it where all was credited": """
        SELECT invoice.number, charged.category, charged.rate, charged.net, charged.tax
        FROM invoice_tax AS charged JOIN invoice ON invoice.id = charged.invoice_id
        JOIN credit_note AS note ON note.invoice_id = invoice.id AND EXISTS (
            SELECT 1 FROM credit_note_line
            WHERE credit_note_line.credit_note_id = note.id AND credit_note_line.invoice_line_id IS NOT NULL
        )
        JOIN credit_note_tax AS credited ON credited.credit_note_id = note.id
            AND credited.category = charged.category AND credited.rate = charged.rate
        GROUP BY invoice.number, charged.id, charged.category, charged.rate, charged.net, charged.tax
        HAVING SUM(credited.tax) > charged.tax OR SUM(credited.net) > charged.net
            OR (SUM(credited.net) = charged.net AND SUM(credited.tax) <> charged.tax)
    """,
    "no credit comes from a credit note that does not exist": """
        SELECT booked.reference FROM (
            SELECT reference FROM allocation WHERE kind = 'credit_note'
            UNION ALL SELECT reference FROM credit_entry WHERE kind = 'credit_note'
        ) AS booked
        WHERE NOT EXISTS (SELECT 1 FROM credit_note WHERE credit_note.public_id = booked.reference)
    """,
    "money that finance booked is used up to the last unit: off invoices of its account, and as account credit": """
        SELECT came.public_id, came.amount FROM incoming_payment AS came
        WHERE came.amount <> (
            SELECT COALESCE(SUM(amount), 0) FROM allocation
            WHERE kind = 'incoming' AND reference = came.public_id AND account_id = came.account_id
            AND currency = came.currency
        ) + (
            SELECT COALESCE(SUM(amount), 0) FROM credit_entry
            WHERE kind = 'overpayment' AND reference = came.public_id AND account_id = came.account_id
            AND currency = came.currency
        )
    """,
    "no money was booked that did not come in": """
        SELECT reference FROM allocation WHERE kind = 'incoming' AND NOT EXISTS (
            SELECT 1 FROM incoming_payment AS came WHERE came.public_id = allocation.reference
        )
    """,
    "a booked entry of the bank is exactly one booking of its amount and currency, or the return of one": """
        SELECT entry.public_id, entry.state, entry.amount FROM bank_entry AS entry
        LEFT JOIN incoming_payment AS came ON came.id = entry.incoming_id
        LEFT JOIN incoming_return AS undone ON undone.id = entry.return_id
        LEFT JOIN incoming_payment AS gone ON gone.id = undone.incoming_id
        WHERE 1 <> CASE
            WHEN entry.state <> 'booked' THEN
                CASE WHEN entry.incoming_id IS NULL AND entry.return_id IS NULL THEN 1 ELSE 0 END
            WHEN entry.amount > 0 AND entry.return_id IS NULL
                AND came.amount = entry.amount AND came.currency = entry.currency THEN 1
            WHEN entry.amount < 0 AND entry.incoming_id IS NULL
                AND gone.amount <= -entry.amount AND gone.currency = entry.currency THEN 1
            ELSE 0 END
    """,
    "no booking and no return is that of two entries": """
        SELECT incoming_id FROM bank_entry WHERE incoming_id IS NOT NULL GROUP BY incoming_id HAVING COUNT(*) > 1
        UNION ALL
        SELECT return_id FROM bank_entry WHERE return_id IS NOT NULL GROUP BY return_id HAVING COUNT(*) > 1
    """,
    "money of a bank account is booked for a customer of its seller": """
        SELECT entry.public_id FROM bank_entry AS entry
        JOIN bank_statement ON bank_statement.id = entry.statement_id
        JOIN incoming_payment AS came ON came.id = entry.incoming_id
        JOIN account ON account.id = came.account_id JOIN seller ON seller.id = account.seller_id
        WHERE REPLACE(UPPER(seller.iban), ' ', '') <> bank_statement.iban
    """,
    "a bank statement adds up, with the entries that an earlier one brought": """
        SELECT statement.iban, statement.statement_id FROM bank_statement AS statement
        WHERE statement.closing <> statement.opening + statement.known_sum
            + (SELECT COALESCE(SUM(amount), 0) FROM bank_entry WHERE bank_entry.statement_id = statement.id)
    """,
    "credit that was used came off exactly the invoices that it paid": """
        SELECT kept.account_id, kept.currency FROM account_balance AS kept
        WHERE 0 <> (
            SELECT COALESCE(SUM(amount), 0) FROM allocation
            WHERE kind = 'credit' AND account_id = kept.account_id AND currency = kept.currency
        ) + (
            SELECT COALESCE(SUM(amount), 0) FROM credit_entry
            WHERE kind = 'used' AND account_id = kept.account_id AND currency = kept.currency
        )
    """,
    "credit notes are numbered without a gap": """
        SELECT SUBSTR(number, 1, LENGTH(number) - 7), COUNT(*) FROM credit_note
        GROUP BY SUBSTR(number, 1, LENGTH(number) - 7)
        HAVING COUNT(*) <> MAX(CAST(SUBSTR(number, LENGTH(number) - 5) AS INTEGER))
    """,
    "an order is fulfilled exactly when all its lines are": """
        SELECT placed.number, placed.state FROM service_order AS placed
        WHERE (placed.state = 'fulfilled') = EXISTS (
            SELECT 1 FROM order_line WHERE order_line.order_id = placed.id AND order_line.fulfilled_at IS NULL
        )
    """,
    "no more people have a seat than there are seats": """
        SELECT subscription.public_id, subscription.seats FROM subscription
        JOIN seat_assignment ON seat_assignment.subscription_id = subscription.id
        GROUP BY subscription.id, subscription.public_id, subscription.seats HAVING COUNT(*) > subscription.seats
    """,
    "a scheduled invoice is issued to the account that ordered": """
        SELECT scheduled.public_id FROM scheduled_invoice AS scheduled
        JOIN service_order AS placed ON placed.id = scheduled.order_id
        JOIN invoice ON invoice.id = scheduled.invoice_id
        WHERE invoice.account_id <> placed.account_id OR invoice.order_number <> placed.number
        UNION ALL
        SELECT MIN(scheduled.public_id) FROM scheduled_invoice AS scheduled WHERE scheduled.invoice_id IS NOT NULL
        GROUP BY scheduled.invoice_id HAVING COUNT(*) > 1
    """,
    "a VAT ID is confirmed as the newest answer about it says": """
        SELECT account.number, account.vat_confirmed_at, last.state, last.decided_at FROM account
        JOIN vat_check AS last ON last.account_id = account.id AND last.vat_id = account.vat_id
        WHERE last.id = (
            SELECT MAX(id) FROM vat_check
            WHERE account_id = account.id AND vat_id = account.vat_id AND state IN ('confirmed', 'unknown')
        ) AND NOT EXISTS (
            SELECT 1 FROM vat_check AS later
            WHERE later.account_id = account.id AND later.id > last.id AND later.vat_id <> account.vat_id
        ) AND COALESCE(account.vat_confirmed_at, '') <> (
            CASE WHEN last.state = 'confirmed' THEN last.decided_at ELSE '' END
        )
    """,
    "what was decided about a VAT ID says by whom, and what finance decided also why": """
        SELECT id FROM vat_check WHERE state IN ('confirmed', 'unknown') AND decided_by = ''
        UNION ALL
        SELECT id FROM vat_check WHERE decided_by LIKE 'desk:%' AND note = ''
    """,
    "a payment that succeeded has exactly one receipt, or it stands in the audit that none could be written": """
        SELECT payment.public_id FROM payment
        LEFT JOIN outbox_mail AS receipt ON receipt.account_id = payment.account_id
            AND receipt.kind IN ('payment-receipt', 'order-confirmed', 'subscription-renewed', 'order-unapplied')
            AND receipt.text_body LIKE '%' || payment.public_id || '%'
        WHERE payment.state = 'succeeded'
        GROUP BY payment.id, payment.public_id HAVING 1 <> COUNT(receipt.id) + (
            SELECT COUNT(*) FROM audit_entry
            WHERE audit_entry.action = 'payment.receipt_failed' AND audit_entry.subject = payment.public_id
        )
    """,
    **order_invariants.RULES,
}


def take_time(connection: Connection) -> None:
    """After a long proof a law reads thousands of rows: the program's own limit of a statement is not for that."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL statement_timeout = 0"))


def check(connection: Connection) -> None:
    """Raise AssertionError with the first rows that break a rule."""
    take_time(connection)
    if not connection.scalar(text(ANYTHING)):
        return
    for rule, broken in RULES.items():
        rows = connection.execute(text(broken)).fetchmany(5)
        assert not rows, f"{rule}: {[tuple(row) for row in rows]}"


check_balances = check
