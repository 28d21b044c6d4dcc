"""All forms of the portal, found by walking its pages: whatever is entered, a page answers and nothing is half done."""

from pathlib import Path
from typing import Any

import pytest

from tests.portal.furnished import furnished, walkers
from tests.portal.stage import Stage
from tests.server.users import joined
from tests.web.browser import FormFound, Tab
from tests.web.forms_walk import GIVEN, HUGE, complaint, crawled, filled, huge_in_each, kept, sent

pytestmark = pytest.mark.slow

LEAVES = ("/sign-out", "/account/team")
"""Not sent: they end what the walk stands on."""
ASIDE = (
    "attempts",
    "throttles",
    "idempotency",
    "sessions",
    "audit",
    "chain",
    "entries",
    "heads",
    "emails",
    "work",
    "outbox",
)
"""Tables, by a part of their name, that say what was tried, not what holds."""


def held(snapshot: dict[str, Any]) -> dict[str, Any]:
    return {name: rows for name, rows in snapshot.items() if not any(part in name for part in ASIDE)}


@pytest.mark.parametrize("who", ["desk", "customer", "vendor"])
async def test_whatever_is_entered_a_page_answers_keeps_it_and_nothing_is_half_done(tmp_path: Path, who: str) -> None:
    async with furnished(tmp_path) as there:
        tab = (await walkers(there))[who]
        forms = await crawled(tab, ["/"], skip=LEAVES)
        assert len(forms) >= {"desk": 30, "customer": 8, "vendor": 8}[who], sorted(forms)
        wrong: list[str] = []
        state = held(await there.office.snapshot())
        for name, form in forms.items():
            for given, value in GIVEN.items():
                said, state = await _tried(there, tab, name, form, given, value, state)
                wrong += said
        assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("who", ["desk", "customer", "vendor"])
async def test_a_field_with_100_kb_is_refused_in_words_and_nothing_is_half_done(tmp_path: Path, who: str) -> None:
    async with furnished(tmp_path) as there:
        tab = (await walkers(there))[who]
        forms = await crawled(tab, ["/"], skip=LEAVES)
        wrong: list[str] = []
        state = held(await there.office.snapshot())
        for name, form in forms.items():
            for field, data in huge_in_each(form).items():
                status = await sent(tab, form, data)
                wrong.append(complaint(tab, name, f"100 kB in {field}"))
                after = held(await there.office.snapshot())
                changed = sorted(each for each in after if after[each] != state[each])
                if status >= 400 and changed:
                    wrong.append(f"{name} given 100 kB in {field}: {status}, and yet changed {changed}")
                if HUGE in str(after):
                    wrong.append(f"{name}: 100 kB in {field} were stored")
                state = after
        assert not list(filter(None, wrong)), "\n".join(filter(None, wrong))


async def _tried(
    there: Stage, tab: Tab, name: str, form: FormFound, given: str, value: str, before: dict[str, Any]
) -> tuple[list[str], dict[str, Any]]:
    """What is wrong, and what holds afterwards; `before` is what held after the form before this one."""
    status = await sent(tab, form, filled(form, value))
    said = [complaint(tab, name, given)]
    after = held(await there.office.snapshot())
    if status >= 400:
        changed = sorted(each for each in after if after[each] != before[each])
        said.append(f"{name} given {given}: {status}, and yet changed {changed}" if changed else "")
    if status == 422 and given in ("emoji", "a number with a comma", "no date") and _types(form):
        lost = not await kept(tab, form, value)
        said.append(f"{name} given {given}: the input is lost: {tab.text[:160]}" if lost else "")
    return [each for each in said if each], after


def _types(form: FormFound) -> bool:
    """Whether there is something to type in but secrets and choices, which no page shows again."""
    return bool(set(form.fields) - {"_token", "_key", "old", "new", "password", "code", "token", "role"})


@pytest.mark.parametrize("who", ["desk", "vendor"])
async def test_after_the_session_ended_nothing_is_done_and_the_form_is_kept(tmp_path: Path, who: str) -> None:
    async with furnished(tmp_path) as there:
        tab = (await walkers(there))[who]
        forms = await crawled(tab, ["/"], skip=LEAVES)
        tab.http.cookies.clear()
        before = held(await there.office.snapshot())
        for name, form in forms.items():
            await sent(tab, form, filled(form, "1"))
            assert tab.path.startswith("/sign-in?said=over"), name
        assert held(await there.office.snapshot()) == before


@pytest.mark.parametrize("who", ["desk", "vendor"])
async def test_somebody_who_may_only_look_sends_the_owners_forms_in_vain(tmp_path: Path, who: str) -> None:
    async with furnished(tmp_path) as there:
        tab = (await walkers(there))[who]
        forms = await crawled(tab, ["/"], skip=LEAVES)
        by = there.office.staff if who == "desk" else there.office.vendor
        await joined(there.office, by, "auditor", email="looks@only.example")
        looks = await there.signed_in("looks@only.example")
        await looks.open("/account")
        token = looks.form().fields["_token"]
        before = held(await there.office.snapshot())
        wrong = []
        for name, form in forms.items():
            if not form.action.startswith("/account"):
                await sent(looks, form, {**filled(form, "1"), "_token": token, "_sure": "yes", "step": "apply"})
                wrong.append(complaint(looks, name, "as an auditor"))
        assert [each for each in wrong if each] == []
        assert held(await there.office.snapshot()) == before
