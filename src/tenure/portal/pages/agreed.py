"""What is agreed for later, in words: which plan, how many devices, from when, and what the first period costs."""

from typing import Any

from tenure.portal.client import Api


async def plan_names(api: Api) -> dict[str, str]:
    """The names of the vendor's plans by their ids."""
    return {plan["id"]: plan["name"] for plan in await api.whole("/v1/plans")}


def terms_words(terms: dict[str, Any], plans: dict[str, str]) -> str:
    """A plan and a number of devices; a plan that is not sold any more by its id."""
    devices = terms["devices"]
    return f"{devices:,} {'device' if devices == 1 else 'devices'}, plan {plans.get(terms['plan'], terms['plan'])}"
