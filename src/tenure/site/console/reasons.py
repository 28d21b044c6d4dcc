"""Why a device has no seat, in plain words, and what to click; states and kinds of events as people call them.

Pure: the API's values in, words out. Why it is so was decided elsewhere.
"""

from typing import Any

import msgspec

from tenure.core.plurals import format_count
from tenure.core.timeline import DAY, Instant
from tenure.site.console.banner import renew_link, tolerance_note
from tenure.web.formatting import describe_cause, humanize_name, instant_of

QUIET = 3 * DAY
"""A device that refreshes daily and has been silent for so long deserves a look."""

STATES = {
    "protected": ("Protected", "good"),
    "waiting": ("No seat", "bad"),
    "displaced": ("Over the limit", "warn"),
    "idle": ("Silent, seat freed", "calm"),
    "withdrawn": ("Seat withdrawn", "calm"),
    "removed": ("Being removed", "calm"),
    "released": ("Gave its seat back", "calm"),
    "ended": ("Not protected", "bad"),
    "lapsed": ("Seat over", "bad"),
    "quiet": ("Protected, silent", "warn"),
}
"""What is shown of a device: its word and its tone."""

SEVERITIES = {"info": ("Information", "info"), "warning": ("Warning", "warn"), "critical": ("Critical", "bad")}


class SuggestedAction(msgspec.Struct, frozen=True, kw_only=True):
    """Something to click: a place to go to, or (`post`) something done at once."""

    text: str
    path: str
    post: bool = False
    outside: bool = False


class DeviceReason(msgspec.Struct, frozen=True, kw_only=True):
    """How a device is, why, and what to do."""

    state: str
    """A key of `STATES`."""
    title: str
    text: str = ""
    clicks: tuple[SuggestedAction, ...] = ()

    @property
    def is_well(self) -> bool:
        """Whether there is nothing to do."""
        return self.state == "protected"

    @property
    def tone(self) -> str:
        """Of the notice that says it."""
        return STATES[self.state][1].replace("calm", "info")


def state_of(device: dict[str, Any], license_: dict[str, Any] | None, now: Instant) -> str:
    """What is shown of a device: a seat alone protects nothing once the license or the seat is over."""
    state = str(device["state"])
    if state != "protected":
        return state
    if license_ is not None and license_["phase"] in ("ended", "paused", "pending"):
        return "ended"
    until, seen = instant_of(device["seat_until"]), instant_of(device["last_seen"])
    if until is not None and until <= now:
        return "lapsed"
    return "quiet" if seen is not None and seen <= now - QUIET else "protected"


def reason_of(device: dict[str, Any], license_: dict[str, Any] | None, status: dict[str, Any]) -> DeviceReason:
    """Why a device is as it is."""
    now = instant_of(status["now"]) or 0
    state = state_of(device, license_, now)
    if license_ is None:
        return DeviceReason(state=state, title="Its product is not licensed through this administration server.")
    if state in _PLAIN:
        title, text = _PLAIN[state]
        again = SuggestedAction(text="Assign a seat again", path=f"/devices/{device['id']}/assign", post=True)
        return DeviceReason(state=state, title=title, text=text, clicks=(again,) if state == "withdrawn" else ())
    if state == "ended":
        return _ended_reason(license_)
    if state in ("lapsed", "quiet"):
        return _silence_reason(device, state, status)
    if state == "displaced":
        return _displaced_reason(device, license_)
    if state == "waiting":
        return _waiting_reason(device, license_)
    return DeviceReason(state=state, title="It has a seat and is protected.")


_PLAIN = {
    "idle": (
        "It has been silent for so long that its seat was freed.",
        "Nothing to click: switch the device on and it asks for a seat by itself. Remove it if it is gone for good.",
    ),
    "withdrawn": (
        "An administrator took its seat back.",
        "It gives the seat up at its next contact; if it stays silent, the seat is free when it ends.",
    ),
    "removed": ("It is being removed.", "It counts until it has given its seat up, or the seat's end."),
    "released": (
        "It gave its seat back by itself, with a signed receipt.",
        "The product was uninstalled or released there. It asks again when the agent is enrolled again.",
    ),
}


def _ended_reason(license_: dict[str, Any]) -> DeviceReason:
    product = license_["product"]
    how = " ".join(each["how"] for each in license_["remedies"][:1])
    return DeviceReason(
        state="ended",
        title=(
            f"It has a seat, but the license of {product} is {license_['phase']} ({describe_cause(license_['cause'])})."
        ),
        text=how,
        clicks=_payment_reason(license_) or (_add_code(product),),
    )


def _silence_reason(device: dict[str, Any], state: str, status: dict[str, Any]) -> DeviceReason:
    where = f"{status['device_host']}, port {status['device_port']}"
    title = (
        "Its seat is over, because it has not been in contact for too long."
        if state == "lapsed"
        else "It has a seat, but it has not been in contact for days."
    )
    text = (
        f"Devices renew their seats daily by themselves. Check that {device['name'] or 'the device'} is switched on,"
        f" that its agent runs (tenure-agent status), and that it reaches {where}."
    )
    return DeviceReason(state=state, title=title, text=text)


