"""Why something about a VAT ID is refused."""

from billing_core.errors import Invalid, Refusal
from billing_core.words import mark


class VatIdChanged(Refusal):
    """The VAT ID is no longer the one that the viewer saw."""

    message = mark("Someone has changed this VAT ID in the meantime. Look at it as it is now before you decide.")


class NothingToConfirm(Refusal):
    """No tax rests on a confirmation: no VAT ID, or seller and account are not in two different states of the EU."""

    message = mark("There is nothing to confirm: the VAT ID of this account does not decide on its tax.")


class NoteNeeded(Invalid):
    """A confirmation by finance says on what it rests."""

    message = mark("Say how you know that this VAT ID is right, for example by which letter of the tax office.")
