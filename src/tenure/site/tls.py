"""The certificate of console and local API, looked at before anything listens: what cannot serve is refused by name."""

import ssl
from pathlib import Path

from tenure.core.refusals import Code, Refused
from tenure.site.settings import ApiSettings

_CHAIN, _KEY = "api.certificate", "api.certificate_key"


def own_certificate(folder: Path, api: ApiSettings) -> str:
    """The site's own certificate of the configured chain (PEM); empty where none is configured. Raises OSError."""
    if not api.certificate:
        return ""
    begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    text = (folder / api.certificate).read_text(encoding="utf-8", errors="replace")
    return f"{begin}{text.partition(begin)[2].partition(end)[0]}{end}\n"


def unservable(folder: Path, api: ApiSettings) -> Refused | None:
    """None without a certificate, and with one that serves; else what is wrong with which file, and what to do."""
    if not api.certificate:
        return None
    chain, key = folder / api.certificate, folder / api.certificate_key
    for path, field in ((chain, _CHAIN), (key, _KEY)):
        try:
            path.read_bytes()
        except OSError as fault:
            return Refused(Code.FIELD_INVALID, f"{path} cannot be read: {fault.strerror}. Correct site.toml.", field)
    if key.stat().st_mode & 0o077:
        return Refused(Code.ACTION_NOT_PERMITTED, f"{key} can be read by others; set its mode to 0600.", _KEY)
    try:
        # A password that is never right, so that a locked key is refused instead of being asked for on a terminal.
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(chain, key, password=lambda: b"")
    except (ssl.SSLError, ValueError):
        detail = f"{chain} and {key} do not serve: a PEM chain and its own key, without a password, are expected."
        return Refused(Code.FIELD_INVALID, detail, _CHAIN)
    return None
