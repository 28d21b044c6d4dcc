"""Events as a source of deliveries: for each forwarding in order, without gaps, at least once under an id that stays.

A cursor says how far each has come and moves only once the receiver has taken a message; a mail that was begun is
noted before it goes out, so that a program that died sends the same one again. What a try means is `progress`'s.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec

from tenure.core.refusals import Refused
from tenure.core.timeline import Instant
from tenure.http.outgoing.delivery_worker import DeliveryWorker, WorkerPace, write_persistently
from tenure.http.outgoing.retry_schedule import jitter_of
from tenure.http.outgoing.send_outcome import SendOutcome
from tenure.site.assembly import OpenedSite
from tenure.site.forwarding import messages
from tenure.site.forwarding.config import ForwardingConfig, SecretVault, read_config
from tenure.site.forwarding.messages import MessageOrigin
from tenure.site.forwarding.progress import (
    ForwardingResult,
    SentMessage,
    after_attempt,
    is_due,
    passed_over,
    pending_of,
)
from tenure.site.forwarding.sending import OutgoingMessage, send_events
from tenure.site.store import events, forwardings
from tenure.site.store.events import EventRow
from tenure.site.store.forwardings import ForwardingDelivery, ForwardingRow
from tenure.site.store.writer import Connection

GATHER = 60.0
"""Seconds in which a mail gathers what happens."""
MAIL_MOST = 100
"""Events of one mail."""
ROUND = 20
"""Messages of one forwarding before the next look."""
SKIP = 200
"""Events that concern a forwarding not at all, before it is noted that they do not."""
AT_ONCE = 64
"""Forwardings served at the same time."""
LOGGER = "tenure.site.forwarding"

T = TypeVar("T")
_log = logging.getLogger(LOGGER)


class NextMessage(msgspec.Struct, frozen=True):
    """The next message of a forwarding."""

    row: ForwardingRow
    message: OutgoingMessage

    @property
    def to_sent(self) -> SentMessage:
        """What is tried with it."""
        return SentMessage(self.row.upto or self.message.events[-1].number, self.message.recipients)


class ForwardingSource:
    """The events of one running site, forwarded; a receiver is a forwarding's id."""

    def __init__(self, site: OpenedSite, gather: float = GATHER) -> None:
        """`gather`: seconds in which a mail gathers what happens."""
        self._site, self._gather = site, gather
        self._vault = SecretVault(site.secrets, site.computer.draw)
        self._wall, self._ticks = site.computer.clocks.wall, site.computer.monotonic
        self._origin = origin_of(site)
        self._first_seen: dict[str, tuple[int, float]] = {}
        self._known = site.store.read(events.latest_number)
        """What had happened before this run has waited long enough: a site that never runs for a minute mails, too."""

    async def collect_events(self) -> int:
        """See `DeliverySource`; events are read where they lie."""
        return 0

    async def find_due(self, more: int) -> list[str]:
        """See `DeliverySource`."""
        return await asyncio.to_thread(self._site.store.read, self._due_forwardings)

    async def claim_messages(self, receiver: str) -> list[NextMessage]:
        """See `DeliverySource`. Raises OSError where the store takes no more work."""
        plan = await write_persistently(lambda: self._write(lambda conn: self._plan_message(conn, receiver)))
        if isinstance(plan, Refused):
            raise OSError("the store takes no more work")
        return [] if plan is None else [plan]

    async def send_message(self, message: NextMessage) -> SendOutcome:
        """See `DeliverySource`."""
        outcome = await send_events(message.message, self._origin, self._wall())
        if not outcome.was_accepted:
            _log.info("forwarding %s: message %s failed: %s", message.row.id, message.message.id, outcome.cause)
        return outcome

    async def record_attempt(self, message: NextMessage, outcome: SendOutcome, draw: float) -> Refused | None:
        """See `DeliverySource`."""
        at = self._wall(), self._site.now()
        return await self._write(lambda conn: _record_outcome(conn, message, outcome, at, draw))

    async def release_messages(self, messages: Sequence[NextMessage]) -> None:
        """See `DeliverySource`; nothing is claimed that is not tried."""

    def log_fault(self, receiver: str, fault: Exception) -> None:
        """See `DeliverySource`; its trace could show what is sent."""
        _log.error("forwarding %s could not be served (%s); it is tried again", receiver, type(fault).__name__)

    async def _write(self, work: Callable[[Connection], T]) -> T | Refused:
        return await asyncio.wrap_future(self._site.store.write(work))

    def _due_forwardings(self, conn: Connection) -> list[str]:
        latest, now = events.latest_number(conn), self._wall()
        return [
            row.id
            for row in forwardings.all_forwardings(conn)
            if is_due(row, now) and (_is_unreadable(row) or _is_behind(conn, row, latest))
        ]

    def _plan_message(self, conn: Connection, name: str) -> NextMessage | None:
        """What is next, noted where it is a mail; None where nothing is, or it still gathers."""
        row = forwardings.find(conn, name)
        config = None if row is None else _in_force(row)
        if row is None or config is None or not is_due(row, self._wall()):
            return None
        most = MAIL_MOST if config.mail is not None else 1
        latest = events.latest_number(conn)
        found = events.events_after(conn, config.wanted_events(name), row.cursor, row.upto, most)
        if not found:
            # Nothing there concerns it; or what was to be sent is older than events are kept.
            forwardings.save(conn, passed_over(row, max(row.upto or latest, row.cursor)))
            return None
        if config.mail is not None and not row.upto:
            if not self._gather_events(name, found):
                return None
            begun = msgspec.json.encode(config.mail.recipients)
            row = forwardings.save(conn, msgspec.structs.replace(row, upto=found[-1].number, pending=begun))
        planned = OutgoingMessage(
            id=messages.message_id(self._origin, found),
            config=config,
            hidden=self._vault.open(name, row.sealed),
            events=found,
            recipients=pending_of(row),
        )
        return NextMessage(row, planned)

    def _gather_events(self, name: str, found: list[EventRow]) -> bool:
        first, now = found[0].number, self._ticks()
        known, since = self._first_seen.get(name, (0, now))
        if known != first:
            self._first_seen[name] = (first, now)
            since = now
        return len(found) >= MAIL_MOST or first <= self._known or now - since >= self._gather


