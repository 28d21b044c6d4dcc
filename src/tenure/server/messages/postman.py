"""Sends the letters that are due: claims them, puts them into words, hands them to the mail server, notes what came.

Without a mail server letters wait where they can be seen; what a letter says is never logged.
"""

import asyncio
import logging
from contextlib import suppress
from datetime import UTC, datetime

import msgspec

from tenure.core.lease import Brand
from tenure.core.timeline import Instant
from tenure.http.outgoing.chance import Chance
from tenure.http.outgoing.farewell import finish
from tenure.http.outgoing.mailing import MailServer, Parts, Sent, is_mailbox, send
from tenure.http.outgoing.mailing import compose as written
from tenure.server.context import Context
from tenure.server.messages import backoff
from tenure.server.messages.composing import compose
from tenure.server.messages.noting import note
from tenure.server.messages.rendering import House, house_of, render
from tenure.server.values import Provider
from tenure.store import letters, people
from tenure.store.engine import Conflict, Connection
from tenure.store.letters import Letter

AT_ONCE = 20
CLAIM = 300
"""Seconds for which a claimed letter is nobody else's: longer than sending all that were claimed can take."""
VENDOR = "Tenure"

_log = logging.getLogger("tenure.server.mail")


class Postman:
    """The mails' part of the background work."""

    def __init__(self, context: Context, chance: Chance) -> None:
        self._context, self._chance = context, chance
        self._sending: list[asyncio.Task[None]] = []

    async def once(self) -> int:
        """One look: the feed becomes letters, due letters are sent; how much was found."""
        behind = await self._context.db.read(letters.behind)
        for provider, seq in behind:
            with suppress(Conflict):  # another process reads it
                await self._context.db.write(compose, self._context, provider, seq, self._context.clock())
        return len(behind) + await self._send_due()

    async def settle(self) -> None:
        """Nothing is on its way when a look returns."""

    async def close(self) -> None:
        """Let what is on its way come to an end."""
        await finish(self._sending)

    async def _send_due(self) -> int:
        server, now = self._context.post, self._context.clock()
        if server is None or not await self._context.db.read(letters.due, now, 1):
            return 0
        found = await self._context.db.write(letters.claim, now, now + CLAIM, AT_ONCE)
        if not isinstance(found, list):
            return 0
        # A mail once handed over is put on record, even if the server is just being stopped.
        self._sending = [asyncio.create_task(self._send(server, letter)) for letter in found]
        if self._sending:
            await asyncio.wait(self._sending)
        return len(found)

    async def _send(self, server: MailServer, letter: Letter) -> None:
        try:
            await self._send_claimed(server, letter)
        except Exception as fault:  # its trace could show what the mail says
            _log.error("mail %s (%s) could not be sent: %s", letter.id, letter.template, type(fault).__name__)

    async def _send_claimed(self, server: MailServer, letter: Letter) -> None:
        brand = await self._context.db.read(house, letter.provider)
        parts = self._words(letter, brand)
        sent = parts if isinstance(parts, Sent) else await _hand_over(server, parts, self._context.clock())
        await note(self._context.db, self._record, letter, sent, self._context.clock(), self._chance())

    def _words(self, letter: Letter, house: House) -> Parts | Sent:
        values = letter.values(self._context.safe)
        if values is None:
            return Sent("what it says cannot be opened: the server's key for it is another", final=True)
        if not is_mailbox(letter.recipient):
            return Sent("this is not an address that mail can be sent to", final=True)
        words = render(letter.template, values, house)
        if words is None:
            return Sent(f"there is no template {letter.template}", final=True)
        reply_to = house.support if is_mailbox(house.support) else ""
        return Parts(letter.id, letter.recipient, house.name, words.subject, words.text, words.html, reply_to)

    def _record(self, conn: Connection, letter: Letter, sent: Sent, now: Instant, draw: float) -> None:
        if not sent.fault:
            letters.sent(conn, letter, now)
            return
        again = None if sent.final else backoff.next_mail_try(letter.created, letter.tries + 1, now, draw)
        level = logging.WARNING if again is None else logging.INFO
        _log.log(level, "mail %s (%s) did not go out: %s", letter.id, letter.template, sent.fault)
        letters.failed(conn, letter, sent.fault, again)


def house(conn: Connection, provider: str | None) -> House:
    """In whose name a letter is written; the vendor's own letters carry the server's."""
    found = people.provider(conn, provider) if provider else None
    if found is None:
        return house_of(VENDOR, Brand())
    brand = msgspec.json.decode(found.body, type=Provider).brand
    return house_of(found.name, brand, sandbox=found.sandbox)


async def _hand_over(server: MailServer, parts: Parts, now: Instant) -> Sent:
    try:
        mail = written(server, parts, datetime.fromtimestamp(now, UTC))
    except ValueError as fault:
        return Sent(f"it cannot be written as a mail: {fault}", final=True)
    return await send(server, mail, parts.to)
