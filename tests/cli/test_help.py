"""Every command explains itself: by an example, in the reference, and without loading what it does not use."""

import io
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest
from cyclopts import App
from cyclopts.argument import ArgumentCollection

import tenure
from tenure.cli import overview, reference
from tenure.cli.application import find_application, make_application
from tenure.cli.command_modules import COMMAND_MODULES, OF_THE_WHOLE
from tenure.cli.screen import CommandScreen
from tenure.core.business.command_table import COMMANDS
from tests.cli.terminal import Terminal

ROOT = Path(__file__).parents[2]


def commands(app: App, *words: str) -> Iterator[tuple[tuple[str, ...], App]]:
    """Every command below `app` with what is typed for it, without options of the parser itself."""
    for name in app:
        if name.startswith("-"):
            continue
        below = list(commands(app[name], *words, name))
        yield from below or [((*words, name), app[name])]


ALL = list(commands(make_application()))


@cache
def arguments_of(words: tuple[str, ...]) -> ArgumentCollection:
    """What the command takes; read once, because that is dear and every table of commands asks for it."""
    return dict(ALL)[words].assemble_argument_collection()


def test_every_command_of_the_specification_is_there() -> None:
    nouns = {words[0] for words, _ in ALL}
    wanted = (
        "login logout profiles customers products plans offers providers tokens order subscriptions"
        " top-up account"
        " statement runway policy installations clock events refusals server keys verify-history checkpoint rebuild"
        " backup restore users invitations audit"
    )
    assert {*wanted.split(), *(row.verb for row in COMMANDS)} <= nouns


@pytest.mark.parametrize(("words", "command"), ALL, ids=[" ".join(words) for words, _ in ALL])
def test_every_command_has_a_sentence_and_an_example_that_parses(words: tuple[str, ...], command: App) -> None:
    assert re.match(r"[A-Z].*[.]", str(command.help))
    example = str(command.help_epilogue)
    assert example.startswith("Example: tenure ")
    typed = re.findall(r"'[^']*'|\S+", example.removeprefix("Example: tenure "))
    name = " ".join(words)
    assert " ".join(typed).startswith((name, *(" ".join(other) for other, same in ALL if same is command)))
    make_application().parse_args([each.strip("'") for each in typed], exit_on_error=False, print_error=False)


@pytest.mark.parametrize("words", [words for words, _ in ALL], ids=" ".join)
def test_json_and_debug_are_everywhere_and_a_token_is_no_argument(words: tuple[str, ...]) -> None:
    names = {each.name for each in arguments_of(words)}
    assert {"--json", "--debug"} <= names
    assert "--token" not in names or words[:2] == ("tokens", "withdraw")


def test_the_reference_is_what_the_commands_say() -> None:
    page = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    assert page == reference.reference_page(), "run: python -m tenure.cli.reference > docs/cli.md"


def test_the_version_is_told(terminal: Terminal) -> None:
    assert terminal.run("--version").out.strip() == tenure.__version__


def test_a_word_alone_shows_what_can_follow_it(terminal: Terminal) -> None:
    ran = terminal.run("customers")
    assert (ran.code, ran.err) == (0, "")
    assert "change" in ran.out


def test_nothing_heavy_is_loaded_before_a_command_needs_it() -> None:
    """A command that asks no server and draws no table is there at once."""
    heavy = ("rich", "httpx2", "starlette", "sqlalchemy", "uvicorn", "nacl", "dns", "cryptography")
    assert not loaded(
        "import tenure.cli.main, tenure.cli.application\ntenure.cli.application.make_application()", heavy
    )


def loaded(program: str, names: Iterable[str]) -> list[str]:
    """Which of the modules `names` are in memory at the end of `program`; what it prints is dropped."""
    code = f"{program}\nimport sys; sys.stderr.write(' '.join(each for each in {[*names]!r} if each in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT / "src")
    return done.stderr.split()


START = "import sys, contextlib\nsys.argv = ['tenure', *{words!r}]\nfrom tenure.cli.entry import main\n" + (
    "with contextlib.suppress(SystemExit):\n    main()"
)


