"""One request to a webhook: one connection to a judged address, no redirects, ten seconds, 64 KiB of answer, a result.

A name is resolved once, and the address that was judged is the one connected to, so that no second answer counts. Never
raises for what the other side does; when to try again is decided by the caller.
"""

import asyncio
import ssl
from collections.abc import Iterable, Sequence
from contextlib import suppress
from ipaddress import ip_address

import httpcore2

from tenure.core.whole_numbers import read_whole_number
from tenure.http.outgoing.delivery_errors import AddressRefused, DeliveryErrorCause, cause_of, cause_of_status
from tenure.http.outgoing.send_outcome import SendOutcome, one_line_excerpt
from tenure.http.outgoing.ssrf import AllowedNetworks

SECONDS = 10.0
ADDRESSES = 3
"""So many of the addresses behind a name are tried."""
CONNECT_SECONDS = 3.0
"""Seconds for each but the last of them."""
MOST = 64 * 1024


class CheckedBackend(httpcore2.AsyncNetworkBackend):
    """Connects to an address that was judged; TLS still asks for the name."""

    def __init__(self, bounds: AllowedNetworks) -> None:
        self._bounds = bounds
        self._tcp = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the port's own signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """A stream to the first allowed address behind `host` that takes it; raises `AddressRefused` when there is
        none."""
        *others, last = await self._find_allowed(host, port)
        for address in others:
            with suppress(httpcore2.ConnectError, httpcore2.ConnectTimeout):
                return await self._tcp.connect_tcp(address, port, CONNECT_SECONDS, local_address, socket_options)
        return await self._tcp.connect_tcp(last, port, timeout, local_address, socket_options)

    async def _find_allowed(self, host: str, port: int) -> list[str]:
        """The first addresses behind `host` that may be spoken to, at least one."""
        try:
            found = await self._bounds.look_up(host, port)
        except OSError as fault:
            raise httpcore2.ConnectError("the name cannot be resolved") from fault
        allowed = [each for each in found if self._bounds.allows_address(ip_address(each))]
        if not allowed:
            raise AddressRefused("every address behind this name is private or reserved")
        return allowed[:ADDRESSES]


async def post_webhook(
    url: str,
    headers: Sequence[tuple[str, str]],
    body: bytes,
    bounds: AllowedNetworks,
    trust: ssl.SSLContext,
    most: float = SECONDS,
) -> SendOutcome:
    """POST `body` as JSON; `most` is in seconds from call to last byte."""
    try:
        async with asyncio.timeout(most):
            return await _post_once(url, headers, body, bounds, trust)
    except TimeoutError:
        return SendOutcome(fault=f"no answer within {most:g} seconds", cause=DeliveryErrorCause.TOO_SLOW)
    except AddressRefused as fault:
        return SendOutcome(fault=f"not sent: {fault}", cause=DeliveryErrorCause.ADDRESS_FORBIDDEN)
    except httpcore2.ProtocolError as fault:
        return SendOutcome(fault=_fault_detail(fault), cause=DeliveryErrorCause.NOT_UNDERSTOOD)
    except (
        httpcore2.TimeoutException, httpcore2.NetworkError, httpcore2.UnsupportedProtocol, ssl.SSLError, OSError,
        ValueError,
    ) as fault:  # fmt: skip
        return _fault_reply(fault)


async def _post_once(
    url: str, headers: Sequence[tuple[str, str]], body: bytes, bounds: AllowedNetworks, trust: ssl.SSLContext
) -> SendOutcome:
    unsound = bounds.check_url(url)
    if unsound is not None:
        return SendOutcome(fault=f"not sent: {unsound.detail}", cause=DeliveryErrorCause.ADDRESS_FORBIDDEN)
    sent = [("Content-Type", "application/json"), ("User-Agent", "Tenure"), ("Connection", "close"), *headers]
    pool = httpcore2.AsyncConnectionPool(ssl_context=trust, network_backend=CheckedBackend(bounds), max_connections=1)
    async with pool, pool.stream("POST", url, headers=sent, content=body) as answer:
        read = b""
        async for part in answer.aiter_stream():
            read += part
            if len(read) >= MOST:
                break  # what comes after is not read: the connection is closed
        status, later = answer.status, _retry_after_seconds(answer.headers)
        return SendOutcome(
            status=status,
            answer=one_line_excerpt(read),
            fault=_is_unwanted(status),
            retry_after=later,
            cause=cause_of_status(status),
        )


def _fault_reply(fault: Exception) -> SendOutcome:
    cause, detail = cause_of(fault), _fault_detail(fault)
    told = {
        DeliveryErrorCause.OWN_COMPUTER: f"not sent, because of the computer that sends: {detail}",
        DeliveryErrorCause.NAME_UNANSWERED: "not sent: no name server answered",
    }
    return SendOutcome(fault=told.get(cause, detail), cause=cause)


def _is_unwanted(status: int) -> str:
    if 200 <= status < 300:
        return ""
    return "redirects are not followed" if 300 <= status < 400 else f"answered with status {status}"


def _retry_after_seconds(headers: Sequence[tuple[bytes, bytes]]) -> int:
    given = next((value for name, value in headers if name.lower() == b"retry-after"), b"")
    return read_whole_number(given, 6) or 0


def _fault_detail(fault: Exception) -> str:
    return one_line_excerpt(str(fault).encode()) or type(fault).__name__
