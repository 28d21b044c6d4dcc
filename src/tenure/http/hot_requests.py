"""Hot requests as the middleware serves them, without ASGI: the same admission, answers, log and metrics, by callback.

Bytes and connections are `hot_protocol`'s. What cannot be answered here as it would be behind ASGI is not taken.
"""

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from tenure.core.refusals import Refused
from tenure.http.asgi import RawHeaders
from tenure.http.fairness import FairShares, block_of
from tenure.http.hot_heads import KnownHeads
from tenure.http.hot_operations import RawOperation
from tenure.http.logs import ServedRequest
from tenure.http.problems import Clock, problem_of, problem_response
from tenure.http.requestid import enter_request, leave_request
from tenure.http.responses import ApiResponse
from tenure.http.single_write import header_line

_CUT_OFF = 400
"""The status of `body_unreadable`, as which the long way notes it."""


class HotConnection(Protocol):
    """Who asked, and is to be answered."""

    def answer_hot(self, status: int, head: bytes, body: bytes) -> None:
        """Send this answer; `head` are its own header lines."""


class HotParts(Protocol):
    """What of the middleware's parts is needed (`middleware.MiddlewareParts`)."""

    @property
    def clock(self) -> Clock:
        """The now of `Retry-After`."""

    @property
    def ticks(self) -> Callable[[], float]:
        """Seconds of a monotonic counter."""

    @property
    def new_request_id(self) -> Callable[[], str]:
        """A fresh id."""

    @property
    def observers(self) -> tuple[Callable[[ServedRequest], None], ...]:
        """Who is told of each request."""


class HotRequests:
    """The hot operations of one application, for connections that know them by their heads."""

    def __init__(
        self, parts: HotParts, work: FairShares, headers: RawHeaders, operations: Iterable[RawOperation]
    ) -> None:
        """`work`: the requests worked on, those behind ASGI too; `headers`: what every answer carries."""
        self.parts, self.work = parts, work
        able = tuple(one for one in operations if one.begin is not None)
        self.heads = KnownHeads(able)
        self.lines = b"".join(header_line(name, value) for name, value in headers)
        self._dated: list[tuple[bytes, bytes]] = []
        self._date_lines = b""

    def begin(self, one: RawOperation, body: bytes, address: str, connection: HotConnection) -> bool:
        """Whether the request is taken; then `connection` is answered, at once or later. Otherwise nothing was done."""
        who = block_of(address)
        if one.begin is None or not self.work.has_room(who):
            return False
        self.work.take_share(who)
        answer = _HotAnswer(self, one, who, address, connection)
        try:
            taken = one.begin(body, address, answer)
        except Exception as error:
            answer(error)
            return True
        if not taken:
            self.work.give_back(who)
        return taken

    def note_cut_off(self, one: RawOperation, address: str, began: float) -> None:
        """Observe a request whose connection ended before its body did; `began`: the ticks at its head."""
        token = enter_request(self.parts.new_request_id())
        try:
            self.notify_observers(one, address, began, _CUT_OFF)
        finally:
            leave_request(token)

    def notify_observers(self, one: RawOperation, address: str, began: float, status: int) -> None:
        """Tell of a request and the status of its answer."""
        served = ServedRequest(
            method="POST",
            route=one.path,
            status=status,
            milliseconds=round((self.parts.ticks() - began) * 1000, 3),
            address=address,
        )
        for observe in self.parts.observers:
            observe(served)

    def default_lines(self, headers: list[tuple[bytes, bytes]]) -> bytes:
        """The server's own headers as lines; they change once a second."""
        if headers is not self._dated:
            self._dated = headers
            self._date_lines = b"".join(header_line(name, value) for name, value in headers)
        return self._date_lines


class _HotAnswer:
    """Takes the outcome of one request, once, and makes the answer of it."""

    __slots__ = ("_address", "_connection", "_hot", "_one", "_request_id", "_started", "_who")

    def __init__(self, hot: HotRequests, one: RawOperation, who: str, address: str, connection: HotConnection) -> None:
        self._hot, self._one, self._who, self._address = hot, one, who, address
        self._connection = connection
        self._request_id = hot.parts.new_request_id()
        self._started = hot.parts.ticks()

    def __call__(self, outcome: bytes | ApiResponse[bytes] | Refused | Exception) -> None:
        token = enter_request(self._request_id)
        try:
            try:
                status, own, body = self._make_answer(outcome)
            except Exception as error:
                status, own, body = self._make_answer(error)
            self._hot.work.give_back(self._who)
            self._hot.notify_observers(self._one, self._address, self._started, status)
        finally:
            leave_request(token)
        head = b"%b%brequest-id: %b\r\ncontent-length: %d\r\n" % (
            own, self._hot.lines, self._request_id.encode(), len(body),
        )  # fmt: skip
        # Last of all: what has arrived meanwhile is begun there.
        self._connection.answer_hot(status, head, body)

    def _make_answer(self, outcome: bytes | ApiResponse[bytes] | Refused | Exception) -> tuple[int, bytes, bytes]:
        """Status, the answer's own header lines, and body."""
        if isinstance(outcome, bytes):
            return 200, header_line(b"content-type", self._one.media_type.encode()), outcome
        made = self._make_response(outcome)
        return made.status, _lines_of(made), made.body

    def _make_response(self, outcome: ApiResponse[bytes] | Refused | Exception) -> ApiResponse[Any]:
        if isinstance(outcome, ApiResponse):
            return outcome
        now = self._hot.parts.clock()
        return problem_response(outcome, now) if isinstance(outcome, Refused) else problem_of(outcome, now)


def _lines_of(answer: ApiResponse[Any]) -> bytes:
    kind = [("content-type", answer.media_type)] if answer.body else []
    return b"".join(
        header_line(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in (*kind, *answer.headers)
    )
