"""The operating system's resolver: real where it needs no network, and bounded where it does not come back."""

import socket
import threading
import time

import pytest

from tenure.sandbox.dns import LocalDns
from tenure.sdk.network.bounds import Deadline
from tenure.sdk.network.lookup_result import alternate_families
from tenure.sdk.network.path import HttpExchange, SourceKind, StepOutcome
from tenure.sdk.network.system import SystemDns
from tenure.sdk.transport import TransportRequest
from tests.sdk.names.servers import NAME, Clock, Site, Target, asking, target


def soon(seconds: float = 2.0) -> Deadline:
    return Deadline.after_seconds(Clock().monotonic, seconds)


def test_the_real_resolver_finds_this_computer(public: LocalDns) -> None:
    with target(address="127.0.0.1", names=("localhost",)) as home:
        got = Site(asking(public.plain_url), home.port, "localhost").transport.send(TransportRequest("GET", "/"))
    assert isinstance(got, HttpExchange)
    assert got.path.kind is SourceKind.SYSTEM
    assert got.path.describe_path() == f"system DNS, 127.0.0.1:{home.port}"


class Stuck:
    """A resolver that does not come back until it is let go."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.calls = 0

    def __call__(self, host: str) -> list[str]:
        self.calls += 1
        self.go.wait(10)
        return ["127.0.0.2"]


def test_stuck_lookups_end_in_time_and_hold_only_a_few_threads() -> None:
    stuck = Stuck()
    dns = SystemDns(stuck, threads=2)
    before = threading.active_count()
    began = time.monotonic()
    outcomes = [dns.look_up(NAME, soon(0.1)).outcome for _ in range(10)]
    assert time.monotonic() - began < 1.0, "only the free threads are waited for"
    assert set(outcomes) == {StepOutcome.TIMEOUT}
    assert stuck.calls == 2
    assert threading.active_count() <= before + 2
    stuck.go.set()
    waited = Deadline.after_seconds(time.monotonic, 2.0)
    while (looked := dns.look_up(NAME, soon())).outcome is not StepOutcome.FOUND:
        time.sleep(min(0.01, waited.require_seconds()))
    assert looked.addresses == ("127.0.0.2",)


def test_a_stuck_resolver_does_not_keep_the_program_from_ending() -> None:
    stuck = Stuck()
    SystemDns(stuck).look_up(NAME, soon(0.05))
    waiting = [thread for thread in threading.enumerate() if thread.name == "tenure-getaddrinfo"]
    assert waiting and all(thread.daemon for thread in waiting)
    stuck.go.set()


def test_a_site_gets_through_although_the_resolver_is_stuck(public: LocalDns, home: Target) -> None:
    stuck = Stuck()
    site = Site(asking(public.plain_url), home.port, system_dns=SystemDns(stuck))
    got = site.transport.send(TransportRequest("GET", "/"))
    stuck.go.set()
    assert isinstance(got, HttpExchange)
    assert got.path.kind is SourceKind.PUBLIC


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), StepOutcome.NO_SUCH_NAME),
        (socket.gaierror(socket.EAI_AGAIN, "Temporary failure"), StepOutcome.SERVER_FAILURE),
        (socket.gaierror(-5, "No address associated"), StepOutcome.NO_ADDRESS),
        (socket.gaierror(socket.EAI_FAIL, "Non-recoverable"), StepOutcome.SERVER_FAILURE),
        (OSError("something else"), StepOutcome.SERVER_FAILURE),
        (UnicodeError("label too long"), StepOutcome.SERVER_FAILURE),
    ],
)
def test_what_the_system_says_is_told_apart(error: Exception, outcome: StepOutcome) -> None:
    def fail(host: str) -> list[str]:
        raise error

    assert SystemDns(fail).look_up(NAME, soon()).outcome is outcome


@pytest.mark.parametrize(
    ("given", "order"),
    [
        ([], ()),
        (["10.0.0.1", "10.0.0.2", "::1", "::2"], ("10.0.0.1", "::1", "10.0.0.2", "::2")),
        (["::1", "10.0.0.1", "10.0.0.2", "10.0.0.3"], ("::1", "10.0.0.1", "10.0.0.2", "10.0.0.3")),
        (["10.0.0.1", "10.0.0.1", "fe80::1%eth0"], ("10.0.0.1", "fe80::1%eth0")),
        (["::1", "::2", "::3", "10.0.0.1"], ("::1", "10.0.0.1", "::2", "::3")),
    ],
)
def test_the_families_take_turns(given: list[str], order: tuple[str, ...]) -> None:
    assert alternate_families(given) == order
