"""The audit trail in words: what was done, who did it, and all of it as a file."""

from collections.abc import Iterable, Iterator

from billing_core import templating, words
from billing_core.spreadsheet import MARK, harmless, written
from billing_core.words import mark
from corporate_portal.trail.queries import Told

ACTIONS: dict[str, dict[str, str]] = {
    mark("Quotes"): {
        "quote.drafted": mark("Quote drafted"),
        "quote.changed": mark("Draft changed"),
        "quote.submitted": mark("Quote sent"),
        "quote.approval_asked": mark("Manager asked for approval"),
        "quote.approved": mark("Discount approved"),
        "quote.returned": mark("Returned by the manager"),
        "quote.viewed": mark("Quote opened for the first time"),
        "quote.looked_at": mark("Looked at as the customer sees it"),
        "quote.commented": mark("Comment written"),
        "quote.answered": mark("Comment answered"),
        "quote.change_asked": mark("Change asked for"),
        "quote.revival_asked": mark("Asked for again after it had expired"),
        "quote.reminded": mark("Reminder of the deadline sent"),
        "quote.accepted": mark("Quote accepted"),
        "quote.rejected": mark("Quote rejected"),
        "quote.expired": mark("Quote expired"),
        "quote.accepted_first": mark("Accepted by the first of two contacts"),
        "quote.confirmation_refused": mark("Not confirmed by the second contact"),
        "quote.superseded": mark("Replaced by a new version"),
        "quote.withdrawn": mark("Quote withdrawn"),
        "request.asked": mark("Request made"),
        "request.drafted": mark("Quote drafted from a request"),
        "request.closed": mark("Request closed without a quote"),
    },
    mark("Orders and subscriptions"): {
        "order.placed": mark("Service order placed"),
        "order.fulfilled": mark("Service order fulfilled"),
        "online_order.placed": mark("Online order placed"),
        "online_order.fulfilled": mark("Online order carried out"),
        "online_order.unapplied": mark("Paid order could not be carried out"),
        "online_order.void": mark("Online order ended without payment"),
        "online_order.mail_failed": mark("Mail about the order could not be addressed"),
        "subscription.trial_started": mark("Trial started"),
        "subscription.trial_ended": mark("Trial ended"),
        "subscription.started": mark("Subscription started"),
        "subscription.changed": mark("Subscription changed"),
        "subscription.renewed": mark("Subscription renewed"),
        "subscription.expired": mark("Subscription ended"),
        "subscription.cancelled": mark("Subscription cancelled"),
        "subscription.cancellation_removed": mark("Cancellation taken back"),
        "subscription.seats_added": mark("Seats added"),
        "subscription.seats_removed": mark("Seats removed"),
        "subscription.seats_leave_at_end": mark("Seats leave at the end of the term"),
        "subscription.downgrade_planned": mark("Lower plan arranged for the end of the period"),
        "subscription.downgrade_dropped": mark("Planned lower plan taken back"),
        "subscription.imported": mark("Subscription imported"),
        "seat.assigned": mark("Seat assigned"),
        "seat.withdrawn": mark("Seat withdrawn"),
        "renewal.failed": mark("Attempt to renew failed"),
        "renewal.mail_failed": mark("Mail about the renewal could not be addressed"),
        "downgrade.mail_failed": mark("Mail about the lower plan could not be addressed"),
    },
    mark("Invoices and credit notes"): {
        "invoice.issued": mark("Invoice issued"),
        "invoice.imported": mark("Invoice imported"),
        "invoice.credited": mark("Invoice credited"),
        "invoice.not_mailed": mark("Invoice not mailed: there was no active contact"),
        "credit_note.issued": mark("Credit note issued"),
        "credit_note.not_mailed": mark("Credit note not mailed: there was no active contact"),
        "credit.used": mark("Account credit used"),
        "statement.made": mark("Statement of account made"),
        "reminder.sent": mark("Payment reminder sent"),
        "reminders.paused": mark("Reminders held back"),
        "reminders.resumed": mark("Reminders resumed"),
        "dunning.ended": mark("Reminders ended: nothing is overdue"),
    },
    mark("Payments"): {
        "payment.proposed": mark("Payment proposed to a second contact"),
        "payment.confirmed_second": mark("Proposed payment confirmed"),
        "payment.refused_second": mark("Proposed payment refused"),
        "payment.proposal_withdrawn": mark("Proposed payment withdrawn"),
        "payment.begun": mark("Card payment begun"),
        "payment.opened": mark("Card page opened"),
        "payment.doubted": mark("Outcome of the card payment not known"),
        "payment.succeeded": mark("Card payment received"),
        "payment.failed": mark("Card payment declined"),
        "payment.expired": mark("Card payment not completed in time"),
        "payment.cancelled": mark("Card payment cancelled"),
        "payment.set_aside": mark("Card payment set aside for a check"),
        "payment.given_back": mark("Card payment given back after a check"),
        "payment.closed": mark("Card payment closed after a check"),
        "payment.receipt_failed": mark("Receipt could not be addressed"),
        "refund.asked": mark("Refund asked for, a second person decides"),
        "refund.begun": mark("Refund begun"),
        "refund.accepted": mark("Refund under way"),
        "refund.succeeded": mark("Refund made"),
        "refund.failed": mark("Refund failed"),
        "refund.declined": mark("Refund declined by the second person"),
        "refund.adopted": mark("Refund of the card processor taken over"),
        "refund.replaced": mark("Refund replaced by that of the card processor"),
        "refund.differs": mark("Refund differs from what was asked for"),
        "dispute.opened": mark("Payment disputed with the bank"),
        "dispute.disputed": mark("Money taken back by the bank"),
        "dispute.withdrawn": mark("Amount of the dispute booked out"),
        "dispute.won": mark("Dispute decided for the seller"),
        "dispute.lost": mark("Dispute decided for the cardholder"),
        "dispute.closed": mark("Question of the bank closed"),
        "incoming.booked": mark("Payment by bank or cheque booked"),
        "incoming.returned": mark("Booking undone, the bank took the money back"),
        "bank_statement.imported": mark("Bank statement read in"),
        "bank_entry.booked": mark("Entry of a bank statement booked"),
        "bank_entry.linked": mark("Entry of a bank statement linked with a booking"),
        "bank_entry.returned": mark("Entry of a bank statement booked as a return"),
        "bank_entry.dismissed": mark("Entry of a bank statement put aside"),
        "bank_entry.restored": mark("Entry of a bank statement put back"),
        "card.adding": mark("Saving of a card begun"),
        "card.added": mark("Card saved"),
        "card.made_default": mark("Default card chosen"),
        "card.removed": mark("Card removed"),
        "card.setup_succeeded": mark("Saving of a card completed"),
        "card.setup_failed": mark("Saving of a card failed"),
        "card.setup_expired": mark("Saving of a card not completed in time"),
        "customer.known": mark("Account made known to the card processor"),
        "reconciliation.asked": mark("Reconciliation asked for"),
        "reconciliation.finished": mark("Reconciliation finished"),
    },
    mark("Accounts and people"): {
        "account.imported": mark("Account imported"),
        "account.changed": mark("Account changed by an import"),
        "account.bill-to-changed": mark("Billing address changed"),
        "account.admin_appointed": mark("Account admin appointed"),
        "account.vat-id-changed": mark("VAT ID changed"),
        "account.vat-id-check-asked": mark("Check of the VAT ID asked for"),
        "account.vat-id-confirmed": mark("VAT ID confirmed"),
        "account.vat-id-unknown": mark("VAT ID not known to the register"),
        "contact.imported": mark("Billing contact imported"),
        "contact.changed": mark("Billing contact changed by an import"),
        "contact.look_begun": mark("Looking as a contact begun"),
        "contact.look_ended": mark("Looking as a contact ended"),
        "contact.invited": mark("Colleague invited"),
        "account.recipient_added": mark("Mailbox for copies of invoices added"),
        "account.recipient_removed": mark("Mailbox for copies of invoices removed"),
        "contact.change_asked": mark("Change of contacts asked for"),
        "contact.change_withdrawn": mark("Request to change contacts withdrawn"),
        "contact.change_approved": mark("Change of contacts verified and carried out"),
        "contact.change_rejected": mark("Change of contacts rejected"),
        "contact.asked": mark("Question to the billing contact sent"),
        "person.imported": mark("Person imported"),
        "person.changed": mark("Person changed by an import"),
        "purchase-order.kept": mark("Purchase order number saved"),
        "purchase-order.closed": mark("Purchase order number closed"),
        "password.link_mailed": mark("Link to create or reset a password mailed"),
        "password.changed": mark("Password set"),
        "factor.added": mark("Second step of the sign-in added"),
        "factor.removed": mark("Second step of the sign-in removed"),
        "factor.recovery_code_used": mark("Recovery code used"),
        "factor.recovery_codes_renewed": mark("New recovery codes made"),
        "account.factor_policy": mark("Rule of two-step sign-in changed"),
        "account.second_contact_rule": mark("Amount set above which two contacts accept"),
        "session.begun": mark("Signed in"),
        "session.ended": mark("Session ended"),
        "sessions.ended": mark("All other sessions ended"),
        "hand_off.taken": mark("Signed in from another site"),
        "hand_off.refused": mark("Hand-over from another site refused"),
    },
    mark("Operation"): {
        "seller.imported": mark("Seller imported"),
        "seller.changed": mark("Seller changed by an import"),
        "product.imported": mark("Product imported"),
        "product.changed": mark("Product changed by an import"),
        "price.imported": mark("Price imported"),
        "price.changed": mark("Price changed by an import"),
        "tax_rate.imported": mark("Tax rate imported"),
        "tax_rate.changed": mark("Tax rate changed by an import"),
        "tier.imported": mark("Plan imported"),
        "tier.changed": mark("Plan changed by an import"),
        "feature.imported": mark("Feature imported"),
        "feature.changed": mark("Feature changed by an import"),
        "feature_value.imported": mark("Feature of a plan imported"),
        "feature_value.changed": mark("Feature of a plan changed by an import"),
        "api_token.issued": mark("Token of a program issued"),
        "api_token.revoked": mark("Token of a program revoked"),
        "job.revived": mark("Job tried again"),
        "clock.moved": mark("Demo’s clock moved on"),
    },
}
"""Every action that the program records, by the part of the business; a test looks for them in the code."""
_WORDS = {action: said for part in ACTIONS.values() for action, said in part.items()}
OTHERWISE = mark("Something else")
"""An action of another version of the program."""
ROLES = {
    "rep": mark("representative"), "rep_manager": mark("manager of representatives"), "finance": mark("finance"),
    "support": mark("support"),
}  # fmt: skip
BY_ITSELF = mark("automatically")
BY_PROGRAM = mark("by another program")
BY_OPERATOR = mark("operator")
_OPERATOR = ("command", "import")
"""What somebody does at the command line."""


