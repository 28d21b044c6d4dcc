"""One message of one forwarding, sent now, by mail or webhook; an outcome, never an exception.

`worker` decides what it tells of and whether it is sent again; for a test message the caller does.
"""

import ssl
from functools import lru_cache
from urllib.parse import urlsplit

import msgspec

from tenure.core.timeline import Instant
from tenure.http.outgoing import signing, smtp, webhook_client
from tenure.http.outgoing.delivery_errors import DeliveryErrorCause
from tenure.http.outgoing.send_outcome import SendOutcome
from tenure.http.outgoing.smtp import MailParts, MailServer
from tenure.http.outgoing.trust import outgoing_context
from tenure.site.forwarding import messages
from tenure.site.forwarding.config import ForwardingConfig, ForwardingSecrets, MailTarget, WebhookTarget
from tenure.site.forwarding.messages import MessageOrigin
from tenure.site.forwarding.remedies import SEALED
from tenure.site.forwarding.site_networks import SiteNetworks, networks_of
from tenure.site.store.events import EventRow

PORTS = {"https": 443, "http": 80}
UNREADABLE = SendOutcome(cause=SEALED, fault="the secrets of this forwarding cannot be opened")


class OutgoingMessage(msgspec.Struct, frozen=True, kw_only=True):
    """Events for a forwarding, as one message."""

    id: str
    config: ForwardingConfig
    hidden: ForwardingSecrets | None
    """None: they cannot be opened."""
    events: list[EventRow]
    """Of a webhook one."""
    recipients: tuple[str, ...] = ()
    """Of a mail: who is still to get it."""


async def send_events(message: OutgoingMessage, origin: MessageOrigin, now: Instant) -> SendOutcome:
    """Send it once; `now` dates and signs it."""
    config, hidden = message.config, message.hidden
    if hidden is not None and config.webhook is not None:
        body = messages.event_payload(origin, message.events[0])
        return await _send_webhook(config.webhook, hidden, message.id, body, now)
    if hidden is None or config.mail is None:
        return UNREADABLE
    email = messages.event_email(origin, config.name, message.events)
    to = ", ".join(config.mail.recipients)
    parts = MailParts(message.id, to, origin.site, email.subject, email.text, email.html)
    return await smtp.send_mail(_mail_server(config.mail, hidden), parts, message.recipients, now)


def _mail_server(mail: MailTarget, hidden: ForwardingSecrets) -> MailServer:
    return MailServer(
        host=mail.host,
        sender=mail.sender,
        port=mail.port,
        security=mail.security,
        user=mail.user,
        password=hidden.password,
        authorities=mail.authorities,
        allows=SiteNetworks(loopback=mail.security == "none").allows_address,
    )


async def _send_webhook(
    webhook: WebhookTarget, hidden: ForwardingSecrets, message: str, body: bytes, now: Instant
) -> SendOutcome:
    try:
        context = _trusted_context(webhook.authorities)
    except (ssl.SSLError, OSError) as fault:
        return SendOutcome(
            cause=DeliveryErrorCause.TLS_UNTRUSTED, fault=f"the authorities pasted here cannot be read: {fault}"
        )
    headers = signing.signature_headers(message, body, signing.secrets_at(hidden.signing, now), None, now)
    return await webhook_client.post_webhook(webhook.url, headers, body, networks_of(webhook.url), context)


@lru_cache(64)
def _trusted_context(authorities: str) -> ssl.SSLContext:
    """Read once: the system's authorities are many."""
    return outgoing_context(authorities=authorities)


def place_of(config: ForwardingConfig) -> tuple[str, int]:
    """Host and port that a forwarding speaks to."""
    if config.mail is not None:
        return config.mail.host, config.mail.port
    parts = urlsplit("" if config.webhook is None else config.webhook.url)
    return parts.hostname or "", parts.port or PORTS.get(parts.scheme, 443)
