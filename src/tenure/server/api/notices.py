"""Publishing and reading amnesties; reading is public, because a notice proves itself (B15)."""

from typing import Any

import msgspec

from tenure.core.lease.standing import OutageAmnesty
from tenure.core.periods import parse_until
from tenure.core.policy.rules import Role
from tenure.core.timeline import Instant
from tenure.http.auth import PUBLIC, AccessRule
from tenure.http.body_types import OptionalLine, RequestBody
from tenure.http.operation_groups import operation_at
from tenure.http.problems import accept
from tenure.http.responses import ApiResponse, json_response
from tenure.http.timestamps import Moment, format_rfc3339, instant_of
from tenure.http.views import copy_fields
from tenure.server import notices
from tenure.server.api.fields import LastDay
from tenure.server.api.operations import CallerPost, ServerOperations
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
    async def publish_amnesty(self, request: CallerPost, body: NewAmnesty) -> ApiResponse[NoticeView]:
        """Publishes an amnesty: every offline deadline moves by the length of the outage, no contract does."""

        def work(conn: Connection, now: Instant) -> ApiResponse[Any]:
            until = accept(parse_until(body.until))
            amnesty = OutageAmnesty(instant_of(body.since), until)
            stamp = WriteStamp(request.caller.actor_name, now)
            issued = (self._context.keys, self._context.issuer, amnesty, body.text, stamp)
            return json_response(notice_view(accept(notices.publish_amnesty(conn, *issued))), 201)

        answer = await self._write(request, work)
        if not request.dry_run:
            await self._context.take_notices()
        return answer

    @operation_at("GET", "/v1/notices", PUBLIC)
    async def list_notices(self) -> tuple[NoticeView, ...]:
        """Lists the newest notices, oldest first."""
        keys = self._context.keys

        def work(conn: Connection, now: Instant) -> tuple[NoticeView, ...]:
            return tuple(notice_view(notices.sign_again(keys, each, now)) for each in notices.current_notices(conn))

        return await self._read(work)


def notice_view(published: notices.PublishedNotice) -> NoticeView:
    """A notice as shown."""
    notice = published.notice
    return copy_fields(
        NoticeView,
        notice,
        id=notice.jti,
        published=format_rfc3339(notice.iat),
        notice=published.real,
        sandbox_notice=published.sandbox,
    )
