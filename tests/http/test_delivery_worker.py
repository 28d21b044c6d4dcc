"""The engine of outgoing deliveries over a small source that works: order, turns, records, ends."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import DAY
from tenure.http.outgoing import delivery_worker
from tenure.http.outgoing.delivery_worker import DeliveryWorker, WorkerPace, write_persistently
from tenure.http.outgoing.retry_schedule import GIVE_UP_AFTER, TRIES_LEAST, next_attempt, why_given_up
from tenure.http.outgoing.send_outcome import SendOutcome
from tenure.http.outgoing.signing import SigningSecret, rotate_secrets, secrets_at

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass
class Shelf:
    """A source that keeps its messages in lists, one for each receiver."""

    waiting: dict[str, list[str]]
    batch: int = 2
    down: set[str] = field(default_factory=set)
    held: dict[str, asyncio.Event] = field(default_factory=dict)
    busy: int = 0
    """How often the store still refuses a record."""
    sent: list[str] = field(default_factory=list)
    released: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    draws: list[float] = field(default_factory=list)
    recorded: asyncio.Event = field(default_factory=asyncio.Event)

    async def collect_events(self) -> int:
        return 0

    async def find_due(self, more: int) -> list[str]:
        return [name for name, messages in self.waiting.items() if messages]

    async def claim_messages(self, receiver: str) -> list[str]:
        if receiver == "broken":
            raise RuntimeError("no such place")
        found, self.waiting[receiver] = self.waiting[receiver][: self.batch], self.waiting[receiver][self.batch :]
        return found

    async def send_message(self, message: str) -> SendOutcome:
        receiver = message.partition("-")[0]
        if receiver in self.held:
            await self.held[receiver].wait()
        return SendOutcome(fault="down" if receiver in self.down else "")

    async def record_attempt(self, message: str, outcome: SendOutcome, draw: float) -> Refused | None:
        if self.busy:
            self.busy -= 1
            return Refused(RefusalCode.SERVER_BUSY)
        self.draws.append(draw)
        self.recorded.set()
        self.sent.append(message if outcome.was_accepted else f"{message} failed")
        return None

    async def release_messages(self, messages: Sequence[str]) -> None:
        self.released += messages

    def log_fault(self, receiver: str, fault: Exception) -> None:
        self.faults.append(f"{receiver}: {fault}")


def worker(shelf: Shelf, **pace: int | bool) -> DeliveryWorker:
    return DeliveryWorker(shelf, WorkerPace(**{"at_once": 4, **pace}), lambda: 0.25, "tenure.test")  # type: ignore[arg-type]


async def test_each_receiver_is_served_in_order_and_what_came_is_on_record() -> None:
    shelf = Shelf({"a": ["a-1", "a-2", "a-3"], "b": ["b-1"]})
    engine = worker(shelf, rounds=5)
    assert await engine.once() == 2
    await engine.settle()
    assert [each for each in shelf.sent if each[0] == "a"] == ["a-1", "a-2", "a-3"]
    assert "b-1" in shelf.sent
    assert set(shelf.draws) == {0.25}
    assert await engine.once() == 0


async def test_what_follows_a_failure_is_released_untried() -> None:
    shelf = Shelf({"a": ["a-1", "a-2"], "b": ["b-1"]}, down={"a"})
    engine = worker(shelf)
    await engine.once()
    await engine.settle()
    assert sorted(shelf.sent) == ["a-1 failed", "b-1"]
    assert shelf.released == ["a-2"]


async def test_a_slow_receiver_keeps_nobody_else_waiting_and_is_not_served_twice() -> None:
    shelf = Shelf({"slow": ["slow-1", "slow-2", "slow-3"], "b": ["b-1"]}, held={"slow": asyncio.Event()})
    engine = worker(shelf)
    assert await engine.once() == 2
    await shelf.recorded.wait()
    assert shelf.sent == ["b-1"]
    assert await engine.once() == 0, "the third message of the slow one waits for its turn"
    shelf.held["slow"].set()
    await engine.settle()
    assert shelf.sent == ["b-1", "slow-1", "slow-2"]


async def test_no_more_receivers_are_served_at_once_than_the_pace_allows() -> None:
    shelf = Shelf({name: [f"{name}-1"] for name in "abc"}, held={name: asyncio.Event() for name in "abc"})
    engine = worker(shelf, at_once=2)
    await engine.once()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert [name for name, messages in shelf.waiting.items() if messages] == ["c"]
    for event in shelf.held.values():
        event.set()
    await engine.settle()
    assert len(shelf.sent) == 3


async def test_a_look_that_awaits_all_ends_with_what_it_began() -> None:
    shelf = Shelf({"a": ["a-1"]})
    assert await worker(shelf, awaits_all=True).once() == 1
    assert shelf.sent == ["a-1"]


async def test_a_fault_of_our_own_ends_neither_the_worker_nor_the_others() -> None:
    shelf = Shelf({"broken": ["broken-1"], "b": ["b-1"]})
    engine = worker(shelf)
    await engine.once()
    await engine.settle()
    assert (shelf.faults, shelf.sent) == (["broken: no such place"], ["b-1"])


async def test_those_that_cannot_be_served_take_no_places_from_those_that_can() -> None:
    """A look finds so many receivers, those first that wait longest, and that is who cannot be served."""

    class Cut(Shelf):
        async def find_due(self, more: int) -> list[str]:
            return (await super().find_due(more))[: 1 + more]

        async def claim_messages(self, receiver: str) -> list[str]:
            return await super().claim_messages("broken" if receiver.startswith("broken") else receiver)

    shelf = Cut({"broken 1": ["x"], "broken 2": ["x"], "good": ["good-1"]})
    engine = worker(shelf)
    for _ in range(3):
        await engine.once()
        await engine.settle()
    assert len(shelf.faults) == 2
    assert shelf.sent == ["good-1"]


async def test_what_is_due_and_cannot_be_claimed_is_not_looked_for_without_a_pause() -> None:
    """While the store is busy: it would be kept busy by looking."""

    class Busy(Shelf):
        async def claim_messages(self, receiver: str) -> list[str]:
            return []

    engine = worker(Busy({"a": ["a-1"]}), awaits_all=True)
    assert [await engine.once() for _ in range(3)] == [1, 0, 0]


@pytest.mark.parametrize("fault", ["refused", "raised"])
async def test_what_cannot_be_recorded_is_not_sent_again_with_each_look(
    monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    """A full disk: the receiver would get the same message once a second, and a mail as often."""
    monkeypatch.setattr(delivery_worker, "RECORD_PAUSES", ())
    tried: list[str] = []

    class Full(Shelf):
        async def claim_messages(self, receiver: str) -> list[str]:
            return self.waiting[receiver]

        async def record_attempt(self, message: str, outcome: SendOutcome, draw: float) -> Refused | None:
            tried.append(message)
            if fault == "raised":
                raise OSError("no space left on device")
            return Refused(RefusalCode.SERVER_BUSY)

    engine = worker(Full({"a": ["a-1"]}), awaits_all=True)
    assert [await engine.once() for _ in range(5)] == [1, 0, 0, 0, 0]
    assert tried == ["a-1"]
    monkeypatch.setattr(delivery_worker, "FAULT_PAUSE", 0.0)
    engine = worker(Full({"a": ["a-1"]}), awaits_all=True)
    assert [await engine.once() for _ in range(2)] == [1, 1]


async def test_what_was_sent_is_recorded_though_the_store_is_busy(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(delivery_worker, "RECORD_PAUSES", (0.0, 0.0))
    shelf = Shelf({"a": ["a-1"]}, busy=2)
    await worker(shelf, awaits_all=True).once()
    assert shelf.sent == ["a-1"]
    shelf = Shelf({"a": ["a-1", "a-2"]}, busy=3)
    await worker(shelf, awaits_all=True).once()
    assert (shelf.sent, shelf.released) == ([], ["a-2"])
    assert "it may be sent again" in caplog.text
    assert await write_persistently(lambda: asyncio.sleep(0, "done")) == "done"


async def test_what_is_under_way_when_the_program_ends_is_put_on_record_and_nothing_new_begins() -> None:
    shelf = Shelf({"a": ["a-1", "a-2"]}, held={"a": asyncio.Event()})
    engine = worker(shelf, rounds=3)
    await engine.once()
    await asyncio.sleep(0)
    closing = asyncio.create_task(engine.close())
    await asyncio.sleep(0)
    shelf.held["a"].set()
    await closing
    assert (shelf.sent, shelf.released) == (["a-1"], ["a-2"])


async def test_a_failing_look_is_logged_and_repeated(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(delivery_worker, "PAUSE", 0.0)
    caplog.set_level(logging.ERROR)

    class Failing(Shelf):
        async def find_due(self, more: int) -> list[str]:
            if not caplog.records:
                raise OSError("the store is away")
            return await super().find_due(more)

    shelf = Failing({"a": ["a-1"]})
    running = asyncio.create_task(worker(shelf).run())
    await shelf.recorded.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert "it is repeated" in caplog.text


def test_the_next_attempt_is_spread_and_heeds_what_the_receiver_asks() -> None:
    assert next_attempt(1_000, 300, 0, 0.0) == 1_300
    assert next_attempt(1_000, 300, 0, 0.5) == 1_315
    assert next_attempt(1_000, 300, 600, 0.5) == 1_600
    assert next_attempt(1_000, 300, 30 * DAY, 0.0) == 1_000 + DAY
    assert next_attempt(1_000, 300, -5, 0.0) == 1_300


def test_patience_ends_after_three_days_and_some_tries() -> None:
    failed = SendOutcome(fault="no route", cause="unreachable")
    assert why_given_up(failed, 0, GIVE_UP_AFTER - 1, 99) == ""
    assert (
        why_given_up(failed, 0, GIVE_UP_AFTER, TRIES_LEAST) == "It took nothing since 1970-01-01T00:00:00Z: no route."
    )
    assert why_given_up(failed, 0, 365 * DAY, TRIES_LEAST - 1) == "", "a clock that jumps is no reason"
    own = SendOutcome(fault="no network", cause="own_computer")
    assert why_given_up(own, 0, 365 * DAY, 99) == "", "for our own faults no receiver is given up"
    gone = SendOutcome(fault="answered with status 410", cause="gone", status=410)
    assert why_given_up(gone, 9, 9, 1) == "It answered 410: it is gone for good."


@given(st.integers(0, 3), st.lists(st.integers(0, 90), max_size=6))
def test_two_secrets_sign_at_once_at_most_and_the_newest_always(known: int, hours: list[int]) -> None:
    secrets = tuple(SigningSecret(bytes([number]), number or None) for number in range(known))
    for now, overlap in enumerate(hours):
        before = secrets[:1]
        secrets = rotate_secrets(secrets, b"new%d" % now, now + overlap)
        good = secrets_at(secrets, now)
        assert len(good) <= 2
        assert good[0] == SigningSecret(b"new%d" % now)
        assert [each.key for each in good[1:]] == [each.key for each in before if overlap]
