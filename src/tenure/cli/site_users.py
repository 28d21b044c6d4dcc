"""`tenure site users`: who may sign in at this administration server; the first one is made with its token."""

from typing import Annotated, Any, Literal

import msgspec
from cyclopts import Parameter

from tenure.cli.argument_types import Limit
from tenure.cli.options import ASKING, LOCAL
from tenure.cli.output import CommandOutput, sentence_output, show_table
from tenure.cli.problems import invalid_field
from tenure.cli.registration import add_noun, add_verb, add_words
from tenure.cli.screen import CommandScreen, TableColumn
from tenure.cli.site_session import HERE, SiteCommandSession
from tenure.http.client.api_exchange import fill_path

USER = (
    TableColumn("Name", "name"),
    TableColumn("Role", "role"),
    TableColumn("Second factor", "second_factor", "yes"),
    TableColumn("Password not changed yet", "temporary", "yes"),
    TableColumn("Since", "created", "moment"),
)
Name = Annotated[str, Parameter(help="A name or an email address.")]
Role = Annotated[
    Literal["administrator", "operator", "auditor"],
    Parameter(help="An administrator may do everything, an operator the daily work, an auditor only read."),
]

_APP = add_noun("users", "Who may sign in at this administration server: list, add, role, reset, remove.", HERE)
add = add_words(_APP)


@add_verb(_APP, "list", LOCAL, example="tenure site users list")
def list_users(here: SiteCommandSession, *, limit: Limit = None) -> CommandOutput:
    """List who may sign in."""
    return here.get_list(
        "/v1/users",
        show_table(USER, "There are no accounts yet; the token of the folder is the only way in."),
        {},
        limit=limit,
        tenant=False,
    )


@add_verb(_APP, "add", LOCAL, example="tenure site users add ada@example.com --role administrator")
def add_user(here: SiteCommandSession, name: Name, *, role: Role) -> CommandOutput:
    """Add an account; its password is shown once, and changed by its owner at the first sign-in."""
    body = {"name": name, "role": role}
    return here.post("/v1/users", _with_password, body)


@add_verb(_APP, "role", LOCAL, example="tenure site users role ada@example.com operator")
def change_role(here: SiteCommandSession, name: Name, role: Role) -> CommandOutput:
    """Give an account another role; it holds at once."""
    user = _id_of(here, name)
    where = fill_path("/v1/users/{user}", user=user)
    return here.put(where, lambda screen, value: screen.card(value, USER), {"role": role})


@add_verb(_APP, "reset", ASKING, example="tenure site users reset ada@example.com --second-factor")
def reset_password(
    here: SiteCommandSession,
    name: Name,
    *,
    second_factor: Annotated[bool, Parameter(negative=(), help="Take the second factor away, too.")] = False,
) -> CommandOutput:
    """Give an account a new password, shown once; its sessions end."""
    user = _id_of(here, name)
    where = fill_path("/v1/users/{user}/reset-password", user=user)
    taken = ", its second factor taken away" if second_factor else ""
    sure = f"The password of “{name}” will be replaced{taken}, and its sessions ended."
    return here.post(where, _with_password, {"second_factor": second_factor}, sure=sure)


@add_verb(_APP, "remove", ASKING, example="tenure site users remove ada@example.com")
def remove_account(here: SiteCommandSession, name: Name) -> CommandOutput:
    """Remove an account; its sessions end."""
    user = _id_of(here, name)
    where, done = fill_path("/v1/users/{user}", user=user), sentence_output(f"The account “{name}” is gone.")
    return here.delete(where, done, sure=f"The account “{name}” will be removed, and its sessions ended.")


def _id_of(here: SiteCommandSession, name: str) -> str:
    answer = here.get("/v1/users?limit=200")
    found = [each["id"] for each in msgspec.json.decode(answer.body)["items"] if each["name"] == name.lower()]
    if not found:
        raise invalid_field(f"No account has the name {name}.", "name")
    return str(found[0])


def _with_password(screen: CommandScreen, value: Any) -> None:
    screen.card(value["user"], USER)
    screen.line(f"Password to begin with, shown this once: {value['password']}")
