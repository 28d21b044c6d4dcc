"""Forwards what happened: for each forwarding in order, without gaps, at least once under an id that stays the same.

A cursor says how far each has come and moves only once the receiver has taken a message; a mail that was begun is
noted before it goes out, so that a program that died sends the same one again. What a try means is `progress`'s.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import TypeVar

import msgspec

from tenure.core.refusals import Refused
from tenure.core.timeline import Instant
from tenure.http.outgoing.drain import drain_tasks
from tenure.http.outgoing.jitter import jitter_of
from tenure.site.assembly import OpenedSite
from tenure.site.forwarding import messages
from tenure.site.forwarding.config import ForwardingConfig, ForwardingSecrets, SecretVault, read_config
from tenure.site.forwarding.messages import MessageOrigin
from tenure.site.forwarding.progress import (
    ForwardingResult,
    SentMessage,
    after_attempt,
    is_due,
    passed_over,
    pending_of,
)
from tenure.site.forwarding.sending import UNREADABLE, SendOutcome, parts_of, send_mail, send_webhook
from tenure.site.store import events, forwardings
from tenure.site.store.events import EventRow
from tenure.site.store.forwardings import ForwardingDelivery, ForwardingRow
from tenure.site.store.writer import Connection

PAUSE = 1.0
"""Seconds between looks; each is a few indexed queries when nothing is to be sent."""
GATHER = 60.0
"""Seconds in which a mail gathers what happens."""
MAIL_MOST = 100
"""Events of one mail."""
ROUND = 20
"""Messages of one forwarding before the next look."""
SKIP = 200
"""Events that concern a forwarding not at all, before it is noted that they do not."""
RECORD_PAUSES = (0.1, 0.5, 2.0, 8.0)
"""Seconds between attempts to put on record what was sent, while the store is busy."""

T = TypeVar("T")
_log = logging.getLogger("tenure.site.forwarding")


class NextMessage(msgspec.Struct, frozen=True):
    """The next message of a forwarding."""

    row: ForwardingRow
    config: ForwardingConfig
    hidden: ForwardingSecrets | None
    events: list[EventRow]
    message: str

    @property
    def to_sent(self) -> SentMessage:
        """What is tried with it."""
        upto = self.row.upto or self.events[-1].number
        return SentMessage(upto, pending_of(self.row))


class ForwardingWorker:
    """The forwardings of one running site."""

    def __init__(self, site: OpenedSite, gather: float = GATHER) -> None:
        """`gather`: seconds in which a mail gathers what happens."""
        self._site, self._gather = site, gather
        self._vault = SecretVault(site.secrets, site.computer.draw)
        self._jitter = jitter_of(site.computer.draw)
        self._wall, self._ticks = site.computer.clocks.wall, site.computer.monotonic
        self._origin = origin_of(site)
        self._first_seen: dict[str, tuple[int, float]] = {}
        self._known = site.store.read(events.latest_number)
        """What had happened before this run has waited long enough: a site that never runs for a minute mails, too."""
        self._busy: dict[str, asyncio.Task[None]] = {}
        self._closing = False

    async def run(self) -> None:
        """Until canceled; a failing look is logged and repeated."""
        try:
            while True:
                try:
                    await self.once()
                except Exception:
                    _log.exception("a look for what is to be forwarded failed; it is repeated")
                await asyncio.sleep(PAUSE)
        finally:
            self._closing = True
            await drain_tasks(list(self._busy.values()))

    async def once(self) -> int:
        """Begin to send what is due and return for how many forwardings. A slow one does not delay the others."""
        ready = await asyncio.to_thread(self._site.store.read, self._due_forwardings)
        free = [name for name in ready if name not in self._busy]
        for name in free:
            self._busy[name] = asyncio.create_task(self._serve_forwarding(name))
        return len(free)

    async def settle(self) -> None:
        """Until everything that is being sent has come to an end."""
        await asyncio.gather(*self._busy.values())

    def _due_forwardings(self, conn: Connection) -> list[str]:
        latest, now = events.latest_number(conn), self._wall()
        return [
            row.id for row in forwardings.all_forwardings(conn) if _is_behind(conn, row, latest) and is_due(row, now)
        ]

    async def _serve_forwarding(self, name: str) -> None:
        try:
            for _ in range(ROUND):
                plan = await self._write_persistently(lambda conn: self._plan_message(conn, name))
                if plan is None or self._closing or not await self._try_message(plan):
                    return
        except Exception as fault:  # its trace could show what is sent
            _log.error("forwarding %s could not be served (%s); it is tried again", name, type(fault).__name__)
        finally:
            del self._busy[name]

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
        hidden = self._vault.open(name, row.sealed)
        return NextMessage(row, config, hidden, found, messages.message_id(self._origin, found))

    def _gather_events(self, name: str, found: list[EventRow]) -> bool:
        first, now = found[0].number, self._ticks()
        known, since = self._first_seen.get(name, (0, now))
        if known != first:
            self._first_seen[name] = (first, now)
            since = now
        return len(found) >= MAIL_MOST or first <= self._known or now - since >= self._gather

    async def _try_message(self, plan: NextMessage) -> bool:
        """Whether it was taken; what came of it is on record when this returns."""
        outcome = await self._send_message(plan)
        if not outcome.taken:
            _log.info("forwarding %s: message %s failed: %s", plan.row.id, plan.message, outcome.cause)
        now, here, draw = self._wall(), self._site.now(), self._jitter()
        await self._write_persistently(lambda conn: _record_attempt(conn, plan, outcome, (now, here), draw))
        return outcome.taken

    async def _send_message(self, plan: NextMessage) -> SendOutcome:
        config, now = plan.config, self._wall()
        if plan.hidden is None:
            return UNREADABLE
        if config.webhook is not None:
            body = messages.event_payload(self._origin, plan.events[0])
            return await send_webhook(config.webhook, plan.hidden, plan.message, body, now)
        if config.mail is None:
            return UNREADABLE
        email = messages.event_email(self._origin, config.name, plan.events)
        parts = parts_of(config, self._origin.site, plan.message, email)
        return await send_mail(config.mail, plan.hidden, parts, plan.to_sent.recipients, now)

    async def _write_persistently(self, work: Callable[[Connection], T]) -> T:
        """`work`, done; while the store takes no more work it is offered again. Raises OSError where it never is."""
        for pause in (*RECORD_PAUSES, None):
            done = await asyncio.wrap_future(self._site.store.write(work))
            if not isinstance(done, Refused):
                return done
            if pause is not None:
                await asyncio.sleep(pause)
        raise OSError("the store takes no more work")


def origin_of(site: OpenedSite) -> MessageOrigin:
    """Where a site's messages come from."""
    return MessageOrigin(site.name, site.secrets.site_signer.key_id)


