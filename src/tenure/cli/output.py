"""What a command has to say when it worked: JSON for programs as the API sent it, and how people are shown it."""

from typing import Any

import msgspec

from tenure.cli.show import People, Screen
from tenure.core.refusals import Exit


class Output(msgspec.Struct, frozen=True):
    """A finished command."""

    body: bytes
    """JSON; empty for none."""
    people: People
    exit: Exit = Exit.DONE
    """Another family where the command worked and what it found is bad."""

    def tell(self, screen: Screen) -> None:
        """Show it to a person."""
        self.people(screen, msgspec.json.decode(self.body) if self.body else None)

    def program(self) -> bytes:
        """What a program reads: one JSON document in one line."""
        return (self.body or b"null").rstrip(b"\n") + b"\n"


def made(value: Any, people: People, exit_: Exit = Exit.DONE) -> Output:
    """An output of our own, for commands that ask no server."""
    return Output(msgspec.json.encode(value), people, exit_)


def sentence(text: str) -> People:
    """People are told one sentence."""
    return lambda screen, _: screen.line(text)
