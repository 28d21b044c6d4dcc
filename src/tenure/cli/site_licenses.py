"""What an administrator does with licenses: preview or apply a code, synchronize, ask why, test the connection."""

import threading
from collections.abc import Callable
from typing import Annotated, Any, Literal

import msgspec
from cyclopts import App, Parameter

from tenure.cli.api import CliRequest
from tenure.cli.command_session import CommandSession
from tenure.cli.options import ASKING, LOCAL
from tenure.cli.outcome import with_renewals
from tenure.cli.output import CommandOutput, nothing_done
from tenure.cli.problems import CommandError, accept, invalid_field
from tenure.cli.registration import add_noun, add_verb
from tenure.cli.screen import CommandScreen, TableColumn, format_moment
from tenure.cli.site_session import HERE, Product, SiteCommandSession
from tenure.core.plurals import format_count
from tenure.core.refusals import ExitCode
from tenure.http.client.api_exchange import ApiAnswer, fill_path

LICENSE = (
    TableColumn("Product", "product"),
    TableColumn("Type", "kind"),
    TableColumn("Phase", "phase"),
    TableColumn("Because", "cause"),
    TableColumn("Paid until", "paid_until", "when"),
    TableColumn("Grace until", "grace_until", "when"),
    TableColumn("In use", "in_use", "count"),
    TableColumn("Free", "free", "count"),
    TableColumn("Limit", "device_limit", "count"),
    TableColumn("Provider", "provider"),
    TableColumn("Code", "code_last_group"),
    TableColumn("Last contact", "last_answered", "moment"),
    TableColumn("Next contact", "next_contact", "moment"),
)
STATUS = (
    TableColumn("Product", "product"),
    TableColumn("Phase", "phase"),
    TableColumn("Because", "cause"),
    TableColumn("Paid until", "paid_until", "when"),
    TableColumn("Without contact until", "contact_until", "when"),
    TableColumn("Devices", "in_use", "count"),
    TableColumn("Waiting", "waiting", "count"),
    TableColumn("Allotment", "allotment", "count"),
    TableColumn("Limit", "device_limit", "count"),
    TableColumn("Next contact", "next_contact", "moment"),
)
SPAN = (
    TableColumn("From", "since", "moment"),
    TableColumn("Until", "until", "end"),
    TableColumn("Phase", "phase"),
    TableColumn("Because", "cause"),
    TableColumn("Functions", "features", "list"),
)
CHECK = (
    TableColumn("Check", "name"),
    TableColumn("Result", "state"),
    TableColumn("Seen", "text"),
    TableColumn("Remedy", "remedy"),
)
COPY = (
    TableColumn("Copy", "which"),
    TableColumn("Seen", "at", "moment"),
    TableColumn("Serial", "serial", "count"),
    TableColumn("Version", "version"),
    TableColumn("Devices", "devices", "count"),
    TableColumn("Its clock", "clock", "moment"),
)
FORK_DECISIONS = {
    "restored": "This server, {}, is the same one, restored from a backup; the other copy is overtaken for good.",
    "second_site": "The copy of {} is a second administration server: it loses this server's identity for good.",
    "retired": "The copy of {} is refused for good, and serves no device any more.",
}
"""By resolution: what it does to the product's copies, as it is asked about first."""
LOOK_AGAIN = 0.25
"""Seconds between two looks at the steps of an exchange that runs."""


def add(app: App) -> None:
    """Add the commands."""
    add_verb(app, "activate", LOCAL, group=HERE, example="tenure activate")(apply_code)
    add_verb(app, "status", LOCAL, group=HERE, example="tenure status --json")(show_status)
    folder = add_noun("licenses", "Licenses of this site; also: resolve-fork, drop-successor.", HERE)
    add_verb(folder, "", LOCAL, example="tenure licenses")(list_licenses)
    add_verb(folder, "resolve-fork", ASKING, example="tenure licenses resolve-fork restored")(resolve_fork)
    add_verb(folder, "drop-successor", LOCAL, example="tenure licenses drop-successor")(drop_successor)
    app.command(folder)
    add_verb(app, "sync", LOCAL, group=HERE, example="tenure sync")(synchronize_now)
    add_verb(app, "explain", LOCAL, group=HERE, example="tenure explain")(explain_license)
    add_verb(app, "doctor", LOCAL, group=HERE, example="tenure doctor")(test_connection)


