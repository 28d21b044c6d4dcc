"""The way to the activation server as the engine takes it: what this computer's clock and settings have to do with it.

How bytes travel is the transport's; whether a reply may change anything is decided by its signature.
"""

import msgspec

from tenure.core.refusals import RefusalCode, Refused
from tenure.sdk.client_state import ClientState
from tenure.sdk.lease_holder import LeaseHolder
from tenure.sdk.network.path import HttpExchange, ServerUnreached
from tenure.sdk.requests import SYNC
from tenure.sdk.transport import Transport, TransportRequest
from tenure.wire.messages import NetworkPath


class ServerWay:
    """The way of one holder (see `engine.session.Way`)."""

    def __init__(self, transport: Transport, holder: LeaseHolder, *, sandbox: bool) -> None:
        """`sandbox`: as configured; its root documents lie elsewhere."""
        self._transport, self._holder = transport, holder
        self._roots = "/v1/sandbox/root" if sandbox else "/v1/root"

    def post(self, path: str, request: bytes) -> HttpExchange | Refused:
        """The reply to a sealed request, or why there is none.

        While the clock is in doubt a synchronization does not check the dates of the server's certificate: the answer
        is signed and bound, and settles the time. A request that shows a code does check them, and names the clock as
        the cause where they fail.
        """
        fault = self._clock_fault()
        reply = self._transport.send(TransportRequest("POST", path, request, dated=fault is None or path != SYNC))
        local = isinstance(reply, Refused) and reply.code is RefusalCode.ENVIRONMENT_UNUSABLE
        self._holder.hindered = reply if isinstance(reply, Refused) and local else None
        if fault is not None and isinstance(reply, ServerUnreached) and reply.by_dates:
            detail = f"{fault.detail} The server's certificate is not valid at the time that it shows."
            return Refused(RefusalCode.CLOCK_IMPLAUSIBLE, detail)
        return reply

    def get_root(self, version: int) -> HttpExchange | Refused:
        """What comes back when a root document is asked for."""
        return self._transport.send(
            TransportRequest("GET", f"{self._roots}/{version}", dated=self._clock_fault() is None)
        )

    def note_way(self, kept: ClientState, reply: HttpExchange | Refused) -> ClientState:
        """`kept` with the path that the reply came by, of which the next request tells."""
        way = reply.path if isinstance(reply, HttpExchange) else None
        return kept if way is None else msgspec.structs.replace(kept, path=NetworkPath(way.kind.value, way.resolver))

    def _clock_fault(self) -> Refused | None:
        """What is wrong with this computer's clock, as far as that is known; None while it agrees with all."""
        return None if self._holder.reader.sandbox else self._holder.now().estimate.refusal
