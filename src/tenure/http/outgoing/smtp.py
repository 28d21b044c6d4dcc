"""Mails over SMTP: one message, off the event loop, within a bounded time; a result, never an exception.

The caller decides what a mail says and when it is tried again.
"""

import asyncio
import re
import smtplib
import socket
import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.headerregistry import Address as Mailbox
from email.message import EmailMessage
from ipaddress import ip_address
from typing import Any, Literal

import msgspec

from tenure.core.timeline import Instant
from tenure.http.outgoing.delivery_errors import AddressRefused, DeliveryErrorCause, cause_of
from tenure.http.outgoing.send_outcome import RejectedMailbox, SendOutcome, one_line_excerpt
from tenure.http.outgoing.ssrf import Address
from tenure.http.outgoing.trust import outgoing_context

Security = Literal["starttls", "tls", "none"]
STEP = 15.0
"""Seconds that the server may take for one step."""
SECONDS = 60.0
"""Seconds for one mail, from the call to the end of the SMTP session."""
ADDRESSES = 3
"""So many of the addresses behind a name are tried."""
THREADS = ThreadPoolExecutor(4, "mail")
MAILBOX = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")


def is_mailbox(text: str) -> bool:
    """Whether `text` is one plain address and nothing else."""
    return len(text) <= 254 and MAILBOX.fullmatch(text) is not None


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
    authorities: str = ""
    """Further ones as text (PEM)."""
    allows: Callable[[Address], bool] | None = None
    """Which of the addresses behind the name may be connected to; None: any."""


class MailParts(msgspec.Struct, frozen=True):
    """What a mail is made of."""

    id: str
    to: str
    sender_name: str
    subject: str
    text: str
    html: str
    reply_to: str = ""


def compose_email(server: MailServer, parts: MailParts, date: datetime) -> EmailMessage:
    """The mail as it goes out. Raises ValueError for an address that is none.

    Its Message-ID follows from its id, so that a mail sent twice is known as one.
    """
    mail = EmailMessage()
    user, _, domain = server.sender.rpartition("@")
    mail["From"] = Mailbox(one_line(parts.sender_name), user, domain)
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


async def send_mail(
    server: MailServer, parts: MailParts, recipients: tuple[str, ...], now: Instant, most: float = SECONDS
) -> SendOutcome:
    """Hand one mail over for all `recipients`; who of them was refused while others were not is in the outcome.

    `now` is its date; `most` is in seconds, after which the connection is torn.
    """
    try:
        mail = compose_email(server, parts, datetime.fromtimestamp(now, UTC))
    except ValueError as fault:
        return SendOutcome(
            fault=f"it cannot be written as a mail: {fault}", final=True, cause=DeliveryErrorCause.MAIL_REFUSED
        )
    talk = _MailTalk()
    work = asyncio.get_running_loop().run_in_executor(THREADS, _send_blocking, server, mail, recipients, talk)
    try:
        async with asyncio.timeout(most):
            return await asyncio.shield(work)
    except TimeoutError:
        talk.give_up()
        work.cancel()  # where no thread was free yet, nothing is sent later behind the caller's back
        return SendOutcome(
            fault=f"the mail server took longer than {most:g} seconds", cause=DeliveryErrorCause.TOO_SLOW
        )


class _MailTalk:
    """A mail on its way, as the thread that sends it and the caller that waits both see it."""

    def __init__(self) -> None:
        self._line: smtplib.SMTP | None = None
        self._is_over = False

    def begin(self, line: smtplib.SMTP) -> None:
        """The line that is torn when the time is over."""
        self._line = line

    def go_on(self) -> None:
        """Raises `_UnableError` once the caller has given up: what it takes for failed must not be sent after that."""
        if self._is_over:
            raise _UnableError("the time for it is over", DeliveryErrorCause.TOO_SLOW)

    def give_up(self) -> None:
        """The caller waits no longer."""
        self._is_over = True
        if self._line is not None:
            _close_abruptly(self._line)


def _send_blocking(server: MailServer, mail: EmailMessage, recipients: tuple[str, ...], talk: _MailTalk) -> SendOutcome:
    try:
        refused = _rejected_mailbox(_talk_smtp(server, mail, recipients, talk))
        return SendOutcome(refused=refused, cause=DeliveryErrorCause.RECIPIENTS_REFUSED if refused else "")
    except smtplib.SMTPRecipientsRefused as fault:
        refused = _rejected_mailbox(fault.recipients)
        words = SendOutcome(refused=refused).said if len(refused) > 1 else refused[0].said
        return SendOutcome(
            fault=f"the mailbox was refused: {words}",
            final=all(each.final for each in refused),
            cause=DeliveryErrorCause.RECIPIENTS_REFUSED,
            refused=refused,
        )
    except smtplib.SMTPDataError as fault:
        final = 500 <= fault.smtp_code < 600
        words = f"the mail was refused: {_server_words(fault)}"
        return SendOutcome(fault=words, final=final, cause=DeliveryErrorCause.MAIL_REFUSED)
    except _UnableError as fault:
        return SendOutcome(fault=str(fault), cause=fault.cause)
    except (smtplib.SMTPException, OSError, ValueError, AddressRefused) as fault:
        return SendOutcome(fault=_fault_words(fault), cause=cause_of(fault))


