"""Which server, as whom: options before environment before the file of profiles, which only its owner can read.

A token goes to the server it was given for and to no other: an address from elsewhere leaves the profile's token out.
"""

import os
import re
import tempfile
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from tenure.cli.environment import CommandEnvironment
from tenure.cli.problems import fail_with, invalid_field
from tenure.core.field_errors import field_refusal
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.toml_text import parse_toml

DEFAULT = "default"
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]{1,512}=*")


class ServerProfile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One server and who is asking there."""

    url: str
    token: str = ""
    provider: str = ""
    """For the vendor's tokens: whose data is meant when nothing else is said."""
    provider_name: str = ""
    """Of the provider that the token itself belongs to, as the server named it at sign-in; for people."""


class ProfileFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file's content."""

    default: str = DEFAULT
    profiles: dict[str, ServerProfile] = {}


class RequestTarget(msgspec.Struct, frozen=True, kw_only=True):
    """Where requests go, and with what; its text form never shows the token."""

    url: str
    token: str
    provider: str = ""
    certificate: str = ""
    """PEM: the server shows exactly this one, whatever name it is reached under; empty: one that the system trusts."""

    def __repr__(self) -> str:
        return f"Target(url={self.url!r}, provider={self.provider!r})"


class TargetOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the options say."""

    profile: str = ""
    url: str = ""
    provider: str = ""


def read_profiles(path: Path) -> ProfileFile:
    """The profiles; none when there is no file. Refuses a file that others can read, or that is damaged."""
    try:
        if path.stat().st_mode & 0o077:
            detail = f"{path} holds tokens and can be read by others; set its mode to 0600 (chmod 600 {path})."
            raise fail_with(Refused(RefusalCode.ACTION_NOT_PERMITTED, detail, "config"))
        return msgspec.convert(parse_toml(path.read_text(encoding="utf-8")), ProfileFile)
    except FileNotFoundError:
        return ProfileFile()
    except OSError as fault:
        raise invalid_field(f"{path} cannot be read: {fault.strerror}.", "config") from fault
    except msgspec.ValidationError as fault:
        raise invalid_field(
            f"{path} is not a file of profiles: {field_refusal(str(fault), kind=ProfileFile).detail}", "config"
        ) from fault
    except ValueError as fault:
        raise invalid_field(f"{path} is not a file of profiles: {fault}.", "config") from fault


def write_profiles(path: Path, profiles: ProfileFile) -> None:
    """The file in place of the present one, mode 0600 from its first byte; whole or not at all."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".config-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(_encode_profiles(profiles))
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as fault:
        raise invalid_field(f"{path} cannot be written: {fault.strerror}.", "config") from fault


def _encode_profiles(profiles: ProfileFile) -> str:
    lines = [f"default = {_quote_text(profiles.default)}"]
    for name, profile in sorted(profiles.profiles.items()):
        lines += ["", f"[profiles.{name if _NAME.fullmatch(name) else _quote_text(name)}]"]
        lines += [f"{member} = {_quote_text(value)}" for member, value in msgspec.to_builtins(profile).items()]
    return "\n".join(lines) + "\n"


def _quote_text(value: str) -> str:
    # A basic string of TOML is one of JSON, but that DEL has to be escaped too.
    return msgspec.json.encode(value).decode().replace("\x7f", "\\u007f")


def check_name(name: str) -> None:
    """Raises CommandError where this cannot be the name of a profile."""
    if not _NAME.fullmatch(name):
        raise invalid_field("A profile's name is 1 to 64 letters, digits, `_` and `-`.", "profile")


def check_token(token: str) -> None:
    """Raises CommandError where this cannot be a token; the token is not repeated."""
    if not _TOKEN.fullmatch(token):
        raise invalid_field("This does not look like a token: one word of letters, digits and `._~+/-`.", "token")


def check_url(url: str, field: str = "url") -> None:
    """Raises CommandError where this cannot be a server's address; plain HTTP is spoken to this machine only."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise invalid_field(f"{url!r} is not the address of a server.", field) from None
    if not url.isprintable() or " " in url or not host or parts.query or parts.fragment or "@" in parts.netloc:
        raise invalid_field(f"{url!r} is not the address of a server, such as https://license.example.com.", field)
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_here(host)):
        raise invalid_field(f"{url!r} would carry the token in the clear; the address begins with https://.", field)


def _is_here(host: str) -> bool:
    """Whether the host is this machine: the one place where plain HTTP is spoken (the demo)."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def resolve_target(world: CommandEnvironment, asked: TargetOptions) -> RequestTarget:
    """The server and token to use. Refuses `field_invalid` without a server, `not_authenticated` without a token."""
    kept = read_profiles(world.profiles_file)
    name = asked.profile or world.env.get("TENURE_PROFILE", "")
    profile = kept.profiles.get(name or kept.default)
    if name and profile is None:
        raise invalid_field(f"There is no profile {name!r}; `tenure profiles list` shows what there is.", "profile")
    url = (asked.url or world.env.get("TENURE_URL", "") or (profile.url if profile else "")).rstrip("/")
    if not url:
        raise invalid_field("No server is named: run `tenure login`, or set TENURE_URL and TENURE_TOKEN.", "url")
    check_url(url)
    provider = asked.provider or world.env.get("TENURE_PROVIDER", "")
    here = profile if profile is not None and profile.url.rstrip("/") == url else None
    token = world.env.get("TENURE_TOKEN", "") or (here.token if here else "")
    if not token:
        raise fail_with(Refused(RefusalCode.NOT_AUTHENTICATED, _no_token(url, profile, here)))
    check_token(token)
    return RequestTarget(url=url, token=token, provider=provider or (here.provider if here else ""))


def _no_token(url: str, profile: ServerProfile | None, here: ServerProfile | None) -> str:
    if profile is not None and here is None:
        return f"The profile's token is for {profile.url}, not for {url}; set TENURE_TOKEN, or sign in there."
    return f"There is no token for {url}: run `tenure login`, or set TENURE_TOKEN."
