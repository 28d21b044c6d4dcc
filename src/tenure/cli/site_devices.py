"""`tenure devices`: who is protected at this site, enrollment tokens, taking a seat back."""

from typing import Annotated, Any

from cyclopts import Parameter

from tenure.cli.argument_types import Limit, parse_end
from tenure.cli.options import ASKING, LOCAL
from tenure.cli.output import CommandOutput, sentence_output, show_table
from tenure.cli.registration import add_noun, add_verb, add_words
from tenure.cli.screen import CommandScreen, TableColumn, format_moment
from tenure.cli.site_session import HERE, Product, SiteCommandSession
from tenure.cli.thing_names import listed_name, shown_name
from tenure.core.plurals import format_count
from tenure.http.client.api_exchange import fill_path

DEVICE = (
    TableColumn("Device", "id"),
    TableColumn("Name", "name"),
    TableColumn("Product", "product"),
    TableColumn("Group", "group"),
    TableColumn("State", "state"),
    TableColumn("Seat until", "seat_until", "when"),
    TableColumn("Last seen", "last_seen", "moment"),
    TableColumn("Version", "version"),
    TableColumn("Looks like", "looks_like"),
    TableColumn("Why not", "reason"),
)
TOKEN = (
    TableColumn("Token", "id"),
    TableColumn("Product", "product"),
    TableColumn("Group", "group"),
    TableColumn("Devices", "uses", "count"),
    TableColumn("Enrolled", "used", "count"),
    TableColumn("Until", "until", "when"),
    TableColumn("Withdrawn", "withdrawn", "yes"),
)
Id = Annotated[str, Parameter(help="The device's id, `dev_…`.")]
Group = Annotated[str, Parameter(help="The group; `default` distributes seats by itself, none gives none.")]

_APP = add_noun(
    "devices", "Devices of this site: list, groups, token, withdraw, assign, idle, conflict, merge, remove.", HERE
)
add = add_words(_APP)


@add_verb(_APP, "list", LOCAL, example="tenure devices list --state waiting")
def list_devices(
    here: SiteCommandSession,
    *,
    product: Product = "",
    state: Annotated[str, Parameter(help="waiting, protected, displaced, idle, withdrawn, removed, released.")] = "",
    search: Annotated[str, Parameter(help="Part of the name, or the beginning of the id.")] = "",
    group: Annotated[str, Parameter(help="Of this group only.")] = "",
    reason: Annotated[str, Parameter(help="Has no seat for this reason, such as device_limit_reached.")] = "",
    silent_days: Annotated[int | None, Parameter(help="Without contact for this many days.")] = None,
    limit: Limit = None,
) -> CommandOutput:
    """List devices in the order in which they came."""
    asked = {
        "product": product or None, "state": state or None, "q": search or None, "group": group or None,
        "reason": reason or None, "silent_days": silent_days,
    }  # fmt: skip
    return here.get_list("/v1/devices", show_table(DEVICE, "No device has enrolled yet."), asked, limit=limit)


@add_verb(_APP, "token", LOCAL, example="tenure devices token --uses 40 --until 2027-03-31")
def new_token(
    here: SiteCommandSession,
    *,
    uses: Annotated[int, Parameter(help="How many devices may enroll with it.")] = 1,
    until: Annotated[str, Parameter(help="Its last day, or an instant.")] = "",
    group: Group = "default",
    product: Product = "",
) -> CommandOutput:
    """Make an enrollment token, for one device or for a group; it is shown this once."""
    meant = here.choose_product(product)
    last = parse_end(until, "until") if until else None
    body = {"product": meant, "uses": uses, "group": group} | ({"until": last} if last else {})
    return here.post("/v1/enrollments", _print_token, body)


@add_verb(_APP, "tokens", LOCAL, example="tenure devices tokens")
def list_tokens(here: SiteCommandSession, *, limit: Limit = None) -> CommandOutput:
    """List enrollment tokens, without their secrets."""
    return here.get_list("/v1/enrollments", show_table(TOKEN, "There is no enrollment token."), limit=limit)


@add_verb(_APP, "withdraw-token", ASKING, example="tenure devices withdraw-token enr_…")
def withdraw_token(
    here: SiteCommandSession, enrollment: Annotated[str, Parameter(help="The token's id, `enr_…`.")]
) -> CommandOutput:
    """Withdraw an enrollment token; devices that enrolled with it stay."""
    where = fill_path("/v1/enrollments/{enrollment}", enrollment=enrollment)
    called = listed_name(here, "/v1/enrollments", enrollment, _token_name)
    done = f"The token {called} is withdrawn; no further device can enroll with it."
    return here.delete(where, sentence_output(done), sure=f"The token {called} will be withdrawn.")


@add_verb(_APP, "withdraw", ASKING, example="tenure devices withdraw dev_…")
def withdraw_seat(here: SiteCommandSession, device: Id) -> CommandOutput:
    """Withdraw a device's seat: it is free once the device has erased it, or at the seat's end."""
    sure = f"The seat of the device {_device_name(here, device)} will be withdrawn."
    return here.post(_device_path(device, "/withdraw"), _print_device, sure=sure)


@add_verb(_APP, "assign", LOCAL, example="tenure devices assign dev_…")
def assign_seat(here: SiteCommandSession, device: Id) -> CommandOutput:
    """Give a device a seat by hand, also one that was withdrawn."""
    return here.post(_device_path(device, "/assign"), _print_device)


