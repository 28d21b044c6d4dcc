"""A connection on which a hot request that arrives whole is answered past parser and ASGI, in one read and one write.

A request is taken only if it lies in one piece between two others, under a head that is known to the byte
(`hot_heads`). Everything else, and what comes while a hot request is at work, goes through `connection` as it came.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from tenure.http.connection import BoundedHttp
from tenure.http.hot_requests import HotRequests

_START, _END = b"POST ", b"\r\n\r\n"


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
        self._rested_at = 0.0
        self._idle_watch: asyncio.TimerHandle | None = None

    def data_received(self, data: bytes) -> None:
        """Take a hot request, or hand on what arrived."""
        if self._at_work:
            self._held += data
            self.flow.pause_reading()
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
        """Asked to stop: a hot request at work is answered first."""
        if self._at_work:
            self._closes = True
        else:
            super().shutdown()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget what is held."""
        self._cancel_idle_watch()
        self._held = b""
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

    def _takes(self, data: bytes) -> bool:
        end = data.find(_END) + len(_END)
        head = self._hot.heads.read(bytes(data[:end])) if end >= len(_END) else None
        if head is None or head.length != len(data) - end:
            return False
        self._at_work, self._closes = True, head.closes
        address = self.client[0] if self.client else ""
        if not self._hot.begin(head.operation, bytes(data[end:]), address, self):
            self._at_work = False
            return False
        self._unset_keepalive_if_required()
        self._cancel_deadline()
        return True

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
