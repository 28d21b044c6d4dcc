"""The one thing an administrator has to know now, of everything the licenses say: what, why, until when, what to click.

Pure: the API's values in, a banner out. What holds was decided elsewhere; here it is only ranked.
"""

from typing import Any

import msgspec

from tenure.core.plurals import format_count
from tenure.core.timeline import DAY, Instant
from tenure.web.formatting import describe_cause, instant_of

SOON = 30 * DAY
"""So long before its end a paid period is worth a word."""
SHORTLY = 7 * DAY
"""So long before the money of what renews itself will be missing it is worth one."""
SILENT = 2 * DAY
"""After so long without an answer of the activation server it is said."""


class Banner(msgspec.Struct, frozen=True, kw_only=True):
    """What stands on top of every page."""

    tone: str
    title: str
    text: str = ""
    until: str = ""
    """RFC 3339: the instant that the days left are counted to. It ends the sentence that `text` then leaves open."""
    button: str = ""
    path: str = ""
    post: bool = False
    """The button does something at once, instead of leading somewhere."""
    rank: int = 0


def most_important(licenses: list[dict[str, Any]], now: Instant, warnings: int = 0) -> Banner:
    """The one with the highest rank over all products; when nothing is wrong, that.

    `warnings`: how many events are unacknowledged warnings, or worse; with any of them, not all is well.
    """
    found = [each for license_ in licenses for each in banners_of(license_, now)]
    return max(found, key=lambda each: each.rank, default=_all_well_banner(licenses, warnings))


def banners_of(license_: dict[str, Any], now: Instant) -> list[Banner]:
    """Everything about one license that is worth a banner."""
    found = [
        rule(license_)
        for rule in (
            _withheld_banner,
            _phase_banner,
            _fork_banner,
            _conflict_banner,
            _displaced_banner,
            _waiting_banner,
            _warning_banner,
        )
    ]
    found += [_silence_banner(license_, now), _ends_soon(license_, now)]
    return [each for each in found if each is not None]


def linkable_url(url: str) -> bool:
    """Whether an address may be linked: the provider's website, not anything that a browser would run."""
    return url.startswith(("https://", "http://"))


def renew_link(license_: dict[str, Any]) -> str:
    """The provider's website at this subscription (M16); empty where the provider names none."""
    url = str(license_["renew_url"])
    if not linkable_url(url):
        return ""
    sign = "&" if "?" in url else "?"
    return f"{url}{sign}subscription={license_['subscription']}" if license_["subscription"] else url


def exchange_link(license_: dict[str, Any]) -> str:
    """The portal's page that answers offline requests; empty where the provider renews somewhere else than there.

    What is known is the address for renewing, which at a portal ends in `/renew`.
    """
    portal = str(license_["renew_url"]).removesuffix("/renew")
    return f"{portal}/offline-exchange" if linkable_url(portal) and portal != license_["renew_url"] else ""


def _renew_button(license_: dict[str, Any]) -> tuple[str, str]:
    """What pays: the provider's website at this subscription where it has one, else the page that says what to do."""
    if link := renew_link(license_):
        return "Renew on the provider's website", link
    return "See what can be done", f"/licenses/{license_['product']}/explain"


def _withheld_banner(license_: dict[str, Any]) -> Banner | None:
    refusal = license_["refusal"]
    if refusal is None:
        return None
    path = f"/licenses/{license_['product']}/explain"
    return Banner(
        tone="bad", title=f"{_license_name(license_)}: functions are withheld.", text=refusal["text"],
        button="See why", path=path, rank=90,
    )  # fmt: skip


