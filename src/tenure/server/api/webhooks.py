"""Webhooks: addresses that are told what happens, and their secrets [spec: messages]; what was delivered is
`deliveries`'."""

from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec

from tenure.core.refusals import Code, Refused
from tenure.core.timeline import HOUR, Instant
from tenure.http.answers import Answer, made
from tenure.http.auth import Principal, Rule
from tenure.http.etags import IfMatch, etag
from tenure.http.fields import Body, OptionalLine
from tenure.http.idempotency import Ticket
from tenure.http.inputs import Address
from tenure.http.instants import rfc3339
from tenure.http.operations import Operation, operation
from tenure.http.outgoing import signing
from tenure.http.paging import Page, Paging, cut_page
from tenure.server.api.accounts.places import note
from tenure.server.api.deliveries import READ, WRITE, webhook_of
from tenure.server.api.fields import Id
from tenure.server.context import Context, Tenant, tenant_of
from tenure.server.messages.catalogue import LISTED_AT, EventKind, event_kinds, no_such_kind, unknown
from tenure.server.messages.courier import signer_of
from tenure.server.views import shown
from tenure.store import ids, outbox, webhooks
from tenure.store.engine import Connection
from tenure.store.persons import Place
from tenure.store.webhooks import Secret, Webhook
from tenure.wire.keys import SeedSigner

OWN = Rule()
"""The table is the same for everybody: any caller, no scope."""
NOTHING_SEEN = IfMatch()
MOST = 20
"""So many webhooks a provider may have."""

Url = Annotated[str, msgspec.Meta(min_length=8, max_length=512, pattern=r"^https?://[!-~]+$(?!\n)")]
Filter = Annotated[str, msgspec.Meta(max_length=64, pattern=r"^[a-z_]+\.([a-z0-9_]+|\*)$(?!\n)")]
Filters = Annotated[tuple[Filter, ...], msgspec.Meta(max_length=64)]
Overlap = Annotated[int, msgspec.Meta(ge=0, le=168)]


class NewWebhook(Body, frozen=True, kw_only=True):
    """Where to tell what: kinds of events, `subscription.*` for a whole family, none for everything."""

    url: Url
    events: Filters = ()
    note: OptionalLine = ""


class ChangedWebhook(Body, frozen=True, kw_only=True):
    """As `NewWebhook`; `active` switches it off, or on again: it then goes on where it stopped."""

    url: Url
    events: Filters = ()
    note: OptionalLine = ""
    active: bool = True


class Rotation(Body, frozen=True, kw_only=True):
    """For how many hours the old secret signs too, so that the receiver can change without a gap."""

    overlap_hours: Overlap = 24


