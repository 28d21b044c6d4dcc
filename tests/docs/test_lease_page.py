"""docs/lease.md is true: each of its examples verifies a lease of the real server, and refuses one that was changed."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.server.server_env import Clock, office

pytestmark = pytest.mark.anyio

PAGE = Path(__file__).resolve().parents[2] / "docs" / "lease.md"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture
async def folder(tmp_path: Path, real_now: Callable[[], int]) -> Path:
    """A folder with `lease.jwt` and `jwk_set.json`, as the page supposes."""
    (tmp_path / "server").mkdir()
    async with office(tmp_path / "server", clock=Clock(real_now())) as env:
        _, code = await env.order()
        site = env.site()
        await site.activate(code)
        assert site.lease is not None
        (tmp_path / "lease.jwt").write_bytes(site.lease.token)
        (tmp_path / "jwks.json").write_bytes((await env.http.get("/.well-known/jwks.json")).content)
    return tmp_path


@pytest.fixture
def real_now() -> Callable[[], int]:
    import time  # noqa: PLC0415 - the one test that must go by today's date

    return lambda: int(time.time())


def ran(words: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False, timeout=60)


def spoil(folder: Path) -> None:
    token = (folder / "lease.jwt").read_text(encoding="ascii")
    head, payload, signature = token.split(".")
    changed = payload[:-8] + ("A" if payload[-8] != "A" else "B") + payload[-7:]
    (folder / "lease.jwt").write_text(f"{head}.{changed}.{signature}", encoding="ascii")


async def test_the_python_example_prints_the_features(folder: Path) -> None:
    done = ran([sys.executable, "-c", block("python")], folder)
    assert done.stdout.strip() == "['edit', 'export', 'read']", done.stderr
    spoil(folder)
    assert ran([sys.executable, "-c", block("python")], folder).returncode != 0


async def test_the_openssl_example_verifies_the_signature(folder: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed: the shell example of docs/lease.md is not tried")
    done = ran(["bash", "-c", block("bash")], folder)
    assert "Verified Successfully" in done.stdout, done.stdout + done.stderr
    spoil(folder)
    assert ran(["bash", "-c", block("bash")], folder).returncode != 0


async def test_the_node_example_prints_the_features(folder: Path) -> None:
    (folder / "check.mjs").write_text(block("javascript"), encoding="utf-8")
    have = shutil.which("node") and ran(["node", "-e", "require.resolve('jose')"], folder).returncode == 0
    if not have:
        pytest.skip("Node with jose is not installed: the JavaScript example of docs/lease.md is not tried")
    done = ran(["node", "check.mjs"], folder)
    assert "export" in done.stdout, done.stderr