def what(told: Told) -> str:
    """What was done, in the reader's language."""
    return words.gettext(_WORDS.get(told.entry.action, OTHERWISE))


def who(told: Told) -> tuple[str, str]:
    """Name and function of whoever did it, as the vendor's staff reads them."""
    if told.person is not None:
        return told.person.name, _role(told) or told.function
    if told.entry.actor.startswith("api:"):
        return told.program or templating.brand().name, words.gettext(BY_PROGRAM)
    return templating.brand().name, words.gettext(BY_OPERATOR if told.entry.actor in _OPERATOR else BY_ITSELF)


def who_for_customers(told: Told) -> tuple[str, str]:
    """The same as a contact reads it: colleagues by name, the vendor's people by the vendor's name and their role."""
    if told.person is None:
        by = BY_PROGRAM if told.entry.actor.startswith("api:") else BY_ITSELF
        return templating.brand().name, words.gettext(by)
    if told.entry.actor.startswith("desk:") or told.person.staff_role is not None:
        return templating.brand().name, _role(told)
    return told.person.name, told.function


def _role(told: Told) -> str:
    role = told.person.staff_role if told.person else None
    return words.gettext(ROLES[role]) if role in ROLES else ""


def choices() -> list[tuple[str, str]]:
    """Every action to search for, with the part of the business before it."""
    return [
        (action, f"{words.gettext(part)}: {words.gettext(said)}")
        for part, actions in ACTIONS.items()
        for action, said in actions.items()
    ]


def as_file(pages: Iterable[list[Told]], locale: str) -> Iterator[str]:
    """The file in parts, a page of entries each. The seal lets an auditor compare a line with the chain."""
    with words.in_language(locale):
        head = [
            words.gettext("Number"), words.gettext("Time (UTC)"), words.gettext("Name"), words.gettext("Function"),
            words.gettext("What was done"), words.gettext("Document"), words.gettext("Customer number"),
            words.gettext("Account"), words.gettext("Object"), words.gettext("Details"), words.gettext("Seal"),
        ]  # fmt: skip
    yield written([[MARK + head[0], *head[1:]]], locale)
    for page in pages:
        with words.in_language(locale):
            lines = [_line(told) for told in page]
        yield written(lines, locale)


def _line(told: Told) -> list[str]:
    entry, account = told.entry, told.account
    texts = [*who(told), what(told), told.document, account.number if account else "", account.name if account else ""]
    details = entry.detail.decode("utf-8", "replace")
    return [
        str(entry.id), entry.at.strftime("%Y-%m-%d %H:%M:%S"), *map(harmless, texts),
        harmless(entry.subject), harmless("" if details == "{}" else details), entry.seal.hex(),
    ]  # fmt: skip
