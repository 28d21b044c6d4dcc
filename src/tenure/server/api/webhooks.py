"""Webhooks: addresses that are told what happens, and their secrets [spec: messages]; what was delivered is
`deliveries`'."""

from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import HOUR, Instant
from tenure.http.auth import AccessRule, Principal
from tenure.http.body_types import OptionalLine, RequestBody
from tenure.http.etags import IfMatch, entity_tag
from tenure.http.idempotency import IdempotentRequest
from tenure.http.inputs import Address
from tenure.http.operation_groups import operation_at
from tenure.http.outgoing import signing
from tenure.http.paging import PageRequest, ResultPage, cut_page
from tenure.http.responses import ApiResponse, json_response
from tenure.http.timestamps import format_rfc3339
from tenure.server.api.accounts.places import record_audit
from tenure.server.api.deliveries import READ, WRITE, webhook_of
from tenure.server.api.fields import Id
from tenure.server.context import ServerOperations, Tenant, tenant_of
from tenure.server.messages.catalog import LISTED_AT, EventKind, event_kinds, no_such_kind, unknown_filter
from tenure.server.messages.webhook_worker import open_secrets, seal_secrets, signer_of
from tenure.server.views import optional_rfc3339
from tenure.store import ids, outbox, webhooks
from tenure.store.engine import Connection
from tenure.store.users import TeamPlace
from tenure.store.webhooks import WebhookRow
from tenure.wire.keys import SeedSigner

OWN = AccessRule()
"""The table is the same for everybody: any caller, no scope."""
NOTHING_SEEN = IfMatch()
MOST = 20
"""So many webhooks a provider may have."""

Url = Annotated[str, msgspec.Meta(min_length=8, max_length=512, pattern=r"^https?://[!-~]+$(?!\n)")]
Filter = Annotated[str, msgspec.Meta(max_length=64, pattern=r"^[a-z_]+\.([a-z0-9_]+|\*)$(?!\n)")]
Filters = Annotated[tuple[Filter, ...], msgspec.Meta(max_length=64)]
Overlap = Annotated[int, msgspec.Meta(ge=0, le=signing.OVERLAP_HOURS_MOST)]


class NewWebhook(RequestBody, frozen=True, kw_only=True):
    """Where to tell what: kinds of events, `subscription.*` for a whole family, none for everything."""

    url: Url
    events: Filters = ()
    note: OptionalLine = ""


class ChangedWebhook(RequestBody, frozen=True, kw_only=True):
    """As `NewWebhook`; `active` switches it off, or on again: it then goes on where it stopped."""

    url: Url
    events: Filters = ()
    note: OptionalLine = ""
    active: bool = True


class SecretRotationBody(RequestBody, frozen=True, kw_only=True):
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


