"""Computers that do not exist, each with an agent in this process, at a sandbox's administration server.

The demo's devices are such computers; `python -m tenure.sandbox.virtual_devices SITE 8` adds eight laptops, to see what
happens beyond the limit. The agents are the ones that customers run; only their hardware is made up.
"""

import argparse
import signal
import sys
import threading
from pathlib import Path
from typing import TextIO

import msgspec

from tenure.agent.daemon import AgentDaemon
from tenure.agent.main import SETTINGS, OpenedAgent, create_agent, daemon_of, open_agent
from tenure.agent.status import device_status
from tenure.core.refusals import Refused
from tenure.sandbox.provider_client import ProviderClient, RefusedCallError
from tenure.site.folder import TOKEN

PRODUCT, VERSION = "editor", "12.0"
LOOK = 0.5
"""Seconds between two looks at whether there is news for everybody."""
LONGEST_WAIT = 10.0
MOST = 200
"""Computers that one process may play."""


class VirtualDevices:
    """Computers of one office, from `join` to `close`."""

    def __init__(self, folder: Path, root: bytes, clock: Path, api: ProviderClient) -> None:
        """`folder`: where each gets its own. `api`: the administration server's local API."""
        self._folder, self._root, self._clock, self._api = folder, root, clock, api
        self._running: list[tuple[threading.Thread, AgentDaemon]] = []
        self._before: tuple[str, int] | None = None
        self.agents: list[OpenedAgent] = []

    def join(self, names: list[str], *, ephemeral: bool = False) -> None:
        """Switches these computers on; new ones enroll, as `ephemeral` where they are containers.

        RuntimeError with the reason if one cannot start.
        """
        new = [name for name in names if not (self._folder / name / SETTINGS).exists()]
        for name in new:
            folder = self._folder / name
            made = create_agent(
                folder, self._root, product=PRODUCT, version=VERSION, name=name, sandbox=True, hardware=name
            )
            if isinstance(made, Refused):
                raise RuntimeError(f"{made.row.sentence} {made.detail}")
        ticket = self._api.post("/v1/enrollments", {"product": PRODUCT, "uses": len(new)})["token"] if new else ""
        for name in names:
            self._start_device(name, ticket if name in new else "", ephemeral=ephemeral)

    def follow(self) -> None:
        """Has all of them ask at once when there is news.

        Outside a sandbox they ask by themselves, within minutes to a day: too long to wait for here.
        """
        line = self._api.get(f"/v1/licenses/{PRODUCT}")
        now = line["phase"], line["allotment"]
        if now != self._before:
            self._before = now
            for agent in self.agents:
                agent.keeper.refresh()

    def close(self) -> None:
        """Switches all of them off; what they hold stays in their folders."""
        for _, daemon in self._running:
            daemon.stop()
        for thread, _ in self._running:
            thread.join(LONGEST_WAIT)

    def _start_device(self, name: str, ticket: str, *, ephemeral: bool) -> None:
        agent = open_agent(self._folder / name, clock=self._clock)
        if isinstance(agent, Refused):
            raise RuntimeError(f"{name} does not start: {agent}")
        refused = agent.keeper.prepare_enrollment(ticket, ephemeral=ephemeral) if ticket else None
        if refused is not None:
            raise RuntimeError(f"{name} does not start: {refused}")
        daemon = daemon_of(agent)
        thread = threading.Thread(target=daemon.run, name=f"agent of {name}", daemon=True)
        thread.start()
        self.agents.append(agent)
        self._running.append((thread, daemon))


def run_devices(site: Path, count: int, out: TextIO, stop: threading.Event) -> None:
    """Lets `count` laptops run at the administration server in `site` until `stop`; says whatever becomes of each.

    RuntimeError or OSError where no sandbox's site runs there; `RefusedCallError` for what it refuses.
    """
    address = msgspec.json.decode((site / "api.json").read_bytes(), type=dict[str, str])
    api = ProviderClient(address["url"], (site / TOKEN).read_text(encoding="ascii").strip())
    devices = VirtualDevices(site.parent, (site / "root.jws").read_bytes(), site.parent / "clock", api)
    names = [f"laptop-{number}" for number in range(1, count + 1)]
    out.write(f"{count} laptops are switched on. Look at the console: Managed devices. Ctrl-C switches them off.\n")
    devices.join(names)
    said: dict[str, str] = {}
    try:
        while not stop.wait(LOOK):
            devices.follow()
            for name, agent in zip(names, devices.agents, strict=True):
                message = device_status(agent.keeper).message
                if said.get(name) != message:
                    said[name] = message
                    out.write(f"{name:<10} {message}\n")
            out.flush()
    finally:
        devices.close()
        api.close()


def main() -> int:
    """The command line: a site's folder, and how many."""
    parser = argparse.ArgumentParser(
        prog="python -m tenure.sandbox.virtual_devices", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("site", type=Path, help="the folder of a sandbox's administration server that runs")
    parser.add_argument("count", type=int, nargs="?", default=8, help="how many laptops (1 to 200)")
    asked = parser.parse_args()
    if not 1 <= asked.count <= MOST:
        parser.error(f"count: 1 to {MOST} laptops")
    stop = threading.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *_: stop.set())
    try:
        run_devices(asked.site, asked.count, sys.stdout, stop)
    except (OSError, RuntimeError, RefusedCallError) as fault:
        sys.stderr.write(f"The administration server was not reached: {fault}\nStart the demo, and name its site.\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
