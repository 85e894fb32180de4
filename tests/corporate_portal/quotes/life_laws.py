"""What must be true of every quote at every moment, in SQL and from the stored bytes alone.

A quote has at most one terminal decision, of a contact, before the deadline, on exactly the text that was shown. What
is accepted has exactly one order and one chain of invoices, and nothing else makes an order.
"""

import hashlib
import json

from sqlalchemy import Connection, text

from tests.invariants import take_time

LAWS = {
    "one version of a quote counts, and it is the last one written": """
        SELECT quote.id FROM quote WHERE (
            SELECT count(*) FROM quote_version AS version WHERE version.quote_id = quote.id AND version.is_current
            AND version.version = (SELECT max(one.version) FROM quote_version AS one WHERE one.quote_id = quote.id)
        ) <> 1 OR (
            SELECT count(*) FROM quote_version AS version WHERE version.quote_id = quote.id AND version.is_current
        ) <> 1
    """,
    "the customer sees at most one version, and it is the last one submitted": """
        SELECT version.id FROM quote_version AS version
        WHERE version.is_shown <> (
            version.submitted_at IS NOT NULL AND NOT EXISTS (
                SELECT 1 FROM quote_version AS later WHERE later.quote_id = version.quote_id
                AND later.version > version.version AND later.submitted_at IS NOT NULL
            )
        )
    """,
    "exactly the versions that no longer count are superseded": """
        SELECT version.id FROM quote_version AS version WHERE version.is_current = (version.state = 'superseded')
    """,
    "what was submitted is frozen under its hash, and what was not has none": """
        SELECT version.id FROM quote_version AS version
        WHERE (version.submitted_at IS NULL) <> (version.sha256 IS NULL)
           OR (version.submitted_at IS NULL) <> (version.expires_at IS NULL)
           OR (version.submitted_at IS NULL) <> (version.document IS NULL)
    """,
    "a quote is accepted once, and nothing is decided after that": """
        SELECT accepted.id FROM quote_decision AS accepted
        JOIN quote_decision AS other ON other.quote_id = accepted.quote_id AND other.id <> accepted.id
        WHERE accepted.verdict = 'accepted' AND (other.verdict = 'accepted' OR other.id > accepted.id)
    """,
    "a version is decided exactly where it is accepted or was rejected, at most once": """
        SELECT version.id FROM quote_version AS version
        LEFT JOIN quote_decision AS decision ON decision.version_id = version.id
        GROUP BY version.id, version.state
        HAVING count(decision.id) > 1
            OR (version.state = 'accepted' AND coalesce(max(decision.verdict), '') <> 'accepted')
            OR (version.state = 'rejected' AND coalesce(max(decision.verdict), '') <> 'rejected')
            OR (version.state = 'superseded' AND coalesce(max(decision.verdict), 'rejected') <> 'rejected')
            OR (version.state NOT IN ('accepted', 'rejected', 'superseded') AND count(decision.id) > 0)
    """,
    "an accepted version is the one that counts and the one that the customer sees": """
        SELECT id FROM quote_version WHERE state = 'accepted' AND NOT (is_current AND is_shown)
    """,
    "nothing is decided before it was submitted, or from its deadline on": """
        SELECT decision.id FROM quote_decision AS decision
        JOIN quote_version AS version ON version.id = decision.version_id
        WHERE decision.decided_at >= version.expires_at OR decision.decided_at < version.submitted_at
    """,
    "who decides is a billing contact of the account; staff only write down, with a reference": """
        SELECT decision.id FROM quote_decision AS decision
        JOIN quote_version AS version ON version.id = decision.version_id
        JOIN person ON person.id = decision.person_id
        WHERE person.staff_role IS NOT NULL
           OR decision.quote_id <> version.quote_id
           OR NOT EXISTS (
               SELECT 1 FROM billing_contact AS contact
               WHERE contact.person_id = decision.person_id AND contact.account_id = version.account_id
           )
           OR (decision.recorded_by_id IS NULL) <> (decision.channel = 'portal')
           OR (decision.recorded_by_id IS NULL) <> (decision.reference = '')
    """,
    "every acceptance has its one order, and every order comes from the acceptance of its version": """
        SELECT decision.id FROM quote_decision AS decision
        LEFT JOIN quote_version AS version ON version.id = decision.version_id
        LEFT JOIN service_order AS placed ON placed.id = decision.order_id
        WHERE decision.verdict = 'accepted' AND coalesce(placed.origin, '') <> version.public_id
           OR decision.verdict <> 'accepted' AND decision.order_id IS NOT NULL
        UNION ALL
        SELECT placed.id FROM service_order AS placed WHERE 1 <> (
            SELECT count(*) FROM quote_decision AS decision
            WHERE decision.order_id = placed.id AND decision.verdict = 'accepted'
        )
    """,
    "an order brings its invoice once, and no invoice comes from elsewhere": """
        SELECT placed.id FROM service_order AS placed
        JOIN quote_decision AS decision ON decision.order_id = placed.id
        WHERE (SELECT count(*) FROM invoice WHERE invoice.order_number = placed.number)
            <> (CASE WHEN decision.invoice_id IS NULL THEN 0 ELSE 1 END)
            + (SELECT count(*) FROM scheduled_invoice AS later
               WHERE later.order_id = placed.id AND later.state = 'issued')
        UNION ALL
        SELECT invoice.id FROM invoice WHERE NOT invoice.issued_elsewhere
        AND NOT EXISTS (SELECT 1 FROM service_order AS placed WHERE placed.number = invoice.order_number)
    """,
    "the invoice of an acceptance is the one of its order, on the sums of its version": """
        SELECT decision.id FROM quote_decision AS decision
        JOIN quote_version AS version ON version.id = decision.version_id
        JOIN service_order AS placed ON placed.id = decision.order_id
        LEFT JOIN invoice ON invoice.id = decision.invoice_id
        LEFT JOIN credit_note AS credit ON credit.id = decision.credit_note_id
        WHERE coalesce(invoice.order_number, placed.number) <> placed.number
           OR coalesce(credit.order_number, placed.number) <> placed.number
           OR coalesce(invoice.total, 0) - coalesce(credit.total, 0) <> version.total
           OR (decision.verdict = 'accepted' AND decision.invoice_id IS NULL AND decision.credit_note_id IS NULL
               AND version.total <> 0)
    """,
    "one ask for approval at most is open, exactly where a version waits for it": """
        SELECT version.id FROM quote_version AS version
        WHERE (version.state = 'awaiting_approval') <> EXISTS (
            SELECT 1 FROM quote_approval AS asked WHERE asked.version_id = version.id AND asked.decided_at IS NULL
        )
    """,
    "every decision stands in the audit once": """
        SELECT decision.id FROM quote_decision AS decision
        JOIN quote ON quote.id = decision.quote_id
        WHERE (SELECT count(*) FROM audit_entry AS entry
               WHERE entry.subject = quote.public_id AND entry.action = 'quote.' || decision.verdict)
            <> (SELECT count(*) FROM quote_decision AS same
                WHERE same.quote_id = decision.quote_id AND same.verdict = decision.verdict)
    """,
}
"""Each finds the rows that break it."""

DECIDED = """
    SELECT decision.id, decision.evidence, version.public_id, version.sha256, version.document
    FROM quote_decision AS decision JOIN quote_version AS version ON version.id = decision.version_id
"""


def check(connection: Connection) -> None:
    """Raise AssertionError with the first rows that break a law."""
    take_time(connection)
    for law, broken in LAWS.items():
        rows = connection.execute(text(broken)).fetchmany(5)
        assert not rows, f"{law}: {[tuple(row) for row in rows]}"
    for row in connection.execute(text(DECIDED)):
        said = json.loads(row.evidence)["quote"]
        frozen = hashlib.sha256(row.document).hexdigest()
        assert (said["version_id"], said["sha256"]) == (row.public_id, row.sha256), "evidence of another text"
        assert row.sha256 == frozen, "the frozen text was changed"
