"""Fields are called alike in forms, in what somebody else saved meanwhile and in the impact of a policy."""

import re

import msgspec
import pytest

from tenure.core.field_errors import LABELS, field_label
from tenure.core.policy.rules import Rules
from tenure.portal.pages.policy import FIGURES, WAYS
from tests.portal.stage import Stage
from tests.portal.test_two_users import FORMS

RULES = {field.name for field in msgspec.structs.fields(Rules)}
OWN_WORDS = {("brand", "name"): "Name shown", ("customer", "reference"): "Your reference"}
"""Fields that one form alone calls otherwise."""


def test_every_figure_of_a_policy_has_its_label_in_the_one_table() -> None:
    assert set(LABELS) >= RULES | set(WAYS), sorted((RULES | set(WAYS)) - set(LABELS))
    shown = {name for _, group in FIGURES for name, _ in group} | set(WAYS) | {"reminders", "stop_clock"}
    assert shown >= RULES, f"the page does not show {sorted(RULES - shown)}"
    assert all(field_label(name) == LABELS[name] for name in shown)


async def test_the_policys_form_and_its_impact_call_figures_alike(at_the_portal: Stage) -> None:
    await at_the_portal.office.order()
    tab = await at_the_portal.staff()
    await tab.open("/policy")
    assert tab.answer is not None
    shown = dict(re.findall(r'<label for="f-(\w+)">([^<]+?)\s*<', tab.answer.text))
    for name in RULES - {"stop_clock"}:
        assert shown[name] == field_label(name)
    await tab.send(tab.form("grace_days"), grace_days="7", late_renewal="from_now", customer_actions=["renew"])
    assert tab.status == 200, tab.text
    for words in (
        field_label("grace_days"),
        field_label("late_renewal"),
        "from the payment on",
        "Customers may: Order",
    ):
        assert words in tab.text
    for technical in ("grace_days", "Grace days", "late_renewal", "Late renewal", "from_now", "change_devices"):
        assert technical not in tab.text, technical


@pytest.mark.parametrize("what", [name for name in FORMS if name not in ("bounds", "webhook")])
async def test_what_somebody_else_saved_is_called_as_in_the_form(at_the_portal: Stage, what: str) -> None:
    page, field, first, second = FORMS[what]
    tab = await at_the_portal.staff()
    await tab.open(page.format(customer=at_the_portal.office.customer))
    assert tab.answer is not None
    labels = dict(re.findall(r'<label for="f-(\w+)">([^<]+?)\s*<', tab.answer.text))
    for name, shown in labels.items():
        assert shown == OWN_WORDS.get((what, name), field_label(name)), name
    form = tab.form(field)
    await tab.send(form, **{field: first})
    await tab.send(form, **{field: second})
    assert tab.status == 412
    table = tab.text.partition("What differs")[2]
    assert f"{labels[field]} {first} {second}" in table


async def test_a_bound_that_somebody_else_published_is_called_by_its_figure(at_the_portal: Stage) -> None:
    tab = at_the_portal.tab()
    await tab.open("/sign-in")
    await tab.send(tab.form("token"), token=at_the_portal.office.vendor.token)
    await tab.open("/policy-bounds")
    form = tab.form("grace_days.maximum")
    await tab.send(form, **{"grace_days.maximum": "30", "step": "apply"})
    await tab.send(form, **{"grace_days.maximum": "20", "step": "apply"})
    assert tab.status == 412
    assert "Grace after a paid period, most 30 20" in tab.text.partition("What differs")[2]
