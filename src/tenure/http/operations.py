"""Operations: typed functions bound to a route, read strictly on the way in, encoded on the way out, refusals and all.

Paths, callers and sending are `api`'s; what a request may hold is decided here from the function's own types.
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Literal, TypedDict, Unpack
from urllib.parse import parse_qsl

import msgspec

from tenure.core.refusals import RefusalCode, Refused
from tenure.http.asgi import Receive, Scope, address_of, header_values
from tenure.http.auth import AccessRule
from tenure.http.bodies import BODY_CAP, check_headers, load_body, read_body
from tenure.http.etags import read_if_match
from tenure.http.idempotency import IdempotentRequest, payload_hash, read_key, scope_of
from tenure.http.inputs import (
    PAGING_INPUTS,
    Address,
    FromPortal,
    InputGroup,
    InputPlace,
    OperationInput,
    groups_of,
    inputs_of,
    loose_structs,
    result_of,
)
from tenure.http.pacing import CallerPacing
from tenure.http.paging import PageRequest, ResultPage, next_link
from tenure.http.portal_key import SCOPE_KEY
from tenure.http.problems import Clock, RefusedError, problem_response
from tenure.http.responses import JSON, ApiResponse, empty_response, json_response

CSV = "text/csv"
WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
QUERY_FIELDS_MOST = 50

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Run = Callable[..., Awaitable[Any]]


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One operation of the API; made by `make_operation`, served by `api`, documented by `openapi`."""

    method: Method
    path: str
    """Route template such as `/v1/things/{thing}`."""
    rule: AccessRule
    run: Run
    inputs: tuple[OperationInput, ...]
    groups: dict[str, type[InputGroup]]
    """The function's parameters that stand for several inputs."""
    result: Any
    status: int = 200
    refusals: tuple[RefusalCode, ...] = ()
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

    def input_from(self, place: InputPlace) -> OperationInput | None:
        """The input that comes from `place`, if the function has one."""
        return next((one for one in self.inputs if one.place is place), None)

    @property
    def query_inputs(self) -> tuple[OperationInput, ...]:
        """Every query parameter: `dry_run`, which every write has, after its own, then those that paging stands for."""
        own = [one for one in self.inputs if one.place is InputPlace.QUERY]
        own.sort(key=lambda one: one.name == "dry_run")
        return (*own, *(PAGING_INPUTS if self.input_from(InputPlace.PAGING) else ()))

    async def call(self, values: dict[str, Any]) -> Any:
        """What its function answers to the inputs `values`; a refusal that it raised is a value again."""
        given = dict(values)
        for name, group in self.groups.items():
            given[name] = group(**{each: given.pop(each) for each in group.__struct_fields__})
        try:
            return await self.run(**given)
        except RefusedError as error:
            return error.refused


class OperationOptions(TypedDict, total=False):
    """What an operation may say beside route, rule and function; see `make_operation`."""

    status: int
    refusals: Iterable[RefusalCode]
    exempt: Iterable[str]
    cap: int
    media_type: str
    documented: bool


def make_operation(
    method: Method, path: str, rule: AccessRule, run: Run, **options: Unpack[OperationOptions]
) -> Operation:
    """Bind the typed function `run` to a route; its signature says what it takes (see `inputs.inputs_of`).

    It answers with a value, an `ApiResponse`, None (204) or a `Refused`, which it may also raise as RefusedError. Every
    POST must take a `IdempotentRequest` and every write `dry_run: bool = False`, unless `exempt` names
    `idempotency_key` or `dry_run` (with the reason beside it). `refusals` are those beyond what its inputs imply; `cap`
    is in bytes; `media_type` is the answer's. Raises TypeError when the function breaks these rules.
    """
    given: dict[str, Any] = {
        **options,
        "refusals": tuple(options.get("refusals", ())),
        "exempt": frozenset(options.get("exempt", ())),
    }
    result = result_of(run)
    if result in (None, type(None)):
        given["status"] = 204
    bound = Operation(
        method=method,
        path=path,
        rule=rule,
        run=run,
        inputs=inputs_of(run, path),
        groups=groups_of(run),
        result=result,
        **given,
    )
    if fault := _broken_conventions(bound):
        raise TypeError(f"{method} {path} ({run.__qualname__}): {fault}")
    return bound


def _broken_conventions(one: Operation) -> str:
    dry_run = next((query for query in one.query_inputs if query.name == "dry_run"), None)
    if one.method in WRITES and "dry_run" not in one.exempt and (dry_run is None or dry_run.type is not bool):
        return "a write takes `dry_run: bool = False`"
    if one.method == "POST" and "idempotency_key" not in one.exempt and not one.input_from(InputPlace.TICKET):
        return "a POST takes a Ticket"
    if one.method != "POST" and one.input_from(InputPlace.TICKET):
        return "only a POST takes a Ticket"
    if one.rule.public and one.input_from(InputPlace.TICKET):
        return "strangers have no token that would keep their keys apart, so a public route takes no Ticket"
    body = one.input_from(InputPlace.BODY)
    if body and one.method not in WRITES:
        return "only a write takes a body"
    if body and (loose := loose_structs(body.type)):
        return f"a body is made of frozen Structs that refuse unknown fields: {', '.join(loose)}"
    return ""


class Handler(msgspec.Struct, frozen=True):
    """What answers a route, once its rule has let the caller in: `scope["user"]` and `scope["path_params"]` are set."""

    rule: AccessRule
    answer: Callable[[Scope, Receive], Awaitable[ApiResponse[Any]]]


