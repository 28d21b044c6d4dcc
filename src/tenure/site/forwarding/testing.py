"""A test message, sent now and once, to find out whether a forwarding works; what came of it goes into its log."""

from tenure.core.timeline import Instant
from tenure.site.folder import Draw
from tenure.site.forwarding import words
from tenure.site.forwarding.config import Config, Hidden
from tenure.site.forwarding.sending import UNREADABLE, Outcome, parts_of, send_mail, send_webhook
from tenure.site.forwarding.words import Origin
from tenure.site.store.events import Event


async def send_test(
    config: Config, hidden: Hidden | None, origin: Origin, draw: Draw, at: tuple[Instant, Instant]
) -> tuple[str, Event, Outcome]:
    """The test's message id, its event and what came of it. `at`: real time, and the site's own."""
    (now, here), message = at, f"evt_test_{draw(12).hex()}"
    event = words.trial(here)
    if hidden is None:
        return message, event, UNREADABLE
    if config.webhook is not None:
        body = words.payload(origin, event)
        return message, event, await send_webhook(config.webhook, hidden, message, body, now)
    if config.mail is None:
        return message, event, UNREADABLE
    parts = parts_of(config, origin.site, message, words.letter(origin, config.name, [event]))
    return message, event, await send_mail(config.mail, hidden, parts, config.mail.recipients, now)
