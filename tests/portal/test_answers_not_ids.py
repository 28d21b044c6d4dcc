"""What a form is answered with, previewed and then done, names things: no id of the program is on it."""

import re
from pathlib import Path

import pytest

from tests.portal.furnished import furnished, walkers
from tests.web.browser import FormFound, Tab
from tests.web.forms_walk import crawled, sent
from tests.web.visible_words import internal_words

pytestmark = pytest.mark.slow

LEAVES = ("/sign-out", "/account/team", "/account/sessions")
GIVEN = {
    "reason": "not before March",
    "reference": "bank 77",
    "name": "Harbour",
    "email": "harbour@x.example",
    "why": "so",
}
DELIBERATE = re.compile(
    r"(tni|pgs|tnr|whsec)_"  # a secret or a link, shown this once
    r"|req_\w+ in <code>"  # the request's number on a page of a refusal, to quote to support
    r"|cus_\w+ in <pre> customer;offer"  # an example of a file
    r"|\w+ in <code> \w+$"  # the subscription's number to quote, under its own heading
)


async def answers(tab: Tab, form: FormFound) -> list[str]:
    """Ids and words of a program in the answer to the form, and in that to the form which does what is shown."""
    await sent(tab, form, {**form.fields, **{name: GIVEN[name] for name in form.fields.keys() & GIVEN}})
    assert tab.answer is not None
    said = internal_words(tab.answer.text)
    last = next((each for each in tab.page.forms if {"_sure", "outcome_hash"} & set(each.fields)), None)
    if last is not None:
        await sent(tab, last, {**last.fields, "step": "apply"})
        said += internal_words(tab.answer.text)
    assert tab.status < 500, (form.action, tab.text)
    return [each for each in said if not DELIBERATE.match(each)]


@pytest.mark.parametrize(("who", "least"), [("desk", 30), ("customer", 8), ("vendor", 8)])
async def test_no_answer_to_a_form_shows_an_id(tmp_path: Path, who: str, least: int) -> None:
    async with furnished(tmp_path) as there:
        tab = (await walkers(there))[who]
        forms = await crawled(tab, ["/"], skip=LEAVES)
        assert len(forms) >= least
        # What removes comes last: the others still need it.
        ordered = sorted(forms.items(), key=lambda pair: pair[1].action.endswith(("remove", "withdraw", "decline")))
        found = {name: said for name, form in ordered if (said := await answers(tab, form))}
        assert found == {}
