"""Two users save one form: the later one sees both values and undoes nothing unseen; for every form that edits."""

import re
from pathlib import Path

import pytest

from tests.portal.stage import Stage

FORMS: dict[str, tuple[str, str, str, str]] = {
    "customer": ("/customers/{customer}/edit", "name", "ACME Clinics", "ACME Group"),
    "brand": ("/brand", "support", "help@x.example", "phone@x.example"),
    "payment settings": ("/payments/settings", "instructions", "To account one", "To account two"),
    "webhook": ("/webhooks/{webhook}", "note", "ours", "theirs"),
    "bounds": ("/policy-bounds", "grace_days.maximum", "30", "20"),
}
"""By form: its page, a field, what the first and the second user enter."""
UNSEEN = {"team.py": "a role is one choice", "sandbox.py": "a clock only goes forward"}
"""Pages that put without an entity tag, and why."""
PREVIEWED = {"policy.py", "money.py", "plans.py", "products.py", "providers.py"}
"""Those that show a preview which is void afterwards, and the vendor's, whose stale saves `test_vendor` tells."""
PAGES = Path(__file__).parents[2] / "src" / "tenure" / "portal" / "pages"


def test_every_page_that_puts_says_what_its_form_has_seen() -> None:
    """A new form that edits fails here, so that none is added without its line above."""
    found = {}
    for page in PAGES.glob("*.py"):
        calls = re.findall(r"\.put\((?:[^()]|\([^()]*\))*\)", page.read_text())
        if calls:
            found[page.name] = [("if_match" in call) for call in calls]
    assert {name for name, tagged in found.items() if not all(tagged)} == set(UNSEEN)
    edited = set(found) - set(UNSEEN) - PREVIEWED
    assert len(edited) == len(FORMS), sorted(edited)


@pytest.mark.parametrize("what", FORMS)
async def test_the_later_save_undoes_nothing_unseen(at_the_portal: Stage, what: str) -> None:
    env = at_the_portal.office
    hook = await env.staff.post("/v1/webhooks", {"url": "https://x.example/hook"})
    page, field, first, second = FORMS[what]
    page = page.format(customer=env.customer, webhook=hook["id"])
    tabs = []
    for _ in range(2):
        if what == "bounds":
            tab = at_the_portal.tab()
            await tab.open("/sign-in")
            await tab.send(tab.form("token"), token=env.vendor.token)
        else:
            tab = await at_the_portal.staff()
        await tab.open(page)
        tabs.append(tab)
    forms = [tab.form(field) for tab in tabs]
    step = {"step": "apply"} if what == "bounds" else {}
    await tabs[0].send(forms[0], **{field: first}, **step)
    assert tabs[0].status == 200, tabs[0].text
    await tabs[1].send(forms[1], **{field: second}, **step)
    assert tabs[1].status == 412, tabs[1].text
    assert "Another user has saved this meanwhile" in tabs[1].text
    assert first in tabs[1].text and second in str(tabs[1].form(field).fields[field]), "both values are there"
    await tabs[0].open(page)
    assert tabs[0].form(field).fields[field] == first, "nothing was undone"
    await tabs[1].send(tabs[1].form(field), **step)
    assert tabs[1].status == 200, "having seen both, they may"
    await tabs[0].open(page)
    assert tabs[0].form(field).fields[field] == second
