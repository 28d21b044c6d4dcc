"""The first steps of a vendor and of a provider with ticks, read off what is there; gone when all are done.

A user who has put the list away does not see it after the next sign-in either: a cookie keeps that for a year. It is a
choice about a view, so it belongs to the browser, not to the account; *Show the first steps* brings the list back.
"""

import msgspec

from tenure.core.refusals import RefusalCode
from tenure.portal.session import Portal
from tenure.web.page_api import PageApi
from tenure.web.replies import RefusedPageError
from tenure.web.sessions import secret_digest

NAMES = ("vendor", "provider")
"""What the lists are called."""
SEEN = 20
"""Providers that are asked about users and orders at most."""


class ChecklistStep(msgspec.Struct, frozen=True, kw_only=True):
    """One step; `path` and `button` lead to where it is taken, empty where another party takes it."""

    title: str
    hint: str
    done: bool
    path: str = ""
    button: str = ""


class Checklist(msgspec.Struct, frozen=True, kw_only=True):
    """All steps of one team; `name` is what a dismissal is kept under."""

    name: str
    steps: tuple[ChecklistStep, ...]

    @property
    def count_done(self) -> int:
        """How many are done."""
        return sum(step.done for step in self.steps)

    @property
    def next_step(self) -> ChecklistStep | None:
        """The first that is not done."""
        return next((step for step in self.steps if not step.done), None)


def is_put_away(visit: Portal, name: str) -> bool:
    """Whether this user has put away the list of that name, in this browser and for this provider."""
    return _mark(visit, name) in visit.marks


def put_away(visit: Portal, name: str, *, away: bool) -> None:
    """Have the browser remember that the list is put away, beyond this session; or that it is wanted again."""
    mark = _mark(visit, name)
    others = tuple(each for each in visit.marks if each != mark)
    visit.leaves = (*others, mark) if away else others


def _mark(visit: Portal, name: str) -> str:
    """Says neither who it is nor where: a browser may be used by several users."""
    return f"{name}.{secret_digest(f'{visit.session_value.session_owner} {visit.session_value.provider}')[:10]}"


async def of_vendor(visit: Portal, api: PageApi, products: int, plans: int, providers: list[str]) -> Checklist | None:
    """The vendor's first steps; None when all are done."""
    seen = providers[:SEEN]
    ordered = await _any_exists(api, "/v1/subscriptions", seen)
    if ordered and products and plans and providers:
        return None
    joined = ordered or await _any_exists(api, "/v1/users", seen)
    may_sell, may_add = (
        visit.session_value.has_scope("catalog:write"),
        visit.session_value.has_scope("providers:write"),
    )
    first = providers[0] if providers else ""
    steps = (
        _make_step("Make a product", "Your software.", bool(products), "/new-product", "New product",
        may_sell),
        _make_step(
            "Make a plan", "How it is licensed: period, functions, versions.", bool(plans),
            "/new-plan", "New plan", may_sell and bool(products),
        ),
        _make_step(
            "Add a provider", "The company that sells to customers; it may be your own.", bool(providers),
            "/new-provider", "New provider", may_add,
        ),
        _make_step(
            "A user of the provider joins", "Invite its first user, who joins by the link.", joined,
            f"/providers/{first}", "Invite a user", may_add and bool(first),
        ),
        ChecklistStep(title="The first order", hint="The provider offers a plan and orders for a customer.",
        done=ordered),
    )  # fmt: skip
    return Checklist(name="vendor", steps=steps)


async def of_provider(visit: Portal, api: PageApi, customers: int, subscriptions: int) -> Checklist | None:
    """A provider's first steps; None when all are done."""
    applied = (
        bool(subscriptions)
        and visit.session_value.has_scope("sites:read")
        and await _any_exists(api, "/v1/sites", [""])
    )
    if applied:
        return None
    offered = bool(subscriptions) or await _any_exists(api, "/v1/offers", [""])
    may_order = visit.session_value.has_scope("subscriptions:write") and offered and bool(customers)
    steps = (
        _make_step(
            "Offer a plan", "Set your price for one of the vendor's plans.", offered,
            "/offers/new", "New offer", visit.session_value.has_scope("policy:write"),
        ),
        _make_step(
            "Add a customer", "Subscriptions and balances belong to customers.", bool(customers),
            "/customers/new", "New customer", visit.session_value.has_scope("customers:write"),
        ),
        _make_step("Make an order", "You get an activation code.", bool(subscriptions), "/order", "New order",
        may_order),
        ChecklistStep(
            title="The code is applied",
            hint="The customer enters it in the administration server, or in the application itself.",
            done=applied,
        ),
    )  # fmt: skip
    return Checklist(name="provider", steps=steps)


def _make_step(title: str, hint: str, done: bool, path: str, button: str, may: bool) -> ChecklistStep:
    return ChecklistStep(title=title, hint=hint, done=done, path=path if may else "", button=button if may else "")


async def _any_exists(api: PageApi, address: str, providers: list[str]) -> bool:
    """Whether one of them has anything there; what the visitor may not see counts as nothing."""
    for provider in providers:
        try:
            if (await api.get_page(address, {"provider": provider} if provider else None, 1)).items:
                return True
        except RefusedPageError as error:
            if error.refusal.code not in (RefusalCode.ACTION_NOT_PERMITTED, RefusalCode.NOT_FOUND):
                raise
    return False
