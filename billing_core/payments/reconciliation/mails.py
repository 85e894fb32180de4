"""The mail about a report, written in the transaction that writes it. Without a difference there is none."""

from billing_core import templating, words
from billing_core.mail.service import Recipient, send_mail
from billing_core.payments.mails import SUPPORT_READS
from billing_core.payments.reconciliation import wording
from billing_core.payments.reconciliation.models import Reconciliation
from billing_core.words import mark

MOST_TOLD = 50
"""Differences that the mail spells out; the page has all of them."""


def tell_differences(report: Reconciliation) -> None:
    """To the vendor's own people, who read it at the support address."""
    brand = templating.brand()
    with words.in_language(SUPPORT_READS):
        told = [
            {"name": wording.name(one), "sentence": wording.sentence(one), "ours": one.ours, "theirs": one.theirs}
            for one in report.differences[:MOST_TOLD]
        ]
    context = {"report": report, "count": len(report.differences), "told": told}
    recipient = Recipient(brand.name, brand.support_email, SUPPORT_READS)
    send_mail("reconciliation-differs", mark("Reconciliation: %(count)s differences"), recipient, context)
