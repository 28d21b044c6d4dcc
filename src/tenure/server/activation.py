"""Activation: a code becomes a site with a lease [spec: activation], in one transaction, once however often it is
sent."""

import logging

import msgspec

from tenure.core import activation_codes
from tenure.core.business import commands as c
from tenure.core.business.account import PolicyHistory
from tenure.core.business.execute import CommandOutcome
from tenure.core.installation import Installation
from tenure.core.lease.sync_schedule import sync_window
from tenure.core.policy.rules import Role
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription import facts as f
from tenure.core.subscription.allotment import Pool, grant_allotment
from tenure.core.subscription.contract import timeline
from tenure.core.subscription.fold import Subscription
from tenure.core.timeline import Instant
from tenure.http.fairness import block_of, networks_of
from tenure.http.limits import RateLimit, RateThrottle
from tenure.server import (
    account_repository,
    allotments,
    code_preview,
    copies,
    environments,
    joining,
    lease_signing,
    leaving,
    places,
    seat_conflicts,
    settlement,
    subscription_service,
    takeover,
)
from tenure.server.context import ServerContext, Tenant
from tenure.server.known_site import CodeAtSite, bare_answer, refusing_answer
from tenure.server.real_time import RealTime
from tenure.server.reissuing import reissued_activation
from tenure.server.site_projection import IN_USE
from tenure.server.site_record import SiteRecord, read_record, with_extra
from tenure.store import codes as stored_codes
from tenure.store import ids, sites, tenants
from tenure.store.engine import Connection
from tenure.store.sites import SiteRow
from tenure.wire import exchanges
from tenure.wire.exchanges import ProvenRequest
from tenure.wire.keys import key_thumbprint, to_jwk
from tenure.wire.messages import ActivateAnswer, ActivateRequest, NextSync, unknown_code

WRONG_BY_NETWORK = (
    RateLimit("wrong codes", 10, 3_600),
    RateLimit("wrong codes of a /56", 40, 3_600),
    RateLimit("wrong codes of a /48", 160, 3_600),
)
"""For each of `networks_of` an address: whoever holds many networks must not have as many times the tries."""
WRONG_BY_GROUP = RateLimit("wrong codes of one first group", 20, 3_600)
"""Only codes that match nothing are charged, and only they are refused for it [spec: code-throttle]: whoever has a real
code is never slowed down by strangers, and 95 random bits need no limit on all of them together."""
RIGHT = RateLimit("activations of one subscription from one network", 600, 60)
"""What a real code may cost; nobody else's traffic counts against it."""

OWN_WORDS = RateLimit("what one installation has written down by its own word", 120, 3_600)
"""Codes applied or staged by one key, successors dropped, forks resolved: each is a fact for ever, which later looks
at the subscription read. A person needs a few; a program in a loop would let a history grow without end."""

_log = logging.getLogger("tenure.server.activation")


class ActivationReply(msgspec.Struct, frozen=True):
    """What is to be signed, by a sandbox key or a real one; or an answer that was signed before."""

    message: ActivateAnswer
    sandbox: bool
    stored: bytes = b""


