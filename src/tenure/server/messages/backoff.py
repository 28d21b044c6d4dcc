"""How often the activation server tries webhooks and mails, and at which pauses; pure figures."""

from tenure.core.timeline import HOUR, Instant
from tenure.http.outgoing.retry_schedule import GIVE_UP_AFTER, next_attempt

MINUTE = 60
WEBHOOK_PAUSES = (5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR)
"""Seconds between tries as Standard Webhooks proposes: ten tries over three days."""
EMAIL_PAUSE, EMAIL_PAUSE_MOST = MINUTE, 6 * HOUR


def next_webhook_try(tries: int, now: Instant, asked: int, draw: float) -> Instant | None:
    """When to try for the next time after `tries` failures, at least `asked` seconds from now; None: give up."""
    if tries > len(WEBHOOK_PAUSES):
        return None
    return next_attempt(now, WEBHOOK_PAUSES[max(0, tries - 1)], asked, draw)


def next_email_try(created: Instant, tries: int, now: Instant, draw: float) -> Instant | None:
    """When to try a mail again after `tries` failures: full jitter, doubling to six hours; None after three days."""
    if now - created >= GIVE_UP_AFTER:
        return None
    most = min(EMAIL_PAUSE_MOST, EMAIL_PAUSE * 2 ** min(max(tries, 1), 10))
    return min(now + max(1, int(draw * most)), created + GIVE_UP_AFTER)
