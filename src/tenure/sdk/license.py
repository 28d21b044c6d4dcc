"""What an application sees: a code is applied, a function asked for, a standing shown; the rest goes by itself.

What it is put together from is in `assembly`; the work is `keeper`'s.
"""

import atexit
import os
import time
import weakref
from collections import OrderedDict
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self, TypeVar

import msgspec

from tenure.core.audience import Audience, remedy_for
from tenure.core.lease.claims import Lease
from tenure.core.refusals import RefusalCode
from tenure.core.timeline import Instant, Timeline
from tenure.sdk.assembly import AnyPath, ConfigurationError, KeeperParts, folder_at, make_identity, read_root
from tenure.sdk.background import LEAVING, TURN, BackgroundTurns, SideThread, ThreadRunner
from tenure.sdk.cache import reset_identity
from tenure.sdk.computer import Computer
from tenure.sdk.faults import refuse_unlocked
from tenure.sdk.license_keeper import LicenseKeeper
from tenure.sdk.main import this_computer
from tenure.sdk.outcomes import ActivationGranted, CodePreviewed, LicenseReleased, Rejected, Synchronized, make_rejected
from tenure.sdk.presentation import LicenseStanding
from tenure.sdk.progress import Watch
from tenure.sdk.requests import SyncWish
from tenure.sdk.transport_factory import Network
from tenure.wire.notices import SignedNotice

if TYPE_CHECKING:
    from tenure.sdk.task_runner import TaskRunner

T = TypeVar("T")


class StagedSuccessor(msgspec.Struct, frozen=True):
    """A successor that waits: what it brings, from when, and when it runs out in its turn."""

    begins: Instant
    plan: str
    spans: Timeline