def apply_code(
    here: SiteCommandSession,
    code: Annotated[
        str, Parameter(help="The activation code; asked for, or read from standard input, if left out.")
    ] = "",
    *,
    successor: Annotated[bool, Parameter(help="Stage it: it takes over at the end of the paid period.")] = False,
    preview: Annotated[
        bool, Parameter(help="Only show what it would start, and until when; nothing is activated.")
    ] = False,
    product: Product = "",
) -> CommandOutput:
    """Apply the activation code that the provider has given."""
    # A missing site is told first: a code does not help there.
    here.api()
    typed = code or _read_code(here)
    if not typed:
        raise invalid_field("No activation code was given.", "code")
    what = "successor" if successor else "activate"
    return _run_exchange(
        here, product, what, {"code": typed}, _print_preview if preview else _print_activated, dry_run=preview
    )


def show_status(here: SiteCommandSession) -> CommandOutput:
    """Show the status of this site, one line for each product."""
    return here.get_shown("/v1/status", _print_status)


def list_licenses(here: SiteCommandSession, *, product: Product = "") -> CommandOutput:
    """List licenses, or show one of them whole."""
    if product:
        return here.get_shown(fill_path("/v1/licenses/{product}", product=product), _print_license)
    return here.get_shown("/v1/licenses", lambda screen, value: screen.table(value["items"], LICENSE))


def resolve_fork(
    here: SiteCommandSession,
    resolution: Annotated[
        Literal["restored", "second_site", "retired"],
        Parameter(help="This is the same server restored; the copy is a second site; the copy is retired."),
    ],
    *,
    product: Product = "",
) -> CommandOutput:
    """Decide what two copies of this site are; the copy is the older one."""
    meant = here.choose_product(product)
    if not here.is_confirmed(FORK_DECISIONS[resolution].format(f"the site of {meant} in {here.folder}")):
        return nothing_done()
    return _run_exchange(here, meant, "resolve-fork", {"resolution": resolution}, _print_synchronized)


def drop_successor(here: SiteCommandSession, *, product: Product = "") -> CommandOutput:
    """Drop the staged successor: its code can be staged or applied elsewhere."""
    return _run_exchange(here, product, "drop-successor", None, _print_synchronized)


def synchronize_now(here: SiteCommandSession, *, product: Product = "") -> CommandOutput:
    """Synchronize with the activation server now: shows each step, the path used, and what changed."""
    return _run_exchange(here, product, "synchronize", None, _print_synchronized)


def explain_license(here: SiteCommandSession, *, product: Product = "") -> CommandOutput:
    """Explain the current state: its rule, until when, what follows, and who can change it."""
    meant = here.choose_product(product)
    return here.get_shown(fill_path("/v1/licenses/{product}/explain", product=meant), _print_explanation)


def test_connection(here: SiteCommandSession) -> CommandOutput:
    """Try every way to the activation server, the clock and the root of trust: one line each, with the remedy."""
    with here.show_busy("Trying every way to the activation server …"):
        try:
            body = here.api().send(CliRequest(method="POST", path="/v1/test-connection")).body
        except CommandError:
            body = _examine_offline(here)
    failures = [check for check in msgspec.json.decode(body)["checks"] if check["state"] == "failed"]
    return CommandOutput(body, _print_checks, ExitCode.UNREACHABLE if failures else ExitCode.DONE)


def _examine_offline(here: SiteCommandSession) -> bytes:
    """The same without a running site, from its settings alone."""
    from tenure.sdk.assembly import ConfigurationError, read_root
    from tenure.sdk.main import this_computer
    from tenure.sdk.network.last_good import LastGoodFile
    from tenure.site.doctor import DoctorInput
    from tenure.site.doctor import examine_site as examine
    from tenure.site.folder import SETTINGS
    from tenure.site.settings import read_settings

    settings = accept(read_settings(here.folder / SETTINGS))
    try:
        root = read_root(here.folder / settings.root, sandbox=settings.sandbox)
    except ConfigurationError as fault:
        raise invalid_field(f"{fault}.", "root") from fault
    patient = DoctorInput(
        settings=settings,
        computer=this_computer(),
        addresses=LastGoodFile(here.folder / "addresses"),
        # What the lease says of public DNS lies in the site's store, which is not opened here: none is asked.
        dns="off",
        root=root,
        estimate=None,
    )
    return msgspec.json.encode({"checks": list(examine(patient))})


def _read_code(session: CommandSession) -> str:
    if session.world.is_interactive:
        return session.world.ask("Activation code: ").strip()
    return session.world.stdin.readline(1_000).strip()


