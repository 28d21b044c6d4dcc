"""The rules of the house as a table and as checks of one source file: who may import whom, and what no room does.

Every check takes source text and returns complaints that give the reason; walking the tree is left to the tests
(`tests/architecture`), which also hold a known-bad source against every rule.
"""

import ast
import re
import sys
from collections.abc import Iterator
from typing import NamedTuple


class Room(NamedTuple):
    """What one folder of `src/tenure` may import."""

    ours: frozenset[str]
    """Other rooms."""
    third: frozenset[str]
    """Top-level modules of other people's packages."""
    why: str
    """The reason that a refused import is answered with."""
    never: frozenset[str] = frozenset()
    """Modules of the standard library, or of rooms otherwise allowed, that are out of bounds all the same."""


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_IO = _names(
    "asyncio ftplib http imaplib io logging multiprocessing os pathlib select selectors shutil signal smtplib socket"
    " socketserver sqlite3 ssl subprocess tempfile threading urllib"
)
_SDK = _names("msgspec nacl httpx2 httpcore2 dns anyio")
_DATABASE = _names("sqlalchemy alembic pysqlite3")
_PAGES = _names("starlette python_multipart jinja2 msgspec segno")
_SERVE = _names("uvicorn uvloop httptools anyio")
_SIGN_IN = _names("cryptography")
_TERMINAL = _names("cyclopts rich")
_ALL = _SDK | _DATABASE | _PAGES | _SERVE | _SIGN_IN | _TERMINAL | _names("prometheus_client asyncpg greenlet")

_PROGRAMS = _names("server portal site agent")
_INNER = _names("core wire store http web sdk")

ROOMS = {
    "core": Room(
        _names(""),
        _names("msgspec"),
        "the core is what is true and what may happen, a pure function of facts and `now`: the vendor's server and a"
        " device without a network must come to the same answer, so nothing in it can touch the world",
        _IO | _names("time random secrets"),
    ),
    "wire": Room(
        _names("core"),
        _names("msgspec nacl"),
        "the dangerous part is a verifier of bytes: its reader must see that it moves none and knows no clock",
        _IO | _names("time"),
    ),
    "sdk": Room(
        _names("core wire"),
        _SDK,
        "the SDK lives inside other people's applications: no web framework, no database, nothing of a server",
    ),
    "agent": Room(
        _names("core wire sdk"),
        _SDK,
        "the agent runs on every protected device: it carries what the SDK carries and nothing more",
    ),
    "store": Room(
        _names("core wire"),
        _DATABASE | _names("msgspec asyncpg greenlet nacl"),
        "the store remembers; it knows nothing of HTTP and decides nothing (nacl seals answers with secrets)",
    ),
    "http": Room(
        _names("core wire"),
        _SERVE | _names("msgspec nacl prometheus_client httpcore2 httpx2"),
        "the conventions of APIs are shared by activation server and site: they know neither's store nor any program"
        " (nacl is for its `accounts`, how people prove who they are; httpcore2 for its `outgoing`, the"
        " webhooks that both send; httpx2 for its `client`, which pages and commands ask our APIs with)",
    ),
    "server": Room(
        _names("core wire store http"),
        _SERVE | _SIGN_IN | _DATABASE | _names("msgspec nacl httpx2 httpcore2 jinja2 prometheus_client"),
        "the activation server has one entrance, its public API: it knows no portal, no site and no command line",
    ),
    "web": Room(
        _names("core http"),
        _PAGES,
        "the conventions of pages show decisions, they do not take them (of `http` they have the table of routes, and"
        " the client of the API that they show)",
        _names("tenure.core.business.decide tenure.core.business.settle tenure.core.business.runway"),
    ),
    "portal": Room(
        _names("core wire sdk http web"),
        _PAGES | _SERVE | _names("httpx2 nacl"),
        "the portal is a client of the public API like any integrator: no server internals, no database (nacl seals"
        " what the server keeps for its browsers)",
    ),
    "site": Room(
        _names("core wire sdk http web"),
        _PAGES | _SERVE | _SIGN_IN | _DATABASE | _names("nacl httpx2 prometheus_client"),
        "the site runs at the customer: it has its own small store and reaches the server over the network only",
    ),
    "sandbox": Room(
        _INNER | _PROGRAMS,
        _ALL,
        "demo, story and simulator start the programs; the command line starts them, not the other way round",
    ),
    "cli": Room(
        _INNER | _PROGRAMS | _names("sandbox"),
        _ALL,
        "the command line may use every room, as far as it is public, and what the package declares",
    ),
    "__main__": Room(_names("cli"), _names(""), "`python -m tenure` is the command line and nothing else"),
    "__init__": Room(_names(""), _names(""), "an import of one room must not pay for the others"),
}

