"""How often the activation server tries webhooks and mails, and at which pauses; pure figures."""

from tenure.core.timeline import DAY, HOUR, Instant
from tenure.http.outgoing.retry_schedule import GIVE_UP_AFTER, TRIES_LEAST, next_attempt

MINUTE = 60
WEBHOOK_PAUSES = (5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR)
"""Seconds between tries as Standard Webhooks proposes: ten tries over three days."""
EMAIL_PAUSE, EMAIL_PAUSE_MOST = MINUTE, 6 * HOUR
OWN_PAUSE = 5 * MINUTE
"""Seconds before the next try where the server itself could send nothing."""
OWN_GIVE_UP_AFTER = 30 * DAY
"""Seconds for which a delivery waits for a server that can send nothing."""


def next_webhook_try(tries: int, now: Instant, asked: int, draw: float) -> Instant | None:
    """When to try for the next time after `tries` failures, at least `asked` seconds from now; None: give up."""
    if tries > len(WEBHOOK_PAUSES):
        return None
    return next_attempt(now, WEBHOOK_PAUSES[max(0, tries - 1)], asked, draw)


def next_own_try(created: Instant, now: Instant, draw: float) -> Instant | None:
    """When a delivery is tried again that the server itself could not send: no try of the receiver, so that it is not
    counted; None: give up."""
    return None if now - created >= OWN_GIVE_UP_AFTER else next_attempt(now, OWN_PAUSE, 0, draw)


def next_email_try(created: Instant, tries: int, now: Instant, draw: float) -> Instant | None:
    """When to try a mail again after `tries` failures: full jitter, doubling to six hours; None after three days, and
    `TRIES_LEAST` tries."""
    is_over = now - created >= GIVE_UP_AFTER
    if is_over and tries >= TRIES_LEAST:
        return None
    most = min(EMAIL_PAUSE_MOST, EMAIL_PAUSE * 2 ** min(max(tries, 1), 10))
    again = now + max(1, int(draw * most))
    return again if is_over else min(again, created + GIVE_UP_AFTER)
