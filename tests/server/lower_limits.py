"""An order for ten devices that will be one for fewer, and the applications on their own that use it."""

from typing import Any

from tenure.core.timeline import DAY, HOUR, Phase, PhaseCause, span_at
from tenure.wire.messages import ActivateAnswer, SyncAnswer
from tests.server.server_env import PlainSite, ServerEnv

END = 1_798_761_600  # 2027-01-01: the paid year is over, and the lower limit begins


async def running(env: ServerEnv, code: str, number: int, **hello: Any) -> list[PlainSite]:
    """So many applications on their own, each come an hour after the one before."""
    apps = []
    for _ in range(number):
        apps.append(env.site(alone=True, **hello))
        told = await apps[-1].activate(code)
        assert isinstance(told, ActivateAnswer), told
        assert told.result == "granted", told.refusal
        env.clock.now += HOUR
    return apps


async def lowered(env: ServerEnv, apps: int = 10, to: int = 6) -> tuple[str, str, list[PlainSite]]:
    """(subscription, code, applications) of an order for ten that will be one for six at the year's end, renewed."""
    name, code = await env.order(devices=10)
    found = await running(env, code, apps)
    await env.staff.post(f"/v1/subscriptions/{name}/change-devices", {"devices": to})
    return name, code, found


async def near_the_end(env: ServerEnv, name: str, days: int = 10) -> None:
    """The clock a few days before the lower limit begins; the next year is paid for."""
    env.clock.now = END - days * DAY
    await env.staff.post(f"/v1/subscriptions/{name}/renew")


async def said(site: PlainSite, **more: Any) -> str:
    told = await site.sync(**more)
    assert isinstance(told, SyncAnswer), told
    return told.result if told.refusal is None else told.refusal.code


async def listed(env: ServerEnv, name: str) -> dict[str, Any]:
    found: dict[str, Any] = await env.staff.get(f"/v1/subscriptions/{name}/seat-conflict")
    return found


async def going(env: ServerEnv, name: str) -> set[str]:
    return {each["site"] for each in (await listed(env, name))["applications"] if each["goes"]}


def ids(sites: list[PlainSite]) -> set[str]:
    return {each.id for each in sites}


def served(site: PlainSite, now: int) -> bool:
    """Whether the application goes on at `now` by the lease it holds."""
    assert site.lease is not None
    lease = site.lease.lease
    return now < lease.contact_until and span_at(lease.spans, now).phase in {Phase.ACTIVE, Phase.GRACE}


def date_of(site: PlainSite) -> int | None:
    assert site.lease is not None
    return next((span.since for span in site.lease.lease.spans if span.why is PhaseCause.SEAT_CONFLICT), None)
