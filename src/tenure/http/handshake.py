"""TLS connections accepted by ourselves, so that each counts from its first byte and not from its handshake's end.

Left to the event loop, a handshake that never ends holds an open file for a minute and no network is counted for it.
"""

import asyncio
import logging
import socket
from collections.abc import Callable

from tenure.http.certificates import IDLE_LOOK_SECONDS, ServedCertificate
from tenure.http.connection import BoundedHttp, ConnectionConfig, begin_arriving
from tenure.http.fairness import networks_of

log = logging.getLogger("tenure.http.serve")
PAUSE = 0.2
"""Seconds until accepting is tried again where the system has no more files or memory."""


class TlsListener:
    """Accepts on one socket; `close` and `wait_closed` are what uvicorn asks of a listening server."""

    def __init__(
        self,
        listening: socket.socket,
        certificate: ServedCertificate,
        config: ConnectionConfig,
        made: Callable[[], BoundedHttp],
    ) -> None:
        """`made` gives the protocol of one connection. Needs a running loop."""
        self._listening, self._certificate, self._config, self._made = listening, certificate, config, made
        self._handshakes: set[Handshake] = set()
        listening.setblocking(False)
        self._loop = asyncio.get_running_loop()
        self._accepting = self._loop.create_task(self._accept_connection())
        self._looking = self._loop.create_task(self._look_at_certificate())

    def close(self) -> None:
        """Accept nothing more, and end the handshakes under way."""
        self._accepting.cancel()
        self._looking.cancel()
        for each in tuple(self._handshakes):
            each.interrupt()

    async def wait_closed(self) -> None:
        """Until nothing is accepted any more."""
        await asyncio.wait((self._accepting, self._looking))

    async def _look_at_certificate(self) -> None:
        while True:
            self._certificate.reload_if_changed(self._loop.time())
            await asyncio.sleep(IDLE_LOOK_SECONDS)

    async def _accept_connection(self) -> None:
        while True:
            try:
                sock, peer = await self._loop.sock_accept(self._listening)
            except OSError as fault:
                log.warning("a connection could not be accepted: %s", fault)
                await asyncio.sleep(PAUSE)
                continue
            self._begin_handshake(sock, str(peer[0]) if isinstance(peer, tuple) else "")

    def _begin_handshake(self, sock: socket.socket, address: str) -> None:
        places, each = self._config.places, not self._config.is_proxy(address)
        networks = networks_of(address)
        network, block = networks[0], networks[-1]
        if not places.connections.has_room(network, block, each=each):
            sock.close()
            return
        handshake = Handshake(sock)
        places.connections.take_place(handshake, network, block)
        begin_arriving(places, handshake, network, block, each=each)
        self._handshakes.add(handshake)
        handshake.work = self._loop.create_task(self._run_handshake(handshake))

    async def _run_handshake(self, handshake: "Handshake") -> None:
        places = self._config.places

        def leave() -> None:
            places.connections.give_back(handshake)
            places.arriving.give_back(handshake)

        def made() -> BoundedHttp:
            protocol = self._made()
            protocol.before = leave
            return protocol

        try:
            await self._loop.connect_accepted_socket(
                made,
                handshake.sock,
                ssl=self._certificate.context_at(self._loop.time()),
                ssl_handshake_timeout=self._config.bounds.handshake_seconds,
            )
        except (OSError, asyncio.CancelledError):
            # TLS itself has told a client that does not speak it here, or not to its end.
            handshake.sock.close()
        finally:
            leave()
            self._handshakes.discard(handshake)


class Handshake:
    """A connection before it is encrypted."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.work: asyncio.Task[None] | None = None

    def interrupt(self) -> None:
        """See `Interruptible`: there is no way yet to say why."""
        if self.work is not None:
            self.work.cancel()
