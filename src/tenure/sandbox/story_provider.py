"""The story's chapters at the provider: orders, renewals, cancellation, and what other tenants see."""

import re
import uuid

from tenure.core.timeline import DAY
from tenure.sandbox.narrator import Narrator
from tenure.sandbox.seed import seed_customer
from tenure.sandbox.stage import StoryStage

CODE = re.compile(r"([0-9A-HJKMNP-TV-Z]{5}-){3}[0-9A-HJKMNP-TV-Z]{5}")


def tell_orders(told: Narrator, stage: StoryStage) -> None:
    """M1, M2, M4, M8: a limited subscription with its end, its devices and its grace from day one."""
    provider = stage.north
    buyer = provider.customer("Ana's office", 60_000)
    body = {"customer": buyer, "offer": provider.provider.offers["editor-year"], "devices": 10}
    key = uuid.uuid4().hex
    made = provider.client.post("/v1/subscriptions", body, key=key)
    sub, code = made["subscription"], made["activation_code"]
    told.expect("an order has an end, a year on, clipped to the calendar", "2031-01-31T12:00:00Z", sub["paid_until"])
    told.expect("and a number of devices", 10, sub["terms"]["devices"])
    told.expect("grace is known from day one", "2031-02-14T12:00:00Z", sub["grace_until"])
    told.expect("an activation code is shown once", True, bool(CODE.fullmatch(code)))
    again = provider.client.post("/v1/subscriptions", body, key=key)
    told.expect("the order sent twice is one order, with the same code", code, again["activation_code"])
    account = provider.client.get(f"/v1/customers/{buyer}/account")
    told.expect("it is paid from the prepaid balance", 60_000 - 12_000, account["balance"])
    stage.notes |= {"buyer": buyer, "year": sub["id"], "year code": code}


def tell_renewals(told: Narrator, stage: StoryStage) -> None:
    """M3, M6: renewals by hand and automatic, each period paid once."""
    provider, year = stage.north, stage.notes["year"]
    told.expect("too early to renew by hand", "renewal_too_early", provider.refused(year, "renew"))
    provider.clock.set("2030-12-20T12:00:00Z")
    preview = provider.client.post(f"/v1/subscriptions/{year}/renew", {}, dry_run="true")
    told.expect(
        "the preview shows the new end and changes nothing",
        ("2032-01-31T12:00:00Z", "2031-01-31T12:00:00Z"),
        (preview["subscription"]["paid_until"], provider.look(year)["paid_until"]),
    )
    done = provider.client.post(f"/v1/subscriptions/{year}/renew", {"outcome_hash": preview["outcome_hash"]})
    told.expect("the previewed outcome is applied", "2032-01-31T12:00:00Z", done["subscription"]["paid_until"])
    provider.do(year, "set-renewal-intent", intent="auto")
    provider.clock.set("2032-01-25T12:00:00Z")
    told.expect(
        "automatic renewal sets the money aside before the end",
        "2033-01-31T12:00:00Z",
        provider.look(year)["paid_until"],
    )
    provider.clock.set("2032-02-01T12:00:00Z")
    kinds = [posting["posting"]["kind"] for posting in _statement_lines(stage)]
    told.expect("and the period is paid exactly once", 1, kinds.count("capture"))
    provider.do(year, "set-renewal-intent", intent="manual")


def _statement_lines(stage: StoryStage) -> list[dict[str, dict[str, object]]]:
    page = stage.north.client.get(f"/v1/customers/{stage.notes['buyer']}/statement", limit=200)
    items: list[dict[str, dict[str, object]]] = page["items"]
    return items


def tell_cancellation(told: Narrator, stage: StoryStage) -> None:
    """M3, M10: canceled at the period's end, undone until then, and again."""
    provider = stage.north
    sub, _ = provider.order("editor-year", provider.customer("Coming and going", 12_000))
    end = provider.look(sub)["paid_until"]
    provider.do(sub, "cancel")
    seen = provider.look(sub)
    told.expect(
        "canceled it stays active until what is paid ends",
        ("active", end),
        (seen["phase"], seen["cancellation_effective"]),
    )
    told.expect("canceling twice is refused", "already_canceled", provider.refused(sub, "cancel"))
    told.expect("renewing a canceled one is refused", "subscription_canceled", provider.refused(sub, "renew"))
    provider.do(sub, "undo-cancellation")
    told.expect("the cancellation can be undone", None, provider.look(sub)["cancellation_effective"])
    provider.do(sub, "cancel")
    provider.clock.set(provider.clock.now + 366 * DAY)
    told.expect("at the end a canceled one has no grace", "ended(canceled)", provider.phase(sub))
    told.expect("and cannot be undone any more", "nothing_to_undo", provider.refused(sub, "undo-cancellation"))


def tell_isolation(told: Narrator, stage: StoryStage) -> None:
    """M2, P6: nothing of another provider can be seen or told from what does not exist."""
    mine, theirs = stage.north, stage.strict
    sub, buyer = stage.notes["year"], stage.notes["buyer"]
    unknown = "sub_" + "0" * 26
    for path in ("", "/timeline", "/explain", "/history"):
        seen = (
            theirs.client.status_of(f"/v1/subscriptions/{sub}{path}"),
            theirs.client.status_of(f"/v1/subscriptions/{unknown}{path}"),
        )
        told.expect(f"a foreign subscription{path or ' itself'} is not found, like an unknown one", (404, 404), seen)
    told.expect("nor can anything be done to it", "not_found", theirs.refused(sub, "cancel"))
    told.expect("nor its customer's money be seen", 404, theirs.client.status_of(f"/v1/customers/{buyer}/account"))
    listed = [each["customer"] for each in theirs.client.get("/v1/subscriptions")["items"]]
    told.expect("nor does any list contain it", False, buyer in listed)
    told.expect("while its own provider sees it", 200, mine.client.status_of(f"/v1/subscriptions/{sub}"))
    seed_customer(theirs.client, "Another customer")
