"""Collects what fell due and announces what has already happened; makes nothing true [spec: one-timeline].

A sweep that was down for a week books exactly what one awake would have booked, and announces it late.
"""

import asyncio
import logging

import msgspec

from tenure.core.refusals import Refused
from tenure.core.subscription import ephemeral
from tenure.core.subscription.contract import timeline
from tenure.core.subscription.fold import Subscription
from tenure.core.subscription.reminders import reminder_due
from tenure.core.timeline import DAY, Instant, Phase, span_at
from tenure.http.views import copy_fields
from tenure.server import account_repository, settlement, takeover
from tenure.server.context import ServerContext
from tenure.server.messages.catalog import REMINDER
from tenure.server.real_time import RealTime
from tenure.server.row_collection import TURNS, CollectionProgress, collect_rows
from tenure.store import (
    accounts,
    audit_log,
    browser_values,
    deliveries,
    emails,
    idempotency,
    integrity,
    invitations,
    meta,
    outbox,
    pending_codes,
    rate_counters,
    sessions,
    stays,
    subscriptions,
    tenants,
    throttle,
)
from tenure.store.engine import Connection

AT_ONCE = 200
PAUSE = 1.0
"""Seconds between looks; each look is one indexed query when nothing is due."""
CHECK_EVERY = 3_600
TURN = "housekeeping"
"""Whose turn the hourly work is, where several processes share the state."""
LATE = 3_600
"""Seconds after its end that a day is counted: whatever began on it is written down by then."""
KEEP_INVITATIONS = 30 * DAY
"""An invitation that was not accepted is shown as over for a while."""
KEEP_AUDIT = 400 * DAY
"""Addresses and e-mails are kept no longer than a year's audit needs."""
KEEP_MESSAGES = 30 * DAY
"""Mails and deliveries that are over stand in their logs for so long."""

_log = logging.getLogger("tenure.server.sweep")


class PhaseEvent(msgspec.Struct, frozen=True, kw_only=True):
    """What a change of phase says in the feed."""

    subscription: str
    customer: str
    phase: str
    why: str
    since: Instant
    until: Instant | None


class ReminderEvent(msgspec.Struct, frozen=True, kw_only=True):
    """What a reminder says in the feed."""

    subscription: str
    customer: str
    offset: int
    """Days before the end as the policy has them; in grace minus the days since it began."""
    days_left: int
    end: Instant
    phase: str
    why: str


