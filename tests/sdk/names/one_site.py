"""A program of its own that sends once and examines once, so that its system calls can be watched from outside.

Arguments: the mode, the text of the resolver in the system's place, that of the public one, the server's port.
"""

import sys

from tenure.sdk.names.doctor import doctor
from tenure.sdk.names.policy import Mode
from tenure.sdk.transport import Request
from tests.sdk.names.servers import Site, asking


def main(mode: str, system: str, public: str, port: str) -> None:
    site = Site(asking(public, system=system, mode=Mode(mode)), int(port))
    site.transport.send(Request("POST", "/v1/sync", b"signed"))
    list(doctor(site.server, site.policy, site.ports))


if __name__ == "__main__":
    main(*sys.argv[1:])
