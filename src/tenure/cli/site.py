"""`tenure site`: making an administration server, running it, and what happened there."""

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from tenure.cli import site_forwarding, site_users
from tenure.cli.argument_types import File, Limit, read_file
from tenure.cli.options import LOCAL
from tenure.cli.output import CommandOutput, make_output, sentence_output, show_table
from tenure.cli.problems import accept, explain_folder, invalid_field
from tenure.cli.registration import add_noun, add_verb, add_words
from tenure.cli.screen import CommandScreen, TableColumn
from tenure.cli.site_session import HERE, Product, SiteCommandSession, in_folder
from tenure.core.plurals import format_count

EVENT = (
    TableColumn("No.", "number"),
    TableColumn("At", "at", "moment"),
    TableColumn("Severity", "severity"),
    TableColumn("Product", "product"),
    TableColumn("Event", "text"),
    TableColumn("Seen", "acknowledged", "yes"),
)

USE = (
    TableColumn("Day", "date"),
    TableColumn("Product", "product"),
    TableColumn("Group", "group"),
    TableColumn("At most", "most", "count"),
    TableColumn("Latest", "latest", "count"),
)

_APP = add_noun(
    "site", "The administration server of this network: init, run, reset, users, events, forwarding, usage.", HERE
)
site_users.add(_APP)
site_forwarding.add(_APP)
add = add_words(_APP)


@add_verb(
    _APP,
    "init",
    LOCAL,
    example="tenure site init --server https://license.example.com --root root.jws --product editor=12.4",
)
def init_site(
    here: SiteCommandSession,
    *,
    server: Annotated[str, Parameter(help="The activation server's address, https://…")],
    root: File,
    product: Annotated[list[str], Parameter(help="A product and its version, `editor=12.4`; may be repeated.")],
    name: Annotated[str, Parameter(help="The site's name, for people; the computer's by default.")] = "",
    device_name: Annotated[str, Parameter(help="The name or address under which devices find this computer.")] = "",
    listen: Annotated[
        str, Parameter(help="ADDRESS:PORT of console and local API; port 0: any free one.")
    ] = "127.0.0.1:8481",
    device_listen: Annotated[
        str, Parameter(help="ADDRESS:PORT that devices speak to; 127.0.0.1 keeps it to this computer's devices.")
    ] = "0.0.0.0:8482",
    ca_file: Annotated[
        Path | None, Parameter(help="Certificates (PEM) of your own authority, to trust the server.")
    ] = None,
    sandbox: Annotated[bool, Parameter(help="Only with the root document of a sandbox.")] = False,
) -> CommandOutput:
    """Make a new site in an empty folder: its key, its settings, the administrator's token."""
    from tenure.http.endpoints import read_endpoint
    from tenure.site.folder import AUTHORITIES
    from tenure.site.main import create_site
    from tenure.site.settings import ApiSettings, DeviceSettings, NetworkSettings, ProductSettings, SiteSettings

    data = read_file(here.world, root, "root")
    authorities = read_file(here.world, ca_file, "ca_file") if ca_file else b""
    pairs = dict(each.partition("=")[::2] for each in product)
    if not all(pairs.values()) or not all(pairs):
        raise invalid_field("A product is written with its version: --product editor=12.4.", "product")
    accept(read_endpoint(listen, "listen"))
    accept(read_endpoint(device_listen, "device_listen"))
    settings = SiteSettings(
        server=server,
        products={each: ProductSettings(version=version) for each, version in pairs.items()},
        name=name,
        sandbox=sandbox,
        network=NetworkSettings(loopback_http=sandbox, ca_file=AUTHORITIES if authorities else ""),
        api=ApiSettings(listen=listen),
        devices=DeviceSettings(name=device_name, listen=device_listen),
    )
    folder = here.folder
    try:
        done = accept(create_site(folder, settings, data, authorities=authorities))
    except OSError as fault:
        raise invalid_field(f"{folder} cannot be written: {fault.strerror}.", "site") from fault
    return make_output(done, lambda screen, value: _print_initialized(screen, value, here.options.site))


