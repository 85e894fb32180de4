"""Security headers on every answer, and how long it may be kept. No inline script or style is ever allowed."""

from flask import Flask, Response, request

STATIC_PREFIX = "/static/"
_YEAR = 31_536_000


def protect(app: Flask, form_targets: tuple[str, ...], *, secure: bool) -> None:
    """Add the headers to whatever the application answers.

    form_targets: origins to which a form's answer may redirect; browsers check these by form-action.
    """
    policy = "; ".join(
        (
            "default-src 'self'",
            "img-src 'self' data:",
            "object-src 'none'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            " ".join(("form-action 'self'", *form_targets)),
        )
    )

    @app.after_request
    def add(response: Response) -> Response:
        headers = response.headers
        headers.setdefault("Content-Security-Policy", policy)
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("Referrer-Policy", "same-origin")
        headers.setdefault("X-Frame-Options", "DENY")
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
        if secure:
            headers.setdefault("Strict-Transport-Security", f"max-age={_YEAR}; includeSubDomains")
        if not request.path.startswith(STATIC_PREFIX) or response.status_code >= 400:
            headers.setdefault("Cache-Control", "no-store")
        return response
