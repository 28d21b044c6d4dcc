"""API tokens: what there is, a new one whose secret is shown once, and withdrawing one."""

from typing import Any

from tenure.portal.session import Portal, PortalPages
from tenure.web.formatting import format_moment
from tenure.web.page_app import ConfirmationQuestion
from tenure.web.page_groups import form_at, page_at
from tenure.web.questions import find_meant, name_question
from tenure.web.replies import PageRefusal, PageScreen, RedirectTo, Reply
from tenure.web.short_lists import NAMED, NEWEST, make_short_list
from tenure.web.visits import form_screen

EVERYTHING = "*"
WHAT = (
    ("some", "Only what is chosen below", "What the program needs, and no more."),
    (
        "every",
        "Everything",
        "Everything that you may do yourself, except users and the audit log. A thief of the token could do all of it.",
    ),
)
SORTS = {
    "newest": NEWEST,
    "name": NAMED,
    "expires": ("Expires first", lambda row: (row["expires"] or "9999", row["id"]), False),
    "unused": ("Longest unused first", lambda row: (row["last_use"] or "", row["id"]), False),
}
ABOUT = {
    "catalog": "products and plans",
    "providers": "providers",
    "customers": "customers",
    "subscriptions": "orders and subscriptions",
    "money": "balances, top-ups and statements",
    "payments": "payment requests",
    "policy": "policies, offers and prices",
    "sites": "installations",
    "events": "the feed of events",
    "messages": "webhooks and mails",
    "tokens": "API tokens",
    "sandbox": "the sandbox's clock",
    "server": "keys and server",
    "metrics": "metrics",
    "users": "users of the team",
    "audit": "the audit",
}
"""What a scope is about, in words; behind the colon stands `read` or `write`."""


VENDORS_ALONE = frozenset({"catalog:write", "providers:write", "metrics:read", "server:read", "server:write"})
"""What no provider's token carries."""

SURE_WITHDRAW = ConfirmationQuestion(
    title="Withdraw the API token {}?",
    text="Programs that use it are refused from now on. This cannot be undone; a new token has another secret.",
    button="Withdraw the token",
    back="/tokens",
)


class TokenPages(PortalPages):
    """The pages about tokens."""

    async def _render_list(self, visit: Portal, refusal: PageRefusal | None = None, *, made: Any = None) -> PageScreen:
        rows = await self._api(visit).get_all("/v1/tokens")
        values = {
            "short_list": make_short_list(visit, rows, SORTS),
            "scopes": [(scope, _describe_scope(scope)) for scope in _offered_scopes(visit)],
            "what": WHAT,
            "made": made,
        }
        return form_screen(visit, "tokens.html", refusal, **values)

    @page_at("/tokens")
    async def show(self, visit: Portal) -> Reply:
        """The list and the form."""
        return await self._render_list(visit)

    @form_at("/tokens", again=_render_list)
    async def create(self, visit: Portal) -> Reply:
        """Make a token; its secret is on the page that answers."""
        form = visit.form
        body = {
            "name": form.read_required("name", most=200),
            "role": _token_role(visit),
            "days": form.read_whole("days", least=1, most=3_650),
            "scopes": form.read_many("scopes"),
        }
        if form.read_choice("what", [name for name, *_ in WHAT]) == "every":
            body["scopes"] = [EVERYTHING]
        elif not body["scopes"]:
            form.add_fault("scopes", "Choose at least one, please, or say “Everything” above.")
        form.require_valid()
        made = await self._api(visit).post("/v1/tokens", body, key=form.read_text("_key"))
        form.values.clear()
        return await self._render_list(visit, made=made.value)

    async def ask_withdrawal(self, visit: Portal) -> ConfirmationQuestion:
        """Which token is meant; two may have one name."""
        row = find_meant(await self._api(visit).get_all("/v1/tokens"), visit.params["token"])
        made = ("Made", format_moment(row["created"]))
        used = ("Last use", format_moment(row["last_use"], "never"))
        return name_question(SURE_WITHDRAW, row["name"], made, used, ("Expires", format_moment(row["expires"])))

    @form_at("/tokens/{token}/withdraw", sure=ask_withdrawal)
    async def withdraw(self, visit: Portal) -> Reply:
        """It is good for nothing from now on."""
        await self._api(visit).delete(visit.fill_address("/v1/tokens/{token}"))
        return RedirectTo("/tokens", "The token is withdrawn.")


def _token_role(visit: Portal) -> str:
    """As whom the program acts: for the vendor's own pages as the vendor, else as the provider."""
    return "provider" if visit.session_value.provider or visit.session_value.team_kind != "vendor" else "vendor"


def _offered_scopes(visit: Portal) -> list[str]:
    """Scopes that the visitor carries and the token may carry."""
    mine = set(visit.session_value.me.get("scopes") or ())
    return sorted(mine if _token_role(visit) == "vendor" else mine - VENDORS_ALONE)


def _describe_scope(scope: str) -> str:
    about, _, what = scope.partition(":")
    return f"{'Change' if what == 'write' else 'See'} {ABOUT.get(about, about)}"
