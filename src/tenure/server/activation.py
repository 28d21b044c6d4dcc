"""Activation: a code becomes a site with a lease [spec: activation], in one transaction, once however often it is
sent."""

import msgspec

from tenure.core.activation_codes import ActivationCode, code_digest, parse_code
from tenure.core.answering.callers import is_repeated
from tenure.core.policy.rules import Role
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.http.fairness import block_of, networks_of
from tenure.http.limits import RateLimit, RateThrottle
from tenure.server import account_repository, environments, takeover
from tenure.server.activation_reply import bare_answer, refusing_answer
from tenure.server.activation_values import ActivationReply, CodeContact, KnownKey, TypedCode, root_shown
from tenure.server.code_contact import answer_code
from tenure.server.context import ServerContext, Tenant
from tenure.server.real_time import RealTime
from tenure.server.reissuing import reissued_activation
from tenure.store import codes as stored_codes
from tenure.store import sites, tenants
from tenure.store.codes import StoredCode
from tenure.store.engine import Connection
from tenure.store.sites import SiteRow
from tenure.store.tenants import ProviderRow
from tenure.wire import exchanges
from tenure.wire.exchanges import ProvenRequest
from tenure.wire.messages import ActivateRequest, unknown_code

WRONG_BY_NETWORK = (
    RateLimit("wrong codes", 10, 3_600),
    RateLimit("wrong codes of a /56", 40, 3_600),
    RateLimit("wrong codes of a /48", 160, 3_600),
)
"""For each of `networks_of` an address: an attacker with many networks must not have as many times the tries."""
WRONG_BY_GROUP = RateLimit("wrong codes of one first group", 20, 3_600)
"""Only codes that match nothing are charged, and only they are refused for it [spec: code-throttle]: strangers never
slow down a customer with a real code, and 95 random bits need no limit on all of them together."""
RIGHT = RateLimit("activations of one subscription from one network", 600, 60)
"""Bounds the work for a real code; traffic of other subscriptions or networks does not count."""

OWN_WORDS = RateLimit("what one installation has written down by its own word", 120, 3_600)
"""Codes applied or staged by one key, successors dropped, forks resolved: each is a fact for ever, which later looks
at the subscription read. A person needs a few; a program in a loop would let a history grow without end."""