@add_verb(_APP, "pin", LOCAL, example="tenure devices pin dev_…")
def pin_device(
    here: SiteCommandSession,
    device: Id,
    *,
    off: Annotated[bool, Parameter(help="Propose it for release again.")] = False,
) -> CommandOutput:
    """Never propose a device for release."""
    return here.put(_device_path(device, "/pin"), _print_device, {"pinned": not off})


@add_verb(_APP, "move", LOCAL, example="tenure devices move dev_… --group laboratory")
def move_device(here: SiteCommandSession, device: Id, *, group: Group = "") -> CommandOutput:
    """Put a device into a group; without a group it is unassigned."""
    return here.put(_device_path(device, "/group"), _print_device, {"group": group})


@add_verb(_APP, "duplicates", LOCAL, example="tenure devices duplicates")
def list_duplicates(here: SiteCommandSession, *, limit: Limit = None) -> CommandOutput:
    """List devices that look like another on the same hardware, and whether they may be merged."""
    return here.get_list("/v1/duplicates", _print_pairs, limit=limit)


@add_verb(_APP, "idle", ASKING, example="tenure devices idle --days 30 --release")
def list_idle(
    here: SiteCommandSession,
    *,
    days: Annotated[int, Parameter(help="Silent for at least this many days.")] = 30,
    release: Annotated[bool, Parameter(help="Release them; otherwise they are only shown.")] = False,
    product: Product = "",
) -> CommandOutput:
    """Show devices that have been silent, the longest first, or release their seats."""
    meant = here.choose_product(product)
    if not release:
        where = fill_path("/v1/licenses/{product}/idle-devices", product=meant)
        return here.get_shown(where, _print_idle, {"days": days})
    where = fill_path("/v1/licenses/{product}/release-idle", product=meant)
    sure = f"The seats of all devices of {meant} that were silent for {format_count(days, 'day')} will be withdrawn."
    return here.post(where, _print_released, {"days": days}, sure=sure)


@add_verb(_APP, "conflict", ASKING, example="tenure devices conflict")
def show_conflict(
    here: SiteCommandSession,
    *,
    release: Annotated[bool, Parameter(help="Release the proposed devices now, before the date.")] = False,
    product: Product = "",
) -> CommandOutput:
    """Show the open seat conflict: its date and the devices that would lose their seats; pin takes one off the list."""
    meant = here.choose_product(product)
    where = fill_path("/v1/licenses/{product}/seat-conflict", product=meant)
    if not release:
        return here.get_shown(where, _print_conflict)
    sure = f"The seats of the devices proposed by `tenure devices conflict` for {meant} will be withdrawn now."
    return here.post(f"{where}/release", _print_released, {}, sure=sure)


@add_verb(_APP, "merge", ASKING, example="tenure devices merge dev_… dev_…")
def merge_devices(
    here: SiteCommandSession,
    device: Id,
    into: Annotated[str, Parameter(help="The device as which it continues.")],
) -> CommandOutput:
    """Declare that a device was installed again and continues as another one, on the same hardware."""
    sure = f"The device {_device_name(here, device)} will go on as {_device_name(here, into)}, and be one with it."
    return here.post(_device_path(device, "/merge"), _print_device, {"into": into}, sure=sure)


@add_verb(_APP, "remove", ASKING, example="tenure devices remove dev_…")
def remove_device(here: SiteCommandSession, device: Id) -> CommandOutput:
    """Remove a device: withdraw its seat, and forget it once it no longer counts."""
    called = _device_name(here, device)
    done = f"The device {called} is removed; it counts until its seat is erased or over."
    sure = f"The device {called} will be removed, and its seat withdrawn."
    return here.delete(_device_path(device), sentence_output(done), sure=sure)


def _device_path(device: str, more: str = "") -> str:
    return fill_path("/v1/devices/{device}", device=device) + more


def _device_name(here: SiteCommandSession, device: str) -> str:
    return shown_name(here, _device_path(device), device, lambda row: row["name"])


def _print_device(screen: CommandScreen, value: Any) -> None:
    screen.card(value, DEVICE)


def _token_name(row: dict[str, Any]) -> str:
    """It has no name: its product and group stand for it."""
    return f"{row['product']}, {row['group'] or 'no group'}"


def _print_pairs(screen: CommandScreen, items: Any) -> None:
    rows = [(each["older"]["id"], each["newer"]["id"], "yes" if each["can_merge"] else "no") for each in items]
    screen.rows(("Older", "Newer", "May be merged"), rows)


def _print_idle(screen: CommandScreen, value: Any) -> None:
    screen.table(value["devices"], DEVICE, "No device has been silent for so long.")
    screen.line(
        f"{format_count(value['count'], 'device')}; the places of {value['free_at_once']:,} would be free at once."
    )


def _print_released(screen: CommandScreen, value: Any) -> None:
    screen.line(
        f"{format_count(value['released'], 'device was', 'devices were')} released;"
        f" {format_count(value['free_at_once'], 'place is', 'places are')} free at once."
    )


def _print_conflict(screen: CommandScreen, value: Any) -> None:
    begins = format_moment(value["begins"], screen.zone)
    screen.line(
        f"{format_count(value['in_use'], 'device counts', 'devices count')}; from {begins} on"
        f" ({format_count(value['days_left'], 'day')} left) {value['allowed']:,} may."
        " Withdrawn then, unless the list is changed:"
    )
    screen.table(value["proposed"], DEVICE)


def _print_token(screen: CommandScreen, value: Any) -> None:
    screen.line(value["token"])
    enrollment = value["enrollment"]
    screen.line(
        f"It is shown this once, and enrolls {format_count(enrollment['uses'], 'device')}."
        " There: tenure-agent enroll, with the --agent of its tenure-agent init"
    )
