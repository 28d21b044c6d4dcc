"""Whose certificates are believed: the operating system's roots unless the caller names others.

A certificate failure is a failed candidate, never a question. One check alone can be left out, that of dates, and only
towards the activation server: while this computer's clock is in doubt [spec: certificate-dates].
"""

import ssl
from collections.abc import Callable, Mapping
from pathlib import Path

import httpcore2

from tenure.core.refusals import RefusalCode, Refused

Roots = Callable[[], ssl.SSLContext]
"""Makes a fresh client context that checks chain and name; it is called once per use and kept."""

NO_CHECK_TIME = 0x200000
"""OpenSSL's X509_V_FLAG_NO_CHECK_TIME, for which Python has no name: chain, purpose and name are checked as ever."""

HTTP = ("http/1.1",)
HTTP_ANY = ("h2", "http/1.1")
DOT = ("dot",)


class TrustUnreadable(ssl.SSLError):
    """The trusted certificates cannot be read: a fault of this computer, whatever it is that answers."""

    def __init__(self, setting: str, reason: str) -> None:
        super().__init__(f"the trusted certificates cannot be read: {reason}")
        self.setting, self.told = setting, reason


class RootFiles:
    """`Roots` from a file or folder that an administrator may replace meanwhile: `change_stamp` tells when."""

    def __init__(self, setting: str, file: str = "", folder: str = "") -> None:
        """`setting`: the field or environment variable that names it."""
        self._setting, self._file, self._folder = setting, file, folder

    def __call__(self) -> ssl.SSLContext:
        """A context that believes what is there now; raises `TrustUnreadable`."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        try:
            if self._folder and not any(Path(each).is_dir() for each in self._folder.split(":")):
                raise FileNotFoundError(2, "no such folder", self._folder)
            context.load_verify_locations(self._file or None, self._folder or None)
        except ssl.SSLError:
            raise TrustUnreadable(self._setting, f"{self._file or self._folder} holds no certificates (PEM)") from None
        except (OSError, ValueError) as fault:
            reason = f"{self._file or self._folder}: {getattr(fault, 'strerror', None) or fault}"
            raise TrustUnreadable(self._setting, reason) from None
        return context

    def change_stamp(self) -> object:
        """Changes whenever the file, or what the folder lists, does; None while there is nothing."""
        return tuple(_change_stamp(each) for each in (self._file, *self._folder.split(":")) if each)


class SystemRoots:
    """`Roots` of the operating system, or those that `SSL_CERT_FILE` or `SSL_CERT_DIR` name in their stead."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def __call__(self) -> ssl.SSLContext:
        """See `RootFiles`."""
        named = self._named_files()
        return system_roots() if named is None else named()

    def change_stamp(self) -> object:
        """See `RootFiles`; a variable that changes counts as well."""
        named = self._named_files()
        if named is not None:
            return named.change_stamp()
        paths = ssl.get_default_verify_paths()
        return tuple(_change_stamp(each) for each in (paths.openssl_cafile, paths.openssl_capath))

    def _named_files(self) -> RootFiles | None:
        file, folder = (self._environment.get(each, "").strip() for each in ("SSL_CERT_FILE", "SSL_CERT_DIR"))
        if file:
            return RootFiles("SSL_CERT_FILE", file=file)
        return RootFiles("SSL_CERT_DIR", folder=folder) if folder else None


def _change_stamp(path: str) -> object:
    try:
        seen = Path(path).stat()
    except (OSError, ValueError):
        return None
    return path, seen.st_mtime_ns, seen.st_size, seen.st_ino


def system_roots() -> ssl.SSLContext:
    """A context with the operating system's certificate store."""
    # What the environment says is `SystemRoots`'s to judge: a file that is not there would fail without its name.
    return httpcore2.default_ssl_context(_trust_env=False)


def roots_from(ca_file: str) -> RootFiles:
    """Contexts that believe only the certificates in `ca_file` (PEM): a private CA instead of the system's roots.

    The file is read at first use, and again when it has changed; one that cannot be read refuses the exchange.
    """
    return RootFiles("ca_file", file=ca_file)


def trust_of(ca_file: str, environment: Mapping[str, str]) -> "TrustStore":
    """Whose certificates are believed: those in `ca_file`, else the system's, else what the environment names."""
    system = SystemRoots(environment)
    return TrustStore(roots_from(str(Path(ca_file).expanduser())) if ca_file else system, system)


class TrustStore:
    """Contexts for the activation server (and a TLS proxy before it) and, apart from them, for public resolvers."""

    def __init__(self, server: Roots = system_roots, resolvers: Roots = system_roots) -> None:
        self._server = server
        self._resolvers = resolvers
        self._made: dict[tuple[str, ...], tuple[object, ssl.SSLContext]] = {}

    def refuse_unreadable(self) -> Refused | None:
        """`environment_unusable`, naming the setting, while the certificates for the server cannot be read."""
        try:
            self.server_context()
        except TrustUnreadable as fault:
            detail = f"{fault.setting} is to name the trusted certificates, but {fault.told}."
            return Refused(RefusalCode.ENVIRONMENT_UNUSABLE, detail, fault.setting)
        except ssl.SSLError:
            return None  # shown as the outcome of every connection
        return None

    def forget_contexts(self) -> None:
        """To be called after a certificate was not believed: the next connection reads the trusted ones again."""
        self._made.clear()

    def server_context(self, *, dated: bool = True) -> ssl.SSLContext:
        """The context for the activation server: HTTP/1.1, its roots alone. Without `dated` no clock plays a part."""
        context = self._cached_context("server" if dated else "server at any time", self._server, HTTP)
        if not dated:
            context.verify_flags |= NO_CHECK_TIME
        return context

    def resolver_context(self, protocols: tuple[str, ...]) -> ssl.SSLContext:
        """The context for a public resolver that is asked by one of `protocols` (ALPN names)."""
        return self._cached_context("resolver", self._resolvers, protocols)

    def _cached_context(self, use: str, roots: Roots, protocols: tuple[str, ...]) -> ssl.SSLContext:
        stamp = roots.change_stamp() if isinstance(roots, (RootFiles, SystemRoots)) else None
        made = self._made.get((use, *protocols))
        if made is not None and made[0] == stamp:
            return made[1]
        try:
            context = roots()
        except TrustUnreadable:
            raise
        except (OSError, ValueError) as error:
            raise ssl.SSLError(f"the trusted certificates cannot be read: {error}") from None
        if not context.check_hostname or context.verify_mode is not ssl.CERT_REQUIRED:
            raise ssl.SSLError("the TLS context given does not check names and certificates")
        context.set_alpn_protocols(list(protocols))
        self._made[(use, *protocols)] = (stamp, context)
        return context
