"""A small API that uses every manner, over a store in memory that works: the subject of this room's tests."""

import re
import time
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import msgspec
from prometheus_client import CollectorRegistry

from tenure.core.policy import Role
from tenure.core.refusals import Code, Refused
from tenure.core.timeline import Instant
from tenure.http.answers import Answer, made, replayed
from tenure.http.api import Api, Parts
from tenure.http.auth import Authenticate, Principal, Rule
from tenure.http.edge import Border
from tenure.http.etags import IfMatch, etag
from tenure.http.fields import Body, Line, Lines
from tenure.http.health import health_operations
from tenure.http.idempotency import Ticket
from tenure.http.inputs import Address
from tenure.http.instants import Moment, instant_of, rfc3339
from tenure.http.metrics import HttpMetrics, metrics_operation
from tenure.http.openapi import About
from tenure.http.operations import Operation, operation
from tenure.http.paging import Page, Paging, cut_page
from tenure.http.raw import RawOperation

NOW = 1_790_000_000
NOTHING_SEEN = IfMatch()
READ, WRITE = Rule("things:read"), Rule("things:write", frozenset({Role.PROVIDER, Role.VENDOR}))

ThingId = Annotated[str, msgspec.Meta(pattern=r"^thing_[0-9]{6}$(?!\n)", max_length=12)]


class Round(Body, frozen=True, kw_only=True, tag="round"):
    """A thing without corners."""

    radius: Annotated[int, msgspec.Meta(ge=1, le=1_000)]


class Square(Body, frozen=True, kw_only=True, tag="square"):
    """A thing with four corners."""

    side: Annotated[int, msgspec.Meta(ge=1, le=1_000)]


class NewThing(Body, frozen=True, kw_only=True):
    """What a thing is made from."""

    name: Line
    shape: Round | Square
    note: Lines = ""
    until: Moment | None = None


class Rename(Body, frozen=True, kw_only=True):
    """A new name."""

    name: Line


class Thing(msgspec.Struct, frozen=True, kw_only=True):
    """A thing as shown."""

    id: str
    name: str
    owner: str
    shape: Round | Square
    note: str
    until: str | None
    revision: int


class Record(msgspec.Struct, frozen=True):
    payload_hash: bytes
    answer: Answer[Any] | None
    at: Instant


