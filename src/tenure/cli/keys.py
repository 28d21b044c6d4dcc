"""`tenure keys`: the root document and the keys it lets sign, changed step by step without anyone noticing
[spec: key-rotation].

Each step is decided by `wire.rotation`, signed with root keys from files kept elsewhere, and put where the server finds
it: in its database, or through its API while it runs.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import App, Parameter

from tenure.cli.desk import Desk
from tenure.cli.kinds import Folder, create, read_file
from tenure.cli.options import READING
from tenure.cli.output import made, sentence
from tenure.cli.problems import Failed, failed, invalid
from tenure.cli.show import Column, Screen
from tenure.cli.verbs import SERVER, Ended, noun, verb
from tenure.core.refusals import Refused

if TYPE_CHECKING:
    from tenure.cli.rotation import Step

KEY = (
    Column("Key", "kid"),
    Column("Purpose", "purpose"),
    Column("State", "state"),
    Column("From", "from", "moment"),
    Column("Signs until", "until", "moment"),
    Column("May be retired", "retired_from", "moment"),
    Column("Products", "products", "list"),
    Column("At hand", "at_hand", "yes"),
)

DUE = (
    Column("Step", "step"),
    Column("Purpose", "purpose"),
    Column("Key", "kid"),
    Column("Due", "is_due", "yes"),
    Column("From", "when", "moment"),
    Column("At the latest", "ends", "moment"),
    Column("Command", "command"),
)

PurposeName = Literal["lease", "answer", "notice", "checkpoint", "webhook"]
Secrets = Annotated[tuple[Path, ...], Parameter(help="A file with root keys; repeat for more of them.")]
Kid = Annotated[str, Parameter(help="The key's id, as `tenure keys show` names it.")]
Dry = Annotated[bool, Parameter(negative=(), help="Do nothing; show what would stand in the root document.")]
Draft = Annotated[Path | None, Parameter(help="Write the signed draft here instead of installing it.")]

_APP = noun("keys", "Signing keys: show, due, publish, use, close, retire, revoke, replace, rotate.", SERVER)


def add(app: App) -> None:
    """Add `tenure keys`."""
    app.command(_APP)


@verb(_APP, "show", READING, example="tenure keys show --folder /srv/tenure")
def show_keys(desk: Desk, *, folder: Folder) -> Ended:
    """Show the root document in force and the state of every key."""
    from tenure.cli import rotation

    view = rotation.view(Path(folder), desk.world.now())
    return failed(view) if isinstance(view, Refused) else made(view, _shown)


@verb(_APP, "due", READING, example="tenure keys due")
def show_due(desk: Desk) -> Ended:
    """Ask the server which step of a rotation is due or comes next, and by when (the vendor only)."""
    return desk.shown("/v1/keys", _due, tenant=False)


@verb(
    _APP,
    "publish",
    READING,
    example="tenure keys publish lease --folder /srv/tenure --root-secrets /media/stick/root.json",
)
def publish_key(
    desk: Desk,
    purpose: Annotated[PurposeName, Parameter(help="What it will sign.")],
    *,
    folder: Folder,
    root_secrets: Secrets,
    product: Annotated[tuple[str, ...], Parameter(help="Only for this product; repeatable. None: for all.")] = (),
    out: Draft = None,
    dry_run: Dry = False,
) -> Ended:
    """Make a key known to clients; it signs nothing before every client had time to hear of it."""
    from tenure.cli import rotation

    step = rotation.publish(Path(folder), purpose, product, desk.world.draw, desk.world.now())
    return _take(desk, Path(folder), step, root_secrets, out, dry_run=dry_run)


@verb(_APP, "use", READING, example="tenure keys use lease-1f… --folder /srv/tenure")
def use_key(desk: Desk, kid: Kid, *, folder: Folder) -> Ended:
    """See whether a published key signs already; the server goes over to it by itself as soon as it may."""
    from tenure.cli import rotation

    view = rotation.use(Path(folder), kid, desk.world.now())
    if isinstance(view, Refused):
        return failed(view)
    return made(view, lambda screen, value: screen.card(value, KEY))


@verb(
    _APP,
    "close",
    READING,
    example="tenure keys close lease-1f… --folder /srv/tenure --root-secrets /media/stick/root.json",
)
def close_key(
    desk: Desk, kid: Kid, *, folder: Folder, root_secrets: Secrets, out: Draft = None, dry_run: Dry = False
) -> Ended:
    """Let a key sign nothing more; what it signed stays good."""
    from tenure.cli import rotation

    return _take(
        desk, Path(folder), rotation.close(Path(folder), kid, desk.world.now()), root_secrets, out, dry_run=dry_run
    )


@verb(
    _APP,
    "retire",
    READING,
    example="tenure keys retire lease-1f… --folder /srv/tenure --root-secrets /media/stick/root.json",
)
def retire_key(
    desk: Desk, kid: Kid, *, folder: Folder, root_secrets: Secrets, out: Draft = None, dry_run: Dry = False
) -> Ended:
    """Drop a closed key once nothing it signed can live any more."""
    from tenure.cli import rotation

    return _take(
        desk, Path(folder), rotation.retire(Path(folder), kid, desk.world.now()), root_secrets, out, dry_run=dry_run
    )


@verb(
    _APP,
    "revoke",
    READING,
    example="tenure keys revoke lease-1f… --folder /srv/tenure --root-secrets /media/stick/root.json --yes",
)
def revoke_key(
    desk: Desk,
    kid: Kid,
    *,
    folder: Folder,
    root_secrets: Secrets,
    yes: Annotated[bool, Parameter(negative=(), help="Do not ask.")] = False,
    out: Draft = None,
    dry_run: Dry = False,
) -> Ended:
    """Drop a stolen key at once: everything it signed is refused by everyone who hears of it."""
    from tenure.cli import rotation

    step = rotation.revoke(Path(folder), kid, desk.world.now())
    return _take_if_sure(desk, Path(folder), step, root_secrets, out, yes=yes, dry_run=dry_run)


@verb(
    _APP,
    "replace",
    READING,
    example="tenure keys replace answer-1f… --folder /srv/tenure --root-secrets /media/stick/root.json --yes",
)
def replace_key(
    desk: Desk,
    kid: Kid,
    *,
    folder: Folder,
    root_secrets: Secrets,
    yes: Annotated[bool, Parameter(negative=(), help="Do not ask.")] = False,
    out: Draft = None,
    dry_run: Dry = False,
) -> Ended:
    """Drop a stolen key at once and put a fresh one in its place, in one step: for the last key of its purpose."""
    from tenure.cli import rotation

    step = rotation.replace(Path(folder), kid, desk.world.draw, desk.world.now())
    return _take_if_sure(desk, Path(folder), step, root_secrets, out, yes=yes, dry_run=dry_run)


@verb(_APP, "extend", READING, example="tenure keys extend --folder /srv/tenure --root-secrets /media/stick/root.json")
def extend_root(desk: Desk, *, folder: Folder, root_secrets: Secrets, out: Draft = None, dry_run: Dry = False) -> Ended:
    """Issue the same root document anew, before it expires."""
    from tenure.cli import rotation

    return _take(
        desk, Path(folder), rotation.extend(Path(folder), desk.world.now()), root_secrets, out, dry_run=dry_run
    )


@verb(
    _APP,
    "rotate",
    READING,
    example="tenure keys rotate lease --folder /srv/tenure --root-secrets /media/stick/root.json",
)
def rotate_keys(
    desk: Desk,
    purpose: Annotated[PurposeName, Parameter(help="Which keys.")],
    *,
    folder: Folder,
    root_secrets: Secrets,
    out: Draft = None,
    dry_run: Dry = False,
) -> Ended:
    """Take the next step of a rotation that is due: publish a new key, close the old one, retire it; or say when."""
    from tenure.cli import rotation

    step = rotation.rotate(Path(folder), purpose, desk.world.draw, desk.world.now())
    return _take(desk, Path(folder), step, root_secrets, out, dry_run=dry_run)


@verb(_APP, "sign", READING, example="tenure keys sign next.jws --root-secrets /media/stick/root-2.json")
def sign_draft(
    desk: Desk, draft: Annotated[Path, Parameter(help="A draft that `--out` wrote.")], *, root_secrets: Secrets
) -> Ended:
    """Add signatures to a draft, where root keys are never in one place."""
    from tenure.cli import rotation

    data = read_file(desk.world, draft, "draft")
    signed = data if isinstance(data, Failed) else rotation.add_signatures(data, root_secrets)
    if isinstance(signed, Failed):
        return signed
    if isinstance(signed, Refused):
        return failed(signed)
    draft.write_bytes(signed)
    count = len(signed.splitlines())
    return made({"signatures": count}, sentence(f"{draft} carries {count} signatures now."))


@verb(_APP, "install", READING, example="tenure keys install next.jws --folder /srv/tenure")
def install_draft(
    desk: Desk, draft: Annotated[Path, Parameter(help="A draft with enough signatures.")], *, folder: Folder
) -> Ended:
    """Put a signed draft in force."""
    from tenure.cli import rotation

    data = read_file(desk.world, draft, "draft")
    if isinstance(data, Failed):
        return data
    return rotation.install(desk, Path(folder), data, "The draft is in force.")


def _take_if_sure(
    desk: Desk,
    folder: Path,
    step: "Step | Refused",
    files: tuple[Path, ...],
    out: Path | None,
    *,
    yes: bool,
    dry_run: bool,
) -> Ended:
    """A step that hurts whoever holds something the key signed: only after a question, or with --yes."""
    if not isinstance(step, Refused) and not (yes or dry_run):
        if not desk.world.interactive:
            return invalid("Revoking a key hurts everyone who holds something it signed; confirm with --yes.", "yes")
        if desk.world.ask(f"{step.told} Go on? [y/N] ").strip().lower() not in ("y", "yes"):
            return made({"done": False}, sentence("Nothing was done."))
    return _take(desk, folder, step, files, out, dry_run=dry_run)


def _take(
    desk: Desk, folder: Path, step: "Step | Refused", files: tuple[Path, ...], out: Path | None, *, dry_run: bool
) -> Ended:
    """One step: shown, written as a draft, or signed and put in force."""
    from tenure.cli import rotation

    if isinstance(step, Refused):
        return failed(step)
    if dry_run:
        return made(rotation.planned(step, folder, desk.world.now()), _shown)
    signed = rotation.sign(step, files)
    if isinstance(signed, Refused):
        return failed(signed)
    kept = rotation.keep(folder, step)
    if kept is not None:
        return failed(kept)
    if out is None:
        return rotation.install(desk, folder, signed, step.told)
    fault = create(out, signed)
    told = f"The draft is in {out}; `tenure keys sign` adds signatures, `tenure keys install` puts it in force."
    return fault if fault is not None else made({"draft": str(out)}, sentence(told))


def _due(screen: Screen, value: Any) -> None:
    screen.table(value["due"], DUE, "Nothing is due.")


def _shown(screen: Screen, value: Any) -> None:
    screen.heading(f"Root document {value['id']}, version {value['version']}")
    screen.pairs(
        [
            ("Fingerprint", value["fingerprint"] or "-"),
            ("Expires", screen.cell(value, Column("", "expires", "moment"))),
            ("Signed by", f"{value['threshold']} of {len(value['root_keys'])} root keys"),
        ]
    )
    screen.line()
    screen.table(value["keys"], KEY)
