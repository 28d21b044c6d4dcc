"""Serving an ASGI application in this process: port 0, a thread for tests and the demo, a bounded end, bounded callers.

uvicorn does the work. Added here is what it leaves open: how long a request may take to arrive, how large its head may
be, how many connections one address may hold, and problems instead of plain text where it refuses by itself.
"""

import asyncio
import logging
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

import msgspec
import uvicorn
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from tenure.core.refusals import Code, Refused
from tenure.http.asgi import App
from tenure.http.limits import network_of
from tenure.http.problems import problem
from tenure.http.requestid import random_request_id
from tenure.http.whole import WholeAnswers

log = logging.getLogger("tenure.http.serve")


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """What one connection may cost; seconds and bytes."""

    request_seconds: float = 20.0
    """From a request's first byte to its last."""
    idle_seconds: int = 15
    """Between two requests on one connection, and before the first."""
    head_bytes: int = 32 * 1024
    """Request line and headers."""
    discarded_bytes: int = 1024 * 1024
    """How much more is read of a body that was refused already, so that the caller can read why."""
    connections_each: int = 256
    """At once from one address (one /64 of IPv6)."""
    connections: int = 4_096
    stop_seconds: int = 10
    """How long requests at work may take when the server is stopped."""


class Listen(msgspec.Struct, frozen=True, kw_only=True):
    """Where to listen, and as whom."""

    host: str = "127.0.0.1"
    port: int = 0
    """0 lets the system choose; `Server.url` tells."""
    certificate: str = ""
    """File of the TLS certificate chain; empty for plain HTTP."""
    key: str = ""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed."""
    bounds: Bounds = Bounds()


class _Config(uvicorn.Config):
    """uvicorn's settings with our bounds, and the count of connections they limit."""

    def __init__(self, app: App, listen: Listen) -> None:
        self.bounds = listen.bounds
        self.held: Counter[str] = Counter()
        super().__init__(
            app,
            http=BoundedHttp,
            ws="none",
            lifespan="on",
            interface="asgi3",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=bool(listen.trusted_proxies),
            forwarded_allow_ips=list(listen.trusted_proxies),
            timeout_keep_alive=listen.bounds.idle_seconds,
            timeout_graceful_shutdown=listen.bounds.stop_seconds,
            ssl_certfile=listen.certificate or None,
            ssl_keyfile=listen.key or None,
        )


class BoundedHttp(HttpToolsProtocol):
    """One connection, with a deadline for each request's arrival and limits on what it may send."""

    config: _Config

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._bounds = self.config.bounds
        self._deadline: asyncio.TimerHandle | None = None
        self._arriving = False
        self._in_head = False
        self._read = self._piece = 0
        self._network = ""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Count the connection; one too many is closed at once."""
        super().connection_made(transport)
        self._network = network_of(self.client[0]) if self.client else "local"
        held = self.config.held
        held[self._network] += 1
        if held[self._network] > self._bounds.connections_each or len(self.connections) > self._bounds.connections:
            transport.close()
            return
        # Before the first request there is nothing uvicorn would time: the idle limit holds here too.
        self._deadline = self.loop.call_later(self._bounds.idle_seconds, transport.close)

    def connection_lost(self, exc: Exception | None) -> None:
        """Give the connection's place free."""
        self._cancel_deadline()
        held = self.config.held
        held[self._network] -= 1
        if held[self._network] <= 0:
            del held[self._network]
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Feed the parser, then judge what has arrived so far."""
        self._piece = len(data)
        self._read += self._piece
        super().data_received(data)
        if self.transport.is_closing():
            return
        if not self._arriving:
            self._watch_idleness()
        elif self._in_head and self._read > self._bounds.head_bytes:
            self._refuse(Refused(Code.BODY_TOO_LARGE, f"At most {self._bounds.head_bytes} bytes of headers are read."))
        elif self._read > self._bounds.discarded_bytes and self.cycle is not None and self.cycle.response_complete:
            self.transport.close()
        elif self._deadline is None:
            # Nearly every request arrives in one piece and never gets here.
            self._deadline = self.loop.call_later(self._bounds.request_seconds, self._too_slow)

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._cancel_deadline()
        self._arriving = self._in_head = True
        self._read = self._piece

    def on_headers_complete(self) -> None:
        """A request's head is complete."""
        self._in_head = False
        before = self.cycle
        super().on_headers_complete()
        if self.cycle is not before:
            self.cycle.__class__ = WholeAnswers

    def on_message_complete(self) -> None:
        """A request has arrived whole."""
        self._arriving = False
        self._cancel_deadline()
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """What is not HTTP is refused like everything else: as a problem."""
        self._refuse(Refused(Code.BODY_UNREADABLE, "This is not a request in HTTP/1.1."))

    def _watch_idleness(self) -> None:
        # Line ends between requests stop uvicorn's own timer without beginning anything.
        at_work = self.cycle is not None and not self.cycle.response_complete
        if not at_work and self._deadline is None:
            self._deadline = self.loop.call_later(self._bounds.idle_seconds, self.transport.close)

    def _too_slow(self) -> None:
        self._deadline = None
        if self.cycle is None or self.cycle.response_complete or self._in_head:
            self._refuse(Refused(Code.BODY_UNREADABLE, "The request took too long to arrive."))
        else:
            # The application is waiting for the rest: it learns of the end as of any other disconnection.
            self.transport.close()

    def _refuse(self, refused: Refused) -> None:
        busy = self.cycle is not None and not self.cycle.response_complete
        if not busy and not self.transport.is_closing():
            request_id = random_request_id()
            answer = problem(refused, 0, request_id)
            head = [
                b"content-type: " + answer.media_type.encode(),
                b"content-length: %d" % len(answer.body),
                b"request-id: " + request_id.encode(),
                b"connection: close",
            ]
            self.transport.write(STATUS_LINE[answer.status] + b"\r\n".join([*head, b"", answer.body]))
        self.transport.close()

    def _cancel_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


