"""The mails around a quote. Each is worded in its reader's language and written in the transaction of what it tells."""

from billing_core import db, templating
from billing_core.accounts import Account
from billing_core.mail.service import Recipient, send_mail
from billing_core.orders.models import ServiceOrder
from billing_core.people import BillingContact, Person, managers_of
from billing_core.permissions import Viewer
from billing_core.words import mark
from corporate_portal.quotes.evidence import reading_of
from corporate_portal.quotes.models import QuoteDecision, QuoteFirstAcceptance, QuoteMessage, QuoteVersion

HOW_TO_REVISE = mark("Open the quote and make a new version: it begins with the same content, at today’s prices.")

WHO_CONFIRMS = mark("Nothing is ordered until a second contact confirms it in the portal, before the quote expires.")
OPEN_AGAIN = mark("Nothing was ordered. The quote waits for a decision again.")


def _reader(person: Person) -> Recipient:
    return Recipient(_one_line(person.name), person.email, person.locale)


def _one_line(text: str) -> str:
    """White space of every kind as one plain space: what a header can hold."""
    return " ".join(text.split())


def tell_sent(version: QuoteVersion, contacts: list[BillingContact]) -> None:
    """A quote waits: to each contact who may accept it, with its PDF and the contact's own User ID."""
    quote = version.quote
    for contact in contacts:
        send_mail(
            "quote-sent",
            mark("Your quote %(number)s: %(title)s"),
            _reader(contact.person),
            {**_about(version), "user_id": contact.user_id},
            account_id=quote.account_id,
            attached=(("quote", version.public_id),),
            reply_to=quote.rep.email,
        )


def tell_accepted(version: QuoteVersion, decision: QuoteDecision, contact: BillingContact, order: ServiceOrder) -> None:
    """Both sides, with the certificate: the contact who accepted, and the representative."""
    quote = version.quote
    by = reading_of(decision).recorded_by
    about = _about(version) | {"decision": decision, "order": order, "recorded_by": by}
    certificate = ("certificate", version.public_id)
    send_mail(
        "quote-accepted",
        mark("Your acceptance of quote %(number)s was recorded") if by else mark("You accepted quote %(number)s"),
        _reader(contact.person),
        about,
        account_id=quote.account_id,
        attached=(("quote", version.public_id), certificate),
        reply_to=quote.rep.email,
    )
    send_mail(
        "quote-accepted-rep",
        mark("%(company)s accepted quote %(number)s"),
        _reader(quote.rep),
        about,
        account_id=quote.account_id,
        attached=(certificate,),
    )


def tell_rejected(version: QuoteVersion, decision: QuoteDecision, contact: BillingContact) -> None:
    """The representative, with the reason; and the contact, where it was recorded in the contact's name."""
    quote = version.quote
    by = reading_of(decision).recorded_by
    about = _about(version) | {"decision": decision, "recorded_by": by}
    if by:
        send_mail(
            "quote-rejection-recorded",
            mark("Your rejection of quote %(number)s was recorded"),
            _reader(contact.person),
            about,
            account_id=quote.account_id,
            reply_to=quote.rep.email,
        )
    subject = mark("%(company)s rejected quote %(number)s")
    send_mail("quote-rejected", subject, _reader(quote.rep), about, account_id=quote.account_id)


def tell_second_asked(version: QuoteVersion, first: QuoteFirstAcceptance, others: list[BillingContact]) -> None:
    """The other contacts who may accept: one of them has to confirm or refuse. And the representative."""
    name = _one_line(first.person_name)
    headline = mark("%(person)s accepted quote %(number)s: please confirm or refuse it")
    for contact in others:
        _to_contact(version, contact.person, headline, hint=WHO_CONFIRMS, person=name)
    headline = mark("%(person)s accepted quote %(number)s, a second contact has to confirm it")
    _notice(version, version.quote.rep, headline, person=name)


def tell_second_confirmed(version: QuoteVersion, decision: QuoteDecision, first: Person) -> None:
    """The contact who accepted first: it is ordered now."""
    headline = mark("%(person)s confirmed your acceptance of quote %(number)s: it is ordered")
    _to_contact(version, first, headline, person=_one_line(decision.person_name))


def tell_second_refused(version: QuoteVersion, first: QuoteFirstAcceptance, by: str, reader: Person) -> None:
    """The contact who accepted first, with the reason; and the representative, that the quote is open again."""
    headline = mark("%(person)s did not confirm your acceptance of quote %(number)s")
    _to_contact(version, reader, headline, said=first.reason, hint=OPEN_AGAIN, person=_one_line(by))
    headline = mark("%(person)s did not confirm the acceptance of quote %(number)s, it is open again")
    _notice(version, version.quote.rep, headline, person=_one_line(by))


def tell_second_rule(account: Account, rep: Viewer, contacts: list[BillingContact]) -> None:
    """The contacts who may accept: from which amount on two of them are needed, and who set it."""
    company = _one_line(account.name)
    for contact in contacts:
        send_mail(
            "second-contact-rule",
            mark("Who accepts quotes for %(company)s"),
            _reader(contact.person),
            {"account": account, "company": company, "rep_name": _one_line(rep.display_name)},
            account_id=account.id,
            reply_to=rep.email,
        )


