"""Webhooks: addresses that are told what happens, and their secrets [spec: messages]; what was delivered is
`deliveries`'."""

from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import HOUR, Instant
from tenure.http.auth import AccessRule
from tenure.http.body_types import OptionalLine, RequestBody
from tenure.http.etags import IfMatch, entity_tag
from tenure.http.operation_groups import operation_at
from tenure.http.outgoing import signing
from tenure.http.paging import PageRequest, ResultPage
from tenure.http.problems import accept
from tenure.http.responses import ApiResponse, json_response
from tenure.http.views import copy_fields
from tenure.server.api.accounts.places import record_audit
from tenure.server.api.deliveries import READ, WRITE, find_webhook
from tenure.server.api.fields import Id
from tenure.server.api.operations import (
    NOTHING_SEEN,
    AnyChange,
    ServerOperations,
    TenantChange,
    TenantPost,
    TenantQuery,
)
from tenure.server.context import Tenant
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
    async def list_webhooks(self, request: TenantQuery, paging: PageRequest) -> ResultPage[WebhookView]:
        """Lists webhooks, without their secrets."""

        def rows(conn: Connection, tenant: Tenant, after: str, most: int) -> list[WebhookView]:
            return [self._webhook_view(each, tenant) for each in webhooks.page(conn, tenant.id, after, most)]

        return await self._list_as(request, paging, rows)

    @operation_at("GET", "/v1/webhooks/{webhook}", READ)
    async def read_webhook(self, request: TenantQuery, webhook: Id) -> ApiResponse[WebhookView]:
        """Reads a webhook, without its secrets."""

        def work(conn: Connection, tenant: Tenant) -> ApiResponse[WebhookView]:
            hook = find_webhook(conn, tenant, webhook)
            return json_response(self._webhook_view(hook, tenant), etag=entity_tag(hook.version))

        return await self._read_as(request, work)

    @operation_at("POST", "/v1/webhooks", WRITE, status=201, refusals=[RefusalCode.ALREADY_EXISTS])
    async def create_webhook(self, request: TenantPost, body: NewWebhook) -> ApiResponse[WebhookView]:
        """Makes a webhook for what happens from now on; its secret is in this answer only."""

        def work(conn: Connection, tenant: Tenant) -> ApiResponse[Any]:
            accept(self._refuse_unsound(body.url, body.events))
            key = self._context.draw(signing.SECRET_BYTES)
            new = WebhookRow(
                id=ids.new_id("whk", tenant.real),
                provider=tenant.id,
                url=body.url,
                events=body.events,
                note=body.note,
                secrets=seal_secrets(self._context.safe, (signing.SigningSecret(key),)),
                seq=outbox.last_number(conn, tenant.id),
                created=tenant.real,
            )
            added = accept(webhooks.add(conn, new, MOST))
            _record_audit(conn, request, "webhook_made", added, tenant.real)
            view = self._webhook_view(added, tenant, "" if request.dry_run else signing.shown_secret(key))
            return json_response(view, 201, etag=entity_tag(1))

        return await self._write_as(request, work, secret=True)

    @operation_at("PUT", "/v1/webhooks/{webhook}", WRITE)
    async def change_webhook(
        self, request: TenantChange, webhook: Id, body: ChangedWebhook, if_match: IfMatch = NOTHING_SEEN
    ) -> ApiResponse[WebhookView]:
        """Changes a webhook, switches it off, or on again: it then goes on in the feed where it stopped."""

        def work(conn: Connection, tenant: Tenant) -> ApiResponse[Any]:
            hook = find_webhook(conn, tenant, webhook)
            accept(if_match.refuse_mismatch(entity_tag(hook.version)))
            accept(self._refuse_unsound(body.url, body.events))
            wanted = msgspec.structs.replace(hook, url=body.url, events=body.events, note=body.note)
            changed = accept(webhooks.change(conn, _switch_webhook(wanted, body.active, tenant.real), hook.version))
            _record_audit(conn, request, "webhook_changed", changed, tenant.real)
            return json_response(self._webhook_view(changed, tenant), etag=entity_tag(changed.version))

        return await self._write_as(request, work)

    @operation_at("DELETE", "/v1/webhooks/{webhook}", WRITE)
    async def delete_webhook(self, request: TenantChange, webhook: Id) -> None:
        """Deletes a webhook, its log and what still waits for it."""

        def work(conn: Connection, tenant: Tenant) -> None:
            hook = find_webhook(conn, tenant, webhook)
            webhooks.delete(conn, tenant.id, webhook)
            _record_audit(conn, request, "webhook_deleted", hook, tenant.real)

        await self._write_as(request, work)

    @operation_at("POST", "/v1/webhooks/{webhook}/rotate-secret", WRITE, refusals=[RefusalCode.VERSION_STALE])
    async def rotate_webhook_secret(
        self, request: TenantPost, webhook: Id, body: SecretRotationBody
    ) -> ApiResponse[WebhookView]:
        """Makes a new secret, shown in this answer only; the one before it signs too for a while."""

        def work(conn: Connection, tenant: Tenant) -> ApiResponse[Any]:
            hook = find_webhook(conn, tenant, webhook)
            key = self._context.draw(signing.SECRET_BYTES)
            known, until = open_secrets(self._context.safe, hook), tenant.real + body.overlap_hours * HOUR
            sealed = seal_secrets(self._context.safe, signing.rotate_secrets(known, key, until))
            changed = accept(webhooks.change(conn, msgspec.structs.replace(hook, secrets=sealed), hook.version))
            _record_audit(conn, request, "webhook_secret_rotated", changed, tenant.real)
            view = self._webhook_view(changed, tenant, "" if request.dry_run else signing.shown_secret(key))
            return json_response(view, etag=entity_tag(changed.version))

        return await self._write_as(request, work, secret=True)

    def _refuse_unsound(self, url: str, events: tuple[str, ...]) -> Refused | None:
        refused = self._context.reach.check_url(url)
        wrong = unknown_filter(events)
        if refused is None and wrong is not None:
            return Refused(RefusalCode.FIELD_INVALID, no_such_kind(wrong), "events")
        return refused

    def _webhook_view(self, hook: WebhookRow, tenant: Tenant, secret: str = "") -> WebhookView:
        signer = signer_of(self._context, tenant.real, sandbox=tenant.provider.sandbox)
        kept = signing.secrets_at(open_secrets(self._context.safe, hook), tenant.real)
        return copy_fields(
            WebhookView,
            hook,
            active=hook.disabled is None,
            secrets=tuple(optional_rfc3339(each.until) for each in kept),
            public_key=signing.shown_key(signer.public) if isinstance(signer, SeedSigner) else "",
            secret=secret,
        )


def _record_audit(conn: Connection, request: AnyChange, what: str, hook: WebhookRow, real: Instant) -> None:
    """The host alone says which webhook, for an address may hold a secret."""
    said = f"{hook.id}: {urlsplit(hook.url).hostname}"
    record_audit(conn, TeamPlace(hook.provider), request, what, said, real)


def _switch_webhook(hook: WebhookRow, active: bool, now: Instant) -> WebhookRow:
    """Switched on it starts afresh; switched off it says by whom."""
    if active:
        return msgspec.structs.replace(hook, disabled=None, reason="", failing_since=None)
    if hook.disabled is not None:
        return hook
    return msgspec.structs.replace(hook, disabled=now, reason="It was switched off by hand.")
