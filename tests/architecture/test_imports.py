"""The rules of the house hold in every source file, and every rule catches what it is there to catch."""

from collections.abc import Callable
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tools import sizes
from tools.house import (
    ROOMS,
    RULES,
    Source,
    cycles,
    empty_names,
    half_caught,
    hidden_imports,
    impure,
    reads_the_world,
    unspoken,
    wrong_imports,
)
from tools.locks import read_projects

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "tenure"

Rule = Callable[[Source], list[str]]


def _sources() -> list[Source]:
    paths = sorted(PACKAGE.rglob("*.py"))
    return [Source(path.relative_to(PACKAGE).as_posix(), path.read_text(encoding="utf-8")) for path in paths]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_house_keeps_its_rules(rule: Rule) -> None:
    sources = _sources()
    assert sources, "there is no source to look at"
    found = [complaint for source in sources for complaint in rule(source)]
    assert not found, "\n" + "\n".join(found)


def test_no_module_imports_itself_in_a_circle() -> None:
    found = cycles(_sources())
    assert not found, "\n" + "\n".join(found)


def test_no_file_is_too_long_to_hold_in_the_head() -> None:
    assert sizes.too_long(sizes.files(ROOT)) == []


OPENING = '"""Why this is here."""\n'

BAD = [
    # who may import whom
    (wrong_imports, "core/x.py", "import os", "a pure function of facts"),
    (wrong_imports, "core/x.py", "from time import monotonic", "a pure function of facts"),
    (wrong_imports, "core/x.py", "import logging.handlers", "a pure function of facts"),
    (wrong_imports, "core/decide/x.py", "import secrets", "a pure function of facts"),
    (wrong_imports, "core/x.py", "from tenure.wire import seal", "`core` may not"),
    (wrong_imports, "core/x.py", "import tenure.store", "`core` may not"),
    (wrong_imports, "core/x.py", "import sqlalchemy", "`core` may not"),
    (wrong_imports, "core/x.py", "def f():\n    import random", "`core` may not"),
    (wrong_imports, "core/x.py", "if TYPE_CHECKING:\n    from tenure.server import app", "`core` may not"),
    (wrong_imports, "wire/x.py", "import socket", "verifier of bytes"),
    (wrong_imports, "wire/x.py", "import cryptography", "verifier of bytes"),
    (wrong_imports, "sdk/x.py", "import starlette", "no web framework"),
    (wrong_imports, "sdk/x.py", "from tenure.store import schema", "no database"),
    (wrong_imports, "agent/x.py", "from tenure.site import seats", "`agent` may not"),
    (wrong_imports, "store/x.py", "import httpx2", "knows nothing of HTTP"),
    (wrong_imports, "http/x.py", "from tenure.store import facts", "neither's store"),
    (wrong_imports, "server/x.py", "from tenure.portal import pages", "one entrance"),
    (wrong_imports, "server/x.py", "from tenure import cli", "one entrance"),
    (wrong_imports, "web/x.py", "from tenure.core.business.decide import decide", "do not take them"),
    (wrong_imports, "web/x.py", "from tenure.core.business import decide", "do not take them"),
    (wrong_imports, "portal/x.py", "from tenure.server import service", "like any integrator"),
    (wrong_imports, "portal/x.py", "import sqlalchemy", "no database"),
    (wrong_imports, "site/x.py", "from tenure.portal import pages", "over the network only"),
    (wrong_imports, "site/x.py", "from tenure.store import schema", "over the network only"),
    (wrong_imports, "sandbox/x.py", "from tenure.cli import main", "not the other way round"),
    (wrong_imports, "cli/x.py", "from tenure.server import _secret", "that room's own business"),
    (wrong_imports, "cli/x.py", "import pytest", "`cli` may not"),
    (wrong_imports, "__init__.py", "from tenure.sdk import License", "must not pay"),
    (wrong_imports, "core/x.py", "from . import lease", "imports relatively"),
    (wrong_imports, "cellar/x.py", "", "no room of the house"),
    # imports inside functions
    (hidden_imports, "server/x.py", "def f():\n    from tenure.core import lease", "a cycle"),
    (
        hidden_imports,
        "core/x.py",
        "class A:\n    async def f(self):\n        if x:\n            import json",
        "a cycle",
    ),
    # the outside world
    (reads_the_world, "server/app.py", "import time\nx = time.time()", "system clock"),
    (reads_the_world, "server/app.py", "from time import time as t\nx = t()", "system clock"),
    (reads_the_world, "sdk/app.py", "import time\nclock = time.time", "system clock"),
    (reads_the_world, "core/x.py", "from datetime import UTC, datetime\nx = datetime.now(UTC)", "system clock"),
    (reads_the_world, "core/x.py", "import datetime as d\nx = d.datetime.utcnow()", "system clock"),
    (reads_the_world, "site/x.py", "from datetime import date\nx = date.today()", "system clock"),
    (reads_the_world, "site/x.py", "import os\nx = os.environ['HOME']", "environment"),
    (reads_the_world, "site/x.py", "from os import getenv\nx = getenv('HOME')", "environment"),
    (reads_the_world, "site/x.py", "import sys\nx = sys.argv[1:]", "arguments"),
    (impure, "core/x.py", "import uuid\nx = uuid.uuid4()", "`core` may not"),
    (impure, "core/x.py", "from uuid import uuid1\nx = uuid1()", "`core` may not"),
    (impure, "core/x.py", "def f():\n    print('x')", "`core` may not"),
    (impure, "wire/x.py", "def f(path):\n    return open(path).read()", "`wire` may not"),
    # what is said
    (unspoken, "core/x.py", "'''Lease'''", "open with a sentence"),
    (unspoken, "core/x.py", "x = 1", "open with a sentence"),
    (unspoken, "core/x.py", OPENING + "def f():\n    return 1", "f() is public"),
    (unspoken, "core/x.py", OPENING + "class A:\n    async def f(self):\n        return 1", "f() is public"),
    # names
    (empty_names, "core/x.py", "class LeaseManager: pass", "Manager"),
    (empty_names, "core/x.py", "class BaseStore: pass", "Base"),
    (empty_names, "core/x.py", "class HTTPHelper: pass", "Helper"),
    (empty_names, "core/utils.py", "", "utils"),
    (empty_names, "server/helpers/x.py", "", "helpers"),
    # errors
    (half_caught, "store/x.py", "try: f()\nexcept msgspec.MsgspecError: pass", "no UTF-8"),
    (half_caught, "store/x.py", "try: f()\nexcept (msgspec.DecodeError, OSError): pass", "no UTF-8"),
]


