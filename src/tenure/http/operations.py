"""Operations: typed functions bound to a route, read strictly on the way in, encoded on the way out, refusals and all.

Paths, callers and sending are `api`'s; what a request may hold is decided here from the function's own types.
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Literal
from urllib.parse import parse_qsl

import msgspec

from tenure.core.refusals import Code, Refused
from tenure.http.answers import JSON, Answer, made, nothing
from tenure.http.asgi import Receive, Scope, address_of, header_values
from tenure.http.auth import Rule
from tenure.http.bodies import BODY_CAP, check_headers, load_body, read_body
from tenure.http.etags import read_if_match
from tenure.http.idempotency import Ticket, payload_hash, read_key, scope_of
from tenure.http.inputs import PAGING_INPUTS, Address, Input, Place, inputs_of, loose_structs, result_of
from tenure.http.pacing import Pacing
from tenure.http.paging import Page, Paging, next_link
from tenure.http.problems import Clock, problem

CSV = "text/csv"
WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
QUERY_FIELDS_MOST = 50

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Run = Callable[..., Awaitable[Any]]


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One operation of the API; made by `operation`, served by `api`, documented by `openapi`."""

    method: Method
    path: str
    """Route template such as `/v1/things/{thing}`."""
    rule: Rule
    run: Run
    inputs: tuple[Input, ...]
    result: Any
    status: int = 200
    refusals: tuple[Code, ...] = ()
    """What it may refuse beyond what its inputs imply; for the documentation."""
    cap: int = BODY_CAP
    """The most bytes of a body."""
    exempt: frozenset[str] = frozenset()
    media_type: str = JSON
    documented: bool = True

    @property
    def name(self) -> str:
        """The operation's id in the documentation: its function's name."""
        return self.run.__name__

    def takes(self, place: Place) -> Input | None:
        """The input that comes from `place`, if the function has one."""
        return next((one for one in self.inputs if one.place is place), None)

    @property
    def queries(self) -> tuple[Input, ...]:
        """Every query parameter, those that paging stands for included."""
        own = tuple(one for one in self.inputs if one.place is Place.QUERY)
        return own + (PAGING_INPUTS if self.takes(Place.PAGING) else ())


def operation(
    method: Method,
    path: str,
    rule: Rule,
    run: Run,
    *,
    status: int = 200,
    refusals: Iterable[Code] = (),
    exempt: Iterable[str] = (),
    cap: int = BODY_CAP,
    media_type: str = JSON,
    documented: bool = True,
) -> Operation:
    """Bind the typed function `run` to a route; its signature says what it takes (see `inputs.inputs_of`).

    It answers with a value, an `Answer`, None (204) or a `Refused`. Every POST must take a `Ticket` and every write
    `dry_run: bool = False`, unless `exempt` names `idempotency_key` or `dry_run` (with the reason beside it).
    `refusals` are those beyond what its inputs imply; `cap` is in bytes; `media_type` is the answer's. Raises TypeError
    when the function breaks these rules.
    """
    result = result_of(run)
    bound = Operation(
        method=method,
        path=path,
        rule=rule,
        run=run,
        inputs=inputs_of(run, path),
        result=result,
        status=204 if result in (None, type(None)) else status,
        refusals=tuple(refusals),
        exempt=frozenset(exempt),
        cap=cap,
        media_type=media_type,
        documented=documented,
    )
    if fault := _broken_manners(bound):
        raise TypeError(f"{method} {path} ({run.__qualname__}): {fault}")
    return bound


def _broken_manners(one: Operation) -> str:
    dry_run = next((query for query in one.queries if query.name == "dry_run"), None)
    if one.method in WRITES and "dry_run" not in one.exempt and (dry_run is None or dry_run.type is not bool):
        return "a write takes `dry_run: bool = False`"
    if one.method == "POST" and "idempotency_key" not in one.exempt and not one.takes(Place.TICKET):
        return "a POST takes a Ticket"
    if one.method != "POST" and one.takes(Place.TICKET):
        return "only a POST takes a Ticket"
    if one.rule.public and one.takes(Place.TICKET):
        return "strangers have no token that would keep their keys apart, so a public route takes no Ticket"
    body = one.takes(Place.BODY)
    if body and one.method not in WRITES:
        return "only a write takes a body"
    if body and (loose := loose_structs(body.type)):
        return f"a body is made of frozen Structs that refuse unknown fields: {', '.join(loose)}"
    return ""


class Handler(msgspec.Struct, frozen=True):
    """What answers a route, once its rule has let the caller in: `scope["user"]` and `scope["path_params"]` are set."""

    rule: Rule
    answer: Callable[[Scope, Receive], Awaitable[Answer[Any]]]


def handler_of(one: Operation, clock: Clock, pacing: Pacing | None = None) -> Handler:
    """The handler of an operation; with `pacing` known callers are held to theirs."""

    async def answer(scope: Scope, receive: Receive) -> Answer[Any]:
        values = await bind(one, scope, receive)
        result = values if isinstance(values, Refused) else await _run(one, values, scope, pacing)
        return problem(result, clock()) if isinstance(result, Refused) else answer_of(one, result, scope)

    return Handler(one.rule, answer)


