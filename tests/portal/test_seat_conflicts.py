"""Fewer devices are ordered than applications are in use: the customer reads who stops, and says that others do."""

from tests.portal.stage import Stage
from tests.server.server_env import PlainSite


async def ten_and_six_to_come(stage: Stage) -> tuple[str, list[PlainSite]]:
    """(subscription, its ten applications), six devices agreed for the next period."""
    env = stage.office
    name, code = await env.order(devices=10)
    apps = [env.site(alone=True) for _ in range(10)]
    for number, each in enumerate(apps):
        await each.activate(code, name=f"Desk {number}")
        env.clock.now += 60
    await env.staff.post(f"/v1/subscriptions/{name}/change-devices", {"devices": 6})
    return name, apps


async def test_b11_a_customer_reads_who_stops_and_ticks_others(at_the_portal: Stage) -> None:
    name, apps = await ten_and_six_to_come(at_the_portal)
    tab = await at_the_portal.customer()
    await tab.open(f"/subscriptions/{name}")
    assert "4 applications of 10 stop: Desk 9, Desk 8, Desk 7, Desk 6" in " ".join(tab.text.split())
    await tab.open(f"/subscriptions/{name}/do/edit_seat_conflict")
    assert "Choose the 4 of 10 that stop then." in tab.text
    await tab.send(tab.form("_key"), going=[each.id for each in apps[:3]])
    assert "name 4 that go, not 3" in tab.text
    await tab.send(tab.form("_key"), going=[each.id for each in apps[:4]])
    assert "Which applications stop: this will happen" in tab.text, tab.text
    for number in range(4):
        assert f"Desk {number} on " in tab.text
    await tab.send(tab.form("outcome_hash"), step="apply")
    assert (await at_the_portal.office.facts(name))[-1] == "SeatConflictListed"
    await tab.open(f"/subscriptions/{name}")
    assert "4 applications of 10 stop: Desk 3, Desk 2, Desk 1, Desk 0" in " ".join(tab.text.split())
    assert tab.text.count("; stops") == 4


async def test_who_may_not_change_devices_reads_the_list_and_is_offered_no_form(at_the_portal: Stage) -> None:
    name, _ = await ten_and_six_to_come(at_the_portal)
    await at_the_portal.office.staff.send("PUT", "/v1/policy", {"customer_actions": ["renew"]})
    tab = await at_the_portal.customer()
    await tab.open(f"/subscriptions/{name}")
    assert "4 applications of 10 stop" in tab.text
    assert "edit_seat_conflict" not in tab.text


async def test_nobody_has_to_stop_where_what_is_ordered_is_enough(at_the_portal: Stage) -> None:
    name, _ = await at_the_portal.office.order(devices=10)
    tab = await at_the_portal.staff()
    await tab.open(f"/subscriptions/{name}/do/edit_seat_conflict")
    assert "enough devices are ordered" in tab.text
