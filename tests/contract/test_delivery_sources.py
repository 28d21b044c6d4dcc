"""Webhooks of the activation server and of a site keep the same promises to their receivers [spec: messages]."""

import base64
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import pytest
from standardwebhooks import Webhook as Verifier

from tenure.core.timeline import DAY, HOUR
from tenure.http.outgoing.retry_schedule import GIVE_UP_AFTER
from tests.server import test_webhooks as server
from tests.server.receiver import Message, Receiver, answer, receiver
from tests.server.server_env import ServerEnv, office
from tests.site.receiver import ForwardingEnv, by_webhook
from tests.site.site_env import SiteEnv, site_env

REFUSED = answer("503 Busy")


class Source(Protocol):
    """One receiver, told by one of the programs."""

    async def happen(self) -> None:
        """Something to be told."""

    async def look(self) -> None:
        """The worker does all that is due."""

    def wait(self, seconds: int) -> None:
        """Time passes."""

    async def rotate(self, hours: int) -> str:
        """The new secret."""

    async def test(self) -> None:
        """A test message is sent."""

    async def why_given_up(self) -> str:
        """In words; empty while it is told things."""

    async def tries(self) -> int:
        """How many are in the log."""


class ServerSource:
    """A provider's webhook."""

    def __init__(self, env: ServerEnv, hook: Any) -> None:
        self.env, self.hook = env, hook
        self.secret: str = hook["secret"]

    async def happen(self) -> None:
        await self.env.order()

    async def look(self) -> None:
        await server.told(self.env)

    def wait(self, seconds: int) -> None:
        self.env.clock.now += seconds

    async def rotate(self, hours: int) -> str:
        made = await self.env.staff.post(f"/v1/webhooks/{self.hook['id']}/rotate-secret", {"overlap_hours": hours})
        secret: str = made["secret"]
        return secret

    async def test(self) -> None:
        sent = await self.env.staff.send("POST", f"/v1/webhooks/{self.hook['id']}/test")
        assert sent.status_code == 201, sent.text
        await self.look()

    async def why_given_up(self) -> str:
        reason: str = (await server.state(self.env, self.hook))["reason"]
        return reason

    async def tries(self) -> int:
        return sum(each["tries"] for each in await server.deliveries(self.env, self.hook))


class SiteSource:
    """A site's forwarding by webhook."""

    def __init__(self, room: ForwardingEnv, made: Any) -> None:
        self.room, self.made = room, made
        self.secret: str = made["secret"]

    async def happen(self) -> None:
        self.room.happen("something")

    async def look(self) -> None:
        await self.room.go(3)

    def wait(self, seconds: int) -> None:
        self.room.house.site_env.wait(seconds)

    async def rotate(self, hours: int) -> str:
        path = f"/v1/forwardings/{self.made['id']}/rotate-secret"
        secret: str = (await self.room.aside(self.room.root.post, path, {"overlap_hours": hours}))["secret"]
        return secret

    async def test(self) -> None:
        await self.room.test(self.made["id"])

    async def why_given_up(self) -> str:
        told = (await self.room.aside(self.room.root.get, "/v1/events"))["items"]
        return next((each["text"] for each in told if each["kind"] == "forwarding_stopped"), "")

    async def tries(self) -> int:
        return len(await self.room.log(self.made["id"]))


@pytest.fixture(scope="module")
def place() -> Iterator[SiteEnv]:
    with tempfile.TemporaryDirectory() as folder, site_env(Path(folder)) as made:
        yield made


@asynccontextmanager
async def told_by_server(folder: Path, there: Receiver) -> AsyncIterator[ServerSource]:
    async with office(folder, reach=server.HERE) as env:
        yield ServerSource(env, await env.staff.post("/v1/webhooks", {"url": there.url}))


@asynccontextmanager
async def told_by_site(room: ForwardingEnv, there: Receiver) -> AsyncIterator[SiteSource]:
    yield SiteSource(room, await room.add(**by_webhook(there)))


