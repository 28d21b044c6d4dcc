"""The log of mails: to whom, about what, whether they went out and if not why; never what they say."""

from typing import Any

import msgspec

from tenure.core.policy.rules import Role
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.http.auth import AccessRule, Principal
from tenure.http.body_types import RequestBody
from tenure.http.operation_groups import operation_at
from tenure.http.outgoing.smtp import is_mailbox
from tenure.http.paging import PageRequest, ResultPage
from tenure.http.problems import accept, require_found
from tenure.http.responses import ApiResponse, json_response
from tenure.http.views import copy_fields
from tenure.server.api.accounts.places import record_audit
from tenure.server.api.deliveries import READ, WRITE
from tenure.server.api.fields import Email, Id
from tenure.server.api.operations import CallerPost, ServerOperations, TenantPost, TenantQuery
from tenure.server.context import tenant_of
from tenure.server.messages.email_worker import CLAIM
from tenure.server.views import optional_rfc3339
from tenure.store import emails
from tenure.store.emails import StoredEmail
from tenure.store.engine import Connection
from tenure.store.users import TeamPlace

VENDORS = AccessRule("server:write", frozenset({Role.VENDOR}))
UNMAILED = (
    "This activation server sends no mail: its operator has not named a mail server. It goes out once there is one;"
    " an invitation's link can be handed over."
)
"""What a mail that waits says to a provider, who cannot change it."""
NO_SERVER = (
    'No mail server is set, so mails wait. Add "mail" with "host" and "sender" to server.json and start the server'
    " again; docs/messages.md shows how."
)


class EmailView(msgspec.Struct, frozen=True, kw_only=True):
    """A mail without what it says."""

    id: str
    to: str
    template: str
    state: str
    """`waiting`, `sent` or `given_up`."""
    created: str
    due: str | None
    """When it is tried next; null where it is not tried any more, and while there is no mail server."""
    tries: int
    sent: str | None
    fault: str
    """Why the last try failed."""


class EmailStatusView(msgspec.Struct, frozen=True, kw_only=True):
    """Whether mails go out, and what to do if they do not."""

    ready: bool
    server: str
    """Host and port; empty when none is set."""
    sender: str
    waiting: int
    given_up: int
    advice: str


class TestEmail(RequestBody, frozen=True, kw_only=True):
    """To whom a test mail goes."""

    to: Email


class EmailOperations(ServerOperations):
    """The operations on mails."""

    @operation_at("GET", "/v1/emails", READ)
    async def list_emails(
        self, request: TenantQuery, paging: PageRequest, newest_first: bool = False
    ) -> ResultPage[EmailView]:
        """Lists mails of the last 30 days, oldest first unless asked; for the vendor without a provider its own."""

        def rows(conn: Connection, real: Instant, after: str, most: int) -> list[EmailView]:
            owner = _email_owner(conn, request, real)
            if newest_first:
                found = emails.page_back(conn, owner, after or emails.LAST, most)
            else:
                found = emails.page(conn, owner, after, most)
            return [email_view(each, mailed=self._context.post is not None) for each in found]

        return await self._list(paging, rows)

    @operation_at("POST", "/v1/emails/{email}/resend", WRITE, status=201, refusals=[RefusalCode.NOTHING_TO_CHANGE])
    async def resend_email(self, request: TenantPost, email: Id) -> ApiResponse[EmailView]:
        """Sends a mail once more that was given up; one that still waits is tried at once."""

        def work(conn: Connection, real: Instant) -> ApiResponse[Any] | Refused:
            owner = _email_owner(conn, request, real)
            known = require_found(emails.get_email(conn, owner, email), "email")
            if known.sent is not None:
                return Refused(RefusalCode.NOTHING_TO_CHANGE, "This mail went out; its text is deleted.", "email")
            record_audit(conn, TeamPlace(owner), request, "email_sent_again", known.id, real)
            if known.due is not None:
                return json_response(email_view(emails.mark_due(conn, known, real, CLAIM)), 201)
            accept(too_many_emails(conn, owner, known.recipient, known.template, real))
            return json_response(email_view(emails.resend_email(conn, known, real)), 201)

        return await self._write(request, work)

    @operation_at("GET", "/v1/emails/status", VENDORS)
    async def read_email_status(self, caller: Principal) -> EmailStatusView:
        """Whether mails go out, and what to do if they do not."""
        waiting, given_up = await self._read(lambda conn, now: emails.count_emails(conn))
        server = self._context.post
        return EmailStatusView(
            ready=server is not None,
            server=f"{server.host}:{server.port}" if server else "",
            sender=server.sender if server else "",
            waiting=waiting,
            given_up=given_up,
            advice="" if server else NO_SERVER,
        )

    @operation_at("POST", "/v1/emails/test", VENDORS, status=201)
    async def send_test_email(self, request: CallerPost, body: TestEmail) -> ApiResponse[EmailView]:
        """Puts a test mail in the queue; what came of it is in the list of mails a moment later."""

        def work(conn: Connection, real: Instant) -> ApiResponse[Any] | Refused:
            if not is_mailbox(body.to):
                return Refused(RefusalCode.FIELD_INVALID, "This is not an address that mail can be sent to.", "to")
            record_audit(conn, TeamPlace(), request, "test_email_sent", body.to, real)
            accept(too_many_emails(conn, None, body.to, "email_test", real))
            values = {"server": self._context.issuer}
            added = emails.add_email(conn, self._context.safe, None, body.to, "email_test", values, real)
            return json_response(email_view(added), 201)

        return await self._write(request, work)


def too_many_emails(conn: Connection, provider: str | None, to: str, template: str, real: Instant) -> Refused | None:
    """`too_many_requests` with the instant from which it is possible, when that mail would be one too many today."""
    when = emails.possible_from(conn, provider, to, template, real)
    if when <= real:
        return None
    return Refused(
        RefusalCode.TOO_MANY_REQUESTS, "Too many mails went to this address, or out of this account, today.", when=when
    )


def _email_owner(conn: Connection, request: TenantQuery, real: Instant) -> str | None:
    """Whose mails are meant: the caller's provider's; the vendor's own (None) when he names none."""
    if not request.caller.provider and request.provider is None:
        return None
    return accept(tenant_of(conn, request.caller, request.provider, real)).id


def email_view(email: StoredEmail, *, mailed: bool = True) -> EmailView:
    """A mail as shown; where none is `mailed` at all, one that waits says that."""
    waiting = "waiting" if email.due is not None else "given_up"
    held = email.due is not None and not mailed
    return copy_fields(
        EmailView,
        email,
        to=email.recipient,
        state="sent" if email.sent is not None else waiting,
        due=None if held else optional_rfc3339(email.due),
        fault=UNMAILED if held else email.fault,
    )