def _phase_banner(license_: dict[str, Any]) -> Banner | None:
    phase, why, product = license_["phase"], license_["cause"], license_["product"]
    if phase == "pending":
        if license_["pending"]:
            return Banner(
                tone="info", title=f"{_license_name(license_)}: an activation waits for the server's answer.",
                text="It is asked again by itself.", button="Test connection", path="/connection", rank=55,
            )  # fmt: skip
        return Banner(
            tone="info", title=f"{_license_name(license_)}: nothing is licensed yet, so no device is protected.",
            text="Apply the activation code that your provider has given you.",
            button="Add activation code", path=f"/licenses/{product}/code", rank=55,
        )  # fmt: skip
    if phase not in ("ended", "grace", "paused"):
        return None
    tone, rank = ("bad", 80) if phase == "ended" else ("warn", 65 if phase == "paused" else 60)
    titles = {
        "ended": f"{_license_name(license_)} has ended ({describe_cause(why)}): devices are not protected.",
        "grace": f"{_license_name(license_)} is in grace ({describe_cause(why)}): it still works, but not for long.",
        "paused": f"{_license_name(license_)} is on hold.",
    }
    button, path = _remedy_button(license_)
    post = button == SYNCHRONIZE
    until = (license_["until"] or "") if phase == "grace" else ""
    how = next(iter(license_["remedies"]), {"how": ""})["how"]
    how = f"{how} It ends".strip() if until else how
    return Banner(tone=tone, title=titles[phase], text=how, until=until, button=button, path=path, post=post, rank=rank)


SYNCHRONIZE = "Synchronize now"


def _remedy_button(license_: dict[str, Any]) -> tuple[str, str]:
    """The button that mends a cause."""
    product = license_["product"]
    if license_["cause"] in ("sync_overdue", "held"):
        return SYNCHRONIZE, f"/licenses/{product}/synchronization"
    if license_["cause"] in ("canceled", "blocked", "code_blocked", "never_activated"):
        return "Add activation code", f"/licenses/{product}/code"
    return _renew_button(license_)


def _fork_banner(license_: dict[str, Any]) -> Banner | None:
    fork = license_["fork"]
    if fork is None or not (license_["forked"] or fork["copies"]):
        return None
    text = "No new device is protected until you say which copy is which." if license_["forked"] else ""
    return Banner(
        tone="bad" if license_["forked"] else "warn",
        title=f"{_license_name(license_)}: a copy of this administration server uses the same identity.",
        text=text, button="Look at both and decide", path=f"/licenses/{license_['product']}/fork", rank=70,
    )  # fmt: skip


def _conflict_banner(license_: dict[str, Any]) -> Banner | None:
    conflict = license_.get("conflict")
    if not conflict:
        return None
    path = f"/licenses/{license_['product']}/conflict"
    title = f"{_license_name(license_)}: fewer devices will be allowed than are protected."
    text = "Decide which devices give up their seats; otherwise the longest silent ones do. It begins"
    until = conflict["begins"]
    return Banner(tone="warn", title=title, text=text, until=until, button="See the list", path=path, rank=62)


def _displaced_banner(license_: dict[str, Any]) -> Banner | None:
    if not license_["displaced"] or license_["phase"] in ("pending", "ended"):
        return None
    beyond = format_count(license_["displaced"], "device is", "devices are")
    text = "Each keeps its seat until that ends, and gets another one only when a place is free."
    path = f"/devices?state=displaced&product={license_['product']}"
    title = f"{_license_name(license_)}: {beyond} beyond what the present license allows."
    return Banner(tone="warn", title=title, text=text, button="See which and why", path=path, rank=58)


def _waiting_banner(license_: dict[str, Any]) -> Banner | None:
    if not license_["waiting"] or license_["phase"] in ("pending", "ended"):
        return None
    waiting = format_count(license_["waiting"], "device has", "devices have")
    barred = license_["new_seats"]
    text = barred["text"] if barred else _full_banner(license_)
    path = f"/devices?state=waiting&product={license_['product']}"
    return Banner(
        tone="warn", title=f"{_license_name(license_)}: {waiting} no seat and is not protected."
        if license_["waiting"] == 1 else f"{_license_name(license_)}: {waiting} no seat and are not protected.",
        text=text, button="See which and why", path=path, rank=50,
    )  # fmt: skip


