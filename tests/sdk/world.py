"""An application, the vendor's small honest server and a network between them, in memory, on clocks moved by hand."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from random import Random

from conformance import keys
from conformance.vendor import Vendor
from conformance.web import Asked, Reply, honest
from tenure.core.installation import Installation
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.sdk.client_state import ClientState
from tenure.sdk.clock import ComputerClocks, Timekeeper
from tenure.sdk.computer import Computer
from tenure.sdk.engine.state import StateStore
from tenure.sdk.holdings import LeaseReader
from tenure.sdk.lease_holder import LeaseHolder
from tenure.sdk.license_keeper import KeeperPorts, LicenseKeeper
from tenure.sdk.network.path import HttpExchange, PathUsed, SourceKind
from tenure.sdk.progress import ProgressWatch
from tenure.sdk.requests import ClientIdentity, UseReport
from tenure.sdk.transport import TransportRequest
from tenure.wire.keys import SeedSigner, to_jwk
from tenure.wire.root import pin_root

UNREACHED = Refused(RefusalCode.UNREACHABLE, "The cable is out.")
BY_SYSTEM = PathUsed(SourceKind.SYSTEM, "192.0.2.1:443")


class MemoryInProcess:
    """Kept as long as the program runs: nothing is on a disk."""

    place = ""

    def __init__(self, kept: ClientState | None = None) -> None:
        self.kept = kept or ClientState()

    def load_state(self) -> ClientState:
        """What was saved last."""
        return self.kept

    def missing_files(self) -> tuple[str, ...]:
        """Nothing can be."""
        return ()

    def save_state(self, kept: ClientState) -> None:
        """Replaces it."""
        self.kept = kept

    def hold_lock(self, *, wait: bool = True) -> AbstractContextManager[bool]:
        """There is nobody else."""
        return nullcontext(enter_result=True)


@dataclass
class Hands:
    """The computer's clocks, moved by hand."""

    boot: str = "boot-1"
    uptime: float = 1_000.0
    wall: Instant = keys.START

    @property
    def clocks(self) -> ComputerClocks:
        return ComputerClocks(self.boot, lambda: self.uptime, lambda: self.wall)

    def computer(self) -> Computer:
        random = Random(7)  # noqa: S311 - no secrets here
        return Computer(
            clocks=self.clocks,
            monotonic=lambda: self.uptime,
            draw=random.randbytes,
            environment={},
            hardware=dict,
            online=lambda: True,
            host="desk 4",
        )

    def restart(self, off: int = 0) -> None:
        self.boot, self.uptime, self.wall = f"{self.boot}+", 20.0, self.wall + off


@dataclass
class Cable:
    """A transport that goes straight to the vendor, and loses what it is told to lose."""

    vendor: Vendor
    loses_question: Callable[[], bool] = lambda: False
    loses_answer: Callable[[], bool] = lambda: False
    replies: list[Reply] = field(default_factory=list)
    """Said instead of the vendor's next answers."""
    sent: list[TransportRequest] = field(default_factory=list)

    def send(self, request: TransportRequest) -> HttpExchange | Refused:
        self.sent.append(request)
        if self.loses_question():
            return UNREACHED
        asked = Asked(request.method, request.path, request.body)
        reply = self.replies.pop(0) if self.replies else honest(self.vendor, asked)
        if self.loses_answer():
            return UNREACHED
        headers = tuple((name.lower(), value) for name, value in reply.headers)
        return HttpExchange(reply.status, headers, reply.body, BY_SYSTEM, 0.0)


@dataclass
class World:
    """One application and its vendor."""

    seed: bytes = bytes(range(32))
    version: str = "12.0"
    vendor: Vendor = field(default_factory=Vendor)
    hands: Hands = field(default_factory=Hands)
    memory: StateStore[ClientState] = field(default_factory=MemoryInProcess)
    random: Random = field(default_factory=lambda: Random(1))  # noqa: S311 - no secrets here
    report: Callable[[], UseReport] = UseReport
    after_end_days: int | None = None

    def __post_init__(self) -> None:
        self.cable = Cable(self.vendor)
        self.keeper = self.started()

    def started(self, memory: StateStore[ClientState] | None = None) -> LicenseKeeper:
        """A program that has just begun, with what is kept."""
        signer = SeedSigner(self.seed)
        pinned = pin_root(self.vendor.roots[1])
        assert not isinstance(pinned, Refused)
        reader = LeaseReader(
            product="editor",
            version=self.version,
            jwk=to_jwk(signer.public),
            sandbox=self.vendor.sandbox,
            installation=Installation.STANDALONE,
        )
        holder = LeaseHolder(reader, pinned, memory or self.memory, Timekeeper(self.hands.clocks))
        who = ClientIdentity(product="editor", version=self.version, name="desk 4", sandbox=self.vendor.sandbox)
        ports = KeeperPorts(
            transport=self.cable,
            draw=self.random.randbytes,
            progress=ProgressWatch(),
            report=self.report,
            after_end_days=self.after_end_days,
        )
        return LicenseKeeper(who, signer, holder, ports)

    @property
    def kept(self) -> ClientState:
        return self.keeper.holder.kept

    def wait(self, seconds: int) -> None:
        self.vendor.now += seconds
        self.hands.uptime += seconds
        self.hands.wall += seconds
