"""What a reply amounts to: proven and bound to its question, or inconclusive and why. Pure.

What a question says, and how its answer is read, is the payload's; what a proven answer changes is `answers`'.
"""

from collections.abc import Callable
from typing import TypeVar

import msgspec

from tenure.core.lease.acceptance import ResponseKind
from tenure.core.lease.clock import ClockReading
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.whole_numbers import read_whole_number
from tenure.sdk.network.path import HttpExchange
from tenure.wire import field_types
from tenure.wire.b64 import encode_text

A = TypeVar("A")
"""A proven answer."""
Draw = Callable[[int], bytes]
"""So many random bytes from the system's source."""


class Inconclusive(Refused, frozen=True):
    """A reply that changes nothing, or none: the request stands and is repeated."""

    heard: ResponseKind = ResponseKind.SILENCE
    retry_after: int | None = None
    """Seconds the reply asked for."""
    unknown: bool = False
    """It says that it does not know this installation: unsigned, so that it takes nothing away."""
    declined: bool = False
    """The server itself said no, unsigned (4xx), so that this very request is not being worked on."""


class RequestHead(msgspec.Struct, frozen=True):
    """What every request begins with: drawn for this one, and the clocks as they show."""

    nonce: str
    request: str
    wall: int
    uptime: int


def request_head(draw: Draw, reading: ClockReading) -> RequestHead:
    """The head of a new request; the clocks within what the fields can carry, however wrong they are."""
    return RequestHead(
        nonce=encode_text(draw(32)),
        request=f"req_{draw(16).hex()}",
        wall=min(max(reading.wall, 0), field_types.YEAR_9999),
        uptime=min(max(reading.uptime, 0), 100 * field_types.YEAR),
    )


def prove_answer(
    reply: HttpExchange | Refused,
    read: Callable[[bytes], A | Refused],
    foreign: frozenset[RefusalCode],
    unsigned: Callable[[HttpExchange], Inconclusive],
) -> A | Inconclusive:
    """The answer that `reply` proves to be by `read`, or why it counts for nothing.

    `foreign`: the refusals of `read` that tell of a key that is not trusted. `unsigned`: how any other reply is told.
    """
    if isinstance(reply, Refused):
        return Inconclusive(reply.code, reply.detail, reply.field, reply.when)
    answer = read(reply.body)
    if not isinstance(answer, Refused):
        return answer
    if answer.code in foreign:
        return make_inconclusive(reply, answer, ResponseKind.FOREIGN)
    if answer.code is RefusalCode.NOT_THE_ANSWER:
        return make_inconclusive(reply, answer, ResponseKind.UNBOUND)
    return unsigned(reply)


_WAIT = frozenset({408, 409, 425, 429})


def make_inconclusive(reply: HttpExchange, refused: Refused, heard: ResponseKind) -> Inconclusive:
    """`refused` as what an HTTP reply amounts to."""
    return Inconclusive(
        refused.code,
        refused.detail,
        refused.field,
        heard=heard,
        retry_after=retry_after(reply),
        declined=400 <= reply.status < 500 and reply.status not in _WAIT,
    )


def retry_after(reply: HttpExchange) -> int | None:
    """Seconds that the reply's Retry-After asks for (RFC 9110), as a number or as a date against the reply's own
    Date, so that our clock plays no part; None when it has none that can be read. Bounds are the schedule's."""
    text = (reply.first_header("retry-after") or "").strip()
    seconds = read_whole_number(text[:10], 10)  # more digits are as long a wait as these
    if seconds is not None and text.isascii() and text.isdigit():
        return seconds
    from email.utils import parsedate_to_datetime

    try:
        wait = parsedate_to_datetime(text) - parsedate_to_datetime(reply.first_header("date") or "")
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return max(0, int(wait.total_seconds()))
