"""What this computer's environment says of the way to a server: proxy and trusted certificates, by the SDK's rules.

Libraries read the same variables themselves, and end a command with a trace where they cannot follow one.
"""

import ssl
from collections.abc import Mapping

import msgspec

from tenure.core.refusals import Refused
from tenure.sdk.network.proxy import proxy_from_environment
from tenure.sdk.network.server import read_server
from tenure.sdk.network.trust import SystemRoots, TrustStore


class NetworkEnvironment(msgspec.Struct, frozen=True):
    """The way to one server."""

    proxy: str
    """`http://host:port`; empty for none."""
    authorization: str
    """Value of Proxy-Authorization; a secret."""
    trusted: ssl.SSLContext


def read_surroundings(url: str, environment: Mapping[str, str]) -> NetworkEnvironment | Refused:
    """What `environment` says for the server at `url`; `environment_unusable` with the variable's name."""
    server = read_server(url, allow_loopback_http=True, field="url")
    if isinstance(server, Refused):
        return server
    proxy = proxy_from_environment(environment, server)
    if isinstance(proxy, Refused):
        return proxy
    trust = TrustStore(SystemRoots(environment))
    refused = trust.refuse_unreadable()
    if refused is not None:
        return refused
    through = ("", "") if proxy is None else (proxy.without_password, proxy.authorization)
    return NetworkEnvironment(*through, trusted=trust.server_context())
