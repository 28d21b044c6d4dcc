"""A subscription says what its customer is called, to all but another customer."""

from pathlib import Path

from tenure.server import account_repository
from tests.server.server_env import office


async def test_views_and_outcomes_of_a_subscription_name_its_customer(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        name, _ = await env.order()
        assert (await env.staff.get(f"/v1/subscriptions/{name}"))["customer_name"] == "ACME"
        done = await env.staff.post(f"/v1/subscriptions/{name}/cancel", {"why": "no more"}, dry_run="true")
        assert done["subscription"]["customer_name"] == "ACME"
        other = (await env.staff.post("/v1/customers", {"name": "Bistro"}))["id"]
        moved = await env.staff.post(f"/v1/subscriptions/{name}/transfer", {"customer": other})
        assert moved["subscription"]["customer_name"] == "Bistro"


async def test_a_customer_hears_of_no_other_customer_by_name(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        name, _ = await env.order()

        def names(viewer: str) -> dict[str, str]:
            def read(conn: object, now: int) -> dict[str, str]:
                sub = account_repository.load_subscription(conn, env.provider, name)  # type: ignore[arg-type]
                assert sub is not None
                return account_repository.names_of(conn, sub, viewer)  # type: ignore[arg-type]

            return read  # type: ignore[return-value]

        for viewer, told in (("", "ACME"), (env.customer, "ACME"), ("cus_" + "0" * 26, None)):
            found = await env.context.read_tx(names(viewer))  # type: ignore[arg-type]
            assert found.get(env.customer) == told
