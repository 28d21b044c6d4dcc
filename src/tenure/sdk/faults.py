"""What the system says of a folder, as a refusal that names the file: a fault of this computer is told as one.

Pure; where the faults come from is `disk`'s and `locks`', who shows them `presentation`'s.
"""

from tenure.core.refusals import RefusalCode, Refused
from tenure.sdk.locks import FolderInUse, LockingUnsupported


def refuse_unreadable(fault: OSError, place: str = "") -> Refused:
    """`folder_unreadable`: what is kept is there, or may be, and cannot be looked at."""
    return Refused(RefusalCode.FOLDER_UNREADABLE, _describe_fault(fault, place))


def refuse_unwritable(fault: OSError, place: str = "") -> Refused:
    """`folder_unwritable`: nothing can be saved, so that nothing may be sent."""
    return Refused(RefusalCode.FOLDER_UNWRITABLE, _describe_fault(fault, place))


def refuse_unlocked(fault: OSError, place: str = "") -> Refused:
    """Why there is no lock: `folder_in_use` when another process has kept it too long, `folder_unlockable` when the
    file system has none, else `folder_unwritable`."""
    if isinstance(fault, FolderInUse):
        return Refused(RefusalCode.FOLDER_IN_USE, f"{fault}.")
    if isinstance(fault, LockingUnsupported):
        return Refused(RefusalCode.FOLDER_UNLOCKABLE, _describe_fault(fault, place))
    return refuse_unwritable(fault, place)


def refuse_incomplete(files: tuple[str, ...], place: str = "") -> Refused:
    """`folder_incomplete`, with the names of what has disappeared."""
    return Refused(RefusalCode.FOLDER_INCOMPLETE, f"Missing{' from ' + place if place else ''}: {', '.join(files)}.")


def _describe_fault(fault: OSError, place: str) -> str:
    """The file, or else the folder, and the system's own reason."""
    where = fault.filename or place
    reason = fault.strerror or str(fault)
    return f"{where}: {reason}." if where else f"{reason}."