class ActivationService:
    """The operation behind `POST /v1/activate`."""

    def __init__(self, context: ServerContext, throttle: RateThrottle) -> None:
        self._context = context
        self._throttle = throttle

    async def activate(self, body: bytes, address: str) -> bytes | Refused:
        """The signed answer to a signed request; what proves nothing gets an unsigned refusal.

        The site's key is proven before anything is looked up; strangers learn nothing of codes [spec: code-throttle].
        """
        return await self._make_reply(exchanges.read_activate(body), address, preview=False)

    async def preview_code(self, body: bytes, address: str) -> bytes | Refused:
        """The signed answer to a signed question what a code would start; it does nothing (ADR 14)."""
        return await self._make_reply(exchanges.read_preview(body), address, preview=True)

    async def _make_reply(
        self, asked: ProvenRequest[ActivateRequest] | Refused, address: str, *, preview: bool
    ) -> bytes | Refused:
        if isinstance(asked, Refused):
            return asked
        code = activation_codes.parse_code(asked.message.code)
        if isinstance(code, Refused):
            return code
        found = await self._context.read_tx(lambda conn, real: self._found(conn, asked, code, real))
        if isinstance(found, ActivationReply):
            return self._throttle.count_request(*_rate_charges(code, address)) or self._sign_reply(asked, found)
        mine = () if preview else ((OWN_WORDS, key_thumbprint(asked.public)),)
        limited = self._throttle.count_request((RIGHT, f"{found} {block_of(address)}"), *mine)
        return await self.answer_request(asked, code, preview=preview) if limited is None else limited

    async def answer_request(
        self,
        asked: ProvenRequest[ActivateRequest],
        code: activation_codes.ActivationCode,
        *,
        carried: bool = False,
        preview: bool = False,
    ) -> bytes | Refused:
        """The signed answer to a proven request."""
        reply: ActivationReply | Refused = await self._context.write_tx(
            preview, lambda conn, now: self._answer_request(conn, asked, code, now, carried=carried, preview=preview)
        )
        if isinstance(reply, Refused) or reply.stored:
            return reply if isinstance(reply, Refused) else reply.stored
        return self._sign_reply(asked, reply)

    def _sign_reply(self, asked: ProvenRequest[ActivateRequest], reply: ActivationReply) -> bytes:
        signer = self._context.answer_signer(asked.message.product, sandbox=reply.sandbox)
        return exchanges.answer_activate(reply.message, signer)

    def _found(
        self,
        conn: Connection,
        asked: ProvenRequest[ActivateRequest],
        code: activation_codes.ActivationCode,
        real: Instant,
    ) -> str | ActivationReply:
        """Whose traffic it is: the code's subscription, or that of a site that repeats its last request.

        For a code that matches nothing the one answer that every such code gets.
        """
        found = stored_codes.by_digest(
            conn, bytes.fromhex(activation_codes.code_digest(code, self._context.keys.pepper))
        )
        if found is not None:
            return found.subscription
        site = sites.by_key(conn, key_thumbprint(asked.public), asked.message.product)
        if site is not None and site.last_request == asked.message.request:
            return site.subscription
        home = None if site is None else tenants.get_provider(conn, site.provider)
        here = real if home is None else RealTime(real).now_of(home)
        return ActivationReply(_bare_answer(asked, here, self._context), asked.message.world == environments.SANDBOX)

    def _answer_request(
        self,
        conn: Connection,
        asked: ProvenRequest[ActivateRequest],
        code: activation_codes.ActivationCode,
        real: Instant,
        *,
        carried: bool,
        preview: bool,
    ) -> ActivationReply | Refused:
        message, key = asked.message, key_thumbprint(asked.public)
        known = sites.by_key(conn, key, message.product)
        site = None if known is None else sites.lock_many(conn, [known.id])[known.id]
        sandbox, time = message.world == environments.SANDBOX, RealTime(real)
        if site is not None and site.last_request == message.request:
            provider = tenants.get_provider(conn, site.provider)
            toy = provider is not None and provider.sandbox
            stored = reissued_activation(conn, self._context, site.id, site.product, site.answer, sandbox=toy)
            return ActivationReply(_bare_answer(asked, real, self._context), sandbox, stored)
        home = None if site is None else tenants.get_provider(conn, site.provider)
        here = real if home is None else time.now_of(home)
        found = stored_codes.by_digest(
            conn, bytes.fromhex(activation_codes.code_digest(code, self._context.keys.pepper))
        )
        if found is None:
            return ActivationReply(_bare_answer(asked, here, self._context), sandbox)
        provider = tenants.get_provider(conn, found.provider)
        customer = account_repository.customer_of(conn, found.provider, found.subscription)
        if provider is None or customer is None:
            return Refused(RefusalCode.INTERNAL)
        mixed = environments.refuse_mixed(message.world, home, provider)
        if mixed is not None:  # told under the root that the sender goes by: it proves no other
            return ActivationReply(refusing_answer(asked, here, self._context, mixed), sandbox)
        tenant = Tenant(provider, time, Role.SITE, site.id if site else "site", customer)
        if site is not None and not self._context.stopped_money:
            site = takeover.take_over_if_due(conn, site, time)
        return _Activation(
            self._context, conn, tenant, asked, key, found, site, carried=carried, preview=preview
        ).answer_request()


