"""What an administrator does with licenses: apply a code, look, synchronise, ask why, find out what is in the way."""

import threading
from collections.abc import Callable
from typing import Annotated, Any, Literal

import msgspec
from cyclopts import App, Parameter

from tenure.cli.api import Answer, Sending, path
from tenure.cli.desk import Desk
from tenure.cli.options import LOCAL
from tenure.cli.outcome import with_renewals
from tenure.cli.output import Output
from tenure.cli.problems import Failed, failed, invalid
from tenure.cli.show import Column, Screen, moment
from tenure.cli.site_desk import HERE, Product, Site, SiteDesk, site_desk
from tenure.cli.verbs import Ended, noun, verb
from tenure.core.plurals import format_count
from tenure.core.refusals import Exit, Refused

LICENSE = (
    Column("Product", "product"),
    Column("Type", "kind"),
    Column("Phase", "phase"),
    Column("Because", "cause"),
    Column("Paid until", "paid_until", "when"),
    Column("Grace until", "grace_until", "when"),
    Column("In use", "in_use", "count"),
    Column("Free", "free", "count"),
    Column("Limit", "device_limit", "count"),
    Column("Provider", "provider"),
    Column("Code", "code_last_group"),
    Column("Last contact", "last_answered", "moment"),
    Column("Next contact", "next_contact", "moment"),
)
STATUS = (
    Column("Product", "product"),
    Column("Phase", "phase"),
    Column("Because", "cause"),
    Column("Paid until", "paid_until", "when"),
    Column("Without contact until", "contact_until", "when"),
    Column("Devices", "in_use", "count"),
    Column("Waiting", "waiting", "count"),
    Column("Allotment", "allotment", "count"),
    Column("Limit", "device_limit", "count"),
    Column("Next contact", "next_contact", "moment"),
)
SPAN = (
    Column("From", "since", "moment"),
    Column("Until", "until", "moment"),
    Column("Phase", "phase"),
    Column("Because", "cause"),
    Column("Functions", "features", "list"),
)
CHECK = (
    Column("Check", "name"),
    Column("Result", "state"),
    Column("Seen", "text"),
    Column("Remedy", "remedy"),
)
COPY = (
    Column("Copy", "which"),
    Column("Seen", "at", "moment"),
    Column("Serial", "serial", "count"),
    Column("Version", "version"),
    Column("Devices", "devices", "count"),
    Column("Its clock", "clock", "moment"),
)
LOOK_AGAIN = 0.25
"""Seconds between two looks at the steps of an exchange that runs."""


def add(app: App) -> None:
    """Add the commands."""
    verb(app, "activate", LOCAL, group=HERE, example="tenure activate")(activate)
    verb(app, "status", LOCAL, group=HERE, example="tenure status --json")(status)
    folder = noun("licenses", "Licenses of this site; also: resolve-fork, drop-successor.", HERE)
    verb(folder, "", LOCAL, example="tenure licenses")(licenses)
    verb(folder, "resolve-fork", LOCAL, example="tenure licenses resolve-fork restored")(resolve_fork)
    verb(folder, "drop-successor", LOCAL, example="tenure licenses drop-successor")(drop_successor)
    app.command(folder)
    verb(app, "sync", LOCAL, group=HERE, example="tenure sync")(sync)
    verb(app, "explain", LOCAL, group=HERE, example="tenure explain")(explain)
    verb(app, "doctor", LOCAL, group=HERE, example="tenure doctor")(doctor)


def activate(
    desk: Desk,
    code: Annotated[
        str, Parameter(help="The activation code; asked for, or read from standard input, if left out.")
    ] = "",
    *,
    successor: Annotated[bool, Parameter(help="Stage it: it takes over when what is paid now is over.")] = False,
    look: Annotated[bool, Parameter(help="Only show what it would start, and until when; nothing begins.")] = False,
    product: Product = "",
    site: Site = "",
) -> Ended:
    """Apply the activation code that the provider has given."""
    typed = code or _asked(desk)
    if not typed:
        return invalid("No activation code was given.", "code")
    with site_desk(desk, site) as here:
        what = "successor" if successor else "activate"
        return _exchange(here, product, what, {"code": typed}, _looked if look else _activated, dry_run=look)


