"""Logs as one line of JSON for each event, safe to read on a terminal; secrets are masked by their type, not by care.

An event is a frozen Struct handed to a standard logger: `log.info(ServedRequest(...))`. Text messages work as well.
"""

import json
import logging
import re
from datetime import UTC, datetime
from typing import Any

import msgspec

from tenure.http.requestid import current_request_id

_CONTROL = re.compile("[\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""What JSON leaves as it is and a terminal or a log viewer might obey: DEL, C1, line separators, bidi marks."""


class ServedRequest(msgspec.Struct, frozen=True, kw_only=True, tag="served", tag_field="event", omit_defaults=True):
    """One request and what became of it. Paths are templates and query strings are left out: they may hold names."""

    method: str
    route: str
    status: int
    milliseconds: float
    address: str = ""
    token_id: str = ""
    trace_id: str = ""


class JsonLines(logging.Formatter):
    """Formats any record as one line of JSON: instant, level, logger, request id, then the event's own fields."""

    def format(self, record: logging.LogRecord) -> str:
        """One record as one line."""
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        if request_id := current_request_id():
            line["request_id"] = request_id
        if isinstance(record.msg, msgspec.Struct):
            line |= msgspec.to_builtins(record.msg, enc_hook=str)
        else:
            line |= {"event": "message", "message": record.getMessage()}
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return encode_line(line)


def encode_line(line: dict[str, Any]) -> str:
    """`line` as JSON in one line that holds no control character, whatever its strings hold."""
    try:
        text = msgspec.json.encode(line, enc_hook=str).decode()
    except UnicodeEncodeError:
        # Half a surrogate pair, as some file names and headers hold: only the slower encoder can write it.
        return json.dumps(line, default=str)
    if text.isascii() and "\x7f" not in text:
        return text
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def log_handler(stream: Any = None) -> logging.Handler:
    """A log handler that writes `JsonLines` to `stream` (standard error when None), for a program's main."""
    lines = logging.StreamHandler(stream)
    lines.setFormatter(JsonLines())
    return lines