@pytest.fixture(params=["server", "site"])
async def told(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[Any, Receiver]]:
    """A source and its receiver."""
    async with receiver() as there:
        if request.param == "server":
            async with told_by_server(tmp_path, there) as source:
                yield source, there
            return
        room = request.getfixturevalue("room")
        async with told_by_site(room, there) as source:
            yield source, there


@pytest.fixture
def room(place: SiteEnv, tmp_path: Path) -> Iterator[ForwardingEnv]:
    place.folder = tmp_path
    house = place.site()
    house.activate(place.order()[1])
    yield ForwardingEnv(house)
    place.close_sites()


def signatures(message: Message) -> list[str]:
    return message.headers["webhook-signature"].split()


def is_proven(message: Message, secret: str) -> bool:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    at = datetime.fromtimestamp(int(message.headers["webhook-timestamp"]), UTC)
    return Verifier(key).sign(message.headers["webhook-id"], at, message.body.decode()) in signatures(message)


async def test_what_happens_is_told_once_and_proven(told: tuple[Any, Receiver]) -> None:
    source, there = told
    await source.happen()
    await source.look()
    source.wait(DAY)
    await source.look()
    (one,) = there.messages
    assert is_proven(one, source.secret)
    assert set(one.event) >= {"type", "timestamp", "data"}
    assert await source.tries() == 1


async def test_what_fails_is_sent_again_as_it_was_and_what_follows_is_told_too(told: tuple[Any, Receiver]) -> None:
    source, there = told
    there.answers = [REFUSED]
    await source.happen()
    await source.look()
    for _ in range(2):
        source.wait(HOUR)
        await source.look()
    first, again = there.messages
    assert (first.headers["webhook-id"], first.body) == (again.headers["webhook-id"], again.body)
    await source.happen()
    await source.look()
    assert there.messages[-1].headers["webhook-id"] != first.headers["webhook-id"]
    assert len(there.messages) == 3
    assert await source.why_given_up() == ""


async def test_one_that_says_that_it_is_gone_is_told_nothing_more_and_the_reason_is(told: tuple[Any, Receiver]) -> None:
    source, there = told
    there.answers = [answer("410 Gone")]
    await source.happen()
    await source.look()
    assert "It answered 410: it is gone for good." in await source.why_given_up()
    await source.happen()
    source.wait(DAY)
    await source.look()
    assert len(there.messages) == 1


async def test_one_that_takes_nothing_for_three_days_is_given_up_and_the_reason_is_told(
    told: tuple[Any, Receiver],
) -> None:
    source, there = told
    there.answers = [REFUSED] * 60
    await source.happen()
    await source.look()
    for _ in range(GIVE_UP_AFTER // HOUR // 3 - 1):
        source.wait(3 * HOUR)
        await source.look()
    assert await source.why_given_up() == "", "three days are not over"
    for _ in range(12):
        source.wait(4 * HOUR)
        await source.look()
    why = await source.why_given_up()
    assert "It took nothing since " in why
    assert "answered with status 503." in why


async def test_a_new_secret_signs_next_to_the_old_one_for_as_long_as_is_said(told: tuple[Any, Receiver]) -> None:
    source, there = told
    fresh = await source.rotate(2)
    await source.happen()
    await source.look()
    assert is_proven(there.messages[-1], source.secret)
    assert is_proven(there.messages[-1], fresh)
    source.wait(2 * HOUR)
    await source.happen()
    await source.look()
    assert not is_proven(there.messages[-1], source.secret)
    assert is_proven(there.messages[-1], fresh)


async def test_a_test_is_sent_once_and_says_nothing_against_its_receiver(told: tuple[Any, Receiver]) -> None:
    source, there = told
    there.answers = [REFUSED]
    await source.test()
    source.wait(GIVE_UP_AFTER + DAY)
    await source.look()
    assert (len(there.messages), await source.tries()) == (1, 1)
    assert await source.why_given_up() == ""
    await source.happen()
    await source.look()
    assert len(there.messages) == 2, "what happens is told as before"
