"""Everything there is, started in one process on a scratch folder with data to play with: `tenure demo` (spec 4.1)."""

import asyncio
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TextIO

import msgspec

from tenure.core.refusals import Refused
from tenure.http.serve import Listen, Server
from tenure.sandbox.inhouse import Inhouse
from tenure.sandbox.seed import Provider, catalogue, customer, order, provider
from tenure.sandbox.shop import Shop
from tenure.server.app import build
from tenure.server.main import init, open_context

DEVICES = ("reception", "workshop", "archive")
SCRIPT = """\
from tenure.sdk import License
from tenure.sdk.reach import Network

license = License.open(product="editor", version="12.0", server="{url}", root="{root}",
                       folder="{folder}/my-app", sandbox=True, network=Network(loopback_http=True))
if not license.standing.licensed:
    print(license.activate(input("Activation code: ")).message)
print("editing is", "on" if license.allows("edit") else "off")
print(license.standing.message)
license.start()   # synchronises in the background from now on
input("Enter ends it. ")
"""


class Demo(msgspec.Struct, frozen=True, kw_only=True):
    """What a visitor is told."""

    url: str
    folder: str
    provider: Provider
    site: str
    """The administration server's folder."""
    console: str
    """Address of its console, and of its local API."""
    console_token: str
    """What one signs in to it with."""
    codes: dict[str, str]
    """Activation codes that nobody has used yet, by what they are for."""
    seconds: float


def demo(out: TextIO, *, port: int = 8_080, folder: Path | None = None) -> int:
    """Start everything, say what there is to try, and wait for Ctrl-C; 0 when it ended cleanly."""
    stop = threading.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *_: stop.set())
    with ExitStack() as stack:
        scratch = folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tenure-demo-")))
        started = stack.enter_context(running(scratch, port))
        out.write(_welcome(started))
        out.flush()
        stop.wait()
        out.write("\nStopping …\n")
        out.flush()
    return 0


@contextmanager
def running(folder: Path, port: int = 0) -> Iterator[Demo]:
    """The whole demo for as long as the block lasts; RuntimeError when it cannot start."""
    began = time.monotonic()
    made = init(folder / "server", "https://licence.example.com")
    if isinstance(made, Refused):
        raise RuntimeError(f"{made.row.sentence} {made.detail}")
    context = asyncio.run(open_context(folder / "server"))
    if isinstance(context, Refused):
        raise RuntimeError(f"{context.row.sentence} {context.detail}")
    with _listening(build(context, time.monotonic), port) as server:
        vendor = Shop(server.url, made.vendor_token)
        catalogue(vendor)
        north = provider(vendor, server.url, "North Telecom", rules={"grace_days": 14})
        provider(vendor, server.url, "Strict Hosting", rules={"grace_days": 0})
        codes = _customers(server.url, north)
        root = folder / "server" / "sandbox-root.jws"
        (folder / "app.py").write_text(SCRIPT.format(url=server.url, root=root, folder=folder), encoding="utf-8")
        vendor.close()
        desk = Shop(server.url, north.token)
        with Inhouse(folder / "office", server.url, root, desk, DEVICES) as office:
            yield Demo(
                url=server.url,
                folder=str(folder),
                provider=north,
                site=str(office.site),
                console=office.url,
                console_token=office.token,
                codes=codes,
                seconds=time.monotonic() - began,
            )
        desk.close()


@contextmanager
def _listening(app: Any, port: int) -> Iterator[Server]:
    """On the port wished for, or on any when it is taken."""
    try:
        server = Server(app, Listen(port=port))
    except OSError:
        server = Server(app, Listen(port=0))
    with server:
        yield server


def _customers(url: str, north: Provider) -> dict[str, str]:
    """Customers as a provider has them: paid up, about to run dry, cancelled, waiting for their first activation."""
    desk = Shop(url, north.token)
    office = customer(desk, "Ana's architects", 200_000)
    school = customer(desk, "Riverside school", 15_000)
    studio = customer(desk, "Studio Brook", 60_000)
    codes = {"a year for ten devices": order(desk, north.offers, "editor-year", office, 10)[1]}
    codes["month by month, money for one more"] = order(desk, north.offers, "editor-month", school, 5)[1]
    cancelled, _ = order(desk, north.offers, "editor-year", studio, 20)
    desk.post(f"/v1/subscriptions/{cancelled}/cancel", {"why": "moving to another product"})
    codes["a successor, starts at its first activation"] = order(desk, north.offers, "editor-team", office, 12)[1]
    codes["only for version 13 and later"] = order(desk, north.offers, "editor-next", office, 3)[1]
    desk.close()
    return codes


def _welcome(demo: Demo) -> str:
    codes = "\n".join(f"    {code}   {what}" for what, code in demo.codes.items())
    return f"""
Tenure is running ({demo.seconds:.1f} s). Ctrl-C ends it; nothing is kept.

  activation server   {demo.url}       API reference: {demo.url}/docs
  console             {demo.console}       sign in with the token {demo.console_token}

  Activation codes that nobody has used yet:
{codes}

  1. Be the administrator of "Ana's office": apply a code at its administration server and watch its devices.
     Open the console above in a browser: Licenses, Add activation code, then Managed devices.
     Or in a second terminal, in this folder:
       export TENURE_SITE={demo.site}
       .venv/bin/tenure activate            # type the first code
       .venv/bin/tenure status
       .venv/bin/tenure devices list        # {len(DEVICES)} agents run here and ask for seats by themselves
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

  4. License an application in ten lines:
       .venv/bin/python {demo.folder}/app.py

"""
