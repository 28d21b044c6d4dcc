"""CONTRIBUTING.md, SECURITY.md and .editorconfig: every command, file, and name in them exists."""

import configparser
import re
import subprocess
from pathlib import Path

import pytest

from tests.docs.test_citations import LINK, places_in
from tests.docs.test_glossary import DOTTED, resolve

ROOT = Path(__file__).parents[2]
PAGES = ("CONTRIBUTING.md", "SECURITY.md")
FOLDERS = ("src/", "tests/", "tools/", "docs/", "conformance", "benchmarks/")


def text_of(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def spans_of(page: str) -> list[str]:
    """What is in backticks, and the lines of the blocks."""
    text = text_of(page)
    blocks = [
        line.split("#")[0].strip() for each in re.findall(r"(?s)```\n(.*?)```", text) for line in each.splitlines()
    ]
    return blocks + re.findall(r"`([^`\n]+)`", re.sub(r"(?s)```.*?```", "", text))


def targets() -> set[str]:
    return set(re.findall(r"(?m)^([a-z-]+):", text_of("Makefile")))


@pytest.mark.parametrize("page", PAGES)
def test_every_make_command_is_a_target(page: str) -> None:
    named = [each.split()[1] for each in spans_of(page) if each.startswith("make ")]
    assert set(named) <= targets()
    assert named or page == "SECURITY.md"


def test_the_commands_of_the_loop_are_ones_that_make_would_run() -> None:
    """`make --dry-run` reads the whole recipe: a target that needs a missing file or variable fails."""
    for line in sorted({each for each in spans_of("CONTRIBUTING.md") if each.startswith("make ")}):
        ran = subprocess.run([*line.split(), "--dry-run"], cwd=ROOT, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, f"{line}: {ran.stderr}"


@pytest.mark.parametrize("page", PAGES)
def test_every_file_and_folder_is_there(page: str) -> None:
    for each in spans_of(page):
        for word in each.split():
            if word.startswith(FOLDERS) and "…" not in word:
                assert (ROOT / word).exists(), f"{page}: {word}"


@pytest.mark.parametrize("page", PAGES)
def test_every_name_of_the_code_is_there(page: str) -> None:
    for dotted in DOTTED.findall(text_of(page)):
        assert resolve(dotted) is not None


@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_ours_is_in_the_reference(page: str) -> None:
    reference = text_of("docs/cli.md")
    for each in spans_of(page):
        words = [word for word in each.split() if re.fullmatch(r"[a-z-]+", word) and not word.startswith("-")]
        if each.startswith("tenure ") and len(words) > 1:
            assert re.search(rf"### `{re.escape(' '.join(words))}\b", reference), f"{page}: {each}"


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    for target, anchor in LINK.findall(text_of(page)):
        there = ROOT / target if target else ROOT / page
        assert there.exists(), target
        assert not anchor or anchor[1:] in places_in(there), f"{target}{anchor}"


def test_the_pytest_command_of_one_test_finds_it() -> None:
    line = next(each for each in spans_of("CONTRIBUTING.md") if each.startswith(".venv/bin/pytest"))
    _, path, _, word = line.split()
    assert re.search(rf"def test_\w*{word}", text_of(path))


def test_the_editors_settings_are_those_of_the_formatter() -> None:
    parser = configparser.ConfigParser()
    parser.read_string("[DEFAULT]\n" + text_of(".editorconfig"))
    assert parser["*"]["indent_size"] == "4"
    length = re.search(r"(?m)^line-length = (\d+)", text_of("pyproject.toml"))
    assert length is not None and parser["*"]["max_line_length"] == length[1]
    assert parser["Makefile"]["indent_style"] == "tab"
