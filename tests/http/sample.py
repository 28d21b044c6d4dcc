"""A small API that uses every manner, over a store in memory that works: the subject of this room's tests."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import msgspec
from prometheus_client import CollectorRegistry

from tenure.core.policy.rules import Role
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.http.api import ApiParts, BuiltApi
from tenure.http.auth import AccessRule, Authenticate, Principal
from tenure.http.body_types import Line, Lines, RequestBody
from tenure.http.etags import IfMatch, entity_tag
from tenure.http.health import health_operations
from tenure.http.hot_operations import Deliver, RawOperation
from tenure.http.idempotency import IdempotentRequest
from tenure.http.inputs import Address
from tenure.http.metrics import HttpMetrics, metrics_operation
from tenure.http.middleware import MiddlewareParts
from tenure.http.openapi import ApiDescription
from tenure.http.operations import Operation, make_operation
from tenure.http.paging import PageRequest, ResultPage, cut_page
from tenure.http.problems import RefusedError
from tenure.http.responses import ApiResponse, json_response, mark_replayed
from tenure.http.serve import HttpServer, ListenAddress
from tenure.http.timestamps import Moment, format_rfc3339, instant_of

NOW = 1_790_000_000
NOTHING_SEEN = IfMatch()
READ, WRITE = AccessRule("things:read"), AccessRule("things:write", frozenset({Role.PROVIDER, Role.VENDOR}))

ThingId = Annotated[str, msgspec.Meta(pattern=r"^thing_[0-9]{6}$(?!\n)", max_length=12)]


class Round(RequestBody, frozen=True, kw_only=True, tag="round"):
    """A thing without corners."""

    radius: Annotated[int, msgspec.Meta(ge=1, le=1_000)]


class Square(RequestBody, frozen=True, kw_only=True, tag="square"):
    """A thing with four corners."""

    side: Annotated[int, msgspec.Meta(ge=1, le=1_000)]


class NewThing(RequestBody, frozen=True, kw_only=True):
    """What a thing is made from."""

    name: Line
    shape: Round | Square
    note: Lines = ""
    until: Moment | None = None


class Rename(RequestBody, frozen=True, kw_only=True):
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
    answer: ApiResponse[Any] | None
    at: Instant


class Records:
    """Idempotency keys in memory; a record without an answer is being worked on."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], Record] = {}

    def begin(self, ticket: IdempotentRequest, now: Instant) -> ApiResponse[Any] | Refused | None:
        found = self.kept.get((ticket.scope, ticket.key))
        if found is None:
            self.kept[ticket.scope, ticket.key] = Record(ticket.payload_hash, None, now)
            return None
        if found.payload_hash != ticket.payload_hash:
            return Refused(RefusalCode.IDEMPOTENCY_KEY_REUSED, field="Idempotency-Key")
        return Refused(RefusalCode.REQUEST_IN_FLIGHT) if found.answer is None else found.answer

    def finish(self, ticket: IdempotentRequest, answer: ApiResponse[Any], now: Instant) -> None:
        self.kept[ticket.scope, ticket.key] = Record(ticket.payload_hash, answer, now)

    def abandon(self, ticket: IdempotentRequest) -> None:
        del self.kept[ticket.scope, ticket.key]


