"""RFC 9457 problems: the one way in which this API says no, made from the table of refusals.

Refusals are values up to the edge; `RefusedError` carries one out of a place that has no way to return it.
"""

import logging
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import TypeVar

import msgspec

from tenure.core.field_errors import field_refusal
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.http.requestid import current_request_id
from tenure.http.responses import ApiResponse
from tenure.http.timestamps import format_rfc3339

PROBLEM_JSON = "application/problem+json"

Clock = Callable[[], Instant]
T = TypeVar("T")

log = logging.getLogger("tenure.http")

# Seconds a caller is asked to wait where nothing better is known.
_WAIT = {
    RefusalCode.TOO_MANY_REQUESTS: 1,
    RefusalCode.REQUEST_IN_FLIGHT: 1,
    RefusalCode.SERVER_BUSY: 2,
    RefusalCode.UNREACHABLE: 30,
}

_MUST_SAY_WHEN = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why nothing was done, and who can do what about it (RFC 9457)."""

    type: str
    title: str
    status: int
    code: str
    cause: str
    remedy: str
    who: str
    conclusive: bool
    request_id: str
    detail: str = ""
    field: str = ""
    possible_at: str = ""


class RefusedError(Exception):
    """Carries a refusal out of a place that can only raise."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.code, refused.detail)
        self.refused = refused


def accept(value: T | Refused) -> T:
    """`value`; raises RefusedError where it is a refusal: only for the functions of operations, which decide no rule
    (ADR 9)."""
    if isinstance(value, Refused):
        raise RefusedError(value)
    return value


def require_found(value: T | None, field: str) -> T:
    """`value`; raises RefusedError with `not_found`, naming `field`, where there is none."""
    if value is None:
        raise RefusedError(Refused(RefusalCode.NOT_FOUND, field=field))
    return value


def problem_type(code: RefusalCode) -> str:
    """The problem type of `code`: a reference that never changes and can be read under the API's own address."""
    return f"/refusals/{code}"


def retry_after(refused: Refused, now: Instant) -> int | None:
    """Whole seconds to wait before trying again; None where waiting by itself changes nothing."""
    # [spec: http-api] promises the header on every 429 and 503, also on those that an operator has to mend first.
    otherwise = 60 if refused.row.status in _MUST_SAY_WHEN else None
    least = _WAIT.get(refused.code, otherwise)
    if least is None:
        return None
    return max(least, refused.when - now) if refused.when is not None else least


def describe_refusal(refused: Refused, request_id: str = "") -> Problem:
    """`refused` in full, as the body of a problem or as the result of one item of a batch."""
    row = refused.row
    return Problem(
        type=problem_type(row.code),
        title=row.sentence,
        status=row.status,
        code=row.code,
        cause=row.cause,
        remedy=row.remedy,
        who=row.who,
        conclusive=row.conclusive,
        request_id=request_id or current_request_id(),
        detail=refused.detail,
        field=refused.field,
        possible_at="" if refused.when is None else format_rfc3339(refused.when),
    )


def problem_response(
    refused: Refused, now: Instant, request_id: str = "", headers: Iterable[tuple[str, str]] = ()
) -> ApiResponse[Problem]:
    """`refused` as an answer, with `Retry-After` and `WWW-Authenticate` where they belong."""
    row, body = refused.row, msgspec.json.encode(describe_refusal(refused, request_id))
    extra = list(headers)
    if (wait := retry_after(refused, now)) is not None:
        extra.append(("Retry-After", str(wait)))
    if row.code is RefusalCode.NOT_AUTHENTICATED:
        extra.append(("WWW-Authenticate", 'Bearer realm="tenure"'))
    return ApiResponse(status=row.status, body=body, media_type=PROBLEM_JSON, headers=tuple(extra))


def refusal_of(error: Exception) -> Refused:
    """The refusal that `error` is to the caller; `internal`, without any detail, for an unexpected error."""
    carried = getattr(error, "refused", None)  # `RefusedError`, and faults of layers that know no HTTP
    if isinstance(carried, Refused):
        return carried
    if isinstance(error, msgspec.ValidationError):
        return field_refusal(str(error))
    if isinstance(error, msgspec.DecodeError | UnicodeDecodeError):
        return Refused(RefusalCode.BODY_UNREADABLE)
    return Refused(RefusalCode.INTERNAL)


def log_internal(error: Exception) -> None:
    """Write an unforeseen error with its trace; the request id is put beside it by the formatter."""
    log.error("internal", exc_info=error)


def problem_of(error: Exception, now: Instant) -> ApiResponse[Problem]:
    """Answer the caller about an `error`; an unexpected one is logged."""
    refused = refusal_of(error)
    if refused.code is RefusalCode.INTERNAL:
        log_internal(error)
    return problem_response(refused, now)


def allow_header(methods: Iterable[str]) -> str:
    """The value of `Allow`: HEAD goes wherever GET goes (see `middleware`); OPTIONS nowhere, since only 405 tells
    methods."""
    known = {method for method in methods if method} - {"OPTIONS"}
    return ", ".join(sorted(known | ({"HEAD"} if "GET" in known else set())))
