"""One guard stands below each route decorator and says who may come in; a rule test finds every view without one.

A guard decides the realm and the least a viewer must have. Whether an object may be touched is the service's business.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import abort, current_app, g, redirect, request, url_for
from werkzeug.wrappers import Response

from billing_core import db
from billing_core.credentials.factors import duty
from billing_core.errors import NotAllowed, Refusal
from billing_core.permissions import Realm, Viewer, demand_proof
from billing_core.web import identity, proof
from billing_core.web.render import see, tell
from billing_core.words import mark

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Guard:
    """What a view demands. realm None: nobody needs to be signed in; with a scope it is for programs with a token."""

    realm: Realm | None
    roles: tuple[str, ...] = ()
    scope: str = ""
    proof: bool = False
    """Its form takes a fresh proof of who is there."""

    @property
    def is_public(self) -> bool:
        """Anybody may come in."""
        return self.realm is None and not self.scope

    def admits(self, viewer: Viewer) -> bool:
        """Whether a signed-in viewer of the realm may come in."""
        if self.realm is Realm.DESK:
            return viewer.is_staff(*self.roles)
        if self.realm is Realm.PORTAL:
            return viewer.current is not None
        return True


def public_page() -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Declare a view public."""
    return _stand(Guard(None))


def portal_page(*, proof: bool = False) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Only billing contacts of corporate accounts."""
    return _stand(Guard(Realm.PORTAL, proof=proof))


def my_page(*, proof: bool = False) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Only people signed in to My Account."""
    return _stand(Guard(Realm.MY, proof=proof))


def desk_page(*roles: str, proof: bool = False) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Only the vendor's staff, in one of the roles where some are named."""
    return _stand(Guard(Realm.DESK, roles=roles, proof=proof))


def _stand(guard: Guard) -> Callable[[Callable[P, T]], Callable[P, T]]:
    def put_below(view: Callable[P, T]) -> Callable[P, T]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
            g.realm = guard.realm
            if guard.realm is not None:
                viewer = identity.load(guard.realm)
                if viewer is None:
                    abort(_to_sign_in(guard.realm))
                if not guard.admits(viewer):
                    raise NotAllowed
                if viewer.looking is not None:
                    _refuse_while_looking()
                    with db.read_only():
                        return view(*args, **kwargs)
                _refuse_another_account(viewer)
                _lead_to_set_up(viewer)
                proof.take(viewer)
                if guard.proof and request.method == "POST":
                    demand_proof(identity.viewer())
            return view(*args, **kwargs)

        guarded.guard = guard  # type: ignore[attr-defined]
        return guarded

    return put_below


class AnotherAccount(Refusal):
    """The form was made for another of the person's accounts than the one that is chosen now, in another tab."""

    status = 409
    message = mark("This page was about another account. %(account)s is chosen now. Open the page again to go on.")


class OnlyLooking(NotAllowed):
    """Somebody at the desk looks as a contact: nothing is sent, and pages about the person alone are not shown."""

    message = mark("You are looking as a contact. You can change nothing here, and personal pages are not shown.")


def _refuse_while_looking() -> None:
    is_personal = (request.blueprint or "").endswith("_security")
    if request.method not in ("GET", "HEAD") or is_personal:
        raise OnlyLooking


def acting_for() -> str:
    """The account that a form is about, where the person has several: it says so when it is sent. Else empty."""
    realm: Realm | None = g.get("realm")
    viewer = identity.viewer_in(realm) if realm is not None else None
    several = viewer is not None and len(viewer.standings) > 1
    return viewer.current.account_public_id if viewer and viewer.current and several else ""


def _refuse_another_account(viewer: Viewer) -> None:
    """Raise AnotherAccount. A form that names no account was made while the person had one, or had chosen none."""
    named, current = request.form.get("acting_for", ""), viewer.current
    if request.method == "POST" and named and current and named != current.account_public_id:
        raise AnotherAccount(account=current.account_name)


def _lead_to_set_up(viewer: Viewer) -> None:
    """Who must have a second factor and has none gets to the pages that set one up, and nowhere else."""
    room = f"{viewer.realm}_security"
    if request.blueprint == room:
        return
    with db.reading():
        is_to_set_up = duty.is_to_set_up(viewer)
    if is_to_set_up:
        tell("warning", mark("Set up two-step sign-in first: it is required here."))
        abort(see(f"{room}.index"))


def _to_sign_in(realm: Realm) -> Response:
    endpoint: str = current_app.config["SIGN_IN"][realm]
    wanted = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for(endpoint, next=wanted), 303)
