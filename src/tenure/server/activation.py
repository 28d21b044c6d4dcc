"""Activation: a code becomes a site with a lease [spec: activation], in one transaction, once however often it is
sent."""

import logging

import msgspec

from tenure.core import codes
from tenure.core import commands as c
from tenure.core import facts as f
from tenure.core.account import Book
from tenure.core.act import Outcome
from tenure.core.allotment import Pool, grant
from tenure.core.contract import timeline
from tenure.core.installation import Installation
from tenure.core.policy import Role
from tenure.core.refusals import Code, Refused
from tenure.core.schedule import window
from tenure.core.subscription import Subscription
from tenure.core.timeline import Instant
from tenure.http.fairness import block_of, networks_of
from tenure.http.limits import Limit, Throttle
from tenure.server import (
    books,
    copies,
    desk,
    joining,
    leaving,
    looking,
    places,
    seat_conflicts,
    settling,
    shares,
    takeover,
    words,
    worlds,
)
from tenure.server.beside import Beside, beside, with_beside
from tenure.server.context import Context, Tenant
from tenure.server.known_site import CodeAtSite, bare, no
from tenure.server.real_time import RealTime
from tenure.server.reissuing import reissued_activation
from tenure.server.rows import IN_USE
from tenure.store import codes as stored_codes
from tenure.store import ids, people, sites
from tenure.store.engine import Connection
from tenure.store.sites import Site
from tenure.wire import answers
from tenure.wire.answers import Asked
from tenure.wire.keys import thumbprint, to_jwk
from tenure.wire.messages import ActivateAnswer, ActivateRequest, NextSync, unknown_code

WRONG_BY_NETWORK = (
    Limit("wrong codes", 10, 3_600),
    Limit("wrong codes of a /56", 40, 3_600),
    Limit("wrong codes of a /48", 160, 3_600),
)
"""For each of `networks_of` an address: whoever holds many networks must not have as many times the tries."""
WRONG_BY_GROUP = Limit("wrong codes of one first group", 20, 3_600)
"""Only codes that match nothing are charged, and only they are refused for it [spec: code-throttle]: whoever has a real
code is never slowed down by strangers, and 95 random bits need no limit on all of them together."""
RIGHT = Limit("activations of one subscription from one network", 600, 60)
"""What a real code may cost; nobody else's traffic counts against it."""

OWN_WORDS = Limit("what one installation has written down by its own word", 120, 3_600)
"""Codes applied or staged by one key, successors dropped, forks resolved: each is a fact for ever, which later looks
at the subscription read. A person needs a few; a program in a loop would let a history grow without end."""

_log = logging.getLogger("tenure.server.activation")


class Reply(msgspec.Struct, frozen=True):
    """What is to be signed, by a sandbox key or a real one; or an answer that was signed before."""

    message: ActivateAnswer
    sandbox: bool
    stored: bytes = b""


