"""A real SMTP server on loopback that keeps what it is sent, and refuses what it is told to."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session


@dataclass
class Mailbox:
    """What came in."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    refused: str = ""
    """How every recipient is answered, if not accepted."""
    refuses: dict[str, str] = field(default_factory=dict)
    """How single recipients are answered."""
    signed_in: list[tuple[bytes, bytes]] = field(default_factory=list)
    wait: float = 0.0
    encrypted: list[bool] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        await asyncio.sleep(self.wait)
        if self.refused:
            return self.refused
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        self.recipients += envelope.rcpt_tos
        self.encrypted.append(session.ssl is not None)
        self.mails.append(cast(EmailMessage, message_from_bytes(envelope.content, policy=default)))
        return "250 OK"

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, method: str, data: Any) -> AuthResult:
        self.signed_in.append((data.login, data.password))
        return AuthResult(success=data.password == b"right", handled=False)


@asynccontextmanager
async def mailbox(
    *, starttls: ssl.SSLContext | None = None, tls: ssl.SSLContext | None = None, signs_in: bool = True
) -> AsyncIterator[Mailbox]:
    """A mail server for as long as the block lasts; `signs_in`: whether anybody may without TLS."""
    made = Mailbox()

    def connection() -> SMTP:
        guarded = starttls is not None
        return SMTP(
            made,
            hostname="mail.test",
            tls_context=starttls,
            require_starttls=guarded,
            authenticator=made.authenticate,
            auth_require_tls=guarded or not signs_in,
        )

    server = await asyncio.get_running_loop().create_server(connection, "127.0.0.1", 0, ssl=tls)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
