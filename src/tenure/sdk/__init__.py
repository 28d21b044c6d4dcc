"""What a licensed application carries: activation, synchronization, offline standing, the way to the server.

Ten lines license an application:

    from tenure.sdk import License

    license = License.open(
        product="editor", version="12.0", server="https://license.example.com", root="root.jws", folder="~/.editor"
    )
    if not license.standing.licensed:
        print(license.activate(input("Activation code: ")).message)
    license.start()
    print(license.standing.message)
    print("export is", "on" if license.allows("export") else "off")

Nothing here raises because of a license, a network or a clock: what is refused is a value with a `message`.
"""

import logging

from tenure.sdk.assembly import ConfigurationError, FolderUnusable
from tenure.sdk.computer import Computer
from tenure.sdk.license import License, StagedSuccessor
from tenure.sdk.network.bounds import ExchangeBounds
from tenure.sdk.outcomes import (
    ActivationGranted,
    CodePreviewed,
    LicenseReleased,
    Rejected,
    ShownDifference,
    Synchronized,
)
from tenure.sdk.presentation import LicenseStanding
from tenure.sdk.progress import ProgressStep
from tenure.sdk.transport_factory import Network

__all__ = [
    "ActivationGranted",
    "CodePreviewed",
    "Computer",
    "ConfigurationError",
    "ExchangeBounds",
    "FolderUnusable",
    "License",
    "LicenseReleased",
    "LicenseStanding",
    "Network",
    "ProgressStep",
    "Rejected",
    "ShownDifference",
    "StagedSuccessor",
    "Synchronized",
]

# Log records are for an application that asks for them; one that does not must not find them on its terminal.
logging.getLogger("tenure").addHandler(logging.NullHandler())
