"""Which processor takes the money: said once at start, asked by every verb that talks to it."""

from billing_core.payments.gateway import Gateway

_gateway: Gateway | None = None


def use_gateway(gateway: Gateway) -> None:
    """Said once at start, by the roof: which processor takes the money."""
    global _gateway
    _gateway = gateway


def processor() -> Gateway:
    """The one that was chosen."""
    if _gateway is None:
        raise RuntimeError("no processor was chosen: app/ports.py does it")
    return _gateway
