"""The story's chapters at the vendor: keys changed under way, a server killed, a history verified."""

import json

from tenure.core.periods import parse_instant
from tenure.core.timeline import DAY
from tenure.sandbox.narrator import Narrator
from tenure.sandbox.programs import run_tenure
from tenure.sandbox.seed import seed_provider
from tenure.sandbox.stage import StoryProvider, StoryStage, show_instant
from tenure.sandbox.story_application import look_at


def rotates(told: Narrator, stage: StoryStage) -> None:
    """P8: a new answer and lease key, published, waited out, used; the application never refuses anything."""
    folder = stage.folder / "server"
    app = stage.application("ana", stage.north)
    before = stage.vendor.get("/.well-known/jwks.json")["keys"]
    told.expect("the keys in use are public", True, len(before) >= 1)
    words = ("keys", "publish", "lease", "--folder", str(folder), "--root-secrets", str(folder / "root-secrets.json"))
    told.expect("a new key is published in root version 2", (0, ""), _told(stage, words))
    told.expect("which clients can fetch and prove", 200, stage.vendor.status_of("/v1/root/2"))
    listed = stage.vendor.get("/.well-known/jwks.json")["keys"]
    told.expect("both keys verify leases now", len(before) + 1, len(listed))
    stage.north.clock.set(stage.north.clock.now + DAY)
    outcome = app.synchronize()
    told.expect("and synchronization goes on", "Synchronized", type(outcome).__name__)


def forgives(told: Narrator, stage: StoryStage) -> None:
    """B15: an outage of the vendor's moves every offline deadline, never the contract's end."""
    made = seed_provider(stage.vendor, stage.server.url, "Outage")
    today = parse_instant(stage.vendor.get("/v1/sandbox/clock", provider=made.id)["now"])
    soon = today + 60 if isinstance(today, int) else 0  # its clock runs and never goes back: a slow machine gets time
    provider = StoryProvider(stage.folder, stage.server.url, made, show_instant(soon))
    _, code = provider.order("editor-year", provider.customer("Cut off for a week", 12_000))
    app = stage.application("forgiven", provider)
    app.activate(code)
    lease = app.lease
    until, paid = (lease.contact_until, app.standing.paid_until) if lease else (0, 0)
    outage = {
        "since": show_instant(provider.clock.now - 5 * DAY),
        "until": show_instant(provider.clock.now + 3_600),
        "text": "servers out",
    }
    stage.vendor.post("/v1/notices", outage)
    provider.clock.set(provider.clock.now + 120)
    app.synchronize()
    stage.server.kill()
    provider.clock.only_file(until + 4 * DAY)
    told.expect("an amnesty carries an application over the end of its lease", ("grace", True), look_at(app))
    provider.clock.only_file(until + 5 * DAY + 3_600)
    told.expect("by the length of the outage and not a second more", ("ended", False), look_at(app))
    told.expect("the contract's end has not moved", paid, app.standing.paid_until)
    stage.server.restart(stage.server.port)
    provider.client.close()


def survives(told: Narrator, stage: StoryStage) -> None:
    """P3: what was acknowledged survives `kill -9`."""
    provider = stage.north
    sub, _ = provider.order("editor-year", provider.customer("Before the power cut", 12_000))
    stage.server.kill()
    stage.server.restart(stage.server.port)
    told.expect("an order acknowledged before `kill -9` is there after it", "active(paid)", provider.phase(sub))
    account = provider.look(sub)["customer"]
    balance = provider.client.get(f"/v1/customers/{account}/account")["balance"]
    told.expect("and so is its payment", 0, balance)


def verifies(told: Narrator, stage: StoryStage) -> None:
    """B12: every link of every history is what was written."""
    code, said = run_tenure(("verify-history", "--folder", str(stage.folder / "server"), "--json"))
    told.expect("`tenure verify-history` finds nothing", 0, code)
    told.expect("and says how much it looked at", True, bool(json.loads(said)) if code == 0 else said)


def _told(stage: StoryStage, words: tuple[str, ...]) -> tuple[int, str]:
    """Exit code, and what was said if it failed."""
    code, said = run_tenure(words, TENURE_URL=stage.server.url, TENURE_TOKEN=stage.vendor.token)
    return code, said if code else ""
