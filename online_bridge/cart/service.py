"""The verbs of a cart: put in, change, remove; and a trial that is started without one.

What can never be ordered is refused at once; what has become impossible later stands in the cart with its reason.
"""

from dataclasses import dataclass

from sqlalchemy import delete, func, select

from billing_core import clock, db
from billing_core.errors import NotFound
from billing_core.orders.online import placing
from billing_core.orders.online.ending import online_account
from billing_core.orders.online.models import OnlineOrder
from billing_core.orders.online.priced import PricedLine
from billing_core.orders.online.refusals import TrialUsed
from billing_core.orders.online.wishes import Buy, Change, Try, Wish
from billing_core.payments import ordering
from billing_core.permissions import Viewer
from online_bridge.cart import queries
from online_bridge.cart.models import BUY, CHANGE, TRY, Cart, CartLine


@dataclass(frozen=True)
class Put:
    """A line, and whether it took the place of another wish about the same product."""

    line: CartLine
    product: str
    replaced: bool


def put_in_cart(viewer: Viewer, account: str, wish: Wish) -> Put:
    """Put a wish in the viewer's cart at an online account, by public id.

    Raises NotFound, NotAllowed, and what `pricing.price` raises about the wish alone.
    """
    locked = online_account(viewer, account)
    priced = queries.price_alone(queries.counter_for(locked.id), wish)
    cart = _cart(viewer, locked.id)
    _forget_ordered(viewer, cart)
    product_id = priced.product.id
    known = select(CartLine).where(CartLine.cart_id == cart.id, CartLine.product_id == product_id)
    line = db.session().scalar(known)
    replaced = line is not None
    if line is None:
        line = CartLine(public_id=db.public_id("line"), cart_id=cart.id, product_id=product_id)
    _write(line, wish, priced, locked.id)
    db.session().add(line)
    db.session().flush()
    return Put(line, priced.product.name, replaced)


def change_line(viewer: Viewer, account: str, line: str, tier: str, seats: int, frequency: str) -> CartLine:
    """Wish another tier, number of seats or frequency of what is in the cart; else as `put_in_cart`."""
    locked = online_account(viewer, account)
    found = queries.line_of(viewer, locked.id, line)
    wish = changed(found, tier, seats, frequency)
    _write(found, wish, queries.price_alone(queries.counter_for(locked.id), wish), locked.id)
    db.session().flush()
    return found


def changed(line: CartLine, tier: str, seats: int, frequency: str) -> Wish:
    """The wish that a line becomes."""
    match line.wish:
        case Buy(product=product):
            return Buy(product, tier, seats, frequency)
        case Try(product=product):
            return Try(product, tier, seats)
        case Change(subscription=subscription):
            return Change(subscription, tier, seats, frequency)


def remove_line(viewer: Viewer, account: str, line: str) -> str:
    """Take a line out of the cart; what it was about. Raises NotFound and NotAllowed."""
    found = queries.line_of(viewer, online_account(viewer, account).id, line)
    db.session().delete(found)
    return found.product.name


def start_trial(viewer: Viewer, account: str, wish: Try) -> str:
    """Order a trial by itself, which costs nothing; the public id of the order.

    The same again on the same day is the same order: a product is tried once. Raises what `ordering.place_order`
    raises. Opens transactions of its own.
    """
    key = f"trial_{wish.product}"
    try:
        with db.reading():
            seen = ordering.preview(viewer, account, [wish]).digest
        return ordering.place_order(viewer, account, [wish], seen, key).order.public_id
    except TrialUsed:
        with db.reading():
            earlier = _started_today(viewer, account, key)
        if earlier is None:
            raise
        return earlier.public_id


def _started_today(viewer: Viewer, account: str, key: str) -> OnlineOrder | None:
    standing = next((one for one in viewer.standings if one.account_public_id == account), None)
    if standing is None:
        raise NotFound
    earlier = placing.made_by_form(viewer.person_id, f"{standing.account_id}.{key}")
    today = queries.counter_for(standing.account_id).day
    return earlier if earlier is not None and earlier.day == today else None


def _cart(viewer: Viewer, account_id: int) -> Cart:
    """The viewer's one, made with the first wish; the lock of the account lets nobody make another."""
    own = select(Cart).where(Cart.account_id == account_id, Cart.person_id == viewer.person_id)
    cart = db.session().scalar(own)
    if cart is None:
        cart = Cart(account_id=account_id, person_id=viewer.person_id, made_at=clock.now())
        db.session().add(cart)
        db.session().flush()
    return cart


def _forget_ordered(viewer: Viewer, cart: Cart) -> None:
    """Delete what an order has taken out of the cart already."""
    gone = delete(CartLine).where(CartLine.cart_id == cart.id, queries.is_ordered(viewer, cart.account_id))
    db.session().execute(gone.execution_options(synchronize_session=False))


def _write(line: CartLine, wish: Wish, priced: PricedLine, account_id: int) -> None:
    newest = select(func.coalesce(func.max(OnlineOrder.id), 0)).where(OnlineOrder.account_id == account_id)
    line.kind = BUY if isinstance(wish, Buy) else TRY if isinstance(wish, Try) else CHANGE
    line.subscription_id = priced.subscription_id if line.kind == CHANGE else None
    line.tier, line.seats = wish.tier, wish.seats
    line.frequency = "" if isinstance(wish, Try) else wish.frequency
    line.wished_after = db.session().scalars(newest).one()