class ActivationService:
    """The operation behind `POST /v1/activate`."""

    def __init__(self, context: ServerContext, throttle: RateThrottle) -> None:
        self._context = context
        self._throttle = throttle

    async def activate(self, body: bytes, address: str) -> bytes | Refused:
        """The signed answer to a signed request; what proves nothing gets an unsigned refusal.

        The site's key is proven before anything is looked up; strangers learn nothing of codes [spec: code-throttle].
        """
        return await self._answer_stranger(exchanges.read_activate(body), address, preview=False)

    async def preview_code(self, body: bytes, address: str) -> bytes | Refused:
        """The signed answer to a signed question what a code would start; it does nothing (ADR 14)."""
        return await self._answer_stranger(exchanges.read_preview(body), address, preview=True)

    async def _answer_stranger(
        self, asked: ProvenRequest[ActivateRequest] | Refused, address: str, *, preview: bool
    ) -> bytes | Refused:
        if isinstance(asked, Refused):
            return asked
        code = parse_code(asked.message.code)
        if isinstance(code, Refused):
            return code
        typed = TypedCode(asked=asked, code=code, preview=preview)
        found = await self._context.read_tx(lambda conn, real: self._find_payer(conn, typed, RealTime(real)))
        if isinstance(found, ActivationReply):
            return self._throttle.count_request(*_rate_charges(code, address)) or self._sign_reply(typed, found)
        mine = () if preview else ((OWN_WORDS, typed.key),)
        limited = self._throttle.count_request((RIGHT, f"{found} {block_of(address)}"), *mine)
        return await self.answer_request(typed) if limited is None else limited

    async def answer_request(self, typed: TypedCode) -> bytes | Refused:
        """The signed answer to a proven request."""
        reply: ActivationReply | Refused = await self._context.write_tx(
            typed.preview, lambda conn, real: self._answer_in(conn, typed, RealTime(real))
        )
        if isinstance(reply, Refused) or reply.stored:
            return reply if isinstance(reply, Refused) else reply.stored
        return self._sign_reply(typed, reply)

    def _sign_reply(self, typed: TypedCode, reply: ActivationReply) -> bytes:
        signer = self._context.answer_signer(typed.message.product, sandbox=reply.sandbox)
        return exchanges.answer_activate(reply.message, signer)

    def _find_payer(self, conn: Connection, typed: TypedCode, time: RealTime) -> str | ActivationReply:
        """Whose traffic it is: the code's subscription, or that of a site that repeats its last request.

        For a code that matches nothing the one answer that every such code gets.
        """
        found = self._find_code(conn, typed)
        if found is not None:
            return found.subscription
        site = sites.by_key(conn, typed.key, typed.message.product)
        if site is not None and is_repeated(typed.message.request, site.last_request):
            return site.subscription
        return self._answer_unknown(typed, _known_as(conn, site).now_at(time))

    def _answer_in(self, conn: Connection, typed: TypedCode, time: RealTime) -> ActivationReply | Refused:
        """The answer inside a transaction; a request sent again gets the bytes of its first answer."""
        found = sites.by_key(conn, typed.key, typed.message.product)
        known = _known_as(conn, None if found is None else sites.lock_many(conn, [found.id])[found.id])
        if known.site is not None and is_repeated(typed.message.request, known.site.last_request):
            bare = self._answer_unknown(typed, time.instant)
            return msgspec.structs.replace(bare, stored=self._stored_answer(conn, known.site, known.home))
        code = self._find_code(conn, typed)
        if code is None:
            return self._answer_unknown(typed, known.now_at(time))
        return self._answer_code(conn, typed, code, known, time)

    def _answer_code(
        self, conn: Connection, typed: TypedCode, code: StoredCode, known: KnownKey, time: RealTime
    ) -> ActivationReply | Refused:
        """What a code that exists is answered with, unless the sender is of the other environment."""
        context, site = self._context, known.site
        provider = tenants.get_provider(conn, code.provider)
        customer = account_repository.customer_of(conn, code.provider, code.subscription)
        if provider is None or customer is None:
            return Refused(RefusalCode.INTERNAL)
        mixed = environments.refuse_mixed(typed.message.world, known.home, provider)
        if mixed is not None:  # told under the root that the sender goes by: it proves no other
            bare = bare_answer(typed.asked, known.now_at(time), root_shown(context, typed))
            return ActivationReply(refusing_answer(bare, mixed), typed.sandbox)
        if site is not None and not context.stopped_money:
            site = takeover.take_over_if_due(conn, site, time)
        tenant = Tenant(provider, time, Role.SITE, site.id if site else "site", customer)
        return answer_code(CodeContact(context=context, conn=conn, tenant=tenant, typed=typed, code=code), site)

    def _find_code(self, conn: Connection, typed: TypedCode) -> StoredCode | None:
        return stored_codes.by_digest(conn, bytes.fromhex(code_digest(typed.code, self._context.keys.pepper)))

    def _stored_answer(self, conn: Connection, site: SiteRow, home: ProviderRow | None) -> bytes:
        """The answer to the site's last request, signed again if a key of it counts no longer."""
        sandbox = home is not None and home.sandbox
        return reissued_activation(conn, self._context, site.id, site.product, site.answer, sandbox=sandbox)

    def _answer_unknown(self, typed: TypedCode, now: Instant) -> ActivationReply:
        """The one answer to every code that matches nothing."""
        root = root_shown(self._context, typed)
        return ActivationReply(unknown_code(typed.message.nonce, typed.asked.sha256, now, root), typed.sandbox)


def _known_as(conn: Connection, site: SiteRow | None) -> KnownKey:
    return KnownKey(site, None if site is None else tenants.get_provider(conn, site.provider))


def _rate_charges(code: ActivationCode, address: str) -> tuple[tuple[RateLimit, str], ...]:
    return (*zip(WRONG_BY_NETWORK, networks_of(address), strict=False), (WRONG_BY_GROUP, code.first_group))
