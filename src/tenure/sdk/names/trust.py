"""Whose certificates are believed: the operating system's roots unless the caller names others.

A certificate failure is a failed candidate, never a question. One check alone can be left out, that of dates, and only
towards the activation server: while this computer's clock is in doubt (spec 3.6).
"""

import ssl
from collections.abc import Callable

import httpcore2

Roots = Callable[[], ssl.SSLContext]
"""Makes a fresh client context that checks chain and name; it is called once per use and kept."""

NO_CHECK_TIME = 0x200000
"""OpenSSL's X509_V_FLAG_NO_CHECK_TIME, for which Python has no name: chain, purpose and name are checked as ever."""

HTTP = ("http/1.1",)
HTTP_ANY = ("h2", "http/1.1")
DOT = ("dot",)


def system_roots() -> ssl.SSLContext:
    """A context with the operating system's certificate store."""
    return httpcore2.default_ssl_context()


def roots_from(ca_file: str) -> Roots:
    """Contexts that believe only the certificates in `ca_file` (PEM): a private CA instead of the system's roots.

    The file is read at first use; a file that cannot be read shows as failed TLS, with its reason, in every step.
    """

    def make() -> ssl.SSLContext:
        return ssl.create_default_context(cafile=ca_file)

    return make


class Trust:
    """Contexts for the activation server (and a TLS proxy before it) and, apart from them, for public resolvers."""

    def __init__(self, server: Roots = system_roots, resolvers: Roots = system_roots) -> None:
        self._server = server
        self._resolvers = resolvers
        self._made: dict[tuple[str, ...], ssl.SSLContext] = {}

    def server(self, *, dated: bool = True) -> ssl.SSLContext:
        """The context for the activation server: HTTP/1.1, its roots alone. Without `dated` no clock plays a part."""
        context = self._kept("server" if dated else "server at any time", self._server, HTTP)
        if not dated:
            context.verify_flags |= NO_CHECK_TIME
        return context

    def resolver(self, protocols: tuple[str, ...]) -> ssl.SSLContext:
        """The context for a public resolver that is asked by one of `protocols` (ALPN names)."""
        return self._kept("resolver", self._resolvers, protocols)

    def _kept(self, use: str, roots: Roots, protocols: tuple[str, ...]) -> ssl.SSLContext:
        context = self._made.get((use, *protocols))
        if context is None:
            try:
                context = roots()
            except (OSError, ValueError) as error:
                raise ssl.SSLError(f"the trusted certificates cannot be read: {error}") from None
            if not context.check_hostname or context.verify_mode is not ssl.CERT_REQUIRED:
                raise ssl.SSLError("the TLS context given does not check names and certificates")
            context.set_alpn_protocols(list(protocols))
            self._made[(use, *protocols)] = context
        return context