_EDGE = _names("cli sandbox")
_FROM_OUTSIDE = {
    "sys.argv": "reads the arguments",
    "os.environ": "reads the environment",
    "os.getenv": "reads the environment",
    "time.time": "reads the system clock",
    "time.time_ns": "reads the system clock",
    "datetime.datetime.now": "reads the system clock",
    "datetime.datetime.utcnow": "reads the system clock",
    "datetime.datetime.today": "reads the system clock",
    "datetime.date.today": "reads the system clock",
}
_DICE = _names("uuid.uuid1 uuid.uuid4 os.urandom")
_BUILTIN_IO = _names("open print input breakpoint")
_BANNED_WORDS = _names("manager helper helpers util utils base impl")


class Source(NamedTuple):
    """One file of `src`, by its path below `src/tenure` (`core/business/decide/installations.py`)."""

    path: str
    text: str

    @property
    def room(self) -> str:
        """The first folder, or the name of a file that lies directly in the package."""
        return self.path.split("/")[0].removesuffix(".py")

    @property
    def module(self) -> str:
        """The dotted name under which it is imported."""
        parts = self.path.removesuffix(".py").split("/")
        return ".".join(["tenure", *(parts[:-1] if parts[-1] == "__init__" else parts)])


class Import(NamedTuple):
    """One imported name: `from tenure.core import lease` is module `tenure.core`, name `lease`."""

    module: str
    name: str
    alias: str
    line: int
    inside: str
    """The function that it stands in; empty at the top of the file."""

    @property
    def dotted(self) -> str:
        """Module and name as one."""
        return f"{self.module}.{self.name}" if self.name else self.module

    @property
    def origin(self) -> str:
        """What the alias stands for: `import os.path` binds `os`, `import os.path as p` binds `os.path`."""
        return self.alias if self.alias == self.module.split(".")[0] and not self.name else self.dotted


