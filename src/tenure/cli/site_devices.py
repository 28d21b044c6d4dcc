"""`tenure devices`: who is protected at this site, enrolment tokens, taking a seat back."""

from typing import Annotated, Any

from cyclopts import App, Parameter

from tenure.cli.api import Sending, path
from tenure.cli.desk import Desk
from tenure.cli.kinds import Limit, end
from tenure.cli.options import LOCAL
from tenure.cli.output import sentence
from tenure.cli.problems import Failed
from tenure.cli.show import Column, Screen
from tenure.cli.site_desk import HERE, Product, Site, site_desk
from tenure.cli.verbs import Ended, noun, verb

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
Group = Annotated[str, Parameter(help="The group; empty for none.")]

_APP = noun("devices", "Devices of this site: list, token, tokens, withdraw, assign, merge, remove.", HERE)


def add(app: App) -> None:
    """Add `tenure devices`."""
    app.command(_APP)


@verb(_APP, "list", LOCAL, example="tenure devices list --state waiting")
def list_devices(
    desk: Desk,
    *,
    product: Product = "",
    state: Annotated[str, Parameter(help="waiting, protected, idle, withdrawn, removed, released.")] = "",
    limit: Limit = None,
    site: Site = "",
) -> Ended:
    """List devices in the order in which they came."""
    asked = {"product": product or None, "state": state or None}
    with site_desk(desk, site) as here:
        return here.listed("/v1/devices", _devices, asked, limit=limit, tenant=False)


@verb(_APP, "token", LOCAL, example="tenure devices token --uses 40 --until 2027-03-31")
def new_token(
    desk: Desk,
    *,
    uses: Annotated[int, Parameter(help="How many devices may enrol with it.")] = 1,
    until: Annotated[str, Parameter(help="Its last day, or an instant.")] = "",
    group: Group = "",
    product: Product = "",
    site: Site = "",
) -> Ended:
    """Make an enrolment token, for one device or for a group; it is shown this once."""
    with site_desk(desk, site) as here:
        meant = here.product(product)
        last = end(until, "until") if until else None
        if isinstance(meant, Failed) or isinstance(last, Failed):
            return meant if isinstance(meant, Failed) else last  # type: ignore[return-value]  # one of them is
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
    """Let a withdrawn device have a seat again."""
    return _act(desk, device, "assign", site)


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


def _tokens(screen: Screen, items: Any) -> None:
    screen.table(items, TOKEN, "There is no enrolment token.")


def _token(screen: Screen, value: Any) -> None:
    screen.line(value["token"])
    enrolment = value["enrolment"]
    screen.line(f"It is shown this once, and enrols {enrolment['uses']:,} device(s): tenure agent enrol")
