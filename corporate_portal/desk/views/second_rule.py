"""From which amount on two contacts of an account accept its quotes: entered by its representative."""

from billing_core import db, money, words
from billing_core.accounts import Account
from billing_core.errors import Invalid
from billing_core.web.forms import Amount, Form
from billing_core.web.guards import desk_page
from billing_core.web.identity import viewer
from billing_core.web.render import page, see, tell
from billing_core.words import lazy, mark
from corporate_portal.desk import queries
from corporate_portal.desk.views.blueprint import Answer, desk
from corporate_portal.quotes import service as quotes


class SecondRuleForm(Form):
    """The amount; empty where one contact is enough."""

    above = Amount(lazy("Two contacts accept above"), needed=False)


@desk.get("/desk/accounts/<string:public_id>/second-contact")
@desk_page("rep")
def second_rule(public_id: str) -> Answer:
    """The amount as it is, and the form to change it."""
    with db.reading():
        account = queries.own_account(viewer(), public_id)
        above = account.second_above
        shown = "" if above is None else money.typed(above, account.currency, words.locale())
        return _page(account, SecondRuleForm(formdata=None, data={"above": shown}))


@desk.post("/desk/accounts/<string:public_id>/second-contact")
@desk_page("rep")
def set_second_rule(public_id: str) -> Answer:
    """Change it. The contacts who may accept are told."""
    with db.reading():
        account = queries.own_account(viewer(), public_id)
    form = SecondRuleForm()
    form.above.currency = account.currency
    if form.validate_on_submit():
        try:
            db.perform(quotes.set_second_rule, viewer(), public_id, form.above.amount)
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            tell("success", mark("The rule is saved. The contacts who may accept quotes have been told."))
            return see("desk.second_rule", public_id=public_id)
    with db.reading():
        return _page(account, form), 400


def _page(account: Account, form: SecondRuleForm) -> str:
    return page("desk/second-rule.html", account=account, form=form)
