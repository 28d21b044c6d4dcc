"""A real Chromium before the real portal of the demo; pictures of every page are kept in `artifacts/`, for people."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, sync_playwright

from tenure.sandbox.demo import RunningDemo, running_demo
from tenure.sandbox.seed import EVERYBODYS

PICTURES = Path(__file__).resolve().parents[2] / "artifacts"
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}


def chromium() -> str:
    """Where Chromium is; empty when there is none."""
    for name in (os.environ.get("CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name) if name else None
        if found and subprocess.run([found, "--version"], capture_output=True, check=False).returncode == 0:
            return found
    return ""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    with running_demo(tmp_path_factory.mktemp("browser")) as started:
        yield started


@pytest.fixture(scope="module")
def browser(demo: RunningDemo) -> Iterator[Browser]:
    # As long as it drives a browser, this thread has an event loop that runs: the demo is started before, and nothing
    # else is left to it than the tests of one file.
    with launched() as started:
        yield started


@contextmanager
def launched() -> Iterator[Browser]:
    """The browser, if there is one; in continuous integration there has to be."""
    program = chromium()
    if not program and os.environ.get("CI"):
        pytest.fail("There is no Chromium; `tools/ensure-chromium` installs it.")
    if not program:
        pytest.skip("There is no Chromium; `tools/ensure-chromium` installs it.")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield started
        started.close()


def sign_in(context: BrowserContext, demo: RunningDemo, who: str = "olga@north.example") -> Page:
    """A tab in which somebody has signed in; whatever the browser complains of is in `page.complaints`."""
    page = context.new_page()
    complaints: list[str] = []
    page.complaints = complaints  # type: ignore[attr-defined]
    page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{demo.portal}/sign-in")
    page.fill("#f-email", who)
    page.fill("#f-password", EVERYBODYS)
    page.press("#f-password", "Enter")
    page.wait_for_url(lambda url: "/sign-in" not in url)
    return page


def picture(page: Page, name: str) -> None:
    """Keep how the page looks; Chromium now and then has no frame at hand ("Unable to capture screenshot")."""
    PICTURES.mkdir(exist_ok=True)
    for last in (False, False, True):
        try:
            page.screenshot(path=PICTURES / f"{name}.png", full_page=True)
        except Error:
            if last:
                raise
            page.wait_for_timeout(200)
        else:
            return