@pytest.mark.parametrize(
    ("words", "never"),
    [
        (("--version",), ("tenure.core", "tenure.cli.main", "msgspec", "cyclopts")),
        (("--help",), ("tenure.cli.application", "cyclopts")),
        ((), ("tenure.cli.application", "cyclopts")),
        (("board", "--help"), tuple(f"tenure.cli.{each}" for each in COMMAND_MODULES if each != "board")),
        (("renew", "--help"), tuple(f"tenure.cli.{each}" for each in COMMAND_MODULES if each != "actions")),
        (("customers",), tuple(f"tenure.cli.{each}" for each in COMMAND_MODULES if each != "customers")),
    ],
    ids=" ".join,
)
def test_a_command_loads_its_own_module_and_no_other(words: tuple[str, ...], never: tuple[str, ...]) -> None:
    assert loaded(START.format(words=words), never) == []


@pytest.mark.parametrize("module", COMMAND_MODULES)
def test_each_module_brings_the_words_that_the_table_says(module: str) -> None:
    brought = [each for each in make_application(module) if not each.startswith("-")]
    written = COMMAND_MODULES[module] or tuple(each for row in COMMANDS for each in (row.verb, row.short) if each)
    assert [each for each in brought if each != "install-completion"] == list(written)
    for word in written:
        assert find_application([word]) is (make_application() if word in OF_THE_WHOLE else make_application(module))


def test_what_no_module_brings_is_looked_for_among_all_commands(terminal: Terminal) -> None:
    for words in ((), ("",), ("--json",), ("bord",)):
        assert find_application(words) is make_application()
    assert 'Did you mean "board"?' in terminal.run("bord").err


@pytest.mark.parametrize("module", COMMAND_MODULES)
def test_a_command_explains_itself_alone_as_among_all(module: str) -> None:
    """Usage, groups and options do not depend on which other commands are there."""
    word = next(each for each in make_application(module) if not each.startswith("-"))
    alone, among_all = io.StringIO(), io.StringIO()
    for app, shown in ((make_application(module), alone), (make_application(), among_all)):
        app.help_print([word], console=CommandScreen(shown, None).help_console())
    assert alone.getvalue() == among_all.getvalue() != ""


def test_the_shell_can_complete_commands() -> None:
    script = make_application().generate_completion(shell="bash")  # noqa: S604 - the name of a shell, none is started
    assert "undo-cancellation" in script


@pytest.mark.parametrize("words", overview.WORDS)
def test_the_way_around_is_one_screen(terminal: Terminal, words: tuple[str, ...]) -> None:
    """First steps first, every command in a group, nothing that does not exist."""
    shown = terminal.run(*words).out
    lines = shown.splitlines()
    assert 20 < len(lines) <= 45
    assert all(len(line) <= 110 for line in lines)
    headings = [line for line in lines if line in {title for title, _ in overview.GROUPS}]
    assert headings[0] == "First steps" and len(headings) == len(overview.GROUPS)
    named = {each for _, rows in overview.GROUPS for names, _ in rows for each in names.split(", ")}
    known = {" ".join(words[:count]) for words, _ in ALL for count in (1, 2)} | {"help COMMAND"}
    assert named <= known
    tops = {each.split()[0] for each in named}
    assert {words[0] for words, _ in ALL} - tops <= {"intent", "declare-lost"}, "but for second names"


def test_help_all_has_every_command(terminal: Terminal) -> None:
    shown = terminal.run("help", "all").out
    assert all(re.search(rf"\b{re.escape(words[0])}\b", shown) for words, _ in ALL)
    assert len(shown.splitlines()) > 60


def test_what_listens_says_where_by_one_option() -> None:
    """`server --host --port`, `portal --listen`, and `site --api-port` were three ways to say the same."""
    names = {words: {name for each in arguments_of(words) for name in each.names} for words, _ in ALL}
    listening = [words for words, found in names.items() if "--listen" in found]
    assert {("server", "run"), ("portal", "run"), ("site", "init"), ("demo",)} <= set(listening)
    assert [words for words in listening if names[words] & {"--host", "--port", "--api-port"}] == []