class Activations:
    """The operation behind `POST /v1/activate`."""

    def __init__(self, context: Context, throttle: Throttle) -> None:
        self._context = context
        self._throttle = throttle

    async def activate(self, body: bytes, address: str) -> bytes | Refused:
        """The signed answer to a signed request; what proves nothing gets an unsigned refusal.

        The site's key is proven before anything is looked up; strangers learn nothing of codes [spec: code-throttle].
        """
        return await self._reply(answers.read_activate(body), address, look=False)

    async def look(self, body: bytes, address: str) -> bytes | Refused:
        """The signed answer to a signed question what a code would start; it does nothing (ADR 14)."""
        return await self._reply(answers.read_look(body), address, look=True)

    async def _reply(self, asked: Asked[ActivateRequest] | Refused, address: str, *, look: bool) -> bytes | Refused:
        if isinstance(asked, Refused):
            return asked
        code = codes.parse(asked.message.code)
        if isinstance(code, Refused):
            return code
        found = await self._context.read(lambda conn, real: self._looked_up(conn, asked, code, real))
        if isinstance(found, Reply):
            return self._throttle.take(*_charges(code, address)) or self._signed(asked, found)
        mine = () if look else ((OWN_WORDS, thumbprint(asked.public)),)
        limited = self._throttle.take((RIGHT, f"{found} {block_of(address)}"), *mine)
        return await self.answer(asked, code, look=look) if limited is None else limited

    async def answer(
        self,
        asked: Asked[ActivateRequest],
        code: codes.ActivationCode,
        *,
        carried: bool = False,
        look: bool = False,
    ) -> bytes | Refused:
        """The signed answer to a proven request."""
        reply: Reply | Refused = await self._context.write(
            look, lambda conn, now: self._answer(conn, asked, code, now, carried=carried, look=look)
        )
        if isinstance(reply, Refused) or reply.stored:
            return reply if isinstance(reply, Refused) else reply.stored
        return self._signed(asked, reply)

    def _signed(self, asked: Asked[ActivateRequest], reply: Reply) -> bytes:
        signer = self._context.answer_signer(asked.message.product, sandbox=reply.sandbox)
        return answers.answer_activate(reply.message, signer)

    def _looked_up(
        self, conn: Connection, asked: Asked[ActivateRequest], code: codes.ActivationCode, real: Instant
    ) -> str | Reply:
        """Whose traffic it is: the code's subscription, or that of a site that repeats its last request.

        For a code that matches nothing the one answer that every such code gets.
        """
        found = stored_codes.by_digest(conn, bytes.fromhex(codes.digest(code, self._context.keys.pepper)))
        if found is not None:
            return found.subscription
        site = sites.by_key(conn, thumbprint(asked.public), asked.message.product)
        if site is not None and site.last_request == asked.message.request:
            return site.subscription
        home = None if site is None else people.provider(conn, site.provider)
        here = real if home is None else RealTime(real).now_of(home)
        return Reply(_bare(asked, here, self._context), asked.message.world == worlds.SANDBOX)

    def _answer(
        self,
        conn: Connection,
        asked: Asked[ActivateRequest],
        code: codes.ActivationCode,
        real: Instant,
        *,
        carried: bool,
        look: bool,
    ) -> Reply | Refused:
        message, key = asked.message, thumbprint(asked.public)
        known = sites.by_key(conn, key, message.product)
        site = None if known is None else sites.lock_many(conn, [known.id])[known.id]
        sandbox, time = message.world == worlds.SANDBOX, RealTime(real)
        if site is not None and site.last_request == message.request:
            provider = people.provider(conn, site.provider)
            toy = provider is not None and provider.sandbox
            stored = reissued_activation(conn, self._context, site.id, site.product, site.answer, sandbox=toy)
            return Reply(_bare(asked, real, self._context), sandbox, stored)
        home = None if site is None else people.provider(conn, site.provider)
        here = real if home is None else time.now_of(home)
        found = stored_codes.by_digest(conn, bytes.fromhex(codes.digest(code, self._context.keys.pepper)))
        if found is None:
            return Reply(_bare(asked, here, self._context), sandbox)
        provider = people.provider(conn, found.provider)
        customer = books.customer_of(conn, found.provider, found.subscription)
        if provider is None or customer is None:
            return Refused(Code.INTERNAL)
        mixed = worlds.mixed(message.world, home, provider)
        if mixed is not None:  # told under the root that the sender goes by: it proves no other
            return Reply(no(asked, here, self._context, mixed), sandbox)
        tenant = Tenant(provider, time, Role.SITE, site.id if site else "site", customer)
        if site is not None and not self._context.stopped_money:
            site = takeover.take_over_if_due(conn, site, time)
        return _Activation(self._context, conn, tenant, asked, key, found, site, carried=carried, look=look).answer()


def _charges(code: codes.ActivationCode, address: str) -> tuple[tuple[Limit, str], ...]:
    return (*zip(WRONG_BY_NETWORK, networks_of(address), strict=False), (WRONG_BY_GROUP, code.first_group))


def _bare(asked: Asked[ActivateRequest], now: Instant, context: Context) -> ActivateAnswer:
    version = context.keys.root_of(sandbox=asked.message.world == worlds.SANDBOX).version
    return unknown_code(asked.message.nonce, asked.sha256, now, version)


