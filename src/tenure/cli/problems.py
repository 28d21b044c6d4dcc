"""Why a command did nothing: the API's problem as received, or a refusal of our own, told to people and to programs.

The words come from the one table of refusals; the exit code is its family [spec: exit-codes].
"""

from typing import TypeVar

import msgspec

from tenure.core.refusals import TABLE, ExitCode, RefusalCode, Refused
from tenure.http.problems import Problem, describe_refusal

T = TypeVar("T")

_BY_STATUS = {
    401: ExitCode.PERMISSION,
    403: ExitCode.PERMISSION,
    404: ExitCode.UNKNOWN,
    429: ExitCode.LATER,
    503: ExitCode.LATER,
}
"""The family of a code that a newer server says and this command does not know."""
_CODES = {str(code): row for code, row in TABLE.items()}


class CommandError(Exception):
    """Ends a command without effect: the problem, and its bytes as the API sent them (or as it would have).

    `registration` alone catches it, for every command.
    """

    def __init__(self, problem: Problem, raw: bytes) -> None:
        super().__init__(problem.code, problem.detail)
        self.problem, self.raw = problem, raw

    @property
    def exit_code(self) -> ExitCode:
        """The exit code: the family of the refusal."""
        row = _CODES.get(self.problem.code)
        if row is not None:
            return row.exit
        status = self.problem.status
        return _BY_STATUS.get(status, ExitCode.FAULT if status >= 500 else ExitCode.INPUT)


def accept(value: T | Refused) -> T:
    """`value`; raises CommandError where it is a refusal."""
    if isinstance(value, Refused):
        raise fail_with(value)
    return value


def fail_with(refused: Refused) -> CommandError:
    """A refusal that was found here, in the same words and shape as the API's."""
    problem = describe_refusal(refused)
    return CommandError(problem, msgspec.json.encode(problem))


def reword_refusal(refusal: CommandError, title: str, cause: str, remedy: str, who: str = "") -> CommandError:
    """The same refusal in words for this command, where the table's are for another program, and who can act."""
    who = who or refusal.problem.who
    problem = msgspec.structs.replace(refusal.problem, title=title, cause=cause, remedy=remedy, who=who)
    return CommandError(problem, msgspec.json.encode(problem))


def invalid_field(detail: str, field: str = "") -> CommandError:
    """`field_invalid`, for what was typed."""
    return fail_with(Refused(RefusalCode.FIELD_INVALID, detail, field))


def explain_folder(refused: Refused, runs: str, option: str) -> CommandError:
    """A refusal to open a folder; where it is in use, in words about the server or site that `runs` there already."""
    failed = fail_with(refused)
    if refused.code is not RefusalCode.FOLDER_IN_USE:
        return failed
    remedy = f"End it first, or name another folder with {option}."
    cause = "Only one process at a time may write to a folder."
    return reword_refusal(failed, f"A {runs} already runs with this folder.", cause, remedy, "caller")


def unnamed_provider() -> CommandError:
    """`field_invalid`: a vendor's token acts for every provider, and none was named."""
    return reword_refusal(
        invalid_field("This token is the vendor's: name the provider whose data is meant.", "provider"),
        "No provider is named.",
        "The vendor's token works for every provider; this command is about the data of one.",
        "Add --provider prv_… (`tenure providers list` shows them), or keep one: tenure login URL --provider prv_…",
    )
