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
from tenure.http.outgoing.chance import chance_of
from tenure.http.outgoing.farewell import finish
from tenure.site.forwarding import words
from tenure.site.forwarding.config import Config, Hidden, Vault, read_config
from tenure.site.forwarding.progress import Came, Sent, after, due, passed_over, pending_of
from tenure.site.forwarding.sending import UNREADABLE, Outcome, parts_of, send_mail, send_webhook
from tenure.site.forwarding.words import Origin
from tenure.site.opening import Site
from tenure.site.store import events, forwardings
from tenure.site.store.events import Event
from tenure.site.store.forwardings import Delivery, Row
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


class Plan(msgspec.Struct, frozen=True):
    """The next message of a forwarding."""

    row: Row
    config: Config
    hidden: Hidden | None
    events: list[Event]
    message: str

    @property
    def sent(self) -> Sent:
        """What is tried with it."""
        upto = self.row.upto or self.events[-1].number
        return Sent(upto, pending_of(self.row))


class Courier:
    """The forwardings of one running site."""

    def __init__(self, site: Site, gather: float = GATHER) -> None:
        """`gather`: seconds in which a mail gathers what happens."""
        self._site, self._gather = site, gather
        self._vault = Vault(site.secrets, site.computer.draw)
        self._chance = chance_of(site.computer.draw)
        self._wall, self._ticks = site.computer.clocks.wall, site.computer.monotonic
        self._origin = origin_of(site)
        self._first_seen: dict[str, tuple[int, float]] = {}
        self._known = site.store.read(events.latest)
        """What had happened before this run has waited long enough: a site that never runs for a minute mails, too."""
        self._busy: dict[str, asyncio.Task[None]] = {}
        self._closing = False

    async def run(self) -> None:
        """Until cancelled; a failing look is logged and repeated."""
        try:
            while True:
                try:
                    await self.once()
                except Exception:
                    _log.exception("a look for what is to be forwarded failed; it is repeated")
                await asyncio.sleep(PAUSE)
        finally:
            self._closing = True
            await finish(list(self._busy.values()))

    async def once(self) -> int:
        """One look: what is due is being sent when this returns; for how many. A slow one keeps nobody waiting."""
        ready = await asyncio.to_thread(self._site.store.read, self._ready)
        free = [name for name in ready if name not in self._busy]
        for name in free:
            self._busy[name] = asyncio.create_task(self._serve(name))
        return len(free)

    async def settle(self) -> None:
        """Until everything that is being sent has come to an end."""
        await asyncio.gather(*self._busy.values())

    def _ready(self, conn: Connection) -> list[str]:
        latest, now = events.latest(conn), self._wall()
        return [row.id for row in forwardings.every(conn) if _behind(conn, row, latest) and due(row, now)]

    async def _serve(self, name: str) -> None:
        try:
            for _ in range(ROUND):
                plan = await self._write(lambda conn: self._plan(conn, name))
                if plan is None or self._closing or not await self._try(plan):
                    return
        except Exception as fault:  # its trace could show what is sent
            _log.error("forwarding %s could not be served (%s); it is tried again", name, type(fault).__name__)
        finally:
            del self._busy[name]

    def _plan(self, conn: Connection, name: str) -> Plan | None:
        """What is next, noted where it is a mail; None where nothing is, or it still gathers."""
        row = forwardings.find(conn, name)
        config = None if row is None else _in_force(row)
        if row is None or config is None or not due(row, self._wall()):
            return None
        most = MAIL_MOST if config.mail is not None else 1
        latest = events.latest(conn)
        found = events.following(conn, config.wanted(name), row.cursor, row.upto, most)
        if not found:
            # Nothing there concerns it; or what was to be sent is older than events are kept.
            forwardings.save(conn, passed_over(row, max(row.upto or latest, row.cursor)))
            return None
        if config.mail is not None and not row.upto:
            if not self._gathered(name, found):
                return None
            begun = msgspec.json.encode(config.mail.recipients)
            row = forwardings.save(conn, msgspec.structs.replace(row, upto=found[-1].number, pending=begun))
        hidden = self._vault.open(name, row.sealed)
        return Plan(row, config, hidden, found, words.message_id(self._origin, found))

    def _gathered(self, name: str, found: list[Event]) -> bool:
        first, now = found[0].number, self._ticks()
        known, since = self._first_seen.get(name, (0, now))
        if known != first:
            self._first_seen[name] = (first, now)
            since = now
        return len(found) >= MAIL_MOST or first <= self._known or now - since >= self._gather

    async def _try(self, plan: Plan) -> bool:
        """Whether it was taken; what came of it is on record when this returns."""
        outcome = await self._sent(plan)
        if not outcome.taken:
            _log.info("forwarding %s: message %s failed: %s", plan.row.id, plan.message, outcome.cause)
        now, here, draw = self._wall(), self._site.now(), self._chance()
        await self._write(lambda conn: _record(conn, plan, outcome, (now, here), draw))
        return outcome.taken

    async def _sent(self, plan: Plan) -> Outcome:
        config, now = plan.config, self._wall()
        if plan.hidden is None:
            return UNREADABLE
        if config.webhook is not None:
            body = words.payload(self._origin, plan.events[0])
            return await send_webhook(config.webhook, plan.hidden, plan.message, body, now)
        if config.mail is None:
            return UNREADABLE
        letter = words.letter(self._origin, config.name, plan.events)
        parts = parts_of(config, self._origin.site, plan.message, letter)
        return await send_mail(config.mail, plan.hidden, parts, plan.sent.recipients, now)

    async def _write(self, work: Callable[[Connection], T]) -> T:
        """`work`, done; while the store takes no more work it is offered again. Raises OSError where it never is."""
        for pause in (*RECORD_PAUSES, None):
            done = await asyncio.wrap_future(self._site.store.write(work))
            if not isinstance(done, Refused):
                return done
            if pause is not None:
                await asyncio.sleep(pause)
        raise OSError("the store takes no more work")


def origin_of(site: Site) -> Origin:
    """Where a site's messages come from."""
    return Origin(site.name, site.secrets.signer.kid)


def _in_force(row: Row) -> Config | None:
    config = read_config(row.body)
    return config if config.active and not row.stopped else None


def _behind(conn: Connection, row: Row, latest: int) -> bool:
    config = _in_force(row)
    if config is None or (row.cursor >= latest and not row.upto):
        return False
    wanted = config.wanted(row.id)
    return bool(row.upto) or latest - row.cursor >= SKIP or bool(events.following(conn, wanted, row.cursor, 0, 1))


def _record(conn: Connection, plan: Plan, outcome: Outcome, at: tuple[Instant, Instant], draw: float) -> None:
    """Puts a try on record; `at`: real time, and the site's own."""
    now, here = at
    row = forwardings.find(conn, plan.row.id)
    if row is None:
        return  # removed meanwhile
    forwardings.log(conn, row.id, delivery(plan.message, plan.events, outcome, now))
    if (row.cursor, row.upto) != (plan.row.cursor, plan.row.upto):
        return  # what waited was skipped meanwhile
    came = after(row, read_config(row.body), plan.sent, outcome, now, draw)
    tell(conn, came, here)


def delivery(message: str, told: list[Event], outcome: Outcome, now: Instant) -> Delivery:
    """A try as the log has it."""
    return Delivery(
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


def tell(conn: Connection, came: Came, here: Instant) -> None:
    """Writes down what has become of a forwarding, and the events about it."""
    forwardings.save(conn, came.row)
    for news in came.news:
        events.add(conn, here, news.severity, news.kind, news.text, forwarding=came.row.id)
