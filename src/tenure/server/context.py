"""What every part of the server is handed: state, clock, keys, randomness; and how a request's effect happens once."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, NamedTuple, TypeVar

from tenure.core.policy.rules import Role
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.http.accounts.passwords import PasswordHashes
from tenure.http.auth import Principal
from tenure.http.idempotency import IdempotentRequest
from tenure.http.outgoing.smtp import MailServer
from tenure.http.outgoing.ssrf import PUBLIC_HTTPS, WebhookNetworks
from tenure.http.responses import mark_replayed, pack_response, unpack_response
from tenure.server.keyring import Draw, KeyRing
from tenure.server.notices import PublishedNotice, current_notices, sign_again
from tenure.server.real_time import RealTime
from tenure.store import idempotency, tenants
from tenure.store.catalog import DOCUMENTS
from tenure.store.engine import Connection, Database, WriteConflict
from tenure.store.sealed import AnswerCipher
from tenure.wire import root as roots
from tenure.wire.keys import Purpose, SeedSigner

ROOT = "root"
"""Name of the root document among the vendor's documents."""
SANDBOX_ROOT = "sandbox-root"
"""Name of the root document of sandboxes."""

T = TypeVar("T")
Clock = Callable[[], Instant]
Work = Callable[[Connection, Instant], T | Refused]
"""What a request does: given a transaction and the real now, its answer or a refusal that leaves nothing behind."""

PRODUCTS_REMEMBERED = 256
DUE: Final = "due"
"""Something must be booked before this can be read."""


class ChosenSigner(NamedTuple):
    """A signer, and for which second and which root document it was chosen."""

    signer: SeedSigner
    now: Instant
    root: roots.TrustedRoot


@dataclass(frozen=True)
class ServerContext:
    """The server's parts, put together once in `main`."""

    db: Database
    clock: Clock
    keys: KeyRing
    draw: Draw
    safe: AnswerCipher
    issuer: str
    """The server's name in what it signs, such as `https://license.example.com`."""
    portal_url: str = ""
    """Where people reach the portal, such as `https://portal.example.com`, for links in mails; empty: not known."""
    passwords: PasswordHashes = field(default_factory=PasswordHashes)
    stopped_money: list[str] = field(default_factory=list)
    """Why money cannot be written at the moment (ledger drift); empty when it can."""
    chosen_signers: dict[tuple[Purpose, str, bool], ChosenSigner] = field(default_factory=dict)
    """By purpose, product and sandbox, the signers of answers and leases as last chosen."""

    notices: list[PublishedNotice] = field(default_factory=list)
    """Amnesties that go with every answer."""
    post: MailServer | None = None
    """Who takes mails; without one they wait."""
    reach: WebhookNetworks = PUBLIC_HTTPS
    """What webhooks may reach beyond public https."""
    queues: dict[str, int] = field(default_factory=dict)
    """How much waits to leave the server, as last counted."""

    epoch_floor: int = 0
    """The epoch opened by the last restore of this server: nothing is signed in an earlier one."""

    async def take_notices(self) -> None:
        """Go by the newest published notices, under keys that still count."""
        now = self.clock()
        self.notices[:] = [sign_again(self.keys, each, now) for each in await self.db.read(current_notices)]

    def notices_carried(self, *, sandbox: bool) -> tuple[str, ...]:
        """The notices as they go with an answer."""
        sealed = (each.sandbox if sandbox else each.real for each in self.notices)
        return tuple(each for each in sealed if each)

    async def take_root(self) -> None:
        """Go by the newest root document that is stored; it was verified when it was published."""
        edition = await self.db.read(lambda conn: DOCUMENTS.last(conn, ROOT))
        newest = None if edition is None else roots.pin_root(edition.body)
        if newest is not None and not isinstance(newest, Refused):
            self.keys.follow_root(newest)
            await self.take_notices()

    def answer_signer(self, product: str, *, sandbox: bool) -> SeedSigner:
        """The key that signs answers now; looked up once a second, because every answer asks."""
        return self._signer_for(Purpose.ANSWER, product, sandbox)

    def lease_signer(self, product: str, *, sandbox: bool) -> SeedSigner:
        """The key that signs leases now, likewise."""
        return self._signer_for(Purpose.LEASE, product, sandbox)

    def _signer_for(self, purpose: Purpose, product: str, sandbox: bool) -> SeedSigner:
        now, root = self.clock(), self.keys.root_of(sandbox=sandbox)
        known = self.chosen_signers.get((purpose, product, sandbox))
        if known is not None and known.now == now and known.root is root:
            return known.signer
        signer = self.keys.signer_for(purpose, product, now, sandbox=sandbox)
        # Strangers may name any product: what they fill up lasts a second, and costs the others a look each time.
        if len(self.chosen_signers) >= PRODUCTS_REMEMBERED:
            for name in [name for name, chosen in self.chosen_signers.items() if chosen.now != now]:
                del self.chosen_signers[name]
        if len(self.chosen_signers) < PRODUCTS_REMEMBERED:
            self.chosen_signers[purpose, product, sandbox] = ChosenSigner(signer, now, root)
        return signer

    async def run_once(
        self, ticket: IdempotentRequest, dry_run: bool, work: Work[T], *, secret: bool = False
    ) -> T | Refused:
        """`work` in one transaction with its idempotency record.

        `secret`: the answer holds a code or a token, so that its stored copy is sealed [spec: sealed-responses].
        """
        now = self.clock()

        def run(conn: Connection) -> Any:
            known = idempotency.begin_request(conn, self.safe, ticket.scope, ticket.key, ticket.payload_hash, now)
            if known is not None:
                return known if isinstance(known, Refused) else mark_replayed(unpack_response(known.answer))
            answer: Any = work(conn, now)
            if isinstance(answer, Refused):
                return answer
            idempotency.finish_request(conn, self.safe, ticket.scope, ticket.key, pack_response(answer), secret=secret)
            return answer

        return await self._write_or_try(run, dry_run)

    async def write_tx(self, dry_run: bool, work: Work[T]) -> T | Refused:
        """`work` in one transaction, for writes that are repeatable by nature (PUT, DELETE, signed messages)."""
        now = self.clock()
        return await self._write_or_try(lambda conn: work(conn, now), dry_run)

    async def on_settled_books(self, work: Callable[[Connection, Instant, bool], Any]) -> Any:
        """`work` on settled books: reading alone while nothing is due, else writing what is [spec: settlement].

        Its last argument says whether it may write; if not, it answers `DUE` when it would have to. While money is
        stopped nothing is written: the answer is what it would be.
        """
        now = self.clock()
        found = await self.db.read(lambda conn: work(conn, now, False))
        if found is not DUE:
            return found
        return await self._write_or_try(lambda conn: work(conn, now, True), dry_run=bool(self.stopped_money))

    async def read_tx(self, work: Callable[[Connection, Instant], T]) -> T:
        """`work` on a state that does not change meanwhile."""
        now = self.clock()
        return await self.db.read(lambda conn: work(conn, now))

    async def _write_or_try(self, run: Callable[[Connection], T | Refused], dry_run: bool) -> T | Refused:
        try:
            return await (self.db.dry_run(run) if dry_run else self.db.write(run))
        except WriteConflict:  # others were first each time that the store has tried it
            return Refused(RefusalCode.SERVER_BUSY, "Too many wrote to the same place at once.")


