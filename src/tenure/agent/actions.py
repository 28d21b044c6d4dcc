"""What throwing a switch does: a status file, a unit of the service manager, a command; bounded, without a shell.

Each is repeatable, and its outcome is logged. When it is tried again is `feature_state`'s.
"""

import contextlib
import logging
import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

import msgspec

from tenure.agent.settings import FeatureSettings

log = logging.getLogger("tenure.agent.actions")

ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "HOME": "/"}
"""All that a command inherits, apart from the variables that name the function."""
SHOWN = 500
"""Bytes of a command's complaint that are logged."""


class StatusFile(msgspec.Struct, frozen=True, kw_only=True):
    """What a status file says; instants in RFC 3339, None where there is none."""

    feature: str
    on: bool
    since: str | None
    until: str | None
    phase: str
    cause: str


class RunningAction:
    """One throw of a switch that is under way; `stop_action` breaks it off, because the opposite is wanted
    meanwhile."""

    def __init__(self, name: str, settings: FeatureSettings, service_command: Sequence[str], *, on: bool) -> None:
        self.name, self.on = name, on
        self._settings, self._service = settings, service_command
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._stopped = False

    def run_action(self) -> bool:
        """Unit, then command; whether both succeeded. Blocks for at most the time each is allowed."""
        unit = self._settings.unit
        command = self._settings.grant if self.on else self._settings.withdraw
        steps = [(*self._service, "start" if self.on else "stop", unit)] if unit else []
        steps += [command] if command else []
        return all(self._run_command(step) for step in steps)

    def stop_action(self) -> None:
        """Ends the command that runs, with everything it has started."""
        with self._lock:
            self._stopped = True
            process = self._process
        if process is not None:
            _kill_group(process)

    def _run_command(self, command: Sequence[str]) -> bool:
        told = {"TENURE_FEATURE": self.name, "TENURE_STATE": "on" if self.on else "off"}
        with tempfile.TemporaryFile() as complaint:
            try:
                with self._lock:
                    if self._stopped:
                        return False
                    self._process = subprocess.Popen(
                        list(command),
                        env=ENVIRONMENT | told,
                        cwd="/",
                        stdin=subprocess.DEVNULL,
                        stdout=subprocess.DEVNULL,
                        stderr=complaint,
                        start_new_session=True,
                    )
                code = self._wait_for_exit(self._process)
            except OSError as fault:
                log.error("%s: %s cannot be run: %s", self.name, command[0], fault.strerror or fault)
                return False
            complaint.seek(0)
            return self._log_result(command, code, complaint.read(SHOWN))

    def _wait_for_exit(self, process: "subprocess.Popen[bytes]") -> int | None:
        """The exit status; None when it took too long and was ended."""
        try:
            return process.wait(self._settings.timeout)
        except subprocess.TimeoutExpired:
            _kill_group(process)
            process.wait()
            return None

    def _log_result(self, command: Sequence[str], code: int | None, complaint: bytes) -> bool:
        said = "".join(char if char.isprintable() else " " for char in complaint.decode("utf-8", "replace")).strip()
        if code == 0:
            log.info("%s switched %s by %s", self.name, "on" if self.on else "off", command[0])
        elif code is None:
            log.error("%s: %s took longer than %d s and was ended", self.name, command[0], self._settings.timeout)
        else:
            log.error("%s: %s ended with %d: %s", self.name, command[0], code, said)
        return code == 0


def _kill_group(process: "subprocess.Popen[bytes]") -> None:
    # Its whole session, or else what it started would go on after it.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def write_status(path: Path, status: StatusFile) -> bool:
    """Puts `status` in the file's place, all at once; whether that succeeded. Readers never see half of it."""
    draft = path.with_name(f".{path.name}.new")
    try:
        draft.write_bytes(msgspec.json.encode(status) + b"\n")
        draft.chmod(0o644)
        draft.replace(path)
    except OSError as fault:
        log.error("%s: the status file %s cannot be written: %s", status.feature, path, fault.strerror or fault)
        return False
    return True
