"""The site's folder: its key, made there once, the administrator's token, and the names of everything else in it.

Files that hold a secret are readable by their owner alone, and refused when they are not.
"""

import base64
import binascii
import hashlib
from collections.abc import Callable

import msgspec

from tenure.core.refusals import RefusalCode, Refused
from tenure.sdk.disk import FolderOnDisk
from tenure.wire.keys import SEED_BYTES, SeedSigner

SETTINGS, ROOT, STATE = "site.toml", "root.jws", "site.db"
KEY, TOKEN, ADDRESS = "key", "admin.token", "api.json"
CERTIFICATE, CERTIFICATE_KEY = "device-port.pem", "device-port.key"
AUTHORITIES = "authorities.pem"
"""Where `tenure site init --ca-file` puts what the server is believed by."""

Draw = Callable[[int], bytes]


class LocalAddress(msgspec.Struct, frozen=True):
    """Where a running site's local API is to be found, for the command line and the console."""

    url: str
    certificate: str = ""
    """PEM: over TLS, the one certificate that is this site's own, whatever name it is reached under from here."""


class SiteSecrets(msgspec.Struct, frozen=True):
    """What this site alone knows."""

    seed: bytes
    sandbox: bool = False
    """Whether the site is one of a sandbox: a key belongs to one world, and the other has one of its own."""

    @property
    def site_signer(self) -> SeedSigner:
        """The site's own key, which signs seats."""
        return SeedSigner(self.derive_key("sandbox key") if self.sandbox else self.seed)

    def derive_key(self, purpose: str) -> bytes:
        """32 bytes for another purpose, that tell nothing of the key."""
        return hashlib.sha256(f"tenure site {purpose}\0".encode() + self.seed).digest()


def secrets_of(disk: FolderOnDisk, draw: Draw, *, sandbox: bool = False) -> SiteSecrets | Refused:
    """The site's key, made on first use; refuses a file that others can read or that is damaged."""
    text = read_secret_file(disk, KEY)
    if isinstance(text, Refused):
        return text
    if text is None:
        seed = draw(SEED_BYTES)
        write_file(disk, KEY, base64.b64encode(seed) + b"\n")
        return SiteSecrets(seed, sandbox)
    try:
        seed = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        seed = b""
    if len(seed) != SEED_BYTES:
        return Refused(
            RefusalCode.FIELD_INVALID, f"{disk.folder / KEY} is damaged; restore it, or begin a new site.", "key"
        )
    return SiteSecrets(seed, sandbox)


def token_of(disk: FolderOnDisk, draw: Draw) -> str | Refused:
    """The token of the local API, made on first use: a user who can read the file administers the site."""
    text = read_secret_file(disk, TOKEN)
    if isinstance(text, Refused):
        return text
    if text is None:
        token = f"tns_{draw(24).hex()}"
        write_file(disk, TOKEN, token.encode("ascii") + b"\n")
        return token
    return text.decode("ascii", "replace").strip()


def read_secret_file(disk: FolderOnDisk, name: str) -> bytes | Refused | None:
    """The content of a secret file, None when there is none; refuses one that others can read."""
    path = disk.folder / name
    try:
        data = disk.read(name)
        loose = data is not None and path.stat().st_mode & 0o077
    except OSError as fault:
        return Refused(RefusalCode.ACTION_NOT_PERMITTED, f"{path} cannot be read: {fault.strerror}.", name)
    if loose:
        return Refused(RefusalCode.ACTION_NOT_PERMITTED, f"{path} can be read by others; set its mode to 0600.", name)
    return data


def write_file(disk: FolderOnDisk, name: str, data: bytes) -> None:
    """A whole file, durable when this returns."""
    draft = f"{name}.new"
    disk.write(draft, data)
    disk.sync(draft)
    disk.rename(draft, name)
    disk.sync_folder()
