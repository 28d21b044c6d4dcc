"""A date in the banner ends a sentence, and the role of a license is not told in a word of its phase."""

from typing import Any

import pytest

from tenure.core.timeline import DAY
from tenure.site.console.banner import banners_of, most_important
from tests.site.site_env import SiteEnv
from tests.site.test_console import signed_in

NOW = 1_767_225_600
SOON = "2026-01-10T00:00:00Z"
LONG_AGO = "2025-12-20T00:00:00Z"


def license_of(**more: Any) -> dict[str, Any]:
    """A license with nothing to tell, changed by `more`."""
    empty: dict[str, Any] = dict.fromkeys(("refusal", "fork", "conflict", "until", "last_answered", "paid_until"))
    empty |= dict.fromkeys(("pending", "forked", "displaced", "waiting", "in_use", "free"), 0)
    empty |= {"successor": None, "contact_until": None, "grace_until": None, "warnings": [], "timeline": []}
    empty |= {"product": "editor", "phase": "active", "cause": "payment_ended", "remedies": [], "kind": "limited"}
    return empty | {"renew_url": "", "subscription": "sub_1", "renewal": ""} | more


REMEDY = [{"who": "customer", "how": "Renew the subscription, or top the prepaid balance up."}]
DATED = {
    "grace": license_of(phase="grace", until=SOON, remedies=REMEDY),
    "grace without a remedy": license_of(phase="grace", until=SOON),
    "conflict": license_of(conflict={"begins": SOON}),
    "silence": license_of(last_answered=LONG_AGO, contact_until=SOON),
    "soon over": license_of(paid_until=SOON),
    "soon over, then grace": license_of(paid_until=SOON, grace_until="2026-02-10T00:00:00Z"),
    "soon over, not renewed": license_of(paid_until=SOON, renewal="The balance does not cover the renewal."),
}


@pytest.mark.parametrize("case", DATED)
def test_a_date_goes_on_with_the_sentence_before_it(case: str) -> None:
    """It stood behind a finished one: "… top the prepaid balance up. in 13 days, 14 Dec 2027"."""
    dated = [each for each in banners_of(DATED[case], NOW) if each.until]
    assert dated
    for each in dated:
        assert each.text.rpartition(" ")[2] in ("ends", "end", "begins"), each.text


def test_where_all_is_well_the_date_goes_on_with_its_sentence_too() -> None:
    told = most_important([license_of(paid_until="2026-12-01T00:00:00Z")], NOW)
    assert (told.text, told.until) == ("The paid period ends", "2026-12-01T00:00:00Z")
    assert (most_important([license_of()], NOW).text, most_important([license_of()], NOW).until) == ("", "")


@pytest.mark.parametrize(
    "shown", [license_of(last_answered=LONG_AGO), license_of(phase="grace", remedies=REMEDY), license_of(phase="ended")]
)
def test_a_sentence_without_a_date_is_finished(shown: dict[str, Any]) -> None:
    told = [each.text for each in banners_of(shown, NOW) if not each.until]
    assert told
    assert all(not text or text.endswith(".") for text in told), told


async def test_the_page_ends_the_sentence_behind_the_date(here: SiteEnv) -> None:
    house = here.site()
    house.activate(here.order()[1])
    tab = await signed_in(house, "/licenses")
    text = " ".join(tab.text.split())
    sentence = text[text.index("The paid period ends in") :][:120]
    assert "." in sentence, sentence
    assert ". in " not in sentence


async def test_the_role_of_an_ended_license_is_not_called_active(here: SiteEnv) -> None:
    house = here.site()
    house.activate(here.order()[1])
    here.wait(500 * DAY)
    house.sync()
    tab = await signed_in(house, "/licenses")
    listed = tab.text[tab.text.index("Grace until") :]
    assert "Ended" in listed
    assert "Current" in listed
    assert "Active" not in listed
