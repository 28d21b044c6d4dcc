"""What the server knows of the work that it acknowledged: what is missing, what was done twice, who is told no."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, NamedTuple

from drills.load import Acknowledged, Load
from tenure.sandbox.provider_client import ProviderClient

PAGE = 200


class Inventory(NamedTuple):
    """What was found; everything but `acknowledged` and `checks` has to be empty or 0 where nothing may be lost."""

    acknowledged: int
    lost: list[Acknowledged]
    doubled: int
    """Orders and payments that exist more often than they were asked for."""
    unlicensed: int
    """Applications whose license no longer allows what it allowed."""
    wrong_balances: int
    """Customers whose balance is not that of their statement's last line."""


def take_inventory(load: Load, *, ended: bool = False) -> Inventory:
    """Read back through the API what was acknowledged before this call; raises what a `ProviderClient` raises.

    Only once the load has `ended` is everything that exists acknowledged too, so that the doubled can be told.
    """
    acknowledged = list(load.acknowledged)
    client = ProviderClient(load.vendor.url, load.provider.token)
    try:
        orders = {str(item["id"]) for item in _items(client, "/v1/subscriptions")}
        statements = {buyer: list(_items(client, f"/v1/customers/{buyer}/statement")) for buyer in load.customers}
        wrong = (
            sum(_balance(client, buyer) != _last_balance(lines) for buyer, lines in statements.items()) if ended else 0
        )
    finally:
        client.close()
    payments = Counter(_payment_references(statements.values()))
    found = {"order": orders, "payment": set(payments), "activation": {each.name for each in load.applications}}
    lost = [each for each in acknowledged if each.id not in found[each.kind]]
    unasked = orders - {each.id for each in acknowledged} if ended else set()
    doubled = len(unasked) + sum(count - 1 for count in payments.values())
    unlicensed = sum(not each.license.allows("edit") for each in list(load.applications))
    return Inventory(len(acknowledged), lost, doubled, unlicensed, wrong)


def _balance(client: ProviderClient, buyer: str) -> int:
    return int(client.get(f"/v1/customers/{buyer}/account")["balance"])


def _last_balance(lines: list[dict[str, Any]]) -> int:
    return int(max(lines, key=lambda line: int(line["seq"]))["balance"])


def _items(client: ProviderClient, path: str) -> Iterator[dict[str, Any]]:
    """Every item of a list, page by page."""
    cursor: str | None = None
    while True:
        page = client.get(path, limit=PAGE, **({"cursor": cursor} if cursor else {}))
        yield from page["items"]
        cursor = page["next"]
        if not cursor:
            return


def _payment_references(statements: Iterable[list[dict[str, Any]]]) -> Iterator[str]:
    for line in chain.from_iterable(statements):
        reference = line["posting"].get("reference") or ""
        if reference.startswith("payment "):
            yield reference