@pytest.mark.parametrize(("rule", "path", "text", "reason"), BAD)
def test_a_known_bad_source_is_caught_and_told_why(rule: Rule, path: str, text: str, reason: str) -> None:
    found = rule(Source(path, text))
    assert found, f"{rule.__name__} does not catch:\n{text}"
    assert any(reason in complaint for complaint in found), found
    assert all(complaint.startswith(path) for complaint in found)


GOOD = [
    (wrong_imports, "core/x.py", "import hashlib\nimport msgspec\nfrom tenure.core.lease.claims import Lease"),
    (wrong_imports, "wire/x.py", "from nacl.signing import VerifyKey\nfrom tenure.core import lease"),
    (wrong_imports, "store/x.py", "import os\nimport sqlalchemy as sa\nfrom tenure.wire import seal"),
    (wrong_imports, "web/x.py", "from tenure.core.refusals import TABLE"),
    (wrong_imports, "cli/x.py", "from tenure.server.main import serve\nimport rich"),
    (wrong_imports, "server/x.py", "from tenure import __version__"),
    (hidden_imports, "cli/x.py", "def f():\n    from tenure.server.main import serve"),
    (reads_the_world, "server/main.py", "import os, sys, time\nx = os.environ, sys.argv, time.time()"),
    (reads_the_world, "sandbox/x.py", "import time\nx = time.time()"),
    (reads_the_world, "server/x.py", "import time\nx = time.monotonic()"),
    (reads_the_world, "core/x.py", "from datetime import UTC, datetime\nx = datetime.fromtimestamp(0, UTC)"),
    (reads_the_world, "core/x.py", "def f(time):\n    return time.time"),
    (impure, "store/x.py", "def f(path):\n    return open(path).read()"),
    (
        unspoken,
        "core/x.py",
        OPENING + "def _f(): pass\nclass _A:\n    def f(self): pass\nclass B:\n    def _g(self): pass",
    ),
    (unspoken, "core/x.py", "'''A sentence on\ntwo lines.\n\nAnd more'''"),
    (empty_names, "core/baseline.py", "class Database: pass\nclass Implied: pass\nclass HTTPProblem: pass"),
    (half_caught, "store/x.py", "try: f()\nexcept (msgspec.MsgspecError, UnicodeDecodeError): pass"),
    (half_caught, "store/x.py", "try: f()\nexcept msgspec.ValidationError: pass"),
]