class WebhookOperations(ServerOperations):
    """The operations on webhooks."""

    @operation_at("GET", LISTED_AT, OWN)
    async def list_event_kinds(self) -> EventKindsView:
        """Lists every kind of event, with one sentence each: what webhooks may ask for and the feed carries."""
        return EventKindsView(items=event_kinds())

    @operation_at("GET", "/v1/webhooks", READ)
    async def list_webhooks(
        self, caller: Principal, paging: PageRequest, provider: Id | None = None
    ) -> ResultPage[WebhookView] | Refused:
        """Lists webhooks, without their secrets."""
        after = paging.after_key(str)
        if isinstance(after, Refused):
            return after

        def work(conn: Connection, real: Instant) -> list[WebhookView] | Refused:
            tenant = tenant_of(conn, caller, provider, real)
            if isinstance(tenant, Refused):
                return tenant
            found = webhooks.page(conn, tenant.id, after or "", paging.limit + 1)
            return [self._webhook_view(each, tenant, real) for each in found]

        found = await self._context.read_tx(work)
        return found if isinstance(found, Refused) else cut_page(found, paging.limit, lambda each: each.id)

    @operation_at("GET", "/v1/webhooks/{webhook}", READ)
    async def read_webhook(
        self, caller: Principal, webhook: Id, provider: Id | None = None
    ) -> ApiResponse[WebhookView] | Refused:
        """Reads a webhook, without its secrets."""

        def work(conn: Connection, real: Instant) -> ApiResponse[WebhookView] | Refused:
            opened = webhook_of(conn, caller, provider, webhook, real)
            if isinstance(opened, Refused):
                return opened
            tenant, hook = opened
            return json_response(self._webhook_view(hook, tenant, real), etag=entity_tag(hook.version))

        return await self._context.read_tx(work)

    @operation_at("POST", "/v1/webhooks", WRITE, status=201, refusals=[RefusalCode.ALREADY_EXISTS])
    async def create_webhook(
        self,
        caller: Principal,
        ticket: IdempotentRequest,
        body: NewWebhook,
        address: Address,
        provider: Id | None = None,
        dry_run: bool = False,
    ) -> ApiResponse[WebhookView] | Refused:
        """Makes a webhook for what happens from now on; its secret is in this answer only."""

        def work(conn: Connection, real: Instant) -> ApiResponse[Any] | Refused:
            tenant = tenant_of(conn, caller, provider, real)
            if isinstance(tenant, Refused):
                return tenant
            if (refused := self._refuse_unsound(body.url, body.events)) is not None:
                return refused
            key = self._context.draw(signing.SECRET_BYTES)
            new = WebhookRow(
                id=ids.new_id("whk", real),
                provider=tenant.id,
                url=body.url,
                events=body.events,
                note=body.note,
                secrets=seal_secrets(self._context.safe, (signing.SigningSecret(key),)),
                seq=outbox.last_number(conn, tenant.id),
                created=real,
            )
            added = webhooks.add(conn, new, MOST)
            if isinstance(added, Refused):
                return added
            record_audit(conn, TeamPlace(tenant.id), caller, address, "webhook_made", _audit_name(added), real)
            view = self._webhook_view(added, tenant, real, "" if dry_run else signing.shown_secret(key))
            return json_response(view, 201, etag=entity_tag(1))

        return await self._context.run_once(ticket, dry_run, work, secret=True)

    @operation_at("PUT", "/v1/webhooks/{webhook}", WRITE)
    async def change_webhook(
        self,
        caller: Principal,
        webhook: Id,
        body: ChangedWebhook,
        address: Address,
        provider: Id | None = None,
        if_match: IfMatch = NOTHING_SEEN,
        dry_run: bool = False,
    ) -> ApiResponse[WebhookView] | Refused:
        """Changes a webhook, switches it off, or on again: it then goes on in the feed where it stopped."""

        def work(conn: Connection, real: Instant) -> ApiResponse[Any] | Refused:
            opened = webhook_of(conn, caller, provider, webhook, real)
            if isinstance(opened, Refused):
                return opened
            tenant, hook = opened
            refused = if_match.refuse_mismatch(entity_tag(hook.version)) or self._refuse_unsound(body.url, body.events)
            if refused is not None:
                return refused
            wanted = msgspec.structs.replace(hook, url=body.url, events=body.events, note=body.note)
            changed = webhooks.change(conn, _switch_webhook(wanted, body.active, real), hook.version)
            if isinstance(changed, Refused):
                return changed
            record_audit(conn, TeamPlace(tenant.id), caller, address, "webhook_changed", _audit_name(changed), real)
            return json_response(self._webhook_view(changed, tenant, real), etag=entity_tag(changed.version))

        return await self._context.write_tx(dry_run, work)

    @operation_at("DELETE", "/v1/webhooks/{webhook}", WRITE)
    async def delete_webhook(
        self, caller: Principal, webhook: Id, address: Address, provider: Id | None = None, dry_run: bool = False
    ) -> Refused | None:
        """Deletes a webhook, its log and what still waits for it."""

        def work(conn: Connection, real: Instant) -> ApiResponse[Any] | Refused:
            opened = webhook_of(conn, caller, provider, webhook, real)
            if isinstance(opened, Refused):
                return opened
            tenant, hook = opened
            webhooks.delete(conn, tenant.id, webhook)
            record_audit(conn, TeamPlace(tenant.id), caller, address, "webhook_deleted", _audit_name(hook), real)
            return json_response(None)

        done = await self._context.write_tx(dry_run, work)
        return done if isinstance(done, Refused) else None

    @operation_at("POST", "/v1/webhooks/{webhook}/rotate-secret", WRITE, refusals=[RefusalCode.VERSION_STALE])
    async def rotate_webhook_secret(
        self,
        caller: Principal,
        ticket: IdempotentRequest,
        webhook: Id,
        body: SecretRotationBody,
        address: Address,
        provider: Id | None = None,
        dry_run: bool = False,
    ) -> ApiResponse[WebhookView] | Refused:
        """Makes a new secret, shown in this answer only; the one before it signs too for a while."""

        def work(conn: Connection, real: Instant) -> ApiResponse[Any] | Refused:
            opened = webhook_of(conn, caller, provider, webhook, real)
            if isinstance(opened, Refused):
                return opened
            tenant, hook = opened
            key = self._context.draw(signing.SECRET_BYTES)
            known, until = open_secrets(self._context.safe, hook), real + body.overlap_hours * HOUR
            sealed = seal_secrets(self._context.safe, signing.rotate_secrets(known, key, until))
            changed = webhooks.change(conn, msgspec.structs.replace(hook, secrets=sealed), hook.version)
            if isinstance(changed, Refused):
                return changed
            record_audit(
                conn, TeamPlace(tenant.id), caller, address, "webhook_secret_rotated", _audit_name(changed), real
            )
            view = self._webhook_view(changed, tenant, real, "" if dry_run else signing.shown_secret(key))
            return json_response(view, etag=entity_tag(changed.version))

        return await self._context.run_once(ticket, dry_run, work, secret=True)

    def _refuse_unsound(self, url: str, events: tuple[str, ...]) -> Refused | None:
        refused = self._context.reach.check_url(url)
        wrong = unknown_filter(events)
        if refused is None and wrong is not None:
            return Refused(RefusalCode.FIELD_INVALID, no_such_kind(wrong), "events")
        return refused

    def _webhook_view(self, hook: WebhookRow, tenant: Tenant, real: Instant, secret: str = "") -> WebhookView:
        signer = signer_of(self._context, real, sandbox=tenant.provider.sandbox)
        kept = signing.secrets_at(open_secrets(self._context.safe, hook), real)
        return WebhookView(
            id=hook.id,
            url=hook.url,
            events=hook.events,
            note=hook.note,
            active=hook.disabled is None,
            reason=hook.reason,
            failing_since=optional_rfc3339(hook.failing_since),
            seq=hook.seq,
            created=format_rfc3339(hook.created),
            secrets=tuple(optional_rfc3339(each.until) for each in kept),
            public_key=signing.shown_key(signer.public) if isinstance(signer, SeedSigner) else "",
            secret=secret,
        )


def _audit_name(hook: WebhookRow) -> str:
    """Which webhook, for the audit: the host alone, for an address may hold a secret."""
    return f"{hook.id}: {urlsplit(hook.url).hostname}"


def _switch_webhook(hook: WebhookRow, active: bool, now: Instant) -> WebhookRow:
    """Switched on it starts afresh; switched off it says by whom."""
    if active:
        return msgspec.structs.replace(hook, disabled=None, reason="", failing_since=None)
    if hook.disabled is not None:
        return hook
    return msgspec.structs.replace(hook, disabled=now, reason="It was switched off by hand.")
