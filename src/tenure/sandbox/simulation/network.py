"""The wires of a simulated world: they lose, repeat, replay, delay and cut, and tell the judge what really went over.

An answer is genuine when the program asked has made it for this very question; only such a one may change anything.
"""

from collections.abc import Callable

import msgspec

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.sandbox.simulation.bounds import ArrivedAnswer, TimeBounds
from tenure.sandbox.simulation.clocks import SimulatedMachine
from tenure.sandbox.simulation.promises import jws_payload
from tenure.sandbox.simulation.seeded_random import Died, SeededRandom
from tenure.sdk.network.path import HttpExchange, PathUsed, SourceKind
from tenure.sdk.transport import TransportRequest

UNREACHED = Refused(RefusalCode.UNREACHABLE, "The cable is out.")
BY_SYSTEM = PathUsed(SourceKind.SYSTEM, "192.0.2.1:443")
LONGEST_WAIT = 30
"""Seconds after which no device waits for an answer any more."""
FRESH = 60
FOR_GOOD = ("copy_retired", "site_lost")
_PAGE = b"<html><body>Please sign in to the hotel's network</body></html>"

Answering = Callable[[TransportRequest], HttpExchange | Refused]
"""The program that answers; raises `Died` when its process dies over it."""


class WitnessedReason(msgspec.Struct, frozen=True):
    """Why an answer refuses."""

    code: str


class AnswerSummary(msgspec.Struct, frozen=True):
    """What of an answer says when it was given, and whether it takes a site's license away for good or brings one."""

    time: Instant
    lease: str = ""
    refusal: WitnessedReason | None = None

    @property
    def withdraws(self) -> bool | None:
        """See `ArrivedAnswer`."""
        return None if self.lease else self.refusal is not None and self.refusal.code in FOR_GOOD


class SimulatedWire:
    """One machine's way to whom it asks; a `sdk.transport.Transport`."""

    certificate = ""

    def __init__(
        self,
        random: SeededRandom,
        machine: SimulatedMachine,
        answering: Answering,
        author: Callable[[], TimeBounds | None],
    ) -> None:
        """`author`: what the one who answers knows of the time; None: the true time, as the server does."""
        self._random, self._machine, self._answering, self._author = random, machine, answering, author
        self.up = True
        self.arrived: list[ArrivedAnswer] = []
        """Genuine answers since they were last taken."""
        self._recorded: list[tuple[bytes, HttpExchange, tuple[Instant, Instant]]] = []
        self._sent: dict[bytes, tuple[int, int]] = {}

    def send(self, request: TransportRequest) -> HttpExchange | Refused:
        """See `Transport`."""
        random, odds = self._random, self._random.odds
        first = self._first_sent(request.body)
        if not self.up or random.happens(odds.lost_question):
            return UNREACHED
        if random.happens(odds.garbage):
            return self._send_garbage()
        if random.happens(odds.replayed) and self._recorded:
            return self._note_arrival(request, *random.one_of(self._recorded), first)
        try:
            reply = self._answering(request)
            if random.happens(odds.repeated):
                reply = self._answering(request)
        except Died:
            return UNREACHED
        return self._deliver(request, reply, first)

    def _deliver(
        self, request: TransportRequest, reply: HttpExchange | Refused, first: tuple[int, int]
    ) -> HttpExchange | Refused:
        random, odds, now = self._random, self._random.odds, self._machine.time.now
        author = self._author()
        known = None if author is None else (author.low(now), author.high(now))
        took = 0
        if random.happens(odds.slow):
            took = random.between(2, 2 * LONGEST_WAIT)
            self._machine.time.now += min(took, LONGEST_WAIT)
        if isinstance(reply, Refused) or took > LONGEST_WAIT or random.happens(odds.lost_answer):
            return UNREACHED
        if reply.status != 200 or request.method != "POST":
            return reply
        if known is None:
            # The server may have stored this answer when the question first came: then its time is of then.
            said = msgspec.json.decode(jws_payload(reply.body), type=AnswerSummary).time
            known = (said, said)
        self._recorded = [*self._recorded[-3:], (request.body, reply, known)]
        return self._note_arrival(request, request.body, reply, known, first)

    def _note_arrival(
        self,
        request: TransportRequest,
        asked: bytes,
        reply: HttpExchange,
        known: tuple[Instant, Instant],
        first: tuple[int, int],
    ) -> HttpExchange:
        """`reply` to the question `asked` comes in; genuine where that is the question, whenever it was answered."""
        if asked == request.body:
            boot, uptime = first
            fresh = boot == self._machine.boots and self._machine.uptime - uptime <= FRESH
            said = msgspec.json.decode(jws_payload(reply.body), type=AnswerSummary)
            self.arrived.append(ArrivedAnswer(*known, self._machine.time.now, fresh, said.withdraws))
        return reply

    def _first_sent(self, body: bytes) -> tuple[int, int]:
        """(boot, uptime) at which this question was sent for the first time."""
        if body not in self._sent and len(self._sent) > 8:
            self._sent.clear()  # a client with a new question has no use for older ones
        return self._sent.setdefault(body, (self._machine.boots, self._machine.uptime))

    def _send_garbage(self) -> HttpExchange:
        if self._random.happens(0.5):
            return HttpExchange(200, (("content-type", "text/html"),), _PAGE, BY_SYSTEM, 0.0)
        headers = (("content-type", "application/problem+json"), ("retry-after", "120"))
        return HttpExchange(503, headers, b'{"title":"busy"}', BY_SYSTEM, 0.0)


def as_exchange(reply: bytes | Refused) -> HttpExchange:
    """What an operation answers, as it goes over the wire."""
    if isinstance(reply, Refused):
        headers = (("content-type", "application/problem+json"),)
        return HttpExchange(reply.row.status, headers, b'{"title":"no"}', BY_SYSTEM, 0.0)
    return HttpExchange(200, (("content-type", "application/jose"),), reply, BY_SYSTEM, 0.0)


NOT_FOUND = HttpExchange(404, (), b"", BY_SYSTEM, 0.0)