class _Uvicorn(uvicorn.Server):
    """uvicorn's server, telling when it has begun to listen."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()
        self.obeys_signals = False

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are for the one server that is the program; a guest in another's loop is stopped by its host."""
        if not self.obeys_signals:
            yield
            return
        with super().capture_signals():
            yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
        await super().startup(sockets=sockets)
        self.ready.set()


class Server:
    """A listening server. The port is taken at once, so that `url` is known before anything runs.

    Three ways to run it: `run()` in the main thread (ends on SIGINT and SIGTERM), `await serve()` inside a loop that
    runs already, or `with Server(...) as server:` in a thread of its own.
    """

    def __init__(self, app: App, listen: Listen | None = None) -> None:
        self._listen = listen or Listen()
        family = socket.AF_INET6 if ":" in self._listen.host else socket.AF_INET
        self._socket = socket.create_server((self._listen.host, self._listen.port), family=family, backlog=2048)
        self._host, self.port = self._socket.getsockname()[:2]
        """The port, also when the system chose it."""
        self._uvicorn = _Uvicorn(_Config(app, self._listen))
        self._thread: threading.Thread | None = None
        self._failure: BaseException | None = None

    @property
    def url(self) -> str:
        """The address to reach it under, such as `http://127.0.0.1:41573`."""
        scheme = "https" if self._listen.certificate else "http"
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{scheme}://{host}:{self.port}"

    @property
    def draining(self) -> bool:
        """Whether it has been asked to stop (see `health.health_operations`)."""
        return self._uvicorn.should_exit

    def run(self) -> None:
        """Serve until stopped; blocks. Requests at work get `Bounds.stop_seconds` to finish.

        A signal that ended it is raised again afterwards (SIGINT as KeyboardInterrupt), as programs expect.
        """
        self._uvicorn.obeys_signals = True
        self._uvicorn.run(sockets=[self._socket])

    async def serve(self) -> None:
        """Serve inside the running loop until `stop` is called; signals are left to whoever runs the loop."""
        await self._uvicorn.serve(sockets=[self._socket])

    def wait(self, seconds: float) -> bool:
        """Whether it answers requests, waiting so long at most; for whoever has it served in another thread."""
        return self._uvicorn.ready.wait(seconds)

    def stop(self) -> None:
        """Ask it to stop; from any thread. A thread of its own is waited for."""
        self._uvicorn.should_exit = True
        if self._thread is not None:
            self._thread.join(self._listen.bounds.stop_seconds + 10)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._run_in_thread, name="tenure-http", daemon=True)
        self._thread.start()
        self._uvicorn.ready.wait()
        if self._failure is not None:
            raise RuntimeError("the server did not start") from self._failure
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _run_in_thread(self) -> None:
        try:
            self._uvicorn.run(sockets=[self._socket])
        except BaseException as error:  # SystemExit is how uvicorn tells that the application did not start
            self._failure = error
            log.error("the server ended", exc_info=error)
        finally:
            self._uvicorn.ready.set()
