"""One HTTP request and its answer over a stream that is already trusted: bounded in bytes and time, never decoded.

Used for the activation server and for DNS over HTTPS; what the answer means is the caller's.
"""

import httpcore2
import msgspec

from tenure.sdk.names.bounds import Deadline
from tenure.sdk.names.dial import Bounded, TooMuch, fault_of
from tenure.sdk.names.path import Fault, Outcome

Headers = tuple[tuple[str, str], ...]

HEAD = 128 * 1024
"""Bytes allowed besides the body: status lines, headers, framing, TLS is not counted."""


class Asked(msgspec.Struct, frozen=True):
    """A request as it goes over the wire."""

    method: str
    url: httpcore2.URL
    headers: Headers
    body: bytes = b""


class Answer(msgspec.Struct, frozen=True):
    """A whole answer: status, headers with lower-case names, the body's bytes as sent."""

    status: int
    headers: Headers
    body: bytes


class Line:
    """HTTP over one stream, in the version agreed in its handshake; every wait ends at one deadline."""

    def __init__(self, stream: httpcore2.NetworkStream, url: httpcore2.URL, deadline: Deadline, most: int) -> None:
        self._stream = Bounded(stream, deadline, most + HEAD)
        self._most = most
        tls = stream.get_extra_info("ssl_object")
        http2 = tls is not None and tls.selected_alpn_protocol() == "h2"
        kind = httpcore2.HTTP2Connection if http2 else httpcore2.HTTP11Connection
        self._connection: httpcore2.HTTP2Connection | httpcore2.HTTP11Connection = kind(url.origin, self._stream)

    @property
    def usable(self) -> bool:
        """Whether another question can be put on this line."""
        return not self._connection.is_closed() and not self._stream.ended

    def ask(self, asked: Asked) -> Answer | Fault:
        """Sends `asked` and reads its answer; never raises.

        A redirect, an encoded body, one too large or cut off is a fault: none of them is worth reading.
        """
        headers = [*asked.headers, ("Accept-Encoding", "identity"), ("Content-Length", str(len(asked.body)))]
        try:
            with self._connection.stream(asked.method, asked.url, headers=headers, content=asked.body) as response:
                got = tuple((key.decode("latin-1").lower(), value.decode("latin-1")) for key, value in response.headers)
                return _unfit(response.status, got) or Answer(response.status, got, _body(response, self._most))
        except Exception as error:
            fault = fault_of(error)
            cut = self._stream.ended and fault.outcome is Outcome.NOT_HTTP
            return Fault(Outcome.CUT_OFF) if cut else fault

    def close(self) -> None:
        """Ends the line without a word: there is nothing to keep it for."""
        self._stream.close()


def _unfit(status: int, headers: Headers) -> Fault | None:
    """Why an answer is not read, seen from its head alone."""
    fields = dict(reversed(headers))
    if 300 <= status < 400:
        return Fault(Outcome.REDIRECT, f"{status} to {fields.get('location', 'nowhere')}"[:200])
    encoding = fields.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", ""):
        return Fault(Outcome.ENCODED, encoding[:40])
    return None


def _body(response: httpcore2.Response, most: int) -> bytes:
    """The body's bytes, or TooMuch as soon as there are more than `most`."""
    body = bytearray()
    for chunk in response.iter_stream():
        body += chunk
        if len(body) > most:
            raise TooMuch(f"the answer's body is longer than {most} bytes")
    return bytes(body)
