"""`tenure deactivate`: gives back an application's own license from outside the application, with access to its folder.

For an application without such a button, a computer that is given away, a program that is removed. What is erased and
what the server is told is the SDK's work (`License.release`); nothing here writes to the folder itself.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from tenure.cli.argument_types import File, read_file
from tenure.cli.command_session import CommandSession
from tenure.cli.options import ERASING
from tenure.cli.output import CommandOutput, make_output, nothing_done
from tenure.cli.problems import fail_with, invalid_field
from tenure.cli.registration import add_verb
from tenure.cli.screen import CommandScreen, TableColumn
from tenure.cli.site_session import HERE
from tenure.core.periods import format_instant
from tenure.core.refusals import ExitCode, RefusalCode, Refused
from tenure.core.timeline import Instant

if TYPE_CHECKING:
    from tenure.sdk import License, LicenseReleased, Rejected

Folder = Annotated[Path, Parameter(help="The folder in which the application keeps its license.")]

HELD = (
    TableColumn("Product", "product"),
    TableColumn("Folder", "folder"),
    TableColumn("Plan", "plan"),
    TableColumn("Provider", "provider"),
    TableColumn("Phase", "phase"),
    TableColumn("Lease ends", "lease_ends", "moment"),
    TableColumn("Activation server", "server"),
)


def add(app: App) -> None:
    """Add `tenure deactivate`."""
    example = (
        "tenure deactivate --folder ~/.editor --product editor --version 12.0 --root root.jws "
        "--server https://license.example.com"
    )
    add_verb(app, "deactivate", ERASING, group=HERE, example=example)(deactivate_application)


def deactivate_application(
    session: CommandSession,
    *,
    folder: Folder,
    product: Annotated[str, Parameter(help="The product that is licensed there.")],
    version: Annotated[str, Parameter(help="The application's version, which the server is told.")],
    root: File,
    server: Annotated[str, Parameter(help="The activation server's address, as the application has it.")],
    sandbox: Annotated[bool, Parameter(help="Only with the root document of a sandbox.")] = False,
    clock: Annotated[Path | None, Parameter(help="A file with the time; only for a sandbox.")] = None,
) -> CommandOutput:
    """Give back the license of a standalone application: it is erased here, and its place becomes free.

    Says when the place is free: at once, or at the end of its lease. Where the activation server cannot be reached the
    license is erased all the same (exit code 10); the same command, or the application's next start, tells the server.
    """
    data = read_file(session.world, root, "root")
    with _open_license(folder, product, version, server, data, sandbox=sandbox, clock=clock) as license_:
        held = _refuse_not_held(license_, product, folder, server)
        if session.options.dry_run:
            return make_output(held, _print_dry_run)
        if session.world.is_interactive and not (session.options.yes or session.options.json):
            _print_dry_run(session.aside, held)
            if session.world.ask("Erase this license here? [y/N] ").strip().lower() not in ("y", "yes"):
                return nothing_done()
        with session.show_busy("Telling the activation server …"):
            outcome = license_.release()
        return _release_sentence(outcome, held)


@contextmanager
def _open_license(
    folder: Path, product: str, version: str, server: str, root: bytes, *, sandbox: bool, clock: Path | None
) -> "Iterator[License]":
    """The license that lies in the folder, which is given up afterwards; nothing is made where there is none."""
    from tenure.sdk import ConfigurationError, FolderUnusable, License
    from tenure.sdk.assembly import read_root
    from tenure.sdk.cache import KEY
    from tenure.sdk.disk import FolderOnDisk
    from tenure.sdk.folder_owner import belongs_to_world, world_of

    try:
        place = folder.expanduser()
        world = world_of(read_root(root, sandbox=sandbox).document.id, product, sandbox=sandbox)
        if not place.is_dir() or not belongs_to_world(FolderOnDisk(place), KEY, world):
            detail = f"{place} holds no license of {product} under this root document."
            raise fail_with(Refused(RefusalCode.NOT_FOUND, detail, "folder"))
        opened = License.open(
            product=product, version=version, server=server, root=root, folder=place, sandbox=sandbox, clock=clock
        )
    except ConfigurationError as fault:
        raise invalid_field(f"{str(fault)[:1].upper()}{str(fault)[1:]}.") from fault
    except FolderUnusable as fault:
        raise fail_with(fault.refused) from fault
    except (OSError, RuntimeError) as fault:
        raise invalid_field(
            f"{folder} cannot be read: {getattr(fault, 'strerror', None) or fault}.", "folder"
        ) from fault
    try:
        yield opened
    finally:
        opened.stop()


def _refuse_not_held(license_: "License", product: str, folder: Path, server: str) -> dict[str, Any]:
    standing = license_.standing
    return {
        "product": product,
        "folder": str(folder),
        "server": server,
        "plan": standing.plan,
        "provider": standing.provider,
        "phase": standing.phase.value,
        "lease_ends": _format_instant(standing.contact_until),
    }


def _release_sentence(released: "LicenseReleased | Rejected", held: dict[str, Any]) -> CommandOutput:
    from tenure.sdk import Rejected

    if isinstance(released, Rejected):
        nothing = f"{held['folder']} holds no license: there is nothing to give back."
        detail = nothing if released.code is RefusalCode.NOT_ACTIVATED else released.detail
        raise fail_with(Refused(released.code, detail, released.field, released.when))
    value = {
        **held,
        "confirmed": released.confirmed,
        "free_from": _format_instant(released.until),
        "message": released.message,
        "steps": [{"text": each.text, "ok": each.ok} for each in released.steps],
    }
    return make_output(value, _print_done, ExitCode.DONE if released.confirmed else ExitCode.UNREACHABLE)


def _format_instant(when: Instant | None) -> str | None:
    return None if when is None else format_instant(when)


def _print_dry_run(screen: CommandScreen, value: Any) -> None:
    screen.card(value, HELD)
    if not value["lease_ends"]:
        screen.line("No lease is held: there is nothing to erase, but the server is told if it has not heard yet.")
        return
    screen.line(
        "The license would be erased here for good. Its place would be free at once; where more were given back "
        "lately than the subscription has devices, or a copy of this one is known, at the end of its lease. "
        "The activation server's answer says which."
    )


def _print_done(screen: CommandScreen, value: Any) -> None:
    for step in value["steps"]:
        if not step["ok"]:
            screen.line(f"! {step['text']}")
    screen.line(value["message"])
    if not value["confirmed"]:
        screen.line("Run the same command again, or start the application once, when the server can be reached.")
