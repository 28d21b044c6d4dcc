"""`tenure devices`: who is protected at this site, enrolment tokens, taking a seat back."""

from typing import Annotated, Any

from cyclopts import App, Parameter

from tenure.cli.api import Sending, path
from tenure.cli.desk import Desk
from tenure.cli.kinds import Limit, end
from tenure.cli.options import LOCAL
from tenure.cli.output import sentence
from tenure.cli.problems import Failed
from tenure.cli.show import Column, Screen, moment
from tenure.cli.site_desk import HERE, Product, Site, site_desk
from tenure.cli.verbs import Ended, noun, verb
from tenure.core.plurals import format_count

DEVICE = (
    Column("Device", "id"),
    Column("Name", "name"),
    Column("Product", "product"),
    Column("Group", "group"),
    Column("State", "state"),
    Column("Seat until", "seat_until", "moment"),
    Column("Last seen", "last_seen", "moment"),
    Column("Version", "version"),
    Column("Looks like", "looks_like"),
    Column("Why not", "reason"),
)
TOKEN = (
    Column("Token", "id"),
    Column("Product", "product"),
    Column("Group", "group"),
    Column("Devices", "uses", "count"),
    Column("Enrolled", "used", "count"),
    Column("Until", "until", "moment"),
    Column("Withdrawn", "withdrawn", "yes"),
)
Id = Annotated[str, Parameter(help="The device's id, `dev_…`.")]
Group = Annotated[str, Parameter(help="The group; `default` distributes seats by itself, none gives none.")]

_APP = noun(
    "devices", "Devices of this site: list, groups, token, withdraw, assign, idle, conflict, merge, remove.", HERE
)


def add(app: App) -> None:
    """Add `tenure devices`."""
    app.command(_APP)


@verb(_APP, "list", LOCAL, example="tenure devices list --state waiting")
def list_devices(
    desk: Desk,
    *,
    product: Product = "",
    state: Annotated[str, Parameter(help="waiting, protected, displaced, idle, withdrawn, removed, released.")] = "",
    search: Annotated[str, Parameter(help="Part of the name, or the beginning of the id.")] = "",
    group: Annotated[str, Parameter(help="Of this group only.")] = "",
    reason: Annotated[str, Parameter(help="Without a seat for this reason, such as device_limit_reached.")] = "",
    silent_days: Annotated[int | None, Parameter(help="Not heard of for so many days.")] = None,
    limit: Limit = None,
    site: Site = "",
) -> Ended:
    """List devices in the order in which they came."""
    asked = {
        "product": product or None, "state": state or None, "q": search or None, "group": group or None,
        "reason": reason or None, "silent_days": silent_days,
    }  # fmt: skip
    with site_desk(desk, site) as here:
        return here.listed("/v1/devices", _devices, asked, limit=limit, tenant=False)


@verb(_APP, "token", LOCAL, example="tenure devices token --uses 40 --until 2027-03-31")
def new_token(
    desk: Desk,
    *,
    uses: Annotated[int, Parameter(help="How many devices may enrol with it.")] = 1,
    until: Annotated[str, Parameter(help="Its last day, or an instant.")] = "",
    group: Group = "default",
    product: Product = "",
    site: Site = "",
) -> Ended:
    """Make an enrolment token, for one device or for a group; it is shown this once."""
    with site_desk(desk, site) as here:
        meant = here.product(product)
        if isinstance(meant, Failed):
            return meant
        last = end(until, "until") if until else None
        if isinstance(last, Failed):
            return last
        body = {"product": meant, "uses": uses, "group": group} | ({"until": last} if last else {})
        return here.write(Sending(method="POST", path="/v1/enrolments", body=body, tenant=False), _token)


@verb(_APP, "tokens", LOCAL, example="tenure devices tokens")
def list_tokens(desk: Desk, *, limit: Limit = None, site: Site = "") -> Ended:
    """List enrolment tokens, without the words themselves."""
    with site_desk(desk, site) as here:
        return here.listed("/v1/enrolments", _tokens, {}, limit=limit, tenant=False)


@verb(_APP, "withdraw-token", LOCAL, example="tenure devices withdraw-token enr_…")
def withdraw_token(
    desk: Desk, enrolment: Annotated[str, Parameter(help="The token's id, `enr_…`.")], *, site: Site = ""
) -> Ended:
    """Withdraw an enrolment token; devices that enrolled with it stay."""
    where = path("/v1/enrolments/{enrolment}", enrolment=enrolment)
    with site_desk(desk, site) as here:
        sending = Sending(method="DELETE", path=where, tenant=False)
        return here.write(sending, sentence("Nobody enrols with this token any more."))


@verb(_APP, "withdraw", LOCAL, example="tenure devices withdraw dev_…")
def withdraw(desk: Desk, device: Id, *, site: Site = "") -> Ended:
    """Take a device's seat back: free once the device has erased it, else at the seat's end."""
    return _act(desk, device, "withdraw", site)


@verb(_APP, "assign", LOCAL, example="tenure devices assign dev_…")
def assign(desk: Desk, device: Id, *, site: Site = "") -> Ended:
    """Give a device a seat by hand, also one that was withdrawn."""
    return _act(desk, device, "assign", site)


@verb(_APP, "pin", LOCAL, example="tenure devices pin dev_…")
def pin(
    desk: Desk,
    device: Id,
    *,
    off: Annotated[bool, Parameter(help="Propose it for release again.")] = False,
    site: Site = "",
) -> Ended:
    """Keep a device off every list of what is proposed for release."""
    where = path("/v1/devices/{device}/pin", device=device)
    with site_desk(desk, site) as here:
        sending = Sending(method="PUT", path=where, body={"pinned": not off}, tenant=False)
        return here.write(sending, lambda screen, value: screen.card(value, DEVICE))