@add_verb(_APP, "run", LOCAL, example="tenure site run")
def run_site(
    here: SiteCommandSession,
    *,
    clock: Annotated[Path | None, Parameter(help="A file with the time; only for a sandbox.")] = None,
) -> CommandOutput:
    """Run the site until it is stopped."""
    from tenure.http.collector import pause_collector

    with pause_collector():
        from tenure.site.main import serve_folder

        refused = serve_folder(here.folder, clock=clock)
    if refused is not None:
        raise explain_folder(refused, "site", "--site")
    return CommandOutput(b"", sentence_output("The site has stopped."))


@add_verb(_APP, "reset", LOCAL, example="tenure site reset")
def reset_identity(here: SiteCommandSession) -> CommandOutput:
    """Reset this site with another key: for a copy that becomes a separate site, or a site that was declared lost."""
    from tenure.site.main import reset_site

    folder = here.folder
    try:
        done = accept(reset_site(folder))
    except OSError as fault:
        raise invalid_field(f"{folder} cannot be written: {fault.strerror}.", "site") from fault
    return make_output(done, lambda screen, value: _identity_reset(screen, value, here.options.site))


@add_verb(_APP, "events", LOCAL, example="tenure site events --limit 20")
def site_events(
    here: SiteCommandSession,
    *,
    severity: Annotated[str, Parameter(help="Of this severity only: info, warning, critical.")] = "",
    kind: Annotated[str, Parameter(help="Of this kind only, such as device_limit_reached.")] = "",
    new: Annotated[bool, Parameter(help="Only events that are not acknowledged yet.")] = False,
    limit: Limit = 50,
) -> CommandOutput:
    """List what happened at this site, latest first; kept 30 days (info), 90 (warning), 180 (critical)."""
    asked = {"severity": severity or None, "kind": kind or None, "new": "true" if new else None}
    return here.get_list("/v1/events", show_table(EVENT, "Nothing has happened."), asked, limit=limit)


@add_verb(_APP, "acknowledge", LOCAL, example="tenure site acknowledge 412")
def acknowledge_events(
    here: SiteCommandSession,
    number: Annotated[int, Parameter(help="The number of the latest event that you have seen.")],
    *,
    severity: Annotated[str, Parameter(help="Of this severity only: info, warning, critical.")] = "",
) -> CommandOutput:
    """Mark every event up to a number as seen; newer ones stay new."""
    body = {"number": number, "severity": severity or None}
    return here.put(
        "/v1/events-acknowledgment",
        lambda screen, value: screen.line(f"{format_count(value['acknowledged'], 'event was', 'events were')} new."),
        body,
    )


@add_verb(_APP, "usage", LOCAL, example="tenure site usage --days 90")
def report_usage(
    here: SiteCommandSession,
    *,
    days: Annotated[int, Parameter(help="The last days, this many.")] = 30,
    product: Product = "",
    group: Annotated[str, Parameter(help="Of this group only.")] = "",
) -> CommandOutput:
    """Report devices in use by day, product and group."""
    asked = {"days": days, "product": product or None, "group": group or None}
    return here.get_shown("/v1/usage", _print_usage, asked)


def _print_usage(screen: CommandScreen, value: Any) -> None:
    screen.table(value["items"], USE, "No device has counted in these days.")


def _identity_reset(screen: CommandScreen, value: Any, site: str) -> None:
    screen.heading(f"The site in {value['folder']} has a new key: {value['key']}.")
    for each in value["kept"]:
        screen.line(f"Kept aside: {each}")
    screen.line(f"Start it with: {in_folder('tenure site run', '--site', site)}")
    screen.line(f"Then apply an activation code: {in_folder('tenure activate', '--site', site)}")
    screen.line("Its devices have to be enrolled again.")


def _print_initialized(screen: CommandScreen, value: Any, site: str) -> None:
    screen.heading(f"A new site is in {value['folder']}.")
    screen.pairs(
        [
            ("Settings", value["settings"]),
            ("Its key", value["key"]),
            ("Token of its API", f"{value['token_file']} (its readers can administer the site)"),
            ("Devices use", f"{value['devices']} (to change: devices.name and devices.listen in the settings)"),
        ]
    )
    screen.line(f"Start it with: {in_folder('tenure site run', '--site', site)}")
    screen.line(f"Then apply the activation code: {in_folder('tenure activate', '--site', site)}")