class Things:
    """The sample's operations over the sample's store."""

    def __init__(self) -> None:
        self.things: dict[str, Thing] = {}
        self.records = Records()
        self.pause: Callable[[], Awaitable[None]] | None = None

    async def once(
        self, ticket: IdempotentRequest, work: Callable[[], ApiResponse[Thing] | Refused], dry_run: bool
    ) -> ApiResponse[Thing] | Refused:
        before = self.records.begin(ticket, NOW)
        if before is not None:
            return before if isinstance(before, Refused) else mark_replayed(before)
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
        self, caller: Principal, paging: PageRequest, name: Line | None = None, owned: bool = False
    ) -> ResultPage[Thing] | Refused:
        """Lists things.

        Those of everybody, or your own with `owned`.
        """
        after = paging.after_key(str)
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
        self, caller: Principal, ticket: IdempotentRequest, body: NewThing, dry_run: bool = False
    ) -> ApiResponse[Thing] | Refused:
        """Makes a thing."""

        def work() -> ApiResponse[Thing] | Refused:
            if any(thing.name == body.name for thing in self.things.values()):
                return Refused(RefusalCode.ALREADY_EXISTS, field="name")
            until = None if body.until is None else format_rfc3339(instant_of(body.until))
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
            return json_response(thing, 201, etag=entity_tag(1), headers=[("Location", f"/v1/things/{thing.id}")])

        return await self.once(ticket, work, dry_run)

    async def read_thing(self, thing: ThingId) -> ApiResponse[Thing] | Refused:
        """Reads a thing."""
        found = self.things.get(thing)
        if found is None:
            return Refused(RefusalCode.NOT_FOUND, field="thing")
        return json_response(found, etag=entity_tag(found.revision))

    async def rename_thing(
        self, thing: ThingId, body: Rename, if_match: IfMatch = NOTHING_SEEN, dry_run: bool = False
    ) -> ApiResponse[Thing] | Refused:
        """Renames a thing."""
        found = self.things.get(thing)
        if found is None:
            return Refused(RefusalCode.NOT_FOUND, field="thing")
        if (refused := if_match.refuse_mismatch(entity_tag(found.revision))) is not None:
            return refused
        renamed = msgspec.structs.replace(found, name=body.name, revision=found.revision + 1)
        if not dry_run:
            self.things[thing] = renamed
        return json_response(renamed, etag=entity_tag(renamed.revision))

    async def delete_thing(self, thing: ThingId, if_match: IfMatch, dry_run: bool = False) -> Refused | None:
        """Removes a thing; the tag last read is demanded."""
        found = self.things.get(thing)
        if found is None:
            return Refused(RefusalCode.NOT_FOUND, field="thing")
        if (refused := if_match.refuse_mismatch(entity_tag(found.revision))) is not None:
            return refused
        if not dry_run:
            del self.things[thing]
        return None

    async def renew_thing(
        self, thing: ThingId, ticket: IdempotentRequest, dry_run: bool = False
    ) -> ApiResponse[Thing] | Refused:
        """Always too early: shows a refusal that knows when."""
        return Refused(RefusalCode.RENEWAL_TOO_EARLY, f"{thing} can be renewed later.", when=NOW + 86_400)

    async def tell_address(self, address: Address) -> str:
        """The caller's address."""
        return address

    async def fail(self) -> str:
        """Breaks."""
        raise KeyError("a secret detail")

    def operations(self) -> tuple[Operation, ...]:
        return (
            make_operation("GET", "/v1/things", READ, self.list_things),
            make_operation(
                "POST", "/v1/things", WRITE, self.create_thing, status=201, refusals=[RefusalCode.ALREADY_EXISTS]
            ),
            make_operation("GET", "/v1/things/{thing}", READ, self.read_thing),
            make_operation("PUT", "/v1/things/{thing}/name", WRITE, self.rename_thing),
            make_operation("DELETE", "/v1/things/{thing}", WRITE, self.delete_thing),
            make_operation(
                "POST", "/v1/things/{thing}/renew", WRITE, self.renew_thing, refusals=[RefusalCode.RENEWAL_TOO_EARLY]
            ),
            make_operation("GET", "/v1/address", READ, self.tell_address),
            make_operation("GET", "/v1/fail", READ, self.fail, documented=False),
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


SLOW = 0.05
"""Seconds that the hot operation takes for what begins with `slow.`."""


async def echo(body: bytes, address: str) -> bytes | ApiResponse[bytes] | Refused:
    """The hot operation: gives back what came, or breaks when told to."""
    if body.startswith(b"slow."):
        await asyncio.sleep(SLOW)
    return _echoed(body)


def begin_echo(body: bytes, address: str, deliver: Deliver) -> bool:
    """The same without waiting; `long.` is not taken."""
    if body.startswith(b"long."):
        return False
    loop = asyncio.get_running_loop()
    if body.startswith(b"slow."):
        loop.call_later(SLOW, lambda: deliver(_echoed(body)))
    elif body.startswith(b"soon."):
        loop.call_soon(lambda: deliver(_echoed(body)))
    else:
        deliver(_echoed(body))
    return True


def _echoed(body: bytes) -> bytes | ApiResponse[bytes] | Refused:
    if body == b"break":
        raise RuntimeError("a secret detail")
    if body == b"carried":
        raise RefusedError(Refused(RefusalCode.MESSAGE_MALFORMED))
    if body == b"busy":
        return Refused(RefusalCode.SERVER_BUSY)
    return body if re.fullmatch(rb"[\w-]+\.[\w-]*\.[\w-]+", body) else Refused(RefusalCode.MESSAGE_MALFORMED)


ECHO = RawOperation(
    path="/v1/echo",
    work=echo,
    begin=begin_echo,
    name="echo",
    summary="Gives back what came.",
    cap=1_024,
    refusals=(RefusalCode.MESSAGE_MALFORMED,),
)


def build(things: Things | None = None, authenticate: Authenticate = authenticate, **middleware: Any) -> BuiltApi:
    """The sample API; `middleware` changes single settings of its border."""
    registry = CollectorRegistry()
    metrics = HttpMetrics(registry)
    settings: dict[str, Any] = {"clock": lambda: NOW, "ticks": time.monotonic, "observers": (metrics,)} | middleware
    ready = {"store": _works}
    api = BuiltApi(
        ApiParts(
            about=ApiDescription(title="Sample", version="1"),
            operations=(
                *(things or Things()).operations(),
                *health_operations(ready),
                metrics_operation(registry, READ),
            ),
            raw=(ECHO,),
            authenticate=authenticate,
            middleware=MiddlewareParts(**settings),
        )
    )
    metrics.watch_in_flight(lambda: api.in_flight)
    return api


def serve(api: BuiltApi, listen: ListenAddress | None = None) -> HttpServer:
    """A server of `api` that answers hot requests past ASGI, as programs do."""
    return HttpServer(api, listen, api.hot_requests())


async def _works() -> bool:
    return True
