"""`tenure portal`: running the website for providers and customers."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

from cyclopts import Parameter

from tenure.cli.command_session import CommandSession
from tenure.cli.options import LOCAL
from tenure.cli.output import CommandOutput, sentence_output
from tenure.cli.problems import accept, invalid_field
from tenure.cli.registration import SERVER, add_noun, add_verb, add_words

if TYPE_CHECKING:
    from tenure.http.certificates import ServedCertificate

_APP = add_noun("portal", "The website for providers and customers: run.", SERVER)
add = add_words(_APP)


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
) -> CommandOutput:
    """Run the portal until it is stopped. It keeps nothing: users sign in again after a restart."""
    from tenure.http.collector import pause_collector

    with pause_collector():
        from tenure.http.endpoints import read_endpoint
        from tenure.http.serve import CannotListen, ListenAddress
        from tenure.portal.app import PortalSettings
        from tenure.portal.main import read_key, serve_portal

    endpoint = accept(read_endpoint(listen))
    if public_url and (urlsplit(public_url).scheme != "https" or not urlsplit(public_url).hostname):
        raise invalid_field("It begins with https://.", "public_url")
    shown = _certificate_files(certificate, key)
    settings = PortalSettings(house=name, public_url=public_url)
    place = ListenAddress(
        host=endpoint.host,
        port=endpoint.port,
        certificate=shown,
        trusted_proxies=trusted_proxy,
    )
    proof = accept(read_key(Path(server_key)) if server_key else "")
    try:
        refused = serve_portal(server, settings, place, proof)
    except CannotListen as fault:
        raise invalid_field(str(fault), "listen") from fault
    accept(refused)
    return CommandOutput(b"", sentence_output("The portal has stopped."))


def _certificate_files(certificate: str, key: str) -> "ServedCertificate | None":
    from tenure.http.certificates import CertificateFiles, open_certificate
    from tenure.portal.main import system_now

    if bool(certificate) != bool(key):
        given, missing = ("--certificate", "key") if certificate else ("--key", "certificate")
        raise invalid_field(
            f"{given} is given without --{missing}: name both files, or neither behind a proxy.", missing
        )
    if not certificate:
        return None
    files = CertificateFiles(
        certificate=Path(certificate), key=Path(key), certificate_option="--certificate", key_option="--key"
    )
    return accept(open_certificate(files, system_now))
