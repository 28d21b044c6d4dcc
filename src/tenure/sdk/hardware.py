"""The computer's hardware as salted digests, by which a reinstalled one is compared with its old self
[spec: hardware-match].

Raw ids never leave: only digests under the root's id and the product do. What likeness means is the server's to say.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from tenure.wire.b64 import encode_text

MACHINE, BOARD, NETWORK = "machine", "board", "network"
LONGEST = 256
_PLACEHOLDERS = frozenset({"", "none", "default string", "to be filled by o.e.m.", "system serial number", "0"})


def read_parts(system: Path = Path("/")) -> dict[str, str]:
    """What the computer calls itself: machine id, disk or board serial, network address; missing parts are left out.

    `system` is where the file system begins. Reads small files only and never raises.
    """
    found = {
        MACHINE: _first_line(_read_text(system / "etc/machine-id"), _read_text(system / "var/lib/dbus/machine-id")),
        # A disk's serial first, because only root may read the board's: both must come to the same part.
        BOARD: _first_line(*_disk_serials(system), _read_text(system / "sys/class/dmi/id/board_serial")),
        NETWORK: _first_line(*_network_addresses(system)),
    }
    return {part: value for part, value in found.items() if value}


def made_up(name: str) -> dict[str, str]:
    """Parts of a computer that does not exist, for a sandbox: the same for the same name, else nothing in common."""
    return dict.fromkeys((MACHINE, BOARD), f"made up {name}")


def hardware_digests(parts: dict[str, str], root_id: str, product: str) -> dict[str, str]:
    """The parts as they are sent: SHA-256 (base64url) salted with the root's id and the product."""
    salted = {}
    for part, value in parts.items():
        text = "\0".join(("tenure hardware", root_id, product, part, value.lower()))
        salted[part] = encode_text(hashlib.sha256(text.encode()).digest())
    return salted


def _first_line(*values: str) -> str:
    return next((value for value in values if value.lower() not in _PLACEHOLDERS), "")


def _disk_serials(system: Path) -> list[str]:
    paths = [*_list_folder(system / "sys/class/nvme", "serial"), *_list_folder(system / "sys/block", "device/serial")]
    return [_read_text(path) for path in paths]


def _network_addresses(system: Path) -> list[str]:
    """Addresses of the network cards that are hardware and carry the address they were made with."""
    cards = (path.parent for path in _list_folder(system / "sys/class/net", "address"))
    burnt_in = [
        card for card in cards if (card / "device").exists() and _read_text(card / "addr_assign_type") in ("", "0")
    ]
    return sorted(_read_text(card / "address").lower() for card in burnt_in)


def _list_folder(folder: Path, below: str) -> Iterable[Path]:
    try:
        return [entry / below for entry in sorted(folder.iterdir())]
    except OSError:
        return []


def _read_text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(LONGEST).decode("ascii", "replace").strip()
    except OSError:
        return ""