class _Activation:
    """One activation of a code that exists, inside its transaction."""

    def __init__(
        self,
        context: Context,
        conn: Connection,
        tenant: Tenant,
        asked: Asked[ActivateRequest],
        key: str,
        code: stored_codes.ActivationCode,
        site: Site | None,
        *,
        carried: bool,
        look: bool,
    ) -> None:
        self.carried, self.look = carried, look
        self.context, self.conn, self.tenant, self.asked = context, conn, tenant, asked
        self.key, self.code, self.site = key, code, site
        self.now = tenant.now

    def answer(self) -> Reply | Refused:
        """Granted with a lease, or refused with the true reason: whoever has a real code may know.

        A copy of a site gets what it would get by synchronizing, whatever code was typed [spec: fork-rule].

        `ledger_drift`, unsigned, when money would move while it is stopped; `offline_older` and
        `offline_changed_meanwhile`, unsigned, of a request carried by hand that was overtaken [spec: offline-exchange].
        """
        changed = joining.other_kind(self.asked.message, self.site)
        if changed is not None:
            return self._refused(changed)
        if self.site is not None:
            typed = CodeAtSite(self.context, self.conn, self.tenant, self.asked, self.site)
            if typed.by_a_copy:
                return self._copied(typed)
            self.site = typed.site
        present = self._present()
        loaded = books.load(self.conn, self.tenant.id, self.tenant.customer, self.tenant.time)
        item = None if loaded is None else loaded.item(self.code.subscription)
        if loaded is None or item is None:
            return self._refused(Refused(Code.SUBSCRIPTION_ENDED))
        name = self.site.id if self.site else ids.new("site", self.context.clock())
        seen = desk.seen_for(self.conn, self.tenant, item.sub, loaded.row.available)
        seen = msgspec.structs.replace(seen, present=present, taken=self._taken(item.sub))
        outcome = settling.acted(loaded, item.sub.id, self._command(name, item.sub), seen)
        if isinstance(outcome, Refused):
            if outcome.code is Code.DEVICE_LIMIT_REACHED:
                shares.call_back(self.conn, self._pool(item.sub), self.now)
            return self._refused(outcome)
        if self.context.stopped_money and (books.is_due(loaded) or outcome.postings):
            return Refused(Code.LEDGER_DRIFT)
        if self.look:
            return self._previewed(name, outcome, item.book, present)
        self._leave(outcome.decision.others, present)
        desk.keep(self.conn, self.tenant, loaded, outcome)
        return self._granted(name, outcome.subscription)

    def _copied(self, typed: CodeAtSite) -> Reply | Refused:
        overtaken = typed.overtaken() if self.carried else None
        if overtaken is not None:
            return overtaken
        told = typed.answer(self._present(), self.code.subscription, carried=self.carried, look=self.look)
        return Reply(told, self.tenant.provider.sandbox)

    def _previewed(self, name: str, outcome: Outcome, book: Book, present: Subscription | None) -> Reply:
        """What would be granted, without anything that grants it."""
        provider, staged, sub = self.tenant.provider, self.asked.message.role == "successor", outcome.subscription
        if staged and present is not None:
            seen = looking.successor(sub, present, name, book, self.now)
        else:
            seen = looking.started(outcome.after.account, outcome.after.items, sub, name, self.now)
        called = books.plan_names(self.conn, [seen.plan])[seen.plan]
        message = msgspec.structs.replace(
            bare(self.asked, self.now, self.context),
            result="preview",
            preview=msgspec.structs.replace(seen, provider=provider.name, plan_name=called),
        )
        return Reply(message, provider.sandbox)

    def _command(self, name: str, sub: Subscription) -> c.Activate | c.StageSuccessor:
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

    def _alone(self) -> bool:
        return joining.is_alone(self.asked.message)

    def _taken(self, sub: Subscription) -> c.Taken:
        return leaving.taken(self.conn, sub, self.now, self.context.epoch_floor) if self._alone() else c.Taken()

    def _first_allotment(self, name: str, sub: Subscription) -> int:
        if self._alone():
            return int(shares.has_place(self.conn, sub, name, self.now, self.context.epoch_floor))
        pool = self._pool(sub)
        own = shares.joining(self.site, name, pool, self.now)
        # One more than it has, so that a pool that is exhausted calls unused margin back at once.
        return grant(pool.with_share(own), name, own.in_use, own.in_use + 1, self.now).allotment

    def _pool(self, sub: Subscription) -> Pool:
        return shares.pool_of(self.conn, sub, self.now, self.context.epoch_floor)

    def _with_part(self, site: Site, sub: Subscription) -> Site:
        if places.is_alone(site):  # its place is taken with its lease
            return site
        return shares.with_part(site, sub.id, shares.joining(site, site.id, self._pool(sub), self.now))

    def _present(self) -> Subscription | None:
        """What binds the site now, with everything booked that was due: it may have renewed itself (M10).

        What it uses, or what it was made to leave or left by itself: neither lifts the rule.
        """
        site = self.site
        if site is None:
            return None
        if self.context.stopped_money:
            sub = books.subscription(self.conn, site.provider, site.subscription)
        else:
            item = settling.settled_item(self.conn, site.provider, site.subscription, self.tenant.time)
            sub = None if item is None else item.sub
        held = None if sub is None else places.state_of(sub, site)
        return None if held is None or held.lost else sub

    def _leave(self, others: tuple[tuple[str, f.Fact], ...], present: Subscription | None) -> None:
        if others and present is not None:
            takeover.leaves(self.conn, present, tuple(fact for _, fact in others), self.now)

    def _granted(self, name: str, sub: Subscription) -> Reply:
        staged = self.asked.message.role == "successor"
        site = self._staged(sub) if staged and self.site is not None else self._joined(name, sub)
        sub = sub if staged else copies.carry_over(self.conn, site, sub, self.now)
        newcomer = name if places.is_alone(site) and not site.ephemeral else ""
        sub = seat_conflicts.relist(self.conn, sub, self.now, self.context.epoch_floor, newcomer)
        if staged:
            present = self._present()
            if present is None:
                return self._refused(Refused(Code.NO_SUCCESSOR))
            signed = words.sign(self.conn, self.context, site, present, self.now, carried=self.carried)
        else:
            signed = words.sign(self.conn, self.context, site, sub, self.now, carried=self.carried)
        site = msgspec.structs.replace(signed.site, last_request=self.asked.message.request, last_contact=self.now)
        count = site.token_count + 1
        token = self.context.keys.state_token(site.id, site.epoch, count)
        turn = window(timeline(sub, places.state_of(sub, site)), signed.lease, self.now)
        message = msgspec.structs.replace(
            bare(self.asked, self.now, self.context),
            result="granted",
            site=site.id,
            lease=signed.token.decode(),
            successor=signed.successor.decode(),
            token=token,
            next_sync=None if turn is None else NextSync(*turn),
        )
        sandbox = self.tenant.provider.sandbox
        answer = answers.answer_activate(message, self.context.answer_signer(site.product, sandbox=sandbox))
        site = msgspec.structs.replace(site, answer=answer, token=token.encode(), token_count=count)
        sites.save_many(self.conn, [site])
        return Reply(message, sandbox, answer)

    def _joined(self, name: str, sub: Subscription) -> Site:
        """The site's row: a new one, or the one it had, now with this subscription."""
        message = self.asked.message
        if self.site is None:
            body = Beside(device_port=message.device_port, hardware=dict(message.hardware), code=self.code.id)
            fresh = Site(
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
            known = shares.moved(known, sub.id, self.now)
        body = msgspec.structs.replace(
            beside(known),
            device_port=message.device_port,
            hardware=dict(message.hardware),
            code=self.code.id,
            told_to_leave=0,
        )
        joined = msgspec.structs.replace(
            with_beside(known, body),
            provider=self.tenant.id,
            customer=sub.customer,
            state=IN_USE,
            name=message.name,
            version=message.version,
        )
        return self._with_part(joined, sub)

    def _staged(self, sub: Subscription) -> Site:
        assert self.site is not None  # noqa: S101 - the caller looked
        site = self.site
        if site.successor not in (None, sub.id):  # the new one takes the place of the one that waited
            dropped = takeover.drop_successor(self.conn, site, site.successor or "", self.tenant.time)
            site = site if isinstance(dropped, Refused) else dropped
        body = msgspec.structs.replace(beside(site), successor_provider=self.tenant.id)
        staged = msgspec.structs.replace(with_beside(site, body), successor=sub.id)
        return self._with_part(staged, sub)

    def _refused(self, refused: Refused) -> Reply:
        return Reply(no(self.asked, self.now, self.context, refused), self.tenant.provider.sandbox)
