"""What comes back instead of a site's answer counts for nothing, whatever its bytes are, and never ends the agent."""

import secrets

import pytest

from tenure.agent.device_state import DeviceState
from tenure.agent.requests import DeviceIdentity
from tenure.agent.seat_question import SeatQuestion
from tenure.core.lease.acceptance import ResponseKind
from tenure.sdk.engine.replies import Inconclusive
from tenure.sdk.network.path import HttpExchange
from tests.sdk.test_engine import root_and_clocks
from tests.site.site_env import BY_SYSTEM

FAR = f"1 Jan {'9' * 20} 00:00:00 +0000"


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b'{"title":"\xff"}', b'{"detail":"\xff\xfe"}', b"[" * 100_000, b'{"title":7}', b"a.b.c", b"\xff"],
)
def test_an_answer_of_strange_bytes_is_told_and_changes_nothing(body: bytes) -> None:
    question = SeatQuestion(DeviceIdentity(product="editor", version="12.0"), secrets.token_bytes)
    reply = HttpExchange(500, (("retry-after", FAR), ("date", FAR)), body, BY_SYSTEM, 0.0)
    heard = question.prove(reply, b"request", DeviceState(), root_and_clocks()[0])
    assert isinstance(heard, Inconclusive)
    assert (heard.heard, heard.code, heard.retry_after) == (ResponseKind.UNSIGNED, "site_unreachable", None)
