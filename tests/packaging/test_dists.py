"""Two distributions from one source tree: what each holds, and that each works where nothing else is installed."""

import os
import re
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest

import tenure
from tests.packaging.clean import Environment
from tools.dists import ROOT, build, build_dists
from tools.locks import read_projects

pytestmark = pytest.mark.slow

SDK_ROOMS = {"agent", "core", "sdk", "wire"}
LARGEST = 1_500_000
"""Bytes of `tenure-sdk` as it is installed, without what it requires."""
TEN_LINES = """\
from tenure.sdk import License, LicenseStanding


def open_editor(folder: str, root: str) -> LicenseStanding:
    with License.open(
        product="editor", version="12.0", server="https://license.example.com", root=root, folder=folder
    ) as license:
        if license.allows("edit"):
            print(license.standing.message)
        return license.standing
"""


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    built = build_dists(tmp_path_factory.mktemp("dists"))
    names = {"tenure": f"tenure-{tenure.__version__}", "tenure-sdk": f"tenure_sdk-{tenure.__version__}"}
    assert {path.name for path in built} == {
        f"{name}{end}" for name in names.values() for end in ("-py3-none-any.whl", ".tar.gz")
    }
    return {name: built[0].parent / f"{text}-py3-none-any.whl" for name, text in names.items()}


