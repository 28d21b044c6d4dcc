"""The wires of a simulated world: they lose, repeat, replay, delay and cut, and tell the judge what really went over.

An answer is genuine when the program asked has made it for this very question; only such a one may change anything.
"""

from collections.abc import Callable

import msgspec

from tenure.core.refusals import Code, Refused
from tenure.core.timeline import Instant
from tenure.sandbox.simulation.bounds import Arrived, Bounds
from tenure.sandbox.simulation.fate import Died, Fate
from tenure.sandbox.simulation.machines import Machine
from tenure.sandbox.simulation.promises import payload
from tenure.sdk.names.path import Exchange, Kind, PathUsed
from tenure.sdk.transport import Request

UNREACHED = Refused(Code.UNREACHABLE, "The cable is out.")
BY_SYSTEM = PathUsed(Kind.SYSTEM, "192.0.2.1:443")
PATIENCE = 30
"""Seconds after which nobody waits for an answer any more."""
FRESH = 60
FOR_GOOD = ("copy_retired", "site_lost")
_PAGE = b"<html><body>Please sign in to the hotel's network</body></html>"

Answering = Callable[[Request], Exchange | Refused]
"""Whoever is asked; raises `Died` when the process dies over it."""


class Why(msgspec.Struct, frozen=True):
    """Why an answer refuses."""

    code: str


class Said(msgspec.Struct, frozen=True):
    """What of an answer says when it was given, and whether it takes a site's license away for good or brings one."""

    time: Instant
    lease: str = ""
    refusal: Why | None = None

    @property
    def withdraws(self) -> bool | None:
        """See `Arrived`."""
        return None if self.lease else self.refusal is not None and self.refusal.code in FOR_GOOD


class Wire:
    """One machine's way to whom it asks; a `sdk.transport.Transport`."""

    certificate = ""

    def __init__(self, fate: Fate, machine: Machine, answering: Answering, author: Callable[[], Bounds | None]) -> None:
        """`author`: what the one who answers knows of the time; None: the true time, as the server does."""
        self._fate, self._machine, self._answering, self._author = fate, machine, answering, author
        self.up = True
        self.arrived: list[Arrived] = []
        """Genuine answers since somebody last looked."""
        self._recorded: list[tuple[bytes, Exchange, tuple[Instant, Instant]]] = []
        self._sent: dict[bytes, tuple[int, int]] = {}

    def send(self, request: Request) -> Exchange | Refused:
        """See `Transport`."""
        fate, odds = self._fate, self._fate.odds
        first = self._first_sent(request.body)
        if not self.up or fate.happens(odds.lost_question):
            return UNREACHED
        if fate.happens(odds.garbage):
            return self._garbage()
        if fate.happens(odds.replayed) and self._recorded:
            return self._heard(request, *fate.one_of(self._recorded), first)
        try:
            reply = self._answering(request)
            if fate.happens(odds.repeated):
                reply = self._answering(request)
        except Died:
            return UNREACHED
        return self._delivered(request, reply, first)

    def _delivered(self, request: Request, reply: Exchange | Refused, first: tuple[int, int]) -> Exchange | Refused:
        fate, odds, now = self._fate, self._fate.odds, self._machine.time.now
        author = self._author()
        known = None if author is None else (author.low(now), author.high(now))
        took = 0
        if fate.happens(odds.slow):
            took = fate.between(2, 2 * PATIENCE)
            self._machine.time.now += min(took, PATIENCE)
        if isinstance(reply, Refused) or took > PATIENCE or fate.happens(odds.lost_answer):
            return UNREACHED
        if reply.status != 200 or request.method != "POST":
            return reply
        if known is None:
            # The server may have stored this answer when the question first came: then its time is of then.
            said = msgspec.json.decode(payload(reply.body), type=Said).time
            known = (said, said)
        self._recorded = [*self._recorded[-3:], (request.body, reply, known)]
        return self._heard(request, request.body, reply, known, first)

    def _heard(
        self, request: Request, asked: bytes, reply: Exchange, known: tuple[Instant, Instant], first: tuple[int, int]
    ) -> Exchange:
        """`reply` to the question `asked` comes in; genuine where that is the question, whenever it was answered."""
        if asked == request.body:
            boot, uptime = first
            fresh = boot == self._machine.boots and self._machine.uptime - uptime <= FRESH
            said = msgspec.json.decode(payload(reply.body), type=Said)
            self.arrived.append(Arrived(*known, self._machine.time.now, fresh, said.withdraws))
        return reply

    def _first_sent(self, body: bytes) -> tuple[int, int]:
        """(boot, uptime) at which this question was sent for the first time."""
        if body not in self._sent and len(self._sent) > 8:
            self._sent.clear()  # whoever asks anew has no use for older questions
        return self._sent.setdefault(body, (self._machine.boots, self._machine.uptime))

    def _garbage(self) -> Exchange:
        if self._fate.happens(0.5):
            return Exchange(200, (("content-type", "text/html"),), _PAGE, BY_SYSTEM, 0.0)
        headers = (("content-type", "application/problem+json"), ("retry-after", "120"))
        return Exchange(503, headers, b'{"title":"busy"}', BY_SYSTEM, 0.0)


def exchange(reply: bytes | Refused) -> Exchange:
    """What an operation answers, as it goes over the wire."""
    if isinstance(reply, Refused):
        headers = (("content-type", "application/problem+json"),)
        return Exchange(reply.row.status, headers, b'{"title":"no"}', BY_SYSTEM, 0.0)
    return Exchange(200, (("content-type", "application/jose"),), reply, BY_SYSTEM, 0.0)


NOT_FOUND = Exchange(404, (), b"", BY_SYSTEM, 0.0)
