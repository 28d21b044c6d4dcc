"""The users of a team: the own one, or a customer's; their roles and invitations."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from tenure.http.client.api_exchange import fill_path
from tenure.portal.session import Portal, PortalPages
from tenure.web.page_app import ConfirmationQuestion
from tenure.web.page_groups import form_at, page_at
from tenure.web.questions import find_meant, name_question
from tenure.web.replies import PageRefusal, PageScreen, RedirectTo, Reply
from tenure.web.short_lists import NAMED, NEWEST, By, make_short_list
from tenure.web.visits import form_screen

ROLES = {
    "owner": ("Owner", "May do everything, also invite users and make tokens."),
    "operator": ("Operator", "Does the daily work; no users, no tokens, no policy."),
    "auditor": ("Auditor", "May look at everything and change nothing."),
}


USER = "/v1/users/{user}"
USERS: dict[str, By] = {
    "name": NAMED,
    "newest": ("Newest first", lambda row: (row["joined"], row["id"]), True),
    "seen": ("Longest not signed in first", lambda row: (row["last_sign_in"] or "", row["id"]), False),
}
"""By what the users can be sorted."""
INVITED: dict[str, By] = {"": NEWEST}
"""Invitations are few and end by themselves: the newest stands first."""

SURE_REMOVE = ConfirmationQuestion(
    title="Remove {} from the team?",
    text="All sessions of this user end, and the user can no longer see your data."
    " To return, the user needs a new invitation.",
    button="Remove the user",
    back="/team",
)


SURE_WITHDRAW = ConfirmationQuestion(
    title="Withdraw the invitation of {}?",
    text="Its link stops working at once. The user then needs a new invitation.",
    button="Withdraw the invitation",
    back="/team",
)


class TeamPages(PortalPages):
    """The pages about users."""

    async def _render_team(self, visit: Portal, refusal: PageRefusal | None = None, *, made: Any = None) -> PageScreen:
        api, customer = self._api(visit), _team_customer(visit)
        of_customer = bool(customer) or visit.session_value.is_customer
        roles = [(name, *ROLES[name]) for name in ROLES if not (of_customer and name == "operator")]
        values = {
            "short_list": make_short_list(visit, await api.get_all("/v1/users", customer=customer or None), USERS),
            "invited": make_short_list(
                visit, await api.get_all("/v1/invitations", customer=customer or None), INVITED, "invited"
            ),
            "customer": await api.get(fill_path("/v1/customers/{name}", name=customer)) if customer else None,
            "roles": roles,
            "made": made,
            "suffix": f"?{urlencode({'customer': customer})}" if customer else "",
        }
        return form_screen(visit, "team.html", refusal, **values)

    @page_at("/team")
    async def show(self, visit: Portal) -> Reply:
        """Who is in the team."""
        return await self._render_team(visit)

    @form_at("/team", again=_render_team)
    async def invite(self, visit: Portal) -> Reply:
        """Invite a user; the link is shown once, and goes out by mail as well."""
        form, customer = visit.form, _team_customer(visit)
        body = {"email": form.read_required("email", most=254), "name": form.read_required("name", most=200)}
        body["role"] = form.read_choice("role", ROLES)
        if customer:
            body["customer"] = customer
        form.require_valid()
        made = (await self._api(visit).post("/v1/invitations", body, key=form.read_text("_key"))).value
        form.values.clear()
        made["link"] = f"{visit.place.origin}/invitation/{made['link_token']}"
        return await self._render_team(visit, made=made)

    async def ask_withdrawal(self, visit: Portal) -> ConfirmationQuestion:
        """Whose invitation is meant."""
        row = await self._find_meant(visit, "/v1/invitations", "invitation")
        return name_question(SURE_WITHDRAW, row["email"], *_member_lines(row))

    async def ask_removal(self, visit: Portal) -> ConfirmationQuestion:
        """Which user is meant."""
        row = await self._find_meant(visit, "/v1/users", "user")
        return name_question(SURE_REMOVE, row["email"], *_member_lines(row))

    async def _find_meant(self, visit: Portal, listed: str, part: str) -> Mapping[str, Any]:
        api, customer = self._api(visit), _team_customer(visit)
        return find_meant(await api.get_all(listed, customer=customer or None), visit.params[part])

    @form_at("/team/invitations/{invitation}/withdraw", sure=ask_withdrawal)
    async def withdraw(self, visit: Portal) -> Reply:
        """Withdraw an invitation."""
        address = visit.fill_address("/v1/invitations/{invitation}")
        await self._api(visit).delete(address, customer=_team_customer(visit) or None)
        return _to_team(visit, "The invitation is withdrawn.")

    @form_at("/team/{user}/role")
    async def change(self, visit: Portal) -> Reply:
        """Give a user another role."""
        body = {"role": visit.form.read_choice("role", ROLES)}
        if visit.form.errors:
            return await self._render_team(visit)
        await self._api(visit).put(visit.fill_address(USER), body, customer=_team_customer(visit) or None)
        return _to_team(visit, "The role is changed.")

    @form_at("/team/{user}/remove", sure=ask_removal)
    async def remove(self, visit: Portal) -> Reply:
        """Remove a user from the team."""
        await self._api(visit).delete(visit.fill_address(USER), customer=_team_customer(visit) or None)
        return _to_team(visit, "The user is no longer in the team.")


def _member_lines(row: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return (("Name", row["name"]), ("Role", ROLES[row["role"]][0] if row["role"] in ROLES else row["role"]))


def _team_customer(visit: Portal) -> str:
    """The customer whose team is meant; empty for the own team."""
    return "" if visit.session_value.is_customer else visit.query.get("customer", "")[:64]


def _to_team(visit: Portal, said: str) -> RedirectTo:
    customer = _team_customer(visit)
    return RedirectTo(f"/team?{urlencode({'customer': customer})}" if customer else "/team", said)
