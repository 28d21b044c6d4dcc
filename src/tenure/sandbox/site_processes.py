"""A customer's processes: an administration server and devices with agents, each a program in a folder of its own."""

import json
import socket
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tenure.agent.main import OpenedAgent, create_agent, open_agent
from tenure.agent.status import device_status
from tenure.core.refusals import Refused
from tenure.sandbox.programs import RunningProgram, run_tenure
from tenure.sandbox.provider_client import ProviderClient
from tenure.site.folder import TOKEN

LONGEST_WAIT = 10.0
"""Seconds that real programs may take to notice what a clock file says."""
PAUSE = 0.02
LOOPBACK = "127.0.0.1"


class AgentDevice:
    """A computer with the agent: it keeps a status file up to date for the one function that is looked at."""

    def __init__(self, folder: Path, root: Path, clock: Path, feature: str = "edit") -> None:
        self.folder, self._clock = folder, clock
        self.status = folder / "status.json"
        made = create_agent(folder, root.read_bytes(), product="editor", version="12.0", name=folder.name, sandbox=True)
        if isinstance(made, Refused):
            raise ValueError(made.detail)
        with Path(made).open("a") as settings:
            settings.write(f'\n[features.{feature}]\nstatus_file = "{self.status}"\n')
        self._program = RunningProgram(
            "agent", "run", "--agent", str(folder), "--clock", str(clock), folder=folder, says=""
        )

    def enroll(self, ticket: str) -> str:
        """`enrolled`, or the code with which it is refused."""
        refused = self._open_agent().keeper.enroll(ticket)
        return "enrolled" if refused is None else refused.code.value

    def start(self) -> None:
        """Start the agent's daemon."""
        self._program.start()

    def stop(self) -> None:
        """End the daemon as an operator would."""
        self._program.stop()

    @property
    def on(self) -> bool:
        """Whether the agent has the function switched on."""
        return bool(json.loads(self.status.read_bytes())["on"]) if self.status.exists() else False

    def read_status(self) -> dict[str, Any]:
        """What `tenure agent status --json` says."""
        code, said = run_tenure(["agent", "status", "--agent", str(self.folder), "--clock", str(self._clock), "--json"])
        if code:
            raise RuntimeError(said)
        told: dict[str, Any] = json.loads(said)
        return told

    @property
    def seat_until(self) -> str:
        """When its seat ends, RFC 3339; empty without a seat."""
        return device_status(self._open_agent().keeper).seat_until or ""

    def _open_agent(self) -> OpenedAgent:
        agent = open_agent(self.folder, clock=self._clock)
        if isinstance(agent, Refused):
            raise ValueError(agent.detail)
        return agent


class SiteProcesses:
    """The administration server `tenure site run`, and what belongs to it."""

    def __init__(self, folder: Path, server: str, root: Path, clock: Path, *, api_port: int = 0) -> None:
        self.folder, self._root, self._clock = folder, root, clock
        self.site = folder / "site"
        self._stack = ExitStack()
        words = ["site", "init", "--site", str(self.site), "--server", server, "--root", str(root), "--sandbox"]
        words += [
            "--product",
            "editor=12.0",
            "--name",
            folder.name,
            "--device-name",
            LOOPBACK,
        ]
        words += ["--device-listen", f"{LOOPBACK}:{free_port()}", "--listen", f"{LOOPBACK}:{api_port}"]
        code, said = run_tenure(words)
        if code:
            raise RuntimeError(f"`tenure site init` failed: {said}")
        self.program = RunningProgram(
            "site", "run", "--site", str(self.site), "--clock", str(clock), folder=folder, says="local API on "
        )
        self.api: ProviderClient

    def start(self) -> Self:
        """Start the server, or start it again."""
        self.program.start()
        self.api = ProviderClient(self.program.url, (self.site / TOKEN).read_text().strip())
        return self

    def run_command(self, *words: str, given: str = "") -> tuple[int, str]:
        """A `tenure` command as the administrator types it on this computer."""
        return run_tenure([*words, "--site", str(self.site)], given=given)

    def add_device(self, name: str) -> AgentDevice:
        """A computer more; its agent does not run yet."""
        return AgentDevice(self.folder / name, self._root, self._clock)

    def run_agent(self, device: AgentDevice) -> None:
        """Let the device's agent run until the block of this site ends."""
        device.start()
        self._stack.callback(device.stop)

    def enrollment_token(self, uses: int = 1) -> str:
        """An enrollment token."""
        made: str = self.api.post("/v1/enrollments", {"product": "editor", "uses": uses})["token"]
        return made

    def license_row(self) -> dict[str, Any]:
        """The product's line in the Licenses folder."""
        line: dict[str, Any] = self.api.get("/v1/licenses/editor")
        return line

    def phase_and_cause(self) -> str:
        """Phase and cause in a word."""
        line = self.license_row()
        return f"{line['phase']}({line['cause']})"

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()
        self.program.stop()


def wait_until(seen: Callable[[], Any], wanted: Any, longest_wait: float = LONGEST_WAIT) -> Any:
    """Look until `seen` gives what is `wanted`, for the longest wait at most; returns what it gave last."""
    ends = time.monotonic() + longest_wait
    while (found := seen()) != wanted and time.monotonic() < ends:
        time.sleep(PAUSE)
    return found


def free_port(wished: int = 0) -> int:
    """A port that no program uses now, or the one wished for; raises OSError when that is taken."""
    with socket.socket() as asked:
        asked.bind((LOOPBACK, wished))
        port: int = asked.getsockname()[1]
        return port
