"""The server's settings file, read strictly: its name, the portal's address, who takes mails, what webhooks may reach.

Passwords stand in files of their own, which only the server's user may read; this file holds no secret.
"""

from ipaddress import ip_network
from pathlib import Path
from typing import Annotated

import msgspec

from tenure.core.refusals import RefusalCode, Refused
from tenure.http.certificates import CertificateFiles
from tenure.http.endpoints import read_endpoint
from tenure.http.outgoing.smtp import MailServer, Security, is_mailbox
from tenure.http.outgoing.ssrf import WebhookNetworks

MOST = 64 * 1024
LONGEST_PASSWORD = 1_024


class MailSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The SMTP server; `password_file` and `ca_file` are paths, relative ones from the server's folder."""

    host: str
    """The SMTP server's name."""
    sender: str
    """The address that mails come from."""
    port: Annotated[int, msgspec.Meta(ge=1, le=65_535)] = 587
    """Its port."""
    security: Security = "starttls"
    """How the line is protected; `none` is for this computer alone."""
    user: str = ""
    """The name to sign in with; empty: none is needed."""
    password_file: str = ""
    """File of the password, mode 0600."""
    ca_file: str = ""
    """Certificates (PEM) that are trusted in addition to the system's."""


class WebhookSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What webhooks may reach beyond public https."""

    allow_http: bool = False
    """Whether webhooks may go to addresses that begin with `http://`."""
    allow_networks: tuple[str, ...] = ()
    """Private networks that webhooks may reach, such as `10.1.0.0/16`."""
    ca_file: str = ""
    """Certificates (PEM) that are trusted in addition to the system's."""


class ServerSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file."""

    name: str
    """The server's address as it stands in everything it signs; it never changes."""
    portal_url: Annotated[str, msgspec.Meta(max_length=256, pattern=r"^(https?://[!-~]+)?$(?!\n)")] = ""
    """Where people open the portal: links in mails and invitations lead there."""
    database: Annotated[str, msgspec.Meta(max_length=2_048)] = ""
    """The PostgreSQL database, `postgresql://user@host/database?…` without a password; empty: a SQLite file here."""
    listen: str = "127.0.0.1:8080"
    """Address and port to listen at; `0.0.0.0` is all of this computer's addresses, port 0 any that is free."""
    certificate: str = ""
    """File of the certificate chain (PEM), relative to the folder; empty: plain HTTP, for a proxy on this computer."""
    key: str = ""
    """File of the certificate's key (PEM, mode 0600)."""
    mail: MailSettings | None = None
    webhooks: WebhookSettings = WebhookSettings()
    trusted_proxies: tuple[str, ...] = ()
    """Addresses or networks of portals and proxies whose `X-Forwarded-For` is believed."""


def read_settings(path: Path) -> ServerSettings | Refused:
    """The settings in `path`; refuses `not_found` and `field_invalid`."""
    try:
        data = path.read_bytes()[:MOST]
    except OSError:
        return Refused(
            RefusalCode.NOT_FOUND, f"There is no server in {path.parent}, or its {path.name} is damaged.", "folder"
        )
    try:
        settings = msgspec.json.decode(data, type=ServerSettings)
    except (msgspec.MsgspecError, UnicodeDecodeError) as fault:
        return Refused(RefusalCode.FIELD_INVALID, f"{path} cannot be used: {fault}.", "settings")
    place = read_endpoint(settings.listen)
    return Refused(place.code, f"{path}: listen: {place.detail}", "listen") if isinstance(place, Refused) else settings


def mail_server(settings: ServerSettings, folder: Path) -> MailServer | Refused | None:
    """The server that takes mails; None without one. Refuses `field_invalid`, and a password that others can read."""
    mail = settings.mail
    if mail is None:
        return None
    if not is_mailbox(mail.sender):
        return Refused(RefusalCode.FIELD_INVALID, "`mail.sender` is the address that mails come from.", "mail.sender")
    if mail.user and mail.security == "none":
        return Refused(RefusalCode.FIELD_INVALID, "A password is not sent over an open line.", "mail.security")
    password = _read_password(folder / mail.password_file) if mail.password_file else ""
    if isinstance(password, Refused):
        return password
    return MailServer(
        host=mail.host,
        sender=mail.sender,
        port=mail.port,
        security=mail.security,
        user=mail.user,
        password=password,
        ca=str(folder / mail.ca_file) if mail.ca_file else "",
    )


def webhook_networks(settings: ServerSettings, folder: Path) -> WebhookNetworks | Refused:
    """What webhooks may reach; refuses networks that are none with `field_invalid`."""
    given = settings.webhooks
    for each in given.allow_networks:
        try:
            ip_network(each)
        except ValueError:
            wanted = "A network is written as 10.1.0.0/16 or fd00::/8."
            return Refused(RefusalCode.FIELD_INVALID, wanted, "webhooks.allow_networks")
    return WebhookNetworks(given.allow_http, given.allow_networks, str(folder / given.ca_file) if given.ca_file else "")


def certificate_files(
    settings: ServerSettings, folder: Path, certificate: str, key: str
) -> CertificateFiles | Refused | None:
    """The files to serve TLS with: those of the options, else the settings'; None for plain HTTP.

    Refuses `field_invalid` for one without the other.
    """
    names = ("--certificate", "--key") if certificate or key else ("certificate", "key")
    chain, private = (certificate, key) if certificate or key else (settings.certificate, settings.key)
    if bool(chain) != bool(private):
        missing, other = names if private else names[::-1]
        detail = f"{other} is given without {missing}: name both files, or neither for plain HTTP behind a proxy."
        return Refused(RefusalCode.FIELD_INVALID, detail, missing.removeprefix("--"))
    if not chain:
        return None
    base = Path() if certificate else folder
    return CertificateFiles(
        certificate=base / chain, key=base / private, certificate_option=names[0], key_option=names[1]
    )


def trusted_proxies(given: tuple[str, ...]) -> tuple[str, ...] | Refused:
    """Whose `X-Forwarded-For` is believed; refuses with `field_invalid` what is no address, and everybody at once."""
    for each in given:
        try:
            network = ip_network(each)
        except ValueError:
            return Refused(RefusalCode.FIELD_INVALID, f"{each} is no address and no network.", "trusted_proxies")
        if network.prefixlen == 0:
            return Refused(RefusalCode.FIELD_INVALID, "Then every client could claim any address.", "trusted_proxies")
    return given


def _read_password(path: Path) -> str | Refused:
    try:
        if path.stat().st_mode & 0o077:
            return Refused(
                RefusalCode.ACTION_NOT_PERMITTED, f"{path} can be read by others; set its mode to 0600.", "mail"
            )
        return path.read_text(encoding="utf-8")[:LONGEST_PASSWORD].strip()
    except (OSError, UnicodeError):
        return Refused(RefusalCode.NOT_FOUND, f"The mail server's password is not in {path}.", "mail.password_file")
