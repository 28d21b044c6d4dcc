"""Serving an ASGI application in this process: port 0, a thread for tests and the demo, a bounded end, bounded callers.

uvicorn does the work; what one connection may cost is in `connection`, TLS in `handshake`.
"""

import asyncio
import errno
import logging
import resource
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_network
from types import TracebackType
from typing import Self

import msgspec
import uvicorn
from uvicorn.loops.auto import auto_loop_factory

from tenure.http.asgi import App
from tenure.http.certificates import ServedCertificate
from tenure.http.connection import BoundedHttp, ConnectionBounds, ConnectionConfig, ConnectionPlaces
from tenure.http.endpoints import Endpoint
from tenure.http.handshake import TlsListener
from tenure.http.hot_protocol import HotHttp
from tenure.http.hot_requests import HotRequests

FILES_RESERVED = 256
"""Open files that are left for everything but connections: the database, logs, webhooks under way."""
FILES_WANTED = 8_192

log = logging.getLogger("tenure.http.serve")


class ListenAddress(msgspec.Struct, frozen=True, kw_only=True):
    """Where to listen, and as whom."""

    host: str = "127.0.0.1"
    port: int = 0
    """0 lets the system choose; `Server.url` tells."""
    certificate: ServedCertificate | None = None
    """What TLS is served with; None for plain HTTP."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed."""
    bounds: ConnectionBounds = ConnectionBounds()


class _Config(ConnectionConfig):
    """uvicorn's settings with our bounds, and the places that all connections share."""

    def __init__(self, app: App, listen: ListenAddress, hot: HotRequests | None) -> None:
        self.bounds = listen.bounds
        self.places = ConnectionPlaces(
            listen.bounds, min(listen.bounds.connections, max(_open_files() - FILES_RESERVED, 64))
        )
        self.proxies = tuple(ip_network(each) for each in listen.trusted_proxies)
        self.tls = listen.certificate
        self.hot = hot
        super().__init__(
            app,
            http=BoundedHttp if hot is None else HotHttp,
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
        )


def _open_files() -> int:
    """How many files this process may have open: as many as the system allows it, if it asks."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES_WANTED if hard == resource.RLIM_INFINITY else min(hard, FILES_WANTED)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return FILES_WANTED if soft == resource.RLIM_INFINITY else soft
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (OSError, ValueError):
        return soft
    return wanted


class _NotifyingServer(uvicorn.Server):
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
        """Start, then say so; encrypted connections are accepted by `handshake`."""
        config = self.config
        if isinstance(config, _Config) and config.tls is not None:
            await super().startup(sockets=[])
            for each in sockets or ():
                # A listener of ours has what uvicorn calls of an `asyncio.Server`, and is none by type.
                self.servers.append(TlsListener(each, config.tls, config, self._http_protocol))  # type: ignore[arg-type]
        else:
            await super().startup(sockets=sockets)
        self.ready.set()

    def _http_protocol(self) -> BoundedHttp:
        made = BoundedHttp if self.config.hot is None else HotHttp  # type: ignore[attr-defined]
        return made(config=self.config, server_state=self.server_state, app_state=self.lifespan.state)


def fastest_loop() -> asyncio.AbstractEventLoop:
    """A loop as uvicorn takes it for its own programs; for those that serve within a loop of their own."""
    return auto_loop_factory()()


REASONS = {
    errno.EADDRINUSE: "another program listens there already: end that program, or choose another port",
    errno.EACCES: "this user may not take that port: choose one from 1024 on, or give the program CAP_NET_BIND_SERVICE",
    errno.EADDRNOTAVAIL: "this computer does not have that address: choose one of its own, or 127.0.0.1",
}
"""Why a place cannot be listened at, and what to do, by the system's number for it."""


class CannotListen(OSError):
    """An address and port that cannot be listened at; its text says which, why and what to do."""

    def __init__(self, listen: ListenAddress, fault: OSError) -> None:
        why = REASONS.get(fault.errno or 0, fault.strerror or str(fault))
        super().__init__(f"{Endpoint(listen.host, listen.port)} cannot be listened at: {why}.")


def take_port(listen: ListenAddress) -> socket.socket:
    """The socket that listens there; raises `CannotListen` where it cannot be had."""
    family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
    try:
        return socket.create_server((listen.host, listen.port), family=family, backlog=2048)
    except OSError as fault:
        raise CannotListen(listen, fault) from fault


def listening_url(listen: ListenAddress, listener: socket.socket) -> str:
    """The address to reach it under, such as `http://127.0.0.1:41573`."""
    host, port = listener.getsockname()[:2]
    scheme = "https" if listen.certificate else "http"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"


class HttpServer:
    """A listening server. The port is taken at once, so that `url` is known before anything runs.

    Raises `CannotListen` where it cannot be had.

    Three ways to run it: `run()` in the main thread (ends on SIGINT and SIGTERM), `await serve()` inside a loop that
    runs already, or `with Server(...) as server:` in a thread of its own.
    """

    def __init__(
        self,
        app: App,
        listen: ListenAddress | None = None,
        hot: HotRequests | None = None,
        listener: socket.socket | None = None,
    ) -> None:
        """`hot`: the application's own (`middleware.EdgeMiddleware.hot_requests`), answered past ASGI.

        `listener`: the socket of `take_port`, where several processes accept from one.
        """
        self._listen = listen or ListenAddress()
        self._socket = listener or take_port(self._listen)
        self._url = listening_url(self._listen, self._socket)
        self.port: int = self._socket.getsockname()[1]
        """The port, also when the system chose it."""
        self._uvicorn = _NotifyingServer(_Config(app, self._listen, hot))
        self._thread: threading.Thread | None = None
        self._failure: BaseException | None = None

    @property
    def url(self) -> str:
        """The address to reach it under, such as `http://127.0.0.1:41573`."""
        return self._url

    @property
    def draining(self) -> bool:
        """Whether it has been asked to stop (see `health.health_operations`)."""
        return self._uvicorn.should_exit

    def run(self) -> None:
        """Serve until stopped; blocks. Requests at work get `ConnectionBounds.stop_seconds` to finish.

        A signal that ended it is raised again afterwards (SIGINT as KeyboardInterrupt), as programs expect.
        """
        self._uvicorn.obeys_signals = True
        self._uvicorn.run(sockets=[self._socket])

    async def serve(self) -> None:
        """Serve inside the running loop until `stop` is called; the caller of the loop handles signals."""
        await self._uvicorn.serve(sockets=[self._socket])

    def wait(self, seconds: float) -> bool:
        """Whether it answers requests, waiting so long at most; for a caller that serves it in another thread."""
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
