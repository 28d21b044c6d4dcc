"""Pages whose commands are run as they are written: blocks of a page, what is typed, and what has to be answered.

In a ```console block a line that begins with `$ ` is a command, `Token: …` and the like is what is typed at its prompt,
and every other line has to be found in the answer, in this order. `…` stands for anything in an answer; in a command or
at a prompt it stands for what was printed before. `console terminal`: the command goes on running.
"""

import os
import re
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

PROMPT = re.compile(r"(Token|Activation code|Enrollment token): (.+)")
CODE = "XXXXX-XXXXX-XXXXX-XXXXX"
PRINTED = {
    CODE: re.compile(r"\b(?:[0-9A-Z]{5}-){3}[0-9A-Z]{5}\b"),
    "eyJ…": re.compile(r"\beyJ[\w-]{40,}"),
    **{f"{kind}_…": re.compile(rf"\b{kind}_[0-9a-z]{{10,}}\b") for kind in ("prv", "cus", "off", "sub", "tnr", "tni")},
}
_BLOCK = re.compile(r"^```(\S[^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Step(NamedTuple):
    """A command or, where `file` is named, the content of a file to be written."""

    text: str
    typed: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    stays: bool = False
    file: str = ""


def steps_of(page: str) -> list[Step]:
    """The steps of a page in order; blocks of other kinds are for the eyes alone."""
    steps: list[Step] = []
    for kind, body in _BLOCK.findall(page):
        words = kind.split()
        if words[0] == "console":
            steps += _commands(body, stays="terminal" in words)
        elif words[0] == "python" and len(words) == 2:
            steps.append(Step(body, file=words[1]))
    return steps


def _commands(body: str, *, stays: bool) -> list[Step]:
    found: list[Step] = []
    for line in body.splitlines():
        prompt = PROMPT.fullmatch(line)
        if line.startswith("$ "):
            found.append(Step(line[2:], stays=stays))
        elif found and found[-1].text.endswith("\\"):
            found[-1] = found[-1]._replace(text=f"{found[-1].text}\n{line}")
        elif prompt and not found[-1].text.startswith("tenure order"):
            found[-1] = found[-1]._replace(typed=(*found[-1].typed, prompt[2]))
        elif line.strip():
            found[-1] = found[-1]._replace(shown=(*found[-1].shown, line))
    return found


class Shell:
    """Runs steps in one folder; a context manager that ends what still runs."""

    def __init__(self, folder: Path, env: Mapping[str, str], instead: Mapping[str, str]) -> None:
        """`instead`: what replaces a text of the page in what is run, such as a port that is taken here."""
        self.folder, self.env, self.instead = folder, dict(env), instead
        self.printed: dict[str, str] = {}
        self.commands = self.typed = 0
        self.seconds = 0.0
        self._running: list[subprocess.Popen[str]] = []

    def __enter__(self) -> "Shell":
        return self

    def __exit__(self, *_: object) -> None:
        for each in reversed(self._running):
            if each.poll() is None:
                os.killpg(each.pid, signal.SIGTERM)
        for each in self._running:
            each.wait(30)

    def take(self, step: Step) -> None:
        """One step; AssertionError where the answer is not the page's."""
        began = time.monotonic()
        if step.file:
            (self.folder / step.file).write_text(self._filled(step.text))
        elif step.stays:
            self._begin(step)
        else:
            self._run(step)
        self.commands += not step.file
        self.seconds += time.monotonic() - began

    def _run(self, step: Step) -> None:
        keeps = step.text.startswith("export ")
        command = self._filled(step.text)
        given = "".join(f"{self._filled(each)}\n" for each in step.typed)
        ran = subprocess.run(
            ["bash", "-c", f"{command}\nenv -0" if keeps else command],
            cwd=self.folder, env=self.env, input=given, text=True, capture_output=True, timeout=120, check=False,
        )  # fmt: skip
        said = ran.stdout + ran.stderr
        assert ran.returncode == 0, f"$ {command}\n{said}"
        if keeps:
            self.env.update(each.split("=", 1) for each in ran.stdout.split("\0") if "=" in each)
            return
        self._hear(step, command, said)

    def _begin(self, step: Step) -> None:
        command = self._filled(step.text)
        out = self.folder / f"terminal-{len(self._running)}.txt"
        with out.open("w") as file:
            begun = subprocess.Popen(
                ["bash", "-c", command], cwd=self.folder, env=self.env, stdin=subprocess.DEVNULL, stdout=file,
                stderr=subprocess.STDOUT, text=True, start_new_session=True,
            )  # fmt: skip
        self._running.append(begun)
        ends = time.monotonic() + 60
        while not self._says(step, out.read_text()):
            assert begun.poll() is None and time.monotonic() < ends, f"$ {command}\n{out.read_text()}"
            time.sleep(0.05)

    def _hear(self, step: Step, command: str, said: str) -> None:
        for name, pattern in PRINTED.items():
            found = pattern.findall(said)
            if found:
                self.printed[name] = found[-1]
        assert self._says(step, said), f"$ {command}\n{said}\nThe page says:\n" + "\n".join(step.shown)

    def _filled(self, text: str) -> str:
        """With what was printed before where the page has `…`, counted as typed by hand."""
        for name, value in self.printed.items():
            self.typed += text.count(name)
            text = text.replace(name, value)
        return self._placed(text)

    def _placed(self, text: str) -> str:
        for name, value in self.instead.items():
            text = text.replace(name, value)
        return text

    def _says(self, step: Step, said: str) -> bool:
        """Whether the lines that the page shows are in the answer, in this order."""
        at = 0
        for line in map(self._placed, step.shown):
            words = r"\s+".join(re.escape(word) for word in line.split())
            pattern = words.replace("…", ".*?").replace(re.escape(CODE), PRINTED[CODE].pattern)
            found = re.compile(pattern).search(said, at)
            if found is None:
                return False
            at = found.end()
        return True
