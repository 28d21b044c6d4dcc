"""`tenure login`, `logout` and `profiles`: servers and tokens that this person works with."""

from pathlib import Path
from typing import Annotated, Any

import msgspec
from cyclopts import App, Parameter

from tenure.cli import profiles
from tenure.cli.api import ApiClient
from tenure.cli.argument_types import read_file
from tenure.cli.command_session import CommandSession
from tenure.cli.options import LOCAL
from tenure.cli.output import CommandOutput, make_output, sentence_output
from tenure.cli.problems import CommandError, fail_with, reword_refusal
from tenure.cli.profiles import ProfileFile, RequestTarget, ServerProfile
from tenure.cli.registration import ACCESS, add_noun, add_verb
from tenure.cli.screen import CommandScreen, TableColumn
from tenure.core.refusals import RefusalCode, Refused


class _Named(msgspec.Struct, frozen=True):
    name: str


class _Me(msgspec.Struct, frozen=True):
    """What is read of the server's answer to whose the token is."""

    provider: _Named | None


COLUMNS = (
    TableColumn("Profile", "name"),
    TableColumn("Server", "url"),
    TableColumn("Provider", "provider"),
    TableColumn("Default", "default", "yes"),
)

Name = Annotated[str, Parameter(help="The profile's name.")]

_APP = add_noun("profiles", "Profiles: list, use, remove.", ACCESS)


def add(app: App) -> None:
    """Add `tenure login`, `logout` and `profiles`."""
    example = "tenure login https://license.example.com --as northern"
    add_verb(app, "login", LOCAL, group=ACCESS, example=example)(save_login)
    add_verb(app, "logout", LOCAL, group=ACCESS, example="tenure logout --as northern")(forget_login)
    app.command(_APP)


As = Annotated[str, Parameter(name="--as", help="The profile's name.")]


def save_login(
    session: CommandSession,
    url: Annotated[str, Parameter(help="The server's address, https://…")],
    *,
    as_: As = profiles.DEFAULT,
    provider: Annotated[str, Parameter(help="For a vendor's token: whose data is meant by default.")] = "",
    token_file: Annotated[
        Path | None,
        Parameter(
            help="The file with the token; `-` for standard input. Else it is asked for.", allow_leading_hyphen=True
        ),
    ] = None,
    unchecked: Annotated[
        bool, Parameter(negative=(), help="Do not ask the server whether it knows the token.")
    ] = False,
) -> CommandOutput:
    """Keep a server's address and a token in a profile; the token is never an argument."""
    profiles.check_name(as_)
    profiles.check_url(url)
    token = _read_token(session, token_file)
    named = "" if unchecked else _provider_of(session, RequestTarget(url=url, token=token, provider=provider))
    profile = ServerProfile(url=url, token=token, provider=provider, provider_name=named)
    return _with_profile(
        session, as_, profile, f"Signed in at {url}; kept as profile {as_} in {session.world.profiles_file}."
    )


def forget_login(session: CommandSession, *, as_: As = profiles.DEFAULT) -> CommandOutput:
    """Forget a profile and its token; `tenure tokens withdraw` makes the token itself invalid."""
    return _with_profile(
        session, as_, None, f"Profile {as_} is forgotten. The token itself is still good until it is withdrawn."
    )


@add_verb(_APP, "list", LOCAL, example="tenure profiles list")
def list_profiles(session: CommandSession) -> CommandOutput:
    """List the profiles, without their tokens."""
    kept = profiles.read_profiles(session.world.profiles_file)
    rows = [
        {
            "name": name,
            "url": each.url,
            "provider": each.provider,
            "provider_name": each.provider_name,
            "default": name == kept.default,
        }
        for name, each in sorted(kept.profiles.items())
    ]
    return make_output(rows, _print_profiles)


@add_verb(_APP, "use", LOCAL, example="tenure profiles use northern")
def use_profile(session: CommandSession, name: Name) -> CommandOutput:
    """Make a profile the one that is used when none is named."""
    kept = profiles.read_profiles(session.world.profiles_file)
    if name not in kept.profiles:
        raise _refuse_unknown(name)
    return _write_profiles(session, msgspec.structs.replace(kept, default=name), f"{name} is used from now on.")


@add_verb(_APP, "remove", LOCAL, example="tenure profiles remove northern")
def remove_profile(session: CommandSession, name: Name) -> CommandOutput:
    """Forget a profile and its token."""
    return _with_profile(
        session, name, None, f"Profile {name} is forgotten. The token itself is still good until it is withdrawn."
    )


def _read_token(session: CommandSession, file: Path | None) -> str:
    """The token from a file, from a pipe, or from the terminal without showing it."""
    if file is not None or not session.world.is_interactive:
        data = read_file(session.world, file or Path("-"), "token", 4_096)
        token = data.decode(errors="replace").strip()
    else:
        token = session.world.ask_secret("Token: ").strip()
    profiles.check_token(token)
    return token


def _provider_of(session: CommandSession, target: RequestTarget) -> str:
    """The name of the token's own provider, empty for a vendor's; refuses a token that the server does not know."""
    with ApiClient(target, session.world) as api:
        try:
            answer = api.get("/v1/me", tenant=False)
        except CommandError as failed:
            raise _explain_token(failed, target.url) from None
    try:
        me = msgspec.json.decode(answer.body, type=_Me)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise fail_with(
            Refused(RefusalCode.UNREACHABLE, "The server: its answer does not say whose the token is.")
        ) from None
    return me.provider.name if me.provider else ""


def _explain_token(failed: CommandError, url: str) -> CommandError:
    """A token that was refused while it was to be kept: another one is needed, not another `tenure login`."""
    if failed.problem.code != RefusalCode.NOT_AUTHENTICATED:
        return failed
    remedy = (
        "Give a token of this server: its vendor, or a manager of the provider, makes one with `tenure tokens add`."
    )
    cause = "It is of another server, was not copied whole, has expired, or was withdrawn. Nothing was kept."
    return reword_refusal(failed, f"The server at {url} does not know this token.", cause, remedy, "caller")


def _with_profile(session: CommandSession, name: str, profile: ServerProfile | None, told: str) -> CommandOutput:
    """The file with `name` set to `profile`, or without it."""
    kept = profiles.read_profiles(session.world.profiles_file)
    if profile is None and name not in kept.profiles:
        raise _refuse_unknown(name)
    others = {each: value for each, value in kept.profiles.items() if each != name}
    after = others if profile is None else {**others, name: profile}
    default = kept.default if kept.default in after else next(iter(sorted(after)), profiles.DEFAULT)
    return _write_profiles(session, ProfileFile(default=default, profiles=after), told)


def _write_profiles(session: CommandSession, after: ProfileFile, told: str) -> CommandOutput:
    profiles.write_profiles(session.world.profiles_file, after)
    return make_output({"default": after.default, "profiles": sorted(after.profiles)}, sentence_output(told))


def _refuse_unknown(name: str) -> CommandError:
    return fail_with(
        Refused(RefusalCode.NOT_FOUND, f"There is no profile {name!r}; `tenure profiles list` shows them.", "profile")
    )


def _print_profiles(screen: CommandScreen, rows: Any) -> None:
    shown = [{**row, "provider": row["provider_name"] or row["provider"]} for row in rows]
    screen.table(shown, COLUMNS, "There are no profiles yet; `tenure login` makes one.")
