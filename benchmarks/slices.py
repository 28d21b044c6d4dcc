"""One slice of load at one server: requests sealed, sent, answers judged, processor time told."""

import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

import msgspec

from benchmarks.clients import ClientGroup, Slice, body_of, http_request
from benchmarks.in_process import BenchmarkSite, InProcessServer
from tenure.core.refusals import Refused
from tenure.wire import b64, exchanges

SETTLE = 0.05
"""Seconds in which the server takes the connections, before anything is measured."""
CONTACTS = 11
"""Of a site's mean day: leases of 45 days, renewed at a quarter, contacts each day."""
PROVEN_EACH = 50
"""Every so many answers one is proven like a client does; of all others only what they say is looked at."""


class Program(Protocol):
    """A server under load."""

    @property
    def port(self) -> int:
        """Where it listens, at 127.0.0.1."""

    def cpu(self) -> float:
        """Seconds of processor time that it has used so far."""


class Measured(NamedTuple):
    """What a slice cost."""

    rate: float
    server_us: float
    """Microseconds of the server's processor time for each answer."""
    load_us: float
    """The same of the load generator."""
    slice: Slice


def settle() -> None:
    """Wait until the server has taken new connections: nothing tells the other side of it."""
    time.sleep(SETTLE)


class Load:
    """All sites on connections to one server."""

    def __init__(
        self, bench: InProcessServer, program: Program, connections: int, others: Sequence[Program] = ()
    ) -> None:
        """`others`: more processes on the same state, each with its share of the connections."""
        self._bench, self._programs, self._connections = bench, (program, *others), connections
        self._hands = [bench.citizens[number::connections] for number in range(connections)]

    def unchanged(self, requests: int, rate: float | None = None) -> Measured:
        """About so many synchronizations that bring nothing new, at `rate` a second or as fast as they are answered."""
        return self._slice("unchanged", requests, 0, rate)

    def new_lease(self, requests: int) -> Measured:
        """Sites that show the lease before the newest: each gets a new one, signed and recorded."""
        return self._slice("lease", requests, 1, None)

    def acknowledgment(self) -> Measured:
        """Every site's first contact after a new lease: it shows that it holds it, and is told nothing new."""
        waiting = [[self._request(citizen, 0) for citizen in hand] for hand in self._hands]
        return self._judged("unchanged", waiting, None)

    def day(self, rate: float | None = None) -> Measured:
        """Each site's mean day: a new lease, the contact that acknowledges it, nine that bring nothing new.

        Sites are at different hours of it, so that each kind comes at every moment.
        """
        waiting: list[list[bytes]] = [[] for _ in self._hands]
        for hour in range(CONTACTS):
            for number, hand in enumerate(self._hands):
                for place, citizen in enumerate(hand):
                    behind = int((number + place * 3 + hour) % CONTACTS == 0)
                    waiting[number].append(self._request(citizen, behind))
        return self._judged("", waiting, rate)

    def nothing(self, requests: int) -> Measured:
        """The same bytes at a server that looks at none of them."""
        request = http_request(self._bench.citizens[0].request(self._bench.keys))
        measured, pairs = self._run([[request] * self._each(requests)] * self._connections, None)
        for _, answer in pairs:
            body_of(answer)
        return measured

    def _cpu(self) -> float:
        return sum(each.cpu() for each in self._programs)

    def _each(self, requests: int) -> int:
        return max(1, requests // self._connections)

    def _slice(self, result: str, requests: int, behind: int, rate: float | None) -> Measured:
        waiting: list[list[bytes]] = []
        for hand in self._hands:
            waiting.append([])
            for number in range(self._each(requests)):
                waiting[-1].append(self._request(hand[number % len(hand)], behind))
        return self._judged(result, waiting, rate)

    def _request(self, citizen: BenchmarkSite, behind: int) -> bytes:
        """The site's next request; it goes on from the state after the answer."""
        request = http_request(citizen.request(self._bench.keys, serials_behind=behind))
        advance(citizen, behind)
        return request

    def _judged(self, result: str, waiting: list[list[bytes]], rate: float | None) -> Measured:
        measured, pairs = self._run(waiting, rate)
        judge(self._bench, result, pairs)
        return measured

    def _run(self, waiting: list[list[bytes]], rate: float | None) -> tuple[Measured, list[tuple[bytes, bytes]]]:
        # A new connection each time: between slices the server would hang up on idle connections.
        first, *others = (each.port for each in self._programs)
        group = ClientGroup(first, waiting, others=others)
        settle()
        before = self._cpu()
        taken = group.flood() if rate is None else group.stream(rate)
        used = self._cpu() - before
        group.close()
        measured = Measured(taken.rate, used / taken.answered * 1e6, taken.own_cpu / taken.answered * 1e6, taken)
        return measured, group.answered()


def advance(citizen: BenchmarkSite, leases: int) -> None:
    """The site as it is after its request is answered."""
    citizen.count += 1
    citizen.serial += leases


def judge(bench: InProcessServer, result: str, pairs: list[tuple[bytes, bytes]]) -> None:
    """Raises ValueError unless every answer says `result`; one in fifty is proven by signature, nonce and hash.

    Without `result` as many answers are leases as requests asked for one: one in `CONTACTS`.
    """
    leases = 0
    for number, (request, answer) in enumerate(pairs):
        leases += judge_one(bench, result, request, answer, prove=number % PROVEN_EACH == 0) == "lease"
    if not result and leases * CONTACTS != len(pairs):
        raise ValueError(f"{leases} leases in {len(pairs)} answers")


def judge_one(bench: InProcessServer, result: str, request: bytes, answer: bytes, *, prove: bool) -> str:
    """The answer's result; raises ValueError unless it is `result` and, to be proven, passes what a client checks."""
    body = body_of(answer)
    told: str = payload(body).get("result", "")
    if told not in ((result,) if result else ("unchanged", "lease")):
        raise ValueError(f"expected `{result}`, was told {told}")
    if prove:
        read = exchanges.read_sync_answer(body, request.partition(b"\r\n\r\n")[2], bench.keys.root)
        if isinstance(read, Refused):
            raise ValueError(f"an answer is not proven: {read.code} {read.detail}")
    return told


def known_bad_are_caught(bench: InProcessServer) -> None:
    """The control: `judge` must refuse another result, another question's answer, and an altered signature."""
    request = http_request(bench.citizens[0].request(bench.keys))
    bad: list[Callable[[], None]] = [
        lambda: judge(bench, "unchanged", [(request, b"HTTP/1.1 503 Service Unavailable\r\n\r\n{}")]),
        lambda: judge(bench, "unchanged", [(request, b"HTTP/1.1 200 OK\r\n\r\n" + _forged(b'{"result":"lease"}'))]),
        lambda: judge(bench, "unchanged", [(request, b"HTTP/1.1 200 OK\r\n\r\n" + _forged(b'{"result":"unchanged"}'))]),
    ]
    for each in bad:
        try:
            each()
        except ValueError:
            continue
        raise RuntimeError("the benchmark takes a bad answer for a good one")


def _forged(payload: bytes) -> bytes:
    return b"e30." + b64.b64_encode(payload) + b"." + b64.b64_encode(bytes(64))


def payload(token: bytes) -> dict[str, Any]:
    """What a signed answer says, unproven."""
    raw = b64.b64_decode(token.split(b".")[1])
    told: dict[str, Any] = msgspec.json.decode(raw or b"{}")
    return told
