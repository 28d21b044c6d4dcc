"""The smaller parts: hardware digests, clock files, waits that servers ask for, the way by settings and lease."""

import os
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement

from tenure.core.lease.clock import ClockReading
from tenure.sdk.clock import ComputerClocks, Timekeeper, read_clock_file
from tenure.sdk.engine.replies import retry_after
from tenure.sdk.hardware import hardware_digests, read_parts
from tenure.sdk.http_transport import HttpTransport
from tenure.sdk.main import this_computer
from tenure.sdk.network.last_good import LastGoodInMemory
from tenure.sdk.network.path import HttpExchange, PathUsed, SourceKind
from tenure.sdk.progress import ProgressStep, ProgressWatch
from tenure.sdk.transport import TransportRequest
from tenure.sdk.transport_factory import DeferredTransport, LeaseAwareTransport, Network, make_transport
from tests.sdk.world import UNREACHED, Hands

ROOT = Path(__file__).resolve().parents[2]


class TestHardware:
    @pytest.fixture
    def system(self, tmp_path: Path) -> Path:
        files = {
            "etc/machine-id": "0123456789abcdef0123456789abcdef\n",
            "sys/class/dmi/id/board_serial": "To be filled by O.E.M.\n",
            "sys/block/sda/device/serial": "WD-1234 \n",
            "sys/class/net/lo/address": "00:00:00:00:00:00\n",
            "sys/class/net/eth1/address": "52:54:00:AA:BB:02\n",
            "sys/class/net/eth1/addr_assign_type": "0\n",
            "sys/class/net/eth1/device/vendor": "x",
            "sys/class/net/eth0/address": "52:54:00:aa:bb:01\n",
            "sys/class/net/eth0/addr_assign_type": "0\n",
            "sys/class/net/eth0/device/vendor": "x",
            "sys/class/net/docker0/address": "02:42:00:00:00:01\n",
            "sys/class/net/wlan0/address": "00:11:22:33:44:55\n",
            "sys/class/net/wlan0/addr_assign_type": "3\n",
            "sys/class/net/wlan0/device/vendor": "x",
        }
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path

    def test_three_parts_are_read(self, system: Path) -> None:
        parts = read_parts(system)
        assert parts == {
            "machine": "0123456789abcdef0123456789abcdef",
            "board": "WD-1234",
            "network": "52:54:00:aa:bb:01",
        }

    def test_missing_parts_are_left_out(self, system: Path) -> None:
        (system / "etc/machine-id").unlink()
        assert set(read_parts(system)) == {"board", "network"}
        (system / "sys/block/sda/device/serial").unlink()
        assert set(read_parts(system)) == {"network"}, "what a factory fills in for everybody is no serial"
        assert read_parts(system / "nowhere") == {}

    def test_raw_ids_never_show_and_digests_differ_by_root_product_and_part(self, system: Path) -> None:
        parts = read_parts(system)
        mine = hardware_digests(parts, "vendor-1", "editor")
        assert mine == hardware_digests(parts, "vendor-1", "editor")
        assert all(len(digest) == 43 for digest in mine.values())
        others = [hardware_digests(parts, "vendor-2", "editor"), hardware_digests(parts, "vendor-1", "other")]
        assert not {*mine.values()} & {digest for other in others for digest in other.values()}
        same = hardware_digests({"machine": "x", "board": "x"}, "vendor-1", "editor")
        assert same["machine"] != same["board"]


