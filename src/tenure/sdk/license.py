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
from typing import Literal, Self, TypeVar

import msgspec

from tenure.core.audience import Audience, remedy
from tenure.core.lease import Lease
from tenure.core.refusals import Code
from tenure.core.timeline import Instant, Timeline
from tenure.sdk.assembly import AnyPath, Misuse, Parts, folder_at, identity, read_root
from tenure.sdk.background import LEAVING, TURN, Aside, InTask, InThread, Turns
from tenure.sdk.cache import forget
from tenure.sdk.computer import Computer
from tenure.sdk.exchange import Wish
from tenure.sdk.faults import unlocked
from tenure.sdk.keeper import Keeper
from tenure.sdk.main import this_computer
from tenure.sdk.outcomes import Declined, Granted, Looked, Released, Synchronized, declined
from tenure.sdk.reach import Network
from tenure.sdk.shown import Standing
from tenure.sdk.steps import Watch
from tenure.wire.notices import Notice

T = TypeVar("T")


class Staged(msgspec.Struct, frozen=True):
    """A successor that waits: what it brings, from when, and when it runs out in its turn."""

    begins: Instant
    plan: str
    spans: Timeline


class License:
    """One product's license in one application. Every method may be called from any thread."""

    def __init__(self, parts: Parts) -> None:
        """Use `open`."""
        self._parts = parts
        self._ticks = parts.computer.clocks.ticks
        self._keeper = parts.keeper()
        self._holder = self._keeper.holder
        self._turns = Turns(self._tick, parts.computer.online, self.network_returned)
        self._thread = InThread(self._turns, TURN)
        self._aside = Aside()
        _OPEN.add(self)
        _remember(self._keeper)

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

        Raises `Misuse` for arguments that can never work, and `FolderUnusable` (an OSError) when `folder` cannot hold
        a key, or when it begins with `~` and this process has no home folder.
        """
        computer = computer or this_computer()
        pinned = read_root(root, sandbox=sandbox)
        network = network or Network(loopback_http=sandbox)
        if clock is not None and not sandbox:
            raise Misuse("a clock file is honoured only in a sandbox: pass sandbox=True with the root of a sandbox")
        parts = Parts(
            who=identity(product, version, name, pinned, computer, sandbox=sandbox, ephemeral=ephemeral),
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

        Changes of the license take effect at their second, without any call to another method. Once a minute the clocks
        are looked at anew; that running time is then saved now and again is a thread's work, which nobody waits for.
        """
        ready = self._holder.ready
        if self._ticks() < ready.until:
            return feature in ready.features
        features = self._holder.renewed().features
        if self._keeper.is_time_to_save():
            self._aside.run(self._keeper.remember_time)
        return feature in features

    @property
    def standing(self) -> Standing:
        """What is licensed now, why, until when, and what to do about it; no network, but a look at the folder."""
        self._keeper.look()
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
    def successor(self) -> Staged | None:
        """The subscription that is staged to follow, if there is one: a preview of its dates."""
        staged = self._holder.holdings.successor
        if staged is None or self._holder.lease() is staged.lease:
            return None
        return Staged(staged.lease.nbf, staged.lease.plan, staged.lease.spans)

    @property
    def next_contact(self) -> Instant | None:
        """When the server is asked next in the background; None: not by itself."""
        return self._keeper.due()

    # what an application does

    def activate(self, code: str, watch: Watch | None = None) -> Granted | Declined:
        """Applies an activation code; blocks for at most a few exchanges. Both outcomes have a `message`; never raises.

        One whose key is refused for good becomes a new installation first, with a new key, as its remedy says.
        """
        return self._apply(code, "active", watch)

    def look_at(self, code: str, *, successor: bool = False, watch: Watch | None = None) -> Looked | Declined:
        """What a code would start now, or as successor, and until when; nothing begins. Blocks; never raises."""
        return _worded(self._keeper.look_at(code, "successor" if successor else "active", watch))

    def stage(self, code: str, watch: Watch | None = None) -> Granted | Declined:
        """Stages a code as successor: it takes over at the end of what is paid, also without a server
        [spec: successor]."""
        return self._apply(code, "successor", watch)

    def synchronize(self, watch: Watch | None = None) -> Synchronized | Declined:
        """Asks the server now, in any phase, once a minute; `watch` is told every step and must return at once."""
        return _worded(self._keeper.synchronize("manual", watch))

    def release(self, watch: Watch | None = None) -> Released | Declined:
        """Gives the license up, for good as far as this installation goes: its place is free for another one.

        The lease is erased here first, and nothing licensed works from then on; then the server is told, now or as soon
        as it can be reached while the application runs. Applying a code licenses it again, if a place is free. Blocks;
        never raises.
        """
        return _worded(self._keeper.release(watch))

    def resolve(
        self, what: Literal["restored", "second_site", "retired"], watch: Watch | None = None
    ) -> Synchronized | Declined:
        """Says what two copies of this installation are (the standing warns of `lease_forked`). Blocks; never raises.

        `restored`: this is the one, put back from a backup; it goes on (twice in 365 days, after that the provider
        says so). `second_site`: the copy, that is the one that shows older data, is an installation of its own: it
        begins anew and needs the code. `retired`: the copy is to go. Typing a code says nothing of it.
        """
        return _worded(self._keeper.synchronize("manual", watch, Wish(resolve=what)))

    def take_notice(self, notice: bytes | AnyPath) -> Notice | Declined:
        """Takes a signed notice of the vendor (an amnesty) from its bytes or a file. Raises OSError for the file."""
        return self._keeper.take_notice(notice if isinstance(notice, bytes) else Path(notice).expanduser().read_bytes())

    def network_returned(self) -> None:
        """To be called by an application that notices it earlier than we do: the server is asked within 15 minutes."""
        self._keeper.network_returned()

    def begin_anew(self) -> None:
        """Puts the key and everything held aside: from now on this is a new site that needs a code. Raises OSError."""
        self._keeper.leave()
        forget(self._parts.disk, self._parts.computer.draw)
        self._keeper = self._parts.keeper()
        self._holder = self._keeper.holder
        _remember(self._keeper)

    # the background

    def start(self) -> None:
        """Synchronizes in a daemon thread from now on, which never raises into the application.

        What is overdue is asked for at once, also in a program that ends a second later: when Python ends, an exchange
        under way is waited for, three seconds at most.
        """
        self._thread.start()

    def stop(self, patience: float = LEAVING) -> None:
        """Ends the thread and gives the folder up; an exchange that is under way is waited for, `patience` seconds.

        Another computer that reaches the folder can use it at once, unless other programs of this one do. The end of
        Python does the same; a program that is killed (also by SIGTERM, unless it handles that) cannot. A license that
        is used after its stop takes the folder again.
        """
        self._thread.stop(patience)
        self._leave()

    def background(self) -> InTask:
        """The same for asyncio: `async with license.background():`; at its end the folder is given up, as by `stop`."""
        return InTask(self._turns, TURN, self._leave)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _apply(self, code: str, role: str, watch: Watch | None) -> Granted | Declined:
        lost = self._holder.holdings.lost
        refused_for_good = lost is not None and lost.code is not Code.INSTALLATION_RELEASED
        if role == "active" and (refused_for_good or self._holder.kept.separated):
            try:
                self.begin_anew()
            except OSError as error:
                return declined(unlocked(error, self._parts.disk.place), conclusive=False)
        return _worded(self._keeper.activate(code, role, watch))

    def _leave(self) -> None:
        self._aside.wait()
        self._keeper.leave()

    def _tick(self) -> None:
        self._keeper.tick()

    def _in_child(self) -> None:
        self._keeper.forked()
        self._thread.forked()


def _worded(outcome: T) -> T:
    """A "no" with its remedy in words for an application's user; anything else as it is."""
    if isinstance(outcome, Declined):
        return msgspec.structs.replace(outcome, remedy=remedy(outcome, Audience.APPLICATION))
    return outcome


_OPEN: "weakref.WeakSet[License]" = weakref.WeakSet()


def _after_fork() -> None:
    for license_ in list(_OPEN):
        license_._in_child()


os.register_at_fork(after_in_child=_after_fork)

_REMEMBERED = 64
_LAST: OrderedDict[str, Keeper] = OrderedDict()
"""The keepers opened last, by folder: a license that nobody holds any more has yet to leave its folder at the end."""


def _remember(keeper: Keeper) -> None:
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
            keeper.leave()


atexit.register(_leave_all)
