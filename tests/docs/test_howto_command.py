"""The how-to of CONTRIBUTING.md adds a command with a fact of its own: applied to a copy, where everything then works.

`tests/howto/rename_site.patch` is what is edited by hand. Where it no longer applies, edit its files by hand in a clean
tree, and `git diff > tests/howto/rename_site.patch`.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HOWTO = ROOT / "tests" / "howto"
PATCH = HOWTO / "rename_site.patch"
MOST = 8
"""Files that a new command with a fact of its own touches by hand, tests, docs and changelog included."""
COPIED = (
    "src", "tests", "tools", "docs", "packages", "CHANGELOG.md", "CONTRIBUTING.md", "pyproject.toml",
    "requirements.lock", "requirements-dev.lock",
)  # fmt: skip
SECONDS = 300
"""A bound against hanging; alone it takes about a minute."""
WALKING = (
    "tests/howto/check_rename_site.py", "tests/core/test_sites.py", "tests/core/test_command_table.py",
    "tests/core/test_fact_words.py", "tests/server/test_actions.py", "tests/server/test_records.py",
    "tests/server/test_reminders.py", "tests/portal/test_asked_first.py", "tests/portal/test_site_links.py",
    "tests/cli/test_help.py",
)  # fmt: skip
"""What the how-to checks, and the tests that walk all commands, facts, events and forms: none wants a line for it."""


def edited() -> list[str]:
    """The files that the patch edits."""
    return re.findall(r"(?m)^diff --git a/(\S+) ", PATCH.read_text(encoding="utf-8"))


CHOSEN = "rename_site or not test_actions"
"""Of the scenarios of all commands only the new one's."""


def run_in(folder: Path, *words: str) -> str:
    """What a program says in a copy of the repository, whose packages come before the installed ones."""
    env = os.environ | {
        "PYTHONPATH": f"{folder / 'src'}{os.pathsep}{folder}",
        "GIT_CEILING_DIRECTORIES": str(folder.parent),
    }
    for name in [each for each in env if each.startswith("PYTEST_")]:
        del env[name]
    ran = subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert ran.returncode == 0, f"{words}: {ran.stdout[-6000:]}{ran.stderr[-2000:]}"
    return ran.stdout


def generate_pages(copy: Path) -> None:
    """What `make docs` writes, written into the copy; the commands are read from the Makefile."""
    recipe = re.search(r"(?m)^docs:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(encoding="utf-8"))
    assert recipe is not None
    for module, page in re.findall(r"-m (\S+)(?: > (\S+))?", recipe[1]):
        said = run_in(copy, sys.executable, "-m", module)
        if page:
            (copy / page).write_text(said, encoding="utf-8")


def test_the_how_to_names_the_files_of_the_patch_and_they_are_few() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    steps = re.search(r"(?s)## How to add a command\n(.*?)\n## ", text)
    assert steps is not None
    named = re.findall(r"(?m)^\d+\. `([^`]+)`", steps[1])
    assert sorted(named) == sorted(edited())
    assert len(named) <= MOST
    assert "tests/howto/rename_site.patch" in steps[1]


def test_what_the_how_to_adds_works_on_every_surface(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, copy / name)
    run_in(copy, "git", "init", "-q")
    run_in(copy, "git", "apply", "-C1", str(PATCH))
    run_in(copy, "git", "add", ".")
    generate_pages(copy)
    said = run_in(
        copy, sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist", *WALKING, "-k", CHOSEN
    )
    assert " passed" in said and "failed" not in said
