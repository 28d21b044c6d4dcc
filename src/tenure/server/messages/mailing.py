"""Mails over SMTP: one message to one mailbox, off the event loop, within a bounded time; a result, never an exception.

What a mail says is `rendering`'s, when it is tried again `postman`'s to decide.
"""

import asyncio
import smtplib
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Literal

import msgspec

from tenure.server.messages.posting import excerpt

Security = Literal["starttls", "tls", "none"]
STEP = 15.0
"""Seconds that the server may take for one step."""
SECONDS = 60.0
"""Seconds for one mail from call to farewell."""
THREADS = ThreadPoolExecutor(4, "mail")


@dataclass(frozen=True)
class MailServer:
    """Who takes mails, and as whom they are sent."""

    host: str
    sender: str
    """The address that stands in From."""
    port: int = 587
    security: Security = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)
    ca: str = ""
    """A file with further certificate authorities, for a server within one's own walls."""


class Sent(msgspec.Struct, frozen=True):
    """What came of it: no fault means that the server took the mail; `final` that trying again is of no use."""

    fault: str = ""
    final: bool = False


class Parts(msgspec.Struct, frozen=True):
    """What a mail is made of."""

    id: str
    to: str
    sender_name: str
    subject: str
    text: str
    html: str
    reply_to: str = ""


def compose(server: MailServer, parts: Parts, date: datetime) -> EmailMessage:
    """The mail as it goes out. Raises ValueError for an address that is none.

    Its Message-ID follows from its id, so that a mail sent twice is known as one.
    """
    mail = EmailMessage()
    user, _, domain = server.sender.rpartition("@")
    mail["From"] = Address(one_line(parts.sender_name), user, domain)
    mail["To"] = parts.to
    mail["Subject"] = one_line(parts.subject)
    mail["Date"] = date  # as RFC 5322 has it
    mail["Message-ID"] = f"<{parts.id}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    if parts.reply_to:
        mail["Reply-To"] = parts.reply_to
    mail.set_content(parts.text)
    mail.add_alternative(parts.html, subtype="html")
    return mail


def one_line(text: str) -> str:
    """`text` as a header may carry it: no line breaks, no control characters."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())[:200]


async def send(server: MailServer, mail: EmailMessage, to: str, most: float = SECONDS) -> Sent:
    """Hand the mail over; `most` is in seconds, after which the connection is torn."""
    open_: list[smtplib.SMTP] = []
    work = asyncio.get_running_loop().run_in_executor(THREADS, _send, server, mail, to, open_)
    try:
        async with asyncio.timeout(most):
            return await asyncio.shield(work)
    except TimeoutError:
        for line in open_:
            _tear(line)
        return Sent(f"the mail server took longer than {most:g} seconds")


def _send(server: MailServer, mail: EmailMessage, to: str, open_: list[smtplib.SMTP]) -> Sent:
    try:
        return _talk(server, mail, to, open_)
    except smtplib.SMTPRecipientsRefused as fault:
        code, text = fault.recipients.get(to, (0, b""))
        return Sent(f"the mailbox was refused: {code} {excerpt(text)}", final=500 <= code < 600)
    except smtplib.SMTPDataError as fault:
        return Sent(f"the mail was refused: {_said(fault)}", final=500 <= fault.smtp_code < 600)
    except smtplib.SMTPAuthenticationError as fault:
        return Sent(f"the mail server does not accept user and password: {_said(fault)}")
    except smtplib.SMTPResponseException as fault:
        return Sent(f"the mail server answered: {_said(fault)}")
    except ssl.SSLError as fault:
        return Sent(f"no trusted connection to the mail server: {excerpt(str(fault).encode())}")
    except (smtplib.SMTPException, OSError, ValueError) as fault:
        return Sent(f"the mail server cannot be reached or used: {excerpt(str(fault).encode())}")


def _talk(server: MailServer, mail: EmailMessage, to: str, open_: list[smtplib.SMTP]) -> Sent:
    trust = ssl.create_default_context(cafile=server.ca or None)
    name = server.sender.rpartition("@")[2]
    if server.security == "tls":
        line: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, name, timeout=STEP, context=trust)
    else:
        line = smtplib.SMTP(server.host, server.port, name, timeout=STEP)
    open_.append(line)
    with line:
        if server.security == "starttls":
            line.starttls(context=trust)
        if server.user:
            line.login(server.user, server.password)
        line.send_message(mail, server.sender, [to])
    return Sent()


def _tear(line: smtplib.SMTP) -> None:
    with suppress(OSError):
        if line.sock is not None:
            line.sock.shutdown(socket.SHUT_RDWR)


def _said(fault: smtplib.SMTPResponseException) -> str:
    text = fault.smtp_error if isinstance(fault.smtp_error, bytes) else str(fault.smtp_error).encode()
    return f"{fault.smtp_code} {excerpt(text)}"
