"""Everything there is, started in one process on a scratch folder with data to play with: `tenure demo`
[spec: two-commands]."""

import asyncio
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TextIO

import httpx2
import msgspec

from tenure.core.refusals import Refused
from tenure.http.asgi import App
from tenure.http.serve import HttpServer, ListenAddress
from tenure.portal.app import PortalSettings, make_portal
from tenure.portal.main import make_client, system_now
from tenure.sandbox.in_process_site import InProcessSite
from tenure.sandbox.process_age import running_seconds
from tenure.sandbox.provider_client import ProviderClient
from tenure.sandbox.seed import (
    EVERYBODYS,
    SeededProvider,
    seed_catalog,
    seed_customer,
    seed_order,
    seed_provider,
    seed_user,
)
from tenure.sdk import License, Network, Rejected
from tenure.server.app import build_app
from tenure.server.main import create_server, open_context
from tenure.server.state_place import SETTINGS

DEVICES = ("reception", "workshop", "archive")
CONTAINERS = ("build-container",)
"""Devices that do not last: enrolled with `--ephemeral`."""
ALONE = "drawing-board"
"""An application without an administration server, which is licensed and runs; also the name of its folder."""
SCRIPT = """\
from tenure.sdk import License

license = License.open(product="editor", version="12.0", server="{url}", root="{root}",
                       folder="{folder}/my-app", sandbox=True)
if not license.standing.licensed:
    print(license.activate(input("Activation code: ")).message)
print("editing is", "on" if license.allows("edit") else "off")
print(license.standing.message)
license.start()   # synchronizes in the background from now on
input("Enter ends it. ")
"""


class RunningDemo(msgspec.Struct, frozen=True, kw_only=True):
    """What a visitor is told."""

    url: str
    portal: str
    """Address of the website for providers and customers."""
    users: dict[str, str]
    """E-mail addresses that can sign in there, by who they are; `EVERYBODYS` is everybody's."""
    folder: str
    provider: SeededProvider
    site: str
    """The administration server's folder."""
    console: str
    """Address of its console, and of its local API."""
    console_token: str
    """What one signs in to it with."""
    codes: dict[str, str]
    """Activation codes that are not used yet, by their purpose."""


def serve_demo(out: TextIO, folder: Path, *, port: int = 8_080) -> int:
    """Start everything in `folder`, say what there is to try, and wait for Ctrl-C; 0 when it ended cleanly.

    What a signal does while it starts is the caller's to say.
    """
    stop = threading.Event()
    with running_demo(folder, port) as started:
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, lambda *_: stop.set())
        out.write(_print_welcome(started, running_seconds()))
        out.flush()
        # A signal that comes just before the wait does not end it: Python looks at signals between two steps only.
        while not stop.wait(1):
            pass
        out.write("\nStopping …\n")
        out.flush()
    return 0


@contextmanager
def running_demo(folder: Path, port: int = 0) -> Iterator[RunningDemo]:
    """The whole demo for as long as the block lasts; RuntimeError when it cannot start."""
    made = create_server(folder / "server", "https://license.example.com")
    if isinstance(made, Refused):
        raise RuntimeError(f"{made.row.sentence} {made.detail}")
    with ExitStack() as stack:
        # The portal takes its port first: the server's mails and codes name the portal's address.
        http = make_client("http://127.0.0.1")
        website = make_portal(http, PortalSettings(house="Tenure demo"), system_now, time.monotonic)
        pages = stack.enter_context(_bind_server(website, port + 10 if port else 0))
        _set_portal(folder / "server", pages.url)
        context = asyncio.run(open_context(folder / "server"))
        if isinstance(context, Refused):
            raise RuntimeError(f"{context.row.sentence} {context.detail}")
        server = stack.enter_context(_bind_server(build_app(context, time.monotonic), port))
        http.base_url = httpx2.URL(server.url)
        vendor = ProviderClient(server.url, made.vendor_token)
        seed_catalog(vendor)
        north = seed_provider(vendor, server.url, "North Telecom", rules={"grace_days": 14}, portal=pages.url)
        seed_provider(vendor, server.url, "Strict Hosting", rules={"grace_days": 0}, portal=pages.url)
        codes, customers = _create_customers(server.url, north)
        alone = _order_alone(server.url, north, customers["Ana's architects"])
        users = _create_users(vendor, north, customers)
        root = folder / "server" / "sandbox-root.jws"
        (folder / "app.py").write_text(SCRIPT.format(url=server.url, root=root, folder=folder), encoding="utf-8")
        vendor.close()
        client = ProviderClient(server.url, north.token)
        inhouse = InProcessSite(
            folder / "office", server.url, root, client, DEVICES, containers=CONTAINERS, usual_ports=port != 0
        )
        with inhouse as office, _start_application(folder, server.url, root, alone):
            yield RunningDemo(
                url=server.url,
                portal=pages.url,
                users=users,
                folder=str(folder),
                provider=north,
                site=str(office.site),
                console=office.url,
                console_token=office.token,
                codes=codes,
            )
        client.close()


