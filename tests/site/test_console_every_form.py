"""All forms of the console, found by walking its pages: whatever is entered, a page answers, and nothing breaks."""

import asyncio

import pytest

from tests.site.site_env import SiteProcess
from tests.site.test_console_roles import SLOW, busy, demoted, signed_in
from tests.web.browser import FormFound, Tab
from tests.web.forms_walk import GIVEN, complaint, crawled, filled, huge_in_each, sent

pytestmark = pytest.mark.slow
__all__ = ["busy"]
LEAVES = (*SLOW, "/account", "/sign-out")


async def _forms(tab: Tab) -> dict[str, FormFound]:
    return await crawled(tab, ["/", "/settings/forwarding/new?way=mail"], skip=LEAVES)


async def test_whatever_is_entered_a_page_answers(busy: SiteProcess) -> None:
    tab = await signed_in(busy, "administrator")
    forms = await _forms(tab)
    assert len(forms) >= 15, sorted(forms)
    wrong = []
    for name, form in forms.items():
        for given, value in GIVEN.items():
            await sent(tab, form, filled(form, value))
            wrong.append(complaint(tab, name, given))
        for field, data in huge_in_each(form).items():
            await sent(tab, form, data)
            wrong.append(complaint(tab, name, f"100 kB in {field}"))
    assert [each for each in wrong if each] == []


async def test_after_the_session_has_ended_nothing_is_done_and_the_place_is_kept(busy: SiteProcess) -> None:
    tab = await signed_in(busy, "administrator")
    forms = await _forms(tab)
    tab.http.cookies.clear()
    for name, form in forms.items():
        await sent(tab, form, filled(form, "1"))
        assert tab.path.startswith("/sign-in?said=over"), name


async def test_with_less_rights_than_when_the_page_was_opened(busy: SiteProcess) -> None:
    tab = await signed_in(busy, "administrator")
    forms = await _forms(tab)
    await asyncio.to_thread(demoted, busy)
    before = [each.state for each in busy.devices()]
    for name, form in forms.items():
        assert await sent(tab, form, {**filled(form, "1"), "_sure": "yes"}) == 403, name
    assert [each.state for each in busy.devices()] == before