@dataclass(frozen=True)
class Tenant:
    """On whose behalf something is done: every query carries `provider`, a customer's also `customer`."""

    provider: tenants.ProviderRow
    time: RealTime
    role: Role
    by: str
    customer: str = ""

    @property
    def id(self) -> str:
        """The provider's id: the tenant predicate."""
        return self.provider.id

    @property
    def real(self) -> Instant:
        """The real now, whatever the tenant's own clock shows."""
        return self.time.instant

    @cached_property
    def now(self) -> Instant:
        """The tenant's now: a sandbox has its own."""
        return self.time.now_of(self.provider)

    def may_see(self, customer: str) -> bool:
        """Whether a resource of `customer` may be seen: a customer sees its own only."""
        return not self.customer or self.customer == customer

    def narrow_to(self, named: str | None) -> str | Refused | None:
        """Whose resources a list shows that may be narrowed to a customer: its own, the named one's, or all (None)."""
        if named is not None and not self.may_see(named):
            return Refused(RefusalCode.NOT_FOUND, field="customer")
        return self.customer or named


def tenant_of(conn: Connection, caller: Principal, named: str | None, real: Instant) -> Tenant | Refused:
    """Whose data the caller means: its own provider's; the vendor must name one. Foreign ones are `not_found`."""
    wanted = caller.provider or named or ""
    if caller.provider and named and named != caller.provider:
        return Refused(RefusalCode.NOT_FOUND, field="provider")
    if not wanted:
        return Refused(RefusalCode.FIELD_INVALID, "Name the provider whose data is meant.", "provider")
    provider = tenants.get_provider(conn, wanted)
    if provider is None or caller.kind is None:
        return Refused(RefusalCode.NOT_FOUND, field="provider")
    return Tenant(provider, RealTime(real), caller.kind, caller.actor_name, caller.customer)