@pytest.mark.parametrize(("rule", "path", "text"), GOOD)
def test_what_the_house_allows_is_left_alone(rule: Rule, path: str, text: str) -> None:
    assert rule(Source(path, text)) == []


def test_circles_of_imports_are_caught_and_chains_are_not() -> None:
    chain = [
        Source("core/__init__.py", OPENING),
        Source("core/a.py", "from tenure.core import b"),
        Source("core/b.py", "from tenure.core.c import x"),
        Source("core/c.py", ""),
        Source("core/d.py", "import tenure.core.a"),
    ]
    assert cycles(chain) == []
    found = cycles([*chain[:3], Source("core/c.py", "import tenure.core.a"), chain[4]])
    assert [complaint.split()[0] for complaint in found] == ["tenure.core.a", "tenure.core.b", "tenure.core.c"]


def test_a_file_that_is_too_long_is_caught_but_not_a_table(tmp_path: Path) -> None:
    for name in ("core/long.py", "core/refusals.py"):
        path = tmp_path / "src" / "tenure" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x = 1\n" * (sizes.HARD_STOP + 1), encoding="utf-8")
    assert [size.name for size in sizes.too_long(sizes.files(tmp_path))] == ["src/tenure/core/long.py"]


MODULES = {"nacl": "pynacl", "dns": "dnspython"}
"""Modules that are named otherwise than the package that brings them."""
BROUGHT_BY = {"httpcore2": "httpx2", "anyio": "httpx2"}
"""Modules that come with a declared package, as a part of what it offers."""
INSTALLED_WITH = {
    "core": [],
    "wire": [],
    "sdk": [],
    "agent": [],
    "http": ["site"],
    "web": ["site"],
    "site": ["site"],
    "store": ["server", "postgres"],
    "server": ["server", "postgres"],
    "portal": ["server"],
    "sandbox": ["cli", "site", "server", "postgres"],
    "cli": ["cli", "site", "server", "postgres"],
}
"""The extras of `tenure` with which a room must work; what `tenure-sdk` requires is there always."""


@pytest.mark.parametrize("room", [room for room in ROOMS if not room.startswith("__")])
def test_what_a_room_may_import_is_installed_with_it(room: str) -> None:
    projects = {name: each["project"] for name, each in read_projects().items()}
    declared = list(projects["tenure-sdk"]["dependencies"])
    for extra in INSTALLED_WITH[room]:
        declared += projects["tenure"]["optional-dependencies"][extra]
    names = {Requirement(text).name for text in declared}
    modules = {BROUGHT_BY.get(module, MODULES.get(module, module)) for module in ROOMS[room].third}
    assert {module.replace("_", "-") for module in modules} <= names
