"""A connection on which a hot request is answered past parser and ASGI, in one write.

A request is taken only if its head lies in one piece, begins it, and is known to the byte (`hot_heads`), and if nothing
lies behind its body, which may come in later pieces. Everything else, and what comes while a hot request is at work,
goes through `connection` as it came.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from tenure.http.connection import BoundedHttp, begin_arriving
from tenure.http.hot_heads import HotHead
from tenure.http.hot_requests import HotRequests

_START, _END = b"POST ", b"\r\n\r\n"


class _HalfRequest:
    """A hot request of whose body a part is still to come: never more than its head announces and one piece."""

    __slots__ = ("began", "data", "end", "head")

    def __init__(self, head: HotHead, end: int, data: bytes, began: float) -> None:
        self.head, self.end, self.data, self.began = head, end, bytearray(data), began

    @property
    def missing(self) -> int:
        """Bytes that are still to come; below zero where more lies behind the body."""
        return self.end + self.head.length - len(self.data)


class HotHttp(BoundedHttp):
    """`BoundedHttp` with the short way; its configuration says for which operations."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        hot = self.config.hot
        if hot is None:
            raise TypeError("this protocol is for hot operations")
        self._hot: HotRequests = hot
        self._at_work = self._closes = False
        self._held = b""
        self._half: _HalfRequest | None = None
        self._rested_at = 0.0
        self._idle_watch: asyncio.TimerHandle | None = None

    def data_received(self, data: bytes) -> None:
        """Take a hot request, or hand on what arrived."""
        if self._at_work:
            self._held += data
            self.flow.pause_reading()
        elif self._half is not None:
            self._add_piece(self._half, data)
        elif not (data.startswith(_START) and self._is_at_rest() and self._takes(data)):
            self._cancel_idle_watch()
            super().data_received(data)

    def answer_hot(self, status: int, head: bytes, body: bytes) -> None:
        """See `HotConnection`: in one write, and then what has arrived meanwhile."""
        self._at_work = False
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        own = self._hot.default_lines(self.server_state.default_headers)
        closing = b"connection: close\r\n" if self._closes else b""
        self.transport.write(b"".join((STATUS_LINE[status], own, head, closing, b"\r\n", body)))
        if self._closes:
            self.transport.close()
            return
        self._rested_at = self.loop.time()
        if self._idle_watch is None:
            self._idle_watch = self.loop.call_later(self._bounds.idle_seconds, self._look_at_idleness)
        if self._held:
            held, self._held = self._held, b""
            self.flow.resume_reading()
            self.data_received(held)

    def shutdown(self) -> None:
        """Asked to stop: a hot request at work is answered first, and one that is arriving goes the long way."""
        if self._at_work:
            self._closes = True
            return
        if self._half is not None:
            super().data_received(self._take_half(self._half))
        super().shutdown()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget what is held; a request that is cut off is observed as it is behind ASGI, in a later turn."""
        self._cancel_idle_watch()
        self._held = b""
        if self._half is not None:
            half, self._half = self._half, None
            self.loop.call_soon(self._hot.note_cut_off, half.head.operation, self._address, half.began)
        super().connection_lost(exc)

    def _is_at_rest(self) -> bool:
        """Whether nothing is arriving, at work, or waiting to be read."""
        return (
            not self._arriving
            and (self.cycle is None or self.cycle.response_complete)
            and not self.pipeline
            and not self.flow.write_paused
            and not self.transport.is_closing()
        )

    @property
    def _address(self) -> str:
        return self.client[0] if self.client else ""

    def _takes(self, data: bytes) -> bool:
        end = data.find(_END) + len(_END)
        head = self._hot.heads.read(bytes(data[:end])) if end >= len(_END) else None
        if head is None:
            return False
        missing = head.length - (len(data) - end)
        if missing > 0:
            self._await_rest(_HalfRequest(head, end, data, self._hot.parts.ticks()))
            return True
        return not missing and self._begins(head, bytes(data[end:]))

    def _begins(self, head: HotHead, body: bytes) -> bool:
        self._at_work, self._closes = True, head.closes
        if not self._hot.begin(head.operation, body, self._address, self):
            self._at_work = False
            return False
        self._unset_keepalive_if_required()
        self._cancel_deadline()
        return True

    def _await_rest(self, half: _HalfRequest) -> None:
        """The rest may take as long, and holds the same place, as on the long way."""
        self._half, self._arriving = half, True
        self._unset_keepalive_if_required()
        self._cancel_idle_watch()
        self._cancel_deadline()
        self._deadline = self.loop.call_later(self._bounds.request_seconds, self._too_slow)
        begin_arriving(self._places, self, self._network, self._block, each=self._each)

    def _add_piece(self, half: _HalfRequest, data: bytes) -> None:
        half.data += data
        missing = half.missing
        if missing > 0:
            return
        whole = self._take_half(half)
        if missing < 0 or not self._begins(half.head, whole[half.end :]):
            super().data_received(whole)

    def _take_half(self, half: _HalfRequest) -> bytes:
        """What has arrived, which is half a request no more."""
        self._half, self._arriving = None, False
        self._cancel_deadline()
        self._places.arriving.give_back(self)
        return bytes(half.data)

    def _look_at_idleness(self) -> None:
        """One timer for many requests: it looks when it is due how long ago the last of them was."""
        self._idle_watch = None
        left = self._bounds.idle_seconds - (0.0 if self._at_work else self.loop.time() - self._rested_at)
        if left > 0:
            self._idle_watch = self.loop.call_later(left, self._look_at_idleness)
        else:
            self._end_idle()

    def _cancel_idle_watch(self) -> None:
        if self._idle_watch is not None:
            self._idle_watch.cancel()
            self._idle_watch = None
