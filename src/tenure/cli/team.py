"""`tenure users`, `tenure invitations` and `tenure audit`: who signs in, who is asked to, and what they did."""

from typing import Annotated, Any, Literal

from cyclopts import App, Parameter

from tenure.cli.argument_types import Limit
from tenure.cli.command_session import CommandSession
from tenure.cli.options import CHANGING, CREATING, READING
from tenure.cli.output import CommandOutput, sentence_output, show_card, show_table
from tenure.cli.registration import ACCESS, add_noun, add_verb
from tenure.cli.screen import CommandScreen, TableColumn
from tenure.cli.thing_names import listed_name
from tenure.http.client.api_exchange import fill_path

USER = (
    TableColumn("User", "id"),
    TableColumn("Name", "name"),
    TableColumn("E-mail", "email"),
    TableColumn("Role", "role"),
    TableColumn("Second factor", "second_factor", "yes"),
    TableColumn("Confirmed by mail", "verified", "yes"),
    TableColumn("Last sign-in", "last_sign_in", "moment"),
)
INVITATION = (
    TableColumn("Invitation", "id"),
    TableColumn("Name", "name"),
    TableColumn("E-mail", "email"),
    TableColumn("Team", "kind"),
    TableColumn("Role", "role"),
    TableColumn("Asked by", "by"),
    TableColumn("Good until", "expires", "when"),
)
ENTRY = (
    TableColumn("When", "at", "moment"),
    TableColumn("What", "what"),
    TableColumn("Who", "name"),
    TableColumn("From", "address"),
    TableColumn("About", "detail"),
)

Role = Literal["owner", "operator", "auditor"]
OfCustomer = Annotated[str, Parameter(help="The team of this customer instead of the own one.")]
User = Annotated[str, Parameter(help="The user's id, `usr_…`.")]

_USERS = add_noun("users", "Users of a team: list, role, remove.", ACCESS)
_INVITATIONS = add_noun("invitations", "Invitations into a team: list, add, withdraw.", ACCESS)


def add(app: App) -> None:
    """Add `tenure users`, `tenure invitations` and `tenure audit`."""
    app.command(_USERS)
    app.command(_INVITATIONS)
    add_verb(app, "audit", READING, group=ACCESS, example="tenure audit --limit 50")(list_audit)


@add_verb(_USERS, "list", READING, example="tenure users list")
def list_users(session: CommandSession, *, customer: OfCustomer = "", limit: Limit = None) -> CommandOutput:
    """List the users of a team: the vendor's or the provider's own, or a customer's."""
    return session.get_list(
        "/v1/users",
        show_table(USER, "The team has no users yet; `tenure invitations add` invites one."),
        _team_query(customer),
        limit=limit,
    )


@add_verb(_USERS, "role", CHANGING, example="tenure users role usr_… auditor")
def change_role(
    session: CommandSession,
    user: User,
    role: Annotated[Role, Parameter(help="An owner may do everything, an auditor may only read.")],
    *,
    customer: OfCustomer = "",
) -> CommandOutput:
    """Give a user another role, from the next request on."""
    where = fill_path("/v1/users/{user}", user=user)
    return session.put(where, show_card(USER), {"role": role}, query=_team_query(customer))


@add_verb(_USERS, "remove", CHANGING, example="tenure users remove usr_…")
def remove_user(session: CommandSession, user: User, *, customer: OfCustomer = "") -> CommandOutput:
    """Remove a user from the team; sessions there end at once."""
    where = fill_path("/v1/users/{user}", user=user)
    called = listed_name(session, "/v1/users", user, lambda row: row["email"], query=_team_query(customer))
    done = sentence_output(f"{called} is not in the team any more.")
    return session.delete(where, done, query=_team_query(customer))


@add_verb(_INVITATIONS, "list", READING, example="tenure invitations list")
def list_invitations(session: CommandSession, *, customer: OfCustomer = "", limit: Limit = None) -> CommandOutput:
    """List the open invitations."""
    return session.get_list(
        "/v1/invitations", show_table(INVITATION, "There are no open invitations."), _team_query(customer), limit=limit
    )


@add_verb(_INVITATIONS, "add", CREATING, example="tenure invitations add eve@example.com Eve --role operator")
def add_invitation(
    session: CommandSession,
    email: Annotated[str, Parameter(help="Where the link is sent.")],
    name: Annotated[str, Parameter(help="Who it is.")],
    *,
    role: Annotated[Role, Parameter(help="What the user may do in the team.")] = "operator",
    customer: OfCustomer = "",
) -> CommandOutput:
    """Invite a user by an email with a link, which is also shown here, once."""
    body: dict[str, Any] = {"email": email, "name": name, "role": role}
    if customer:
        body["customer"] = customer
    return session.post("/v1/invitations", _print_invited, body)


@add_verb(_INVITATIONS, "withdraw", CHANGING, example="tenure invitations withdraw inv_…")
def withdraw_invitation(
    session: CommandSession,
    invitation: Annotated[str, Parameter(help="The invitation's id, `inv_…`.")],
    *,
    customer: OfCustomer = "",
) -> CommandOutput:
    """Make an invitation's link invalid."""
    where = fill_path("/v1/invitations/{invitation}", invitation=invitation)
    called = listed_name(session, "/v1/invitations", invitation, lambda row: row["email"], query=_team_query(customer))
    done = sentence_output(f"The invitation of {called} is withdrawn.")
    return session.delete(where, done, query=_team_query(customer))


def list_audit(
    session: CommandSession,
    *,
    customer: OfCustomer = "",
    who: Annotated[str, Parameter(help="Only of this user or token: an id, or part of a name or address.")] = "",
    what: Annotated[str, Parameter(help="Only this kind, such as signed_in or token_made.")] = "",
    since: Annotated[str, Parameter(help="Only from this instant on, such as 2027-01-31T00:00:00Z.")] = "",
    until: Annotated[str, Parameter(help="Only before this instant.")] = "",
    limit: Limit = None,
) -> CommandOutput:
    """List sign-ins, refusals, and changes of users, tokens and policies, newest first."""
    narrowed = {"who": who, "what": what, "since": since, "until": until}
    asked = _team_query(customer) | {name: value for name, value in narrowed.items() if value}
    return session.get_list("/v1/audit", show_table(ENTRY, "Nothing has been noted yet."), asked, limit=limit)


def _team_query(customer: str) -> dict[str, str | int | bool | None]:
    return {"customer": customer} if customer else {}


_MAILED = "This is a link to hand over if the mail does not arrive; the mail carries another one. It is shown once."
_UNMAILED = (
    "Nothing is sent: this server has no mail server. Hand this link over; it is shown once. To send mails: `mail` in"
    " server.json, as docs/messages.md tells; `tenure emails test` tries it."
)


def _print_invited(screen: CommandScreen, value: Any) -> None:
    screen.card(value, INVITATION)
    if value.get("link_token"):
        screen.line()
        screen.heading(value.get("link") or f"https://PORTAL/invitation/{value['link_token']}")
        screen.line(_MAILED if value.get("mailed") else _UNMAILED)
        if not value.get("link"):
            screen.line("PORTAL is the portal's address, which this server does not know: `portal_url` in server.json.")