@contextmanager
def _bind_server(app: App, port: int) -> Iterator[HttpServer]:
    """On the port wished for, or on any when it is taken."""
    try:
        server = HttpServer(app, ListenAddress(port=port))
    except OSError:
        server = HttpServer(app, ListenAddress(port=0))
    with server:
        yield server


def _set_portal(folder: Path, url: str) -> None:
    """Tell a server that has not started yet where its portal is."""
    file = folder / SETTINGS
    file.write_bytes(msgspec.json.encode({**msgspec.json.decode(file.read_bytes()), "portal_url": url}))


def _create_users(vendor: ProviderClient, north: SeededProvider, customers: dict[str, str]) -> dict[str, str]:
    """Who can sign in at the portal: the vendor's owner, the provider's, and one user of each customer."""
    found = {"owner of the vendor's team": "vera@vendor.example", f"owner of {north.name}": "olga@north.example"}
    seed_user(vendor, None, "Vera Vendor", "vera@vendor.example")
    seed_user(vendor, north.id, "Olga North", "olga@north.example")
    for first, (name, customer_id) in zip(("Ana", "Rosa", "Stu"), customers.items(), strict=True):
        email = f"{first.lower()}@{name.split()[-1].lower()}.example"
        seed_user(vendor, north.id, f"{first} of {name}", email, customer_id=customer_id)
        found[f"customer {name}"] = email
    return found


def _create_customers(url: str, north: SeededProvider) -> tuple[dict[str, str], dict[str, str]]:
    """Customers as a provider has them: paid up, about to run dry, canceled, waiting for their first activation.

    Answers with activation codes by what they are for, and with the customers' ids by name.
    """
    client = ProviderClient(url, north.token)
    office = seed_customer(client, "Ana's architects", 200_000)
    school = seed_customer(client, "Riverside school", 15_000)
    studio = seed_customer(client, "Studio Brook", 60_000)
    codes = {"a year for ten devices": seed_order(client, north.offers, "editor-year", office, 10)[1]}
    codes["month by month, money for one more"] = seed_order(client, north.offers, "editor-month", school, 5)[1]
    canceled, _ = seed_order(client, north.offers, "editor-year", studio, 20)
    client.post(f"/v1/subscriptions/{canceled}/cancel", {"why": "moving to another product"})
    codes["a successor, starts at its first activation"] = seed_order(client, north.offers, "editor-team", office, 12)[
        1
    ]
    codes["only for version 13 and later"] = seed_order(client, north.offers, "editor-next", office, 3)[1]
    client.close()
    return codes, {"Ana's architects": office, "Riverside school": school, "Studio Brook": studio}


def _order_alone(url: str, north: SeededProvider, buyer: str) -> str:
    """The activation code of an order for two applications on their own."""
    client = ProviderClient(url, north.token)
    _, code = seed_order(client, north.offers, "editor-year", buyer, 2)
    client.close()
    return code


