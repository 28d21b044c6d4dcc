"""`tenure portal`: running the website for providers and customers."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

from cyclopts import App, Parameter

from tenure.cli.command_session import CommandSession
from tenure.cli.options import LOCAL
from tenure.cli.output import CommandOutput, sentence_output
from tenure.cli.problems import CommandFailed, fail_with, invalid_field
from tenure.cli.registration import SERVER, Ended, add_noun, add_verb
from tenure.core.refusals import Refused

if TYPE_CHECKING:
    from tenure.http.certificates import ServedCertificate

_APP = add_noun("portal", "The website for providers and customers: run.", SERVER)


def add(app: App) -> None:
    """Add `tenure portal`."""
    app.command(_APP)


@add_verb(
    _APP,
    "run",
    LOCAL,
    example="tenure portal run --server https://license.example.com --server-key /srv/tenure/portal.key",
)
def run_portal(
    session: CommandSession,
    *,
    server: Annotated[str, Parameter(help="The activation server: https://…; http only on this machine.")],
    listen: Annotated[str, Parameter(help="ADDRESS:PORT to listen at; port 0: any free one.")] = ("127.0.0.1:8090"),
    public_url: Annotated[
        str, Parameter(help="The address people use, when a proxy that ends TLS stands before it: https://…")
    ] = "",
    trusted_proxy: Annotated[
        tuple[str, ...], Parameter(help="Addresses of proxies whose X-Forwarded-For is trusted.")
    ] = (),
    certificate: Annotated[str, Parameter(help="File of the TLS certificate chain (PEM); else plain HTTP.")] = "",
    key: Annotated[
        str, Parameter(help="File of its key (PEM, mode 0600). Renewed files are taken while it runs.")
    ] = "",
    server_key: Annotated[
        str, Parameter(help="File `portal.key` of the server's folder, or a copy: visitors count by their own address.")
    ] = "",
    name: Annotated[str, Parameter(help="The website's name before sign-in.")] = "Tenure",
) -> Ended:
    """Run the portal until it is stopped. It keeps nothing: users sign in again after a restart."""
    from tenure.http.collector import pause_collector

    with pause_collector():
        from tenure.http.endpoints import read_endpoint
        from tenure.http.serve import CannotListen, ListenAddress
        from tenure.portal.app import PortalSettings
        from tenure.portal.main import read_key, serve_portal

    endpoint = read_endpoint(listen)
    if isinstance(endpoint, Refused):
        return fail_with(endpoint)
    if public_url and (urlsplit(public_url).scheme != "https" or not urlsplit(public_url).hostname):
        return invalid_field("It begins with https://.", "public_url")
    shown = _certificate_files(certificate, key)
    if isinstance(shown, CommandFailed):
        return shown
    settings = PortalSettings(house=name, public_url=public_url)
    place = ListenAddress(
        host=endpoint.host,
        port=endpoint.port,
        certificate=shown,
        trusted_proxies=trusted_proxy,
    )
    proof = read_key(Path(server_key)) if server_key else ""
    if isinstance(proof, Refused):
        return fail_with(proof)
    try:
        refused = serve_portal(server, settings, place, proof)
    except CannotListen as fault:
        return invalid_field(str(fault), "listen")
    return (
        fail_with(refused)
        if isinstance(refused, Refused)
        else CommandOutput(b"", sentence_output("The portal has stopped."))
    )


def _certificate_files(certificate: str, key: str) -> "ServedCertificate | CommandFailed | None":
    from tenure.http.certificates import CertificateFiles, open_certificate
    from tenure.portal.main import system_now

    if bool(certificate) != bool(key):
        given, missing = ("--certificate", "key") if certificate else ("--key", "certificate")
        return invalid_field(
            f"{given} is given without --{missing}: name both files, or neither behind a proxy.", missing
        )
    if not certificate:
        return None
    files = CertificateFiles(
        certificate=Path(certificate), key=Path(key), certificate_option="--certificate", key_option="--key"
    )
    opened = open_certificate(files, system_now)
    return fail_with(opened) if isinstance(opened, Refused) else opened
