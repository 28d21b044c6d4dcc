"""Why a command did nothing: the API's problem as received, or a refusal of our own, told to people and to programs.

The words come from the one table of refusals; the exit code is its family [spec: exit-codes].
"""

import msgspec

from tenure.core.periods import format_instant
from tenure.core.refusals import TABLE, ExitCode, RefusalCode, Refused

_BY_STATUS = {
    401: ExitCode.PERMISSION,
    403: ExitCode.PERMISSION,
    404: ExitCode.UNKNOWN,
    429: ExitCode.LATER,
    503: ExitCode.LATER,
}
"""The family of a code that a newer server says and this command does not know."""
_CODES = {str(code): row for code, row in TABLE.items()}


class CommandProblem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A problem of the API (RFC 9457)."""

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

    @property
    def exit_code(self) -> ExitCode:
        """The exit code: the family of the refusal."""
        row = _CODES.get(self.code)
        if row is not None:
            return row.exit
        return _BY_STATUS.get(self.status, ExitCode.FAULT if self.status >= 500 else ExitCode.INPUT)

    def is_code(self, code: RefusalCode) -> bool:
        """Whether it is this refusal."""
        return self.code == code


class CommandFailed(msgspec.Struct, frozen=True):
    """What ends a command without effect: the problem, and its bytes as the API sent them (or as it would have)."""

    problem: CommandProblem
    raw: bytes

    @property
    def exit_code(self) -> ExitCode:
        """See `Problem.exit_code`."""
        return self.problem.exit_code


def fail_with(refused: Refused) -> CommandFailed:
    """A refusal that was found here, in the same words and shape as the API's."""
    row = refused.row
    problem = CommandProblem(
        type=f"/refusals/{row.code}",
        title=row.sentence,
        status=row.status,
        code=row.code,
        cause=row.cause,
        remedy=row.remedy,
        who=row.who,
        conclusive=row.conclusive,
        request_id="",
        detail=refused.detail,
        field=refused.field,
        possible_at="" if refused.when is None else format_instant(refused.when),
    )
    return CommandFailed(problem, msgspec.json.encode(problem))


def reword_refusal(refusal: CommandFailed, title: str, cause: str, remedy: str) -> CommandFailed:
    """The same refusal in words for this command, where the table's are for another program."""
    problem = msgspec.structs.replace(refusal.problem, title=title, cause=cause, remedy=remedy)
    return CommandFailed(problem, msgspec.json.encode(problem))


def invalid_field(detail: str, field: str = "") -> CommandFailed:
    """`field_invalid`, for what was typed."""
    return fail_with(Refused(RefusalCode.FIELD_INVALID, detail, field))


def unnamed_provider() -> CommandFailed:
    """`field_invalid`: a vendor's token acts for every provider, and none was named."""
    return reword_refusal(
        invalid_field("This token is the vendor's: name the provider whose data is meant.", "provider"),
        "No provider is named.",
        "The vendor's token works for every provider; this command is about the data of one.",
        "Add --provider prv_… (`tenure providers list` shows them), or keep one: tenure login URL --provider prv_…",
    )


def read_problem(body: bytes) -> CommandFailed | None:
    """The problem in an answer's body; None when it is none of ours."""
    try:
        problem = msgspec.json.decode(body, type=CommandProblem)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return CommandFailed(problem, body)
