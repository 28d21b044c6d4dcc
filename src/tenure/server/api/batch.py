"""A batch of mixed commands: a result for each, the same rules for each, partial success stated [spec: batch]."""

from collections.abc import Callable, Iterable
from typing import Annotated, Any, Literal

import msgspec

from tenure.core.refusals import Refused
from tenure.core.timeline import Instant
from tenure.http.auth import AccessRule, Principal
from tenure.http.batch import BatchCommand, BatchOperations
from tenure.http.body_types import RequestBody
from tenure.http.idempotency import KEY_LONGEST, IdempotentRequest, content_keys
from tenure.http.operation_groups import OperationGroup, operation_at
from tenure.http.operations import Operation
from tenure.http.pacing import CallerPacing
from tenure.http.problems import problem_response
from tenure.http.responses import ApiResponse, json_response

WRITE = AccessRule("subscriptions:write")
MOST = 100
CAP = 1024 * 1024
"""Bytes of a batch."""

Path = Annotated[str, msgspec.Meta(min_length=4, max_length=512, pattern=r'^/v1/[!"$-~]*$(?!\n)')]
"""Without `#`: what stands behind one is no part of what is asked, such as a `?dry_run=true`."""
Key = Annotated[str, msgspec.Meta(max_length=KEY_LONGEST, pattern=r"^[!-~]*$(?!\n)")]


class CommandBody(RequestBody, frozen=True, kw_only=True):
    """One write as it would be sent alone; without `key` what it says and the batch's key name it, never its place."""

    method: Literal["POST", "PUT", "DELETE"]
    path: Path
    body: dict[str, Any] | None = None
    key: Key = ""


class BatchBody(RequestBody, frozen=True, kw_only=True):
    """Up to 100 commands, done in this order, each by itself: one that is refused stops none of the others."""

    commands: Annotated[tuple[CommandBody, ...], msgspec.Meta(min_length=1, max_length=MOST)]


class ItemView(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one command: its status, and the answer or the problem it would have got alone."""

    number: int
    """Its place in the batch, from 1."""
    done: bool
    status: int
    answer: msgspec.Raw | None


class BatchView(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the batch; `refused` above 0 is partial success, or none."""

    done: int
    refused: int
    items: tuple[ItemView, ...]


class BatchOperation(OperationGroup):
    """The operation on batches, over every other write of the API."""

    def __init__(self, operations: Iterable[Operation], clock: Callable[[], Instant], pacing: CallerPacing) -> None:
        self._commands = BatchOperations(operations, pacing)
        self._clock = clock

    @operation_at("POST", "/v1/batch", WRITE, cap=CAP)
    async def run_batch(
        self, caller: Principal, ticket: IdempotentRequest, body: BatchBody, dry_run: bool = False
    ) -> ApiResponse[BatchView] | Refused:
        """Does up to 100 writes one after the other, each in a transaction of its own, with a result for each.

        Sent again with the same key, what was done is not done again and what was refused is tried again. In a dry run
        each command is rehearsed alone, on what is there now.
        """
        items = []
        contents = [b"" if each.body is None else msgspec.json.encode(each.body) for each in body.commands]
        said = zip(body.commands, contents, strict=True)
        keys = content_keys(ticket.key, ((each.method, each.path, content) for each, content in said))
        for number, each in enumerate(body.commands, 1):
            content, key = contents[number - 1], each.key or keys[number - 1]
            command = BatchCommand(method=each.method, path=each.path, body=content, key=key)
            items.append(self._item_view(number, await self._commands.run_command(caller, command, dry_run=dry_run)))
        done = sum(item.done for item in items)
        return json_response(BatchView(done=done, refused=len(items) - done, items=tuple(items)))

    def _item_view(self, number: int, result: ApiResponse[Any] | Refused) -> ItemView:
        answer = problem_response(result, self._clock()) if isinstance(result, Refused) else result
        told = msgspec.Raw(answer.body) if answer.body else None
        return ItemView(number=number, done=not isinstance(result, Refused), status=answer.status, answer=told)
