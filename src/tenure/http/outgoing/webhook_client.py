"""One request to a webhook: one connection to a judged address, no redirects, ten seconds, 64 KiB of answer, a result.

Never raises for what the other side does; when to try again is decided by the caller.
"""

import asyncio
import ssl
from collections.abc import Sequence

import httpcore2
import msgspec

from tenure.http.outgoing.delivery_errors import AddressRefused, DeliveryErrorCause, cause_of, cause_of_status
from tenure.http.outgoing.ssrf import AllowedNetworks, CheckedBackend

SECONDS = 10.0
MOST = 64 * 1024
EXCERPT = 300


class WebhookReply(msgspec.Struct, frozen=True):
    """What came back: a status, or the fault that prevented one."""

    status: int | None = None
    excerpt: str = ""
    """The beginning of the answer, one line."""
    fault: str = ""
    retry_after: int = 0
    cause: DeliveryErrorCause = DeliveryErrorCause.NONE

    @property
    def was_accepted(self) -> bool:
        """Whether the message was accepted."""
        return self.status is not None and 200 <= self.status < 300


async def post_webhook(
    url: str,
    headers: Sequence[tuple[str, str]],
    body: bytes,
    bounds: AllowedNetworks,
    trust: ssl.SSLContext,
    most: float = SECONDS,
) -> WebhookReply:
    """POST `body` as JSON; `most` is in seconds from call to last byte."""
    try:
        async with asyncio.timeout(most):
            return await _post_once(url, headers, body, bounds, trust)
    except TimeoutError:
        return WebhookReply(fault=f"no answer within {most:g} seconds", cause=DeliveryErrorCause.TOO_SLOW)
    except AddressRefused as fault:
        return WebhookReply(fault=f"not sent: {fault}", cause=DeliveryErrorCause.ADDRESS_FORBIDDEN)
    except httpcore2.ProtocolError as fault:
        return WebhookReply(fault=_fault_detail(fault), cause=DeliveryErrorCause.NOT_UNDERSTOOD)
    except (httpcore2.TimeoutException, httpcore2.NetworkError) as fault:
        return WebhookReply(fault=_fault_detail(fault), cause=cause_of(fault))
    except (httpcore2.UnsupportedProtocol, ssl.SSLError, OSError, ValueError) as fault:
        return WebhookReply(fault=_fault_detail(fault), cause=cause_of(fault))


async def _post_once(
    url: str, headers: Sequence[tuple[str, str]], body: bytes, bounds: AllowedNetworks, trust: ssl.SSLContext
) -> WebhookReply:
    unsound = bounds.check_url(url)
    if unsound is not None:
        return WebhookReply(fault=f"not sent: {unsound.detail}", cause=DeliveryErrorCause.ADDRESS_FORBIDDEN)
    sent = [("Content-Type", "application/json"), ("User-Agent", "Tenure"), ("Connection", "close"), *headers]
    pool = httpcore2.AsyncConnectionPool(ssl_context=trust, network_backend=CheckedBackend(bounds), max_connections=1)
    async with pool, pool.stream("POST", url, headers=sent, content=body) as answer:
        read = b""
        async for part in answer.aiter_stream():
            read += part
            if len(read) >= MOST:
                break  # what comes after is not read: the connection is closed
        status, later = answer.status, _retry_after_seconds(answer.headers)
        return WebhookReply(status, one_line_excerpt(read), _is_unwanted(status), later, cause_of_status(status))


def one_line_excerpt(answer: bytes, most: int = EXCERPT) -> str:
    """The beginning of what a stranger said, as one line that can forge no other."""
    text = answer[: 4 * most].decode("utf-8", errors="replace")
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())[:most]


def _is_unwanted(status: int) -> str:
    if 200 <= status < 300:
        return ""
    return "redirects are not followed" if 300 <= status < 400 else f"answered with status {status}"


def _retry_after_seconds(headers: Sequence[tuple[bytes, bytes]]) -> int:
    given = next((value for name, value in headers if name.lower() == b"retry-after"), b"")
    return int(given) if given.isdigit() and len(given) < 7 else 0


def _fault_detail(fault: Exception) -> str:
    return one_line_excerpt(str(fault).encode()) or type(fault).__name__
