"""Every form of the console is classified by what stands before its deed; one that cannot be undone asks first."""

import httpx2

from tenure.http.client.transports import AsyncTransport
from tenure.site.console.app import console_routes
from tenure.site.console.pages.forks import QUESTIONS, RESOLUTIONS
from tenure.site.console.session import LocalServer

CLASSES: dict[str, tuple[str, ...]] = {
    # A page of its own shows what it comes to; its button does exactly that.
    "previewed": (
        "/licenses/{product}/remove", "/licenses/{product}/code", "/licenses/{product}/successor",
        "/duplicates/{older}/{newer}", "/settings/forwarding/{forwarding}/remove",
    ),
    # A question says what is done, and that it cannot be undone where that is so (`ConfirmationQuestion`).
    "confirmed": (
        "/licenses/{product}/fork", "/groups/remove", "/devices", "/devices/{device}/withdraw",
        "/devices/{device}/remove", "/enrollments/{enrollment}/withdraw", "/licenses/{product}/conflict",
        "/licenses/{product}/silent", "/users/{user}/reset", "/users/{user}/remove",
        "/settings/forwarding/{forwarding}/resume",
    ),
    # The password, a code or a secret is asked for in the form itself.
    "proven": (
        "/sign-in", "/sign-in/user", "/sign-in/second-factor", "/account/password", "/account/second-factor",
        "/account/second-factor/confirm", "/account/second-factor/remove",
    ),
    # The same page changes it back, or takes away what was made.
    "undoable": (
        "/licenses/{product}/distribution", "/licenses/{product}/drop-successor", "/groups", "/devices/{device}/group",
        "/devices/{device}/assign", "/devices/{device}/pin", "/devices/{device}/unpin", "/enrollments", "/settings/dns",
        "/users", "/users/{user}/role", "/settings/forwarding/new", "/settings/forwarding/{forwarding}/edit",
        "/settings/forwarding/{forwarding}/switch", "/licenses/{product}/conflict/keep",
    ),
    # Nothing is lost: trying, asking the server, a mark that it was read, a secret beside which the old one signs.
    "harmless": (
        "/sign-out", "/account/sessions/{session}/end", "/account/sessions/end-others",
        "/licenses/{product}/code/check", "/licenses/{product}/successor/check",
        "/licenses/{product}/synchronization", "/connection", "/events/acknowledge", "/events/acknowledge-all",
        "/licenses/{product}/offline/request", "/licenses/{product}/offline/import", "/settings/dns/test",
        "/settings/forwarding/{forwarding}/test", "/settings/forwarding/{forwarding}/secret",
    ),
}  # fmt: skip


def test_every_form_of_the_console_says_what_stands_before_its_deed() -> None:
    server = LocalServer(AsyncTransport(httpx2.AsyncClient()))
    found = {route.path: route for route in console_routes(server) if route.method == "POST"}
    told = [path for paths in CLASSES.values() for path in paths]
    assert sorted(found) == sorted(told), "classify a new form: can it be undone, and what does it ask?"
    assert {path for path, route in found.items() if route.asks} == set(CLASSES["confirmed"])


def test_each_way_to_settle_a_fork_has_its_question() -> None:
    assert set(QUESTIONS) == set(RESOLUTIONS)
