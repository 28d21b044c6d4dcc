"""A code typed at a site whose key is known: whether that is the site itself, or a copy of it
([spec: known-key, fork-rule]; ADR 25).

What the site then gets is `activation`'s, what is written down of a copy `copies`'.
"""

import msgspec

from tenure.core.answering.forks import forget_told, refuse_overtaken, refuse_replaced
from tenure.core.lease.claims import Lease
from tenure.core.lease.sync_schedule import sync_window
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription.contract import timeline
from tenure.core.subscription.fold import Subscription
from tenure.server import account_repository, allotments, copies, environments, forks, leaving, places
from tenure.server.context import ServerContext, Tenant
from tenure.server.lease_signing import SignedSite
from tenure.server.site_record import read_record, with_extra
from tenure.store import sites
from tenure.store.engine import Connection
from tenure.store.sites import SiteRow
from tenure.wire.exchanges import ProvenRequest
from tenure.wire.leases import read_lease
from tenure.wire.messages import ActivateAnswer, ActivateRequest, ForkEvidence, NextSync, pad_refusal, to_signed_refusal


class CodeAtSite:
    """One request to apply a code, of a key that is known as `site`."""

    def __init__(
        self,
        context: ServerContext,
        conn: Connection,
        tenant: Tenant,
        asked: ProvenRequest[ActivateRequest],
        site: SiteRow,
    ) -> None:
        self._context, self._conn, self._tenant, self._asked = context, conn, tenant, asked
        self._message, self._now = asked.message, tenant.now
        self._lease = self._shown_lease()
        self.by_a_copy = False
        """Whether it shows an older state than the newest, or none (fork rule)."""
        self.site = site
        """As it is once a newer state than this server's, which was restored, is learned."""
        shown = context.keys.read_state_token(site.id, self._message.token)
        if shown is not None and site.token and shown > (site.epoch, site.token_count):
            self.site = self._learn_state(shown[1])
        else:
            self.by_a_copy = not forks.is_newest(site, self._message) and not self._has_given_up()

    def refuse_overtaken(self) -> Refused | None:
        """Why a request carried by hand is not answered: what happened since it was made is not a fork
        [spec: offline-exchange].

        Refuses `offline_older`, `offline_changed_meanwhile`.
        """
        shown = None if self._lease is None else (self._lease.epoch, self._lease.serial)
        return refuse_overtaken(shown, self._message.wall, forks.last_contact(self.site))

    def answer_code(self, present: Subscription | None, wanted: str, *, carried: bool, preview: bool) -> ActivateAnswer:
        """What a copy gets: what it was told to be, or the truth for a week, once in 90 days.

        Only the code of the subscription that the site uses (`wanted` is the code's) is answered with that truth; no
        code resolves the fork, and none moves the site. Of a look nothing is written down.
        """
        told = refuse_replaced(read_record(self.site), self._message.token, self.site.last_contact)
        sub = present or account_repository.load_subscription(self._conn, self.site.provider, self.site.subscription)
        state = None if sub is None else places.state_of(sub, self.site)
        if told is not None:
            return self._refuse_code(told)
        if sub is None or state is None or state.lost or state.replacement:
            return self._refuse_code(leaving.refuse_gone(state))
        if preview:
            return self._refuse_code(Refused(RefusalCode.LEASE_FORKED), forked=True)
        return self._record_copy(
            sub, truth=state.is_active and (wanted, self._message.role) == (sub.id, "active"), by=carried
        )

    def _record_copy(self, sub: Subscription, *, truth: bool, by: bool) -> ActivateAnswer:
        site = with_extra(self.site, forget_told(read_record(self.site), self._message.token))
        seen = copies.record_copy(
            self._conn, site, sub, forks.sighting_at_code(self._message, self._lease, self._now), self._now
        )
        state = places.state_of(seen.sub, seen.site)
        fork = forks.fork_shown(seen.site, state, self._now)
        signed: SignedSite | Refused = Refused(RefusalCode.LEASE_FORKED)
        if truth:
            signed = copies.answer_copy(self._conn, self._context, seen.site, seen.sub, self._now, carried=by)
        sites.save_many(self._conn, [seen.site if isinstance(signed, Refused) else signed.site])
        if isinstance(signed, Refused):
            return self._refuse_code(signed, forked=True, fork=fork)
        turn = sync_window(timeline(seen.sub, state), signed.lease, self._now)
        return msgspec.structs.replace(
            bare_answer(self._asked, self._now, self._context),
            result="granted",
            site=site.id,
            lease=signed.token.decode(),
            next_sync=None if turn is None else NextSync(*turn),
            forked=True,
            fork=fork,
        )

    def _has_given_up(self) -> bool:
        """Whether the application gave its license up itself: nobody goes by a newer state than the folder that was
        put back since, whose code takes a place like anybody's."""
        site = self.site
        if site.state != allotments.LEFT or not places.is_alone(site):
            return False
        sub = account_repository.load_subscription(self._conn, site.provider, site.subscription)
        state = None if sub is None else sub.find_site(site.id)
        return bool(site.ephemeral) or (
            state is not None and state.left_at is not None and not state.lost and state.leaving_until is None
        )

    def _learn_state(self, count: int) -> SiteRow:
        """The site with what it holds counted: this server was restored, and the site knows more
        [spec: restored-server]."""
        site, lease = self.site, self._lease
        if lease is not None and lease.sub == site.id:
            site = allotments.after_learning(site, lease, self._now)
            site = msgspec.structs.replace(
                site, epoch=max(site.epoch, lease.epoch), serial=max(site.serial, lease.serial)
            )
        return msgspec.structs.replace(site, token_count=max(site.token_count, count))

    def _shown_lease(self) -> Lease | None:
        """The present lease that the request carries, if this server signed it."""
        sandbox = self._tenant.provider.sandbox
        root, product = self._context.keys.root_of(sandbox=sandbox), self._message.product
        read = read_lease(self._message.lease.encode("ascii"), root, product=product, sandbox=sandbox)
        return None if isinstance(read, Refused) else read.lease

    def _refuse_code(
        self, refused: Refused, *, forked: bool = False, fork: ForkEvidence | None = None
    ) -> ActivateAnswer:
        return refusing_answer(self._asked, self._now, self._context, refused, forked=forked, fork=fork)


def bare_answer(asked: ProvenRequest[ActivateRequest], now: int, context: ServerContext) -> ActivateAnswer:
    """An answer that says nothing yet, bound to its question, in the sender's own world."""
    return ActivateAnswer(
        nonce=asked.message.nonce,
        request_sha256=asked.sha256,
        time=now,
        root=context.keys.root_of(sandbox=asked.message.world == environments.SANDBOX).version,
        result="refused",
    )


def refusing_answer(
    asked: ProvenRequest[ActivateRequest],
    now: int,
    context: ServerContext,
    refused: Refused,
    *,
    forked: bool = False,
    fork: ForkEvidence | None = None,
) -> ActivateAnswer:
    """The refusing answer, padded so that its length tells nothing."""
    said = bare_answer(asked, now, context)
    return pad_refusal(msgspec.structs.replace(said, refusal=to_signed_refusal(refused), forked=forked, fork=fork))
