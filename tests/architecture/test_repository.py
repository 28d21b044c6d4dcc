"""What the repository as a whole must be: at home on any machine, true in what it tells people to type."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

import tenure
from tools.locks import read_projects
from tools.version import write_version

ROOT = Path(__file__).resolve().parents[2]

# Each pattern is written so that it does not match its own text.
FORBIDDEN = (
    (re.compile(r"(?<![\w}.~/-])/(?:work|root|opt)(?:/[\w.]|(?=[\"'\s)`]|$))", re.M), "a path of one machine"),
    (re.compile(r"(?<![\w}.~/-])/(?:home|Users)/\w"), "a path of one machine"),
    (
        re.compile(r"pypi\.org|pythonhosted\.org|registry\.npmjs|deb\.debian\.org|index[-_]url\s*="),
        "an index's address",
    ),
    (re.compile(r"co[-]authored[-]by|\bAI[- ]generated|language[ ]model|\bsub[-]?agent", re.I), "how it was written"),
)
TEXT_OF_OTHERS = {"LICENSE"}


def _files() -> list[Path]:
    """What is in the repository or about to be: everything that git does not ignore."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def _text(path: Path) -> str:
    data = path.read_bytes()
    return "" if b"\0" in data else data.decode("utf-8", errors="replace")


def foreign(text: str) -> list[str]:
    """What ties a text to one machine, one index or the way it was written, with the number of the line."""
    return [
        f"{text.count(chr(10), 0, match.start()) + 1}: {why} ({match.group().strip()})"
        for pattern, why in FORBIDDEN
        for match in pattern.finditer(text)
    ]


def test_no_file_is_tied_to_one_machine_or_index() -> None:
    files = _files()
    assert ROOT / "pyproject.toml" in files
    found = [
        f"{path.relative_to(ROOT)}:{complaint}"
        for path in files
        if path.name not in TEXT_OF_OTHERS
        for complaint in foreign(_text(path))
    ]
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize(
    "text",
    [
        "cd /" + "work/main",
        "cache = '/" + "root'",
        "#!/" + "opt/bin/python",
        "see /" + "home/ana/notes",
        "https://" + "pypi" + ".org/simple",
        "index-url" + " = x",
        "Co-" + "Authored-By: nobody",
    ],
)
def test_a_text_that_is_tied_to_one_machine_is_caught(text: str) -> None:
    assert foreign(f"first line\n{text}\n")


@pytest.mark.parametrize(
    "text", ["GET /v1/root/2", "f'{base}/root/1'", "docs/work/x", "an agent on a device", "~/root/x"]
)
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert foreign(text) == []


def make_commands(text: str) -> set[str]:
    """The make targets that a page tells its reader to type, in code spans and code blocks."""
    code = re.findall(r"```.*?```|`[^`\n]+`", text, re.S)
    return {target for part in code for target in re.findall(r"\bmake ([a-z][a-z-]*)", part)}


def targets(makefile: str) -> set[str]:
    """The targets of a Makefile."""
    return set(re.findall(r"^([a-z][a-z-]*):", makefile, re.M))


def test_every_command_that_the_pages_name_exists() -> None:
    offered = targets((ROOT / "Makefile").read_text(encoding="utf-8"))
    pages = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
    for page in pages:
        assert make_commands(page.read_text(encoding="utf-8")) <= offered, page.name
    assert {"demo", "test", "story"} <= make_commands(pages[0].read_text(encoding="utf-8"))


def test_a_command_that_does_not_exist_is_caught() -> None:
    assert make_commands("Type `make tea`, or:\n```\nmake demo\n```\nwe make do") == {"tea", "demo"}
    assert targets("demo: x ## y\n\ttea\n.PHONY: tea\n") == {"demo"}


def test_links_between_pages_lead_somewhere() -> None:
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        for target in re.findall(r"\]\((?!\w+:)([^)#\s]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_version_is_the_same_wherever_it_is_written() -> None:
    version = tenure.__version__
    projects = read_projects()
    assert {name: each["project"]["version"] for name, each in projects.items()} == {
        "tenure": version,
        "tenure-sdk": version,
    }
    assert f"tenure-sdk=={version}" in projects["tenure"]["project"]["dependencies"]
    released = re.findall(r"^## \[(\d\S*)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.M)
    assert released[:1] in ([], [version]), "the newest release in CHANGELOG.md is another version"


def test_a_new_version_is_written_everywhere_at_once(tmp_path: Path) -> None:
    places = ("pyproject.toml", "packages/tenure-sdk/pyproject.toml", "src/tenure/__init__.py")
    for name in places:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    write_version(tmp_path, "7.8.9")
    texts = [(tmp_path / name).read_text(encoding="utf-8") for name in places]
    assert [text.count("7.8.9") for text in texts] == [2, 1, 1]
    assert not any(f'"{tenure.__version__}"' in text or f"=={tenure.__version__}" in text for text in texts)


def test_what_is_no_version_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="is not a version"):
        write_version(tmp_path, "next")
