"""The story's chapters at the customer: activation, synchronization, grace, the end and the way back."""

import time

from tenure.core.timeline import DAY
from tenure.sandbox.narrator import Narrator
from tenure.sandbox.programs import run_tenure
from tenure.sandbox.stage import StoryProvider, StoryStage, show_instant
from tenure.sdk import License
from tenure.sdk.outcomes import ActivationGranted, LicenseReleased, Rejected, Synchronized

LONGEST_WAIT = 5.0


def tell_activation(told: Narrator, stage: StoryStage) -> None:
    """M9: nothing licensed works before the code; everything after it."""
    app = stage.application("ana", stage.north)
    told.expect("before the code nothing is licensed", (False, False), (app.standing.licensed, app.allows("edit")))
    code = stage.notes["year code"]
    wrong = code[:-1] + ("0" if code[-1] != "0" else "1")
    told.expect(
        "a mistyped code is noticed before anything is sent", "code_malformed", refusal_code(app.activate(wrong))
    )
    granted = app.activate(code.lower().replace("-", " "))
    told.expect("the code is accepted, however it is typed", True, isinstance(granted, ActivationGranted))
    told.expect("and the functions of the plan are on", (True, True, False), _feature_line(app))
    told.expect("until the contract's end at most", "2031-01-31T12:00:00Z", show_instant(app.standing.paid_until))
    again = stage.application("ana", stage.north)
    told.expect("a restart remembers it without a request", (True, True, False), _feature_line(again))
    lease = again.lease
    told.expect(
        "the lease is good for 30 days without a server", 30, lease and (lease.contact_until - lease.iat) // DAY
    )


def tell_refusals(told: Narrator, stage: StoryStage) -> None:
    """M10, M13: another code while one is in force; an earlier version of the application."""
    provider = stage.north
    _, other = provider.order("editor-year", provider.customer("Another order", 12_000))
    app = stage.application("ana", provider)
    answer = app.activate(other)
    told.expect("a second code is refused while the first is in force", "subscription_in_force", refusal_code(answer))
    when = answer.when if isinstance(answer, Rejected) else None
    told.expect("with the date from which it is possible", "2031-01-31T12:00:00Z", show_instant(when))
    _, newer = provider.order("editor-next", provider.customer("New version only", 12_000))
    old = stage.application("old version", provider, version="12.0")
    answer = old.activate(newer)
    told.expect("an earlier version is refused", "version_too_old", refusal_code(answer))
    told.expect("and the version needed is named", True, isinstance(answer, Rejected) and "13.0" in answer.message)
    new = stage.application("new version", provider, version="13.0")
    told.expect("the version needed is accepted", True, isinstance(new.activate(newer), ActivationGranted))


def tell_synchronization(told: Narrator, stage: StoryStage) -> None:
    """M14, M17, M18: by timer without anybody's doing, and by hand with what changed."""
    provider = stage.north
    app = stage.application("ana", provider)
    provider.do(stage.notes["year"], "change-devices", devices=12)
    before = show_instant(app.next_contact)
    provider.clock.set(provider.clock.now + 26 * 3_600)
    told.expect(
        "the next contact was planned within a day and its jitter", True, before < show_instant(provider.clock.now)
    )
    app.start()
    told.expect("the timer fetches what changed", 12, _wait_for(lambda: app.standing.limit, 12))
    app.stop()
    provider.do(stage.notes["year"], "change-devices", devices=13)
    provider.clock.set(provider.clock.now + 3_600)
    outcome = app.synchronize()
    changed = [str(each) for each in outcome.differences] if isinstance(outcome, Synchronized) else [str(outcome)]
    told.expect("by hand, with before and after", True, "Device limit: 12 -> 13" in changed)
    told.expect("by hand at most once a minute", "too_many_requests", refusal_code(app.synchronize()))
    sites = provider.client.get("/v1/sites")["items"]
    mine = next(site for site in sites if site["name"] == "ana")
    told.expect("the server knows who asked, and how", ("12.0", "manual"), (mine["version"], mine["last_trigger"]))
    provider.do(stage.notes["year"], "change-devices", devices=10)


def ends_and_recovers(told: Narrator, stage: StoryStage) -> None:
    """M5, M7: the end to the second, grace with its cause, a late renewal that arrives by itself."""
    provider = stage.north
    buyer = provider.customer("Forgetful office", 12_000)
    sub, code = provider.order("editor-year", buyer)
    app = stage.application("forgetful", provider)
    app.activate(code)
    seen = provider.look(sub)
    end, over = app.standing.paid_until or 0, seen["ends_at"]
    provider.clock.set(end - 5 * DAY)
    app.synchronize()
    provider.clock.only_file(end - 1)
    told.expect("a second before the end it is active", ("active", True), look_at(app))
    provider.clock.only_file(end)
    told.expect("at the end itself grace begins, offline, with everything on", ("grace", True), look_at(app))
    told.expect("and its cause is shown", "payment_ended", app.standing.cause.value)
    provider.clock.set(end + 10 * DAY)
    app.synchronize()
    told.expect("the provider sees the same", "grace(payment_ended)", provider.phase(sub))
    provider.clock.only_file(end + 14 * DAY - 1)
    told.expect("a second before grace is over", ("grace", True), look_at(app))
    provider.clock.only_file(end + 14 * DAY)
    told.expect("functions are withdrawn at the instant promised", ("ended", False), look_at(app))
    told.expect("which was known all the time", over, show_instant(end + 14 * DAY))
    told.expect("what stays after the end stays", True, app.allows("read"))
    provider.clock.set(end + 20 * DAY)
    provider.client.post(f"/v1/customers/{buyer}/top-ups", {"amount": 12_000, "reference": "late payment"})
    done = provider.do(sub, "renew")
    told.expect("a late renewal charges the grace that was served", show_instant(end + 6 * DAY), _wait_for_begin(done))
    provider.clock.set(provider.clock.now + 26 * 3_600)
    app.start()
    told.expect("and arrives by itself", "active", _wait_for(lambda: app.standing.phase.value, "active"))
    app.stop()


