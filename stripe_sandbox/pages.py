"""The hosted page: pay or save a card, answer 3-D Secure, and be sent back.

No field carries a card number: the number is typed into an input without a name and its script turns the known test
numbers into a choice. A field that holds one nevertheless is refused.
"""

import hmac
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from werkzeug.exceptions import BadRequest, HTTPException, NotFound
from werkzeug.routing import Map, MapAdapter, Rule
from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from stripe_sandbox import checkout, intents, sessions
from stripe_sandbox.amounts import shown
from stripe_sandbox.cards import Card, holds_card_number, offered_on_page
from stripe_sandbox.errors import Json
from stripe_sandbox.store import Store
from stripe_sandbox.words import language, speaker

HERE = Path(__file__).parent
STATIC = {"checkout.css": "text/css", "checkout.js": "text/javascript"}
SESSION_ID_IN_URL = "{CHECKOUT_SESSION_ID}"
LARGEST_FORM = 10_000

TEMPLATES = Environment(
    loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)
ROUTES = Map(
    [
        Rule("/pay/<identifier>", endpoint="pay", methods=["GET", "POST"]),
        Rule("/pay/<identifier>/challenge", endpoint="challenge", methods=["GET", "POST"]),
        Rule("/authenticate/<identifier>", endpoint="authenticate", methods=["GET", "POST"]),
        Rule("/static/<name>", endpoint="static", methods=["GET"]),
    ],
    strict_slashes=False,
    merge_slashes=False,
)


@dataclass(frozen=True)
class _View:
    """A session as its page shows it."""

    session: Json
    private: Json
    challenged: bool


