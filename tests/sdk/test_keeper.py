"""When a site asks, what it asks again, and what it keeps; the protocol's own cases are the conformance kit's."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

import msgspec
import pytest

from conformance.vendor import Vendor, code, paid
from conformance.web import problem
from tenure.core.refusals import RefusalCode
from tenure.core.timeline import DAY, HOUR, Phase
from tenure.sdk.client_state import ClientState
from tenure.sdk.outcomes import ActivationGranted, Rejected, Synchronized
from tenure.sdk.progress import ProgressStep
from tenure.sdk.requests import UseReport
from tenure.wire import b64
from tenure.wire.messages import DeviceUse, SyncRequest
from tests.sdk.world import MemoryInProcess, World


def activated(**parts: object) -> World:
    world = World(**parts)  # type: ignore[arg-type]
    granted = world.keeper.activate(code("A").reveal())
    assert isinstance(granted, ActivationGranted), granted
    return world


def asked(world: World) -> SyncRequest:
    """The last synchronization as the server read it."""
    body = [each.body for each in world.cable.sent if each.path == "/v1/sync"][-1]
    return msgspec.json.decode(b64.b64_decode(body.split(b".")[1]) or b"", type=SyncRequest)


class TestAShortLease:
    def test_it_says_at_its_beginning_and_at_each_start_which_outage_it_bears(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        world = World(vendor=Vendor(life=DAY, interval=DAY // 28))
        granted = world.keeper.activate(code("A").reveal())
        assert isinstance(granted, ActivationGranted)
        told = "The activation server may be out of reach for up to 17 hours before functions are withdrawn."
        assert granted.message.endswith(told)
        with caplog.at_level("INFO", "tenure.license"):
            again = world.started()
        assert told in caplog.text
        assert again.holder.standing().outage_borne == 61_407

    def test_the_usual_one_says_nothing_of_it(self, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level("INFO", "tenure.license"):
            standing = activated().started().holder.standing()
        assert standing.outage_borne is None
        assert "out of reach" not in caplog.text


class TestWhenItAsks:
    def test_nothing_is_sent_before_a_code_was_applied(self) -> None:
        world = World()
        assert world.keeper.next_contact_at() is None
        assert world.keeper.tick() is None
        assert world.cable.sent == []

    def test_m14_the_next_contact_follows_the_server_window(self) -> None:
        world = activated()
        due = world.keeper.next_contact_at()
        assert due is not None
        assert world.vendor.now + 21 * HOUR < due <= world.vendor.now + 27 * HOUR
        world.wait(due - world.vendor.now - 1)
        assert world.keeper.tick() is None
        world.wait(1)
        assert isinstance(world.keeper.tick(), Synchronized)
        assert asked(world).trigger == "timer"

    def test_the_first_contact_after_a_start_is_spread_over_a_quarter_of_an_hour(self) -> None:
        worlds = [activated(random=Random(number)) for number in range(20)]  # noqa: S311 - no secrets here
        for each in worlds:
            each.wait(HOUR)
        dues = {each.started().next_contact_at() for each in worlds}
        world = worlds[0]
        assert all(due is not None and world.vendor.now <= due <= world.vendor.now + 900 for due in dues)
        assert len(dues) > 15
        assert len({world.started().next_contact_at() for _ in range(20)}) == 1, "drawn once, and kept"
        again = world.started()
        world.wait(900)
        assert isinstance(again.tick(), Synchronized)
        assert asked(world).trigger == "startup"

    def test_the_network_is_back(self) -> None:
        world = activated()
        world.wait(HOUR)
        world.keeper.network_returned()
        due = world.keeper.next_contact_at()
        assert due is not None
        assert due <= world.vendor.now + 900
        world.wait(900)
        assert isinstance(world.keeper.tick(), Synchronized)
        assert asked(world).trigger == "network_up"

    def test_near_an_edge_it_asks_every_hour(self) -> None:
        world = activated()
        contract = world.vendor.contracts[code("A").reveal()]
        contract.change(paid(world.vendor.now, 2, 3), world.vendor.now + 2 * DAY)
        world.vendor.interval = HOUR
        assert isinstance(world.keeper.synchronize("timer"), Synchronized)
        due = world.keeper.next_contact_at()
        assert due is not None
        assert due <= world.vendor.now + 2 * HOUR
        world.wait(2 * HOUR)
        world.keeper.tick()
        assert asked(world).trigger == "edge"

    def test_m14_the_administrator_can_have_it_stop_at_the_end(self) -> None:
        world = activated(after_end_days=0)
        world.wait(200 * DAY)
        assert world.keeper.holder.standing().phase is Phase.ENDED
        assert world.keeper.next_contact_at() is None
        assert isinstance(world.keeper.synchronize(), Synchronized)

    def test_a_failure_is_followed_by_another_try_within_the_hour_however_many_there_were(self) -> None:
        world = activated()
        world.cable.loses_question = lambda: True
        for _ in range(30):
            due = world.keeper.next_contact_at()
            assert due is not None
            world.wait(max(due - world.vendor.now, 0))
            assert isinstance(world.keeper.tick(), Rejected)
            due = world.keeper.next_contact_at()
            assert due is not None
            assert world.vendor.now < due <= world.vendor.now + HOUR

    def test_after_thirty_days_without_a_server_one_answer_restores_everything(self) -> None:
        world = activated()
        world.cable.loses_question = lambda: True
        for _ in range(33):
            world.wait(DAY)
            world.keeper.tick()
        assert world.keeper.holder.standing().phase is Phase.ENDED
        world.cable.loses_question = lambda: False
        world.wait(HOUR)
        assert isinstance(world.keeper.tick(), Synchronized)
        assert world.keeper.holder.standing().phase is Phase.ACTIVE


class TestWhatItAsksAgain:
    def test_a_pending_activation_is_repeated_by_itself(self) -> None:
        world = World()
        world.cable.loses_answer = lambda: True
        refused = world.keeper.activate(code("A").reveal())
        assert isinstance(refused, Rejected)
        assert not refused.conclusive
        world.cable.loses_answer = lambda: False
        world.wait(HOUR)
        world.keeper.tick()
        assert world.keeper.holder.standing().licensed
        bodies = [each.body for each in world.cable.sent if each.path == "/v1/activate"]
        assert len(bodies) == 2
        assert len(set(bodies)) == 1

    def test_another_code_waits_until_the_first_is_settled(self) -> None:
        world = World()
        world.cable.loses_answer = lambda: True
        world.keeper.activate(code("A").reveal())
        assert isinstance(world.keeper.activate(code("B").reveal()), Rejected)
        world.cable.loses_answer = lambda: False
        refused = world.keeper.activate(code("B").reveal())
        assert isinstance(refused, Rejected)
        assert refused.code is RefusalCode.SUBSCRIPTION_IN_FORCE
        lease = world.keeper.holder.lease()
        assert lease is not None
        assert lease.subscription == "sub_a"

    def test_another_code_takes_the_place_of_one_that_the_server_declines(self) -> None:
        world = World()
        world.cable.replies = [problem(415, "media_type_unsupported"), problem(415, "media_type_unsupported")]
        assert isinstance(world.keeper.activate(code("A").reveal()), Rejected)
        assert isinstance(world.keeper.activate(code("B").reveal()), ActivationGranted)
        lease = world.keeper.holder.lease()
        assert lease is not None
        assert lease.subscription == "sub_b"

    def test_a_declined_activation_does_not_keep_a_licensed_site_from_synchronizing(self) -> None:
        world = activated()
        world.cable.replies = [problem(404, "not_found")] * 2
        staged = world.keeper.activate(code("B").reveal(), "successor")
        assert isinstance(staged, Rejected)
        world.wait(DAY)
        assert isinstance(world.keeper.tick(), Synchronized)
        assert world.kept.activation is not None
        world.wait(DAY)
        world.keeper.tick()
        assert world.keeper.holder.standing().successor_from is not None

    def test_an_activation_over_a_synchronization_that_was_never_answered_is_no_fork(self) -> None:
        world = activated()
        world.cable.loses_answer = lambda: True
        world.keeper.synchronize("timer")
        assert world.kept.sync is not None
        world.cable.loses_answer = lambda: False
        assert isinstance(world.keeper.activate(code("A").reveal()), ActivationGranted)
        outcome = world.keeper.synchronize("timer")
        assert isinstance(outcome, Synchronized)
        assert not world.kept.forked


class FullDisk(MemoryInProcess):
    """A memory that cannot be written to while it is full."""

    full = False

    def save_state(self, kept: ClientState) -> None:
        if self.full:
            raise OSError(28, "No space left on device")
        super().save_state(kept)


class TestWhatItKeeps:
    def test_nothing_is_sent_that_could_not_be_saved_first(self) -> None:
        memory = FullDisk()
        world = activated(memory=memory)
        sent = len(world.cable.sent)
        memory.full = True
        refused = world.keeper.synchronize("timer")
        assert isinstance(refused, Rejected)
        assert "No space left" in refused.message
        assert len(world.cable.sent) == sent
        assert world.keeper.holder.standing().licensed

    def test_an_answer_that_cannot_be_saved_counts_all_the_same_and_is_asked_for_again_after_a_start(self) -> None:
        memory = FullDisk()
        world = activated(memory=memory)
        contract = world.vendor.contracts[code("A").reveal()]
        contract.change(paid(world.vendor.now, 300, 14), world.vendor.now + 300 * DAY)

        def fills_up() -> bool:
            memory.full = True
            return False

        world.cable.loses_answer = fills_up
        assert isinstance(world.keeper.synchronize("timer"), Synchronized)
        assert world.keeper.holder.standing().paid_until == world.vendor.now + 300 * DAY
        memory.full = False
        world.cable.loses_answer = lambda: False
        again = world.started()
        assert isinstance(again.synchronize("timer"), Synchronized)
        assert again.holder.standing().paid_until == world.vendor.now + 300 * DAY
        assert not again.holder.kept.forked

    def test_two_processes_share_one_state_and_are_no_fork(self) -> None:
        world = activated()
        other = world.started()
        for keeper in (world.keeper, other, other, world.keeper, other):
            world.wait(HOUR)
            outcome = keeper.synchronize("timer")
            assert isinstance(outcome, Synchronized)
            assert outcome.result == "unchanged"
        assert not world.vendor.sites[next(iter(world.vendor.sites))].forked

    def test_looking_at_the_folder_while_an_exchange_is_under_way_loses_nothing(self) -> None:
        world = activated(memory=SlowToRead())
        done = threading.Event()

        def looks() -> None:
            while not done.is_set():
                world.keeper.reload_if_changed()

        looking = threading.Thread(target=looks)
        looking.start()
        try:
            for _ in range(30):
                outcome = world.keeper.synchronize("timer")
                assert isinstance(outcome, Synchronized)
                assert outcome.result == "unchanged"
                assert world.kept.token == next(iter(world.vendor.sites.values())).token
        finally:
            done.set()
            looking.join()

    def test_one_process_sees_what_another_has_learned(self) -> None:
        world = activated()
        other = world.started()
        contract = world.vendor.contracts[code("A").reveal()]
        contract.change(paid(world.vendor.now - DAY, 0, 0)[1:], None)
        assert isinstance(other.synchronize("timer"), Synchronized)
        world.keeper.tick()
        assert world.keeper.holder.ready.features == {"read"}

    def test_a_memory_that_is_lost_while_the_program_runs_takes_nothing_away(self) -> None:
        memory = MemoryInProcess()
        world = activated(memory=memory)
        memory.kept = ClientState()
        world.keeper.tick()
        assert world.keeper.holder.standing().licensed

    def test_time_is_saved_every_ten_minutes_and_at_once_after_a_restart(self) -> None:
        memory = MemoryInProcess()
        world = activated(memory=memory)
        world.wait(599)
        world.keeper.tick()
        before = memory.kept.clock
        world.wait(2)
        world.keeper.tick()
        assert memory.kept.clock.highest == before.highest + 601
        world.hands.restart(off=60)
        again = world.started()
        again.remember_time()
        assert memory.kept.clock.boot == world.hands.boot

    def test_what_ended_stays_ended_after_a_restart_whose_clock_has_yet_to_be_believed(self) -> None:
        """Seed 1036: ten minutes of running may be lost with the power, but never an end that has been lived through"""
        world = activated(memory=MemoryInProcess())
        end = world.keeper.holder.standing().contact_until
        assert end is not None
        world.cable.loses_question = lambda: True
        world.wait(end - 1 - world.vendor.now)
        world.keeper.tick()
        assert "edit" in world.keeper.holder.ready.features
        world.wait(1)
        world.keeper.tick()
        assert "edit" not in world.keeper.holder.ready.features
        world.hands.restart(off=20 * DAY)
        assert "edit" not in world.started().holder.ready.features

    def test_time_is_not_saved_while_another_process_is_busy(self) -> None:
        memory = Busy()
        world = activated(memory=memory)
        saves = memory.saves
        memory.busy = True
        world.wait(1_000)
        world.keeper.remember_time()
        assert memory.saves == saves


class SlowToRead(MemoryInProcess):
    """A memory in which much can happen between reading and knowing."""

    def load_state(self) -> ClientState:
        found = self.kept
        time.sleep(0.001)
        return found


class Busy(MemoryInProcess):
    """A memory that another process holds."""

    busy = False
    saves = 0

    def save_state(self, kept: ClientState) -> None:
        self.saves += 1
        super().save_state(kept)

    @contextmanager
    def _held(self, wait: bool) -> Iterator[bool]:
        assert not (wait and self.busy), "it would wait for ever"
        yield not self.busy

    def hold_lock(self, *, wait: bool = True):  # type: ignore[no-untyped-def]
        return self._held(wait)


class TestWhatItTells:
    def test_m17_steps_are_shown_as_they_are_taken_and_again_in_the_outcome(self) -> None:
        world = activated()
        shown: list[ProgressStep] = []
        outcome = world.keeper.synchronize("manual", shown.append)
        assert isinstance(outcome, Synchronized)
        assert tuple(shown) == outcome.steps
        assert [step.name for step in shown] == ["answer"]
        assert outcome.path == "system DNS, 192.0.2.1:443"

    def test_a_watcher_that_fails_does_not_stop_a_synchronization(self) -> None:
        def fails(step: ProgressStep) -> None:
            raise RuntimeError(step.text)

        assert isinstance(activated().keeper.synchronize("manual", fails), Synchronized)

    def test_what_changed_is_told_before_and_after(self) -> None:
        world = activated()
        contract = world.vendor.contracts[code("A").reveal()]
        contract.change(paid(world.vendor.now, 300, 14), world.vendor.now + 300 * DAY)
        outcome = world.keeper.synchronize()
        assert isinstance(outcome, Synchronized)
        assert [each.what for each in outcome.differences] == ["Paid until"]
        assert outcome.before.paid_until == world.vendor.now + 60 * DAY
        assert "2027-11-11" in outcome.message

    @pytest.mark.parametrize("text", ["", "A" * 500, "Ünïcode", "00000-00000-00000-00001", "\x00"])
    def test_a_code_that_is_none_is_refused_here(self, text: str) -> None:
        world = World()
        refused = world.keeper.activate(text)
        assert isinstance(refused, Rejected)
        assert refused.code is RefusalCode.CODE_MALFORMED
        assert "Compare it" in refused.message
        assert world.cable.sent == []

    def test_use_and_allotment_are_reported_at_the_moment_of_asking(self) -> None:
        devices = [3]
        world = activated(report=lambda: UseReport(DeviceUse(devices[0]), devices[0] + 10))
        devices[0] = 7
        world.keeper.synchronize("timer")
        assert asked(world).use.total == 7
        assert asked(world).wanted == 17


class TestByHand:
    def test_a_try_that_reached_no_server_is_not_counted(self) -> None:
        """The cable is put back: nobody has to wait for a minute to see that it was that."""
        world = activated()
        world.cable.loses_answer = lambda: True
        for _ in range(3):
            silent = world.keeper.synchronize("manual")
            assert isinstance(silent, Rejected)
            assert silent.code is not RefusalCode.TOO_MANY_REQUESTS
        world.cable.loses_answer = lambda: False
        assert isinstance(world.keeper.synchronize("manual"), Synchronized)
        world.keeper.holder.reload_state()
        too_soon = world.keeper.synchronize("manual")
        assert isinstance(too_soon, Rejected)
        assert too_soon.code is RefusalCode.TOO_MANY_REQUESTS

    def test_a_server_that_says_that_it_is_busy_was_reached(self) -> None:
        world = activated()
        world.cable.replies = [problem(503, "server_busy")]
        busy, too_soon = world.keeper.synchronize("manual"), world.keeper.synchronize("manual")
        assert isinstance(busy, Rejected)
        assert isinstance(too_soon, Rejected)
        assert (busy.code, too_soon.code) == (RefusalCode.SERVER_BUSY, RefusalCode.TOO_MANY_REQUESTS)


class TestAServerThatDoesNotKnowIt:
    """It was put back from a backup, or somebody on the way says so: the word is unsigned [spec: signed-responses]."""

    def test_it_brings_its_key_and_its_lease_at_once_and_goes_on(self) -> None:
        world = activated()
        world.cable.replies = [problem(401, "key_unknown")]
        done = world.keeper.synchronize()
        assert isinstance(done, Synchronized), done
        brought = asked(world)
        assert brought.key is not None
        assert brought.lease
        assert len(brought.pending) == 1, "the question that was declined is named"
        world.hands.uptime += HOUR
        assert isinstance(world.keeper.synchronize(), Synchronized)
        assert (asked(world).key, asked(world).lease) == (None, "")

    def test_said_again_and_again_it_takes_nothing_away_and_says_what_helps(self) -> None:
        world = activated()
        before = world.keeper.holder.standing()
        sent = len(world.cable.sent)
        world.cable.replies = [problem(401, "key_unknown")] * 8
        done = world.keeper.synchronize()
        assert isinstance(done, Rejected)
        assert (done.code, done.conclusive) == (RefusalCode.SITE_UNKNOWN, False)
        assert len([each for each in world.cable.sent[sent:] if each.path == "/v1/sync"]) == 2
        assert world.keeper.holder.standing().phase is before.phase is Phase.ACTIVE
        assert "activation code" in done.message

    def test_m10_another_code_is_then_for_the_server_to_judge(self) -> None:
        """What the lease is of may be forgotten there: refused here, what was ordered again would be of no use."""
        world = activated()

        def asks() -> int:
            before = len(world.cable.sent)
            refused = world.keeper.activate(code("B").reveal())
            assert isinstance(refused, Rejected)
            assert refused.code is RefusalCode.SUBSCRIPTION_IN_FORCE
            return len(world.cable.sent) - before

        assert asks() == 0
        world.cable.replies = [problem(401, "key_unknown")] * 2
        world.keeper.synchronize()
        assert asks() == 1, "this server knows it, and says so itself"
        world.hands.uptime += HOUR
        world.keeper.synchronize()
        assert asks() == 0
