"""One product's license at this site: its keeper, and one look at everything that seats are decided by.

Asking the server is the keeper's (`sdk.license_keeper`); who gets a seat is `seats`' and `device_reply`'s.
"""

import msgspec

from tenure.core.activation_codes import parse_code
from tenure.core.lease.acceptance import ResponseKind, another_code, effect_of_response
from tenure.core.lease.claims import Lease
from tenure.core.lease.clock import TimeEstimate
from tenure.core.lease.standing import OutageAmnesty, Standing
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import DAY, HOUR, Instant
from tenure.sdk.client_state import ClientState
from tenure.sdk.holdings import ProvenHoldings
from tenure.sdk.license_keeper import LicenseKeeper
from tenure.sdk.outcomes import ActivationGranted, CodePreviewed, Rejected, Synchronized
from tenure.sdk.progress import Watch
from tenure.sdk.requests import NO_WISH, SyncWish, unanswered_requests
from tenure.site.store import devices, notices, pools
from tenure.site.store.sqlite import SiteStore
from tenure.site.store.writer import Connection
from tenure.wire.armor import ArmoredMessage
from tenure.wire.leases import SealedLease
from tenure.wire.messages import Trigger
from tenure.wire.notices import SignedNotice, read_notice

LONGEST_WAIT = 24 * HOUR
"""Seconds of running after which new seats are signed although no synchronization since the start was answered: in so
long the devices that a restored site has forgotten have come and were taken in."""
PAUSE = 3 * DAY
"""A site that was off for no longer goes on with that waiting where it ended: one without a network that is switched
off every night would protect no new device ever. A site restored from an older image begins to wait again (ADR 27)."""
NOTED_EVERY, NOTED_AGAIN = 600, HOUR
"""Seconds between two notes of it while it grows, and after it is over."""


class LicenseSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that decides on seats, as of one moment."""

    now: Instant
    estimate: TimeEstimate
    lease: SealedLease | None
    """The lease that rules."""
    standing: Standing
    kept: ClientState
    amnesties: tuple[OutageAmnesty, ...]
    """All that ever reached this site: seats may stand on older leases than the present one."""
    holdings: ProvenHoldings
    up_since: Instant
    """When this run of the site began to listen: before that no device can have been heard."""
    opened: bool
    """Whether new seats may be signed as far as the start of this run is concerned [spec: new-seats]."""

    @property
    def lease_terms(self) -> Lease | None:
        """The claims of the lease that rules."""
        return None if self.lease is None else self.lease.lease


class ProductLicense:
    """The license of one product. Safe to use from any thread."""

    def __init__(self, product: str, keeper: LicenseKeeper, store: SiteStore) -> None:
        self.product = product
        self.keeper = keeper
        self._store = store
        self._started = keeper.holder.now().reading.uptime
        self._answered = False
        self._last: LicenseSnapshot | None = None
        self._known: dict[bytes, OutageAmnesty] = {}
        self.learn_notices()
        self._noted_wait = self._store.read(lambda conn: _noted_wait(conn, product))
        waited, at = self._noted_wait
        self._waited_before = waited if 0 <= keeper.holder.now().instant - at <= PAUSE else 0

    def take_snapshot(self) -> LicenseSnapshot:
        """Everything that decides on seats, now; made again when the second, or what is held, has changed."""
        holder = self.keeper.holder
        now, holdings = holder.now(), holder.proven_holdings
        opened = self._answered or self._silence_seconds(now.reading.uptime) >= LONGEST_WAIT
        last = self._last
        # Whatever is saved or heard is proven into new holdings, so that the same object means that nothing was.
        if last is not None and last.holdings is holdings and (last.estimate, last.opened) == (now.estimate, opened):
            return last
        rules = holdings.lease_at(now.instant)
        held = (holdings.present, holdings.successor)
        look = LicenseSnapshot(
            now=now.instant,
            estimate=now.estimate,
            lease=next((each for each in held if each is not None and each.lease is rules), None),
            standing=holdings.standing(now.estimate),
            kept=holder.kept,
            amnesties=tuple(self._known.values()),
            up_since=now.instant - (now.reading.uptime - self._started),
            opened=opened,
            holdings=holdings,
        )
        self._last = look
        return look

    def remember_wait(self) -> None:
        """Notes for how long new seats have waited for an answer, so that the next start goes on with it."""
        now = self.keeper.holder.now()
        waited = 0 if self._answered else min(LONGEST_WAIT, self._silence_seconds(now.reading.uptime))
        noted, at = self._noted_wait
        grown, aged = waited - noted >= NOTED_EVERY, now.instant - at >= NOTED_AGAIN
        if grown or (waited == LONGEST_WAIT and aged) or (noted and not waited):
            self._noted_wait = waited, now.instant
            self._store.write(lambda conn: pools.noticed_wait(conn, self.product, waited, now.instant)).result()

    def _silence_seconds(self, uptime: int) -> int:
        """Seconds of running without an answer, those before this start included."""
        return self._waited_before + uptime - self._started

    def activate(self, code: str, role: str = "active", watch: Watch | None = None) -> ActivationGranted | Rejected:
        """Applies a code, or stages it; see `Keeper.activate`."""
        outcome = self.keeper.activate(code, role, watch)
        self._answered = self._answered or (isinstance(outcome, ActivationGranted) and role == "active")
        self.learn_notices()
        return outcome

    def would_apply(self, text: str, role: str = "active") -> Refused | None:
        """What `activate` would refuse before anything is sent; None when it would ask the server."""
        code = parse_code(text)
        if isinstance(code, Refused):
            return code
        lease = self.take_snapshot().lease_terms
        same = lease is not None and lease.code_last_group == code.last_group
        return None if role == "successor" or same else self._bound_by_present()

    def look_at(self, text: str, role: str = "active") -> CodePreviewed | Rejected:
        """What a code would start, as the server says; nothing begins. See `Keeper.look_at`."""
        return self.keeper.look_at(text, role)

    def in_force(self) -> Refused | None:
        """Why the present license cannot be removed: `subscription_in_force`, with the date (M10)."""
        look = self.take_snapshot()
        return None if look.kept.lost is not None else another_code(look.lease_terms, look.now)

    def _bound_by_present(self) -> Refused | None:
        look = self.take_snapshot()
        return None if look.kept.key_wanted else self.in_force()

    def remove(self) -> Refused | None:
        """Forgets the license; refuses `subscription_in_force`, and `not_activated` when there is none."""
        look = self.take_snapshot()
        if look.lease is None and look.kept.activation is None:
            return Refused(RefusalCode.NOT_ACTIVATED, "There is no license to remove.", "product")
        kept = look.kept
        # Token and unanswered requests stay: without them the next code would be taken for one typed at a copy.
        rest = ClientState(roots=kept.roots, clock=kept.clock, token=kept.token, unanswered=unanswered_requests(kept))
        return self.in_force() or self.keeper.holder.save_state(rest)

    def synchronize(
        self, trigger: Trigger = "manual", watch: Watch | None = None, wish: SyncWish = NO_WISH
    ) -> Synchronized | Rejected:
        """Asks the server now; see `LicenseKeeper.synchronize`."""
        return self._note_outcome(self.keeper.synchronize(trigger, watch, wish))

    def staged_subscription(self) -> str:
        """The subscription of the successor that waits here; empty when none does."""
        look = self.take_snapshot()
        successor = look.holdings.successor
        waits = successor is not None and successor.lease is not look.lease_terms
        return successor.lease.subscription if successor is not None and waits else ""

    def import_answers(
        self, blocks: tuple[ArmoredMessage, ...]
    ) -> ActivationGranted | Synchronized | SignedNotice | Rejected:
        """Takes what people carried here; see `Keeper.import_answers`."""
        outcome = self.keeper.import_answers(blocks)
        if isinstance(outcome, Synchronized):
            return self._note_outcome(outcome)
        self._answered = self._answered or (isinstance(outcome, ActivationGranted) and outcome.role == "active")
        self.learn_notices()
        return outcome

    def tick(self) -> Synchronized | Rejected | None:
        """Does what is due; see `LicenseKeeper.tick`."""
        outcome = self.keeper.tick()
        return outcome if outcome is None else self._note_outcome(outcome)

    def take_notice(self, token: bytes) -> SignedNotice | Rejected:
        """Takes a notice that came as a file; see `Keeper.take_notice`."""
        outcome = self.keeper.take_notice(token)
        self.learn_notices()
        return outcome

    def _note_outcome(self, outcome: Synchronized | Rejected) -> Synchronized | Rejected:
        # A fork's answer does not count as answered, and one that asks for the lease is followed by another
        # [spec: new-seats].
        conclusive = isinstance(outcome, Synchronized) and effect_of_response(ResponseKind(outcome.result)).seats
        self._answered = self._answered or conclusive
        self.learn_notices()
        return outcome

    def learn_notices(self) -> None:
        """Keeps the notices that have come, and counts with all that ever came."""
        kept, holder = self.keeper.holder.kept.notices, self.keeper.holder

        def work(conn: Connection) -> tuple[bytes, ...]:
            pools.ensure_pool(conn, self.product)
            notices.keep_notices(conn, self.product, kept)
            return notices.kept_notices(conn, self.product)

        known = self._store.write(work).result()
        fresh = dict(self._known)
        for token in () if isinstance(known, Refused) else known:
            if token not in fresh:
                read = read_notice(token, holder.root, product=self.product, sandbox=holder.reader.sandbox)
                if isinstance(read, SignedNotice):
                    fresh[token] = read.as_amnesty()
        self._known, self._last = fresh, None

    def device_need(self, conn: Connection) -> int:
        """Devices that ought to be covered: those that count, and those that wait."""
        return pools.get_pool(conn, self.product).counted + devices.count_waiting(conn, self.product)


def _noted_wait(conn: Connection, product: str) -> tuple[int, Instant]:
    pool = pools.get_pool(conn, product)
    return pool.waited, pool.waited_at
