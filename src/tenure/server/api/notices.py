"""Publishing and reading amnesties; reading is public, because a notice proves itself (B15)."""

from typing import Any

import msgspec

from tenure.core.lease.standing import OutageAmnesty
from tenure.core.periods import parse_until
from tenure.core.policy.rules import Role
from tenure.core.refusals import Refused
from tenure.core.timeline import Instant
from tenure.http.auth import PUBLIC, AccessRule, Principal
from tenure.http.body_types import OptionalLine, RequestBody
from tenure.http.idempotency import IdempotentRequest
from tenure.http.operation_groups import operation_at
from tenure.http.responses import ApiResponse, json_response
from tenure.http.timestamps import Moment, format_rfc3339, instant_of
from tenure.server import notices
from tenure.server.api.fields import LastDay
from tenure.server.context import ServerOperations
from tenure.store.catalog import WriteStamp
from tenure.store.engine import Connection

WRITE = AccessRule("server:write", frozenset({Role.VENDOR}))


class NewAmnesty(RequestBody, frozen=True, kw_only=True):
    """An outage of the vendor's for which no customer shall suffer: at most 30 days, and not in the future."""

    since: Moment
    until: LastDay
    text: OptionalLine = ""


class NoticeView(msgspec.Struct, frozen=True, kw_only=True):
    """A published notice; `notice` and `sandbox_notice` are the signed words themselves, to be handed round."""

    id: str
    since: str
    until: str
    published: str
    text: str
    notice: str
    sandbox_notice: str


class NoticeOperations(ServerOperations):
    """The operations on notices."""

    @operation_at("POST", "/v1/notices", WRITE, status=201)
    async def publish_amnesty(
        self, caller: Principal, ticket: IdempotentRequest, body: NewAmnesty, dry_run: bool = False
    ) -> ApiResponse[NoticeView] | Refused:
        """Publishes an amnesty: every offline deadline moves by the length of the outage, no contract does."""

        def work(conn: Connection, now: Instant) -> ApiResponse[Any] | Refused:
            until = parse_until(body.until)
            if isinstance(until, Refused):
                return until
            amnesty = OutageAmnesty(instant_of(body.since), until)
            stamp = WriteStamp(caller.actor_name, now)
            done = notices.publish_amnesty(conn, self._context.keys, self._context.issuer, amnesty, body.text, stamp)
            return done if isinstance(done, Refused) else json_response(notice_view(done), 201)

        answer: ApiResponse[NoticeView] | Refused = await self._context.run_once(ticket, dry_run, work)
        if not dry_run and not isinstance(answer, Refused):
            await self._context.take_notices()
        return answer

    @operation_at("GET", "/v1/notices", PUBLIC)
    async def list_notices(self) -> tuple[NoticeView, ...]:
        """Lists the newest notices, oldest first."""
        keys = self._context.keys

        def work(conn: Connection, now: Instant) -> tuple[NoticeView, ...]:
            return tuple(notice_view(notices.sign_again(keys, each, now)) for each in notices.current_notices(conn))

        return await self._context.read_tx(work)


def notice_view(published: notices.PublishedNotice) -> NoticeView:
    """A notice as shown."""
    notice = published.notice
    return NoticeView(
        id=notice.jti,
        since=format_rfc3339(notice.since),
        until=format_rfc3339(notice.until),
        published=format_rfc3339(notice.iat),
        text=notice.text,
        notice=published.real,
        sandbox_notice=published.sandbox,
    )
