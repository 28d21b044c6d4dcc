"""A program of its own that sends once and examines once, so that its system calls can be watched from outside.

Arguments: the mode, the text of the resolver in the system's place, that of the public one, the server's port.
"""

import sys

from tenure.sdk.network.doctor import check_connections
from tenure.sdk.network.policy import PublicDnsMode
from tenure.sdk.transport import TransportRequest
from tests.sdk.names.servers import Site, asking


def main(mode: str, system: str, public: str, port: str) -> None:
    site = Site(asking(public, system=system, mode=PublicDnsMode(mode)), int(port))
    site.transport.send(TransportRequest("POST", "/v1/sync", b"signed"))
    list(check_connections(site.server, site.policy, site.ports))


if __name__ == "__main__":
    main(*sys.argv[1:])
