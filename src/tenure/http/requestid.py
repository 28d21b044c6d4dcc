"""One id for each request: in every answer, problem and log line, so that caller and operator mean the same."""

import os
import re
from contextvars import ContextVar, Token

_current: ContextVar[str] = ContextVar("tenure_request_id", default="")

_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")


BYTES, DRAWN = 12, 64
_drawn: list[str] = []
os.register_at_fork(after_in_child=_drawn.clear)


def random_request_id() -> str:
    """A fresh id; ids from callers are never taken over, since they end in logs.

    Drawn for many at a time: each look at the system's randomness lets another thread have the interpreter.
    """
    try:
        return _drawn.pop()
    except IndexError:
        text = os.urandom(BYTES * DRAWN).hex()
        fresh = [f"req_{text[at : at + 2 * BYTES]}" for at in range(0, len(text), 2 * BYTES)]
        _drawn.extend(fresh[1:])
        return fresh[0]


def current_request_id() -> str:
    """The id of the request being answered; empty outside one."""
    return _current.get()


def enter_request(request_id: str) -> Token[str]:
    """Name the request that the running task answers; hand the token to `leave_request` afterwards."""
    return _current.set(request_id)


def leave_request(token: Token[str]) -> None:
    """Forget the request again: callers in the same process share the task and its context."""
    _current.reset(token)


def trace_id(traceparent: str) -> str:
    """The trace id of a W3C `traceparent` header, or empty when it is none.

    Versions later than 00 may carry more fields after the four known ones; they are read by these four.
    """
    found = _TRACEPARENT.match(traceparent)
    if found is None:
        return ""
    version, trace, parent = found.groups()
    rest = traceparent[found.end() :]
    if version == "ff" or (rest and (version == "00" or not rest.startswith("-"))):
        return ""
    return "" if set(trace) == {"0"} or set(parent) == {"0"} else trace