@verb(_APP, "move", LOCAL, example="tenure devices move dev_… --group laboratory")
def move(desk: Desk, device: Id, *, group: Group = "", site: Site = "") -> Ended:
    """Put a device into a group; into none, and it is unassigned."""
    where = path("/v1/devices/{device}/group", device=device)
    with site_desk(desk, site) as here:
        sending = Sending(method="PUT", path=where, body={"group": group}, tenant=False)
        return here.write(sending, lambda screen, value: screen.card(value, DEVICE))


@verb(_APP, "duplicates", LOCAL, example="tenure devices duplicates")
def duplicates(desk: Desk, *, limit: Limit = None, site: Site = "") -> Ended:
    """List devices that look like another on the same hardware, and whether they may be merged."""
    with site_desk(desk, site) as here:
        return here.listed("/v1/duplicates", _pairs, {}, limit=limit, tenant=False)


@verb(_APP, "idle", LOCAL, example="tenure devices idle --days 30 --release")
def idle(
    desk: Desk,
    *,
    days: Annotated[int, Parameter(help="Silent for so many days or more.")] = 30,
    release: Annotated[bool, Parameter(help="Release them; otherwise they are only shown.")] = False,
    product: Product = "",
    site: Site = "",
) -> Ended:
    """Show devices that have been silent, the longest first, or release their seats."""
    with site_desk(desk, site) as here:
        meant = here.product(product)
        if isinstance(meant, Failed):
            return meant
        if not release:
            where = path("/v1/licenses/{product}/idle-devices", product=meant)
            return here.shown(where, _idle, {"days": days}, tenant=False)
        where = path("/v1/licenses/{product}/release-idle", product=meant)
        return here.write(Sending(method="POST", path=where, body={"days": days}, tenant=False), _released)


@verb(_APP, "conflict", LOCAL, example="tenure devices conflict")
def conflict(
    desk: Desk,
    *,
    release: Annotated[bool, Parameter(help="Release the proposed devices now, before the date.")] = False,
    product: Product = "",
    site: Site = "",
) -> Ended:
    """Show the seat conflict that is open: the date, and whom a lower limit would hit; pin takes one off the list."""
    with site_desk(desk, site) as here:
        meant = here.product(product)
        if isinstance(meant, Failed):
            return meant
        where = path("/v1/licenses/{product}/seat-conflict", product=meant)
        if not release:
            return here.shown(where, _conflict, tenant=False)
        return here.write(Sending(method="POST", path=f"{where}/release", body={}, tenant=False), _released)


@verb(_APP, "merge", LOCAL, example="tenure devices merge dev_… dev_…")
def merge(
    desk: Desk, device: Id, into: Annotated[str, Parameter(help="The device it lives on in.")], *, site: Site = ""
) -> Ended:
    """Say that a device was installed anew and lives on in another, on the same hardware."""
    return _act(desk, device, "merge", site, {"into": into})


@verb(_APP, "remove", LOCAL, example="tenure devices remove dev_…")
def remove(desk: Desk, device: Id, *, site: Site = "") -> Ended:
    """Forget a device: as withdraw, and gone once it no longer counts."""
    with site_desk(desk, site) as here:
        sending = Sending(method="DELETE", path=path("/v1/devices/{device}", device=device), tenant=False)
        return here.write(sending, sentence("The device is removed; it counts until its seat is erased or over."))


def _act(desk: Desk, device: str, what: str, site: str, body: dict[str, Any] | None = None) -> Ended:
    where = path("/v1/devices/{device}/", device=device) + what
    with site_desk(desk, site) as here:
        sending = Sending(method="POST", path=where, body=body, tenant=False)
        return here.write(sending, lambda screen, value: screen.card(value, DEVICE))


def _devices(screen: Screen, items: Any) -> None:
    screen.table(items, DEVICE, "No device has enrolled yet.")


def _pairs(screen: Screen, items: Any) -> None:
    rows = [(each["older"]["id"], each["newer"]["id"], "yes" if each["can_merge"] else "no") for each in items]
    screen.rows(("Older", "Newer", "May be merged"), rows)


def _idle(screen: Screen, value: Any) -> None:
    screen.table(value["devices"], DEVICE, "No device has been silent for so long.")
    screen.line(
        f"{format_count(value['count'], 'device')}; the places of {value['free_at_once']:,} would be free at once."
    )


def _released(screen: Screen, value: Any) -> None:
    screen.line(
        f"{format_count(value['released'], 'device was', 'devices were')} released;"
        f" {format_count(value['free_at_once'], 'place is', 'places are')} free at once."
    )


def _conflict(screen: Screen, value: Any) -> None:
    begins = moment(value["begins"], screen.zone)
    screen.line(
        f"{format_count(value['in_use'], 'device counts', 'devices count')}; from {begins} on"
        f" ({format_count(value['days_left'], 'day')} left) {value['allowed']:,} may."
        " Withdrawn then, unless the list is changed:"
    )
    screen.table(value["proposed"], DEVICE)


def _tokens(screen: Screen, items: Any) -> None:
    screen.table(items, TOKEN, "There is no enrolment token.")


def _token(screen: Screen, value: Any) -> None:
    screen.line(value["token"])
    enrolment = value["enrolment"]
    screen.line(f"It is shown this once, and enrols {enrolment['uses']:,} device(s): tenure agent enrol")
