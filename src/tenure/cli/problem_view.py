"""A refusal for people: the sentence, this case, the cause, the remedy, who can act, and when it will be possible."""

from tenure.cli.screen import CommandScreen, format_moment, readable_text
from tenure.core.refusals import TABLE, RefusalCode
from tenure.http.problems import Problem

_WHO = {
    "administrator": "the customer's administrator",
    "customer": "the customer",
    "provider": "the provider",
    "vendor": "the vendor",
    "caller": "you",
}

_HERE: dict[str, str] = {RefusalCode.NOT_AUTHENTICATED: "Run `tenure login` with a valid token, or set TENURE_TOKEN."}
"""What helps at a command line, where the table speaks to programs."""


def _remedy(problem: Problem) -> str:
    """The command's own words where it has some, the command line's in place of the table's."""
    is_table = problem.code in _HERE and problem.remedy == TABLE[RefusalCode(problem.code)].remedy
    return _HERE[problem.code] if is_table else problem.remedy


def print_refusal(screen: CommandScreen, problem: Problem) -> None:
    """Everything there is to say about it; of a field whose fault is named, nothing that fits every field."""
    if problem.code == RefusalCode.FIELD_INVALID and problem.detail:
        screen.line(f"{readable_text(problem.detail, screen.zone)} ({problem.code})", "bold red")
        told = [("Remedy", problem.remedy)] if problem.remedy != TABLE[RefusalCode.FIELD_INVALID].remedy else []
    else:
        screen.line(f"{problem.title} ({problem.code})", "bold red")
        if problem.detail:
            screen.line(readable_text(problem.detail, screen.zone))
        told = [
            ("Cause", problem.cause),
            ("Remedy", _remedy(problem)),
            ("Who", _WHO.get(problem.who, problem.who)),
        ]
    told += [
        ("Possible", f"from {format_moment(problem.possible_at, screen.zone)}" if problem.possible_at else ""),
        ("Field", problem.field),
        ("Request", problem.request_id),
    ]
    screen.pairs([(name, text) for name, text in told if text])