def _to_contact(
    version: QuoteVersion, reader: Person, headline: str, said: str = "", hint: str = "", **values: object
) -> None:
    """A short mail to a contact of an account where two accept: what happened, in whose words, the way to the quote."""
    about = _about(version) | {"headline": headline, "values": values, "said": said, "hint": hint, **values}
    send_mail(
        "quote-second", headline, _reader(reader), about,
        account_id=version.account_id, reply_to=version.quote.rep.email,
    )  # fmt: skip


def tell_managers(version: QuoteVersion) -> None:
    """Who answers for the representative: a discount waits."""
    share = {"share": templating.rate(version.discount_share), "rep": version.quote.rep.name}
    for manager in managers_of(version.quote.rep):
        _notice(version, manager, mark("%(rep)s asks for a discount of %(share)s on quote %(number)s"), **share)


def tell_approved(version: QuoteVersion, manager: str) -> None:
    """The representative: the quote has been sent."""
    _notice(version, version.quote.rep, mark("%(manager)s approved quote %(number)s, it is sent"), manager=manager)


def tell_returned(version: QuoteVersion, manager: str, note: str) -> None:
    """The representative: the quote is a draft again, with the manager's note."""
    headline = mark("%(manager)s returned quote %(number)s to you")
    _notice(version, version.quote.rep, headline, said=note, manager=manager)


def tell_change_asked(version: QuoteVersion, message: QuoteMessage) -> None:
    """The representative: a contact asks for another version, in whose words."""
    _heard(version, message, mark("%(person)s asks for a change of quote %(number)s"))


def tell_comment(version: QuoteVersion, message: QuoteMessage) -> None:
    """The representative: a contact's word."""
    _heard(version, message, mark("%(person)s wrote about quote %(number)s"))


def tell_revival_asked(version: QuoteVersion, message: QuoteMessage) -> None:
    """The representative: an expired quote is wanted again."""
    _heard(version, message, mark("%(person)s asks for the expired quote %(number)s again"), HOW_TO_REVISE)


def tell_answer(version: QuoteVersion, message: QuoteMessage, readers: list[Person]) -> None:
    """The contacts who take part: what the representative says."""
    about = _about(version) | {"message": message}
    for reader in readers:
        send_mail(
            "quote-answer",
            mark("%(rep_name)s wrote to you about quote %(number)s"),
            _reader(reader),
            about,
            account_id=version.account_id,
            reply_to=version.quote.rep.email,
        )


def tell_viewed(version: QuoteVersion, viewer: str) -> None:
    """The representative: a contact has opened the quote for the first time."""
    _notice(version, version.quote.rep, mark("%(person)s has opened quote %(number)s"), person=_one_line(viewer))


def tell_ending(version: QuoteVersion, contacts: list[BillingContact]) -> None:
    """The deadline is near: to each contact who may accept, with the PDF and their own User ID, and to the rep."""
    for contact in contacts:
        send_mail(
            "quote-reminder",
            mark("Quote %(number)s waits for your decision: %(title)s"),
            _reader(contact.person),
            {**_about(version), "user_id": contact.user_id},
            account_id=version.account_id,
            attached=(("quote", version.public_id),),
            reply_to=version.quote.rep.email,
        )
    hint = mark("The contacts who may accept it have been reminded.")
    _notice(version, version.quote.rep, mark("Quote %(number)s is about to expire"), hint=hint)


def tell_expired(version: QuoteVersion) -> None:
    """The representative: nobody decided in time, and what can be done."""
    _notice(version, version.quote.rep, mark("Quote %(number)s has expired without a decision"), hint=HOW_TO_REVISE)


def _heard(version: QuoteVersion, message: QuoteMessage, headline: str, hint: str = "") -> None:
    """A contact's words to the representative, who can answer the mail at once."""
    writer = db.session().get_one(Person, message.person_id)
    name = _one_line(message.person_name)
    _notice(version, version.quote.rep, headline, message.text, hint, writer.email, person=name)


def _notice(
    version: QuoteVersion,
    reader: Person,
    headline: str,
    said: str = "",
    hint: str = "",
    reply_to: str = "",
    **values: object,
) -> None:
    """A short mail to one of the vendor's staff: what happened, in whose words, what to do, the way to the quote."""
    about = _about(version) | {"headline": headline, "values": values, "said": said, "hint": hint, **values}
    send_mail("quote-notice", headline, _reader(reader), about, account_id=version.account_id, reply_to=reply_to)


def _about(version: QuoteVersion) -> dict[str, object]:
    quote = version.quote
    return {
        "version": version,
        "quote": quote,
        "number": quote.number,
        "title": _one_line(version.title),
        "company": _one_line(quote.account.name),
        "rep": quote.rep,
        "rep_name": _one_line(quote.rep.name),
    }
