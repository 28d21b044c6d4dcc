"""What the system says of a folder, as a refusal that names the file: a fault of this computer is told as one.

Pure; where the faults come from is `disk`'s and `locks`', who shows them `shown`'s.
"""

from tenure.core.refusals import Code, Refused
from tenure.sdk.locks import FolderInUse, NoLocks


def unreadable(fault: OSError, place: str = "") -> Refused:
    """`folder_unreadable`: what is kept is there, or may be, and cannot be looked at."""
    return Refused(Code.FOLDER_UNREADABLE, _told(fault, place))


def unwritable(fault: OSError, place: str = "") -> Refused:
    """`folder_unwritable`: nothing can be saved, so that nothing may be sent."""
    return Refused(Code.FOLDER_UNWRITABLE, _told(fault, place))


def unlocked(fault: OSError, place: str = "") -> Refused:
    """Why there is no lock: `folder_in_use` when another process has kept it too long, `folder_unlockable` when the
    file system has none, else `folder_unwritable`."""
    if isinstance(fault, FolderInUse):
        return Refused(Code.FOLDER_IN_USE, f"{fault}.")
    if isinstance(fault, NoLocks):
        return Refused(Code.FOLDER_UNLOCKABLE, _told(fault, place))
    return unwritable(fault, place)


def incomplete(files: tuple[str, ...], place: str = "") -> Refused:
    """`folder_incomplete`, with the names of what has disappeared."""
    return Refused(Code.FOLDER_INCOMPLETE, f"Missing{' from ' + place if place else ''}: {', '.join(files)}.")


def _told(fault: OSError, place: str) -> str:
    """The file, or else the folder, and the system's own reason."""
    where = fault.filename or place
    reason = fault.strerror or str(fault)
    return f"{where}: {reason}." if where else f"{reason}."
