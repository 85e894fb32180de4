"""What printer and typesetter say to each other: a kind (one byte), a length (8 bytes, big endian), that many bytes."""

import socket
import time

READY, PAGE, PDF, ERROR = b"R", b"H", b"P", b"E"
_HEAD = 9


def send(to: socket.socket, kind: bytes, body: bytes = b"", deadline: float | None = None) -> None:
    """Send one message. Raises TimeoutError behind the deadline (time.monotonic()), OSError when nobody is there."""
    to.settimeout(_left(deadline))
    to.sendall(kind + len(body).to_bytes(_HEAD - 1, "big") + body)


def receive(source: socket.socket, deadline: float | None = None) -> tuple[bytes, bytes]:
    """One message as (kind, body). Raises TimeoutError behind the deadline, EOFError when the other side is gone."""
    head = _exactly(source, _HEAD, deadline)
    return head[:1], _exactly(source, int.from_bytes(head[1:], "big"), deadline)


def _exactly(source: socket.socket, length: int, deadline: float | None) -> bytes:
    received = bytearray()
    while len(received) < length:
        source.settimeout(_left(deadline))
        part = source.recv(min(length - len(received), 1 << 20))
        if not part:
            raise EOFError("the other side is gone")
        received += part
    return bytes(received)


def _left(deadline: float | None) -> float | None:
    if deadline is None:
        return None
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("not in time")
    return left
