"""Taking people over. What makes this POST safe without our CSRF token stands in ADR 28: signature and Origin.

The token travels in the body of a form, so that it is in no address, no history, no log and no Referer.
"""

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from billing_core import words
from billing_core.credentials.hand_off import service
from billing_core.errors import NotFound
from billing_core.permissions import Realm
from billing_core.web import sessions
from billing_core.web.guards import public_page
from billing_core.web.outside import outside
from billing_core.web.render import page, see, tell
from billing_core.web.targets import target_in
from billing_core.words import mark

hand_off = Blueprint("hand_off", __name__)

ENTRIES = {"go-to-billing": "routing.go_to_billing", "add-licenses": "routing.add_licenses"}


@hand_off.post("/my-account/hand-off")
@public_page()
def take_over() -> Response | tuple[str, int]:
    """Sign the token's person in to My Account and lead on by the tables. Not there unless such a site is set."""
    site = outside()
    if site.trust is None:
        raise NotFound
    token, origin = request.form.get("token", ""), request.headers.get("Origin", "")
    who = {"ip": request.remote_addr or "", "user_agent": request.user_agent.string}
    try:
        taken = service.take_over(token, origin, site.trust, **who, replaces=sessions.token_of(Realm.MY))
    except service.HandOffRefused as refusal:
        sentence = words.sentence(refusal)
        return page("online_bridge/hand_off_refused.html", address=site.my_account, sentence=sentence), refusal.status
    sessions.carry(Realm.MY, taken.session)
    return _onward(taken)


def _onward(taken: service.TakenOver) -> Response:
    if not taken.is_of_account:
        words.set_locale(taken.locale)
        tell("warning", mark("You do not belong to the account that you came from, as far as billing knows."))
        return see("my.index")
    return redirect(target_in(Realm.MY, taken.next) or url_for(ENTRIES[taken.to]), 303)
