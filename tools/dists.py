"""Builds wheel and source distribution of `tenure-sdk` and of `tenure`, both out of the one source tree.

Each is built in a copy: the source tree of `tenure-sdk` is a link, which a source distribution cannot hold. Which files
belong to which distribution is said in the two pyproject.toml files.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
FOLDERS: Final = {"tenure-sdk": ROOT / "packages" / "tenure-sdk", "tenure": ROOT}
PARTS: Final = ("pyproject.toml", "README.md", "LICENSE", "src")
"""What a build reads; nothing else of the checkout is near it."""
BUILD: Final = "import sys, uv_build; uv_build.build_sdist(sys.argv[1]); uv_build.build_wheel(sys.argv[1])"


def build(folder: Path, source: Path) -> None:
    """Build the project in `source` into `folder`, with the build backend that is installed."""
    path = os.pathsep.join((sysconfig.get_path("scripts"), os.environ.get("PATH", os.defpath)))
    command = [sys.executable, "-c", BUILD, str(folder.resolve())]
    # Its own name for each file is all that the backend says on standard output.
    subprocess.run(command, cwd=source, env={**os.environ, "PATH": path}, check=True, stdout=subprocess.DEVNULL)


def build_dists(folder: Path) -> list[Path]:
    """Build both distributions into `folder`; returns the four files."""
    folder.mkdir(parents=True, exist_ok=True)
    for source in FOLDERS.values():
        with tempfile.TemporaryDirectory() as copy:
            for part in PARTS:
                if (source / part).is_dir():
                    shutil.copytree(source / part, Path(copy, part), ignore=shutil.ignore_patterns("__pycache__"))
                else:
                    shutil.copyfile(source / part, Path(copy, part))
            build(folder, Path(copy))
    return sorted(path for path in folder.iterdir() if path.name.startswith("tenure"))


if __name__ == "__main__":
    for built in build_dists(Path(sys.argv[1]) if sys.argv[1:] else ROOT / "dist"):
        print(f"{built.name}: {built.stat().st_size / 1000:,.0f} kB")
