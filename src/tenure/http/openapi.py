"""OpenAPI 3.1 made from the very types and rules that requests are read by, so that it cannot promise anything else.

Unknown fields that are refused, discriminators and problems are in it, since they are in the types.
"""

import inspect
import re
import types
import typing
from collections import defaultdict
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import Any

import msgspec

from tenure.core.refusals import TABLE, RefusalCode
from tenure.http.etags import IF_MATCH_PATTERN
from tenure.http.hot_operations import RawOperation
from tenure.http.idempotency import KEY_LONGEST, KEY_PATTERN
from tenure.http.inputs import InputPlace, OperationInput
from tenure.http.operations import WRITES, Operation
from tenure.http.paging import ResultPage
from tenure.http.problems import PROBLEM_JSON, Problem
from tenure.http.responses import JSON, ApiResponse

_REF = "#/components/schemas/{name}"

_CITED = re.compile(
    r"\s*\((?:(?:\[spec|ADR|rule) ?[^()]{1,90}|[A-Z]\d{1,2}(?:, ?[A-Z]\d{1,2})*)\)|\s*\[spec\b[^\]]{1,90}\]"
)
"""What cites a rule, a requirement, or a decision: `[spec: seat]`, `(B12)`, `(M7, M8)`, `(ADR 12)`."""
ALWAYS = (RefusalCode.FIELD_INVALID, RefusalCode.TOO_MANY_REQUESTS, RefusalCode.SERVER_BUSY, RefusalCode.INTERNAL)
"""Refusals of every operation: an unknown query parameter, too many requests, a busy server, an error of ours."""
_OF_BODY = (RefusalCode.BODY_UNREADABLE, RefusalCode.BODY_TOO_LARGE, RefusalCode.MEDIA_TYPE_UNSUPPORTED)
_OF_TICKET = (RefusalCode.IDEMPOTENCY_KEY_MISSING, RefusalCode.IDEMPOTENCY_KEY_REUSED, RefusalCode.REQUEST_IN_FLIGHT)

_HEADERS = {
    "Request-Id": "The id of this request in the server's logs; quote it when asking for help.",
    "Retry-After": "Seconds to wait before trying again.",
    "RateLimit": "How many changes are left under each limit (`r`), and in how many seconds all of them (`t`).",
    "RateLimit-Policy": "Each limit of changes, where there is one: so many at once (`q`) in so many seconds (`w`).",
    "WWW-Authenticate": "The scheme expected.",
    "Idempotency-Replayed": "`true` when the effect is older than this request, and this its stored answer.",
    "Link": 'The next page, as `rel="next"`; absent on the last.',
    "Allow": "The methods offered here.",
}
_PACE = ("RateLimit", "RateLimit-Policy")


class ApiDescription(msgspec.Struct, frozen=True, kw_only=True):
    """What the API says of itself."""

    title: str
    version: str
    description: str = ""