async def _run(one: Operation, values: dict[str, Any], scope: Scope, pacing: Pacing | None) -> Any:
    caller = scope["user"]
    if pacing is None or caller.kind is None:
        return await one.run(**values)
    changes = one.method in WRITES
    if changes:
        refused = pacing.refusal(caller, scope["path_params"], item=False, dry_run=bool(values.get("dry_run")))
        if refused is not None:
            return refused
    async with pacing.turn(caller, changes=changes, exports=one.media_type == CSV):
        return await one.run(**values)


async def bind(one: Operation, scope: Scope, receive: Receive) -> dict[str, Any] | Refused:
    """The arguments of the operation's function for one request, or the first thing in it that is not acceptable."""
    query = read_query(scope["query_string"], one.queries)
    if isinstance(query, Refused):
        return query
    values = query if not one.takes(Place.PAGING) else _with_paging(one, query)
    for wanted in one.inputs:
        if wanted.place not in _FILLED_HERE:
            continue
        value = _FILLED_HERE[wanted.place](wanted, scope)
        if isinstance(value, Refused):
            return value
        values[wanted.name] = value
    if one.method not in WRITES:
        return values
    return await _bind_body(one, values, scope, receive)


def read_query(raw: bytes, known: tuple[Input, ...]) -> dict[str, Any] | Refused:
    """The query string as values of the `known` inputs; unknown, repeated and misspelt ones are refused by name.

    Refusing what is unknown is what makes `?dryrun=true` an error instead of a real write.
    """
    try:
        pairs = parse_qsl(
            raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=QUERY_FIELDS_MOST
        )
    except ValueError:
        return Refused(Code.FIELD_INVALID, "The query string cannot be read.", field="query")
    by_name = {one.name: one for one in known}
    values: dict[str, Any] = {one.name: one.default for one in known if not one.required}
    seen: set[str] = set()
    for name, text in pairs:
        if name not in by_name or name in seen:
            why = "It is given twice." if name in seen else "This operation has no such parameter."
            return Refused(Code.FIELD_INVALID, why, field=name[:100])
        seen.add(name)
        value = by_name[name].parse(text)
        if isinstance(value, Refused):
            return value
        values[name] = value
    absent = [one.name for one in known if one.required and one.name not in seen]
    return Refused(Code.FIELD_INVALID, "It is required.", field=absent[0]) if absent else values


def _with_paging(one: Operation, values: dict[str, Any]) -> dict[str, Any]:
    names = [wanted.name for wanted in one.inputs if wanted.place is Place.PAGING]
    kept = {name: value for name, value in values.items() if name not in {"limit", "cursor"}}
    return kept | dict.fromkeys(names, Paging(values["limit"], values["cursor"]))


def _from_path(wanted: Input, scope: Scope) -> Any:
    value = wanted.parse(scope["path_params"][wanted.name])
    # An id that cannot exist is answered like one that does not.
    return Refused(Code.NOT_FOUND, field=wanted.name) if isinstance(value, Refused) else value


_FILLED_HERE: dict[Place, Callable[[Input, Scope], Any]] = {
    Place.PATH: _from_path,
    Place.CALLER: lambda _, scope: scope["user"],
    Place.IF_MATCH: lambda wanted, scope: read_if_match(header_values(scope, b"if-match"), demanded=wanted.required),
    Place.ADDRESS: lambda _, scope: Address(address_of(scope)),
}


async def _bind_body(
    one: Operation, values: dict[str, Any], scope: Scope, receive: Receive
) -> dict[str, Any] | Refused:
    ticket, body = one.takes(Place.TICKET), one.takes(Place.BODY)
    key = read_key(header_values(scope, b"idempotency-key")) if ticket else ""
    if isinstance(key, Refused):
        return key
    refused = check_headers(scope["headers"], JSON.encode(), one.cap) if body else None
    if refused is not None:
        return refused
    raw = await read_body(receive, one.cap)
    if isinstance(raw, Refused):
        return raw
    if body:
        value = load_body(raw, body.type, one.cap)
        if isinstance(value, Refused):
            return value
        values[body.name] = value
    elif raw:
        return Refused(Code.BODY_UNREADABLE, "This operation takes no body.")
    if ticket:
        digest = payload_hash(one.method, scope["path"], scope["query_string"], raw)
        values[ticket.name] = Ticket(scope_of(scope["user"].token_id, one.method, one.path), key, digest)
    return values


def answer_of(one: Operation, result: Any, scope: Scope) -> Answer[Any]:
    """The function's result as an answer; a page that is not the last gets its `Link`."""
    if isinstance(result, Answer):
        return result
    if result is None:
        return nothing(one.status)
    link: tuple[tuple[str, str], ...] = ()
    if isinstance(result, Page) and result.next is not None:
        link = (("Link", next_link(scope["path"], scope["query_string"], result.next)),)
    return made(result, one.status, headers=link)
