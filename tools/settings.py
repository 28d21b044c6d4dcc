"""Writes `docs/settings.md` from the structures that the settings files are read with: key, type, default, meaning.

A key without a meaning beside it in the source fails, and so does a page that is behind (`tests/architecture`).
"""

import ast
import inspect
import re
import sys
import typing
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from tenure.agent import settings as agent
from tenure.cli.variables import VARIABLES
from tenure.server import settings as server
from tenure.site import settings as site

PAGE = Path(__file__).parents[1] / "docs" / "settings.md"
_OF_MISSION = re.compile(r" \([MB]\d+(?:, [MB]\d+)*\)")
HEAD = """\
# Settings: every key and every environment variable

Written by `make docs` from what the programs read. A key that is not listed is refused by its name, and so is a value
of another kind. Paths are relative to the file's own folder. A program reads its file when it starts.
"""


class File(NamedTuple):
    """One settings file."""

    name: str
    about: str
    struct: type[msgspec.Struct]


FILES = (
    File(
        "server.json", "The activation server's, in its folder (`tenure server init` writes it).", server.ServerSettings
    ),
    File("site.toml", "An administration server's, in its folder (`tenure site init` writes it).", site.SiteSettings),
    File("agent.toml", "A device's agent's, in its folder (`tenure-agent init` writes it).", agent.AgentSettings),
)


class Key(NamedTuple):
    """One key, by its whole path."""

    path: str
    kind: str
    default: str
    meaning: str


def keys_of(struct: type[msgspec.Struct], prefix: str = "") -> list[Key]:
    """Every key of a structure and of those in it, in order; ValueError for one whose meaning is not said."""
    told = _meanings(struct)
    found: list[Key] = []
    for field in msgspec.structs.fields(struct):
        path = f"{prefix}{field.encode_name}"
        inner, repeated = _inner(field.type)
        if inner is not None:
            found += keys_of(inner, f"{path}.<{field.encode_name.removesuffix('s')}>." if repeated else f"{path}.")
            continue
        if field.name not in told:
            raise ValueError(f"{struct.__name__}.{field.name} says nowhere what it means")
        found.append(Key(path, _kind(field.type), _default(field), told[field.name]))
    return found


def _meanings(struct: type[msgspec.Struct]) -> dict[str, str]:
    (body,) = (each for each in ast.parse(inspect.getsource(struct)).body if isinstance(each, ast.ClassDef))
    found: dict[str, str] = {}
    for here, after in zip(body.body, body.body[1:], strict=False):
        if isinstance(here, ast.AnnAssign) and isinstance(here.target, ast.Name) and isinstance(after, ast.Expr):
            found[here.target.id] = _OF_MISSION.sub("", " ".join(str(ast.literal_eval(after.value)).split()))
    return found


def _inner(kind: Any) -> tuple[type[msgspec.Struct] | None, bool]:
    """The structure that a key holds, and whether there are many by names of one's own."""
    kind = _bare(kind)
    for each in (kind, *typing.get_args(kind)):
        bare = _bare(each)
        if isinstance(bare, type) and issubclass(bare, msgspec.Struct):
            return bare, typing.get_origin(kind) is dict
    return None, False


def _bare(kind: Any) -> Any:
    return _bare(typing.get_args(kind)[0]) if typing.get_origin(kind) is typing.Annotated else kind


def _kind(kind: Any) -> str:
    bare = _bare(kind)
    origin, arguments = typing.get_origin(bare), typing.get_args(bare)
    if origin is typing.Literal:
        return ", ".join(f"`{each}`" for each in arguments)
    if origin is tuple:
        return "list of texts"
    names = {str: "text", int: "whole number", bool: "`true`, `false`"}
    return " or ".join(names[_bare(each)] for each in arguments or (bare,) if each is not type(None))


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return "**needed**"
    value = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    empty = value is None or value in ("", ())
    return "" if empty else f"`{msgspec.json.encode(value).decode()}`"


def page() -> str:
    """The whole page."""
    lines = [HEAD]
    for file in FILES:
        lines += [f"## `{file.name}`", "", file.about, "", "| key | value | otherwise | meaning |", "|---|---|---|---|"]
        lines += [f"| `{key.path}` | {key.kind} | {key.default} | {key.meaning} |" for key in keys_of(file.struct)]
        lines.append("")
    lines += ["## Environment variables", "", "| variable | who reads it | meaning |", "|---|---|---|"]
    lines += [f"| `{each.name}` | {each.reader} | {each.meaning} |" for each in VARIABLES]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(PAGE.read_text(encoding="utf-8") != page() and "docs/settings.md is behind: run make docs")
    PAGE.write_text(page(), encoding="utf-8")
