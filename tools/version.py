"""Writes the version into the four places that state it: `src/tenure/__init__.py`, both pyproject.toml, and the pin.

The build backend reads a version as text only, so that it cannot be taken from one place. A test compares all four.
"""

import re
import sys
from pathlib import Path
from typing import Final

from packaging.version import InvalidVersion, Version

ROOT: Final = Path(__file__).resolve().parent.parent
PLACES: Final = {
    "src/tenure/__init__.py": (r'(?m)^(__version__ = ")[^"]+',),
    "packages/tenure-sdk/pyproject.toml": (r'(?m)^(version = ")[^"]+',),
    "pyproject.toml": (r'(?m)^(version = ")[^"]+', r"(\"tenure-sdk==)[^\"]+"),
}
"""The files, and in each what stands before the version."""


def write_version(root: Path, text: str) -> None:
    """Write the version everywhere below `root`; ends the program where `text` is none, or where a place is missing."""
    try:
        version = str(Version(text))
    except InvalidVersion:
        sys.exit(f"{text!r} is not a version, such as 0.2.0")
    for name, patterns in PLACES.items():
        path = root / name
        content = path.read_text(encoding="utf-8")
        for pattern in patterns:
            content, count = re.subn(pattern, rf"\g<1>{version}", content)
            if count != 1:
                sys.exit(f"{name} states the version {count} times where one is expected")
        path.write_text(content, encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m tools.version VERSION")
    write_version(ROOT, sys.argv[1])