def _in_force(row: ForwardingRow) -> ForwardingConfig | None:
    config = read_config(row.body)
    return config if config.active and not row.stopped else None


def _is_behind(conn: Connection, row: ForwardingRow, latest: int) -> bool:
    config = _in_force(row)
    if config is None or (row.cursor >= latest and not row.upto):
        return False
    wanted = config.wanted_events(row.id)
    return bool(row.upto) or latest - row.cursor >= SKIP or bool(events.events_after(conn, wanted, row.cursor, 0, 1))


def _record_attempt(
    conn: Connection, plan: NextMessage, outcome: SendOutcome, at: tuple[Instant, Instant], draw: float
) -> None:
    """Puts a try on record; `at`: real time, and the site's own."""
    now, here = at
    row = forwardings.find(conn, plan.row.id)
    if row is None:
        return  # removed meanwhile
    forwardings.log_attempt(conn, row.id, delivery_row(plan.message, plan.events, outcome, now))
    if (row.cursor, row.upto) != (plan.row.cursor, plan.row.upto):
        return  # what waited was skipped meanwhile
    came = after_attempt(row, read_config(row.body), plan.to_sent, outcome, now, draw)
    write_result(conn, came, here)


def delivery_row(message: str, told: list[EventRow], outcome: SendOutcome, now: Instant) -> ForwardingDelivery:
    """A try as the log has it."""
    return ForwardingDelivery(
        at=now,
        message=message,
        first=told[0].number,
        last=told[-1].number,
        count=len(told),
        taken=int(outcome.taken),
        status=outcome.status,
        cause=outcome.cause,
        fault=outcome.fault,
        answer=outcome.answer,
    )


def write_result(conn: Connection, came: ForwardingResult, here: Instant) -> None:
    """Writes down what has become of a forwarding, and the events about it."""
    forwardings.save(conn, came.row)
    for news in came.news:
        events.add(conn, here, news.severity, news.kind, news.text, forwarding=came.row.id)