@contextmanager
def _start_application(folder: Path, url: str, root: Path, code: str) -> Iterator[License]:
    """A program that is licensed without an administration server, running for as long as the block lasts."""
    license_ = License.open(
        product="editor",
        version="12.0",
        server=url,
        root=root,
        folder=folder / ALONE,
        name=ALONE,
        sandbox=True,
        clock=folder / "office" / "clock",
        network=Network(loopback_http=True, proxy=""),
    )
    applied = license_.activate(code)
    if isinstance(applied, Rejected):
        raise RuntimeError(applied.message)
    with license_:
        yield license_


def _print_welcome(demo: RunningDemo, seconds: float) -> str:
    codes = "\n".join(f"    {code}   {what}" for what, code in demo.codes.items())
    users = "\n".join(f"       {email:<28} {who}" for who, email in demo.users.items())
    return f"""
Tenure is running ({seconds:.1f} s). Ctrl-C ends it; nothing is kept.

  portal              {demo.portal}       for the provider and its customers
  activation server   {demo.url}       API reference: {demo.url}/docs
  console             {demo.console}       sign in with the token {demo.console_token}

  Sign in at the portal with the password "{EVERYBODYS}":
{users}

  Unused activation codes:
{codes}

  1. Be the administrator of "Ana's office": apply a code at its administration server and watch its devices.
     Open the console above in a browser: Licenses, Add activation code, then Managed devices.
     Or in a second terminal, in this folder:
       export TENURE_SITE={demo.site}
       .venv/bin/tenure activate            # type the first code
       .venv/bin/tenure status
       .venv/bin/tenure devices list        # {len(DEVICES)} agents run here and ask for seats by themselves.
                                            # One in a container ("ephemeral") has a seat of one hour
       .venv/bin/tenure sync
       .venv/bin/tenure doctor

  2. Be the provider "{demo.provider.name}". In another terminal:
       export TENURE_URL={demo.url}
       export TENURE_TOKEN={demo.provider.token}
       .venv/bin/tenure subscriptions list
       .venv/bin/tenure customers list

  3. Move the clock of this sandbox as that provider; the office and its devices follow:
       .venv/bin/tenure clock set 2028-03-01
       .venv/bin/tenure devices list        # in the administrator's terminal

  4. Add more devices than the first code allows, and see at the console which got no seat, and why:
       .venv/bin/python -m tenure.sandbox.virtual_devices {demo.site} 8

  5. Break the office's DNS, synchronize, and see at the console which way was used; then mend it:
       touch {demo.folder}/office/dns-is-broken
       .venv/bin/tenure sync                # by the address that worked before; without one, by public DNS
       .venv/bin/tenure doctor
       rm {demo.folder}/office/dns-is-broken

  6. License an application in ten lines:
       .venv/bin/python {demo.folder}/app.py   # type the first code (another one, if the README's
                                            # application uses the first: of two on one computer the last one holds it)
     One on its own runs here already, "{ALONE}" of Ana's architects: see it at the portal under Installations. Give
     its license back, and see its place free:
       .venv/bin/tenure deactivate --folder {demo.folder}/{ALONE} --product editor --version 12.0 \\
         --server {demo.url} --root {demo.folder}/server/sandbox-root.jws --sandbox --clock {demo.folder}/office/clock

  7. Share the subscription with a second administration server, and type the first code there as well:
       .venv/bin/tenure site init --site {demo.folder}/second --name "Second office" --product editor=12.0 \\
         --server {demo.url} --root {demo.folder}/server/sandbox-root.jws --sandbox \\
         --listen 127.0.0.1:8491 --device-listen 127.0.0.1:8492 --device-name 127.0.0.1
     Then run it:
       .venv/bin/tenure site run --site {demo.folder}/second --clock {demo.folder}/office/clock
     It says where its console is; the token is in {demo.folder}/second/admin.token. What each server holds
     stands at both under Licenses, Properties, and at the portal under Installations.

"""
