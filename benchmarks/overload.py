"""More requests than one server process can answer: how much is still answered, and how soon the others are told.

Clients arrive at random, each on a connection of its own, from several addresses. One that is refused keeps its request
and comes again: at twice the capacity at random, at three times as `Retry-After` asks, with the jitter of real clients.
"""

import heapq
import math
import random
import select
import socket
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from statistics import median
from typing import NamedTuple

from benchmarks import slices
from benchmarks.clients import READ, body_of, http_request, whole_length
from benchmarks.in_process import BenchmarkSite, InProcessServer
from benchmarks.programs import Program
from benchmarks.rows import Figure, Figures, Missing
from benchmarks.run import Run
from tenure.core.lease.sync_schedule import retry_at

KEYS = ("overload_two", "overload_three", "overload_p50", "overload_p99")
ADDRESSES = 4
SEED = 35
OFFERED_LEAST = 0.9
"""Of the load that was to be offered; with less the load generator was the bound, and nothing was shown."""
UNTIL_ANSWERED = 10.0
"""Seconds."""


@dataclass
class OverloadClient:
    """One site on its connection."""

    sock: socket.socket
    site: BenchmarkSite
    waiting: deque[bytes] = field(default_factory=deque)
    due: float = 0.0
    """When it was to ask; arrivals do not wait for answers, only the connection does."""
    sent: float | None = None
    """When the request under way was sent."""
    begun: bytes = b""


class Told(NamedTuple):
    """What a stage came to."""

    offered: float
    """Requests a second."""
    answered: float
    """Of them with 200."""
    refused_ms: list[float]
    """From sending to the refusal, sorted."""


Next = Callable[[float, float, bool, bytes], float]
"""When a client asks again: when it was due, now, whether it was refused, and its answer."""


def measure(run: Run) -> Figures:
    """All rows. Five minutes at three times the capacity, in slices between which requests are sealed."""
    seconds, twice, thrice = (2.0, 1, 1) if run.size.short else (20.0, 3, 15)
    made, dice = run.fleet(), random.Random(SEED)  # noqa: S311 - the same arrivals in each run
    with Program("serve", str(made.folder), log=run.log) as server:
        group = OverloadGroup(made, server.port, dice)
        capacity = group.find_capacity(min(seconds, 5.0))
        two = [group.offer(2 * capacity, seconds, capacity, obeying=False) for _ in range(twice)]
        three = [group.offer(3 * capacity, seconds, capacity, obeying=True) for _ in range(thrice)]
        capacity = max(capacity, group.find_capacity(min(seconds, 5.0)))
        group.close()
    note = (
        f"capacity {capacity:,.0f}/s, {len(two) * seconds:.0f} s at twice, {len(three) * seconds:.0f} s at three times"
    )
    return judge_stages(capacity, two, three, note)


def judge_stages(capacity: float, two: list[Told], three: list[Told], note: str) -> Figures:
    """The rows; without figures where too little was offered, or nothing refused: then nothing was shown."""
    offered = median(each.offered for each in two)
    if offered < 2 * OFFERED_LEAST * capacity:
        why = f"the load generator offered {offered:,.0f}/s only; {note}"
        return dict.fromkeys(KEYS, Missing(why))
    refused = sorted(wait for each in two for wait in each.refused_ms)
    if not refused:
        return dict.fromkeys(KEYS, Missing(f"nothing was refused; {note}"))
    answered = median(each.answered for each in two)
    obeying = sum(each.answered for each in three) / len(three)
    return {
        "overload_two": Figure(answered / capacity, f"{answered:,.0f}/s of {offered:,.0f}/s offered; {note}"),
        "overload_three": Figure(obeying / capacity, f"{obeying:,.0f}/s answered; {note}"),
        "overload_p50": Figure(median(refused), f"{len(refused):,} refused with 503 and Retry-After"),
        "overload_p99": Figure(refused[int(len(refused) * 0.99)]),
    }