def _displaced_reason(device: dict[str, Any], license_: dict[str, Any]) -> DeviceReason:
    product = license_["product"]
    may = format_count(license_["allotment"], "device is", "devices are")
    text = f"{may} allowed here. It keeps its seat until that ends, and gets another one once a place is free."
    free = SuggestedAction(text="Choose a device to withdraw", path=f"/devices?product={product}&state=protected")
    title = "The present license allows fewer devices than were protected before."
    return DeviceReason(
        state="displaced", title=title, text=text, clicks=(free, *_payment_reason(license_, "Order more devices"))
    )


def _waiting_reason(device: dict[str, Any], license_: dict[str, Any]) -> DeviceReason:
    code, product = device["reason"], license_["product"]
    barred = license_["new_seats"]
    code = code or (barred["code"] if barred else "")
    sync = SuggestedAction(text="Synchronize now", path=f"/licenses/{product}/synchronization", post=True)
    if code == "device_limit_reached":
        return _full_reason(license_, sync)
    if code == "seat_not_assigned":
        text = "It belongs to no group that distributes seats by itself."
        assign = SuggestedAction(text="Assign a seat", path=f"/devices/{device['id']}/assign", post=True)
        return DeviceReason(state="waiting", title="No seat is assigned to it.", text=text, clicks=(assign,))
    if code == "lease_forked":
        click = SuggestedAction(text="Look at both copies and decide", path=f"/licenses/{product}/fork")
        title = "A copy of this administration server exists, so no new device is protected."
        return DeviceReason(
            state="waiting", title=title, text="Say which copy is which; then it is served.", clicks=(click,)
        )
    if code in ("subscription_ended", "subscription_canceled", "subscription_paused", "not_activated"):
        clicks = _payment_reason(license_) if code == "subscription_ended" else ()
        title = (
            f"There is no license for it at the moment: {product} is {license_['phase']} "
            f"({describe_cause(license_['cause'])})."
        )
        return DeviceReason(state="waiting", title=title, clicks=(*clicks, _add_code(product)))
    if code == "unreachable":
        text = barred["text"] if barred else "It is served at its next contact."
        title = "The activation server has to answer once before new devices are protected."
        test = SuggestedAction(text="Test connection", path="/connection")
        return DeviceReason(state="waiting", title=title, text=text, clicks=(sync, test))
    if code == "site_restored_waiting":
        text = barred["text"] if barred else "It is served at its next contact."
        title = "This administration server was restored: new devices get seats about a day later."
        return DeviceReason(state="waiting", title=title, text=text)
    if code in ("version_too_old", "version_unreadable"):
        least = license_["min_version"] or "a newer one"
        text = f"It runs version {device['version']}; the license needs {least}. Update the product on the device."
        return DeviceReason(state="waiting", title="Its version of the product is too old for this license.", text=text)
    if code:
        told = device.get("why") or {}
        return DeviceReason(
            state="waiting", title=f"It was refused a seat: {humanize_name(code).lower()}.", text=told.get("text", "")
        )
    text = "It asks again within the hour. Nothing to click."
    return DeviceReason(
        state="waiting", title="It has asked for a seat and will get one at its next contact.", text=text
    )


def _full_reason(license_: dict[str, Any], sync: SuggestedAction) -> DeviceReason:
    product = license_["product"]
    if license_["free"]:
        free = format_count(license_["free"], "seat is", "seats are")
        text = f"Meanwhile {free} free: it is served at its next contact."
        return DeviceReason(state="waiting", title="When it asked, every seat was taken.", text=text)
    others = license_["device_limit"] > license_["allotment"]
    text = (
        f"This server has {license_['allotment']:,} of the subscription's"
        f" {format_count(license_['device_limit'], 'device')}; its"
        " other servers hold the rest, or it is not given out yet. More is asked for by itself: what another server"
        " does not need comes here after that one's next synchronization."
        if others
        else "Withdraw the seat of a device that no longer needs it, or order more devices."
    )
    idle = SuggestedAction(text="Choose a device to withdraw", path=f"/devices?product={product}&state=protected")
    clicks = (sync, idle) if others else (idle, *_payment_reason(license_, "Order more devices"))
    seats = format_count(license_["allotment"], "seat is", "seats are")
    title = f"Every seat is taken: {license_['in_use']:,} of {seats} in use{tolerance_note(license_)}."
    return DeviceReason(state="waiting", title=title, text=text, clicks=clicks)


def _payment_reason(
    license_: dict[str, Any], text: str = "Renew on the provider's website"
) -> tuple[SuggestedAction, ...]:
    link = renew_link(license_)
    return (SuggestedAction(text=text, path=link, outside=True),) if link else ()


def _add_code(product: str) -> SuggestedAction:
    return SuggestedAction(text="Add activation code", path=f"/licenses/{product}/code")


def shown_events(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Events with the word and the tone of their severity."""
    unknown = ("Information", "info")
    return [{**each, "shown": SEVERITIES.get(each["severity"], unknown)} for each in events]
