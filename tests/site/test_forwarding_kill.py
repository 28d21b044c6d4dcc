"""`kill -9` while events are forwarded: each arrives, in order, and what arrives twice is known by its id."""

import asyncio
import sys
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tenure.site.store import events
from tenure.site.store.events import EventFilter
from tests.server.mailbox import mailbox
from tests.server.receiver import receiver
from tests.site.receiver import ANA, ForwardingEnv, by_mail, by_webhook
from tests.site.site_env import SiteEnv

HERE = Path(__file__).parents[2]
EVENTS = 120
"""Enough for several kills, however many arrive between two looks."""
ALL = EventFilter(severities=("info", "warning", "critical"), kinds=("device_limit_reached",))


async def started(folder: Path) -> asyncio.subprocess.Process:
    command = (sys.executable, "-m", "tests.site.kill_forwarding", str(folder), str(EVENTS))
    return await asyncio.create_subprocess_exec(*command, cwd=HERE, env={"PYTHONPATH": "src:."})


async def killed_again_and_again(folder: Path, came: Any, over: Any) -> int:
    """Kills the program at random moments until `over` says so; how often."""
    dice, kills = Random(7), 0  # noqa: S311 - a seed that can be played again
    while not over():
        program, enough = await started(folder), came() + dice.randint(3, 15)
        async with asyncio.timeout(30):
            while came() < enough and not over():
                await asyncio.sleep(dice.random() * 0.01)
                assert program.returncode is None, "it did not even start"
        program.kill()
        await program.wait()
        kills += 1
    return kills


@pytest.mark.parametrize("way", ["webhook", "mail"])
async def test_each_event_arrives_in_order_however_often_the_program_dies(
    here: SiteEnv, tmp_path: Path, way: str
) -> None:
    here.folder = tmp_path  # on a real disk
    house = here.site()
    room = ForwardingEnv(house)
    async with receiver() as there, mailbox() as box:
        there.wait = box.wait = 0.002
        made = await room.add(**(by_webhook(there) if way == "webhook" else by_mail(box, ANA)), severity="warning")
        assert made["forwarding"]["state"] == "new"
        house.site.store.close()

        def numbers() -> list[int]:
            if way == "webhook":
                pairs = [(each.headers["webhook-id"], [each.event["data"]["text"]]) for each in there.messages]
            else:
                pairs = [(mail["Message-ID"], _events_of(mail)) for mail in box.mails]
            once = dict(pairs)  # who gets a message twice forgets one of both
            return [int(text.split()[1]) for told in once.values() for text in told]

        def came() -> int:
            return len(there.messages) + sum(len(_events_of(mail)) for mail in box.mails)

        kills = await killed_again_and_again(
            house.folder, came, lambda: len(numbers()) >= 1 and numbers()[-1] >= EVENTS
        )
        house.open()
        found = house.site.store.read(lambda conn: events.events_after(conn, ALL, 0, 0, 1_000))
        assert kills >= 3
        assert numbers() == [int(each.text.split()[1]) for each in found]


def _events_of(mail: Any) -> list[str]:
    text = mail.get_body(("plain",)).get_content()
    return [line for line in text.splitlines() if line.startswith("event ")]
