"""Where the browser is, as passkeys know it: they are bound to a name, so hosts that are numbers have none."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from flask import request

from billing_core import templating
from billing_core.credentials.factors.ceremonies import Answer, Site


def here() -> Site | None:
    """The site of this request; none where its host is a number, for which there are no passkeys.

    In production that is the configured address, as no other host is answered; a development start answers at
    localhost too.
    """
    base = templating.brand().public_url
    parts = urlsplit(base if urlsplit(base).hostname == urlsplit(request.host_url).hostname else request.host_url)
    name = parts.hostname or ""
    try:
        ip_address(name)
    except ValueError:
        return Site(name, f"{parts.scheme}://{parts.netloc}") if name else None
    return None


def answer_of(text: str | None) -> Answer | None:
    """What a passkey answered in a form; none where it was not used."""
    site = here()
    return Answer(text, site) if text and site is not None else None
