"""The files that pages load: one style sheet, one script, one icon, the provider's color; all of them our own.

Read once from the package. Their address carries a digest of what they hold, so browsers keep them for good.
"""

import hashlib
from importlib.resources import files

import msgspec

from tenure.web import colors

TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}
_FOR_GOOD = "public, max-age=31536000, immutable"


class PageAsset(msgspec.Struct, frozen=True):
    """A file that browsers load."""

    body: bytes
    media_type: str
    digest: str
    cache: str = _FOR_GOOD


class PageAssets:
    """Every file of the kit by name."""

    def __init__(self) -> None:
        folder = files("tenure.web") / "assets"
        self._by_name = {one.name: _make_asset(one.read_bytes(), one.name) for one in folder.iterdir() if one.is_file()}

    def asset_url(self, name: str) -> str:
        """Where a file is loaded from. Raises KeyError for one that does not exist."""
        return f"/assets/{self._by_name[name].digest}/{name}"

    def brand_stylesheet_url(self, color: str) -> str:
        """Where the style sheet of a provider's color is loaded from; empty for no (or no proper) color."""
        return "" if colors.parse_color(color) is None else f"/assets/brand/{color.lstrip('#').lower()}.css"

    def find_asset(self, folder: str, name: str) -> PageAsset | None:
        """The file at `/assets/<folder>/<name>`; an old digest gets today's file, for a short time."""
        if folder == "brand":
            color = name.removesuffix(".css")
            return None if colors.parse_color(color) is None else _make_asset(colors.brand_sheet(color).encode(), name)
        found = self._by_name.get(name)
        if found is None or folder == found.digest:
            return found
        return msgspec.structs.replace(found, cache="public, max-age=60")


def _make_asset(body: bytes, name: str) -> PageAsset:
    return PageAsset(body, TYPES[name.rpartition(".")[2]], hashlib.sha256(body).hexdigest()[:16])
