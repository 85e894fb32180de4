"""Why who is a contact cannot be changed so."""

from billing_core.errors import Invalid, Refusal
from billing_core.words import mark


class ContactGone(Refusal):
    """Whom the request is about is no contact any more."""

    message = mark("This person is not a billing contact of the account any more.")


class LastContact(Refusal):
    """Somebody has to get the invoices."""

    message = mark("This is the only billing contact of the account. Name somebody who replaces this person.")


class AlreadyContact(Invalid):
    """The new person is one already."""

    message = mark("This person is a billing contact of the account already.")


class AddressTaken(Invalid):
    """Said at the desk only: whoever asks learns nothing about other people."""

    message = mark("This e-mail address signs somebody in who cannot become this contact. Ask for another one.")


class SharedPerson(Refusal):
    """The address is the person's, in all accounts: one account alone does not decide about it."""

    message = mark("This person belongs to other accounts too, so the e-mail address cannot be changed for this one.")


class NothingChanges(Invalid):
    """The request asks for what is so already."""

    message = mark("Nothing would change. Enter what should be different.")


class AlreadyAnswered(Refusal):
    """It was approved, rejected or withdrawn before."""

    message = mark("This request has been answered or withdrawn already.")


class EnoughOpen(Refusal):
    """More than anybody verifies at once."""

    message = mark("%(most)s requests of your account wait already. Wait for an answer, or withdraw one.")


class OnHold(Refusal):
    """For 24 hours after the change, so that a contact who was told can object (domain.md 5; threat 21)."""

    status = 403
    message = mark(
        "You became a billing contact, or your rights changed, a short time ago. You can accept quotes from %(moment)s"
        " on."
    )


class RecipientThere(Invalid):
    """Once is enough."""

    message = mark("Invoices are mailed to this address already.")


class TooManyRecipients(Refusal):
    """A list of many is the company's own to keep."""

    status = 409
    message = mark("Invoices go to %(most)s further addresses already. Remove one first.")
