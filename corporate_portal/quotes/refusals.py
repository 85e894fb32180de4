"""The named refusals around quotes. Each is one sentence and one status, for the page and for the API."""

from billing_core.errors import NotAllowed, Refusal
from billing_core.words import mark


class QuoteRefusal(Refusal):
    """A quote that cannot do this now; the page leads back to it."""


class QuoteExpired(QuoteRefusal):
    """The deadline has passed, checked inside the deciding transaction. A late acceptance is only a new offer."""

    message = mark("This quote was valid until the end of %(day)s (%(zone)s). Ask %(rep)s for a new one.")


class AwaitsSecond(QuoteRefusal):
    """One contact has accepted; until another confirms or refuses that, nothing else can be decided."""

    message = mark(
        "%(person)s has accepted this quote on %(day)s. Another contact has to confirm or refuse that first."
    )


class NotAwaitingSecond(QuoteRefusal):
    """A second contact's answer to an acceptance that asks for none, or to another one than was on the screen."""

    message = mark("This quote does not wait for your confirmation any more. Nothing was changed.")


class SameContact(QuoteRefusal):
    """Two people decide, not one twice."""

    message = mark("You have accepted this quote yourself. Another contact has to confirm or refuse that.")


class FirstMayNoLonger(QuoteRefusal):
    """The first acceptance was of somebody who has lost the right since."""

    message = mark("%(person)s may no longer accept quotes. Refuse this acceptance, then accept the quote anew.")


class NoSecondContact(QuoteRefusal):
    """The account's rule asks for two, and only one contact may accept."""

    message = mark("Your company asks for two contacts above %(amount)s, and no other one may accept quotes. Ask %(rep)s to give a colleague that right.")  # fmt: skip  # noqa: E501


class QuoteChanged(QuoteRefusal):
    """What was reviewed is not what is offered now."""

    message = mark("This quote has changed since you reviewed it. Please review the new version first.")


class NewVersionComing(QuoteRefusal):
    """The representative has begun another version: this one is superseded, the next is not yet submitted."""

    message = mark("%(rep)s is preparing a new version of this quote, so this one can no longer be decided.")


class NotRevisable(QuoteRefusal):
    """Drafts are changed, not revised; what was accepted or withdrawn stays what it is."""

    message = mark("This quote can no longer be revised. Nothing was changed.")


class NotAwaitingApproval(QuoteRefusal):
    """A manager's answer for a quote that asks for none."""

    message = mark("This quote does not wait for an approval any more. Nothing was changed.")


class NotExpired(QuoteRefusal):
    """Asking again for a quote that can still be decided, or was."""

    message = mark("This quote has not expired. Open it to see how it stands now.")


class NotYetSent(QuoteRefusal):
    """A word to the customer about a quote that the customer does not see."""

    message = mark("This quote has not been sent yet, so nobody at the customer could read that.")


class NotLooked(QuoteRefusal):
    """The customer's page is shown at the desk only after that look was written down."""

    message = mark("Open the customer's view from the quote: each look is written down first.")


class QuoteWithdrawn(QuoteRefusal):
    """The representative took it back."""

    message = mark("This quote was withdrawn and can no longer be decided. Ask %(rep)s for a new one.")


class AlreadyDecided(QuoteRefusal):
    """Somebody decided otherwise before."""

    message = mark("%(person)s has already decided this quote on %(day)s. Nothing was changed.")


class NotSubmitted(QuoteRefusal):
    """Only a draft can be changed or submitted."""

    message = mark("This quote is no longer a draft. Nothing was changed.")


class DraftChanged(QuoteRefusal):
    """Somebody, perhaps in another tab, saved the draft after this page was opened."""

    message = mark("This draft was changed after you opened it. Nothing was saved: look at its present content first.")


class DraftOutdated(QuoteRefusal):
    """Catalogue prices or tax rates moved after the draft was saved: a person has to look at the new sums first."""

    message = mark("Prices or taxes have changed since this draft was saved. Save it again, then submit it.")


class NobodyMayAccept(QuoteRefusal):
    """No active billing contact of the account holds the right to accept."""

    message = mark("No billing contact of this account has the right to accept quotes. Nobody could accept this one.")


class FrozenQuote(QuoteRefusal):
    """An import brings other content for a quote that has been sent."""

    message = mark("Quote %(number)s has been submitted and can no longer be changed by an import.")


class NotYourAccount(NotAllowed):
    """A representative writes for the own accounts only."""

    message = mark("Only the representative of this account may do this.")