class OverloadGroup:
    """All sites, each on a connection of its own."""

    def __init__(self, made: InProcessServer, port: int, dice: random.Random) -> None:
        self._made, self._port, self._dice = made, port, dice
        self._clients: dict[int, OverloadClient] = {}
        self._poll = select.epoll()
        for number, site in enumerate(made.citizens):
            self._connect(OverloadClient(self._socket(number), site))

    def close(self) -> None:
        """Hang up; what was sealed and not sent never happened."""
        for client in self._clients.values():
            client.sock.close()
            client.site.count -= len(client.waiting)
        self._poll.close()

    def find_capacity(self, seconds: float) -> float:
        """Answers a second where 64 clients ask as soon as they are answered."""
        asking = list(self._clients.values())[:64]
        self._seal(asking, 9_000 * seconds)
        return self._run(asking, seconds, lambda due, now, refused, answer: now, lambda: 0.0).answered

    def offer(self, rate: float, seconds: float, capacity: float, *, obeying: bool) -> Told:
        """`rate` requests a second of all clients for so long; those refused obey `Retry-After` or come at random."""
        asking = list(self._clients.values())
        self._seal(asking, capacity * seconds * 1.3)
        pause = len(asking) / rate

        def think() -> float:
            return self._dice.expovariate(1 / pause)

        def again(due: float, now: float, refused: bool, answer: bytes) -> float:
            return now + self._obeyed(answer) if refused and obeying else max(now, due + think())

        return self._run(asking, seconds, again, think)

    def _obeyed(self, head: bytes) -> float:
        return float(retry_at(0, 1, retry_after_of(head), self._dice.random()))

    def _run(self, asking: list[OverloadClient], seconds: float, again: Next, first: Callable[[], float]) -> Told:
        clock = time.perf_counter
        begun = clock()
        due = [(begun + first(), number, client.sock.fileno()) for number, client in enumerate(asking)]
        heapq.heapify(due)
        sent, answered, refused, count = 0, 0, [], len(due)
        until = begun + seconds
        while (now := clock()) < until:
            while due and due[0][0] <= now:
                at, _, which = heapq.heappop(due)
                client = self._clients[which]
                client.due = at
                if client.waiting:
                    client.sent = clock()
                    client.sock.send(client.waiting[0])
                    sent += 1
            for client, answer in self._answers(0.0 if due and due[0][0] <= clock() else 0.001):
                now, was = clock(), client.sent or begun
                client.sent = None
                if is_refusal(answer):
                    refused.append((now - was) * 1_000)
                else:
                    slices.judge_one(self._made, "unchanged", client.waiting.popleft(), answer, prove=not answered % 50)
                    answered += 1
                count += 1
                later = again(client.due, now, is_refusal(answer), answer)
                heapq.heappush(due, (later, count, client.sock.fileno()))
        self._drain()
        return Told(sent / seconds, answered / seconds, sorted(refused))

    def _answers(self, wait: float) -> Iterator[tuple[OverloadClient, bytes]]:
        for number, _ in self._poll.poll(wait):
            client = self._clients[number]
            data = client.begun + client.sock.recv(READ)
            if not data:
                raise ConnectionError("the server hung up")
            whole = len(data) >= whole_length(data)
            client.begun = b"" if whole else data
            if whole:
                yield client, data

    def _drain(self) -> None:
        """Wait for the answers under way: the next stage begins with idle connections."""
        until = time.perf_counter() + UNTIL_ANSWERED
        while any(client.sent is not None for client in self._clients.values()):
            for client, answer in self._answers(0.1):
                client.sent = None
                if not is_refusal(answer):
                    client.waiting.popleft()
            if time.perf_counter() > until:
                raise TimeoutError("requests were not answered at all")

    def _seal(self, asking: list[OverloadClient], requests: float) -> None:
        """Requests for all, sealed ahead; connections that were idle for long are made again."""
        each = math.ceil(requests / len(asking) + 5)
        for client in asking:
            while len(client.waiting) < each:
                client.waiting.append(http_request(client.site.request(self._made.keys)))
                slices.advance(client.site, 0)
        for number, client in enumerate(self._clients.copy().values()):
            del self._clients[client.sock.fileno()]
            client.sock.close()
            client.sock = self._socket(number)
            self._connect(client)
        slices.settle()

    def _connect(self, client: OverloadClient) -> None:
        self._clients[client.sock.fileno()] = client
        self._poll.register(client.sock.fileno(), select.EPOLLIN)

    def _socket(self, number: int) -> socket.socket:
        where = (f"127.0.0.{2 + number % ADDRESSES}", 0)
        sock = socket.create_connection(("127.0.0.1", self._port), UNTIL_ANSWERED, where)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock


def is_refusal(answer: bytes) -> bool:
    """Whether it is a 503 that says when to come again; raises ValueError for anything else that is no 200."""
    if answer.startswith(b"HTTP/1.1 503"):
        retry_after_of(answer)
        return True
    body_of(answer)
    return False


def retry_after_of(answer: bytes) -> int:
    """The seconds that a refusal asks for; ValueError where it does not say."""
    for line in answer.partition(b"\r\n\r\n")[0].lower().split(b"\r\n"):
        if line.startswith(b"retry-after:"):
            return int(line.partition(b":")[2])
    raise ValueError("a refusal without Retry-After")
