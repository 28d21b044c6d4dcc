"""One message of one forwarding, sent now, by mail or webhook; a result, never an exception.

What it tells of and whether it is sent again is decided by `courier`, and for a test by whoever asked for it.
"""

import ssl
from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import urlsplit

import msgspec

from tenure.core.timeline import Instant
from tenure.http.outgoing import mailing, posting, signing
from tenure.http.outgoing.causes import Cause
from tenure.http.outgoing.mailing import MailServer, Parts, Unwanted
from tenure.http.outgoing.trust import trust
from tenure.site.forwarding.config import Config, Hidden, Mail, Webhook
from tenure.site.forwarding.premises import Premises, premises_of
from tenure.site.forwarding.remedies import SEALED
from tenure.site.forwarding.words import Letter

PORTS = {"https": 443, "http": 80}


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it."""

    taken: bool = False
    """Whether the receiver has it: a webhook, or at least one mailbox of a mail."""
    status: int = 0
    cause: str = ""
    fault: str = ""
    answer: str = ""
    retry_after: int = 0
    """Seconds that the receiver asked to be left alone."""
    refused: tuple[Unwanted, ...] = ()
    """Mailboxes that did not get it."""


UNREADABLE = Outcome(cause=SEALED, fault="the secrets of this forwarding cannot be opened")


async def send_mail(mail: Mail, hidden: Hidden, parts: Parts, recipients: tuple[str, ...], now: Instant) -> Outcome:
    """Hand a mail over for `recipients`; `now` is its date."""
    bounds = Premises(loopback=mail.security == "none")
    server = MailServer(
        host=mail.host,
        sender=mail.sender,
        port=mail.port,
        security=mail.security,
        user=mail.user,
        password=hidden.password,
        authorities=mail.authorities,
        allows=bounds.allows,
    )
    try:
        written = mailing.compose(server, parts, datetime.fromtimestamp(now, UTC))
    except ValueError as fault:
        return Outcome(cause=Cause.MAIL_REFUSED, fault=f"it cannot be written as a mail: {fault}")
    sent = await mailing.send_to_all(server, written, recipients)
    said = sent.fault or "; ".join(f"{each.recipient}: {each.said}" for each in sent.refused)
    cause = sent.cause or (Cause.RECIPIENTS_REFUSED if sent.refused else Cause.NONE)
    return Outcome(taken=not sent.fault, cause=cause, fault=said, refused=sent.refused)


async def send_webhook(webhook: Webhook, hidden: Hidden, message: str, body: bytes, now: Instant) -> Outcome:
    """POST a message, signed with every key that is good at `now`."""
    try:
        context = _trust(webhook.authorities)
    except (ssl.SSLError, OSError) as fault:
        return Outcome(cause=Cause.TLS_UNTRUSTED, fault=f"the authorities pasted here cannot be read: {fault}")
    headers = signing.headers(message, body, hidden.keys(now), None, now)
    reply = await posting.post(webhook.url, headers, body, premises_of(webhook.url), context)
    return Outcome(
        taken=reply.taken,
        status=reply.status or 0,
        cause=reply.cause,
        fault=reply.fault,
        answer=reply.excerpt,
        retry_after=reply.retry_after,
    )


@lru_cache(64)
def _trust(authorities: str) -> ssl.SSLContext:
    """Read once: the system's authorities are many."""
    return trust(authorities=authorities)


def parts_of(config: Config, site: str, message: str, letter: Letter) -> Parts:
    """A letter as a mail of this site."""
    to = "" if config.mail is None else ", ".join(config.mail.recipients)
    return Parts(message, to, site, letter.subject, letter.text, letter.html)


def place_of(config: Config) -> tuple[str, int]:
    """Host and port that a forwarding speaks to."""
    if config.mail is not None:
        return config.mail.host, config.mail.port
    parts = urlsplit("" if config.webhook is None else config.webhook.url)
    return parts.hostname or "", parts.port or PORTS.get(parts.scheme, 443)
