"""`tenure server`: making an activation server, and running it."""

import shlex
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from tenure.cli.argument_types import Folder
from tenure.cli.command_session import CommandSession
from tenure.cli.options import LOCAL
from tenure.cli.output import CommandOutput, make_output, sentence_output
from tenure.cli.problems import accept, explain_folder, invalid_field
from tenure.cli.profiles import check_url
from tenure.cli.registration import SERVER, add_noun, add_verb, add_words
from tenure.cli.screen import CommandScreen

Database = Annotated[
    str,
    Parameter(
        help="postgresql://user@host/database?schema=…&passfile=…, instead of a SQLite file; never with a password."
    ),
]

_APP = add_noun("server", "The activation server: init, run.", SERVER)
add = add_words(_APP)


@add_verb(_APP, "init", LOCAL, example="tenure server init --folder /srv/tenure --name https://license.example.com")
def init_server(
    session: CommandSession,
    *,
    folder: Folder,
    name: Annotated[str, Parameter(help="Its address, as it stands in everything it signs: https://…")],
    portal_url: Annotated[str, Parameter(help="Where people will open the portal: https://…; links lead there.")] = "",
    root_keys: Annotated[int, Parameter(help="How many root keys to make.")] = 1,
    threshold: Annotated[int, Parameter(help="How many of them must sign a root document.")] = 1,
    database: Database = "",
) -> CommandOutput:
    """Make a new activation server in a folder: keys, root document, database, a token, the owner's invitation."""
    from tenure.server.main import create_server

    check_url(name, "name")
    if portal_url:
        check_url(portal_url, "portal_url")
    portal_url = portal_url.rstrip("/")
    try:
        done = create_server(
            Path(folder), name, portal_url=portal_url, root_keys=root_keys, threshold=threshold, database=database
        )
    except OSError as fault:
        raise invalid_field(f"{folder} cannot be written: {fault.strerror}.", "folder") from fault
    return make_output(accept(done), _print_initialized)


@add_verb(_APP, "run", LOCAL, example="tenure server run --folder /srv/tenure --listen 127.0.0.1:8080")
def run_server(
    session: CommandSession,
    *,
    folder: Folder,
    listen: Annotated[
        str,
        Parameter(help="ADDRESS:PORT to listen at, instead of the settings' (127.0.0.1:8080); port 0: any free one."),
    ] = "",
    certificate: Annotated[
        str, Parameter(help="File of the TLS certificate chain (PEM); without it plain HTTP, for a proxy.")
    ] = "",
    key: Annotated[
        str, Parameter(help="File of its key (PEM, mode 0600). Renewed files are taken while it runs.")
    ] = "",
    trusted_proxy: Annotated[
        tuple[str, ...],
        Parameter(help="Addresses of portals and proxies whose X-Forwarded-For is trusted. Repeatable."),
    ] = (),
    database: Database = "",
    workers: Annotated[int, Parameter(help="Processes that serve; more than one need PostgreSQL.")] = 1,
) -> CommandOutput:
    """Run the activation server until it is stopped. Options come before its settings, server.json."""
    from tenure.http.collector import pause_collector

    with pause_collector():
        return _serve_folder(Path(folder), listen, (certificate, key, database, workers, trusted_proxy))


def _serve_folder(folder: Path, listen: str, more: tuple[str, str, str, int, tuple[str, ...]]) -> CommandOutput:
    from tenure.http.endpoints import read_endpoint
    from tenure.http.serve import CannotListen
    from tenure.server.main import ListenOptions, serve_api
    from tenure.server.workers import MOST

    place = accept(read_endpoint(listen) if listen else None)
    if not (folder / "secrets.json").exists():
        raise invalid_field(f"There is no server in {folder}; `tenure server init` makes one.", "folder")
    if not 1 <= more[3] <= MOST:
        raise invalid_field(f"From 1 to {MOST} workers.", "workers")
    address = ListenOptions(place, *more)
    try:
        refused = serve_api(folder, address)
    except CannotListen as fault:
        raise invalid_field(f"{fault} Where it listens: --listen, or `listen` in server.json.", "listen") from fault
    if refused is not None:
        raise explain_folder(refused, "server", "--folder")
    return CommandOutput(b"", sentence_output("The server has stopped."))


def _print_initialized(screen: CommandScreen, value: Any) -> None:
    link = f"{value['portal_url'] or 'https://PORTAL'}/invitation/{value['owner_invitation']}"
    screen.heading(f"A new activation server is in {value['folder']}.")
    screen.pairs(
        [
            ("Root document", f"{value['root_file']} (give it to every client)"),
            ("Its fingerprint", value["fingerprint"]),
            ("Root keys", f"{value['root_secrets']} (move it off this machine: its holder can replace every key)"),
            ("Portal's key", f"{value['portal_key']} (for `tenure portal run --server-key`)"),
            ("Vendor's token", value["vendor_token"]),
            ("Owner's invitation", link),
        ]
    )
    if not value["portal_url"]:
        screen.line("The invitation's link begins with the portal's address; --portal-url writes it whole.")
    screen.line("Token and invitation are shown this once. `tenure login` keeps the token.")
    screen.line("Follow the invitation within a week to become the vendor's owner, with email and password.")
    screen.line(f"Start it with: tenure server run --folder {shlex.quote(value['folder'])}")
