"""Signing in and out: what a session is good for, how long, and what whoever fails is told."""

from pathlib import Path

import pytest

from tests.server.crew import audited, joined, sign_in
from tests.server.office import Caller, office

pytestmark = pytest.mark.anyio


async def test_whoever_signs_in_is_known_until_signing_out(tmp_path: Path) -> None:
    async with office(tmp_path) as shop:
        ana = await joined(shop, shop.desk, email="Ana@Example.com")
        entered = (await sign_in(shop, "aNa@example.com")).json()
        assert entered["second_factor"] is False
        again = Caller(shop.http, entered["session"])
        me = await again.get("/v1/me")
        assert me["person"] == {"id": ana.id, "name": "Ana", "email": "ana@example.com"}
        assert (me["kind"], me["role"], me["provider"]["id"]) == ("provider", "owner", shop.provider)
        assert [each["name"] for each in me["memberships"]] == ["North"]
        assert (await again.send("GET", "/v1/customers")).status_code == 200
        assert (await again.send("POST", "/v1/sign-out")).status_code == 204
        assert (await again.send("GET", "/v1/me")).status_code == 401
        assert (await ana.send("GET", "/v1/me")).status_code == 200, "another session of the same person goes on"
        assert [what for what, _ in await audited(shop.desk)][-2:] == ["signed_in", "signed_out"]


async def test_a_program_with_a_token_learns_who_it_is(tmp_path: Path) -> None:
    async with office(tmp_path) as shop:
        me = await shop.desk.get("/v1/me")
        assert (me["person"], me["kind"], me["role"], me["memberships"]) == (None, "provider", "", [])
        assert (await shop.desk.send("POST", "/v1/sign-out")).json()["code"] == "action_not_permitted"
        vendor = await shop.vendor.get("/v1/me")
        assert (vendor["kind"], vendor["provider"]) == ("vendor", None)
