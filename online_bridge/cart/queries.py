"""What may be read about carts: only the viewer's own one at the chosen account, priced as of now."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import joinedload

from billing_core import db, words
from billing_core.accounts import Account
from billing_core.errors import NotFound, Refusal
from billing_core.orders.online import pricing
from billing_core.orders.online.models import OnlineOrder, OnlineOrderLine
from billing_core.orders.online.priced import PricedLine
from billing_core.orders.online.pricing import Counter
from billing_core.orders.online.refusals import NotSold
from billing_core.orders.online.wishes import Wish
from billing_core.orders.states import FULFILLED
from billing_core.payments import ordering
from billing_core.payments.limits import least_total
from billing_core.payments.ordering import Preview
from billing_core.permissions import Right, Standing, Viewer, demand
from online_bridge.cart.models import CHANGE, Cart, CartLine
from online_bridge.routing.queries import is_online_contact


@dataclass(frozen=True)
class Seen:
    """A line as it stands: its price now, or why it cannot be ordered now."""

    line: CartLine
    priced: PricedLine | None
    refusal: Refusal | None
    can_be_changed: bool
    """The product is still sold, or had already."""
    order: str
    """The public id of the order about the same product whose payment is under way; empty where there is none."""

    @property
    def reason(self) -> str:
        """The same in the reader's language; empty where nothing stands against it."""
        return words.sentence(self.refusal) if self.refusal else ""

    @property
    def can_be_ordered(self) -> bool:
        """Nothing stands against it."""
        return self.priced is not None and not self.order


@dataclass(frozen=True)
class Looked:
    """The cart with its prices of this moment."""

    account: Account
    lines: Sequence[Seen]
    preview: Preview | None
    """Of the lines that can be ordered; None where there is none."""
    refusal: Refusal | None
    """Why they cannot be ordered together."""

    @property
    def reason(self) -> str:
        """The same in the reader's language."""
        return words.sentence(self.refusal) if self.refusal else ""

    @cached_property
    def is_ready(self) -> bool:
        """The checkout takes it: it is not empty, and every line can be ordered."""
        return self.preview is not None and all(seen.can_be_ordered for seen in self.lines)

    @property
    def wishes(self) -> list[Wish]:
        """What would be ordered."""
        return [seen.line.wish for seen in self.lines]


def place(viewer: Viewer) -> Standing:
    """The chosen online account. Raises NotFound, and NotAllowed without the right to order."""
    if viewer.current is None or not is_online_contact(viewer):
        raise NotFound
    demand(Right.PAY, viewer, viewer.current.account_id)
    return viewer.current


def may_order(viewer: Viewer) -> bool:
    """Whether there is a cart for the viewer at the chosen account."""
    current = viewer.current
    return current is not None and is_online_contact(viewer) and viewer.may(Right.PAY, current.account_id)


def number_of_lines(viewer: Viewer) -> int:
    """Of the viewer's cart at the chosen account. One statement."""
    current = viewer.current
    if current is None:
        return 0
    counted = select(func.count()).select_from(CartLine).join(Cart, Cart.id == CartLine.cart_id)
    return db.session().scalar(counted.where(*_own(viewer, current.account_id))) or 0


def lines(viewer: Viewer, account_id: int) -> Sequence[CartLine]:
    """The viewer's lines with products and subscriptions, in the order of their wishes. One statement."""
    own = select(CartLine).join(Cart, Cart.id == CartLine.cart_id).where(*_own(viewer, account_id))
    whole = own.options(joinedload(CartLine.product), joinedload(CartLine.subscription))
    return db.session().scalars(whole.order_by(CartLine.id)).all()


def line_of(viewer: Viewer, account_id: int, public_id: str) -> CartLine:
    """One of them. Raises NotFound."""
    found = next((line for line in lines(viewer, account_id) if line.public_id == public_id), None)
    if found is None:
        raise NotFound
    return found


def look(viewer: Viewer) -> Looked:
    """The cart with its prices of now. Some statements a line. Raises NotFound and NotAllowed."""
    at = place(viewer)
    counter = counter_for(at.account_id)
    seen = [_seen(counter, line) for line in lines(viewer, at.account_id)]
    wishes = [one.line.wish for one in seen if one.can_be_ordered]
    try:
        preview = ordering.preview(viewer, at.account_public_id, wishes) if wishes else None
    except Refusal as refusal:
        return Looked(counter.account, seen, None, refusal)
    return Looked(counter.account, seen, preview, None)


def counter_for(account_id: int) -> Counter:
    """Where the account buys today. Two statements."""
    whole = select(Account).where(Account.id == account_id).options(joinedload(Account.seller))
    account = db.session().scalars(whole.execution_options(populate_existing=True)).one()
    return pricing.counter_of(account, least_total(account.currency))


def price_alone(counter: Counter, wish: Wish) -> PricedLine:
    """The line that the wish comes to. Raises what `pricing.price` raises."""
    return pricing.price(counter, [wish]).lines[0]


def _seen(counter: Counter, line: CartLine) -> Seen:
    order = _order_under_way(counter.account.id, line.product_id)
    can_be_changed = line.kind == CHANGE or line.product.code in counter.offers
    try:
        return Seen(line, price_alone(counter, line.wish), None, can_be_changed, order)
    except NotSold:  # whoever prices a wish knows only the code of what is not offered any more
        return Seen(line, None, NotSold(product=line.product.name), can_be_changed, order)
    except Refusal as refusal:
        return Seen(line, None, refusal, can_be_changed, order)


def _order_under_way(account_id: int, product_id: int) -> str:
    named = select(OnlineOrder.public_id).join(OnlineOrderLine, OnlineOrderLine.order_id == OnlineOrder.id)
    about = (OnlineOrderLine.account_id == account_id, OnlineOrderLine.product_id == product_id)
    return db.session().scalar(named.where(*about, OnlineOrderLine.is_open).limit(1)) or ""


def _own(viewer: Viewer, account_id: int) -> tuple[ColumnElement[bool], ...]:
    return Cart.account_id == account_id, Cart.person_id == viewer.person_id, ~is_ordered(viewer, account_id)


def is_ordered(viewer: Viewer, account_id: int) -> ColumnElement[bool]:
    """An order of the person that came after the wish was carried out: the line is in the cart no more."""
    taken = select(OnlineOrderLine.id).join(OnlineOrder, OnlineOrder.id == OnlineOrderLine.order_id).where(
        OnlineOrder.account_id == account_id,
        OnlineOrder.placed_by == viewer.person_id,
        OnlineOrder.state == FULFILLED,
        OnlineOrder.id > CartLine.wished_after,
        OnlineOrderLine.product_id == CartLine.product_id,
    )  # fmt: skip
    return exists(taken.correlate(CartLine))
