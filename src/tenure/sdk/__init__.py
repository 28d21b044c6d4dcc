"""What a licensed application carries: activation, synchronisation, offline standing, the way to the server.

Ten lines license an application:

    from tenure.sdk import License

    license = License.open(
        product="editor", version="12.0", server="https://licence.example.com", root="root.jws", folder="~/.editor"
    )
    if not license.standing.licensed:
        print(license.activate(input("Activation code: ")).message)
    license.start()
    print(license.standing.message)
    print("export is", "on" if license.allows("export") else "off")

Nothing here raises because of a license, a network or a clock: what is refused is a value with a `message`.
"""

import logging

from tenure.sdk.assembly import FolderUnusable, Misuse
from tenure.sdk.computer import Computer
from tenure.sdk.license import License, Staged
from tenure.sdk.names.bounds import Bounds
from tenure.sdk.outcomes import Declined, Difference, Granted, Looked, Released, Synchronized
from tenure.sdk.reach import Network
from tenure.sdk.shown import Standing
from tenure.sdk.steps import Step

__all__ = [
    "Bounds",
    "Computer",
    "Declined",
    "Difference",
    "FolderUnusable",
    "Granted",
    "License",
    "Looked",
    "Misuse",
    "Network",
    "Released",
    "Staged",
    "Standing",
    "Step",
    "Synchronized",
]

# What is logged is for whoever asks for it; an application that does not is not to find it on its terminal.
logging.getLogger("tenure").addHandler(logging.NullHandler())
