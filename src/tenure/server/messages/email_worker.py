"""Sends the emails that are due: claims them, puts them into words, hands them to the mail server, notes what came.

Without a mail server emails wait where they can be seen; what an email says is never logged.
"""

import asyncio
import logging
from contextlib import suppress
from datetime import UTC, datetime

import msgspec

from tenure.core.lease.claims import Brand
from tenure.core.timeline import Instant
from tenure.http.outgoing.drain import drain_tasks
from tenure.http.outgoing.jitter import Jitter
from tenure.http.outgoing.smtp import MailParts, MailServer, SendResult, is_mailbox, send_mail
from tenure.http.outgoing.smtp import compose_email as written
from tenure.server.context import ServerContext
from tenure.server.messages import backoff
from tenure.server.messages.attempt_log import record_persistently
from tenure.server.messages.composing import compose_emails
from tenure.server.messages.rendering import SenderIdentity, house_of, render_email
from tenure.server.values import ProviderValue
from tenure.store import emails, tenants
from tenure.store.emails import StoredEmail
from tenure.store.engine import Connection, WriteConflict

AT_ONCE = 20
CLAIM = 300
"""Seconds for which no other worker takes a claimed email: longer than sending all that were claimed can take."""
VENDOR = "Tenure"

_log = logging.getLogger("tenure.server.mail")


class EmailWorker:
    """The mails' part of the background work."""

    def __init__(self, context: ServerContext, jitter: Jitter) -> None:
        self._context, self._jitter = context, jitter
        self._sending: list[asyncio.Task[None]] = []

    async def once(self) -> int:
        """One look: the feed becomes emails, due emails are sent; how much was found."""
        behind = await self._context.db.read(emails.providers_behind)
        for provider, seq in behind:
            with suppress(WriteConflict):  # another process reads it
                await self._context.db.write(compose_emails, self._context, provider, seq, self._context.clock())
        return len(behind) + await self._send_due()

    async def settle(self) -> None:
        """Nothing is on its way when a look returns."""

    async def close(self) -> None:
        """Let what is on its way come to an end."""
        await drain_tasks(self._sending)

    async def _send_due(self) -> int:
        server, now = self._context.post, self._context.clock()
        if server is None or not await self._context.db.read(emails.due, now, 1):
            return 0
        found = await self._context.db.write(emails.claim, now, now + CLAIM, AT_ONCE)
        if not isinstance(found, list):
            return 0
        # A mail once handed over is put on record, even if the server is just being stopped.
        self._sending = [asyncio.create_task(self._send_email(server, email)) for email in found]
        if self._sending:
            await asyncio.wait(self._sending)
        return len(found)

    async def _send_email(self, server: MailServer, email: StoredEmail) -> None:
        try:
            await self._send_claimed(server, email)
        except Exception as fault:  # its trace could show what the mail says
            _log.error("mail %s (%s) could not be sent: %s", email.id, email.template, type(fault).__name__)

    async def _send_claimed(self, server: MailServer, email: StoredEmail) -> None:
        brand = await self._context.db.read(sender_identity, email.provider)
        parts = self._render_email(email, brand)
        sent = parts if isinstance(parts, SendResult) else await _hand_over(server, parts, self._context.clock())
        await record_persistently(
            self._context.db, self._record_attempt, email, sent, self._context.clock(), self._jitter()
        )

    def _render_email(self, email: StoredEmail, house: SenderIdentity) -> MailParts | SendResult:
        values = email.template_values(self._context.safe)
        if values is None:
            return SendResult("its text cannot be opened: the server's key for it is another", final=True)
        if not is_mailbox(email.recipient):
            return SendResult("this is not an address that mail can be sent to", final=True)
        words = render_email(email.template, values, house)
        if words is None:
            return SendResult(f"there is no template {email.template}", final=True)
        reply_to = house.support if is_mailbox(house.support) else ""
        return MailParts(email.id, email.recipient, house.name, words.subject, words.text, words.html, reply_to)

    def _record_attempt(
        self, conn: Connection, email: StoredEmail, sent: SendResult, now: Instant, draw: float
    ) -> None:
        if not sent.fault:
            emails.mark_sent(conn, email, now)
            return
        again = None if sent.final else backoff.next_email_try(email.created, email.tries + 1, now, draw)
        level = logging.WARNING if again is None else logging.INFO
        _log.log(level, "mail %s (%s) did not go out: %s", email.id, email.template, sent.fault)
        emails.mark_failed(conn, email, sent.fault, again)


def sender_identity(conn: Connection, provider: str | None) -> SenderIdentity:
    """In whose name an email is written; the vendor's own emails carry the server's."""
    found = tenants.get_provider(conn, provider) if provider else None
    if found is None:
        return house_of(VENDOR, Brand())
    brand = msgspec.json.decode(found.body, type=ProviderValue).brand
    return house_of(found.name, brand, sandbox=found.sandbox)


async def _hand_over(server: MailServer, parts: MailParts, now: Instant) -> SendResult:
    try:
        mail = written(server, parts, datetime.fromtimestamp(now, UTC))
    except ValueError as fault:
        return SendResult(f"it cannot be written as a mail: {fault}", final=True)
    return await send_mail(server, mail, parts.to)
