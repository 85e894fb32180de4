"""What must be true of online orders and their subscriptions after every test, in SQL alone (see invariants)."""

RULES = {
    "an online order's net is the sum of its charges": """
        SELECT placed.public_id, placed.net FROM online_order AS placed WHERE placed.net <> (
            SELECT COALESCE(SUM(charge.amount), 0) FROM online_order_charge AS charge
            JOIN online_order_line AS line ON line.id = charge.line_id WHERE line.order_id = placed.id
        )
    """,
    "an online order that was carried out has one document of its total, or costs nothing; no other one has any": """
        SELECT placed.public_id, placed.state, placed.total FROM online_order AS placed
        LEFT JOIN invoice ON invoice.id = placed.invoice_id
        LEFT JOIN credit_note AS note ON note.id = placed.credit_note_id
        WHERE CASE
            WHEN placed.state <> 'fulfilled' THEN CASE WHEN invoice.id IS NULL AND note.id IS NULL THEN 0 ELSE 1 END
            WHEN placed.total < 0 THEN
                CASE WHEN invoice.id IS NULL AND note.total = -placed.total AND note.account_id = placed.account_id
                    AND note.stays_credit THEN 0 ELSE 1 END
            WHEN EXISTS (
                SELECT 1 FROM online_order_line AS line JOIN online_order_charge AS charge ON charge.line_id = line.id
                WHERE line.order_id = placed.id
            ) THEN
                CASE WHEN note.id IS NULL AND invoice.total = placed.total AND invoice.account_id = placed.account_id
                    THEN 0 ELSE 1 END
            WHEN invoice.id IS NULL AND note.id IS NULL THEN 0 ELSE 1 END = 1
    """,
    "account credit pays an online order as far as it was seen, and no further": """
        SELECT placed.public_id, placed.credit_used FROM online_order AS placed
        WHERE placed.credit_used < (
            SELECT COALESCE(SUM(amount), 0) FROM allocation
            WHERE kind = 'credit' AND reference = placed.public_id AND invoice_id = placed.invoice_id
        )
    """,
    "an online order waits exactly while its payment does": """
        SELECT placed.public_id, placed.state FROM online_order AS placed
        WHERE (placed.state = 'placed') <> EXISTS (
            SELECT 1 FROM payment_target AS target JOIN payment ON payment.id = target.payment_id
            WHERE target.order_id = placed.id AND payment.account_id = placed.account_id
            AND payment.state IN ('creating', 'open', 'unknown', 'needs_review')
        ) AND NOT (placed.state = 'void' AND EXISTS (
            SELECT 1 FROM payment_target AS target JOIN payment ON payment.id = target.payment_id
            WHERE target.order_id = placed.id AND payment.state = 'needs_review'
        ))
    """,
    "a payment that succeeded has carried its online order out, or its money is account credit": """
        SELECT payment.public_id, placed.public_id, placed.state FROM payment
        JOIN payment_target AS target ON target.payment_id = payment.id
        JOIN online_order AS placed ON placed.id = target.order_id
        WHERE payment.state = 'succeeded' AND NOT (
            placed.state = 'fulfilled' AND COALESCE(target.invoice_id, 0) = COALESCE(placed.invoice_id, -1)
            OR placed.state = 'unapplied' AND target.invoice_id IS NULL
        )
        OR payment.state <> 'succeeded'
            AND (placed.state IN ('fulfilled', 'unapplied') OR target.invoice_id IS NOT NULL)
    """,
    "a line is open exactly while its online order is placed": """
        SELECT placed.public_id FROM online_order AS placed JOIN online_order_line AS line ON line.order_id = placed.id
        WHERE line.is_open <> (placed.state = 'placed')
    """,
    "an online account has one live subscription of a product": """
        SELECT one.public_id, other.public_id FROM subscription AS one
        JOIN subscription AS other ON other.account_id = one.account_id AND other.product_id = one.product_id
        WHERE one.id < other.id AND 'online' IN (one.source, other.source)
        AND one.cancelled_on IS NULL AND other.cancelled_on IS NULL
        AND one.period_start < COALESCE(other.ended_on, other.period_end)
        AND other.period_start < COALESCE(one.ended_on, one.period_end)
    """,
    "what an online order began is there, and nothing else is": """
        SELECT begun.public_id FROM subscription AS begun WHERE begun.source = 'online' AND NOT EXISTS (
            SELECT 1 FROM online_order AS placed JOIN online_order_line AS line ON line.order_id = placed.id
            WHERE placed.state = 'fulfilled' AND placed.account_id = begun.account_id
            AND line.product_id = begun.product_id AND begun.external_id = placed.public_id || '-' || line.position
        )
        UNION ALL
        SELECT placed.public_id FROM online_order AS placed JOIN online_order_line AS line ON line.order_id = placed.id
        WHERE placed.state = 'fulfilled' AND line.effect IN ('start', 'trial') AND NOT EXISTS (
            SELECT 1 FROM subscription AS begun WHERE begun.source = 'online'
            AND begun.external_id = placed.public_id || '-' || line.position
        )
    """,
    "a subscription's period is renewed once, with one order of its own, and never after its end": """
        SELECT line.subscription_id, line.period_start, COUNT(*) FROM online_order_line AS line
        JOIN online_order AS placed ON placed.id = line.order_id
        WHERE line.effect = 'renew' AND placed.state = 'fulfilled'
        GROUP BY line.subscription_id, line.period_start HAVING COUNT(*) > 1
        UNION ALL
        SELECT line.subscription_id, line.period_start, placed.id FROM online_order_line AS line
        JOIN online_order AS placed ON placed.id = line.order_id
        JOIN subscription AS renewed ON renewed.id = line.subscription_id
        JOIN account ON account.id = renewed.account_id
        WHERE line.effect = 'renew' AND placed.state = 'fulfilled' AND (
            renewed.is_trial OR renewed.period_start < line.period_start
            OR placed.day < line.period_start OR placed.day > renewed.ended_on OR placed.day > renewed.cancelled_on
            OR (SELECT COUNT(*) FROM online_order_line AS other WHERE other.order_id = placed.id) > 1
        )
    """,
    "each attempt to renew is that of its subscription and period, and only what waits for its payment has no end": """
        SELECT attempt.id, attempt.failure, placed.state FROM renewal_attempt AS attempt
        LEFT JOIN online_order AS placed ON placed.id = attempt.order_id
        LEFT JOIN online_order_line AS line ON line.order_id = placed.id
        WHERE attempt.order_id IS NULL AND attempt.failure = ''
        OR attempt.order_id IS NOT NULL AND (
            line.effect <> 'renew' OR line.subscription_id <> attempt.subscription_id
            OR line.period_start <> attempt.period_start
        )
    """,
    "what is overdue goes on, and its renewal has failed": """
        SELECT overdue.public_id FROM subscription AS overdue WHERE overdue.retry_on IS NOT NULL AND (
            NOT overdue.is_live OR overdue.is_trial OR NOT EXISTS (
                SELECT 1 FROM renewal_attempt AS attempt WHERE attempt.subscription_id = overdue.id
                AND attempt.period_start = overdue.period_end AND attempt.failure <> ''
            )
        )
    """,
}
