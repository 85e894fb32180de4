"""Why a statement cannot be read or taken in, and why an entry cannot be booked."""

from billing_core.errors import Invalid, Refusal
from billing_core.words import mark


class UnreadableFile(Invalid):
    """The file is not a bank statement as camt.053 defines it. Its sentence stands beside the field `file`."""

    message = mark("This file is not an XML file. Upload the bank statement in the format camt.053.")

    def __init__(self, message: str | None = None, **params: object) -> None:
        super().__init__(message, field="file", **params)


class StatementKnown(Refusal):
    """The same statement, or the same file, was imported before."""

    field = "file"
    message = mark("Statement %(name)s of account %(iban)s was imported before. Nothing was imported.")


class FileKnown(Refusal):
    """The same bytes were imported before."""

    field = "file"
    message = mark("This file was imported before. Nothing was imported.")


class EntriesKnown(Refusal):
    """Every entry of the statement came with earlier statements."""

    field = "file"
    message = mark("All entries of statement %(name)s came with other statements before. Nothing was imported.")


class EntryDecided(Refusal):
    """Somebody was quicker, or the page is old."""

    message = mark("This entry has been booked or dismissed in the meantime. Nothing was booked. Look at it again.")


class StaleProposal(Refusal):
    """What the page proposed is not what would be proposed now."""

    message = mark("The proposal has changed in the meantime. Nothing was booked. Look at it again.")


class OtherCurrency(Invalid):
    """An account is billed in one currency; the money came in another."""

    message = mark("The account is billed in %(billed)s, but the money came in %(came)s. Nothing was booked.")


class OtherSeller(Invalid):
    """The money came to another seller's bank account."""

    message = mark("The account belongs to another seller than this bank account. Nothing was booked.")


class NotThisBooking(Refusal):
    """The booking is of another amount or currency, was undone, or is another entry's."""

    message = mark("This entry cannot be that booking. Nothing was changed.")


class NotDismissed(Refusal):
    """There is nothing to take back."""

    message = mark("This entry is neither dismissed nor was its booking undone. Nothing was changed.")
