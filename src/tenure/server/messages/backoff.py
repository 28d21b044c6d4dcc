"""When to try again what did not go out, and when to give up; pure figures, the drawing of numbers is the caller's."""

from tenure.core.timeline import DAY, HOUR, Instant

MINUTE = 60
WEBHOOK_PAUSES = (5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR)
"""Seconds between tries as Standard Webhooks proposes: ten tries over three days."""
JITTER = 0.1
WEBHOOK_BACKOFF = 3 * DAY
"""A webhook that has taken nothing for so long is given up."""
MAIL_PAUSE, MAIL_PAUSE_MOST = MINUTE, 6 * HOUR
EMAIL_BACKOFF = 3 * DAY


def next_webhook_try(tries: int, now: Instant, asked: int, draw: float) -> Instant | None:
    """When to try for the next time after `tries` failures, at least `asked` seconds from now; None: give up.

    `draw` in [0, 1) spreads what failed together over a tenth of the pause.
    """
    if tries > len(WEBHOOK_PAUSES):
        return None
    pause = WEBHOOK_PAUSES[max(0, tries - 1)]
    return now + max(pause + int(draw * JITTER * pause), min(max(asked, 0), DAY))


def next_email_try(created: Instant, tries: int, now: Instant, draw: float) -> Instant | None:
    """When to try a mail again after `tries` failures: full jitter, doubling to six hours; None after three days."""
    if now - created >= EMAIL_BACKOFF:
        return None
    most = min(MAIL_PAUSE_MOST, MAIL_PAUSE * 2 ** min(max(tries, 1), 10))
    return min(now + max(1, int(draw * most)), created + EMAIL_BACKOFF)
