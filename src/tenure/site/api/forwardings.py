"""Forwardings of events: set up, changed and removed by administrators, looked at by all; every change is an event.

What is done with one that is there already (test, resume, a new secret) is `forwarding_actions`'s.
"""

import msgspec

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.http.auth import Principal
from tenure.http.operation_groups import operation_at
from tenure.http.outgoing.signing import SECRET_BYTES, shown_secret
from tenure.http.paging import PageRequest, ResultPage, cut_page
from tenure.http.problems import accept, require_found
from tenure.http.responses import ApiResponse, empty_response, json_response
from tenure.site import ids
from tenure.site.api.devices import Id
from tenure.site.api.forwarding_views import (
    ForwardingBody,
    ForwardingView,
    KindView,
    WithSecret,
    forwarding_view,
)
from tenure.site.api.local import LOOKS, RULES, LocalApi, LocalChange, LocalOperations, LocalPost
from tenure.site.forwarding.config import ForwardingConfig, ForwardingSecrets, SecretVault, read_config, write_config
from tenure.site.forwarding.config_checks import check_config, destination_changed
from tenure.site.forwarding.kinds import FAMILIES
from tenure.site.forwarding.progress import pending_of
from tenure.site.forwarding.sending import place_of
from tenure.site.store import events, forwardings
from tenure.site.store.forwardings import ForwardingRow
from tenure.site.store.writer import Connection

MOST = 20
"""Forwardings of one site."""


_REFUSALS = [RefusalCode.FIELD_INVALID, RefusalCode.ALREADY_EXISTS]


class ForwardingOperations(LocalOperations):
    """The operations."""

    def __init__(self, local: LocalApi, vault: SecretVault) -> None:
        super().__init__(local)
        self._vault = vault

    @operation_at("GET", "/v1/forwardings", LOOKS)
    async def list_forwardings(self, caller: Principal, paging: PageRequest) -> ResultPage[ForwardingView] | Refused:
        """Lists where events are forwarded to, oldest first; secrets are never shown."""
        return await self._local.read_page(
            paging,
            str,
            lambda conn, after, _: (
                view_forwarding(conn, row, caller, self._vault)
                for row in forwardings.all_forwardings(conn)
                if after is None or row.id > after
            ),
            lambda one: one.id,
            lambda one: one,
        )

    @operation_at("GET", "/v1/event-kinds", LOOKS)
    async def list_event_kinds(self, paging: PageRequest) -> ResultPage[KindView] | Refused:
        """Lists the kinds of events that a forwarding may be limited to, by family."""
        after = accept(paging.after_key(int))
        told = [KindView(kind, family, text) for family, kinds in FAMILIES.items() for kind, text in kinds.items()]
        found = list(enumerate(told))[max(0, after + 1) if after is not None else 0 :]
        page = cut_page(found[: paging.limit + 1], paging.limit, lambda pair: pair[0])
        return ResultPage(tuple(each for _, each in page.items), page.next)

    @operation_at("GET", "/v1/forwardings/{forwarding}", LOOKS)
    async def read_forwarding(self, caller: Principal, forwarding: Id) -> ForwardingView | Refused:
        """Shows one forwarding: how it is set up, how it is, and what helps where it fails."""

        def work(conn: Connection) -> ForwardingView | Refused:
            return view_forwarding(conn, find_forwarding(conn, forwarding), caller, self._vault)

        return await self._local.read_tx(work)

    @operation_at("POST", "/v1/forwardings", RULES, status=201, refusals=_REFUSALS)
    async def add_forwarding(self, request: LocalPost, body: ForwardingBody) -> ApiResponse[WithSecret]:
        """Forwards what happens from now on; the secret of a webhook is shown this once."""
        config = accept(check_config(body.to_config()))

        def work(conn: Connection, now: Instant) -> ApiResponse[WithSecret] | Refused:
            refused = _no_room(conn, config, "") or _no_password(body, kept=False)
            if refused is not None:
                return refused
            born = self._local.site.computer.clocks.wall()
            name = ids.new_id("fwd", born, self._vault.draw)
            hidden = _secrets_of(
                body, ForwardingSecrets(key=self._vault.draw(SECRET_BYTES)) if config.webhook else ForwardingSecrets()
            )
            _add_event(conn, now, request.caller, ("forwarding_added", "added"), config, name)
            sealed = self._vault.seal(name, hidden)
            row = ForwardingRow(name, write_config(config), sealed, born, cursor=events.latest_number(conn))
            forwardings.add(conn, row)
            # What is only rehearsed gives no secret out.
            secret = "" if request.dry_run or not hidden.key else shown_secret(hidden.key)
            return json_response(
                WithSecret(forwarding=view_forwarding(conn, row, request.caller, self._vault), secret=secret), 201
            )

        return await self._write(request, work)

    @operation_at("PUT", "/v1/forwardings/{forwarding}", RULES, refusals=_REFUSALS)
    async def change_forwarding(
        self, request: LocalChange, forwarding: Id, body: ForwardingBody
    ) -> ApiResponse[ForwardingView]:
        """Replaces the settings of one forwarding; it goes on where it was, and what failed is tried again at once.

        A password that is left out stays, unless mail server or user are others now: it was not meant for them.
        """
        config = accept(check_config(body.to_config()))

        def work(conn: Connection, now: Instant) -> ApiResponse[ForwardingView] | Refused:
            row = find_forwarding(conn, forwarding)
            before, hidden = read_config(row.body), self._vault.open(row.id, row.sealed)
            refused = (
                _other_way(before, config)
                or _no_room(conn, config, row.id)
                or _no_password(body, kept=bool(hidden and hidden.password and not destination_changed(before, config)))
            )
            if refused is not None:
                return refused
            row = _rewrite_row(row, before, config)
            if hidden is not None or body.mail is not None:
                row = msgspec.structs.replace(
                    row, sealed=self._vault.seal(row.id, _secrets_of(body, hidden or ForwardingSecrets()))
                )
            forwardings.save(conn, row)
            _add_event(conn, now, request.caller, ("forwarding_changed", "changed"), config, row.id)
            return json_response(view_forwarding(conn, row, request.caller, self._vault))

        return await self._write(request, work)

    @operation_at("DELETE", "/v1/forwardings/{forwarding}", RULES, status=204)
    async def remove_forwarding(self, request: LocalChange, forwarding: Id) -> ApiResponse[None]:
        """Removes a forwarding, its log and what waits for it; the events themselves stay."""

        def work(conn: Connection, now: Instant) -> ApiResponse[None] | Refused:
            row = find_forwarding(conn, forwarding)
            forwardings.remove(conn, forwarding)
            _add_event(conn, now, request.caller, ("forwarding_removed", "removed"), read_config(row.body), "")
            return empty_response()

        return await self._write(request, work)


