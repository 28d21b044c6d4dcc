"""`pip install tenure` without extras: the command says what to install, the SDK works, and its types are seen."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import tenure
from tenure.cli.extras import EXTRAS, install_advice
from tenure.core.refusals import ExitCode
from tools.locks import read_projects

SOURCE = Path(tenure.__file__).resolve().parents[1]
BARE = """
import sys
MISSING = {missing!r}
class Gone:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in MISSING:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Gone())
{then}
"""


def bare(then: str, missing: tuple[str, ...] = tuple(EXTRAS)) -> subprocess.CompletedProcess[str]:
    """A Python in which those packages are not installed."""
    program = BARE.format(missing=set(missing), then=then)
    env = {**os.environ, "PYTHONPATH": str(SOURCE)}
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=env, timeout=60, check=False
    )


@pytest.mark.parametrize("words", [[], ["--version"], ["activate", "X"]])
def test_without_extras_the_command_says_what_to_install(words: list[str]) -> None:
    ran = bare(f"sys.argv = ['tenure', *{words!r}]\nfrom tenure.cli.entry import main\nmain()")
    assert ran.returncode == ExitCode.UNREACHABLE
    assert ran.stdout == ""
    assert 'python3 -m pip install "tenure[cli]"' in ran.stderr
    assert "Traceback" not in ran.stderr


def test_with_the_command_alone_what_needs_no_server_runs() -> None:
    missing = tuple(name for name, extra in EXTRAS.items() if extra != "cli")
    ran = bare("sys.argv = ['tenure', '--version']\nfrom tenure.cli.entry import main\nmain()", missing)
    assert (ran.returncode, ran.stdout.strip()) == (0, tenure.__version__), ran.stderr


def test_with_the_command_alone_a_server_s_command_says_what_it_needs(tmp_path: Path) -> None:
    missing = tuple(name for name, extra in EXTRAS.items() if extra != "cli")
    words = ["tenure", "server", "init", "--folder", str(tmp_path / "s"), "--name", "https://license.example.com"]
    ran = bare(f"sys.argv = {words!r}\nfrom tenure.cli.entry import main\nmain()", missing)
    assert ran.returncode == ExitCode.UNREACHABLE, ran.stderr
    assert 'python3 -m pip install "tenure[cli,server]"' in ran.stderr
    assert "Traceback" not in ran.stderr


def test_without_extras_the_sdk_is_there_with_its_types() -> None:
    ran = bare("from tenure.sdk import License\nprint(License.__name__)")
    assert (ran.stdout.strip(), ran.returncode) == ("License", 0), ran.stderr
    assert (SOURCE / "tenure" / "py.typed").is_file()


def test_what_is_missing_for_another_reason_is_not_explained_away() -> None:
    assert install_advice("tenure.nowhere") == ""
    assert install_advice("somebody_elses") == ""


def test_every_extra_that_is_advised_exists_and_brings_the_package() -> None:
    extras = read_projects()["tenure"]["project"]["optional-dependencies"]
    brought = {name: {Requirement(each).name.replace("-", "_") for each in texts} for name, texts in extras.items()}
    assert set(EXTRAS.values()) == brought.keys() - {"site"}
    assert {package for package, extra in EXTRAS.items() if package not in brought[extra]} == set()
    # Where pysqlite3 is missing the standard library's SQLite is used.
    assert brought["site"] <= EXTRAS.keys() | {"pysqlite3"}