def _full_banner(license_: dict[str, Any]) -> str:
    if license_["free"]:
        return f"{format_count(license_['free'], 'seat is', 'seats are')} free: they are served at their next contact."
    if license_["allotment"] < license_["device_limit"]:
        mine = _taken(license_) if license_["allotment"] else "None is here"
        return f"{mine}; the subscription's other servers hold the rest of {license_['device_limit']:,}, or it is free."
    return f"{_taken(license_)}{tolerance_note(license_)}."


def _taken(license_: dict[str, Any]) -> str:
    seats = license_["allotment"]
    return (
        "The only seat of this server is taken"
        if seats == 1
        else f"All {format_count(seats, 'seat')} of this server are taken"
    )


def tolerance_note(license_: dict[str, Any]) -> str:
    """Why there are more seats than were ordered; empty when there are not."""
    ordered, seats = license_["device_limit"], license_["allotment"]
    return f" ({ordered:,} ordered, {seats - ordered:,} more tolerated)" if 0 < ordered < seats else ""


def _warning_banner(license_: dict[str, Any]) -> Banner | None:
    for each in license_["warnings"]:
        if each["code"] != "lease_forked":
            path = f"/licenses/{license_['product']}/synchronization"
            return Banner(
                tone="warn", title=f"{_license_name(license_)}: something is wrong that takes nothing away yet.",
                text=each["text"], button=SYNCHRONIZE, path=path, post=True, rank=40,
            )  # fmt: skip
    return None


def _silence_banner(license_: dict[str, Any], now: Instant) -> Banner | None:
    answered = instant_of(license_["last_answered"])
    if answered is None or now - answered < SILENT or license_["phase"] not in ("active", "paused"):
        return None
    until = license_["contact_until"] or ""
    days = format_count((now - answered) // DAY, "day")
    return Banner(
        tone="warn", title=f"{_license_name(license_)}: the activation server has not answered for {days}.",
        text="Everything goes on working; without an answer it would end" if until else "Everything goes on working.",
        until=until,
        button="Test connection", path="/connection", rank=30,
    )  # fmt: skip


def _ends_soon(license_: dict[str, Any], now: Instant) -> Banner | None:
    paid = instant_of(license_["paid_until"])
    renewal, covered = license_["renewal"], any(each["expected"] for each in license_["timeline"])
    before = SOON if license_["kind"] == "limited" else SHORTLY if renewal else 0
    soon = paid is not None and now <= paid < now + before
    if not soon or covered or license_["phase"] != "active" or license_["successor"]:
        return None
    button, path = _renew_button(license_)
    grace = "Then a grace period begins. It ends" if license_["grace_until"] else "No grace follows. It ends"
    return Banner(
        tone="info", title=f"{_license_name(license_)}: the paid period is over soon.",
        text=f"{renewal} {grace}".strip(),
        until=license_["paid_until"], button=button, path=path, rank=20,
    )  # fmt: skip


def _all_well_banner(licenses: list[dict[str, Any]], warnings: int) -> Banner:
    used = sum(each["in_use"] for each in licenses)
    ends = sorted((each["paid_until"], each["renewal"]) for each in licenses if each["paid_until"])
    covered = f"{format_count(used, 'device')} protected" if used else "no device has asked for a seat yet"
    if warnings:
        seen = format_count(warnings, "warning has", "warnings have")
        return Banner(
            tone="info", title=f"Every license is in order: {covered}.",
            text=f"{seen} not been acknowledged yet.", button="Look at them", path="/events?open=1",
        )  # fmt: skip
    title = f"All is well: {covered}, nothing to do."
    until, renewal = ends[0] if ends else ("", "")
    if renewal:  # it does not end then, as long as the money is there
        return Banner(tone="good", title=title, text=renewal)
    return Banner(tone="good", title=title, text="The paid period ends" if until else "", until=until)


def _license_name(license_: dict[str, Any]) -> str:
    return str(license_["product"])
