"""`tenure keys`: the root document and the keys it lets sign, changed step by step without anyone noticing
[spec: key-rotation].

Each step is decided by `wire.rotation`, signed with root keys from files kept elsewhere, and put where the server finds
it: in its database, or through its API while it runs.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from tenure.cli.argument_types import Folder, create_file, read_file
from tenure.cli.command_session import CommandSession
from tenure.cli.options import READING
from tenure.cli.output import CommandOutput, make_output, sentence_output
from tenure.cli.problems import invalid_field
from tenure.cli.registration import SERVER, add_noun, add_verb, add_words
from tenure.cli.screen import CommandScreen, TableColumn

if TYPE_CHECKING:
    from tenure.cli.rotation import PlannedRotation
    from tenure.server.state_place import StatePlace

KEY = (
    TableColumn("Key", "kid"),
    TableColumn("Purpose", "purpose"),
    TableColumn("State", "state"),
    TableColumn("From", "from", "moment"),
    TableColumn("Signs until", "until", "when"),
    TableColumn("May be retired", "retired_from", "moment"),
    TableColumn("Products", "products", "list"),
    TableColumn("At hand", "at_hand", "yes"),
)

DUE = (
    TableColumn("Step", "step"),
    TableColumn("Purpose", "purpose"),
    TableColumn("Key", "kid"),
    TableColumn("Due", "is_due", "yes"),
    TableColumn("From", "when", "moment"),
    TableColumn("At the latest", "ends", "moment"),
    TableColumn("Command", "command"),
)

PurposeName = Literal["lease", "answer", "notice", "checkpoint", "webhook"]
Secrets = Annotated[tuple[Path, ...], Parameter(help="A file with root keys; repeat for more of them.")]
Kid = Annotated[str, Parameter(help="The key's id, as `tenure keys show` names it.")]
Dry = Annotated[bool, Parameter(negative=(), help="Do nothing; show the new root document.")]
Draft = Annotated[Path | None, Parameter(help="Write the signed draft here instead of installing it.")]

_APP = add_noun("keys", "Signing keys: show, due, publish, use, close, retire, revoke, replace, rotate.", SERVER)
add = add_words(_APP)


@add_verb(_APP, "show", READING, example="tenure keys show --folder /srv/tenure")
def show_keys(session: CommandSession, *, folder: Folder) -> CommandOutput:
    """Show the root document in force and the state of every key."""
    from tenure.cli import rotation
    from tenure.cli.state import place_of

    view = rotation.view_root(place_of(session, folder), session.world.now())
    return make_output(view, _print_root)


@add_verb(_APP, "due", READING, example="tenure keys due")
def show_due(session: CommandSession) -> CommandOutput:
    """Ask the server which step of a rotation is due or comes next, and by when (the vendor only)."""
    return session.get_shown("/v1/keys", _print_due, tenant=False)


@add_verb(
    _APP,
    "publish",
    READING,
    example="tenure keys publish lease --folder /srv/tenure --root-secrets /media/stick/root.json",
)
def publish_key(
    session: CommandSession,
    purpose: Annotated[PurposeName, Parameter(help="What it will sign.")],
    *,
    folder: Folder,
    root_secrets: Secrets,
    product: Annotated[tuple[str, ...], Parameter(help="Only for this product; repeatable. None: for all.")] = (),
    out: Draft = None,
    dry_run: Dry = False,
) -> CommandOutput:
    """Make a key known to clients; it signs nothing before every client had time to learn it."""
    from tenure.cli import rotation
    from tenure.cli.state import place_of

    step = rotation.publish_key(place_of(session, folder), purpose, product, session.world.draw, session.world.now())
    return _take_step(session, place_of(session, folder), step, root_secrets, out, dry_run=dry_run)


@add_verb(_APP, "use", READING, example="tenure keys use lease-1f… --folder /srv/tenure")
def use_key(session: CommandSession, kid: Kid, *, folder: Folder) -> CommandOutput:
    """Show whether a published key signs already; the server switches to it by itself as soon as it may."""
    from tenure.cli import rotation
    from tenure.cli.state import place_of

    view = rotation.use_key(place_of(session, folder), kid, session.world.now())
    return make_output(view, lambda screen, value: screen.card(value, KEY))


@add_verb(
    _APP,
    "close",
    READING,
    example="tenure keys close lease-1f… --folder /srv/tenure --root-secrets /media/stick/root.json",
)
def close_key(
    session: CommandSession, kid: Kid, *, folder: Folder, root_secrets: Secrets, out: Draft = None, dry_run: Dry = False
) -> CommandOutput:
    """Let a key sign nothing more; its signatures stay valid."""
    from tenure.cli import rotation
    from tenure.cli.state import place_of

    return _take_step(
        session,
        place_of(session, folder),
        rotation.close_key(place_of(session, folder), kid, session.world.now()),
        root_secrets,
        out,
        dry_run=dry_run,
    )


@add_verb(
    _APP,
    "retire",
    READING,
    example="tenure keys retire lease-1f… --folder /srv/tenure --root-secrets /media/stick/root.json",
)
def retire_key(
    session: CommandSession, kid: Kid, *, folder: Folder, root_secrets: Secrets, out: Draft = None, dry_run: Dry = False
) -> CommandOutput:
    """Drop a closed key once everything that it signed has expired."""
    from tenure.cli import rotation
    from tenure.cli.state import place_of

    return _take_step(
        session,
        place_of(session, folder),
        rotation.retire_key(place_of(session, folder), kid, session.world.now()),
        root_secrets,
        out,
        dry_run=dry_run,
    )


@add_verb(
    _APP,
    "revoke",
    READING,
    example="tenure keys revoke lease-1f… --folder /srv/tenure --root-secrets /media/stick/root.json --yes",
)
def revoke_key(
    session: CommandSession,
    kid: Kid,
    *,
    folder: Folder,
    root_secrets: Secrets,
    yes: Annotated[bool, Parameter(negative=(), help="Do not ask.")] = False,
    out: Draft = None,
    dry_run: Dry = False,
) -> CommandOutput:
    """Drop a stolen key at once: clients refuse its signatures as soon as they learn of it."""
    from tenure.cli import rotation
    from tenure.cli.state import place_of

    step = rotation.revoke_key(place_of(session, folder), kid, session.world.now())
    return _take_if_sure(session, place_of(session, folder), step, root_secrets, out, yes=yes, dry_run=dry_run)


@add_verb(
    _APP,
    "replace",
    READING,
    example="tenure keys replace answer-1f… --folder /srv/tenure --root-secrets /media/stick/root.json --yes",
)
def replace_key(
    session: CommandSession,
    kid: Kid,
    *,
    folder: Folder,
    root_secrets: Secrets,
    yes: Annotated[bool, Parameter(negative=(), help="Do not ask.")] = False,
    out: Draft = None,
    dry_run: Dry = False,
) -> CommandOutput:
    """Drop a stolen key at once and put a fresh one in its place, in one step: for the last key of its purpose."""
    from tenure.cli import rotation
    from tenure.cli.state import place_of

    step = rotation.replace_key(place_of(session, folder), kid, session.world.draw, session.world.now())
    return _take_if_sure(session, place_of(session, folder), step, root_secrets, out, yes=yes, dry_run=dry_run)


@add_verb(
    _APP, "extend", READING, example="tenure keys extend --folder /srv/tenure --root-secrets /media/stick/root.json"
)
def extend_root(
    session: CommandSession, *, folder: Folder, root_secrets: Secrets, out: Draft = None, dry_run: Dry = False
) -> CommandOutput:
    """Issue the same root document again, before it expires."""
    from tenure.cli import rotation
    from tenure.cli.state import place_of

    return _take_step(
        session,
        place_of(session, folder),
        rotation.extend_root(place_of(session, folder), session.world.now()),
        root_secrets,
        out,
        dry_run=dry_run,
    )


@add_verb(
    _APP,
    "rotate",
    READING,
    example="tenure keys rotate lease --folder /srv/tenure --root-secrets /media/stick/root.json",
)
def rotate_keys(
    session: CommandSession,
    purpose: Annotated[PurposeName, Parameter(help="Which keys.")],
    *,
    folder: Folder,
    root_secrets: Secrets,
    out: Draft = None,
    dry_run: Dry = False,
) -> CommandOutput:
    """Take the next step of a rotation that is due: publish a new key, close the old one, retire it; or say when."""
    from tenure.cli import rotation
    from tenure.cli.state import place_of

    step = rotation.rotate_keys(place_of(session, folder), purpose, session.world.draw, session.world.now())
    return _take_step(session, place_of(session, folder), step, root_secrets, out, dry_run=dry_run)


@add_verb(_APP, "sign", READING, example="tenure keys sign next.jws --root-secrets /media/stick/root-2.json")
def sign_draft(
    session: CommandSession,
    draft: Annotated[Path, Parameter(help="A draft that `--out` wrote.")],
    *,
    root_secrets: Secrets,
) -> CommandOutput:
    """Add signatures to a draft, where root keys are never in one place."""
    from tenure.cli import rotation

    data = read_file(session.world, draft, "draft")
    signed = rotation.add_signatures(data, root_secrets)
    draft.write_bytes(signed)
    count = len(signed.splitlines())
    return make_output({"signatures": count}, sentence_output(f"{draft} carries {count} signatures now."))


@add_verb(_APP, "install", READING, example="tenure keys install next.jws --folder /srv/tenure")
def install_draft(
    session: CommandSession,
    draft: Annotated[Path, Parameter(help="A draft with enough signatures.")],
    *,
    folder: Folder,
) -> CommandOutput:
    """Put a signed draft in force."""
    from tenure.cli import rotation
    from tenure.cli.state import place_of

    data = read_file(session.world, draft, "draft")
    return rotation.install_step(session, place_of(session, folder), data, "The draft is in force.")


def _take_if_sure(
    session: CommandSession,
    place: "StatePlace",
    step: "PlannedRotation",
    files: tuple[Path, ...],
    out: Path | None,
    *,
    yes: bool,
    dry_run: bool,
) -> CommandOutput:
    """A step that affects every holder of something the key signed: only after a question, or with --yes."""
    if not (yes or dry_run):
        if not session.world.is_interactive:
            raise invalid_field(
                "Revoking a key affects every holder of something it signed; confirm with --yes.", "yes"
            )
        if session.world.ask(f"{step.told} Go on? [y/N] ").strip().lower() not in ("y", "yes"):
            return make_output({"done": False}, sentence_output("Nothing was done."))
    return _take_step(session, place, step, files, out, dry_run=dry_run)


def _take_step(
    session: CommandSession,
    place: "StatePlace",
    step: "PlannedRotation",
    files: tuple[Path, ...],
    out: Path | None,
    *,
    dry_run: bool,
) -> CommandOutput:
    """One step: shown, written as a draft, or signed and put in force."""
    from tenure.cli import rotation

    if dry_run:
        return make_output(rotation.plan_step(step, place, session.world.now()), _print_root)
    signed = rotation.sign_step(step, files)
    rotation.keep_secret(place, step)
    if out is None:
        return rotation.install_step(session, place, signed, step.told)
    create_file(out, signed)
    told = f"The draft is in {out}; `tenure keys sign` adds signatures, `tenure keys install` puts it in force."
    return make_output({"draft": str(out)}, sentence_output(told))


def _print_due(screen: CommandScreen, value: Any) -> None:
    screen.table(value["due"], DUE, "Nothing is due.")


def _print_root(screen: CommandScreen, value: Any) -> None:
    screen.heading(f"Root document {value['id']}, version {value['version']}")
    screen.pairs(
        [
            ("Fingerprint", value["fingerprint"] or "-"),
            ("Expires", screen.cell(value, TableColumn("", "expires", "moment"))),
            ("Signed by", f"{value['threshold']} of {len(value['root_keys'])} root keys"),
        ]
    )
    screen.line()
    screen.table(value["keys"], KEY)
