"""Mixed commands in one request, each judged, bound and answered exactly as if it had come alone [spec: batch].

There is no second way in: an item goes through the same rule, the same reading of its inputs and the same function.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from tenure.core.refusals import RefusalCode, Refused
from tenure.http.asgi import Message, Receive
from tenure.http.auth import Principal, judge_access
from tenure.http.inputs import path_names
from tenure.http.operations import WRITES, Operation, answer_of, bind_inputs
from tenure.http.pacing import CallerPacing
from tenure.http.responses import JSON, ApiResponse


class BatchCommand(msgspec.Struct, frozen=True, kw_only=True):
    """One item: what would be sent alone; `path` may carry a query."""

    method: str
    path: str
    body: bytes
    key: str


class BatchOperations:
    """The operations that may stand in a batch: writes that need a known caller."""

    def __init__(self, operations: Iterable[Operation], pacing: CallerPacing | None = None) -> None:
        self._pacing = pacing
        self._known = [
            (one, _path_pattern(one.path)) for one in operations if one.method in WRITES and not one.rule.public
        ]

    async def run_command(
        self, caller: Principal, command: BatchCommand, *, dry_run: bool
    ) -> ApiResponse[Any] | Refused:
        """The item's answer, or the first reason why there is none."""
        parts = urlsplit(command.path)
        found = next(self._find_operation(command.method, parts.path), None)
        if found is None:
            return Refused(RefusalCode.NOT_FOUND, "There is no such write, or it cannot stand in a batch.", "path")
        one, names = found
        refused = judge_access(one.rule, caller)
        if refused is not None:
            return refused
        if self._pacing is not None:
            refused = self._pacing.refuse_pace(caller, names, item=True, dry_run=dry_run)
            if refused is not None:
                return refused
        scope = _item_scope(caller, command, parts.path, parts.query.encode(), names, dry_run=dry_run)
        values = await bind_inputs(one, scope, _body_receiver(command.body))
        if dry_run and not isinstance(values, Refused) and values.get("dry_run") is not True:
            return Refused(RefusalCode.FIELD_INVALID, "The whole batch is a dry run; leave it out here.", "dry_run")
        result = values if isinstance(values, Refused) else await one.call(values)
        return result if isinstance(result, Refused) else answer_of(one, result, scope)

    def _find_operation(self, method: str, path: str) -> Iterator[tuple[Operation, dict[str, str]]]:
        for one, pattern in self._known:
            matched = pattern.fullmatch(path) if one.method == method else None
            if matched is not None:
                yield one, matched.groupdict()


def _path_pattern(template: str) -> re.Pattern[str]:
    text = re.escape(template)
    for name in path_names(template):
        text = text.replace(re.escape(f"{{{name}}}"), f"(?P<{name}>[^/]+)")
    return re.compile(text)


def _item_scope(
    caller: Principal, command: BatchCommand, path: str, query: bytes, names: dict[str, str], *, dry_run: bool
) -> Any:
    if dry_run and "dry_run" not in dict(parse_qsl(query.decode(), keep_blank_values=True)):
        query = b"&".join(filter(None, (query, b"dry_run=true")))
    headers = [(b"idempotency-key", command.key.encode())] if command.method == "POST" else []
    if command.body:
        headers.append((b"content-type", JSON.encode()))
    return {
        "type": "http",
        "method": command.method,
        "path": path,
        "query_string": query,
        "headers": headers,
        "path_params": names,
        "user": caller,
        "client": None,
    }


def _body_receiver(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
