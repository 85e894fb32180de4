"""Refusals around second factors and proofs."""

from billing_core.errors import Invalid, Refusal
from billing_core.words import mark


class WrongPassword(Invalid):
    """Not the password of the person who is signed in."""

    message = mark("This is not your password.")


class WrongCode(Invalid):
    """The one answer to every code that does not count: wrong, too old, or used before."""

    message = mark("This code is not right, or it was used before. Wait for the next one and try again.")


class WrongPasskey(Invalid):
    """The one answer to every answer of a passkey that does not count."""

    message = mark("This passkey did not work. Try again, or use a code.")


class SignInOver(Refusal):
    """The second step came too late, or its first one counts no longer."""

    status = 410
    message = mark("This sign-in has taken too long. Please begin again.")


class HasFactor(Refusal):
    """There is an app already; it is removed first."""

    status = 409
    message = mark("An authenticator app is set up already.")


class EnrolmentOver(Refusal):
    """The key that was shown counts no longer."""

    status = 410
    message = mark("This has taken too long. Please begin again.")


class TooManyPasskeys(Refusal):
    """Nobody keeps more apart."""

    status = 409
    message = mark("You have %(most)s passkeys already. Remove one first.")


class LastFactor(Refusal):
    """Without it the password alone would sign in, which takes the password to decide."""

    status = 409
    message = mark("This is your only second step. To sign in with your password alone, remove two-step sign-in.")


class FactorIsDuty(Refusal):
    """The vendor, or an account of the person, asks for it."""

    status = 409
    message = mark("Two-step sign-in is required here and cannot be removed.")


class OwnFactorFirst(Refusal):
    """Who asks it of others does it first, and does not lock the own door."""

    status = 409
    message = mark("Set up two-step sign-in for yourself first.")


class NeedsLongerPassword(Refusal):
    """The password is long enough beside a factor only."""

    status = 409
    message = mark(
        "Your password has fewer than %(least)s characters, which is enough with two-step sign-in only. Choose a "
        "longer one first."
    )
