"""Two copies of one site: who is the site, what each copy is told, and what a resolution does ([spec: fork-rule,
fork-resolution], B9).

Both hold the key, so a copy is known by the state token that it shows: one that was replaced. That a fork is open, and
how it may be resolved, is decided on the subscription (`business.decide.installations`); here is what a server
remembers of copies, as `CopyMemory`, and what follows from it.

An example. A site was answered with token 7; its folder of yesterday, with token 5, is started on a second machine.
- The second machine synchronizes with token 5: a fork. It gets a lease of 7 days; the first one goes on with token 7.
- It comes again the next day with token 5: `lease_forked`, until 90 days after that lease.
- *Second site* is said: token 5 is told `copy_separated` from then on, whatever it asks.
- *Restored* is said instead: no token is the newest any more, so the next copy that comes is the site, in a new epoch.
"""

from typing import Literal, TypeVar

import msgspec

from tenure.core.plurals import format_count
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription.fold import Subscription
from tenure.core.timeline import DAY, Instant

FORK_ANSWERS_APART = 90 * DAY
"""A copy gets the present truth once in so long, so that an honest restore is not punished [spec: fork-rule]."""
COPIES = 8
"""Copies told apart; of more the oldest is forgotten."""
SETTLED = 32
"""Tokens of copies that were told what they are."""

Resolution = Literal["second_site", "retired"]
_TOLD = {"second_site": RefusalCode.COPY_SEPARATED, "retired": RefusalCode.COPY_RETIRED}