def find_forwarding(conn: Connection, name: str) -> ForwardingRow:
    """The forwarding of that id. Raises `not_found`."""
    return require_found(forwardings.find(conn, name), "forwarding")


def view_forwarding(conn: Connection, row: ForwardingRow, caller: Principal, vault: SecretVault) -> ForwardingView:
    """One forwarding as `caller` may see it."""
    hidden = vault.open(row.id, row.sealed)
    return forwarding_view(conn, row, caller, password=bool(hidden and hidden.password))


def where_to(config: ForwardingConfig) -> str:
    """Where a forwarding leads, as events tell it; of a webhook's address only its host, for the rest may be secret."""
    host, port = place_of(config)
    if config.mail is None:
        return f"to the webhook at {host}:{port}"
    return f"by mail over {host}:{port} to {', '.join(config.mail.recipients)}"


def _no_room(conn: Connection, config: ForwardingConfig, own: str) -> Refused | None:
    others = [row for row in forwardings.all_forwardings(conn) if row.id != own]
    if any(read_config(row.body).name == config.name for row in others):
        return Refused(RefusalCode.ALREADY_EXISTS, "Another forwarding has this name; take one of its own.", "name")
    if len(others) >= MOST:
        return Refused(RefusalCode.FIELD_INVALID, f"A site has at most {MOST} forwardings; remove one first.", "name")
    return None


def _no_password(body: ForwardingBody, *, kept: bool) -> Refused | None:
    if body.mail is None:
        return None
    given = body.mail.password
    if body.mail.user and not given and (given is not None or not kept):
        because = "Signing in at the mail server needs a password; enter it, also after server or user changed."
        return Refused(RefusalCode.FIELD_INVALID, because, "mail.password")
    if not body.mail.user and given:
        return Refused(RefusalCode.FIELD_INVALID, "A password goes with a user; enter the user, too.", "mail.user")
    return None


def _other_way(before: ForwardingConfig, config: ForwardingConfig) -> Refused | None:
    if (before.mail is None) == (config.mail is None):
        return None
    field = "mail" if before.mail is None else "webhook"
    because = "What goes by mail stays with mail, and a webhook a webhook: add another forwarding, and remove this one."
    return Refused(RefusalCode.FIELD_INVALID, because, field)


def _secrets_of(body: ForwardingBody, before: ForwardingSecrets) -> ForwardingSecrets:
    if body.mail is None:
        return before
    if not body.mail.user:
        return msgspec.structs.replace(before, password="")
    given = body.mail.password
    return before if given is None else msgspec.structs.replace(before, password=given)


def _rewrite_row(row: ForwardingRow, before: ForwardingConfig, config: ForwardingConfig) -> ForwardingRow:
    """The row under its new rules: a mail that is on its way also goes to who was added, and not to who was removed."""
    pending = row.pending
    if row.upto and before.mail is not None and config.mail is not None:
        known, left = before.mail.recipients, pending_of(row)
        now = tuple(each for each in config.mail.recipients if each in left or each not in known)
        # All who are left were removed: it is of no use to anybody but those who have it.
        if not now:
            row = msgspec.structs.replace(row, cursor=row.upto, upto=0)
        pending = msgspec.json.encode(now)
    if not row.failing_since:
        row = msgspec.structs.replace(row, cause="", fault="")
    return msgspec.structs.replace(row, body=write_config(config), pending=pending, tries=0, next=0, told=0)


def _add_event(
    conn: Connection, now: Instant, caller: Principal, what: tuple[str, str], config: ForwardingConfig, forwarding: str
) -> None:
    who = caller.name or "The holder of the folder's token"
    kind, done = what
    text = f"{who} {done} the forwarding “{config.name}” {where_to(config)}."
    events.add(conn, now, "warning", kind, text, forwarding=forwarding)
