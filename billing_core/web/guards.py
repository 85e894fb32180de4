"""One guard stands below each route decorator and says who may come in; a rule test finds every view without one.

A guard decides the realm and the least a viewer must have. Whether an object may be touched is the service's business.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import abort, current_app, g, redirect, request, url_for
from werkzeug.wrappers import Response

from billing_core.errors import NotAllowed
from billing_core.permissions import Realm, Viewer
from billing_core.web import identity

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Guard:
    """What a view demands. realm None: nobody needs to be signed in; with a scope it is for programs with a token."""

    realm: Realm | None
    roles: tuple[str, ...] = ()
    scope: str = ""

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


def portal_page() -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Only billing contacts of corporate accounts."""
    return _stand(Guard(Realm.PORTAL))


def my_page() -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Only people signed in to My Account."""
    return _stand(Guard(Realm.MY))


def desk_page(*roles: str) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Only the vendor's staff, in one of the roles where some are named."""
    return _stand(Guard(Realm.DESK, roles=roles))


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
            return view(*args, **kwargs)

        guarded.guard = guard  # type: ignore[attr-defined]
        return guarded

    return put_below


def _to_sign_in(realm: Realm) -> Response:
    endpoint: str = current_app.config["SIGN_IN"][realm]
    wanted = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for(endpoint, next=wanted), 303)