@pytest.fixture(scope="module")
def sdk_only(wheels: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """What an application has: `tenure-sdk` and what it requires."""
    made = Environment(tmp_path_factory.mktemp("sdk"))
    made.lend(*metadata(wheels["tenure-sdk"]).get_all("Requires-Dist", []))
    made.install(wheels["tenure-sdk"])
    return made


def content(wheel: Path) -> dict[str, int]:
    """Files of a wheel with their sizes, without its metadata."""
    with zipfile.ZipFile(wheel) as opened:
        files = [each for each in opened.infolist() if not each.is_dir() and ".dist-info/" not in each.filename]
        return {each.filename: each.file_size for each in files}


def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as opened:
        name = next(each for each in opened.namelist() if each.endswith(".dist-info/METADATA"))
        return Parser().parsestr(opened.read(name).decode("utf-8"))


def source_files() -> Iterator[str]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "src/tenure"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return (name.removeprefix("src/") for name in listed.stdout.split("\0") if name and (ROOT / name).is_file())


def test_every_file_of_the_source_is_in_one_distribution_and_in_one_only(wheels: dict[str, Path]) -> None:
    sdk, rest = set(content(wheels["tenure-sdk"])), set(content(wheels["tenure"]))
    assert sdk & rest == set()
    assert sdk | rest == set(source_files())


def test_the_sdk_brings_no_server_code_and_is_small(wheels: dict[str, Path]) -> None:
    sizes = content(wheels["tenure-sdk"])
    rooms = {name.split("/")[1] for name in sizes if name.count("/") > 1}
    assert rooms == SDK_ROOMS
    assert {"tenure/__init__.py", "tenure/py.typed"} <= sizes.keys()
    assert sum(sizes.values()) < LARGEST


def test_tenure_requires_the_sdk_of_its_own_version(wheels: dict[str, Path]) -> None:
    said = metadata(wheels["tenure"])
    always = [text for text in said.get_all("Requires-Dist", []) if "extra ==" not in text]
    assert always == [f"tenure-sdk=={tenure.__version__}"]
    extras = read_projects()["tenure"]["project"]["optional-dependencies"]
    assert set(said.get_all("Provides-Extra", [])) == set(extras)


@pytest.mark.parametrize("name", ["tenure", "tenure-sdk"])
def test_a_wheel_made_of_the_source_distribution_is_the_same(
    wheels: dict[str, Path], name: str, tmp_path: Path
) -> None:
    sdist = wheels[name].with_name(wheels[name].name.replace("-py3-none-any.whl", ".tar.gz"))
    with tarfile.open(sdist) as opened:
        assert all(each.isfile() or each.isdir() for each in opened)
        opened.extractall(tmp_path / "source", filter="data")
    (source,) = (tmp_path / "source").iterdir()
    (tmp_path / "again").mkdir()
    build(tmp_path / "again", source)
    assert content(tmp_path / "again" / wheels[name].name) == content(wheels[name])


def test_an_application_runs_with_the_sdk_alone(sdk_only: Environment, tmp_path: Path) -> None:
    init = ["server", "init", "--folder", str(tmp_path / "server"), "--name", "https://license.example.com"]
    subprocess.run([Path(sys.executable).with_name("tenure"), *init], capture_output=True, timeout=120, check=True)
    program = "import sys; from ten_lines import open_editor; print(open_editor('kept', sys.argv[1]).licensed)"
    (sdk_only.folder / "ten_lines.py").write_text(TEN_LINES, encoding="utf-8")
    ran = sdk_only.run("python", "-c", program, str(tmp_path / "server" / "root.jws"))
    assert (ran.returncode, ran.stdout) == (0, "False\n"), ran.stderr
    where = sdk_only.run("python", "-c", "import tenure; print(tenure.__file__)").stdout
    assert where.startswith(str(sdk_only.site))


@pytest.mark.parametrize("module", ["tenure.server", "tenure.site", "tenure.cli", "starlette", "sqlalchemy", "rich"])
def test_an_application_has_nothing_of_a_server(sdk_only: Environment, module: str) -> None:
    ran = sdk_only.run("python", "-c", f"import {module}")
    assert "ModuleNotFoundError" in ran.stderr


def test_a_device_has_its_agent_without_server_code(sdk_only: Environment) -> None:
    ran = sdk_only.run("tenure-agent", "--version")
    assert (ran.returncode, ran.stdout.strip()) == (0, tenure.__version__), ran.stderr
    (line,) = re.findall(r"^ExecStart=(.+)$", (ROOT / "deploy" / "tenure-agent.service").read_text(), re.MULTILINE)
    command, *words = line.split()
    ran = sdk_only.run(Path(command).name, *words, "--help")
    assert (ran.returncode, "--agent FOLDER" in ran.stdout) == (0, True), ran.stderr
    nowhere = str(sdk_only.folder / "no-agent")
    ran = sdk_only.run("tenure-agent", "status", "--agent", nowhere, "--json")
    assert (ran.returncode, '"code":"not_found"' in ran.stderr) == (4, True), ran.stderr


def test_pyinstaller_finds_the_hook_of_an_installed_sdk(sdk_only: Environment) -> None:
    ran = sdk_only.run("python", "-c", HOOK)
    assert (ran.returncode, ran.stdout) == (0, "True\n"), ran.stderr


HOOK = """
from importlib.metadata import entry_points
from pathlib import Path
(found,) = entry_points(group="pyinstaller40", name="hook-dirs")
print(all(any(Path(folder).glob("hook-*.py")) for folder in found.load()()))
"""


@pytest.mark.parametrize(("more", "faults"), [("", 0), ("\n\nLicense.open(product=12)\n", 1)])
def test_types_of_the_installed_sdk_are_seen(sdk_only: Environment, tmp_path: Path, more: str, faults: int) -> None:
    (tmp_path / "program.py").write_text(TEN_LINES + more, encoding="utf-8")
    command = ["-m", "mypy", "--strict", "--config-file", os.devnull, "--python-executable", str(sdk_only.python)]
    command = [sys.executable, *command, "program.py"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    assert ran.returncode == min(faults, 1), ran.stdout + ran.stderr
    assert bool(re.search(r'error: Argument "product" .* "int"; expected "str"', ran.stdout)) is bool(faults)


def test_tenure_installs_beside_the_sdk_and_leaves_it_behind(wheels: dict[str, Path], tmp_path: Path) -> None:
    made = Environment(tmp_path / "env")
    made.lend(*metadata(wheels["tenure-sdk"]).get_all("Requires-Dist", []))
    made.install(*wheels.values())
    bare = made.run("tenure", "--version")
    assert (bare.returncode, 'pip install "tenure[cli]"' in bare.stderr) == (10, True), bare.stderr

    extras = read_projects()["tenure"]["project"]["optional-dependencies"]
    made.lend(*extras["cli"])
    assert made.run("tenure", "--version").stdout.strip() == tenure.__version__
    words = ("server", "init", "--folder", str(tmp_path / "server"), "--name", "https://license.example.com")
    without = made.run("tenure", *words)
    assert (without.returncode, 'pip install "tenure[cli,server]"' in without.stderr) == (10, True), without.stderr

    made.lend(*extras["server"])
    ran = made.run("tenure", *words)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert (tmp_path / "server" / "root.jws").is_file()

    made.uninstall("tenure")
    assert made.run("python", "-c", "import tenure.sdk").returncode == 0
    assert "ModuleNotFoundError" in made.run("python", "-c", "import tenure.server").stderr