def _rate_charges(code: activation_codes.ActivationCode, address: str) -> tuple[tuple[RateLimit, str], ...]:
    return (*zip(WRONG_BY_NETWORK, networks_of(address), strict=False), (WRONG_BY_GROUP, code.first_group))


def _bare_answer(asked: ProvenRequest[ActivateRequest], now: Instant, context: ServerContext) -> ActivateAnswer:
    version = context.keys.root_of(sandbox=asked.message.world == environments.SANDBOX).version
    return unknown_code(asked.message.nonce, asked.sha256, now, version)


class _Activation:
    """One activation of a code that exists, inside its transaction."""

    def __init__(
        self,
        context: ServerContext,
        conn: Connection,
        tenant: Tenant,
        asked: ProvenRequest[ActivateRequest],
        key: str,
        code: stored_codes.StoredCode,
        site: SiteRow | None,
        *,
        carried: bool,
        preview: bool,
    ) -> None:
        self.carried, self.look = carried, preview
        self.context, self.conn, self.tenant, self.asked = context, conn, tenant, asked
        self.key, self.code, self.site = key, code, site
        self.now = tenant.now

    def answer_request(self) -> ActivationReply | Refused:
        """Granted with a lease, or refused with the true reason: whoever has a real code may know.

        A copy of a site gets what it would get by synchronizing, whatever code was typed [spec: fork-rule].

        `ledger_drift`, unsigned, when money would move while it is stopped; `offline_older` and
        `offline_changed_meanwhile`, unsigned, of a request carried by hand that was overtaken [spec: offline-exchange].
        """
        changed = joining.other_kind(self.asked.message, self.site)
        if changed is not None:
            return self._refuse_code(changed)
        if self.site is not None:
            typed = CodeAtSite(self.context, self.conn, self.tenant, self.asked, self.site)
            if typed.by_a_copy:
                return self._answer_copy(typed)
            self.site = typed.site
        present = self._current_subscription()
        loaded = account_repository.load_books(self.conn, self.tenant.id, self.tenant.customer, self.tenant.time)
        item = None if loaded is None else loaded.find_item(self.code.subscription)
        if loaded is None or item is None:
            return self._refuse_code(Refused(RefusalCode.SUBSCRIPTION_ENDED))
        name = self.site.id if self.site else ids.new_id("site", self.context.clock())
        seen = subscription_service.seen_for(self.conn, self.tenant, item.sub, loaded.row.available)
        seen = msgspec.structs.replace(seen, present=present, taken=self._occupied_places(item.sub))
        outcome = settlement.execute_command(loaded, item.sub.id, self._make_command(name, item.sub), seen)
        if isinstance(outcome, Refused):
            if outcome.code is RefusalCode.DEVICE_LIMIT_REACHED:
                allotments.call_back(self.conn, self._device_pool(item.sub), self.now)
            return self._refuse_code(outcome)
        if self.context.stopped_money and (account_repository.is_due(loaded) or outcome.postings):
            return Refused(RefusalCode.LEDGER_DRIFT)
        if self.look:
            return self._make_preview(name, outcome, item.book, present)
        self._leave_others(outcome.decision.others, present)
        subscription_service.save_outcome(self.conn, self.tenant, loaded, outcome)
        return self._grant_lease(name, outcome.subscription)

    def _answer_copy(self, typed: CodeAtSite) -> ActivationReply | Refused:
        overtaken = typed.refuse_overtaken() if self.carried else None
        if overtaken is not None:
            return overtaken
        told = typed.answer_code(
            self._current_subscription(), self.code.subscription, carried=self.carried, preview=self.look
        )
        return ActivationReply(told, self.tenant.provider.sandbox)

    def _make_preview(
        self, name: str, outcome: CommandOutcome, book: PolicyHistory, present: Subscription | None
    ) -> ActivationReply:
        """What would be granted, without anything that grants it."""
        provider, staged, sub = self.tenant.provider, self.asked.message.role == "successor", outcome.subscription
        if staged and present is not None:
            seen = code_preview.preview_successor(sub, present, name, book, self.now)
        else:
            seen = code_preview.preview_start(outcome.after.account, outcome.after.items, sub, name, self.now)
        called = account_repository.plan_names(self.conn, [seen.plan])[seen.plan]
        message = msgspec.structs.replace(
            bare_answer(self.asked, self.now, self.context),
            result="preview",
            preview=msgspec.structs.replace(seen, provider=provider.name, plan_name=called),
        )
        return ActivationReply(message, provider.sandbox)

    def _make_command(self, name: str, sub: Subscription) -> c.Activate | c.StageSuccessor:
        message = self.asked.message
        kind = c.StageSuccessor if message.role == "successor" else c.Activate
        command = kind(
            by=name,
            role=Role.SITE,
            site=name,
            key=self.key,
            code=self.code.id,
            product=message.product,
            version=message.version,
            name=message.name,
            hardware=tuple(f"{part}:{digest}" for part, digest in sorted(message.hardware.items())),
            allotment=self._first_allotment(name, sub),
            installation=Installation(message.installation),
        )
        if isinstance(command, c.Activate):
            command = msgspec.structs.replace(command, ephemeral=message.ephemeral)
            return joining.on_its_hardware(self.conn, command, sub, self.now, self.context.epoch_floor)
        return command

    def _is_standalone(self) -> bool:
        return joining.is_alone(self.asked.message)

    def _occupied_places(self, sub: Subscription) -> c.OccupiedPlaces:
        return (
            leaving.occupied_places(self.conn, sub, self.now, self.context.epoch_floor)
            if self._is_standalone()
            else c.OccupiedPlaces()
        )

    def _first_allotment(self, name: str, sub: Subscription) -> int:
        if self._is_standalone():
            return int(allotments.has_place(self.conn, sub, name, self.now, self.context.epoch_floor))
        pool = self._device_pool(sub)
        own = allotments.joining_share(self.site, name, pool, self.now)
        # One more than it has, so that a pool that is exhausted calls unused margin back at once.
        return grant_allotment(pool.with_share(own), name, own.in_use, own.in_use + 1, self.now).allotment

    def _device_pool(self, sub: Subscription) -> Pool:
        return allotments.pool_of(self.conn, sub, self.now, self.context.epoch_floor)

    def _with_part(self, site: SiteRow, sub: Subscription) -> SiteRow:
        if places.is_alone(site):  # its place is taken with its lease
            return site
        return allotments.with_part(
            site, sub.id, allotments.joining_share(site, site.id, self._device_pool(sub), self.now)
        )

    def _current_subscription(self) -> Subscription | None:
        """What binds the site now, with everything booked that was due: it may have renewed itself (M10).

        What it uses, or what it was made to leave or left by itself: neither lifts the rule.
        """
        site = self.site
        if site is None:
            return None
        if self.context.stopped_money:
            sub = account_repository.load_subscription(self.conn, site.provider, site.subscription)
        else:
            item = settlement.settled_item(self.conn, site.provider, site.subscription, self.tenant.time)
            sub = None if item is None else item.sub
        held = None if sub is None else places.state_of(sub, site)
        return None if held is None or held.lost else sub

    def _leave_others(self, others: tuple[tuple[str, f.Fact], ...], present: Subscription | None) -> None:
        if others and present is not None:
            takeover.append_departures(self.conn, present, tuple(fact for _, fact in others), self.now)

    def _grant_lease(self, name: str, sub: Subscription) -> ActivationReply:
        staged = self.asked.message.role == "successor"
        site = self._stage_successor(sub) if staged and self.site is not None else self._join_site(name, sub)
        sub = sub if staged else copies.carry_over(self.conn, site, sub, self.now)
        newcomer = name if places.is_alone(site) and not site.ephemeral else ""
        sub = seat_conflicts.relist_conflict(self.conn, sub, self.now, self.context.epoch_floor, newcomer)
        if staged:
            present = self._current_subscription()
            if present is None:
                return self._refuse_code(Refused(RefusalCode.NO_SUCCESSOR))
            signed = lease_signing.sign_lease(self.conn, self.context, site, present, self.now, carried=self.carried)
        else:
            signed = lease_signing.sign_lease(self.conn, self.context, site, sub, self.now, carried=self.carried)
        site = msgspec.structs.replace(signed.site, last_request=self.asked.message.request, last_contact=self.now)
        count = site.token_count + 1
        token = self.context.keys.state_token(site.id, site.epoch, count)
        turn = sync_window(timeline(sub, places.state_of(sub, site)), signed.lease, self.now)
        message = msgspec.structs.replace(
            bare_answer(self.asked, self.now, self.context),
            result="granted",
            site=site.id,
            lease=signed.token.decode(),
            successor=signed.successor.decode(),
            token=token,
            next_sync=None if turn is None else NextSync(*turn),
        )
        sandbox = self.tenant.provider.sandbox
        answer = exchanges.answer_activate(message, self.context.answer_signer(site.product, sandbox=sandbox))
        site = msgspec.structs.replace(site, answer=answer, token=token.encode(), token_count=count)
        sites.save_many(self.conn, [site])
        return ActivationReply(message, sandbox, answer)

    def _join_site(self, name: str, sub: Subscription) -> SiteRow:
        """The site's row: a new one, or the one it had, now with this subscription."""
        message = self.asked.message
        if self.site is None:
            body = SiteRecord(device_port=message.device_port, hardware=dict(message.hardware), code=self.code.id)
            fresh = SiteRow(
                id=name,
                provider=self.tenant.id,
                customer=sub.customer,
                product=message.product,
                subscription=sub.id,
                thumbprint=self.key,
                jwk=msgspec.json.encode(to_jwk(self.asked.public)),
                state=IN_USE,
                created=self.now,
                name=message.name,
                version=message.version,
                token=b"",
                body=msgspec.json.encode(body),
                epoch=self.now,
                installation=message.installation,
                ephemeral=int(message.ephemeral),
            )
            sites.add(self.conn, fresh)
            return fresh
        other = self.site.subscription != sub.id
        known = self.site
        if self.site.successor == sub.id:
            known = msgspec.structs.replace(known, successor=None)
        if other:
            places.went_on(self.conn, known, known.subscription)
            known = allotments.after_switch(known, sub.id, self.now)
        body = msgspec.structs.replace(
            read_record(known),
            device_port=message.device_port,
            hardware=dict(message.hardware),
            code=self.code.id,
            told_to_leave=0,
        )
        joined = msgspec.structs.replace(
            with_extra(known, body),
            provider=self.tenant.id,
            customer=sub.customer,
            state=IN_USE,
            name=message.name,
            version=message.version,
        )
        return self._with_part(joined, sub)

    def _stage_successor(self, sub: Subscription) -> SiteRow:
        assert self.site is not None  # noqa: S101 - the caller looked
        site = self.site
        if site.successor not in (None, sub.id):  # the new one takes the place of the one that waited
            dropped = takeover.drop_successor(self.conn, site, site.successor or "", self.tenant.time)
            site = site if isinstance(dropped, Refused) else dropped
        body = msgspec.structs.replace(read_record(site), successor_provider=self.tenant.id)
        staged = msgspec.structs.replace(with_extra(site, body), successor=sub.id)
        return self._with_part(staged, sub)

    def _refuse_code(self, refused: Refused) -> ActivationReply:
        return ActivationReply(
            refusing_answer(self.asked, self.now, self.context, refused), self.tenant.provider.sandbox
        )
