"""Mails as a source of deliveries: emails are claimed, put into words, handed to the mail server, noted.

Without a mail server emails wait where they can be seen; what an email says is never logged.
"""

import logging
from collections.abc import Sequence

import msgspec

from tenure.core.lease.claims import Brand
from tenure.core.refusals import Refused
from tenure.core.timeline import Instant
from tenure.http.outgoing.delivery_worker import DeliveryWorker, WorkerPace
from tenure.http.outgoing.resting import FAULT_PAUSE, RestingReceivers
from tenure.http.outgoing.retry_schedule import Jitter
from tenure.http.outgoing.send_outcome import SendOutcome
from tenure.http.outgoing.smtp import MailParts, is_mailbox, send_mail
from tenure.server.context import ServerContext
from tenure.server.messages import backoff
from tenure.server.messages.composing import compose_emails
from tenure.server.messages.rendering import SenderIdentity, house_of, render_email
from tenure.server.values import ProviderValue
from tenure.store import emails, tenants
from tenure.store.emails import StoredEmail
from tenure.store.engine import Connection, WriteConflict

AT_ONCE = 20
PROVIDERS_AT_ONCE = 50
"""Providers whose feeds one look reads, but for those that it skips."""
CLAIM = 300
"""Seconds for which no other worker takes a claimed email: longer than sending all that were claimed can take."""
VENDOR = "Tenure"
LOGGER = "tenure.server.mail"

_log = logging.getLogger(LOGGER)


class EmailSource:
    """The feed and what else is written as emails; each email is a receiver with one message."""

    def __init__(self, context: ServerContext) -> None:
        self._context = context
        self._resting = RestingReceivers()

    async def collect_events(self) -> int:
        """See `DeliverySource`."""
        behind = dict(await self._context.db.read(emails.providers_behind, PROVIDERS_AT_ONCE + len(self._resting)))
        return sum([await self._compose_for(each, behind[each]) for each in self._resting.skip_resting(behind)])

    async def _compose_for(self, provider: str, seq: int) -> bool:
        """Whether one provider's feed came on; a fault of its own must not keep the mails from all the others."""
        try:
            done = await self._context.db.write(compose_emails, self._context, provider, seq, self._context.clock())
        except WriteConflict:  # another process reads it
            return False
        except Exception as fault:
            _log.error("events of %s could not be put into mails: %s", provider, type(fault).__name__)
            self._resting.leave_alone(provider, FAULT_PAUSE)
            return False
        return not isinstance(done, Refused)

    async def find_due(self, more: int) -> list[StoredEmail]:
        """See `DeliverySource`; the emails are claimed here, all in one write."""
        now = self._context.clock()
        if self._context.post is None or not await self._context.db.read(emails.due, now, 1):
            return []
        found = await self._context.db.write(emails.claim, now, now + CLAIM, AT_ONCE)
        return found if isinstance(found, list) else []

    async def claim_messages(self, receiver: StoredEmail) -> list[StoredEmail]:
        """See `DeliverySource`."""
        return [receiver]

    async def send_message(self, message: StoredEmail) -> SendOutcome:
        """See `DeliverySource`."""
        parts = self._render_email(message, await self._context.db.read(sender_identity, message.provider))
        server = self._context.post
        if isinstance(parts, SendOutcome) or server is None:
            return parts if isinstance(parts, SendOutcome) else SendOutcome(fault="there is no mail server")
        return await send_mail(server, parts, (parts.to,), self._context.clock())

    async def record_attempt(self, message: StoredEmail, outcome: SendOutcome, draw: float) -> Refused | None:
        """See `DeliverySource`."""
        return await self._context.db.write(self._record_result, message, outcome, self._context.clock(), draw)

    async def release_messages(self, messages: Sequence[StoredEmail]) -> None:
        """See `DeliverySource`; an email is claimed alone."""

    def log_fault(self, receiver: StoredEmail, fault: Exception) -> None:
        """See `DeliverySource`; its trace could show what the mail says."""
        _log.error("mail %s (%s) could not be sent: %s", receiver.id, receiver.template, type(fault).__name__)

    def _render_email(self, email: StoredEmail, house: SenderIdentity) -> MailParts | SendOutcome:
        values = email.template_values(self._context.safe)
        if values is None:
            return SendOutcome(fault="its text cannot be opened: the server's key for it is another", final=True)
        if not is_mailbox(email.recipient):
            return SendOutcome(fault="this is not an address that mail can be sent to", final=True)
        words = render_email(email.template, values, house)
        if words is None:
            return SendOutcome(fault=f"there is no template {email.template}", final=True)
        reply_to = house.support if is_mailbox(house.support) else ""
        return MailParts(email.id, email.recipient, house.name, words.subject, words.text, words.html, reply_to)

    def _record_result(
        self, conn: Connection, email: StoredEmail, sent: SendOutcome, now: Instant, draw: float
    ) -> None:
        if not sent.fault:
            emails.mark_sent(conn, email, now)
            return
        again = None if sent.final else backoff.next_email_try(email.created, email.tries + 1, now, draw)
        level = logging.WARNING if again is None else logging.INFO
        _log.log(level, "mail %s (%s) did not go out: %s", email.id, email.template, sent.fault)
        emails.mark_failed(conn, email, sent.fault, again)


def email_worker(context: ServerContext, jitter: Jitter) -> DeliveryWorker:
    """The mails' part of the background work."""
    return DeliveryWorker(EmailSource(context), WorkerPace(at_once=AT_ONCE, awaits_all=True), jitter, LOGGER)


def sender_identity(conn: Connection, provider: str | None) -> SenderIdentity:
    """In whose name an email is written; the vendor's own emails carry the server's."""
    found = tenants.get_provider(conn, provider) if provider else None
    if found is None:
        return house_of(VENDOR, Brand())
    brand = msgspec.json.decode(found.body, type=ProviderValue).brand
    return house_of(found.name, brand, sandbox=found.sandbox)
