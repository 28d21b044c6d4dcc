"""`tenure site people`: who may sign in at this administration server; the first one is made with its token."""

from typing import Annotated, Any, Literal

import msgspec
from cyclopts import App, Parameter

from tenure.cli.api import Sending, path
from tenure.cli.desk import Desk
from tenure.cli.kinds import Limit
from tenure.cli.options import LOCAL
from tenure.cli.output import sentence
from tenure.cli.problems import Failed, invalid
from tenure.cli.show import Column, Screen
from tenure.cli.site_desk import HERE, Site, SiteDesk, site_desk
from tenure.cli.verbs import Ended, noun, verb

PERSON = (
    Column("Name", "name"),
    Column("Role", "role"),
    Column("Second factor", "second_factor", "yes"),
    Column("Password not changed yet", "temporary", "yes"),
    Column("Since", "created", "moment"),
)
Name = Annotated[str, Parameter(help="A name or an e-mail address.")]
Role = Annotated[
    Literal["administrator", "operator", "auditor"],
    Parameter(help="An administrator may everything, an operator the daily work, an auditor look."),
]

_APP = noun("people", "Who may sign in at this administration server: list, add, role, reset, remove.", HERE)


def add(app: App) -> None:
    """Add `tenure site people` to `tenure site`."""
    app.command(_APP)


@verb(_APP, "list", LOCAL, example="tenure site people list")
def list_people(desk: Desk, *, limit: Limit = None, site: Site = "") -> Ended:
    """List who may sign in."""
    with site_desk(desk, site) as here:
        return here.listed("/v1/people", _people, {}, limit=limit, tenant=False)


@verb(_APP, "add", LOCAL, example="tenure site people add ada@example.com --role administrator")
def add_person(desk: Desk, name: Name, *, role: Role, site: Site = "") -> Ended:
    """Add an account; its password is shown once, and changed by its owner at the first sign-in."""
    with site_desk(desk, site) as here:
        body = {"name": name, "role": role}
        return here.write(Sending(method="POST", path="/v1/people", body=body, tenant=False), _with_password)


@verb(_APP, "role", LOCAL, example="tenure site people role ada@example.com operator")
def change_role(desk: Desk, name: Name, role: Role, *, site: Site = "") -> Ended:
    """Give an account another role; it holds at once."""
    with site_desk(desk, site) as here:
        person = _id_of(here, name)
        if isinstance(person, Failed):
            return person
        where = path("/v1/people/{person}", person=person)
        sending = Sending(method="PUT", path=where, body={"role": role}, tenant=False)
        return here.write(sending, lambda screen, value: screen.card(value, PERSON))


@verb(_APP, "reset", LOCAL, example="tenure site people reset ada@example.com --second-factor")
def reset(
    desk: Desk,
    name: Name,
    *,
    second_factor: Annotated[bool, Parameter(negative=(), help="Take the second factor away, too.")] = False,
    site: Site = "",
) -> Ended:
    """Give an account a new password, shown once; its sessions end."""
    with site_desk(desk, site) as here:
        person = _id_of(here, name)
        if isinstance(person, Failed):
            return person
        where = path("/v1/people/{person}/reset-password", person=person)
        body = {"second_factor": second_factor}
        return here.write(Sending(method="POST", path=where, body=body, tenant=False), _with_password)


@verb(_APP, "remove", LOCAL, example="tenure site people remove ada@example.com")
def remove(desk: Desk, name: Name, *, site: Site = "") -> Ended:
    """Remove an account; its sessions end."""
    with site_desk(desk, site) as here:
        person = _id_of(here, name)
        if isinstance(person, Failed):
            return person
        sending = Sending(method="DELETE", path=path("/v1/people/{person}", person=person), tenant=False)
        return here.write(sending, sentence("The account is gone."))


def _id_of(here: SiteDesk, name: str) -> str | Failed:
    answer = here.get("/v1/people?limit=200", tenant=False)
    if isinstance(answer, Failed):
        return answer
    found = [each["id"] for each in msgspec.json.decode(answer.body)["items"] if each["name"] == name.lower()]
    return str(found[0]) if found else invalid(f"Nobody signs in as {name}.", "name")


def _people(screen: Screen, items: Any) -> None:
    screen.table(items, PERSON, "Nobody has an account yet; the token of the folder is the only way in.")


def _with_password(screen: Screen, value: Any) -> None:
    screen.card(value["person"], PERSON)
    screen.line(f"Password to begin with, shown this once: {value['password']}")