class CopySighting(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a copy of a site said of itself when it showed a state token that was replaced."""

    token: str
    at: Instant
    serial: int
    epoch: int
    version: str = ""
    devices: int = 0
    wall: Instant = 0
    uptime: int = 0
    path: str = ""
    trigger: str = ""


class CopyMemory(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a server remembers of a site's copies. Evolution: fields are appended with defaults."""

    fork_answered: Instant = 0
    """When a copy of this site was last given the truth of a fork answer."""
    restores: tuple[Instant, ...] = ()
    """Of an ephemeral application, which is in no history: when its own side said that it was restored."""
    copies: tuple[CopySighting, ...] = ()
    """While a fork is open: the copies that showed a token which was replaced."""
    settled: tuple[tuple[str, str], ...] = ()
    """(token, what the copy that shows it was told to be)."""
    settled_at: Instant = 0
    """When that was said last."""
    restored_at: Instant = 0
    """When it was said last that the same server was restored: the other copy goes by a lease from before that."""


M = TypeVar("M", bound=CopyMemory)


class LastContact(msgspec.Struct, frozen=True):
    """The site as it was last answered."""

    epoch: int
    serial: int
    acked_serial: int
    """Serial of the newest lease that it has shown to hold."""
    at: Instant | None
    version: str
    devices: int


def is_newest(shown: str, current: str, last_request: str, pending: tuple[str, ...]) -> bool:
    """Whether the one that shows a state token is the site as it was last answered, and no copy from before.

    It shows the `current` token, or names the request whose answer has not reached it yet: only the site knows that.
    """
    return not current or shown == current or last_request in pending


def told_to_copy(memory: CopyMemory, token: str) -> Refused | None:
    """What a copy that shows `token` was told to be: `copy_separated`, `copy_retired`; None for one not spoken of."""
    resolution = dict(memory.settled).get(token)
    return None if resolution is None else Refused(_TOLD[resolution])


def refuse_replaced(memory: CopyMemory, token: str, last_contact: Instant | None) -> Refused | None:
    """Why the copy that shows `token` is not taken for the site any more, even with a code: it was told to go, and the
    other one has been heard since (ADR 15). `copy_separated`, `copy_retired`; None otherwise."""
    return told_to_copy(memory, token) if (last_contact or 0) > memory.settled_at else None


def forget_told(memory: M, token: str) -> M:
    """Nothing is left of what the copy that shows `token` was told: its fork is to be settled again."""
    left = tuple(each for each in memory.settled if each[0] != token)
    return msgspec.structs.replace(memory, settled=left)


def with_sighting(memory: M, seen: CopySighting) -> M:
    """A copy has shown itself; the newest sighting of each counts."""
    others = tuple(each for each in memory.copies if each.token != seen.token)
    return msgspec.structs.replace(memory, copies=(*others, seen)[-COPIES:])


def with_fork_answer(memory: M, now: Instant) -> M | Refused:
    """A copy is given the truth now; `lease_forked`, with the instant, where one was given it within 90 days."""
    again = memory.fork_answered + FORK_ANSWERS_APART
    if memory.fork_answered and now < again:
        return Refused(RefusalCode.LEASE_FORKED, when=again)
    return msgspec.structs.replace(memory, fork_answered=now)


def with_resolution(memory: M, resolution: str, now: Instant, *, ephemeral: bool) -> M:
    """It was said what the copies are.

    Restored: the copy that comes next is the site (`epoch_restored`). Otherwise the copies seen are told what they are,
    and the site goes on undisturbed.
    """
    if resolution == "restored":
        counted = (*memory.restores, now) if ephemeral else ()
        return msgspec.structs.replace(memory, restores=counted, restored_at=now, copies=())
    marked = tuple((each.token, resolution) for each in memory.copies)
    known = tuple(each for each in memory.settled if each[0] not in dict(marked))
    return msgspec.structs.replace(memory, copies=(), settled=(*known, *marked)[-SETTLED:], settled_at=now)


def epoch_restored(epoch: int, now: Instant) -> int:
    """The epoch of a site that was restored at `now`, which tells the other copy apart [spec: epoch]."""
    return max(epoch + 1, now)


def has_outlived(memory: CopyMemory, forked_at: Instant | None, sub: Subscription, now: Instant) -> bool:
    """Whether the copy that was said to be gone, because this one was *restored* in its place, has been heard since,
    while a lease from before that may run: what it protects goes on next to this one (ADR 28)."""
    rules = sub.rules_at(now)
    longest = max(rules.lease_days, rules.air_gap_lease_days) * DAY
    return forked_at is not None and now < memory.restored_at + longest


def allotment_of_copies(
    memory: CopyMemory, forked_at: Instant | None, sub: Subscription, known: tuple[int, int], now: Instant
) -> int:
    """The allotment of a site whose fork is open; `known`: the one it has, and the devices that it protects.

    It stays as it is; where the copy that this one was *restored* for turns out to be in use, it comes down to what is
    protected here: new devices wait until an administrator says what the copies are.
    """
    return min(known) if has_outlived(memory, forked_at, sub, now) else known[0]


def refuse_overtaken(shown: tuple[int, int] | None, made_at: Instant, last: LastContact) -> Refused | None:
    """Why a request that was carried by hand by a copy is not answered: what happened since is not a fork
    [spec: offline-exchange].

    `shown`: (epoch, serial) of the lease it knows, if it shows one; `made_at`: its clock when it was made.

    Refuses `offline_older` and `offline_changed_meanwhile`.
    """
    if shown is not None and shown < (last.epoch, last.acked_serial):
        return Refused(RefusalCode.OFFLINE_OLDER, "The site goes by a newer lease than this request knows.")
    if last.at is not None and made_at <= last.at:
        return Refused(RefusalCode.OFFLINE_CHANGED_MEANWHILE)
    return None


def fork_evidence(seen: CopySighting, last: LastContact) -> str:
    """What is written down of the two for good."""
    asked = ", typing a code" if seen.trigger == "code" else f", {format_count(seen.devices, 'device')}"
    return (
        f"the copy: serial {seen.serial}, token {seen.token[:20] or 'none'}, version {seen.version}{asked},"
        f" running for {seen.uptime} s; the site as last heard: serial {last.serial},"
        f" version {last.version}, {format_count(last.devices, 'device')}, at {last.at or 0}"
    )
