"""The agent's settings: one TOML file that the administrator writes; a misspelled field is refused by its name."""

from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.versions import parse_version
from tenure.sdk.settings_file import read_settings_file
from tenure.wire import field_types

Command = Annotated[tuple[str, ...], Meta(max_length=64)]
"""A program and its arguments, handed over as they are: no shell reads them."""


class _StrictAgentTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    pass


class FeatureSettings(_StrictAgentTable, frozen=True, kw_only=True):
    """What is done for software that does not carry the SDK, when a function is granted and when it is withdrawn.

    All of it is done at the instant itself, and again after a restart, so it has to be repeatable.
    """

    grant: Command = ()
    """A program by its whole path, and its arguments, run when the function is granted."""
    withdraw: Command = ()
    """The same for when it is withdrawn."""
    unit: str = ""
    """A unit of the service manager, started and stopped."""
    status_file: str = ""
    """A file kept up to date: one line of JSON with `feature`, `on`, `since`, `until`, `phase` and `cause`."""
    timeout: Annotated[int, Meta(ge=1, le=3_600)] = 30
    """Seconds that one command may take."""


class AgentSettings(_StrictAgentTable, frozen=True, kw_only=True):
    """The whole file."""

    product: field_types.Id
    """The product's id at its vendor."""
    version: str
    """Of the protected application, held against the plan's lowest (M13)."""
    root: str = "root.jws"
    """The vendor's root document, relative to the folder."""
    name: field_types.Name = ""
    """Of this device, for people; the computer's by default."""
    sandbox: bool = False
    """Whether the root document is that of a sandbox."""
    hardware: field_types.Name = ""
    """In a sandbox only: a made-up computer's name for its hardware, so that one computer can play many."""
    service_command: Command = ("systemctl",)
    """The service manager; it is given `start` or `stop` and the unit."""
    features: Annotated[dict[field_types.Id, FeatureSettings], Meta(max_length=128)] = {}


def read_settings(path: Path) -> AgentSettings | Refused:
    """The settings in the file at `path`; refuses `not_found`, and `field_invalid` with the name of that field."""
    settings = read_settings_file(path, AgentSettings, "agent", "make it with `tenure-agent init`")
    if isinstance(settings, Refused):
        return settings
    refused = check_settings(settings)
    return settings if refused is None else refused


def check_settings(settings: AgentSettings) -> Refused | None:
    """`version_unreadable`, `sandbox_only`, or `field_invalid` for a command that could mean another one some day."""
    version = parse_version(settings.version)
    if isinstance(version, Refused):
        return version
    if settings.hardware and not settings.sandbox:
        return Refused(RefusalCode.SANDBOX_ONLY, "Hardware is made up in a sandbox alone.", "hardware")
    for name, feature in settings.features.items():
        for field, command in (("grant", feature.grant), ("withdraw", feature.withdraw)):
            if command and not command[0].startswith("/"):
                where = f"features.{name}.{field}"
                return Refused(RefusalCode.FIELD_INVALID, "A program is named by its whole path.", where)
        if feature.unit.startswith("-"):
            return Refused(
                RefusalCode.FIELD_INVALID, "A unit's name does not begin with a dash.", f"features.{name}.unit"
            )
        if feature.status_file and not feature.status_file.startswith("/"):
            where = f"features.{name}.status_file"
            return Refused(RefusalCode.FIELD_INVALID, "A status file is named by its whole path.", where)
    return None
