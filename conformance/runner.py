"""Runs one scenario: a server, a client, and the clocks of both; says what was wanted where something else was seen."""

import json
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conformance import keys
from conformance.client import Client
from conformance.faults import FAULTS, Moment
from conformance.moves import MOVES, amnesty
from conformance.scenario import Scenario, Step, seconds
from conformance.vendor import Vendor, code
from conformance.web import Asked, Reply, Talk, Web, certificates, honest
from conformance.wrong import Wrong, compare
from tenure.wire import b64
from tenure.wire.strict_json import parse_json as strict

Order = tuple[str, str, dict[str, Any]]


@dataclass
class ClientClock:
    """What the client's computer shows; the server's time is the vendor's own."""

    path: Path
    boot: int = 1
    uptime: int = 1_000
    wall: int = keys.START

    def passes(self, length: int) -> None:
        """So many seconds of running."""
        self.uptime, self.wall = self.uptime + length, self.wall + length
        self.write()

    def write(self) -> None:
        """Shows it to the client."""
        readings = {"boot": f"boot-{self.boot}", "uptime": self.uptime, "wall": self.wall}
        self.path.write_text(json.dumps(readings), encoding="utf-8")


@dataclass
class Stage:
    """One scenario being played."""

    scenario: Scenario
    client: Client
    home: Path
    orders: list[Order] = field(default_factory=list)
    """Faults still to come: name, path, particulars."""
    given: list[tuple[str, bytes]] = field(default_factory=list)
    found: int = 0
    """How much of the server's log was looked at."""

    def __post_init__(self) -> None:
        self.vendor = Vendor(sandbox=self.scenario.sandbox)
        self.clock = ClientClock(self.home / "readings.json")
        self.clock.write()
        self.folder, self.copy = self.home / "client", self.home / "copy"
        tls, believed = certificates(self.scenario.tls, self.home) if self.scenario.tls else (None, Path())
        self.believed = str(believed) if self.scenario.tls else ""
        self.web = Web(self._answer, tls)

    def play(self) -> None:
        """Raises Wrong at the first difference."""
        try:
            self._init()
            if self.scenario.activated:
                compare(self._command("activate", "--code", code("A").reveal()), {"result": "granted"}, self.vendor.now)
            self.found = len(self.web.log)
            for number, step in enumerate(self.scenario.steps, 1):
                try:
                    self._step(step)
                except Wrong as wrong:
                    raise Wrong(f"step {number}: {wrong}") from None
        finally:
            self.web.stop()

    def _init(self) -> None:
        root = self.home / "root.jws"
        root.write_bytes(self.vendor.roots[1])
        told = self.scenario.sandbox if self.scenario.as_sandbox is None else self.scenario.as_sandbox
        arguments = {
            "product": "editor",
            "version": self.scenario.version,
            "server": self.web.url,
            "root": str(root),
            "readings": str(self.clock.path),
            "timeout": str(self.scenario.timeout),
        }
        flags = [word for name, value in arguments.items() for word in (f"--{name}", value)]
        flags += ["--ca", self.believed] if self.believed else []
        compare(self._command("init", *flags, *(["--sandbox"] if told else [])), {"result": self.scenario.init}, 0)

    def _command(self, command: str, *flags: str) -> dict[str, Any]:
        return self.client.run([command, "--folder", str(self.folder), *flags])

    def _step(self, step: Step) -> None:
        if step.run:
            compare(self._run(step), step.want, self.vendor.now)
        elif step.fault:
            self.orders += [(step.fault, step.on, step.args)] * step.times
        elif step.vendor:
            MOVES[step.vendor](self.vendor, step.args)
        elif step.wait:
            self.vendor.now += seconds(step.wait)
            self.clock.passes(seconds(step.wait))
        elif step.clock:
            self._set_clock(step.clock)
        elif step.folder:
            self._folder(step.folder)
        else:
            compare(self._seen(), step.seen, self.vendor.now)

    def _run(self, step: Step) -> dict[str, Any]:
        if step.run in ("activate", "stage"):
            typed = step.code.removeprefix("typed:") if step.code.startswith("typed:") else code(step.code).reveal()
            return self._command("activate", "--code", typed, *(["--successor"] if step.run == "stage" else []))
        if step.run == "notice":
            path = self.home / "notice.jws"
            path.write_bytes(amnesty(self.vendor, step.args))
            return self._command("notice", "--file", str(path))
        return self._command(step.run, *(["--manual"] if step.manual else []))

    def _set_clock(self, change: dict[str, str]) -> None:
        if "reboot" in change:
            off = seconds(change["reboot"])
            self.vendor.now += off
            self.clock.boot, self.clock.uptime, self.clock.wall = self.clock.boot + 1, 30, self.clock.wall + off
        self.clock.wall += seconds(change.get("wall", "0s"))
        self.clock.write()

    def _folder(self, what: str) -> None:
        if what == "snapshot":
            shutil.copytree(self.folder, self.copy)
        elif what == "restore":
            shutil.rmtree(self.folder)
            shutil.copytree(self.copy, self.folder)
        else:
            aside = self.home / "aside"
            self.folder.rename(aside)
            self.copy.rename(self.folder)
            aside.rename(self.copy)

    # the server's side

    def _answer(self, asked: Asked) -> Reply | Talk:
        at = next((n for n, (_, path, _) in enumerate(self.orders) if asked.path.startswith(path)), None)
        if at is None:
            return self._honest(asked)()
        name, _, args = self.orders.pop(at)
        moment = Moment(self.vendor, asked, self._honest(asked), tuple(self.given), self.clock.passes)
        return FAULTS[name](moment, args)

    def _honest(self, asked: Asked) -> Callable[[], Reply]:
        def answer() -> Reply:
            reply = honest(self.vendor, asked)
            self.given.append((asked.path, reply.body))
            return reply

        return answer

    def _seen(self) -> dict[str, Any]:
        """What came in since the last look: number, paths, whether repeated bytes were the same, the last claims."""
        fresh, self.found = self.web.log[self.found :], len(self.web.log)
        bodies = [asked.body for asked in fresh if asked.method == "POST"]
        claims = _claims(bodies[-1]) if bodies else {}
        return {
            "requests": len(fresh),
            "paths": [asked.path for asked in fresh],
            "different": len(set(bodies)),
            "last": claims,
        }


def _claims(body: bytes) -> dict[str, Any]:
    parts = body.split(b".")
    payload = strict(b64.b64_decode(parts[1]) or b"{}", 64 * 1024) if len(parts) == 3 else {}
    return payload if isinstance(payload, dict) else {}


def play(scenario: Scenario, client: Client) -> str:
    """Runs it in a folder of its own; what was wrong, or nothing."""
    # Thrown away at once: in memory a thousand syncs to a disk that others use as well cost nothing.
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - a folder of its own is made in it
    with tempfile.TemporaryDirectory(prefix="conformance-", dir=memory) as home:
        try:
            Stage(scenario, client, Path(home)).play()
        except Wrong as wrong:
            return str(wrong)
    return ""