def forwarding_worker(site: OpenedSite, gather: float = GATHER) -> DeliveryWorker:
    """The forwardings of one running site."""
    # A mail that gathers what happens stays due: a look that found it is not repeated at once.
    pace = WorkerPace(at_once=AT_ONCE, rounds=ROUND, is_eager=False)
    return DeliveryWorker(ForwardingSource(site, gather), pace, jitter_of(site.computer.draw), LOGGER)


def origin_of(site: OpenedSite) -> MessageOrigin:
    """Where a site's messages come from."""
    return MessageOrigin(site.name, site.secrets.site_signer.key_id)


def _in_force(row: ForwardingRow) -> ForwardingConfig | None:
    config = read_config(row.body)
    return config if config.active and not row.stopped else None


def _is_unreadable(row: ForwardingRow) -> bool:
    """Whether it cannot be read how it is set up: that is met with where it is served, and ends nothing for others."""
    try:
        read_config(row.body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return True
    return False


def _is_behind(conn: Connection, row: ForwardingRow, latest: int) -> bool:
    config = _in_force(row)
    if config is None or (row.cursor >= latest and not row.upto):
        return False
    wanted = config.wanted_events(row.id)
    return bool(row.upto) or latest - row.cursor >= SKIP or bool(events.events_after(conn, wanted, row.cursor, 0, 1))


def _record_outcome(
    conn: Connection, plan: NextMessage, outcome: SendOutcome, at: tuple[Instant, Instant], draw: float
) -> None:
    """Puts a try on record; `at`: real time, and the site's own."""
    now, here = at
    row = forwardings.find(conn, plan.row.id)
    if row is None:
        return  # removed meanwhile
    forwardings.log_attempt(conn, row.id, delivery_row(plan.message, outcome, now))
    if (row.cursor, row.upto) != (plan.row.cursor, plan.row.upto):
        return  # what waited was skipped meanwhile
    came = after_attempt(row, read_config(row.body), plan.to_sent, outcome, now, draw)
    write_result(conn, came, here)


def delivery_row(message: OutgoingMessage, outcome: SendOutcome, now: Instant) -> ForwardingDelivery:
    """A try as the log has it."""
    told = message.events
    return ForwardingDelivery(
        at=now,
        message=message.id,
        first=told[0].number,
        last=told[-1].number,
        count=len(told),
        taken=int(outcome.was_accepted),
        status=outcome.status or 0,
        cause=outcome.cause,
        fault=outcome.said,
        answer=outcome.answer,
    )


def write_result(conn: Connection, came: ForwardingResult, here: Instant) -> None:
    """Writes down what has become of a forwarding, and the events about it."""
    forwardings.save(conn, came.row)
    for news in came.news:
        events.add(conn, here, news.severity, news.kind, news.text, forwarding=came.row.id)