class TestClocks:
    @pytest.mark.parametrize(
        ("text", "instant"),
        [
            (b"1800000000", 1_800_000_000),
            (b" 2027-01-15T08:00:00Z\n", 1_800_000_000),
            (b'{"at":1800000000,"set":1000,"rate":2}', 1_800_000_200),
            (b'{"at":1800000000}', 1_800_000_000),
            (b'{"at":1800000000,"set":5000,"rate":2}', 1_800_000_000),
            (b"", None),
            (b"tomorrow", None),
            (b"-5", None),
            (b"9" * 40, None),
            (b"\xff\xfe", None),
            (b'{"at":', None),
        ],
    )
    def test_a_clock_file(self, text: bytes, instant: int | None) -> None:
        assert read_clock_file(text, wall=1_100) == instant

    @given(st.binary(max_size=64), st.integers(0, 2**40))
    def test_whatever_is_in_a_clock_file_is_read_or_not(self, text: bytes, wall: int) -> None:
        told = read_clock_file(text, wall)
        assert told is None or isinstance(told, int)

    def test_readings_are_in_whole_seconds(self) -> None:
        assert ComputerClocks("b", lambda: 12.9, lambda: 5).read_clocks() == ClockReading("b", 12, 5)

    def test_a_clock_file_that_vanishes_leaves_the_time_running(self) -> None:
        hands = Hands()
        told: list[int | None] = [1_900_000_000]
        time = Timekeeper(hands.clocks, lambda: told[0])
        assert time.now(sandbox=True).instant == 1_900_000_000
        told[0] = None
        hands.uptime += 10
        assert time.now(sandbox=True).instant == 1_900_000_010

    def test_this_computer_has_everything(self) -> None:
        computer = this_computer()
        reading = computer.clocks.read_clocks()
        assert reading.boot
        assert reading.uptime > 0
        assert reading.wall > 1_700_000_000
        assert len(computer.draw(32)) == 32
        assert isinstance(computer.online(), bool)
        assert computer.clocks.ticks() <= computer.clocks.ticks()


def answer(**headers: str) -> HttpExchange:
    pairs = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return HttpExchange(503, pairs, b"", PathUsed(SourceKind.SYSTEM, ""), 0.0)


class TestWaits:
    @pytest.mark.parametrize(
        ("reply", "seconds"),
        [
            (answer(), None),
            (answer(retry_after="120"), 120),
            (answer(retry_after=" 7 "), 7),
            (answer(retry_after="-5"), None),
            (answer(retry_after="1.5"), None),
            (answer(retry_after="9" * 60), 9_999_999_999),
            (answer(retry_after="٣"), None),
            (answer(retry_after="soon"), None),
            (answer(retry_after=f"1 Jan {'9' * 20} 00:00:00 +0000", date="Fri, 15 Jan 2027 09:00:00 GMT"), None),
            (answer(retry_after="Fri, 15 Jan 2027 09:00:00 GMT", date=f"Fri, 15 Jan 2027 {'9' * 20}:00:00 GMT"), None),
            (answer(retry_after="Fri, 15 Jan 2027 09:00:00 GMT", date="Fri, 15 Jan 2027 08:00:00 GMT"), 3_600),
            (answer(retry_after="Fri, 15 Jan 2027 08:00:00 GMT", date="Fri, 15 Jan 2027 09:00:00 GMT"), 0),
            (answer(retry_after="Fri, 15 Jan 2027 09:00:00 GMT"), None),
        ],
    )
    def test_retry_after(self, reply: HttpExchange, seconds: int | None) -> None:
        assert retry_after(reply) == seconds

    @given(st.text(max_size=40), st.text(max_size=40))
    def test_whatever_is_in_the_headers_is_read_or_not(self, after: str, date: str) -> None:
        seconds = retry_after(answer(retry_after=after, date=date))
        assert seconds is None or seconds >= 0


class Counting:
    def __init__(self) -> None:
        self.sent = 0

    def send(self, request: TransportRequest):  # type: ignore[no-untyped-def]
        self.sent += 1
        return UNREACHED


class TestTheWay:
    def test_b10_the_lease_keeps_an_undecided_application_from_public_resolvers(self) -> None:
        usual, private, dns = Counting(), Counting(), [""]
        way = LeaseAwareTransport(usual, private, lambda: dns[0] == "off")
        way.send(TransportRequest("GET", "/v1/root/2"))
        dns[0] = "off"
        way.send(TransportRequest("GET", "/v1/root/2"))
        assert (usual.sent, private.sent) == (1, 1)

    def test_b10_a_customer_s_own_decision_stands_above_the_lease(self) -> None:
        def way(network: Network) -> object:
            computer = Hands().computer()
            made = make_transport(
                "https://a.example", network, computer, LastGoodInMemory(), lambda step: None, lambda: "off"
            )
            assert isinstance(made, DeferredTransport)
            return made.make_now()

        assert isinstance(way(Network(proxy="")), LeaseAwareTransport)
        assert isinstance(way(Network(dns="auto", proxy="")), HttpTransport)
        assert isinstance(way(Network(dns="off", proxy="")), HttpTransport)


