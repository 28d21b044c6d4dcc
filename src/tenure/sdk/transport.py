"""The Transport port: one request to the activation server, its answer or a refusal as a value; never an exception.

Moves bytes only. Whether an answer may change anything is decided by its signature [spec: signed-responses], when to
try again by the schedule. `http_transport` is the real one; nothing of HTTP, TLS or DNS is loaded by this module.
"""

from typing import Literal, Protocol

import msgspec

from tenure.core.refusals import Refused
from tenure.sdk.network.path import Headers, HttpExchange


class TransportRequest(msgspec.Struct, frozen=True):
    """What is sent: `POST /v1/sync` with a signed message, or a `GET`."""

    method: Literal["GET", "POST"]
    path: str
    """From the slash on, below the server's prefix; ASCII, already escaped."""
    body: bytes = b""
    content_type: str = "application/jose"
    """Sent with a POST only."""
    headers: Headers = ()
    """Others, such as a request id. Host, lengths and encodings are the transport's."""
    dated: bool = True
    """Whether the dates of the server's certificate count. They are left out only while this computer's clock is in
    doubt, for what carries no code and is answered under a signature [spec: certificate-dates]."""


class Transport(Protocol):
    """How the SDK, a site and their tests reach the activation server."""

    def send(self, request: TransportRequest) -> HttpExchange | Refused:
        """The answer, whatever its status, or a refusal, never conclusive. Blocks; never raises.

        `unreachable`, or `environment_unusable` where this computer's own settings prevent it.
        """
