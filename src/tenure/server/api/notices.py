"""Publishing and reading amnesties; reading is public, because a notice proves itself (B15)."""

from typing import Any

import msgspec

from tenure.core.periods import parse_until
from tenure.core.policy import Role
from tenure.core.refusals import Refused
from tenure.core.standing import Amnesty
from tenure.core.timeline import Instant
from tenure.http.answers import Answer, made
from tenure.http.auth import PUBLIC, Principal, Rule
from tenure.http.fields import Body, OptionalLine
from tenure.http.idempotency import Ticket
from tenure.http.instants import Moment, instant_of, rfc3339
from tenure.http.operations import Operation, operation
from tenure.server import notices
from tenure.server.api.fields import LastDay
from tenure.server.context import Context
from tenure.store.catalogue import Stamp
from tenure.store.engine import Connection

WRITE = Rule("server:write", frozenset({Role.VENDOR}))


class NewAmnesty(Body, frozen=True, kw_only=True):
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


class Notices:
    """The operations on notices."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def publish_amnesty(
        self, caller: Principal, ticket: Ticket, body: NewAmnesty, dry_run: bool = False
    ) -> Answer[NoticeView] | Refused:
        """Publishes an amnesty: every offline deadline moves by the length of the outage, no contract does."""

        def work(conn: Connection, now: Instant) -> Answer[Any] | Refused:
            until = parse_until(body.until)
            if isinstance(until, Refused):
                return until
            amnesty = Amnesty(instant_of(body.since), until)
            stamp = Stamp(caller.by, now)
            done = notices.publish(conn, self._context.keys, self._context.issuer, amnesty, body.text, stamp)
            return done if isinstance(done, Refused) else made(notice_view(done), 201)

        answer: Answer[NoticeView] | Refused = await self._context.once(ticket, dry_run, work)
        if not dry_run and not isinstance(answer, Refused):
            await self._context.take_notices()
        return answer

    async def list_notices(self) -> tuple[NoticeView, ...]:
        """Lists the newest notices, oldest first."""
        keys = self._context.keys

        def work(conn: Connection, now: Instant) -> tuple[NoticeView, ...]:
            return tuple(notice_view(notices.sealed_anew(keys, each, now)) for each in notices.current(conn))

        return await self._context.read(work)

    def operations(self) -> tuple[Operation, ...]:
        """Every operation of this group."""
        return (
            operation("GET", "/v1/notices", PUBLIC, self.list_notices),
            operation("POST", "/v1/notices", WRITE, self.publish_amnesty, status=201),
        )


def notice_view(published: notices.Published) -> NoticeView:
    """A notice as shown."""
    notice = published.notice
    return NoticeView(
        id=notice.jti,
        since=rfc3339(notice.since),
        until=rfc3339(notice.until),
        published=rfc3339(notice.iat),
        text=notice.text,
        notice=published.real,
        sandbox_notice=published.sandbox,
    )