def ends_without_grace(told: Narrator, stage: StoryStage) -> None:
    """M12: a provider without grace; the first instant after the end is without function."""
    provider = stage.strict
    sub, code = provider.order("editor-year", provider.customer("No grace here", 12_000))
    app = stage.application("no grace", provider)
    app.activate(code)
    end = app.standing.paid_until or 0
    provider.clock.set(end - 5 * DAY)
    app.synchronize()
    provider.clock.only_file(end - 1)
    told.expect("without grace: active to the last second", ("active", True), look_at(app))
    provider.clock.only_file(end)
    told.expect("and ended in the next", ("ended", False), look_at(app))
    provider.clock.set(end)
    told.expect("at the provider as well", "ended(payment_ended)", provider.phase(sub))


def runs_dry_and_recovers(told: Narrator, stage: StoryStage) -> None:
    """M4, M6: no expiration date, paid at each due date; a late top-up restores service at once."""
    provider = stage.north
    buyer = provider.customer("Month by month", 24_000)
    sub, code = provider.order("editor-month", buyer)
    app = stage.application("monthly", provider)
    app.activate(code)
    start = provider.clock.now
    told.expect("an unlimited one shows until when it is prepaid", True, provider.look(sub)["paid_until"] is not None)
    provider.clock.set(start + 40 * DAY)
    told.expect("the second month was paid by itself", "active(paid)", provider.phase(sub))
    runway = provider.client.get(f"/v1/customers/{buyer}/runway")
    told.expect("the day on which the money runs out is known before", 12_000, runway["missing"])
    provider.clock.set(start + 90 * DAY)
    told.expect("without money it ends after its grace", "ended(payment_ended)", provider.phase(sub))
    app.synchronize()
    told.expect("and so it does at the customer", False, app.allows("edit"))
    provider.client.post(f"/v1/customers/{buyer}/top-ups", {"amount": 12_000, "reference": "month by month, late"})
    told.expect("a top-up that comes late restores service at once", "active(paid)", provider.phase(sub))
    provider.clock.set(provider.clock.now + 120)
    app.synchronize()
    told.expect("and the functions come back", True, app.allows("edit"))
    told.expect(
        "months without service are never billed", 0, provider.client.get(f"/v1/customers/{buyer}/account")["balance"]
    )


def stands_alone(told: Narrator, stage: StoryStage) -> None:
    """An order for one device licenses one application on its own; the next one when that gave its place back."""
    provider = stage.north
    subscription, code = provider.order("editor-year", provider.customer("A single place", 12_000), 1)
    first = stage.application("first alone", provider)
    told.expect(
        "one device ordered is one application licensed", True, isinstance(first.activate(code), ActivationGranted)
    )
    second = stage.application("second alone", provider, hardware="another computer")
    told.expect("another one finds no place", "device_limit_reached", refusal_code(second.activate(code)))
    told.expect("the provider sees who has it", [("standalone", True)], _list_installations(provider, subscription))
    released = first.release()
    told.expect("it gives its license back", (True, False), (_at_once(released), first.allows("edit")))
    told.expect("its place is free at once", True, isinstance(second.activate(code), ActivationGranted))
    second.stop()
    words = ["deactivate", "--folder", str(stage.folder / "second alone"), "--product", "editor", "--version", "12.0"]
    words += ["--root", str(stage.root), "--server", stage.server.url, "--sandbox", "--clock", str(provider.clock.file)]
    told.expect("so is that of one given back from outside", 0, run_tenure(words)[0])
    told.expect("and no installation has a place any more", [], _list_installations(provider, subscription))


def _at_once(released: object) -> bool:
    return isinstance(released, LicenseReleased) and released.confirmed and released.until is None


def _list_installations(provider: StoryProvider, subscription: str) -> list[tuple[str, bool]]:
    listed = provider.client.get("/v1/sites")["items"]
    here = [each for each in listed if each["subscription"] == subscription and each["in_use"]]
    return [(each["installation"], each["in_use"]) for each in here]


def refusal_code(answer: object) -> str:
    """The code with which something was refused; `accepted` when it was not."""
    return answer.code.value if isinstance(answer, Rejected) else "accepted"


def _feature_line(app: License) -> tuple[bool, bool, bool]:
    return app.allows("edit"), app.allows("read"), app.allows("fly")


def look_at(app: License) -> tuple[str, bool]:
    """The phase shown and whether `edit` is on, once the application has looked at its clock again."""
    time.sleep(0.06)
    return app.standing.phase.value, app.allows("edit")


def _wait_for_begin(done: dict[str, object]) -> str:
    sub = done["subscription"]
    assert isinstance(sub, dict)  # noqa: S101 - the API's own shape
    since: str = sub["periods"][-1]["since"]
    return since


def _wait_for(look: object, wanted: object) -> object:
    assert callable(look)  # noqa: S101 - handed in above
    deadline = time.monotonic() + LONGEST_WAIT
    while (seen := look()) != wanted and time.monotonic() < deadline:
        time.sleep(0.02)
    return seen
