"""The policy at the portal: intervals in hours, what operators may do, and what differs for a single plan."""

from tests.portal.stage import Stage
from tests.web.visible_words import internal_words


async def test_an_interval_is_told_in_hours_and_operators_may_be_kept_from_things(at_the_portal: Stage) -> None:
    tab, staff = await at_the_portal.staff(), at_the_portal.office.staff
    await tab.open("/policy")
    form = tab.form("grace_days", "sync_interval")
    assert (form.fields["sync_interval"], form.fields["sync_interval_unit"]) == ("1", "days")
    allowed = [each for each in form.fields["provider_actions"] if each != "transfer"]
    await tab.send(form, sync_interval="6", sync_interval_unit="hours", provider_actions=allowed)
    assert "1 day 6 hours" in tab.text, tab.text
    assert "Operators may: Transfer to another customer yes no" in tab.text
    await tab.send(tab.form("seen"), step="apply")
    assert "The policy is published." in tab.text, tab.text
    policy = await staff.get("/v1/policy")
    assert policy["own_rules"] == {"sync_interval": 21_600}
    assert "transfer" not in policy["provider_actions"]
    assert "top_up" in policy["provider_actions"]
    assert tab.form("grace_days", "sync_interval").fields["sync_interval_unit"] == "hours"


async def test_a_plan_differs_and_keeps_differing_when_the_rest_changes(at_the_portal: Stage) -> None:
    tab, staff = await at_the_portal.staff(), at_the_portal.office.staff
    await tab.open("/policy")
    assert "/policy/plans/standard" in tab.page.links
    await tab.open("/policy/plans/standard")
    await tab.send(tab.form("grace_days"), grace_days="3", stop_clock="yes", reminders="30, 7", sync_interval="12")
    assert "Standard: Grace after a paid period as for all 3" in tab.text, tab.text
    await tab.send(tab.form("seen"), step="apply")
    assert "The policy is published." in tab.text, tab.text
    said = {"grace_days": 3, "stop_clock": True, "reminders": [30, 7], "sync_interval": 43_200}
    assert (await staff.get("/v1/policy"))["own_plans"] == {"standard": said}
    await tab.send(tab.form("grace_days", "resume_days"), grace_days="21")
    assert "Grace after a paid period 14 21" in tab.text
    await tab.send(tab.form("seen"), step="apply")
    after = await staff.get("/v1/policy")
    assert (after["own_rules"], after["own_plans"]) == ({"grace_days": 21}, {"standard": said})
    await tab.open("/policy/plans/standard")
    form = tab.form("grace_days")
    assert (form.fields["grace_days"], form.fields["resume_days"]) == ("3", "")
    await tab.send(form, grace_days="400")
    assert tab.status == 422
    assert "Grace after a paid period : A whole number from 0 to 90, please." in " ".join(tab.text.split()), tab.text
    await tab.send(tab.form("grace_days"), grace_days="", stop_clock="", reminders="", sync_interval="")
    await tab.send(tab.form("seen"), step="apply")
    assert (await staff.get("/v1/policy"))["own_plans"] == {}
    await tab.open("/policy/plans/nothing")
    assert tab.status == 404


async def test_a_longer_grace_is_applied_now_by_a_box_and_the_impact_says_so(at_the_portal: Stage) -> None:
    tab, office = await at_the_portal.staff(), at_the_portal.office
    name, _ = await office.order()
    await tab.open("/policy")
    form = tab.form("grace_days", "sync_interval")
    assert not form.fields.get("apply_now")
    await tab.send(form, grace_days="30", apply_now="on")
    assert "Running periods keep their grace get a longer grace at once" in tab.text, tab.text
    assert "a longer grace at once for" in tab.text
    plans = {each["id"]: each["name"] for each in (await office.staff.get("/v1/plans"))["items"]}
    plan = (await office.staff.get(f"/v1/subscriptions/{name}"))["terms"]["plan"]
    assert plans[plan] != plan
    assert f"{plans[plan]} " in tab.text, "the report names the plan"
    assert internal_words(tab.answer.text if tab.answer else "", plans) == []
    await tab.send(tab.form("seen"), step="apply")
    assert "The policy is published." in tab.text, tab.text
    facts = await office.facts(name)
    shown = await office.staff.get(f"/v1/subscriptions/{name}")
    assert shown["grace_until"] == "2027-01-31T00:00:00Z", facts