class BackgroundSweep:
    """The server's one background task."""

    def __init__(self, context: ServerContext, at_once: int = AT_ONCE) -> None:
        self._context = context
        self._at_once = at_once
        self._checked_at: Instant | None = None
        self._progress: dict[str | None, CollectionProgress] = {}

    async def run(self) -> None:
        """Until canceled; a failing look is logged and repeated, for nothing depends on it."""
        while True:
            try:
                while await self.once() >= self._at_once:
                    pass
                await self.housekeeping()
            except Exception:
                _log.exception("a look of the sweep failed; it is repeated")
            await asyncio.sleep(PAUSE)

    async def once(self) -> int:
        """One look: settle what is due, announce what has changed; how many things were found.

        None while money is stopped: what is due is booked later, as of its own instant.
        """
        if self._context.stopped_money:
            return 0
        time = RealTime(self._context.clock())
        return max([await self._look_once(provider, now, time) for provider, now in await self._all_clocks(time)])

    async def _look_once(self, provider: str | None, now: Instant, time: RealTime) -> int:
        due = await self._context.db.read(accounts.due_accounts, now, self._at_once, provider)
        for tenant, customer in due:
            await self._context.db.write(self._settle_unclaimed, tenant, customer, time)
        changed = await self._context.db.read(subscriptions.due_subscriptions, now, self._at_once, provider)
        for tenant, name in changed:
            await self._context.db.write(self._announce_changes, tenant, name, time)
        over = ephemeral.day_of(now - LATE)
        stayed = await self._context.db.read(stays.stays_due, over, self._at_once, provider)
        counted = [await self._context.db.write(self._count_days, tenant, name, time) for tenant, name in stayed]
        return max(len(due), len(changed), counted.count(True))

    async def housekeeping(self) -> None:
        """Once an hour: forget what is over, and compare every balance with its postings [spec: reliability]."""
        now = self._context.clock()
        if self._checked_at is not None and 0 <= now - self._checked_at < CHECK_EVERY:
            return  # a clock that was set back does not put off what is due each hour
        self._checked_at = now
        if self._context.db.is_shared and not await self._context.db.write(meta.claim_turn, TURN, now, CHECK_EVERY):
            return  # another process has done it, and `shared_state` tells this one what it found
        await self._context.db.write(_collect_old, now)
        for clock, moment in await self._all_clocks(RealTime(now)):
            await self._collect_ended(clock, moment)
        drifted = await self._context.db.read(integrity.drifted_accounts)
        self._context.stopped_money[:] = [each.customer for each in drifted]
        if self._context.db.is_shared:
            await self._context.db.write(meta.set_stopped_money, self._context.stopped_money)
        if drifted:
            _log.critical("balances of %d accounts differ from their postings: money is stopped", len(drifted))

    async def _collect_ended(self, clock: str | None, now: Instant) -> None:
        """A few turns for one clock, each its own transaction, so that no device waits for long behind it."""
        progress, restored = self._progress.get(clock, CollectionProgress()), self._context.epoch_floor
        for _ in range(TURNS):
            came = await self._context.db.write(collect_rows, clock, now, restored, progress)
            if isinstance(came, Refused):
                return
            progress = self._progress[clock] = came
            if not progress.more:
                return

    async def _all_clocks(self, time: RealTime) -> list[tuple[str | None, Instant]]:
        """Production once, and each sandbox by its own clock."""

        def work(conn: Connection) -> list[tuple[str | None, Instant]]:
            after, clocks = "", list[tuple[str | None, Instant]]()
            while page := tenants.list_providers(conn, after, AT_ONCE):
                clocks.extend((each.id, time.now_of(each)) for each in page if each.clock is not None)
                after = page[-1].id
            return clocks

        return [(None, time.instant), *await self._context.db.read(work)]

    def _settle_unclaimed(self, conn: Connection, provider: str, customer: str, time: RealTime) -> None:
        """Of several processes one settles an account, and the others go on with the next."""
        account = accounts.lock_unclaimed(conn, provider, customer)
        if account is not None and account.next_due is not None and account.next_due <= time.now_at(conn, provider):
            self._settle_account(conn, provider, customer, time)

    def _settle_account(self, conn: Connection, provider: str, customer: str, time: RealTime) -> None:
        loaded = account_repository.load_books(conn, provider, customer, time)
        if loaded is not None:
            settlement.settle_books(conn, loaded)

    def _settle_due(self, conn: Connection, provider: str, name: str, time: RealTime) -> Instant:
        """The provider's now, everything booked that is due for the subscription."""
        now = time.now_at(conn, provider)
        account = accounts.get_account(conn, provider, account_repository.customer_of(conn, provider, name) or "")
        if account is not None and account.next_due is not None and account.next_due <= now:
            self._settle_account(conn, provider, account.customer, time)
        return now

    def _count_days(self, conn: Connection, provider: str, name: str, time: RealTime) -> bool:
        """Appends what is to be said of the ephemeral applications of days that are over; whether there was any."""
        if _is_claimed(conn, provider, name):
            return False
        now = self._settle_due(conn, provider, name, time)
        sub, over = account_repository.load_subscription(conn, provider, name), ephemeral.day_of(now - LATE)
        if sub is None:
            return False
        found = stays.uncounted_stays(conn, provider, name, over)
        days = ephemeral.days_over(found, sub.ephemeral_until, over, now)
        stays.mark_counted(
            conn, provider, name, [ephemeral.after_count(each, sub.ephemeral_until, over) for each in found]
        )
        account_repository.append_to(conn, sub, days, now)
        return bool(days)

    def _announce_changes(self, conn: Connection, provider: str, name: str, time: RealTime) -> None:
        """What holds is told, so first everything is booked that was due: its account may not have had its turn yet."""
        if _is_claimed(conn, provider, name):
            return
        now = self._settle_due(conn, provider, name, time)
        takeover.take_over_all(conn, provider, name, time)
        sub = account_repository.load_subscription(conn, provider, name)
        if sub is not None:
            announce_phase(conn, sub, now)
            announce_reminders(conn, sub, now)
            account_repository.project_subscription(conn, sub, now)


def _is_claimed(conn: Connection, provider: str, name: str) -> bool:
    """Whether another process has the account of that subscription at this moment; else this transaction has it."""
    owner = account_repository.customer_of(conn, provider, name) or ""
    if accounts.lock_unclaimed(conn, provider, owner) is not None:
        return False
    return accounts.get_account(conn, provider, owner) is not None


def announce_phase(conn: Connection, sub: Subscription, now: Instant) -> None:
    """Tell the feed which phase holds and since when it truly does; each once."""
    span = span_at(timeline(sub), now)
    if span.phase is Phase.PENDING:
        return
    told = copy_fields(PhaseEvent, span, subscription=sub.id, customer=sub.customer)
    outbox.announce_once(
        conn, sub.provider, f"subscription.now_{span.phase}", sub.id, span.since, now, msgspec.json.encode(told)
    )


def announce_reminders(conn: Connection, sub: Subscription, now: Instant) -> None:
    """Tell the feed that an end comes nearer; each reminder once."""
    due = reminder_due(sub, now)
    if due is None or not outbox.is_first(conn, sub.id, f"{REMINDER}.{due.offset}", due.about):
        return
    left = -(-(due.end - now) // DAY)
    told = copy_fields(ReminderEvent, due, subscription=sub.id, customer=sub.customer, days_left=left)
    outbox.add_note(conn, sub.provider, REMINDER, sub.id, due.at, now, msgspec.json.encode(told))


def _collect_old(conn: Connection, now: Instant) -> None:
    idempotency.collect_old(conn, now)
    throttle.collect_old(conn, now - DAY)
    rate_counters.collect_paid(conn)
    sessions.collect(conn, now)
    browser_values.collect(conn, now)
    invitations.collect(conn, now - KEEP_INVITATIONS)
    audit_log.collect_old(conn, now - KEEP_AUDIT)
    pending_codes.forget_expired(conn, now)
    emails.collect(conn, now - KEEP_MESSAGES)
    deliveries.collect(conn, now - KEEP_MESSAGES)
