"""What is agreed for later, in words: which plan, how many devices, from when, and what the first period costs."""

from typing import Any

from tenure.http.client.api_exchange import fill_path
from tenure.portal.session import Portal
from tenure.web.page_api import PageApi


async def plan_names(api: PageApi) -> dict[str, str]:
    """The names of the vendor's plans by their ids."""
    return {plan["id"]: plan["name"] for plan in await api.get_all("/v1/plans")}


async def subject_of(api: PageApi, visit: Portal, sub: dict[str, Any]) -> dict[str, Any]:
    """Whose subscription it is and to which product and plan, for a page that is about to change it."""
    plan = await api.get(fill_path("/v1/plans/{name}", name=sub["terms"]["plan"]))
    product = await api.get(fill_path("/v1/products/{name}", name=plan["product"]))
    customer = await customer_of(api, visit, sub["customer"])
    return {"customer": customer, "product": product, "plan": plan, "devices": sub["terms"]["devices"]}


async def customer_of(api: PageApi, visit: Portal, name: str) -> dict[str, Any]:
    """The customer as far as the visitor may know it."""
    if visit.session_value.is_customer:
        return dict(visit.session_value.me.get("customer") or {"id": name, "name": name})
    found: dict[str, Any] = await api.get(fill_path("/v1/customers/{name}", name=name))
    return found


def terms_words(terms: dict[str, Any], plans: dict[str, str]) -> str:
    """A plan and a number of devices; a plan that is not sold any more by its id."""
    devices = terms["devices"]
    return f"{devices:,} {'device' if devices == 1 else 'devices'}, plan {plans.get(terms['plan'], terms['plan'])}"