def handler_of(one: Operation, clock: Clock, pacing: CallerPacing | None = None) -> Handler:
    """The handler of an operation; with `pacing` known callers are held to theirs."""

    async def answer(scope: Scope, receive: Receive) -> ApiResponse[Any]:
        values = await bind_inputs(one, scope, receive)
        result = values if isinstance(values, Refused) else await _run_operation(one, values, scope, pacing)
        made = problem_response(result, clock()) if isinstance(result, Refused) else answer_of(one, result, scope)
        if pacing is None or one.method not in WRITES or isinstance(values, Refused) or scope["user"].kind is None:
            return made
        told = pacing.pace_headers(scope["user"], scope["path_params"], dry_run=bool(values.get("dry_run")))
        return msgspec.structs.replace(made, headers=(*made.headers, *told))

    return Handler(one.rule, answer)


async def _run_operation(one: Operation, values: dict[str, Any], scope: Scope, pacing: CallerPacing | None) -> Any:
    caller = scope["user"]
    if pacing is None or caller.kind is None:
        return await one.call(values)
    changes = one.method in WRITES
    if changes:
        refused = pacing.refuse_pace(caller, scope["path_params"], item=False, dry_run=bool(values.get("dry_run")))
        if refused is not None:
            return refused
    named = {**scope["path_params"], "provider": values.get("provider")}
    async with pacing.own_turn(caller, named, changes=changes, exports=one.media_type == CSV):
        return await one.call(values)


async def bind_inputs(one: Operation, scope: Scope, receive: Receive) -> dict[str, Any] | Refused:
    """The arguments of the operation's function for one request, or the first thing in it that is not acceptable."""
    query = read_query(scope["query_string"], one.query_inputs)
    if isinstance(query, Refused):
        return query
    values = query if not one.input_from(InputPlace.PAGING) else _with_paging(one, query)
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


def read_query(raw: bytes, known: tuple[OperationInput, ...]) -> dict[str, Any] | Refused:
    """The query string as values of the `known` inputs; unknown, repeated and misspelled ones are refused by name.

    Refusing what is unknown is what makes `?dryrun=true` an error instead of a real write.
    """
    try:
        pairs = parse_qsl(
            raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=QUERY_FIELDS_MOST
        )
    except ValueError:
        return Refused(RefusalCode.FIELD_INVALID, "The query string cannot be read.", field="query")
    by_name = {one.name: one for one in known}
    values: dict[str, Any] = {one.name: one.default for one in known if not one.required}
    seen: set[str] = set()
    for name, text in pairs:
        if name not in by_name or name in seen:
            why = "It is given twice." if name in seen else "This operation has no such parameter."
            return Refused(RefusalCode.FIELD_INVALID, why, field=name[:100])
        seen.add(name)
        value = by_name[name].parse_text(text)
        if isinstance(value, Refused):
            return value
        values[name] = value
    absent = [one.name for one in known if one.required and one.name not in seen]
    return Refused(RefusalCode.FIELD_INVALID, "It is required.", field=absent[0]) if absent else values


def _with_paging(one: Operation, values: dict[str, Any]) -> dict[str, Any]:
    names = [wanted.name for wanted in one.inputs if wanted.place is InputPlace.PAGING]
    kept = {name: value for name, value in values.items() if name not in {"limit", "cursor"}}
    return kept | dict.fromkeys(names, PageRequest(values["limit"], values["cursor"]))


def _from_path(wanted: OperationInput, scope: Scope) -> Any:
    value = wanted.parse_text(scope["path_params"][wanted.name])
    # An id that cannot exist is answered like one that does not.
    return Refused(RefusalCode.NOT_FOUND, field=wanted.name) if isinstance(value, Refused) else value


_FILLED_HERE: dict[InputPlace, Callable[[OperationInput, Scope], Any]] = {
    InputPlace.PATH: _from_path,
    InputPlace.CALLER: lambda _, scope: scope["user"],
    InputPlace.IF_MATCH: lambda wanted, scope: read_if_match(
        header_values(scope, b"if-match"), demanded=wanted.required
    ),
    InputPlace.ADDRESS: lambda _, scope: Address(address_of(scope)),
    InputPlace.PORTAL: lambda _, scope: FromPortal(bool(scope.get(SCOPE_KEY))),
}


async def _bind_body(
    one: Operation, values: dict[str, Any], scope: Scope, receive: Receive
) -> dict[str, Any] | Refused:
    ticket, body = one.input_from(InputPlace.TICKET), one.input_from(InputPlace.BODY)
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
        return Refused(RefusalCode.BODY_UNREADABLE, "This operation takes no body.")
    if ticket:
        digest = payload_hash(one.method, scope["path"], scope["query_string"], raw)
        values[ticket.name] = IdempotentRequest(scope_of(scope["user"].token_id, one.method, one.path), key, digest)
    return values


def answer_of(one: Operation, result: Any, scope: Scope) -> ApiResponse[Any]:
    """The function's result as an answer; a page that is not the last gets its `Link`."""
    if isinstance(result, ApiResponse):
        return result
    if result is None:
        return empty_response(one.status)
    link: tuple[tuple[str, str], ...] = ()
    if isinstance(result, ResultPage) and result.next is not None:
        link = (("Link", next_link(scope["path"], scope["query_string"], result.next)),)
    return json_response(result, one.status, headers=link)