class Records:
    """Idempotency keys in memory; a record without an answer is being worked on."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], Record] = {}

    def begin(self, ticket: Ticket, now: Instant) -> Answer[Any] | Refused | None:
        found = self.kept.get((ticket.scope, ticket.key))
        if found is None:
            self.kept[ticket.scope, ticket.key] = Record(ticket.payload_hash, None, now)
            return None
        if found.payload_hash != ticket.payload_hash:
            return Refused(Code.IDEMPOTENCY_KEY_REUSED, field="Idempotency-Key")
        return Refused(Code.REQUEST_IN_FLIGHT) if found.answer is None else found.answer

    def finish(self, ticket: Ticket, answer: Answer[Any], now: Instant) -> None:
        self.kept[ticket.scope, ticket.key] = Record(ticket.payload_hash, answer, now)

    def abandon(self, ticket: Ticket) -> None:
        del self.kept[ticket.scope, ticket.key]


class Things:
    """The sample's operations over the sample's store."""

    def __init__(self) -> None:
        self.things: dict[str, Thing] = {}
        self.records = Records()
        self.pause: Callable[[], Awaitable[None]] | None = None

    async def once(
        self, ticket: Ticket, work: Callable[[], Answer[Thing] | Refused], dry_run: bool
    ) -> Answer[Thing] | Refused:
        before = self.records.begin(ticket, NOW)
        if before is not None:
            return before if isinstance(before, Refused) else replayed(before)
        if self.pause is not None:
            await self.pause()
        things = dict(self.things)
        answer = work()
        if isinstance(answer, Refused) or dry_run:
            self.things = things
            self.records.abandon(ticket)
        else:
            self.records.finish(ticket, answer, NOW)
        return answer

    async def list_things(
        self, caller: Principal, paging: Paging, name: Line | None = None, owned: bool = False
    ) -> Page[Thing] | Refused:
        """Lists things.

        Those of everybody, or your own with `owned`.
        """
        after = paging.after(str)
        if isinstance(after, Refused):
            return after
        chosen = (
            thing
            for _, thing in sorted(self.things.items())
            if (after is None or thing.id > after)
            and name in (None, thing.name)
            and (not owned or thing.owner == caller.token_id)
        )
        return cut_page(chosen, paging.limit, lambda thing: thing.id)

    async def create_thing(
        self, caller: Principal, ticket: Ticket, body: NewThing, dry_run: bool = False
    ) -> Answer[Thing] | Refused:
        """Makes a thing."""

        def work() -> Answer[Thing] | Refused:
            if any(thing.name == body.name for thing in self.things.values()):
                return Refused(Code.ALREADY_EXISTS, field="name")
            until = None if body.until is None else rfc3339(instant_of(body.until))
            thing = Thing(
                id=f"thing_{len(self.things):06}",
                name=body.name,
                owner=caller.token_id,
                shape=body.shape,
                note=body.note,
                until=until,
                revision=1,
            )
            self.things[thing.id] = thing
            return made(thing, 201, etag=etag(1), headers=[("Location", f"/v1/things/{thing.id}")])

        return await self.once(ticket, work, dry_run)

    async def read_thing(self, thing: ThingId) -> Answer[Thing] | Refused:
        """Reads a thing."""
        found = self.things.get(thing)
        if found is None:
            return Refused(Code.NOT_FOUND, field="thing")
        return made(found, etag=etag(found.revision))

    async def rename_thing(
        self, thing: ThingId, body: Rename, if_match: IfMatch = NOTHING_SEEN, dry_run: bool = False
    ) -> Answer[Thing] | Refused:
        """Renames a thing."""
        found = self.things.get(thing)
        if found is None:
            return Refused(Code.NOT_FOUND, field="thing")
        if (refused := if_match.refusal(etag(found.revision))) is not None:
            return refused
        renamed = msgspec.structs.replace(found, name=body.name, revision=found.revision + 1)
        if not dry_run:
            self.things[thing] = renamed
        return made(renamed, etag=etag(renamed.revision))

    async def delete_thing(self, thing: ThingId, if_match: IfMatch, dry_run: bool = False) -> Refused | None:
        """Removes a thing; the tag last read is demanded."""
        found = self.things.get(thing)
        if found is None:
            return Refused(Code.NOT_FOUND, field="thing")
        if (refused := if_match.refusal(etag(found.revision))) is not None:
            return refused
        if not dry_run:
            del self.things[thing]
        return None

    async def renew_thing(self, thing: ThingId, ticket: Ticket, dry_run: bool = False) -> Answer[Thing] | Refused:
        """Always too early: shows a refusal that knows when."""
        return Refused(Code.RENEWAL_TOO_EARLY, f"{thing} can be renewed later.", when=NOW + 86_400)

    async def tell_address(self, address: Address) -> str:
        """The caller's address."""
        return address

    async def fail(self) -> str:
        """Breaks."""
        raise KeyError("a secret detail")

    def operations(self) -> tuple[Operation, ...]:
        return (
            operation("GET", "/v1/things", READ, self.list_things),
            operation("POST", "/v1/things", WRITE, self.create_thing, status=201, refusals=[Code.ALREADY_EXISTS]),
            operation("GET", "/v1/things/{thing}", READ, self.read_thing),
            operation("PUT", "/v1/things/{thing}/name", WRITE, self.rename_thing),
            operation("DELETE", "/v1/things/{thing}", WRITE, self.delete_thing),
            operation("POST", "/v1/things/{thing}/renew", WRITE, self.renew_thing, refusals=[Code.RENEWAL_TOO_EARLY]),
            operation("GET", "/v1/address", READ, self.tell_address),
            operation("GET", "/v1/fail", READ, self.fail, documented=False),
        )


PRINCIPALS = {
    "writer-token": Principal(
        kind=Role.PROVIDER, provider="prov_1", scopes=frozenset({"things:read", "things:write"}), token_id="tok_writer"
    ),
    "reader-token": Principal(
        kind=Role.CUSTOMER, customer="cus_1", scopes=frozenset({"things:read", "things:write"}), token_id="tok_reader"
    ),
    "bare-token": Principal(kind=Role.VENDOR, token_id="tok_bare"),
}


async def authenticate(token: str) -> Principal | None:
    return PRINCIPALS.get(token)


async def echo(body: bytes, address: str) -> bytes | Answer[bytes] | Refused:
    """The hot operation: gives back what came, or breaks when told to."""
    if body == b"break":
        raise RuntimeError("a secret detail")
    if body == b"busy":
        return Refused(Code.SERVER_BUSY)
    return body if re.fullmatch(rb"[\w-]+\.[\w-]*\.[\w-]+", body) else Refused(Code.MESSAGE_MALFORMED)


ECHO = RawOperation(
    path="/v1/echo",
    work=echo,
    name="echo",
    summary="Gives back what came.",
    cap=1_024,
    refusals=(Code.MESSAGE_MALFORMED,),
)


def build(things: Things | None = None, authenticate: Authenticate = authenticate, **border: Any) -> Api:
    """The sample API; `border` changes single settings of its border."""
    registry = CollectorRegistry()
    metrics = HttpMetrics(registry)
    settings: dict[str, Any] = {"clock": lambda: NOW, "ticks": time.monotonic, "observers": (metrics,)} | border
    ready = {"store": _works}
    api = Api(
        Parts(
            about=About(title="Sample", version="1"),
            operations=(
                *(things or Things()).operations(),
                *health_operations(ready),
                metrics_operation(registry, READ),
            ),
            raw=(ECHO,),
            authenticate=authenticate,
            border=Border(**settings),
        )
    )
    metrics.watch_in_flight(lambda: api.in_flight)
    return api


async def _works() -> bool:
    return True
