"""The certificate that a server of ours shows: checked before it serves, and loaded again when its files are renewed.

To renew a certificate, the operator only replaces files; nothing is restarted and no connection ends. Of a new pair
that cannot serve the log tells, and the one in use goes on. What one connection may cost is left to `connection`.
"""

import logging
import ssl
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Any

import msgspec

from tenure.core.periods import format_instant
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import DAY, Instant

log = logging.getLogger("tenure.http.certificates")

LARGEST_FILE = 1024 * 1024
LOOK_SECONDS = 1.0
"""Between two looks at the files, while connections come in."""
IDLE_LOOK_SECONDS = 60.0
"""Between two looks while none does."""
SETTLE_SECONDS = 5.0
"""A pair that does not fit yet may be half written: it is told only when it has stood so long."""
WARN_DAYS = 14
_NO_CHECK_TIME = 0x200000  # X509_V_FLAG_NO_CHECK_TIME, which `ssl` gives no name

_BEGIN, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"


class CertificateFiles(msgspec.Struct, frozen=True, kw_only=True):
    """A chain and its key, and the names of their settings: a refusal names the option at fault."""

    certificate: Path
    """PEM: the server's own certificate first, then those that lead to the authority."""
    key: Path
    """PEM, without a password, readable by its owner alone (or by a group, where root owns it)."""
    certificate_option: str = "certificate"
    key_option: str = "key"


