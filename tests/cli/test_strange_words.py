"""Every command, typed wrongly in the ways that every command can be: a few plain lines and the exit code of input."""

import re
from collections.abc import Iterator

import pytest
from cyclopts.argument import Argument

from tenure.core.refusals import ExitCode
from tests.cli.terminal import Ran, Terminal
from tests.cli.test_help import ALL, arguments_of

LINES = 6
"""The sentence, what to do, the field, the usage: what fits under the line that was typed."""
JARGON = re.compile(
    r"Traceback|\(internal\)|Unable to convert|Parameter \"|Expected `|validat|<class|NoneType|object at"
)

FAULTS = {"typo", "missing", "comma", "empty", "emoji"}


def _word(argument: Argument) -> str:
    """Something for an argument that none of these rows is about."""
    choices = [kind for kind in _kinds(argument) if isinstance(kind, str)]
    return choices[0] if choices else "1" if int in _kinds(argument) else "x"


def _kinds(argument: Argument) -> tuple[object, ...]:
    hint = argument.hint
    return (hint, *getattr(hint, "__args__", ()))


def _typed(arguments: list[Argument]) -> tuple[str, ...]:
    typed: list[str] = []
    for each in arguments:
        typed += [] if each.field_info.is_positional else [each.name]
        typed.append(_word(each))
    return tuple(typed)


def _rows(words: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """What is wrong, what is typed, and what the first line has to name.

    Asked for by each test, because reading what a command takes is dear and every worker collects all tests.
    """
    shown = [each for each in arguments_of(words) if each.show]
    needed = [each for each in shown if each.required]
    yield "typo", (*words, *_typed(needed), "--jsson"), "--jsson"
    if needed:
        left = needed[-1]
        name = left.name.lstrip("-").upper() if left.field_info.is_positional else left.name
        yield "missing", (*words, *_typed(needed[:-1])), name
    for each in shown:
        if int not in _kinds(each) or each.field_info.is_positional:
            continue
        others = _typed([other for other in needed if other.name != each.name])
        for fault, value in (("comma", "1,5"), ("empty", ""), ("emoji", "🦀")):
            yield fault, (*words, *others, f"{each.name}={value}"), each.name


def _is_plain(ran: Ran, typed: tuple[str, ...]) -> None:
    assert (ran.code, ran.out) == (ExitCode.INPUT, ""), typed
    assert len(ran.err.splitlines()) <= LINES, ran.err
    assert not JARGON.search(ran.err), ran.err


@pytest.mark.parametrize("words", [words for words, _ in ALL], ids=" ".join)
def test_it_is_told_in_a_few_plain_lines(words: tuple[str, ...], terminal: Terminal) -> None:
    rows = list(_rows(words))
    assert rows[0][0] == "typo"
    for _, typed, named in rows:
        ran = terminal.run(*typed)
        _is_plain(ran, typed)
        assert named in ran.err.splitlines()[0]


def test_every_fault_is_made_somewhere() -> None:
    found: set[str] = set()
    made = (fault for words, _ in ALL for fault, _, _ in _rows(words))
    while found != FAULTS:
        found.add(next(made))
