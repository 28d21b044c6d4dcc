"""Hot operations: bytes in, bytes out, with the same conventions as every other operation and nothing between.

Mounted by `middleware` on exact paths, in front of all routing; no typed inputs, no caller that is looked up.
"""

from collections.abc import Awaitable, Callable

import msgspec

from tenure.core.refusals import RefusalCode, Refused
from tenure.http.asgi import RawHeaders, Receive, Scope, Send, address_of, encode_headers, send_bytes
from tenure.http.bodies import check_headers, read_body
from tenure.http.problems import Clock, log_internal, problem_response, refusal_of
from tenure.http.responses import ApiResponse

JOSE = "application/jose"

Deliver = Callable[[bytes | ApiResponse[bytes] | Refused | Exception], None]
"""Takes an outcome, once: what `Work` answers, or what it raises."""
Begin = Callable[[bytes, str, Deliver], bool]
"""`Work` without waiting: whether the request is taken, and then its outcome is delivered, at once or later; for one
that is not taken nothing was done."""

Work = Callable[[bytes, str], Awaitable[bytes | ApiResponse[bytes] | Refused]]
"""Body and caller's address to an answer: bytes mean 200 in the operation's media type; a `Refused` becomes a problem
(unsigned, so inconclusive to a client: what the client must believe is answered as signed bytes)."""


class RawOperation(msgspec.Struct, frozen=True, kw_only=True):
    """One hot operation; always POST, always public (what it reads proves itself)."""

    path: str
    work: Work
    begin: Begin | None = None
    """The short way to the same, for requests that arrive in one piece (`hot_protocol`)."""
    name: str
    summary: str
    description: str = ""
    media_type: str = JOSE
    cap: int = 16 * 1024
    """The most bytes of a request [spec: strict-parsing]."""
    refusals: tuple[RefusalCode, ...] = ()


async def serve_raw(
    one: RawOperation, clock: Clock, head: RawHeaders, scope: Scope, receive: Receive, send: Send
) -> int:
    """Answer one request for `one`; `head` are the headers that every answer carries. Returns the status sent."""
    try:
        result = await _answer_raw(one, scope, receive)
    except Exception as error:  # the outermost layer: whatever it is, the caller gets a problem
        result = refusal_of(error)
        if result.code is RefusalCode.INTERNAL:
            log_internal(error)
    if isinstance(result, bytes):
        await send_bytes(send, 200, [(b"content-type", one.media_type.encode()), *head], result)
        return 200
    if isinstance(result, Refused):
        allowed = (("Allow", "POST"),) if result.code is RefusalCode.METHOD_NOT_ALLOWED else ()
        return await send_answer(send, problem_response(result, clock(), headers=allowed), head)
    return await send_answer(send, result, head)


async def send_answer(send: Send, answer: ApiResponse[object], head: RawHeaders) -> int:
    """Send `answer` with the headers `head`; returns its status."""
    kind = [("content-type", answer.media_type)] if answer.body else []
    await send_bytes(send, answer.status, [*encode_headers([*kind, *answer.headers]), *head], answer.body)
    return answer.status


async def _answer_raw(one: RawOperation, scope: Scope, receive: Receive) -> bytes | ApiResponse[bytes] | Refused:
    if scope["method"] != "POST":
        return Refused(RefusalCode.METHOD_NOT_ALLOWED)
    refused = check_headers(scope["headers"], one.media_type.encode(), one.cap)
    if refused is not None:
        return refused
    body = await read_body(receive, one.cap)
    return body if isinstance(body, Refused) else await one.work(body, address_of(scope))
