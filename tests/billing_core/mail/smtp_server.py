"""A real SMTP server in a process of its own: `python -m tests.billing_core.mail.smtp_server FOLDER [certificate]`.

It listens on a free port, writes the port to FOLDER/port and each message it takes to FOLDER/<n>.json. What it does to
a message is in the recipient's address: later@ is refused with 451 twice, never@ with 550, full@ with 552 after DATA,
slow@ is taken, but the answer to DATA comes too late the first time. With a certificate (FOLDER/cert.pem, key.pem) it
demands STARTTLS and the sign-in portal / secret.
"""

import asyncio
import base64
import json
import ssl
import sys
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

TOO_LATE = 4.0


class Sink:
    """Takes messages, or refuses them as their recipient says."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.taken = 0
        self.asked: dict[str, int] = {}

    async def handle_RCPT(  # noqa: N802 - the name that the library calls
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Refuse or accept a recipient."""
        self.asked[address] = self.asked.get(address, 0) + 1
        if address.startswith("later@") and self.asked[address] <= 2:
            return "451 4.3.0 try again later"
        if address.startswith("never@"):
            return "550 5.1.1 nobody of that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep the message."""
        address = envelope.rcpt_tos[0]
        if address.startswith("full@"):
            return "552 5.2.2 mailbox full"
        self.taken += 1
        content = envelope.content
        assert isinstance(content, bytes)
        kept = {"from": envelope.mail_from, "to": envelope.rcpt_tos, "content": base64.b64encode(content).decode(),
                "tls": session.ssl is not None, "user": getattr(session.auth_data, "login", b"").decode()}  # fmt: skip
        path = self.folder / f"{self.taken}.json"
        path.with_suffix(".part").write_text(json.dumps(kept))
        path.with_suffix(".part").rename(path)
        if address.startswith("slow@") and self.asked[address] == 1:
            await asyncio.sleep(TOO_LATE)
        return "250 OK"


def authenticate(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    """One user."""
    is_right = (data.login, data.password) == (b"portal", b"secret")
    return AuthResult(success=is_right, handled=False, auth_data=data)


async def serve(folder: Path, certificate: bool) -> None:
    """Listen until killed."""
    sink = Sink(folder)
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "cert.pem", folder / "key.pem")

    def connection() -> SMTP:
        return SMTP(
            sink, hostname="localhost", tls_context=context, require_starttls=certificate, auth_required=certificate,
            authenticator=authenticate if certificate else None,
        )  # fmt: skip

    server = await asyncio.get_running_loop().create_server(connection, "127.0.0.1", 0)
    (folder / "port.part").write_text(str(server.sockets[0].getsockname()[1]))
    (folder / "port.part").rename(folder / "port")
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), len(sys.argv) > 2))
