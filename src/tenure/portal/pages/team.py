"""The people of a team: the own one, or a customer's; their roles and invitations."""

from typing import Any
from urllib.parse import urlencode

from tenure.portal.blame import blamed
from tenure.portal.client import path
from tenure.portal.signed import Portal, Server
from tenure.web.app import Route, Sure, action, page
from tenure.web.replies import Goto, Refusal, RefusedPageError, Reply, Screen
from tenure.web.shelf import NAMED, NEWEST, By, shelve

ROLES = {
    "owner": ("Owner", "May do everything, also invite people and make tokens."),
    "operator": ("Operator", "Does the daily work; no people, no tokens, no policy."),
    "auditor": ("Auditor", "May look at everything and change nothing."),
}


PEOPLE: dict[str, By] = {
    "name": NAMED,
    "newest": ("Newest first", lambda row: (row["joined"], row["id"]), True),
    "seen": ("Longest not signed in first", lambda row: (row["last_sign_in"] or "", row["id"]), False),
}
"""By what the people can be sorted."""
INVITED: dict[str, By] = {"": NEWEST}
"""Invitations are few and end by themselves: the newest stands first."""

SURE_REMOVE = Sure(
    title="Remove this person?",
    text="Every session of this person ends, and nothing of yours can be seen any more."
    " To come back it takes a new invitation.",
    button="Remove the person",
    back="/team",
)


SURE_WITHDRAW = Sure(
    title="Withdraw this invitation?",
    text="Its link stops working at once. To come in after all it takes a new invitation.",
    button="Withdraw the invitation",
    back="/team",
)


class Team:
    """The pages about people."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def show(self, visit: Portal) -> Reply:
        """Who is in the team."""
        return await self._team(visit)

    async def _team(self, visit: Portal, refusal: Refusal | None = None, made: Any = None) -> Screen:
        api, customer = self._server.of(visit), _customer(visit)
        of_customer = bool(customer) or visit.who.is_customer
        roles = [(name, *ROLES[name]) for name in ROLES if not (of_customer and name == "operator")]
        values = {
            "shelf": shelve(visit, await api.whole("/v1/people", customer=customer or None), PEOPLE),
            "invited": shelve(visit, await api.whole("/v1/invitations", customer=customer or None), INVITED, "invited"),
            "customer": await api.get(path("/v1/customers/{name}", name=customer)) if customer else None,
            "roles": roles,
            "refusal": refusal,
            "made": made,
            "suffix": f"?{urlencode({'customer': customer})}" if customer else "",
        }
        return Screen(template="team.html", values=values, status=422 if refusal or visit.form.errors else 200)

    async def invite(self, visit: Portal) -> Reply:
        """Invite somebody; the link is shown once, and goes out by mail as well."""
        form, customer = visit.form, _customer(visit)
        body = {"email": form.required("email", most=254), "name": form.required("name", most=200)}
        body["role"] = form.choice("role", ROLES)
        if customer:
            body["customer"] = customer
        if form.errors:
            return await self._team(visit)
        try:
            made = (await self._server.of(visit).post("/v1/invitations", body, key=form.text("_key"))).value
        except RefusedPageError as error:
            form.values.pop("_key", None)
            return await self._team(visit, None if blamed(form, error.refusal) else error.refusal)
        form.values.clear()
        made["link"] = f"{visit.place.origin}/invitation/{made['link_token']}"
        return await self._team(visit, made=made)

    async def withdraw(self, visit: Portal) -> Reply:
        """Withdraw an invitation."""
        address = path("/v1/invitations/{name}", name=visit.params["invitation"])
        await self._server.of(visit).delete(address, customer=_customer(visit) or None)
        visit.say("The invitation is withdrawn.")
        return _back(visit)

    async def change(self, visit: Portal) -> Reply:
        """Give somebody another role."""
        address = path("/v1/people/{name}", name=visit.params["person"])
        body = {"role": visit.form.choice("role", ROLES)}
        if visit.form.errors:
            return await self._team(visit)
        await self._server.of(visit).put(address, body, customer=_customer(visit) or None)
        visit.say("The role is changed.")
        return _back(visit)

    async def remove(self, visit: Portal) -> Reply:
        """Somebody leaves the team."""
        address = path("/v1/people/{name}", name=visit.params["person"])
        await self._server.of(visit).delete(address, customer=_customer(visit) or None)
        visit.say("The person is no longer in the team.")
        return _back(visit)

    def routes(self) -> tuple[Route, ...]:
        """Every page of this group."""
        return (
            page("/team", self.show),
            action("/team", self.invite),
            action("/team/invitations/{invitation}/withdraw", self.withdraw, sure=SURE_WITHDRAW),
            action("/team/{person}/role", self.change),
            action("/team/{person}/remove", self.remove, sure=SURE_REMOVE),
        )


def _customer(visit: Portal) -> str:
    """The customer whose team is meant; empty for the own team."""
    return "" if visit.who.is_customer else visit.query.get("customer", "")[:64]


def _back(visit: Portal) -> Goto:
    customer = _customer(visit)
    return Goto(f"/team?{urlencode({'customer': customer})}" if customer else "/team")
