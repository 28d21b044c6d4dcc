"""What the pages load besides themselves: one style sheet, one script, one icon, the provider's colour; all our own.

Read once from the package. Their address carries a digest of what they hold, so browsers keep them for good.
"""

import hashlib
from importlib.resources import files

import msgspec

from tenure.web import colours

TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}
_FOR_GOOD = "public, max-age=31536000, immutable"


class Asset(msgspec.Struct, frozen=True):
    """A file that browsers load."""

    body: bytes
    media_type: str
    digest: str
    cache: str = _FOR_GOOD


class Assets:
    """Every file of the kit by name."""

    def __init__(self) -> None:
        folder = files("tenure.web") / "assets"
        self._by_name = {one.name: _asset(one.read_bytes(), one.name) for one in folder.iterdir() if one.is_file()}

    def address(self, name: str) -> str:
        """Where a file is loaded from. Raises KeyError for one that does not exist."""
        return f"/assets/{self._by_name[name].digest}/{name}"

    def brand(self, colour: str) -> str:
        """Where the style sheet of a provider's colour is loaded from; empty for no (or no proper) colour."""
        return "" if colours.parse(colour) is None else f"/assets/brand/{colour.lstrip('#').lower()}.css"

    def find(self, folder: str, name: str) -> Asset | None:
        """The file at `/assets/<folder>/<name>`; an old digest gets today's file, for a short time."""
        if folder == "brand":
            colour = name.removesuffix(".css")
            return None if colours.parse(colour) is None else _asset(colours.brand_sheet(colour).encode(), name)
        found = self._by_name.get(name)
        if found is None or folder == found.digest:
            return found
        return msgspec.structs.replace(found, cache="public, max-age=60")


def _asset(body: bytes, name: str) -> Asset:
    return Asset(body, TYPES[name.rpartition(".")[2]], hashlib.sha256(body).hexdigest()[:16])