class Pages:
    def __init__(self, store: Store, merchant: str) -> None:
        self._store = store
        self._merchant = merchant

    def __call__(self, request: Request) -> Response:
        adapter = ROUTES.bind_to_environ(request.environ)
        try:
            endpoint, args = adapter.match()
            if endpoint == "static":
                return _static(request, args["name"])
            if endpoint == "authenticate":
                return self._authenticate(request, adapter, args["identifier"])
            sessions.expire_due(self._store)
            view = self._look(args["identifier"])
            if view is None:
                return self._closed(request, adapter, None, "missing", 404)
            if request.method == "POST":
                return self._post(request, adapter, view, endpoint)
            return self._show(request, adapter, view, endpoint)
        except NotFound:
            return self._closed(request, adapter, None, "missing", 404)
        except HTTPException as refused:
            return self._closed(request, adapter, None, "refused", refused.code or 400, reason="refused_form")

    def _look(self, identifier: str) -> _View | None:
        with self._store.reading() as unit:
            session = unit.find(identifier, checkout.SESSION)
            if session is None:
                return None
            return _View(session, unit.private(identifier), checkout.has_challenge(unit, session))

    def _show(self, request: Request, adapter: MapAdapter, view: _View, endpoint: str) -> Response:
        if view.session["status"] != "open":
            return self._closed(request, adapter, view, view.session["status"], 200)
        if endpoint == "challenge":
            if not view.challenged:
                return _send(adapter.build("pay", {"identifier": view.session["id"]}), view)
            return self._page(request, adapter, "challenge.html", view, 200)
        return self._page(request, adapter, "pay.html", view, 200)

    def _post(self, request: Request, adapter: MapAdapter, view: _View, endpoint: str) -> Response:
        request.max_content_length = LARGEST_FORM
        fields = [*request.form.items(multi=True), *request.args.items(multi=True)]
        if any(holds_card_number(text) for field in fields for text in field):
            return self._closed(request, adapter, view, "refused", 400, reason="refused_card_number")
        token = request.form.get("page_token", "")
        if not hmac.compare_digest(token.encode(), view.private["page_token"].encode()):
            return self._closed(request, adapter, view, "refused", 400, reason="refused_form")
        identifier = view.session["id"]
        if endpoint == "challenge":
            answer = request.form.get("outcome")
            if answer not in ("complete", "fail"):
                return self._closed(request, adapter, view, "refused", 400, reason="refused_form")
            with self._store.writing() as unit:
                checkout.answer_challenge(unit, identifier, authenticated=answer == "complete")
        else:
            card = next((card for card in _offered(view) if card.token == request.form.get("card")), None)
            if card is None:
                return self._closed(request, adapter, view, "refused", 400, reason="refused_form")
            with self._store.writing() as unit:
                checkout.pay(
                    unit, identifier, card, adapter.build("challenge", {"identifier": identifier}, force_external=True)
                )
        return self._onward(adapter, identifier)

    def _authenticate(self, request: Request, adapter: MapAdapter, identifier: str) -> Response:
        """The bank's question about an intent that was confirmed over the API, and the way back."""
        with self._store.reading() as unit:
            intent = unit.find(identifier, "payment_intent")
            private = unit.private(identifier) if intent is not None else {}
        if intent is None or "return_url" not in private:
            raise NotFound
        asked = {"success_url": private["return_url"], "cancel_url": None, "locale": "auto"}
        view = _View(asked, private, challenged=True)
        if request.method == "POST":
            request.max_content_length = LARGEST_FORM
            token, answer = request.form.get("page_token", ""), request.form.get("outcome")
            known = hmac.compare_digest(token.encode(), private["page_token"].encode())
            if not known or answer not in ("complete", "fail"):
                raise BadRequest
            with self._store.writing() as unit:
                intents.authenticate(unit, identifier, authenticated=answer == "complete")
            return _send(private["return_url"], view)
        if intent["status"] != "requires_action":
            return _send(private["return_url"], view)
        chosen = language("auto", request.accept_languages)
        html = TEMPLATES.get_template("authenticate.html").render(
            say=speaker(chosen), language=chosen, merchant=self._merchant, url=adapter.build, identifier=identifier,
            page_token=private["page_token"], amount=shown(intent["amount"], intent["currency"], chosen),
        )  # fmt: skip
        return _guarded(Response(html, mimetype="text/html"), view)

    def _onward(self, adapter: MapAdapter, identifier: str) -> Response:
        """Where the person belongs now that the form has been worked on, this time or an earlier one."""
        view = self._look(identifier)
        if view is None:
            raise NotFound
        if view.session["status"] == "complete":
            return _send(_success_url(view.session), view)
        return _send(adapter.build("challenge" if view.challenged else "pay", {"identifier": identifier}), view)

    def _page(
        self, request: Request, adapter: MapAdapter, template: str, view: _View | None, status: int, **more: object
    ) -> Response:
        session = None if view is None else view.session
        chosen = language(None if session is None else session["locale"], request.accept_languages)
        own_name = None if view is None else view.private["merchant"]
        more |= {
            "say": speaker(chosen),
            "language": chosen,
            "merchant": own_name or self._merchant,
            "session": session,
            "url": adapter.build,
        }
        if view is not None:
            more |= {
                "lines": view.private["lines"],
                "notice": view.private["notice"],
                "page_token": view.private["page_token"],
                "cards": _offered(view),
                "saving": checkout.keeps_card(view.session, view.private),
                "money": lambda amount: shown(amount, view.session["currency"], chosen),
            }
        html = TEMPLATES.get_template(template).render(more)
        return _guarded(Response(html, status=status, mimetype="text/html"), view)

    def _closed(
        self,
        request: Request,
        adapter: MapAdapter,
        view: _View | None,
        state: str,
        status: int,
        *,
        reason: str | None = None,
    ) -> Response:
        onward = None
        if view is not None and state in ("complete", "expired"):
            onward = _success_url(view.session) if state == "complete" else view.session["cancel_url"]
        return self._page(request, adapter, "closed.html", view, status, state=state, reason=reason, onward=onward)


def _offered(view: _View) -> list[Card]:
    return offered_on_page(
        charging=view.session["mode"] == "payment",
        saving=checkout.keeps_card(view.session, view.private),
        blocked=view.private["blocked"],
    )


def _success_url(session: Json) -> str:
    url: str = session["success_url"]
    return url.replace(SESSION_ID_IN_URL, session["id"])


def _send(location: str, view: _View) -> Response:
    return _guarded(Response.force_type(redirect(location, 303)), view)


def _static(request: Request, name: str) -> Response:
    if name not in STATIC:
        raise NotFound
    response = Response((HERE / "static" / name).read_bytes(), mimetype=STATIC[name])
    response.add_etag()
    response.headers["Cache-Control"] = "no-cache"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response.make_conditional(request)


def _guarded(response: Response, view: _View | None) -> Response:
    """The security headers. A form may lead to the caller's own pages, because browsers follow its redirect by them."""
    origins = set()
    if view is not None:
        for url in filter(None, (view.session["success_url"], view.session["cancel_url"])):
            parts = urlsplit(url)
            origins.add(f"{parts.scheme}://{parts.netloc}")
    forms = " ".join(["'self'", *sorted(origins)])
    response.headers.update(
        {
            "Content-Security-Policy": (
                f"default-src 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; form-action {forms}"
            ),
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            # Not "no-referrer": browsers then send forms with `Origin: null`.
            "Referrer-Policy": "same-origin",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
            "X-Robots-Tag": "noindex",
            "Cache-Control": "no-store",
        }
    )
    return response
