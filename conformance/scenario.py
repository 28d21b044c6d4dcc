"""A scenario as data: read from TOML and checked then, so that a slip in one is not taken for a client's fault."""

import tomllib
from pathlib import Path
from typing import Any

import msgspec

from tenure.core.timeline import DAY, HOUR

FOLDER = Path(__file__).parent / "scenarios"


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One thing done; exactly one of `run`, `fault`, `vendor`, `wait`, `clock`, `folder`, `seen` is given."""

    run: str = ""
    """A command of the client: `activate`, `stage`, `sync`, `status`, `notice`."""
    code: str = "A"
    """The activation code for `activate` and `stage`, by the scenario's name for it; `typed:…` is taken as it is."""
    manual: bool = False
    want: dict[str, Any] = {}
    """What the client must print; fields that are not named may be anything."""
    fault: str = ""
    """The next answer is this one (see `faults`)."""
    times: int = 1
    on: str = "/v1/"
    """Only requests whose path begins so are answered wrongly."""
    vendor: str = ""
    """Something happens at the vendor's (see `moves`)."""
    args: dict[str, Any] = {}
    """Particulars of `fault`, `vendor` and `notice`."""
    wait: str = ""
    """Time passes for everybody: `8d`, `90s`."""
    clock: dict[str, str] = {}
    """The client's clock: `wall` is moved by so much; `reboot` starts it again after being off for so long."""
    folder: str = ""
    """`snapshot` copies what the client keeps, `restore` puts the copy back, `swap` exchanges the two."""
    seen: dict[str, Any] = {}
    """What the server must have seen since the last `seen`."""

    def __post_init__(self) -> None:
        if sum(map(bool, (self.run, self.fault, self.vendor, self.wait, self.clock, self.folder, self.seen))) != 1:
            raise ValueError("a step does exactly one thing")


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A situation and what a client must make of it."""

    name: str
    rule: str
    """Where it is demanded."""
    steps: tuple[Step, ...]
    activated: bool = True
    """Begins with the code A granted."""
    init: str = "ready"
    """What `init` must come to."""
    tls: str = ""
    """`good`, `wrong_name`, `stranger`, `refuse_expired`: the server speaks TLS with such a certificate."""
    sandbox: bool = False
    """The server is a sandbox."""
    as_sandbox: bool | None = None
    """The client is told that it is one; the truth by default."""
    version: str = "12.0"
    timeout: float = 30.0
    """Seconds that the client may spend on one exchange."""


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    scenario: tuple[Scenario, ...]


def load(folder: Path = FOLDER) -> list[Scenario]:
    """Every scenario, in the order of files and within them. Raises ValueError for a slip, naming the file."""
    found: list[Scenario] = []
    for path in sorted(folder.glob("*.toml")):
        try:
            found += msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), _File).scenario
        except (msgspec.ValidationError, tomllib.TOMLDecodeError) as error:
            raise ValueError(f"{path.name}: {error}") from error
    names = [each.name for each in found]
    if doubled := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"two scenarios of one name: {doubled}")
    return found


def seconds(text: str) -> int:
    """A length of time such as `8d`, `-90s`, `1d2h`."""
    total, digits, sign = 0, "", -1 if text.startswith("-") else 1
    for char in text.lstrip("+-"):
        if char.isdigit():
            digits += char
        else:
            total += int(digits) * {"d": DAY, "h": HOUR, "m": 60, "s": 1}[char]
            digits = ""
    return sign * total