def _fault_words(fault: Exception) -> str:
    if isinstance(fault, smtplib.SMTPAuthenticationError):
        return f"the mail server does not accept user and password: {_server_words(fault)}"
    if isinstance(fault, smtplib.SMTPResponseException):
        return f"the mail server answered: {_server_words(fault)}"
    words = one_line_excerpt(str(fault).encode())
    if isinstance(fault, ssl.SSLError):
        return f"no trusted connection to the mail server: {words}"
    return f"the mail server cannot be reached or used: {words}"


class _UnableError(Exception):
    """The server has not what is asked of it."""

    def __init__(self, words: str, cause: DeliveryErrorCause) -> None:
        super().__init__(words)
        self.cause = cause


def _talk_smtp(
    server: MailServer, mail: EmailMessage, recipients: tuple[str, ...], talk: _MailTalk
) -> dict[str, tuple[int, bytes]]:
    context = outgoing_context(server.ca, server.authorities)
    line = _CheckedConnection(server, context) if server.security == "tls" else _CheckedConnection(server, None)
    talk.begin(line)
    try:
        code, said = line.connect(server.host, server.port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, said)
        if server.security == "starttls":
            _start_tls(line, context)
        if server.user:
            _sign_in(line, server)
        talk.go_on()
        return line.send_message(mail, server.sender, list(recipients))
    finally:
        _hang_up(line)


def _hang_up(line: smtplib.SMTP) -> None:
    """Says goodbye; what is answered to that changes nothing about a mail that was taken."""
    if line.sock is not None:
        with suppress(smtplib.SMTPException, OSError):
            line.quit()
    line.close()


def _start_tls(line: smtplib.SMTP, context: ssl.SSLContext) -> None:
    try:
        line.starttls(context=context)
    except smtplib.SMTPNotSupportedError:
        raise _UnableError(
            "the mail server does not offer STARTTLS on this port", DeliveryErrorCause.TLS_MISSING
        ) from None


def _sign_in(line: smtplib.SMTP, server: MailServer) -> None:
    try:
        line.login(server.user, server.password)
    except smtplib.SMTPNotSupportedError:
        raise _UnableError("the mail server offers no sign-in here", DeliveryErrorCause.SIGN_IN_UNKNOWN) from None


class _CheckedConnection(smtplib.SMTP):
    """A line to an address that was judged; TLS from the first byte where a context is given."""

    def __init__(self, server: MailServer, context: ssl.SSLContext | None) -> None:
        super().__init__(local_hostname=server.sender.rpartition("@")[2], timeout=STEP)
        self._server, self._context = server, context
        self._host = server.host  # the name that STARTTLS asks for

    # The hook that the library's own SMTP_SSL is made with.
    def _get_socket(self, host: str, port: int, timeout: float) -> Any:
        plain = self._connect_checked(host, port, timeout)
        return plain if self._context is None else self._context.wrap_socket(plain, server_hostname=host)

    def _connect_checked(self, host: str, port: int, timeout: float) -> socket.socket:
        if self._server.allows is None:
            return socket.create_connection((host, port), timeout)
        found = dict.fromkeys(each[4][0] for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        allowed = [str(each) for each in found if self._server.allows(ip_address(each))][:ADDRESSES]
        if not allowed:
            raise AddressRefused("nothing is sent to the addresses behind this name")
        for address in allowed[:-1]:
            with suppress(OSError):
                return socket.create_connection((address, port), timeout)
        return socket.create_connection((allowed[-1], port), timeout)


def _rejected_mailbox(refused: dict[str, tuple[int, bytes]]) -> tuple[RejectedMailbox, ...]:
    return tuple(
        RejectedMailbox(who, f"{code} {one_line_excerpt(said)}", 500 <= code < 600)
        for who, (code, said) in refused.items()
    )


def _close_abruptly(line: smtplib.SMTP) -> None:
    with suppress(OSError):
        if line.sock is not None:
            line.sock.shutdown(socket.SHUT_RDWR)


def _server_words(fault: smtplib.SMTPResponseException) -> str:
    text = fault.smtp_error if isinstance(fault.smtp_error, bytes) else str(fault.smtp_error).encode()
    return f"{fault.smtp_code} {one_line_excerpt(text)}"
