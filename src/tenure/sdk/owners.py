"""Files that root makes in another user's folder are given to that user: one `sudo` must not lock the owner out."""

import os
from pathlib import Path


def make_folder(folder: Path) -> None:
    """Makes `folder` (0700) and what is missing above it, for whom the folder above belongs to. Raises OSError."""
    if folder.is_dir():
        return
    if not folder.parent.is_dir():
        make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    give_to_owner(folder, folder.parent)


def give_to_owner(made: int | Path, folder: Path) -> None:
    """Give what root has just made inside `folder` to its owner; only root can do so, or needs to. Raises OSError."""
    if os.geteuid() != 0:
        return
    owner = folder.stat()
    # Below a folder like /tmp everybody has what he makes there.
    if owner.st_uid != 0 and not owner.st_mode & 0o1000:
        os.chown(made, owner.st_uid, owner.st_gid)