def status(desk: Desk, *, site: Site = "") -> Ended:
    """Show how the site is, in a line for each product."""
    with site_desk(desk, site) as here:
        return here.shown("/v1/status", _status, tenant=False)


def licenses(desk: Desk, *, product: Product = "", site: Site = "") -> Ended:
    """List licenses, or show one of them whole."""
    with site_desk(desk, site) as here:
        if product:
            return here.shown(path("/v1/licenses/{product}", product=product), _license, tenant=False)
        return here.shown("/v1/licenses", lambda screen, value: screen.table(value["items"], LICENSE), tenant=False)


def resolve_fork(
    desk: Desk,
    resolution: Annotated[
        Literal["restored", "second_site", "retired"],
        Parameter(help="This is the same server restored; the copy is a second site; the copy is retired."),
    ],
    *,
    product: Product = "",
    site: Site = "",
) -> Ended:
    """Say what two copies of this site are; the copy is the one that the other has overtaken."""
    with site_desk(desk, site) as here:
        return _exchange(here, product, "resolve-fork", {"resolution": resolution}, _synchronised)


def drop_successor(desk: Desk, *, product: Product = "", site: Site = "") -> Ended:
    """Drop the staged successor: its code can be staged or applied elsewhere."""
    with site_desk(desk, site) as here:
        return _exchange(here, product, "drop-successor", None, _synchronised)


def sync(desk: Desk, *, product: Product = "", site: Site = "") -> Ended:
    """Synchronise with the licensing server now: shows each step, the path used, and what changed."""
    with site_desk(desk, site) as here:
        return _exchange(here, product, "synchronize", None, _synchronised)


def explain(desk: Desk, *, product: Product = "", site: Site = "") -> Ended:
    """Explain what holds, by which rule, until when, what follows, and who can change it."""
    with site_desk(desk, site) as here:
        meant = here.product(product)
        if isinstance(meant, Failed):
            return meant
        return here.shown(path("/v1/licenses/{product}/explain", product=meant), _explained, tenant=False)


def doctor(desk: Desk, *, site: Site = "") -> Ended:
    """Try every way to the licensing server, the clock and the root of trust: one line each, with the remedy."""
    with site_desk(desk, site) as here, here.busy("Trying every way to the licensing server …"):
        api = here.api()
        asked = Sending(method="POST", path="/v1/test-connection", tenant=False)
        answer = api if isinstance(api, Failed) else api.send(asked)
        body = _examined(here) if isinstance(answer, Failed) else answer.body
    if isinstance(body, Failed):
        return body
    failures = [check for check in msgspec.json.decode(body)["checks"] if check["state"] == "failed"]
    return Output(body, _checks, Exit.UNREACHABLE if failures else Exit.DONE)


def _examined(here: SiteDesk) -> bytes | Failed:
    """The same without a running site, from its settings alone."""
    from tenure.sdk.assembly import Misuse, read_root
    from tenure.sdk.main import this_computer
    from tenure.sdk.names.last_good import LastGoodFile
    from tenure.site.doctor import Patient
    from tenure.site.doctor import doctor as examine
    from tenure.site.folder import SETTINGS
    from tenure.site.settings import read_settings

    settings = read_settings(here.folder / SETTINGS)
    if isinstance(settings, Refused):
        return failed(settings)
    try:
        root = read_root(here.folder / settings.root, sandbox=settings.sandbox)
    except Misuse as fault:
        return invalid(f"{fault}.", "root")
    patient = Patient(
        settings=settings,
        computer=this_computer(),
        addresses=LastGoodFile(here.folder / "addresses"),
        # What the lease says of public DNS lies in the site's store, which is not opened here: none is asked.
        dns="off",
        root=root,
        estimate=None,
    )
    return msgspec.json.encode({"checks": list(examine(patient))})


def _asked(desk: Desk) -> str:
    if desk.world.interactive:
        return desk.world.ask("Activation code: ").strip()
    return desk.world.stdin.readline(1_000).strip()


