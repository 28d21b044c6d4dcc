"""Every question of the console, found by walking its pages, says by name what it is about."""

import asyncio
import re

import httpx2
import pytest

from tenure.site.console.app import console_routes
from tenure.site.console.session import LocalServer
from tests.site.callers import Caller
from tests.site.site_env import SiteProcess
from tests.site.test_console_roles import SLOW, busy, signed_in
from tests.web.browser import FormFound
from tests.web.forms_walk import crawled, questions_asked

pytestmark = pytest.mark.slow
__all__ = ["busy"]

NAMES = {
    "/licenses/{product}/fork": ("“Head office”", "editor"),
    "/groups/remove": ("Remove the group “Laboratory”", "Devices"),
    "/devices": (r"Withdraw the seat of “[\w-]*desk-\d”",),
    "/devices/{device}/withdraw": (r"Withdraw the seat of “[\w-]*desk-\d”",),
    "/devices/{device}/remove": (r"Remove “[\w-]*desk-\d”",),
    "/enrollments/{enrollment}/withdraw": ("“editor, default, 1 Jan 2026", "5 of 6"),
    "/licenses/{product}/conflict": (r"Release “[\w-]*desk-\d” now",),
    "/licenses/{product}/silent": (r"Release “[\w-]*desk-\d” now",),
    "/users/{user}/reset": ("Give “administrator-", "a new password"),
    "/users/{user}/remove": ("Remove the account “administrator-", "Administrator"),
    "/settings/forwarding/{forwarding}/resume": ("the events that waited for “Operations”",),
}
"""What stands on the page of each question, as expressions."""


def furnish(house: SiteProcess) -> str:
    """A group of its own, and a forwarding; the address of the latter's page."""
    root = Caller(house)
    root.send("PUT", "/v1/groups/Laboratory", {"automatic": True})
    body = {"name": "Operations", "webhook": {"url": "https://hooks.example/in"}, "severity": "info", "kinds": []}
    return f"/settings/forwarding/{root.post('/v1/forwardings', body)['forwarding']['id']}"


def asking_routes() -> list[str]:
    return [each.path for each in console_routes(LocalServer(httpx2.AsyncClient())) if each.asks]


async def test_every_question_names_what_is_meant(busy: SiteProcess) -> None:
    assert set(NAMES) == set(asking_routes())
    tab = await signed_in(busy, "administrator")
    forwarding = await asyncio.to_thread(furnish, busy)
    device = busy.devices()[0].id
    given: dict[str, dict[str, str | list[str]]] = {
        "/licenses/{product}/fork": {"resolution": "restored"},
        "/groups/remove": {"name": "Laboratory"},
        "/devices": {"what": "withdraw", "device": [device]},
        "/licenses/{product}/conflict": {"device": [device]},
        "/licenses/{product}/silent": {"device": [device]},
        "/settings/forwarding/{forwarding}/resume": {"skip": "on"},
    }
    starts = ["/", "/groups/Laboratory", "/licenses/editor/conflict", "/licenses/editor/silent?days=1"]
    forms = await crawled(tab, starts, skip=SLOW)
    # It stands on the page of a forwarding that has stopped; this one works.
    token = next(iter(forms.values())).fields["_token"]
    forms["resume"] = FormFound(f"{forwarding}/resume", "post", {"_token": token})
    found = await questions_asked(tab, forms, asking_routes(), given)
    for path, text in found.items():
        missing = [name for name in NAMES[path] if not re.search(name, text)]
        assert not missing, (path, missing, text)
        assert not re.search(r"\b[a-z]{3}_[0-9a-z]{26}\b", text), path
    assert set(found) == set(NAMES), "each was asked"
