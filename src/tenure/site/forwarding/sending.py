"""One message of one forwarding, sent now, by mail or webhook; a result, never an exception.

`worker` decides what it tells of and whether it is sent again; for a test message the caller does.
"""

import ssl
from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import urlsplit

import msgspec

from tenure.core.timeline import Instant
from tenure.http.outgoing import signing, smtp, webhook_client
from tenure.http.outgoing.delivery_errors import DeliveryErrorCause
from tenure.http.outgoing.smtp import MailParts, MailServer, RejectedMailbox
from tenure.http.outgoing.trust import outgoing_context
from tenure.site.forwarding.config import ForwardingConfig, ForwardingSecrets, MailTarget, WebhookTarget
from tenure.site.forwarding.messages import EventEmail
from tenure.site.forwarding.remedies import SEALED
from tenure.site.forwarding.site_networks import SiteNetworks, networks_of

PORTS = {"https": 443, "http": 80}


class SendOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it."""

    taken: bool = False
    """Whether the receiver has it: a webhook, or at least one mailbox of a mail."""
    status: int = 0
    cause: str = ""
    fault: str = ""
    answer: str = ""
    retry_after: int = 0
    """Seconds that the receiver asked to be left alone."""
    refused: tuple[RejectedMailbox, ...] = ()
    """Mailboxes that did not get it."""

    @property
    def was_accepted(self) -> bool:
        """See `DeliveryOutcome`."""
        return self.taken


UNREADABLE = SendOutcome(cause=SEALED, fault="the secrets of this forwarding cannot be opened")


async def send_mail(
    mail: MailTarget, hidden: ForwardingSecrets, parts: MailParts, recipients: tuple[str, ...], now: Instant
) -> SendOutcome:
    """Hand a mail over for `recipients`; `now` is its date."""
    bounds = SiteNetworks(loopback=mail.security == "none")
    server = MailServer(
        host=mail.host,
        sender=mail.sender,
        port=mail.port,
        security=mail.security,
        user=mail.user,
        password=hidden.password,
        authorities=mail.authorities,
        allows=bounds.allows_address,
    )
    try:
        written = smtp.compose_email(server, parts, datetime.fromtimestamp(now, UTC))
    except ValueError as fault:
        return SendOutcome(cause=DeliveryErrorCause.MAIL_REFUSED, fault=f"it cannot be written as a mail: {fault}")
    sent = await smtp.send_to_all(server, written, recipients)
    said = sent.fault or "; ".join(f"{each.recipient}: {each.said}" for each in sent.refused)
    cause = sent.cause or (DeliveryErrorCause.RECIPIENTS_REFUSED if sent.refused else DeliveryErrorCause.NONE)
    return SendOutcome(taken=not sent.fault, cause=cause, fault=said, refused=sent.refused)


async def send_webhook(
    webhook: WebhookTarget, hidden: ForwardingSecrets, message: str, body: bytes, now: Instant
) -> SendOutcome:
    """POST a message, signed with every key that is good at `now`."""
    try:
        context = _trusted_context(webhook.authorities)
    except (ssl.SSLError, OSError) as fault:
        return SendOutcome(
            cause=DeliveryErrorCause.TLS_UNTRUSTED, fault=f"the authorities pasted here cannot be read: {fault}"
        )
    headers = signing.signature_headers(message, body, hidden.signing_keys(now), None, now)
    reply = await webhook_client.post_webhook(webhook.url, headers, body, networks_of(webhook.url), context)
    return SendOutcome(
        taken=reply.was_accepted,
        status=reply.status or 0,
        cause=reply.cause,
        fault=reply.fault,
        answer=reply.excerpt,
        retry_after=reply.retry_after,
    )


@lru_cache(64)
def _trusted_context(authorities: str) -> ssl.SSLContext:
    """Read once: the system's authorities are many."""
    return outgoing_context(authorities=authorities)


def parts_of(config: ForwardingConfig, site: str, message: str, email: EventEmail) -> MailParts:
    """An email as a mail of this site."""
    to = "" if config.mail is None else ", ".join(config.mail.recipients)
    return MailParts(message, to, site, email.subject, email.text, email.html)


def place_of(config: ForwardingConfig) -> tuple[str, int]:
    """Host and port that a forwarding speaks to."""
    if config.mail is not None:
        return config.mail.host, config.mail.port
    parts = urlsplit("" if config.webhook is None else config.webhook.url)
    return parts.hostname or "", parts.port or PORTS.get(parts.scheme, 443)
