"""A test message, sent now and once, to find out whether a forwarding works; what came of it goes into its log."""

from tenure.core.timeline import Instant
from tenure.site.folder import Draw
from tenure.site.forwarding import messages
from tenure.site.forwarding.config import ForwardingConfig, ForwardingSecrets
from tenure.site.forwarding.messages import MessageOrigin
from tenure.site.forwarding.sending import UNREADABLE, SendOutcome, parts_of, send_mail, send_webhook
from tenure.site.store.events import EventRow


async def send_test(
    config: ForwardingConfig,
    hidden: ForwardingSecrets | None,
    origin: MessageOrigin,
    draw: Draw,
    at: tuple[Instant, Instant],
) -> tuple[str, EventRow, SendOutcome]:
    """The test's message id, its event and what came of it. `at`: real time, and the site's own."""
    (now, here), message = at, f"evt_test_{draw(12).hex()}"
    event = messages.test_event(here)
    if hidden is None:
        return message, event, UNREADABLE
    if config.webhook is not None:
        body = messages.event_payload(origin, event)
        return message, event, await send_webhook(config.webhook, hidden, message, body, now)
    if config.mail is None:
        return message, event, UNREADABLE
    parts = parts_of(config, origin.site, message, messages.event_email(origin, config.name, [event]))
    return message, event, await send_mail(config.mail, hidden, parts, config.mail.recipients, now)