def imports(tree: ast.AST, inside: str = "") -> Iterator[Import]:
    """Every import of a file, those inside functions included."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield Import(name.name, "", name.asname or name.name.split(".")[0], node.lineno, inside)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            for name in node.names:
                yield Import(module, name.name, name.asname or name.name, node.lineno, inside)
        else:
            function = node.name if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else inside
            yield from imports(node, function)


def wrong_imports(source: Source) -> list[str]:
    """Imports that the table of rooms does not allow, private names of other rooms, relative imports."""
    room = ROOMS.get(source.room)
    if room is None:
        return [
            f"{source.path}: `{source.room}` is no room of the house; give it a row in tools/house.py, with a reason"
        ]
    found = []
    for each in imports(ast.parse(source.text)):
        if problem := _problem(source.room, room, each):
            found.append(f"{source.path}:{each.line} {problem}")
    return found


def _problem(name: str, room: Room, each: Import) -> str:
    if each.module.startswith("."):
        return "imports relatively; written in full, an import shows which room it comes from"
    top = each.module.split(".")[0]
    if top == "tenure":
        return _problem_with_ours(name, room, each)
    if top in room.never or (top not in sys.stdlib_module_names and top not in room.third):
        return f"imports {each.dotted}, but `{name}` may not: {room.why}"
    return ""


def _problem_with_ours(name: str, room: Room, each: Import) -> str:
    parts = each.dotted.split(".")
    other = parts[1] if len(parts) > 1 else "__init__"
    if other == name or each.dotted == "tenure.__version__":
        return ""
    if other not in room.ours or any(f"{each.dotted}.".startswith((f"{no}.", f"{no}_")) for no in room.never):
        return f"imports {each.dotted}, but `{name}` may not: {room.why}"
    if private := next((part for part in parts[2:] if part.startswith("_")), ""):
        return f"imports {private} of `{other}`: what starts with an underscore is that room's own business"
    return ""


_DEFERRED = _names(
    "sdk/license.py sdk/main.py sdk/engine/replies.py sdk/transport_factory.py agent/command/entry.py"
    " server/state_place.py"
)
"""Where the SDK loads HTTP, TLS, DNS, asyncio and the reading of dates when they are first used: an application that
asks what is licensed and no more starts in half the time (`python -m benchmarks.start`). `tenure-agent` loads its
command where Ctrl-C ends it at once. A server loads the driver of PostgreSQL, an extra, where a database is named."""


def hidden_imports(source: Source) -> list[str]:
    """Imports inside functions; only the command line, and the places named above, put off what is heavy."""
    if source.room == "cli" or source.path in _DEFERRED:
        return []
    return [
        f"{source.path}:{each.line} imports {each.dotted} inside {each.inside}(): if that dodges a cycle, the cycle is"
        " the error; move the shared type inward"
        for each in imports(ast.parse(source.text))
        if each.inside
    ]


def reads_the_world(source: Source) -> list[str]:
    """Arguments, environment and system clock, read anywhere but in a main.py, the command line or the sandbox."""
    if source.room in _EDGE or source.path.endswith("/main.py"):
        return []
    return [
        f"{source.path}:{line} {_FROM_OUTSIDE[dotted]} ({dotted}); only main.py files do, and hand on what they read,"
        " so that a test can hand on something else"
        for dotted, line in _uses(source.text)
        if dotted in _FROM_OUTSIDE
    ]


def impure(source: Source) -> list[str]:
    """Randomness in the core, and the built-in functions that touch the world in core and wire."""
    if source.room not in ("core", "wire"):
        return []
    banned = _BUILTIN_IO | (_DICE if source.room == "core" else frozenset())
    return [
        f"{source.path}:{line} calls {dotted}, but `{source.room}` may not: {ROOMS[source.room].why}"
        for dotted, line in _uses(source.text)
        if dotted in banned
    ]


def _uses(text: str) -> Iterator[tuple[str, int]]:
    """Every imported name or attribute that a file reads, traced to where it comes from, and every plain name."""
    tree = ast.parse(text)
    origin = {each.alias: each.origin for each in imports(tree)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.Attribute):
            first, _, rest = ast.unparse(node).partition(".")
            if first in origin:
                yield ".".join(filter(None, (origin[first], rest))), node.lineno
            elif not rest:
                yield first, node.lineno


_SAID_BY_HEADER = {"core/subscription/facts/": {"apply_to", "describe_change"}}
"""Methods that every class of a folder has, and that its `header` explains once."""


def unspoken(source: Source) -> list[str]:
    """A module that does not say in its first sentence why it exists, and public functions without a docstring."""
    tree = ast.parse(source.text)
    first = (ast.get_docstring(tree) or "").split("\n\n")[0].strip()
    found = []
    if not re.search(r"\w[^.]*\.(\s|$)", first):
        found.append(f"{source.path}:1 does not open with a sentence on why it exists and what it leaves to others")
    known = {name for folder, names in _SAID_BY_HEADER.items() if source.path.startswith(folder) for name in names}
    for function in _public_functions(tree):
        if not ast.get_docstring(function) and function.name not in known:
            found.append(
                f"{source.path}:{function.lineno} {function.name}() is public and says nothing of units, formats and"
                " refusals"
            )
    return found


def _public_functions(tree: ast.Module | ast.ClassDef) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from _public_functions(node)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
            marks = [ast.unparse(mark) for mark in node.decorator_list]
            if not any(mark.endswith(("overload", ".setter", ".deleter")) for mark in marks):
                yield node


def empty_names(source: Source) -> list[str]:
    """Classes and modules whose name says nothing: Manager, Helper, Util, Base, Impl."""
    names = [(1, part, part.split("_")) for part in source.path.removesuffix(".py").split("/")]
    for node in ast.walk(ast.parse(source.text)):
        if isinstance(node, ast.ClassDef):
            names.append((node.lineno, node.name, re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", node.name)))
    return [
        f"{source.path}:{line} `{name}` says nothing about its duty ({word}); take the domain's word"
        for line, name, words in names
        for word in words
        if word.lower() in _BANNED_WORDS
    ]


def half_caught(source: Source) -> list[str]:
    """Handlers of msgspec's errors that let bytes through which are no UTF-8: those raise another error."""
    return [
        f"{source.path}:{node.lineno} bytes that are no UTF-8 raise UnicodeDecodeError, which is none of msgspec's; "
        "catch it, too"
        for node in ast.walk(ast.parse(source.text))
        if isinstance(node, ast.ExceptHandler) and node.type is not None
        for caught in [ast.unparse(node.type)]
        if re.search(r"msgspec\.(MsgspecError|DecodeError)", caught) and not re.search("Unicode|ValueError", caught)
    ]


def cycles(sources: list[Source]) -> list[str]:
    """Modules that import one another in a circle, however long."""
    known = {source.module for source in sources}
    graph = {source.module: _targets(source, known) - {source.module} for source in sources}
    # A module that leads nowhere but to modules already cleared is in no circle; what is left at the end is.
    while clear := [module for module, to in graph.items() if not to & graph.keys()]:
        for module in clear:
            del graph[module]
    while wanted := [module for module in graph if not any(module in to for to in graph.values())]:
        for module in wanted:
            del graph[module]
    return [
        f"{module} is in a circle of imports with {', '.join(sorted(to & graph.keys()))}; move the shared type inward"
        for module, to in sorted(graph.items())
    ]


def _targets(source: Source, known: set[str]) -> set[str]:
    found = set()
    for each in imports(ast.parse(source.text)):
        found.add(each.dotted if each.dotted in known else each.module)
    return found & known


RULES = (wrong_imports, hidden_imports, reads_the_world, impure, unspoken, empty_names, half_caught)
"""Every rule that looks at one file at a time."""
