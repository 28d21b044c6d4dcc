"""Outputs kept as files in `tests/golden/cli`: compared, or written anew with `GOLDEN=write`; ids get fixed names."""

import os
import re
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "golden" / "cli"

# Of the same length as what they stand for, so that tables keep their widths.
_ID = re.compile(r"\b(sub|cus|off|prv|tok|cod|sit)_[0-9a-z]{26}\b")
_ELSE = (
    (re.compile(r"\b([0-9A-Z]{5}-){3}[0-9A-Z]{5}\b"), "AAAAA-BBBBB-CCCCC-DDDDD"),
    (re.compile(r"\b[0-9]{10}\.[0-9a-f]{64}\b"), "1767225600." + "0" * 64),
    (re.compile(r"\b[0-9a-f]{64}\b"), "0" * 64),
    (re.compile(r"\breq_[0-9a-f]{24}\b"), "req_" + "0" * 24),
    (re.compile(r"\b(tn[rstip])_[0-9a-z]+\b"), r"\1_secret"),
    (re.compile(r"127\.0\.0\.1:[0-9]{2,5}"), "127.0.0.1:44444"),
)


def steady(text: str, drawn: str = "") -> str:
    """`text` with what chance decides replaced: ids by the order of their appearance, codes, hashes, ports, `drawn`."""
    text = text.replace(drawn, "D" * len(drawn)) if drawn else text
    for pattern, fixed in _ELSE:
        text = pattern.sub(fixed, text)
    names: dict[str, str] = {}
    text = _ID.sub(lambda found: names.setdefault(found[0], f"{found[1]}_{len(names) + 1:026}"), text)
    return "\n".join(line.rstrip() for line in text.split("\n"))


def compare(name: str, text: str, drawn: str = "") -> None:
    """Fail when `text` is not what the file `name` holds."""
    file, seen = FOLDER / f"{name}.txt", steady(text, drawn)
    if os.environ.get("GOLDEN") == "write":
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(seen, encoding="utf-8")
    assert file.exists(), f"{file} is missing; GOLDEN=write makes it"
    assert seen == file.read_text(encoding="utf-8"), (
        "the output changed; if it is meant: GOLDEN=write pytest tests/cli/test_golden.py"
    )