class License:
    """One product's license in one application. Every method may be called from any thread."""

    def __init__(self, parts: KeeperParts) -> None:
        """Use `open`."""
        self._parts = parts
        self._ticks = parts.computer.clocks.ticks
        self._keeper = parts.make_keeper()
        self._holder = self._keeper.holder
        self._turns = BackgroundTurns(self._run_tick, parts.computer.online, self.network_returned)
        self._thread = ThreadRunner(self._turns, TURN)
        self._aside = SideThread()
        _OPEN.add(self)
        _register_keeper(self._keeper)

    @classmethod
    def open(
        cls,
        *,
        product: str,
        version: str,
        server: str,
        root: AnyPath | bytes,
        folder: AnyPath,
        name: str = "",
        sandbox: bool = False,
        clock: AnyPath | None = None,
        after_end_days: int | None = None,
        ephemeral: bool = False,
        network: Network | None = None,
        computer: Computer | None = None,
    ) -> Self:
        """The license of `product` as this application, of `version`, holds it in `folder`; sends nothing.

        `root`: the vendor's root document, a file or its bytes, as it comes with the product. `folder`: made when it
        is missing (0700), one per user and product; several processes may share it. `name`: of this installation, for
        people; the computer's by default. `sandbox`: with the root of a sandbox, and only then; `clock` is then a file
        that tells the sandbox's time. `after_end_days`: how long to go on asking after the end (M14). `ephemeral`: for
        containers, whose folder does not last: a short lease; its place is free at its end or by `release`.

        Raises `ConfigurationError` for arguments that can never work, and `FolderUnusable` (an OSError) when `folder`
        cannot hold a key, or when it begins with `~` and this process has no home folder.
        """
        computer = computer or this_computer()
        pinned = read_root(root, sandbox=sandbox)
        network = network or Network(loopback_http=sandbox)
        if clock is not None and not sandbox:
            raise ConfigurationError(
                "a clock file is honored only in a sandbox: pass sandbox=True with the root of a sandbox"
            )
        parts = KeeperParts(
            who=make_identity(product, version, name, pinned, computer, sandbox=sandbox, ephemeral=ephemeral),
            pinned=pinned,
            disk=folder_at(folder, network.bounds.total),
            server=server,
            network=network,
            computer=computer,
            clock=None if clock is None else Path(clock).expanduser(),
            after_end_days=after_end_days,
        )
        return cls(parts)

    # what an application asks all the time

    def allows(self, feature: str) -> bool:
        """Whether `feature` is on at this instant: no network, no file, no lock, below a microsecond.

        Changes of the license take effect at their second, without any call to another method. Once a minute this
        method reads the clocks; where running time is due to be saved, a thread saves it, and no caller waits for it.
        """
        ready = self._holder.ready
        if self._ticks() < ready.until:
            return feature in ready.features
        features = self._holder.refresh_features().features
        if self._keeper.is_time_to_save():
            self._aside.run(self._keeper.remember_time)
        return feature in features

    @property
    def standing(self) -> LicenseStanding:
        """What is licensed now, why, until when, and what to do about it; no network, but a look at the folder."""
        self._keeper.reload_if_changed()
        self._keeper.remember_time()
        return self._holder.standing()

    @property
    def lease(self) -> Lease | None:
        """The lease that rules now, with all its figures; None before the first activation."""
        return self._holder.lease()

    @property
    def lease_jwt(self) -> str:
        """The present lease as the server signed it: a JWT that any library verifies; empty when there is none."""
        return self._holder.kept.present.token.decode("ascii")

    @property
    def successor(self) -> StagedSuccessor | None:
        """The subscription that is staged to follow, if there is one: a preview of its dates."""
        staged = self._holder.proven_holdings.successor
        if staged is None or self._holder.lease() is staged.lease:
            return None
        return StagedSuccessor(staged.lease.nbf, staged.lease.plan, staged.lease.spans)

    @property
    def next_contact(self) -> Instant | None:
        """When the server is asked next in the background; None: not by itself."""
        return self._keeper.next_contact_at()

    # what an application does

    def activate(self, code: str, watch: Watch | None = None) -> ActivationGranted | Rejected:
        """Applies an activation code; blocks for at most a few exchanges. Both outcomes have a `message`; never raises.

        One whose key is refused for good becomes a new installation first, with a new key, as its remedy says.
        """
        return self._apply_code(code, "active", watch)

    def preview_code(
        self, code: str, *, successor: bool = False, watch: Watch | None = None
    ) -> CodePreviewed | Rejected:
        """What a code would start now, or as successor, and until when; nothing begins. Blocks; never raises."""
        return _with_words(self._keeper.look_at(code, "successor" if successor else "active", watch))

    def stage(self, code: str, watch: Watch | None = None) -> ActivationGranted | Rejected:
        """Stages a code as successor: it takes over at the end of what is paid, also without a server
        [spec: successor]."""
        return self._apply_code(code, "successor", watch)

    def synchronize(self, watch: Watch | None = None) -> Synchronized | Rejected:
        """Asks the server now, in any phase, once a minute; `watch` is told every step and must return at once."""
        return _with_words(self._keeper.synchronize("manual", watch))

    def release(self, watch: Watch | None = None) -> LicenseReleased | Rejected:
        """Gives the license up, for good as far as this installation goes: its place is free for another one.

        The lease is erased here first, and nothing licensed works from then on; then the server is told, now or as soon
        as it can be reached while the application runs. Applying a code licenses it again, if a place is free. Blocks;
        never raises.
        """
        return _with_words(self._keeper.release(watch))

    def resolve(
        self, what: Literal["restored", "second_site", "retired"], watch: Watch | None = None
    ) -> Synchronized | Rejected:
        """Says what two copies of this installation are (the standing warns of `lease_forked`). Blocks; never raises.

        `restored`: this is the one, put back from a backup; it goes on (twice in 365 days, after that the provider
        says so). `second_site`: the copy, that is the one that shows older data, is an installation of its own: it gets
        a new key and needs the code. `retired`: the copy is to go. Typing a code says nothing of it.
        """
        return _with_words(self._keeper.synchronize("manual", watch, SyncWish(resolve=what)))

    def import_notice(self, notice: bytes | AnyPath) -> SignedNotice | Rejected:
        """Takes a signed notice of the vendor (an amnesty) from its bytes or a file. Raises OSError for the file."""
        return self._keeper.take_notice(notice if isinstance(notice, bytes) else Path(notice).expanduser().read_bytes())

    def network_returned(self) -> None:
        """To be called by an application that notices it earlier than we do: the server is asked within 15 minutes."""
        self._keeper.network_returned()

    def reset_identity(self) -> None:
        """Puts the key and everything held aside: from now on this is a new site that needs a code. Raises OSError."""
        self._keeper.leave_folder()
        reset_identity(self._parts.disk, self._parts.computer.draw)
        self._keeper = self._parts.make_keeper()
        self._holder = self._keeper.holder
        _register_keeper(self._keeper)

    # the background

    def start(self) -> None:
        """Synchronizes in a daemon thread from now on, which never raises into the application.

        What is overdue is asked for at once, also in a program that ends a second later: when Python ends, an exchange
        under way is waited for, three seconds at most.
        """
        self._thread.start()

    def stop(self, longest_wait: float = LEAVING) -> None:
        """Ends the thread and gives the folder up; an exchange that is under way is waited for, `longest_wait` seconds.

        Another computer that reaches the folder can use it at once, unless other programs of this one do. The end of
        Python does the same; a program that is killed (also by SIGTERM, unless it handles that) cannot. A license that
        is used after its stop takes the folder again.
        """
        self._thread.stop(longest_wait)
        self._leave_folder()

    def background(self) -> "TaskRunner":
        """The same for asyncio: `async with license.background():`; at its end the folder is given up, as by `stop`."""
        from tenure.sdk.task_runner import TaskRunner

        return TaskRunner(self._turns, TURN, self._leave_folder)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _apply_code(self, code: str, role: str, watch: Watch | None) -> ActivationGranted | Rejected:
        lost = self._holder.proven_holdings.lost
        refused_for_good = lost is not None and lost.code is not RefusalCode.INSTALLATION_RELEASED
        if role == "active" and (refused_for_good or self._holder.kept.separated):
            try:
                self.reset_identity()
            except OSError as error:
                return make_rejected(refuse_unlocked(error, self._parts.disk.place), conclusive=False)
        return _with_words(self._keeper.activate(code, role, watch))

    def _leave_folder(self) -> None:
        self._aside.wait()
        self._keeper.leave_folder()

    def _run_tick(self) -> None:
        self._keeper.tick()

    def _in_child(self) -> None:
        self._keeper.after_fork()
        self._thread.after_fork()


