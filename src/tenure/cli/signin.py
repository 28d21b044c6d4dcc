"""`tenure login`, `logout` and `profiles`: servers and tokens that this person works with."""

from pathlib import Path
from typing import Annotated, Any

import msgspec
from cyclopts import App, Parameter

from tenure.cli import profiles
from tenure.cli.api import Api
from tenure.cli.desk import Desk
from tenure.cli.kinds import read_file
from tenure.cli.options import LOCAL
from tenure.cli.output import made, sentence
from tenure.cli.problems import Failed, failed
from tenure.cli.profiles import Profile, Profiles, Target
from tenure.cli.show import Column, Screen
from tenure.cli.verbs import ACCESS, Ended, noun, verb
from tenure.core.refusals import Code, Refused


class _Named(msgspec.Struct, frozen=True):
    name: str


class _Me(msgspec.Struct, frozen=True):
    """What is read of the server's answer to whose the token is."""

    provider: _Named | None


COLUMNS = (
    Column("Profile", "name"),
    Column("Server", "url"),
    Column("Provider", "provider"),
    Column("Default", "default", "yes"),
)

Name = Annotated[str, Parameter(help="The profile's name.")]

_APP = noun("profiles", "Profiles: list, use, remove.", ACCESS)


def add(app: App) -> None:
    """Add `tenure login`, `logout` and `profiles`."""
    example = "tenure login https://licence.example.com --as northern"
    verb(app, "login", LOCAL, group=ACCESS, example=example)(login)
    verb(app, "logout", LOCAL, group=ACCESS, example="tenure logout --as northern")(logout)
    app.command(_APP)


As = Annotated[str, Parameter(name="--as", help="The profile's name.")]


def login(
    desk: Desk,
    url: Annotated[str, Parameter(help="The server's address, https://…")],
    *,
    as_: As = profiles.DEFAULT,
    provider: Annotated[str, Parameter(help="For a vendor's token: whose data is meant when nothing is said.")] = "",
    token_file: Annotated[
        Path | None,
        Parameter(
            help="The file with the token; `-` for standard input. Else it is asked for.", allow_leading_hyphen=True
        ),
    ] = None,
    unchecked: Annotated[
        bool, Parameter(negative=(), help="Do not ask the server whether it knows the token.")
    ] = False,
) -> Ended:
    """Keep a server's address and a token in a profile; the token is never an argument."""
    for unsound in (profiles.check_name(as_), profiles.check_url(url)):
        if unsound is not None:
            return unsound
    token = _token(desk, token_file)
    if isinstance(token, Failed):
        return token
    named = "" if unchecked else _provider_of(desk, Target(url=url, token=token, provider=provider))
    if isinstance(named, Failed):
        return named
    profile = Profile(url=url, token=token, provider=provider, provider_name=named)
    return _kept(desk, as_, profile, f"Signed in at {url}; kept as profile {as_} in {desk.world.config}.")


def logout(desk: Desk, *, as_: As = profiles.DEFAULT) -> Ended:
    """Forget a profile and its token; `tenure tokens withdraw` makes the token itself good for nothing."""
    return _kept(desk, as_, None, f"Profile {as_} is forgotten. The token itself is still good until it is withdrawn.")


@verb(_APP, "list", LOCAL, example="tenure profiles list")
def list_profiles(desk: Desk) -> Ended:
    """List the profiles, without their tokens."""
    kept = profiles.read(desk.world.config)
    if isinstance(kept, Failed):
        return kept
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
    return made(rows, _table)


@verb(_APP, "use", LOCAL, example="tenure profiles use northern")
def use_profile(desk: Desk, name: Name) -> Ended:
    """Make a profile the one that is used when none is named."""
    kept = profiles.read(desk.world.config)
    if isinstance(kept, Failed):
        return kept
    if name not in kept.profiles:
        return _unknown(name)
    return _written(desk, msgspec.structs.replace(kept, default=name), f"{name} is used from now on.")


@verb(_APP, "remove", LOCAL, example="tenure profiles remove northern")
def remove_profile(desk: Desk, name: Name) -> Ended:
    """Forget a profile and its token."""
    return _kept(
        desk, name, None, f"Profile {name} is forgotten. The token itself is still good until it is withdrawn."
    )


def _token(desk: Desk, file: Path | None) -> str | Failed:
    """The token from a file, from a pipe, or from the terminal without showing it."""
    if file is not None or not desk.world.interactive:
        data = read_file(desk.world, file or Path("-"), "token", 4_096)
        if isinstance(data, Failed):
            return data
        token = data.decode(errors="replace").strip()
    else:
        token = desk.world.ask_secret("Token: ").strip()
    return profiles.check_token(token) or token


def _provider_of(desk: Desk, target: Target) -> str | Failed:
    """The name of the token's own provider, empty for a vendor's; refuses a token that the server does not know."""
    with Api(target, desk.world) as api:
        answer = api.get("/v1/me", tenant=False)
    if isinstance(answer, Failed):
        return answer
    try:
        me = msgspec.json.decode(answer.body, type=_Me)
    except msgspec.MsgspecError:
        return failed(Refused(Code.UNREACHABLE, "The server: its answer does not say whose the token is."))
    return me.provider.name if me.provider else ""


def _kept(desk: Desk, name: str, profile: Profile | None, told: str) -> Ended:
    """The file with `name` set to `profile`, or without it."""
    kept = profiles.read(desk.world.config)
    if isinstance(kept, Failed):
        return kept
    if profile is None and name not in kept.profiles:
        return _unknown(name)
    others = {each: value for each, value in kept.profiles.items() if each != name}
    after = others if profile is None else {**others, name: profile}
    default = kept.default if kept.default in after else next(iter(sorted(after)), profiles.DEFAULT)
    return _written(desk, Profiles(default=default, profiles=after), told)


def _written(desk: Desk, after: Profiles, told: str) -> Ended:
    fault = profiles.write(desk.world.config, after)
    if fault is not None:
        return fault
    return made({"default": after.default, "profiles": sorted(after.profiles)}, sentence(told))


def _unknown(name: str) -> Failed:
    return failed(
        Refused(Code.NOT_FOUND, f"There is no profile {name!r}; `tenure profiles list` shows them.", "profile")
    )


def _table(screen: Screen, rows: Any) -> None:
    shown = [{**row, "provider": row["provider_name"] or row["provider"]} for row in rows]
    screen.table(shown, COLUMNS, "There are no profiles yet; `tenure login` makes one.")
