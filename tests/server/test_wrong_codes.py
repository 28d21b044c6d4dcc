"""Whoever tries codes is slowed down, however many networks he holds; whoever has a real one never notices."""

import os
from pathlib import Path

import msgspec
import pytest

from tenure.core.activation_codes import from_random
from tenure.server import activation
from tests.server.server_env import office
from tests.server.test_sites import granted, refused


async def test_hundreds_of_wrong_codes_from_one_48_shut_nobody_out(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        _, code = await env.order()
        answered = 0
        for number in range(250):
            far = env.seen_from(f"2001:db8:7:{number:x}07::1")
            answered += refused(await far.site().activate(from_random(os.urandom(19)).reveal())) == "code_unknown"
        assert answered == 160, "what one hand may try in an hour"
        granted(await env.seen_from("2001:db8:7:707::1").site().activate(code))
        for elsewhere in ("2001:db8:8::1", "192.0.2.9"):
            told = await env.seen_from(elsewhere).site().activate(from_random(os.urandom(19)).reveal())
            assert refused(told) == "code_unknown", "strangers elsewhere are told the truth"


async def test_a_56_holds_no_more_tries_than_one_customer_needs(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        answered = 0
        for number in range(60):
            far = env.seen_from(f"2001:db8:7:{number:x}::1")
            answered += refused(await far.site().activate(from_random(os.urandom(19)).reveal())) == "code_unknown"
        assert answered == 40


async def test_a_right_code_has_a_pace_of_its_own_and_others_have_theirs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One customer uses up his own pace; another customer behind the same address is served."""
    assert activation.RIGHT.count >= 600, "a rack of containers may start at once"
    monkeypatch.setattr(activation, "RIGHT", msgspec.structs.replace(activation.RIGHT, count=6))
    async with office(tmp_path) as env:
        (_, mine), (_, others) = await env.order(), await env.order()
        site = env.site()
        told = [await site.activate(mine, preview=True) for _ in range(8)]
        assert told[6:] == ["too_many_requests", "too_many_requests"]
        granted(await env.site().activate(others))
        granted(await env.seen_from("192.0.2.9").site().activate(mine))
