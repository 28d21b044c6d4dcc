"""What lies in a site's folder and must not disappear while the site runs: written back from memory, and told.

A key that is gone would cost a second place at the next start, a device port's key every device.
"""

import logging

from tenure.sdk.disk import FolderOnDisk
from tenure.site import folder
from tenure.site.assembly import OpenedSite
from tenure.site.store import events

log = logging.getLogger("tenure.site")

GUARDED = (folder.KEY, folder.TOKEN, folder.CERTIFICATE_KEY, folder.CERTIFICATE, folder.SETTINGS, folder.ROOT)


class FolderGuard:
    """The files of one running site, as they were when it began."""

    def __init__(self, site: OpenedSite) -> None:
        self._site = site
        self._disk = FolderOnDisk(site.folder)
        found = ((name, self._disk.read(name)) for name in GUARDED)
        self._known = {name: data for name, data in found if data is not None}
        self._told = False

    def restore_missing(self) -> None:
        """Writes back what has disappeared. Never raises: what cannot be written is tried again at the next turn."""
        try:
            missing = [name for name in self._known if self._disk.read(name) is None]
            for name in missing:
                folder.write_file(self._disk, name, self._known[name])
            displaced = self._site.store.file_displaced
            if displaced:
                self._site.store.rescue_file()
                missing.append(folder.STATE)
            if missing and not (missing == [folder.STATE] and self._told):
                self._announce_missing(missing)
            self._told = displaced
        except OSError as fault:
            log.error("files missing from %s cannot be written again: %s", self._site.folder, fault)

    def _announce_missing(self, missing: list[str]) -> None:
        text = f"Missing from {self._site.folder}, and written back: {', '.join(missing)}."
        if folder.STATE in missing:
            text += " Restart the site soon: until then only a copy is written back, twice a minute."
        log.error("%s", text)
        now = self._site.now()
        self._site.store.write(lambda conn: events.add(conn, now, "critical", "files_missing", text)).result()
