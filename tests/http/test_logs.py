"""Log lines: one line of JSON for each event, whatever strange text is in it; secrets never."""

import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.http.logs import JsonLines, ServedRequest, encode_line
from tenure.http.requestid import enter_request, leave_request


def record(message: object, *values: object) -> logging.LogRecord:
    made = logging.LogRecord("tenure.test", logging.WARNING, __file__, 1, message, values, None)
    made.created = 1_790_000_000.25
    return made


def test_an_event_is_one_line_with_its_own_fields() -> None:
    token = enter_request("req_1")
    line = json.loads(
        JsonLines().format(record(ServedRequest(method="GET", route="/v1/x", status=200, milliseconds=1.5)))
    )
    leave_request(token)
    assert line == {
        "at": "2026-09-21T14:13:20.250+00:00", "level": "warning", "logger": "tenure.test", "request_id": "req_1",
        "event": "served", "method": "GET", "route": "/v1/x", "status": 200, "milliseconds": 1.5,
    }  # fmt: skip


def test_a_message_is_an_event_too() -> None:
    line = json.loads(JsonLines().format(record("%d things", 3)))
    assert (line["event"], line["message"]) == ("message", "3 things")
    assert "request_id" not in line


def test_an_exception_is_on_the_same_line() -> None:
    try:
        raise ValueError("first\nsecond")
    except ValueError as error:
        made = record("broken")
        made.exc_info = (ValueError, error, error.__traceback__)
    text = JsonLines().format(made)
    assert "\n" not in text
    assert "first\nsecond" in json.loads(text)["trace"]


@given(st.text(st.characters(), max_size=60))
def test_no_text_can_forge_a_line_or_drive_a_terminal(text: str) -> None:
    line = encode_line({"message": text})
    assert line.isprintable() or not any(ord(one) < 0x20 or 0x7F <= ord(one) < 0xA0 for one in line)
    assert len(line.splitlines()) == 1
    assert json.loads(line)["message"] == text


@pytest.mark.parametrize("bad", ["\x1b[2J", "a\r\nb", "\x85", "\u2028", "\u202e", "\x9b31m", "\ud800"])
def test_the_worst_known_texts_are_spelled_out(bad: str) -> None:
    line = encode_line({"message": bad})
    assert bad not in line
    assert json.loads(line)["message"] == bad
