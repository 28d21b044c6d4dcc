"""`tenure keys`: the root document and the keys it lets sign, changed step by step without anyone noticing
[spec: key-rotation].

Each step is decided by `wire.rotation`, signed with root keys from files kept elsewhere, and put where the server finds
it: in its database, or through its API while it runs.
"""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from cyclopts import Parameter

from tenure.cli.argument_types import Folder, create_file, read_file
from tenure.cli.command_session import CommandSession
from tenure.cli.options import READING, make_option
from tenure.cli.output import CommandOutput, make_output, sentence_output
from tenure.cli.problems import invalid_field
from tenure.cli.registration import SERVER, add_noun, add_verb, add_words, register_command
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

Plan = TypeVar("Plan", bound="Callable[..., PlannedRotation]")
PurposeName = Literal["lease", "answer", "notice", "checkpoint", "webhook"]
Kid = Annotated[str, Parameter(help="The key's id, as `tenure keys show` names it.")]

_ROOT_SECRETS = "A file with root keys; repeat for more of them."
_YES = make_option("yes", bool, "Do not ask.", False)
_SIGNED_BY = (
    make_option("folder", Path, "The folder of the server."),
    make_option("root_secrets", tuple[Path, ...], _ROOT_SECRETS),
)
_SIGNED_AS = (
    make_option("out", Path | None, "Write the signed draft here instead of installing it.", None),
    make_option("dry_run", bool, "Do nothing; show the new root document.", False),
)

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


def add_step(name: str, arguments: str = "", *, is_emergency: bool = False) -> Callable[[Plan], Plan]:
    """The decorated function plans a step of its own arguments, and becomes the command that signs and takes it.

    An emergency affects every holder of something the key signed: only after a question, or with --yes.
    """
    typed = " ".join(filter(None, ("tenure keys", name, arguments)))
    example = f"{typed} --folder /srv/tenure --root-secrets /media/stick/root.json{' --yes' * is_emergency}"

    def take(plan: Plan) -> Plan:
        _, _, *own = inspect.signature(plan).parameters.values()

        def run(
            session: CommandSession,
            *,
            folder: Path,
            root_secrets: tuple[Path, ...],
            out: Path | None = None,
            dry_run: bool = False,
            yes: bool = not is_emergency,
            **given: Any,
        ) -> CommandOutput:
            from tenure.cli.state import place_of

            place = place_of(session, folder)
            step = plan(session, place, **given)
            if yes or dry_run or _is_agreed(session, step):
                return _take_step(session, place, step, root_secrets, out, dry_run=dry_run)
            return make_output({"done": False}, sentence_output("Nothing was done."))

        placed = [each for each in own if each.kind is not each.KEYWORD_ONLY]
        others = [each for each in own if each.kind is each.KEYWORD_ONLY] + [_YES] * is_emergency
        options = (*placed, *_SIGNED_BY, *others, *_SIGNED_AS)
        register_command(_APP, name, run, options, READING, text=inspect.getdoc(plan) or "", example=example)
        return plan

    return take


@add_step("publish", "lease")
def publish_key(
    session: CommandSession,
    place: "StatePlace",
    purpose: Annotated[PurposeName, Parameter(help="What it will sign.")],
    *,
    product: Annotated[tuple[str, ...], Parameter(help="Only for this product; repeatable. None: for all.")] = (),
) -> "PlannedRotation":
    """Make a key known to clients; it signs nothing before every client had time to learn it."""
    from tenure.cli import rotation

    return rotation.publish_key(place, purpose, product, session.world.draw, session.world.now())


@add_verb(_APP, "use", READING, example="tenure keys use lease-1f… --folder /srv/tenure")
def use_key(session: CommandSession, kid: Kid, *, folder: Folder) -> CommandOutput:
    """Show whether a published key signs already; the server switches to it by itself as soon as it may."""
    from tenure.cli import rotation
    from tenure.cli.state import place_of

    view = rotation.use_key(place_of(session, folder), kid, session.world.now())
    return make_output(view, lambda screen, value: screen.card(value, KEY))


@add_step("close", "lease-1f…")
def close_key(session: CommandSession, place: "StatePlace", kid: Kid) -> "PlannedRotation":
    """Let a key sign nothing more; its signatures stay valid."""
    from tenure.cli import rotation

    return rotation.close_key(place, kid, session.world.now())


@add_step("retire", "lease-1f…")
def retire_key(session: CommandSession, place: "StatePlace", kid: Kid) -> "PlannedRotation":
    """Drop a closed key once everything that it signed has expired."""
    from tenure.cli import rotation

    return rotation.retire_key(place, kid, session.world.now())


@add_step("revoke", "lease-1f…", is_emergency=True)
def revoke_key(session: CommandSession, place: "StatePlace", kid: Kid) -> "PlannedRotation":
    """Drop a stolen key at once: clients refuse its signatures as soon as they learn of it."""
    from tenure.cli import rotation

    return rotation.revoke_key(place, kid, session.world.now())


@add_step("replace", "answer-1f…", is_emergency=True)
def replace_key(session: CommandSession, place: "StatePlace", kid: Kid) -> "PlannedRotation":
    """Drop a stolen key at once and put a fresh one in its place, in one step: for the last key of its purpose."""
    from tenure.cli import rotation

    return rotation.replace_key(place, kid, session.world.draw, session.world.now())


@add_step("extend")
def extend_root(session: CommandSession, place: "StatePlace") -> "PlannedRotation":
    """Issue the same root document again, before it expires."""
    from tenure.cli import rotation

    return rotation.extend_root(place, session.world.now())


@add_step("rotate", "lease")
def rotate_keys(
    session: CommandSession, place: "StatePlace", purpose: Annotated[PurposeName, Parameter(help="Which keys.")]
) -> "PlannedRotation":
    """Take the next step of a rotation that is due: publish a new key, close the old one, retire it; or say when."""
    from tenure.cli import rotation

    return rotation.rotate_keys(place, purpose, session.world.draw, session.world.now())


@add_verb(_APP, "sign", READING, example="tenure keys sign next.jws --root-secrets /media/stick/root-2.json")
def sign_draft(
    session: CommandSession,
    draft: Annotated[Path, Parameter(help="A draft that `--out` wrote.")],
    *,
    root_secrets: Annotated[tuple[Path, ...], Parameter(help=_ROOT_SECRETS)],
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


def _is_agreed(session: CommandSession, step: "PlannedRotation") -> bool:
    if not session.world.is_interactive:
        raise invalid_field("Revoking a key affects every holder of something it signed; confirm with --yes.", "yes")
    return session.world.ask(f"{step.told} Go on? [y/N] ").strip().lower() in ("y", "yes")


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
