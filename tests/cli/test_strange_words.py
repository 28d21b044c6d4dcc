"""Every command, typed wrongly in the ways that every command can be: a few plain lines and the exit code of input."""

import re
from collections.abc import Iterator

import pytest
from cyclopts import App
from cyclopts.argument import Argument

from tenure.core.refusals import ExitCode
from tests.cli.terminal import Ran, Terminal
from tests.cli.test_help import ALL

LINES = 6
"""The sentence, what to do, the field, the usage: what fits under the line that was typed."""
JARGON = re.compile(
    r"Traceback|\(internal\)|Unable to convert|Parameter \"|Expected `|validat|<class|NoneType|object at"
)
Row = tuple[tuple[str, ...], str]


def _word(argument: Argument) -> str:
    """Something for an argument that none of these rows is about."""
    choices = [kind for kind in _kinds(argument) if isinstance(kind, str)]
    return choices[0] if choices else "1" if int in _kinds(argument) else "x"


def _kinds(argument: Argument) -> tuple[object, ...]:
    hint = argument.hint
    return (hint, *getattr(hint, "__args__", ()))


def _needed(command: App) -> list[Argument]:
    return [each for each in command.assemble_argument_collection() if each.required and each.show]


def _typed(arguments: list[Argument]) -> tuple[str, ...]:
    typed: list[str] = []
    for each in arguments:
        typed += [] if each.field_info.is_positional else [each.name]
        typed.append(_word(each))
    return tuple(typed)


def _rows() -> Iterator[tuple[str, tuple[str, ...], str]]:
    """What is wrong, what is typed, and what the first line has to name."""
    for words, command in ALL:
        needed = _needed(command)
        yield "typo", (*words, *_typed(needed), "--jsson"), "--jsson"
        if needed:
            left = needed[-1]
            name = left.name.lstrip("-").upper() if left.field_info.is_positional else left.name
            yield "missing", (*words, *_typed(needed[:-1])), name
        for each in command.assemble_argument_collection():
            if not each.show or int not in _kinds(each) or each.field_info.is_positional:
                continue
            others = _typed([other for other in needed if other.name != each.name])
            for fault, value in (("comma", "1,5"), ("empty", ""), ("emoji", "🦀")):
                yield fault, (*words, *others, f"{each.name}={value}"), each.name


ROWS = list(_rows())


def _is_plain(ran: Ran) -> None:
    assert (ran.code, ran.out) == (ExitCode.INPUT, "")
    assert len(ran.err.splitlines()) <= LINES, ran.err
    assert not JARGON.search(ran.err), ran.err


@pytest.mark.parametrize(("words", "named"), [row[1:] for row in ROWS], ids=[f"{r[0]}: {' '.join(r[1])}" for r in ROWS])
def test_it_is_told_in_a_few_plain_lines(words: tuple[str, ...], named: str, terminal: Terminal) -> None:
    ran = terminal.run(*words)
    _is_plain(ran)
    assert named in ran.err.splitlines()[0]


def test_the_table_has_every_command() -> None:
    assert len([row for row in ROWS if row[0] == "typo"]) == len(ALL)
    assert {row[0] for row in ROWS} == {"typo", "missing", "comma", "empty", "emoji"}
