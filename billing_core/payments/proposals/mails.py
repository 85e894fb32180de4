"""Mails about proposed payments: to those who can confirm, and to who proposed."""

from collections.abc import Sequence

from billing_core import db
from billing_core.accounts import Account
from billing_core.ledger.models import Invoice
from billing_core.mail.service import Recipient, send_mail
from billing_core.payments import states
from billing_core.payments.proposals.models import PaymentProposal
from billing_core.people import BillingContact, Person
from billing_core.words import mark


def tell_proposed(
    proposal: PaymentProposal, by: str, invoices: Sequence[Invoice], others: Sequence[BillingContact]
) -> None:
    """Ask each of the others to confirm or refuse."""
    company = db.session().get_one(Account, proposal.account_id).name
    context = {"proposal": proposal, "by": by, "company": company, "invoices": invoices}
    for contact in others:
        person = contact.person
        send_mail(
            "payment-proposed",
            mark("%(by)s asks you to confirm a payment"),
            Recipient(person.name, person.email, person.locale),
            context | {"user_id": contact.user_id},
            account_id=proposal.account_id,
        )


def tell_answered(proposal: PaymentProposal, by: str) -> None:
    """Tell who proposed it that it was confirmed or refused."""
    person = db.session().get_one(Person, proposal.proposed_by_id)
    confirmed = proposal.state == states.CONFIRMED
    send_mail(
        "payment-answered",
        mark("%(by)s confirmed your payment") if confirmed else mark("%(by)s refused your payment"),
        Recipient(person.name, person.email, person.locale),
        {"proposal": proposal, "by": by, "confirmed": confirmed},
        account_id=proposal.account_id,
    )
