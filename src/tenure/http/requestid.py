"""One id for each request: in every answer, problem and log line, so that caller and operator mean the same."""

import re
import secrets
from contextvars import ContextVar, Token

_current: ContextVar[str] = ContextVar("tenure_request_id", default="")

_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")


def random_request_id() -> str:
    """A fresh id; ids from callers are never taken over, since they end in logs."""
    return f"req_{secrets.token_hex(12)}"


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
