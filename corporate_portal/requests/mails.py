"""The mails around a request, written in the transaction of what they tell."""

from sqlalchemy import select

from billing_core import db
from billing_core.mail.service import Recipient, send_mail
from billing_core.people import Person, contacts_of
from billing_core.words import mark
from corporate_portal.requests.models import QuoteRequest


def tell_asked(request: QuoteRequest) -> None:
    """The representative, or every manager where the account has none: a contact asks for seats or a product."""
    for reader in _answerers(request):
        send_mail(
            "request-asked",
            mark("%(company)s asks for a quote: %(product)s"),
            _reader(reader),
            _about(request),
            account_id=request.account_id,
            reply_to=request.person.email,
        )


def tell_answered(request: QuoteRequest, rep: Person) -> None:
    """The contact who asked: no quote was made, and why. Nobody is told who is no contact any more."""
    if request.person_id not in {contact.person_id for contact in contacts_of(request.account_id)}:
        return
    send_mail(
        "request-answered",
        mark("Your request to us: %(product)s"),
        _reader(request.person),
        _about(request) | {"rep": _one_line(rep.name)},
        account_id=request.account_id,
        reply_to=rep.email,
    )


def _answerers(request: QuoteRequest) -> list[Person]:
    if request.account.rep_id is not None:
        return [db.session().get_one(Person, request.account.rep_id)]
    managers = select(Person).where(Person.staff_role == "rep_manager", Person.disabled_at.is_(None))
    return list(db.session().scalars(managers.order_by(Person.id)))


def _about(request: QuoteRequest) -> dict[str, object]:
    return {
        "request": request,
        "company": _one_line(request.account.name),
        "product": _one_line(request.product.name),
        "asker": _one_line(request.person.name),
    }


def _reader(person: Person) -> Recipient:
    return Recipient(_one_line(person.name), person.email, person.locale)


def _one_line(text: str) -> str:
    return " ".join(text.split())