def _exchange(
    here: SiteDesk,
    product: str,
    what: str,
    body: dict[str, Any] | None,
    people: Callable[[Screen, Any], None],
    *,
    dry_run: bool = False,
) -> Ended:
    """One exchange of the site with its server, shown step by step on a terminal while it runs."""
    meant = here.product(product)
    if isinstance(meant, Failed):
        return meant
    api = here.api()
    if isinstance(api, Failed):
        return api
    where = path("/v1/licenses/{product}/", product=meant)
    query: dict[str, Any] = {"dry_run": True} if dry_run else {}
    sending = Sending(method="POST", path=where + what, body=body, query=query, key=here.world.new_key(), tenant=False)
    done: list[Answer | Failed] = []
    asking = threading.Thread(target=lambda: done.append(api.send(sending)), daemon=True)
    asking.start()
    live = here.aside.terminal and not here.options.json
    shown = _shown_live(here, where, asking) if live else 0
    asking.join()
    (answer,) = done
    if isinstance(answer, Failed):
        return answer
    return Output(answer.body, lambda screen, value: people(screen, {**value, "steps": value["steps"][shown:]}))


def _shown_live(here: SiteDesk, where: str, asking: threading.Thread) -> int:
    """Shows the steps as they come; how many were shown."""
    shown = 0
    while asking.is_alive():
        asking.join(LOOK_AGAIN)
        answer = here.get(f"{where}synchronization", tenant=False)
        run = {} if isinstance(answer, Failed) else msgspec.json.decode(answer.body)
        for step in run.get("steps", ())[shown:] if run.get("running", True) else ():
            _step(here.aside, step)
            shown += 1
    return shown


def _step(screen: Screen, step: Any) -> None:
    screen.line(f"{'  ' if step['ok'] else '! '}{step['text']}")


def _activated(screen: Screen, value: Any) -> None:
    for step in value["steps"]:
        _step(screen, step)
    screen.line(value["message"])


def _looked(screen: Screen, value: Any) -> None:
    for step in value["steps"]:
        _step(screen, step)
    screen.line(value["message"])
    screen.table(with_renewals(value["preview"]["timeline"], "cause"), SPAN)
    screen.line("Nothing has begun: leave out `--look` to apply the code.")


def _synchronised(screen: Screen, value: Any) -> None:
    for step in value["steps"]:
        _step(screen, step)
    screen.line(f"Path: {value['path'] or 'none'}")
    if value["differences"]:
        rows = [(each["what"], each["before"] or "-", each["after"] or "-") for each in value["differences"]]
        screen.rows(("Changed", "Before", "After"), rows)
    else:
        screen.line("Nothing has changed.")
    until = moment(value["license"]["contact_until"], screen.zone)
    screen.line(f"{value['license']['message']} Without further contact it is good until {until}.")


def _status(screen: Screen, value: Any) -> None:
    screen.heading(f"{value['name']} (Tenure {value['version']})")
    screen.line(
        f"Licensing server: {value['server']}. Devices find this site at {value['device_host']}:{value['device_port']}."
    )
    screen.table(value["products"], STATUS)
    for each in value["products"]:
        screen.line(each["message"])


def _license(screen: Screen, value: Any) -> None:
    screen.card(value, LICENSE)
    screen.line(value["message"])
    if value["fork"] is not None:
        _fork(screen, value["fork"])
    for one in (value["new_seats"], value["refusal"], *value["warnings"]):
        if one is not None:
            screen.line(f"{one['text']} ({one['code']})")
    screen.table(with_renewals(value["timeline"], "cause"), SPAN)


def _fork(screen: Screen, fork: Any) -> None:
    screen.line(
        "Two copies of this site use one identity; this one is the "
        + ("copy that was overtaken." if fork["you_are_the_copy"] else "one that the server goes by.")
    )
    screen.table(fork["copies"], COPY)
    left = format_count(fork["restores_left"], "more time", "more times")
    screen.line(f"`restored` can be said {left} here: tenure licenses resolve-fork")


def _explained(screen: Screen, value: Any) -> None:
    screen.line(value["sentence"])
    for text in (value["rule"], value["renewal"], value["follows"]):
        if text:
            screen.line(text)
    for remedy in value["remedies"]:
        screen.line(f"{remedy['who'].capitalize()}: {remedy['how']}")
    if value["timeline"]:
        screen.table(with_renewals(value["timeline"], "cause"), SPAN)
    if value["silence"]:
        screen.line("If the licensing server never answered again:")
        screen.table(value["silence"], SPAN)


def _checks(screen: Screen, value: Any) -> None:
    screen.table(value["checks"], CHECK)
