"""docs/settings.md lists what the programs read: every key by generation, every variable that the source names."""

import re
import tomllib
from pathlib import Path

import msgspec
import pytest

from tenure.cli.variables import VARIABLES
from tools.settings import FILES, PAGE, keys_of, page

SRC = Path(__file__).parents[2] / "src" / "tenure"
NAMED = re.compile(r"""["']((?:TENURE|XDG|SSL_CERT)_[A-Z_]+|HOME|https_proxy|no_proxy)["']""")
GROUPS = re.compile(r"TENURE_[A-Z]+_[A-Z]+|SSL_CERT_[A-Z]+")


def test_the_page_is_what_the_code_reads() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: make docs"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_key_of_the_page_is_read_and_no_other(file: object) -> None:
    """The parser itself says so: a key of the page is never unknown, one beside it always."""
    assert isinstance(file, type(FILES[0]))
    for key in keys_of(file.struct):
        parts = ["editor" if part.startswith("<") else part for part in key.path.split(".")]
        with_key = nested([*parts], object())
        with pytest.raises(msgspec.ValidationError) as told:
            msgspec.convert(with_key, file.struct)
        assert "unknown field" not in str(told.value), key.path
        with pytest.raises(msgspec.ValidationError, match="unknown field"):
            msgspec.convert(needed(file.name) | nested([*parts[:-1], f"{parts[-1]}x"], "1"), file.struct)


def needed(name: str) -> dict[str, object]:
    """The least that each file holds, so that nothing else is to blame."""
    return {
        "server.json": {"name": "https://license.example.com"},
        "site.toml": {"server": "https://license.example.com", "products": {"editor": {"version": "1.0"}}},
        "agent.toml": {"product": "editor", "version": "1.0"},
    }[name]


def nested(parts: list[str], value: object) -> dict[str, object]:
    for part in reversed(parts):
        value = {part: value}
    assert isinstance(value, dict)
    return value


def test_every_variable_of_the_source_is_listed_and_every_listed_one_is_in_the_source() -> None:
    beside = SRC / "cli" / "variables.py"
    found = {
        name for path in SRC.rglob("*.py") if path != beside for name in NAMED.findall(path.read_text(encoding="utf-8"))
    }
    assert found == {each.name for each in VARIABLES}


def test_the_samples_of_the_page_s_kinds_are_toml() -> None:
    for file in FILES[1:]:
        for key in keys_of(file.struct):
            if key.default.startswith("`"):
                tomllib.loads(f"key = {key.default.strip('`')}")