def openapi_document(
    about: ApiDescription, operations: Iterable[Operation], raw: Iterable[RawOperation] = ()
) -> dict[str, Any]:
    """The OpenAPI document of `operations` and hot `raw` ones; raises TypeError like `refuse_unclear`."""
    shown = [one for one in operations if one.documented]
    raws = list(raw)
    refuse_unclear(shown, raws)
    schemas = _Schemas(shown)
    shared = _Responses()
    paths: dict[str, dict[str, Any]] = defaultdict(dict)
    for one in shown:
        paths[one.path][one.method.lower()] = _operation_object(one, schemas, shared)
    for hot in raws:
        paths[hot.path]["post"] = _raw_object(hot, shared)
    made = {
        "openapi": "3.1.0",
        "info": {"title": about.title, "version": about.version, "description": about.description},
        "paths": dict(paths),
        "components": {
            "schemas": schemas.components,
            "responses": shared.components,
            "headers": {name: _header_object(text) for name, text in _HEADERS.items()},
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }
    # Only types of JSON: code that reads the document here sees what is served, lists included.
    plain: dict[str, Any] = _for_readers(msgspec.json.decode(msgspec.json.encode(made)))
    return plain


def _for_readers(part: Any) -> Any:
    """The document without the citations of its docstrings: its readers do not have the papers that are cited."""
    if isinstance(part, list):
        return [_for_readers(each) for each in part]
    if not isinstance(part, dict):
        return part
    texts = ("summary", "description")
    return {
        name: _CITED.sub("", each) if name in texts and isinstance(each, str) else _for_readers(each)
        for name, each in part.items()
    }


def refuse_unclear(operations: Iterable[Operation], raw: Iterable[RawOperation] = ()) -> None:
    """Raise TypeError when two documented operations share a name, or a method and path."""
    shown, raws = [one for one in operations if one.documented], list(raw)
    refuse_doubles([one.name for one in shown] + [one.name for one in raws])
    refuse_doubles([f"{one.method} {one.path}" for one in shown] + [f"POST {one.path}" for one in raws])


def refuse_doubles(names: Sequence[str]) -> None:
    """Raise TypeError naming what occurs twice: one of the two would be undocumented, or unreachable."""
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise TypeError(f"declared twice: {', '.join(doubled)}")


class _Schemas:
    """Schemas of every type in use, made in one go so that each has one name."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        wanted: list[Any] = [Problem]
        for one in operations:
            wanted += [put.type for put in (*one.inputs, *one.query_inputs) if put.place in _DESCRIBED]
            if (payload := payload_of(one.result)) is not None and one.media_type == JSON:
                wanted.append(payload)
        schemas, self.components = msgspec.json.schema_components(wanted, ref_template=_REF)
        self._known = list(zip(wanted, schemas, strict=True))

    def schema_of(self, kind: Any) -> dict[str, Any]:
        return next(schema for wanted, schema in self._known if wanted == kind)


_DESCRIBED = (InputPlace.PATH, InputPlace.QUERY, InputPlace.BODY)


class _Responses:
    """Answers that refuse, shared between operations under the codes they may carry."""

    def __init__(self) -> None:
        self.components: dict[str, Any] = {}

    def responses_for(self, codes: Iterable[RefusalCode]) -> dict[str, Any]:
        """Responses by status for everything in `codes`."""
        by_status: dict[int, list[RefusalCode]] = defaultdict(list)
        for code in sorted(set(codes)):
            by_status[TABLE[code].status].append(code)
        return {str(status): self._shared_response(status, several) for status, several in sorted(by_status.items())}

    def _shared_response(self, status: int, codes: list[RefusalCode]) -> dict[str, str]:
        name = "-".join(codes)
        headers = ["Request-Id"]
        if (
            status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}
            or RefusalCode.REQUEST_IN_FLIGHT in codes
        ):
            headers.append("Retry-After")
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            headers += _PACE
        if status == HTTPStatus.UNAUTHORIZED:
            headers.append("WWW-Authenticate")
        self.components[name] = {
            "description": "\n".join(f"- `{code}`: {TABLE[code].sentence}" for code in codes),
            "headers": _header_refs(headers),
            "content": {
                PROBLEM_JSON: {
                    "schema": {
                        "allOf": [
                            {"$ref": _REF.format(name="Problem")},
                            {"type": "object", "properties": {"code": {"enum": list(codes)}}},
                        ]
                    }
                }
            },
        }
        return {"$ref": f"#/components/responses/{name}"}


def payload_of(result: Any) -> Any:
    """The type of the body behind a result type: what `ApiResponse` holds; None for no body."""
    if typing.get_origin(result) in (typing.Union, types.UnionType):
        kept = {payload_of(one) for one in typing.get_args(result)} - {None}
        return typing.Union[tuple(sorted(kept, key=str))] if kept else None  # noqa: UP007 - known only now
    if typing.get_origin(result) is ApiResponse:
        return payload_of(typing.get_args(result)[0])
    return None if result in (None, type(None)) else result


def implied_refusals(one: Operation) -> set[RefusalCode]:
    """What an operation may refuse because of what it takes and who may call it."""
    codes = {*ALWAYS, *one.refusals}
    if not one.rule.public:
        codes |= {RefusalCode.NOT_AUTHENTICATED, RefusalCode.ACTION_NOT_PERMITTED}
    if one.input_from(InputPlace.PATH):
        codes.add(RefusalCode.NOT_FOUND)
    if one.input_from(InputPlace.BODY):
        codes |= {*_OF_BODY}
    elif one.method in WRITES:
        codes |= {RefusalCode.BODY_UNREADABLE, RefusalCode.BODY_TOO_LARGE}
    if one.input_from(InputPlace.TICKET):
        codes |= {*_OF_TICKET}
    if one.input_from(InputPlace.IF_MATCH):
        codes.add(RefusalCode.VERSION_STALE)
    return codes


def _operation_object(one: Operation, schemas: _Schemas, shared: _Responses) -> dict[str, Any]:
    text = inspect.getdoc(one.run) or one.name
    made: dict[str, Any] = {
        "operationId": one.name,
        "summary": text.partition("\n")[0],
        "description": text,
        "tags": [tag_of(one.path)],
        "security": [] if one.rule.public else [{"bearer": [one.rule.scope] if one.rule.scope else []}],
        "parameters": [_parameter_object(put, schemas) for put in (*_path_objects(one), *one.query_inputs)]
        + _header_parameters(one),
        "responses": {str(one.status): _success_object(one, schemas), **shared.responses_for(implied_refusals(one))},
    }
    if body := one.input_from(InputPlace.BODY):
        made["requestBody"] = {"required": True, "content": {JSON: {"schema": schemas.schema_of(body.type)}}}
    return made


def _path_objects(one: Operation) -> list[OperationInput]:
    return [put for put in one.inputs if put.place is InputPlace.PATH]


def _parameter_object(put: OperationInput, schemas: _Schemas) -> dict[str, Any]:
    schema = dict(schemas.schema_of(put.type))
    if not put.required and put.default is not None and put.default != "":
        schema["default"] = msgspec.to_builtins(put.default)
    return {"name": put.name, "in": put.place.value, "required": put.required, "schema": schema}


def _header_parameters(one: Operation) -> list[dict[str, Any]]:
    found = []
    if one.input_from(InputPlace.TICKET):
        schema = {"type": "string", "minLength": 1, "maxLength": KEY_LONGEST, "pattern": KEY_PATTERN}
        found.append(_header_parameter("Idempotency-Key", True, "Names this request for good.", schema))
    if if_match := one.input_from(InputPlace.IF_MATCH):
        schema = {"type": "string", "pattern": IF_MATCH_PATTERN}
        found.append(_header_parameter("If-Match", if_match.required, "The ETag last read.", schema))
    return found


def _header_parameter(name: str, required: bool, text: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": required, "description": text, "schema": schema}


def _success_object(one: Operation, schemas: _Schemas) -> dict[str, Any]:
    headers = ["Request-Id"]
    if one.input_from(InputPlace.TICKET):
        headers.append("Idempotency-Replayed")
    if one.method in WRITES and not one.rule.public:
        headers += _PACE
    payload = payload_of(one.result)
    if typing.get_origin(payload) is ResultPage:
        headers.append("Link")
    made: dict[str, Any] = {"description": HTTPStatus(one.status).phrase, "headers": _header_refs(headers)}
    if payload is not None:
        schema = schemas.schema_of(payload) if one.media_type == JSON else {"type": "string"}
        made["content"] = {one.media_type: {"schema": schema}}
    return made


def _raw_object(hot: RawOperation, shared: _Responses) -> dict[str, Any]:
    message = {"type": "string", "maxLength": hot.cap, "pattern": r"^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]+$"}
    codes = {*_OF_BODY, *ALWAYS, *hot.refusals} - {RefusalCode.FIELD_INVALID}
    return {
        "operationId": hot.name,
        "summary": hot.summary,
        "description": hot.description or hot.summary,
        "tags": [tag_of(hot.path)],
        "security": [],
        "requestBody": {"required": True, "content": {hot.media_type: {"schema": message}}},
        "responses": {
            "200": {
                "description": "The signed answer, which may be a signed refusal.",
                "headers": _header_refs(["Request-Id"]),
                "content": {hot.media_type: {"schema": {"type": "string"}}},
            },
            **shared.responses_for(codes),
        },
    }


def tag_of(path: str) -> str:
    """The group an operation is listed under: the first word of its path after the version."""
    words = [word for word in path.split("/") if word and not word.startswith("{")]
    return words[1] if len(words) > 1 and words[0].startswith("v") else "service"


def _header_refs(names: Iterable[str]) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _header_object(text: str) -> dict[str, Any]:
    return {"description": text, "schema": {"type": "string"}}