def _with_words(outcome: T) -> T:
    """A "no" with its remedy in words for an application's user; anything else as it is."""
    if isinstance(outcome, Rejected):
        return msgspec.structs.replace(outcome, remedy=remedy_for(outcome, Audience.APPLICATION))
    return outcome


_OPEN: "weakref.WeakSet[License]" = weakref.WeakSet()


def _after_fork() -> None:
    for license_ in list(_OPEN):
        license_._in_child()


os.register_at_fork(after_in_child=_after_fork)

_REMEMBERED = 64
_LAST: OrderedDict[str, LicenseKeeper] = OrderedDict()
"""The keepers opened last, by folder: a license that the application has dropped still leaves its folder at the end."""


def _register_keeper(keeper: LicenseKeeper) -> None:
    _LAST[keeper.holder.place] = keeper
    _LAST.move_to_end(keeper.holder.place)
    while len(_LAST) > _REMEMBERED:
        _LAST.popitem(last=False)


def _leave_all() -> None:
    """Python ends: every folder is given up, three seconds at most for all of them."""
    until = time.monotonic() + LEAVING
    for license_ in list(_OPEN):
        license_.stop(max(0.0, until - time.monotonic()))
    for keeper in list(_LAST.values()):
        if time.monotonic() < until:
            keeper.leave_folder()


atexit.register(_leave_all)