class LoadedCertificate(msgspec.Struct, frozen=True):
    """A pair that serves."""

    context: ssl.SSLContext
    begins: Instant
    ends: Instant
    names: tuple[str, ...]
    """Host names and addresses that it is for."""
    own: str
    """The server's own certificate (PEM)."""

    def is_for(self, host: str) -> bool:
        """Whether a client that reaches the server as `host` will believe it; a `*` stands for one label."""
        try:
            address = ip_address(host)
        except ValueError:
            name = host.lower().rstrip(".")
            return bool({name, f"*.{name.partition('.')[2]}"} & {each.lower() for each in self.names})
        return any(_name_of_address(each) == address for each in self.names)

    def date_warning(self, now: Instant) -> str:
        """What to say of its dates at `now`: over, not begun, ending within 14 days (or a third of its life); or ""."""
        if now >= self.ends:
            return f"it expired at {format_instant(self.ends)}: no client accepts it. Renew it now"
        if now < self.begins:
            return f"it is valid only from {format_instant(self.begins)} on: no client accepts it before"
        if self.ends - now < min(WARN_DAYS * DAY, (self.ends - self.begins) // 3):
            return f"it expires at {format_instant(self.ends)}. Renew it before; new files are taken without a restart"
        return ""


def load_certificate(files: CertificateFiles) -> LoadedCertificate | Refused:
    """The pair as TLS 1.2 and later serve it; else what is wrong with which file, and what to do.

    Refuses `field_invalid` for a file that is missing, no PEM, locked with a password or another certificate's, and
    `action_not_permitted` for a key that others can read.
    """
    chain = _read_text(files.certificate, files.certificate_option, "the certificate chain")
    if isinstance(chain, Refused):
        return chain
    key = _read_text(files.key, files.key_option, "the certificate's key")
    if isinstance(key, Refused):
        return key
    return _refuse_files(files, chain, key) or _load_pair(files, chain)


def _read_text(path: Path, option: str, what: str) -> str | Refused:
    try:
        with path.open("rb") as file:
            return file.read(LARGEST_FILE).decode("ascii", "replace")
    except OSError as fault:
        detail = f"{option}: {path} cannot be read: {fault.strerror}. Name the PEM file of {what}."
        return Refused(RefusalCode.FIELD_INVALID, detail, option.removeprefix("--"))


def _refuse_files(files: CertificateFiles, chain: str, key: str) -> Refused | None:
    """What can be told from the files themselves."""
    if _BEGIN not in chain:
        detail = f"{files.certificate_option}: {files.certificate} holds no certificate in PEM ({_BEGIN} …)."
        return Refused(
            RefusalCode.FIELD_INVALID,
            f"{detail} Name the file of the whole chain.",
            files.certificate_option.removeprefix("--"),
        )
    option = files.key_option
    if "PRIVATE KEY-----" not in key:
        detail = f"{option}: {files.key} holds no private key in PEM (-----BEGIN PRIVATE KEY----- …)."
        return Refused(
            RefusalCode.FIELD_INVALID, f"{detail} Name the file of the certificate's key.", option.removeprefix("--")
        )
    if "ENCRYPTED" in key:
        detail = f"{option}: the key in {files.key} has a password, which cannot be typed when the server starts."
        remedy = f"Write it without: openssl pkey -in {files.key} -out FILE, and set the file's mode to 0600."
        return Refused(RefusalCode.FIELD_INVALID, f"{detail} {remedy}", option.removeprefix("--"))
    status = files.key.stat()
    # As PostgreSQL has it: a key of root's may be lent to a group, such as Debian's `ssl-cert`.
    if status.st_mode & (0o007 if status.st_uid == 0 else 0o077):
        detail = f"{option}: {files.key} can be read by others; set its mode to 0600 (chmod 600 {files.key})."
        return Refused(RefusalCode.ACTION_NOT_PERMITTED, detail, option.removeprefix("--"))
    return None


def _load_pair(files: CertificateFiles, chain: str) -> LoadedCertificate | Refused:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        # A password that is never right: a lock that was not recognized is refused instead of asked for.
        context.load_cert_chain(files.certificate, files.key, password=lambda: b"")
        own = f"{_BEGIN}{chain.partition(_BEGIN)[2].partition(_END)[0]}{_END}\n"
        shown = _as_shown(context, own)
    except (OSError, ValueError) as fault:
        option = files.certificate_option
        why = "the key belongs to another certificate" if "MISMATCH" in str(fault) else _fault_reason(fault)
        detail = f"{option}: {files.certificate} and {files.key} do not serve: {why}."
        remedy = "Name a PEM chain for servers, its own certificate first, and the key that it was made with."
        return Refused(RefusalCode.FIELD_INVALID, f"{detail} {remedy}", option.removeprefix("--"))
    names = tuple(str(value) for _, value in shown.get("subjectAltName", ()))
    begins, ends = (int(ssl.cert_time_to_seconds(shown[each])) for each in ("notBefore", "notAfter"))
    return LoadedCertificate(context, begins, ends, names, own)


def _as_shown(server: ssl.SSLContext, own: str) -> Any:
    """What a client is shown by `server`, learned from a handshake in memory with one that trusts exactly `own`."""
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.check_hostname = False
    trusting.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | _NO_CHECK_TIME
    trusting.load_verify_locations(cadata=own)
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    caller = trusting.wrap_bio(down, up)
    answerer = server.wrap_bio(up, down, server_side=True)
    waiting = [caller, answerer]
    for turn in range(16):
        one = waiting[turn % len(waiting)]
        try:
            one.do_handshake()
        except ssl.SSLWantReadError:
            continue
        waiting.remove(one)
        if not waiting:
            break
    return caller.getpeercert() or {}


def _fault_reason(fault: Exception) -> str:
    said = getattr(fault, "verify_message", "") or getattr(fault, "reason", "") or str(fault)
    return str(said).lower().replace("_", " ")


def _name_of_address(name: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(name)
    except ValueError:
        return None


class ServedCertificate:
    """The pair in use, and the files that it comes from; used by one thread, that of the loop that accepts."""

    def __init__(
        self, files: CertificateFiles, loaded: LoadedCertificate, seen: object, clock: Callable[[], Instant]
    ) -> None:
        """Use `open_certificate`; `seen`: the files' state before they were read."""
        self.files, self.loaded = files, loaded
        self.renewals = 0
        """How many new pairs were taken."""
        self.refused: Refused | None = None
        """Why the files as they are now are not what is shown."""
        self.unfit: Callable[[LoadedCertificate], str] = lambda _: ""
        """A reason of the program's own not to take a new pair; empty for none."""
        self.on_renewal: Callable[[LoadedCertificate], None] = lambda _: None
        """Told of each new pair, for a program that has also written the certificate to another place."""
        self._clock, self._seen = clock, seen
        self._checked_at = self._changed = float("-inf")
        self._told = True
        self._warned: Instant | None = None

    def context_at(self, ticks: float) -> ssl.SSLContext:
        """TLS for a connection that begins at `ticks` (monotonic seconds): of the newest pair that serves."""
        if ticks - self._checked_at >= LOOK_SECONDS:
            self.reload_if_changed(ticks)
        return self.loaded.context

    def reload_if_changed(self, ticks: float) -> None:
        """Load the files again where they changed; warn once a day while their dates need the operator to act."""
        self._checked_at = ticks
        signature = _file_states(self.files)
        if signature != self._seen:
            self._seen, self._changed, self._told = signature, ticks, False
        if not self._told:
            self._take_files(ticks)
        self._warn_of_dates()

    def _take_files(self, ticks: float) -> None:
        loaded = load_certificate(self.files)
        why_not = self.unfit(loaded) if isinstance(loaded, LoadedCertificate) else ""
        if why_not:
            loaded = Refused(RefusalCode.KEY_UNKNOWN, why_not, self.files.key_option.removeprefix("--"))
        if isinstance(loaded, Refused):
            self.refused = loaded
            if ticks - self._changed >= SETTLE_SECONDS:
                self._told = True
                log.error("the new certificate is not used, the one before goes on: %s", loaded.detail)
            return
        self.loaded, self.refused, self._told, self._warned = loaded, None, True, None
        self.renewals += 1
        log.info("the certificate was renewed; it is good until %s", format_instant(loaded.ends))
        self.on_renewal(loaded)

    def _warn_of_dates(self) -> None:
        now = self._clock()
        said = self.loaded.date_warning(now)
        if said and (self._warned is None or now - self._warned >= DAY):
            self._warned = now
            log.warning("certificate %s: %s", self.files.certificate, said)


def _file_states(files: CertificateFiles) -> object:
    return _file_state(files.certificate), _file_state(files.key)


def _file_state(path: Path) -> object:
    try:
        status = path.stat()
    except OSError as fault:
        return fault.errno
    return status.st_ino, status.st_mtime_ns, status.st_size, status.st_mode


def open_certificate(files: CertificateFiles, clock: Callable[[], Instant]) -> ServedCertificate | Refused:
    """The certificate to serve with; refuses like `load_certificate`. `clock` judges its dates, in whole seconds."""
    seen = _file_states(files)
    loaded = load_certificate(files)
    return loaded if isinstance(loaded, Refused) else ServedCertificate(files, loaded, seen, clock)
