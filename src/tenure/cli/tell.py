"""A refusal for people: the sentence, this case, the cause, the remedy, who can act, and when it will be possible."""

from tenure.cli.problems import Problem
from tenure.cli.show import Screen, moment

_WHO = {
    "administrator": "the customer's administrator",
    "customer": "the customer",
    "provider": "the provider",
    "vendor": "the vendor",
    "caller": "you",
}


def refusal(screen: Screen, problem: Problem) -> None:
    """Everything there is to say about it."""
    screen.line(f"{problem.title} ({problem.code})", "bold red")
    if problem.detail:
        screen.line(problem.detail)
    told = [
        ("Cause", problem.cause),
        ("Remedy", problem.remedy),
        ("Who", _WHO.get(problem.who, problem.who)),
        ("Possible", f"from {moment(problem.possible_at, screen.zone)}" if problem.possible_at else ""),
        ("Field", problem.field),
        ("Request", problem.request_id),
    ]
    screen.pairs([(name, text) for name, text in told if text])
