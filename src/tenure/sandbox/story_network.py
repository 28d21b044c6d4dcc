"""The story's chapters when things break: DNS, every server, a copied disk; and a switch without any server at all."""

import shutil

from tenure.core.timeline import DAY
from tenure.sandbox.dns import SERVER_FAILURE, DnsRecord, LocalDns
from tenure.sandbox.narrator import Narrator
from tenure.sandbox.stage import StoryStage, show_instant
from tenure.sandbox.story_application import look_at, refusal_code
from tenure.sdk import License
from tenure.sdk.outcomes import ActivationGranted, Synchronized
from tenure.sdk.transport_factory import Network

NAME = "license.example.com"
HERE = {NAME: DnsRecord(addresses=("127.0.0.1",))}
BROKEN = {NAME: SERVER_FAILURE}


def loses_dns(told: Narrator, stage: StoryStage) -> None:
    """M15, B10: system DNS first; where it fails public DNS, if the customer allows it; switched off, no packet."""
    provider = stage.north
    _, code = provider.order("editor-year", provider.customer("Broken resolver", 12_000))
    with LocalDns(HERE) as system, LocalDns(HERE) as public:
        app = _named(stage, "resolver", system, public, "list")
        told.expect("with healthy DNS the code is accepted", True, isinstance(app.activate(code), ActivationGranted))
        told.expect(
            "by the system's resolver, and no public one hears of it",
            (True, 0),
            (bool(system.asked), public.count_arrivals),
        )
        system.zone = dict(BROKEN)
        # What worked lately is tried before anybody is asked; a new installation has nothing of the kind.
        fresh = _named(stage, "fresh resolver", system, public, "list")
        _, second = provider.order("editor-year", provider.customer("Broken from the start", 12_000))
        told.expect(
            "with broken DNS the code is accepted all the same",
            True,
            isinstance(fresh.activate(second), ActivationGranted),
        )
        told.expect("by a public resolver", True, public.count_arrivals > 0)
        asked = public.count_arrivals
        provider.clock.set(provider.clock.now + 120)
        outcome = app.synchronize()
        path = outcome.path if isinstance(outcome, Synchronized) else refusal_code(outcome)
        told.expect(
            "an address that worked lately is tried before that", "address that worked before, 127.0.0.1", path[:37]
        )
        told.expect("so that no public resolver is asked again", asked, public.count_arrivals)
        closed = _named(stage, "closed resolver", system, public, "off")
        told.expect("switched off, the server is not found", "unreachable", refusal_code(closed.activate(second)))
        told.expect("and no public resolver hears of it", asked, public.count_arrivals)


def loses_every_server(told: Narrator, stage: StoryStage) -> None:
    """P1, P2: what was promised is kept without any server, and not a second more."""
    provider = stage.north
    _, code = provider.order("editor-year", provider.customer("On an island", 12_000))
    app = stage.application("island", provider)
    app.activate(code)
    lease = app.lease
    until = lease.contact_until if lease else 0
    stage.server.kill()
    told.expect("with every server killed nothing stops", ("active", True), look_at(app))
    told.expect(
        "asking is refused, and takes nothing away",
        ("unreachable", True),
        (refusal_code(app.synchronize()), app.allows("edit")),
    )
    provider.clock.only_file(until - 22 * DAY)
    told.expect("after a week of silence the countdown is shown", ("grace", True), look_at(app))
    told.expect("with its own cause", "sync_overdue", app.standing.cause.value)
    provider.clock.only_file(until - 1)
    told.expect("a second before the lease ends everything is on", ("grace", True), look_at(app))
    provider.clock.only_file(until)
    told.expect("then functions are withdrawn", ("ended", False), look_at(app))
    told.expect("and the base features stay", True, app.allows("read"))
    stage.server.restart(stage.server.port)
    provider.clock.set(until + DAY)
    outcome = app.synchronize()
    told.expect("one synchronization heals it", (True, True), (isinstance(outcome, Synchronized), app.allows("edit")))


def switches_alone(told: Narrator, stage: StoryStage) -> None:
    """M10: a staged successor takes over by itself, without a server."""
    provider = stage.north
    buyer = provider.customer("Planning ahead", 40_000)
    _, first = provider.order("editor-year", buyer)
    _, second = provider.order("editor-team", buyer)
    app = stage.application("planner", provider)
    app.activate(first)
    end = app.standing.paid_until or 0
    staged = app.stage(second)
    told.expect("a successor can be staged beforehand", True, isinstance(staged, ActivationGranted))
    waiting = app.successor
    told.expect(
        "with a preview of when it takes over", show_instant(end), show_instant(waiting.begins if waiting else None)
    )
    provider.clock.set(end - 3 * DAY)
    app.synchronize()
    stage.server.kill()
    provider.clock.only_file(end - 1)
    told.expect("a second before, the present one rules", "editor-year", app.standing.plan)
    provider.clock.only_file(end)
    look_at(app)
    told.expect(
        "at the end the successor does, without a server",
        ("editor-team", True),
        (app.standing.plan, app.allows("edit")),
    )
    stage.server.restart(stage.server.port)
    provider.clock.set(end + DAY)
    app.synchronize()
    told.expect(
        "and the server books it as of that instant",
        ("editor-team", "active"),
        (app.standing.plan, app.standing.phase.value),
    )


def is_copied(told: Narrator, stage: StoryStage) -> None:
    """B9: a copied disk is found at the stale copy's first synchronization."""
    provider = stage.north
    sub, code = provider.order("editor-year", provider.customer("Copied disk", 12_000))
    app = stage.application("original", provider)
    app.activate(code)
    shutil.copytree(stage.folder / "original", stage.folder / "copy")
    copy = stage.application("copy", provider)
    provider.clock.set(provider.clock.now + 120)
    app.synchronize()
    found = copy.synchronize()
    told.expect(
        "the copy is found at its first contact",
        "forked",
        found.result if isinstance(found, Synchronized) else refusal_code(found),
    )
    told.expect("no service is cut off for it", (True, True), (app.allows("edit"), copy.allows("edit")))
    sites = provider.look(sub)["sites"]
    told.expect("and the provider sees it", True, isinstance(sites, list) and sites[0]["forked"])


def _named(stage: StoryStage, folder: str, system: LocalDns, public: LocalDns, dns: str) -> License:
    """An application that knows the server by name, on a computer whose resolvers are ours."""
    port = stage.server.url.rsplit(":", 1)[1]
    network = Network(
        dns=dns,
        resolvers=(public.plain_url,) if dns == "list" else (),
        system=system.plain_url,
        proxy="",
        loopback_http=True,
    )
    return License.open(
        product="editor",
        version="12.0",
        server=f"http://{NAME}:{port}",
        root=stage.root,
        folder=stage.folder / folder,
        name=folder,
        sandbox=True,
        clock=stage.north.clock.file,
        network=network,
    )