class TestProgress:
    def test_steps_of_one_exchange_are_not_shown_to_the_watcher_of_another(self) -> None:
        progress = ProgressWatch()
        seen: list[ProgressStep] = []
        with progress.watching(seen.append) as steps:
            progress.add_step("answer", "one")
        with progress.watching(None) as others:
            progress.add_step("answer", "two", ok=False)
        assert seen == steps == [ProgressStep("answer", "one")]
        assert others == [ProgressStep("answer", "two", False)]


def normal(name: str) -> str:
    return name.lower().replace("_", "-")


def required(*asked: str) -> set[str]:
    """The distributions that an installation of these brings, themselves included."""
    found: set[str] = set()
    waiting = [Requirement(text) for text in asked]
    while waiting:
        wanted = waiting.pop()
        found.add(normal(wanted.name))
        try:
            texts = requires(wanted.name) or []
        except PackageNotFoundError:  # its marker keeps it from this platform
            continue
        for each in map(Requirement, texts):
            extras = [each.marker is None or each.marker.evaluate({"extra": extra}) for extra in ("", *wanted.extras)]
            if any(extras) and normal(each.name) not in found:
                waiting.append(each)
    return found


LOADED = """
import sys
import tenure.sdk
tenure.sdk.License
"""
SENDING = "import tenure.sdk.http_transport\n"
PRINTED = 'print("\\n".join(sorted(sys.modules)))\n'


def modules_of(program: str) -> set[str]:
    """The modules that are there after a fresh interpreter has run `program`."""
    environment = {"PYTHONPATH": os.pathsep.join(sys.path)}
    ran = subprocess.run(
        [sys.executable, "-c", program + PRINTED], capture_output=True, text=True, check=True, env=environment
    )
    return set(ran.stdout.split())


def loaded_by(program: str) -> set[str]:
    """The same, by their top-level packages."""
    return {name.partition(".")[0] for name in modules_of(program)}


def test_http_dns_and_asyncio_are_loaded_when_they_are_first_used() -> None:
    heavy = {"httpcore2", "h11", "h2", "dns", "anyio", "ssl", "asyncio", "email"}
    assert not heavy & loaded_by(LOADED)
    assert {"httpcore2", "dns", "ssl"} <= loaded_by(LOADED + SENDING)


HEAVY = {"argparse", "concurrent", "http", "multiprocessing", "random", "sqlite3", "subprocess", "tempfile", "tomllib"}
ELSEWHERE = (
    "tenure.agent", "tenure.core.answering", "tenure.core.business", "tenure.core.policy", "tenure.core.subscription",
    "tenure.sdk.http_transport", "tenure.sdk.network.connect", "tenure.sdk.network.dialer",
    "tenure.sdk.network.dns_client", "tenure.sdk.network.doctor", "tenure.sdk.network.trust", "tenure.sdk.task_runner",
)  # fmt: skip
"""Modules that an application needs later, or never."""


def test_an_import_loads_what_a_standing_needs_and_no_more() -> None:
    """What takes time is counted here; how much of it, by `python -m benchmarks.start`."""
    loaded = modules_of("import sys, tenure.sdk\n")
    assert not HEAVY & loaded
    assert [name for name in sorted(loaded) if name.startswith(ELSEWHERE)] == []
    ours = {name for name in loaded if name.startswith("tenure.")}
    assert "tenure.sdk.lease_holder" in ours
    assert len(ours) < 95, sorted(ours)


def test_the_sdk_loads_nothing_of_a_server() -> None:
    loaded = {name for name in loaded_by(LOADED + SENDING) if name not in sys.stdlib_module_names}
    assert {"msgspec", "httpcore2"} <= loaded
    forbidden = {"starlette", "sqlalchemy", "alembic", "uvicorn", "jinja2", "argon2", "cyclopts", "rich", "trustme"}
    assert not loaded & forbidden
    project = tomllib.loads((ROOT / "packages" / "tenure-sdk" / "pyproject.toml").read_text(encoding="utf-8"))[
        "project"
    ]
    base = required(*project["dependencies"])
    by_module = packages_distributions()
    brought = {module: {normal(name) for name in by_module.get(module, [])} for module in loaded}
    strangers = {module for module, names in brought.items() if names and not names & base}
    # Taken along by other people's packages where it happens to be, and not missed where it is not.
    assert strangers <= {"tenure", "sniffio", "_distutils_hack"}, "the base install does not bring these"
