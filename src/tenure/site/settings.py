"""The site's settings: one TOML file that the administrator writes; a misspelled field is refused by its name."""

from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.versions import parse_version
from tenure.http.endpoints import Endpoint, read_endpoint
from tenure.sdk.network.private import is_loopback
from tenure.sdk.network.server import read_host, read_server
from tenure.sdk.settings_file import read_settings_file
from tenure.sdk.transport_factory import Network
from tenure.wire import field_types


class _StrictSiteTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    pass


class ProductSettings(_StrictSiteTable, frozen=True, kw_only=True):
    """A product whose lease is kept here."""

    version: str
    """Of the product's own administration software, held against the plan's lowest (M13)."""


class NetworkSettings(_StrictSiteTable, frozen=True, kw_only=True):
    """The way to the activation server; see `sdk.transport_factory.Network`."""

    dns: str = ""
    """When public DNS may be asked: `auto`, `list` (only `resolvers`) or `off`; empty: as the lease says."""
    resolvers: tuple[str, ...] = ()
    """Public resolvers in order, such as `dns://9.9.9.9` or `https://dns.example/dns-query`."""
    private_suffixes: tuple[str, ...] = ()
    """Names that no public resolver may learn of."""
    system: str = "system"
    """Who stands in for the system's resolver: `dns://host:port`."""
    proxy: str | None = None
    """The HTTP proxy, `http://[user:password@]host[:port]`; empty: none; left out: as the environment says."""
    ca_file: str = ""
    """Certificates (PEM) that are believed instead of the system's, for an authority of your own."""
    loopback_http: bool = False
    """Whether the server may be plain HTTP on this computer, for a demo."""

    def to_network(self) -> Network:
        """As the SDK takes it."""
        return Network(**msgspec.structs.asdict(self))


class ApiSettings(_StrictSiteTable, frozen=True, kw_only=True):
    """Where console and local API listen: on this computer alone until a certificate is configured."""

    listen: str = "127.0.0.1:8481"
    """Address and port of console and API, port 0 any that is free; another computer's browsers need a certificate."""
    certificate: str = ""
    """File of the TLS certificate chain (PEM), relative to the folder."""
    certificate_key: str = ""
    """File of its key."""


class DeviceSettings(_StrictSiteTable, frozen=True, kw_only=True):
    """Where devices find the site."""

    listen: str = "0.0.0.0:8482"
    """Address and port that devices speak to; `127.0.0.1`: this computer's devices alone."""
    name: str = ""
    """The name or address that devices use, as it stands in enrollment tokens; empty: the computer's own name."""
    names: tuple[str, ...] = ()
    """Further names or addresses that the certificate is for."""


class SiteSettings(_StrictSiteTable, frozen=True, kw_only=True):
    """The whole file."""

    server: str
    """Address of the activation server."""
    products: Annotated[dict[field_types.Id, ProductSettings], Meta(min_length=1, max_length=64)]
    name: field_types.Name = ""
    """Of this site, for people; the computer's by default."""
    root: str = "root.jws"
    """The vendor's root document, relative to the folder."""
    sandbox: bool = False
    """Whether the root document is that of a sandbox."""
    after_end_days: int | None = None
    """How long to go on asking after the end (M14); none given: as the provider says, 0: not at all."""
    network: NetworkSettings = NetworkSettings()
    api: ApiSettings = ApiSettings()
    devices: DeviceSettings = DeviceSettings()


def read_settings(path: Path) -> SiteSettings | Refused:
    """The settings in the file at `path`; `not_found`, or `field_invalid` with the field at fault."""
    settings = read_settings_file(path, SiteSettings, "site", "make a site with `tenure site init`")
    if isinstance(settings, Refused):
        return settings
    refused = check_settings(settings)
    return _absolute_paths(settings, path.parent) if refused is None else refused


def _absolute_paths(settings: SiteSettings, folder: Path) -> SiteSettings:
    """With `network.ca_file` as a whole path: like every file of the settings it is named from the folder."""
    named = settings.network.ca_file
    if not named:
        return settings
    network = msgspec.structs.replace(settings.network, ca_file=str(folder / Path(named).expanduser()))
    return msgspec.structs.replace(settings, network=network)


def check_settings(settings: SiteSettings) -> Refused | None:
    """`field_invalid` or `version_unreadable` for what no site can work with."""
    server = read_server(settings.server, allow_loopback_http=settings.network.loopback_http)
    if isinstance(server, Refused):
        return server
    for product, each in settings.products.items():
        read = parse_version(each.version, f"products.{product}.version")
        if isinstance(read, Refused):
            return read
    if bool(settings.api.certificate) != bool(settings.api.certificate_key):
        return Refused(RefusalCode.FIELD_INVALID, "A certificate and its key belong together.", "api.certificate")
    api = _endpoint(settings.api.listen, "api.listen")
    if isinstance(api, Refused):
        return api
    devices = _endpoint(settings.devices.listen, "devices.listen")
    if isinstance(devices, Refused):
        return devices
    if not settings.api.certificate and api.host != "localhost" and not is_loopback(api.host):
        detail = (
            f"Console and API listen on {api.host} only with a certificate: name its files in api.certificate"
            " and api.certificate_key, or take api.listen out, so that they listen on this computer alone."
        )
        return Refused(RefusalCode.FIELD_INVALID, detail, "api.certificate")
    for name in (settings.devices.name, *settings.devices.names):
        if name and read_host(name) is None:
            return Refused(RefusalCode.FIELD_INVALID, f"{name!r} is not a name or an address.", "devices.name")
    return None


def _endpoint(text: str, key: str) -> Endpoint | Refused:
    """The endpoint under `key` of the file; a refusal names the key, because the file has two of the kind."""
    found = read_endpoint(text, key)
    return Refused(found.code, f"{key}: {found.detail}", key) if isinstance(found, Refused) else found


def write_settings(settings: SiteSettings) -> str:
    """The file for `settings`."""
    plain = msgspec.to_builtins(settings)
    tables = {key: value for key, value in plain.items() if isinstance(value, dict)}
    lines = [f"{key} = {_toml_value(value)}" for key, value in plain.items() if key not in tables]
    for key, table in tables.items():
        nested = {inner: value for inner, value in table.items() if isinstance(value, dict)}
        flat = {inner: value for inner, value in table.items() if inner not in nested}
        for name, section in ((key, flat), *((f"{key}.{_toml_key(inner)}", value) for inner, value in nested.items())):
            if section:
                lines += ["", f"[{name}]", *(f"{inner} = {_toml_value(value)}" for inner, value in section.items())]
    return "\n".join(lines) + "\n"


def _toml_key(text: str) -> str:
    return _toml_value(text)


def _toml_value(value: object) -> str:
    # Strings, numbers, truth and lists of strings are spelled in TOML as in JSON, but for DEL.
    return msgspec.json.encode(value).decode().replace("\x7f", "\\u007f")
