"""The contacts of an account at the desk, and looking as one of them."""

from flask import redirect

from billing_core import db
from billing_core.contacts import looking
from billing_core.people import contacts_of
from billing_core.web.guards import desk_page
from billing_core.web.identity import viewer
from billing_core.web.render import page, see, tell
from billing_core.web.targets import home_of
from billing_core.words import mark
from corporate_portal.desk.views.blueprint import Answer, desk
from corporate_portal.desk.views.contact_changes import VERIFIERS


@desk.get("/desk/accounts/<string:public_id>/contacts")
@desk_page(*VERIFIERS)
def account_contacts(public_id: str) -> Answer:
    """Who they are and what they may do."""
    with db.reading():
        account = looking.account_to_look_at(viewer(), public_id)
        return page("desk/contacts.html", account=account, contacts=contacts_of(account.id))


@desk.post("/desk/accounts/<string:public_id>/contacts/<string:person>/look")
@desk_page(*VERIFIERS)
def begin_look(public_id: str, person: str) -> Answer:
    """See the pages as this contact sees them. It is written down, and the contact reads of it."""
    db.perform(looking.begin_look, viewer(), public_id, person)
    with db.reading():
        account = looking.account_to_look_at(viewer(), public_id)
    return redirect(home_of(looking.realm_of(account)), 303)


@desk.post("/desk/looks/end")
@desk_page()
def end_look() -> Answer:
    """Back at the desk."""
    db.perform(looking.end_look, viewer())
    tell("success", mark("You do not look as a contact any more."))
    return see("desk.index")