class WebhookView(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook; `secret` is shown once, in the answer that made it."""

    id: str
    url: str
    events: tuple[str, ...]
    note: str
    active: bool
    reason: str
    """Why it was switched off."""
    failing_since: str | None
    seq: int
    """Up to which number of the feed it was served."""
    created: str
    secrets: tuple[str | None, ...]
    """Until when each of its secrets signs, newest first; null for as long as it is the newest."""
    public_key: str
    """The server's own key for the `v1a` signature, `whpk_…`; empty when it has none."""
    secret: str = ""


class EventKindsView(msgspec.Struct, frozen=True, kw_only=True):
    """Every kind of event, by topic."""

    items: tuple[EventKind, ...]


class Webhooks:
    """The operations on webhooks."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def list_event_kinds(self) -> EventKindsView:
        """Lists every kind of event, with one sentence each: what webhooks may ask for and the feed carries."""
        return EventKindsView(items=event_kinds())

    async def list_webhooks(
        self, caller: Principal, paging: Paging, provider: Id | None = None
    ) -> Page[WebhookView] | Refused:
        """Lists webhooks, without their secrets."""
        after = paging.after(str)
        if isinstance(after, Refused):
            return after

        def work(conn: Connection, real: Instant) -> list[WebhookView] | Refused:
            tenant = tenant_of(conn, caller, provider, real)
            if isinstance(tenant, Refused):
                return tenant
            found = webhooks.page(conn, tenant.id, after or "", paging.limit + 1)
            return [self._view(each, tenant, real) for each in found]

        found = await self._context.read(work)
        return found if isinstance(found, Refused) else cut_page(found, paging.limit, lambda each: each.id)

    async def read_webhook(
        self, caller: Principal, webhook: Id, provider: Id | None = None
    ) -> Answer[WebhookView] | Refused:
        """Reads a webhook, without its secrets."""

        def work(conn: Connection, real: Instant) -> Answer[WebhookView] | Refused:
            opened = webhook_of(conn, caller, provider, webhook, real)
            if isinstance(opened, Refused):
                return opened
            tenant, hook = opened
            return made(self._view(hook, tenant, real), etag=etag(hook.version))

        return await self._context.read(work)

    async def create_webhook(
        self,
        caller: Principal,
        ticket: Ticket,
        body: NewWebhook,
        address: Address,
        provider: Id | None = None,
        dry_run: bool = False,
    ) -> Answer[WebhookView] | Refused:
        """Makes a webhook for what happens from now on; its secret is in this answer only."""

        def work(conn: Connection, real: Instant) -> Answer[Any] | Refused:
            tenant = tenant_of(conn, caller, provider, real)
            if isinstance(tenant, Refused):
                return tenant
            if (refused := self._unsound(body.url, body.events)) is not None:
                return refused
            key = self._context.draw(signing.SECRET_BYTES)
            new = Webhook(
                id=ids.new("whk", real),
                provider=tenant.id,
                url=body.url,
                events=body.events,
                note=body.note,
                secrets=webhooks.sealed(self._context.safe, (Secret(key),)),
                seq=outbox.last(conn, tenant.id),
                created=real,
            )
            added = webhooks.add(conn, new, MOST)
            if isinstance(added, Refused):
                return added
            note(conn, Place(tenant.id), caller, address, "webhook_made", _named(added), real)
            view = self._view(added, tenant, real, "" if dry_run else signing.shown_secret(key))
            return made(view, 201, etag=etag(1))

        answer: Answer[WebhookView] | Refused = await self._context.once(ticket, dry_run, work, secret=True)
        return answer

    async def change_webhook(
        self,
        caller: Principal,
        webhook: Id,
        body: ChangedWebhook,
        address: Address,
        provider: Id | None = None,
        if_match: IfMatch = NOTHING_SEEN,
        dry_run: bool = False,
    ) -> Answer[WebhookView] | Refused:
        """Changes a webhook, switches it off, or on again: it then goes on in the feed where it stopped."""

        def work(conn: Connection, real: Instant) -> Answer[Any] | Refused:
            opened = webhook_of(conn, caller, provider, webhook, real)
            if isinstance(opened, Refused):
                return opened
            tenant, hook = opened
            refused = if_match.refusal(etag(hook.version)) or self._unsound(body.url, body.events)
            if refused is not None:
                return refused
            wanted = msgspec.structs.replace(hook, url=body.url, events=body.events, note=body.note)
            changed = webhooks.change(conn, _switched(wanted, body.active, real), hook.version)
            if isinstance(changed, Refused):
                return changed
            note(conn, Place(tenant.id), caller, address, "webhook_changed", _named(changed), real)
            return made(self._view(changed, tenant, real), etag=etag(changed.version))

        answer: Answer[WebhookView] | Refused = await self._context.write(dry_run, work)
        return answer

    async def delete_webhook(
        self, caller: Principal, webhook: Id, address: Address, provider: Id | None = None, dry_run: bool = False
    ) -> Refused | None:
        """Deletes a webhook, its log and what still waits for it."""

        def work(conn: Connection, real: Instant) -> Answer[Any] | Refused:
            opened = webhook_of(conn, caller, provider, webhook, real)
            if isinstance(opened, Refused):
                return opened
            tenant, hook = opened
            webhooks.delete(conn, tenant.id, webhook)
            note(conn, Place(tenant.id), caller, address, "webhook_deleted", _named(hook), real)
            return made(None)

        done = await self._context.write(dry_run, work)
        return done if isinstance(done, Refused) else None

    async def rotate_webhook_secret(
        self,
        caller: Principal,
        ticket: Ticket,
        webhook: Id,
        body: Rotation,
        address: Address,
        provider: Id | None = None,
        dry_run: bool = False,
    ) -> Answer[WebhookView] | Refused:
        """Makes a new secret, shown in this answer only; the one before it signs too for a while."""

        def work(conn: Connection, real: Instant) -> Answer[Any] | Refused:
            opened = webhook_of(conn, caller, provider, webhook, real)
            if isinstance(opened, Refused):
                return opened
            tenant, hook = opened
            key = self._context.draw(signing.SECRET_BYTES)
            # Two sign at once at most: the last one before this, for the overlap.
            old = [Secret(each.key, real + body.overlap_hours * HOUR) for each in hook.opened(self._context.safe)[:1]]
            sealed = webhooks.sealed(self._context.safe, (Secret(key), *old))
            changed = webhooks.change(conn, msgspec.structs.replace(hook, secrets=sealed), hook.version)
            if isinstance(changed, Refused):
                return changed
            note(conn, Place(tenant.id), caller, address, "webhook_secret_rotated", _named(changed), real)
            view = self._view(changed, tenant, real, "" if dry_run else signing.shown_secret(key))
            return made(view, etag=etag(changed.version))

        answer: Answer[WebhookView] | Refused = await self._context.once(ticket, dry_run, work, secret=True)
        return answer

    def operations(self) -> tuple[Operation, ...]:
        """Every operation of this group."""
        one = "/v1/webhooks/{webhook}"
        return (
            operation("GET", LISTED_AT, OWN, self.list_event_kinds),
            operation("GET", "/v1/webhooks", READ, self.list_webhooks),
            operation("GET", one, READ, self.read_webhook),
            operation(
                "POST", "/v1/webhooks", WRITE, self.create_webhook, status=201, refusals=[Code.ALREADY_EXISTS]
            ),
            operation("PUT", one, WRITE, self.change_webhook),
            operation("DELETE", one, WRITE, self.delete_webhook),
            operation(
                "POST", f"{one}/rotate-secret", WRITE, self.rotate_webhook_secret, refusals=[Code.VERSION_STALE]
            ),
        )  # fmt: skip

    def _unsound(self, url: str, events: tuple[str, ...]) -> Refused | None:
        refused = self._context.reach.check_url(url)
        wrong = unknown(events)
        if refused is None and wrong is not None:
            return Refused(Code.FIELD_INVALID, no_such_kind(wrong), "events")
        return refused

    def _view(self, hook: Webhook, tenant: Tenant, real: Instant, secret: str = "") -> WebhookView:
        signer = signer_of(self._context, real, sandbox=tenant.provider.sandbox)
        kept = [each for each in hook.opened(self._context.safe) if each.until is None or real < each.until]
        return WebhookView(
            id=hook.id,
            url=hook.url,
            events=hook.events,
            note=hook.note,
            active=hook.disabled is None,
            reason=hook.reason,
            failing_since=shown(hook.failing_since),
            seq=hook.seq,
            created=rfc3339(hook.created),
            secrets=tuple(shown(each.until) for each in kept),
            public_key=signing.shown_key(signer.public) if isinstance(signer, SeedSigner) else "",
            secret=secret,
        )


def _named(hook: Webhook) -> str:
    """Which webhook, for the audit: the host alone, for an address may hold a secret."""
    return f"{hook.id}: {urlsplit(hook.url).hostname}"


def _switched(hook: Webhook, active: bool, now: Instant) -> Webhook:
    """Switched on it starts afresh; switched off it says by whom."""
    if active:
        return msgspec.structs.replace(hook, disabled=None, reason="", failing_since=None)
    if hook.disabled is not None:
        return hook
    return msgspec.structs.replace(hook, disabled=now, reason="It was switched off by hand.")