def _run_exchange(
    here: SiteCommandSession,
    product: str,
    what: str,
    body: dict[str, Any] | None,
    printer: Callable[[CommandScreen, Any], None],
    *,
    dry_run: bool = False,
) -> CommandOutput:
    """One exchange of the site with its server, shown step by step on a terminal while it runs."""
    meant = here.choose_product(product)
    api = here.api()
    where = fill_path("/v1/licenses/{product}/", product=meant)
    query: dict[str, Any] = {"dry_run": True} if dry_run else {}
    sending = CliRequest(method="POST", path=where + what, body=body, query=query, key=here.world.new_key())
    done: list[ApiAnswer | CommandError] = []

    def ask() -> None:
        try:
            done.append(api.send(sending))
        except CommandError as failed:
            done.append(failed)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    live = here.aside.is_terminal and not here.options.json
    shown = _shown_live(here, where, asking) if live else 0
    asking.join()
    (answer,) = done
    if isinstance(answer, CommandError):
        raise answer
    return CommandOutput(answer.body, lambda screen, value: printer(screen, {**value, "steps": value["steps"][shown:]}))


def _shown_live(here: SiteCommandSession, where: str, asking: threading.Thread) -> int:
    """Shows the steps as they come; how many were shown."""
    shown = 0
    while asking.is_alive():
        asking.join(LOOK_AGAIN)
        try:
            run = msgspec.json.decode(here.get(f"{where}synchronization").body)
        except CommandError:
            run = {}
        for step in run.get("steps", ())[shown:] if run.get("running", True) else ():
            _print_step(here.aside, step)
            shown += 1
    return shown


def _print_step(screen: CommandScreen, step: Any) -> None:
    screen.line(f"{'  ' if step['ok'] else '! '}{step['text']}")


def _print_activated(screen: CommandScreen, value: Any) -> None:
    for step in value["steps"]:
        _print_step(screen, step)
    screen.line(value["message"])


def _print_preview(screen: CommandScreen, value: Any) -> None:
    for step in value["steps"]:
        _print_step(screen, step)
    screen.line(value["message"])
    screen.table(with_renewals(value["preview"]["timeline"], "cause"), SPAN)
    screen.line("Nothing has begun: leave out `--preview` to apply the code.")


def _print_synchronized(screen: CommandScreen, value: Any) -> None:
    for step in value["steps"]:
        _print_step(screen, step)
    screen.line(f"Path: {value['path'] or 'none'}")
    if value["differences"]:
        rows = [(each["what"], each["before"] or "-", each["after"] or "-") for each in value["differences"]]
        screen.rows(("Changed", "Before", "After"), rows)
    else:
        screen.line("Nothing has changed.")
    screen.line(value["license"]["message"])
    if value["license"]["contact_until"]:
        until = format_moment(value["license"]["contact_until"], screen.zone)
        screen.line(f"Without further contact it is good until {until}.")


def _print_status(screen: CommandScreen, value: Any) -> None:
    screen.heading(f"{value['name']} (Tenure {value['version']})")
    screen.line(
        f"Activation server: {value['server']}. "
        f"Devices find this site at {value['device_host']}:{value['device_port']}."
    )
    screen.table(value["products"], STATUS)
    for each in value["products"]:
        screen.line(each["message"])


def _print_license(screen: CommandScreen, value: Any) -> None:
    screen.card(value, LICENSE)
    screen.line(value["message"])
    if value["fork"] is not None:
        _print_fork(screen, value["fork"])
    for one in (value["new_seats"], value["refusal"], *value["warnings"]):
        if one is not None:
            screen.line(f"{one['text']} ({one['code']})")
    screen.table(with_renewals(value["timeline"], "cause"), SPAN)


def _print_fork(screen: CommandScreen, fork: Any) -> None:
    screen.line(
        "Two copies of this site use one identity; this one is the "
        + ("copy that was overtaken." if fork["you_are_the_copy"] else "one that the server goes by.")
    )
    screen.table(fork["copies"], COPY)
    left = format_count(fork["restores_left"], "more time", "more times")
    screen.line(f"`restored` can be said {left} here: tenure licenses resolve-fork")


def _print_explanation(screen: CommandScreen, value: Any) -> None:
    screen.line(value["sentence"])
    for text in (value["rule"], value["renewal"], value["follows"]):
        if text:
            screen.line(text)
    for remedy in value["remedies"]:
        screen.line(f"{remedy['who'].capitalize()}: {remedy['how']}")
    if value["timeline"]:
        screen.table(with_renewals(value["timeline"], "cause"), SPAN)
    if value["silence"]:
        screen.line("If the activation server never answered again:")
        screen.table(value["silence"], SPAN)


def _print_checks(screen: CommandScreen, value: Any) -> None:
    screen.table(value["checks"], CHECK)
