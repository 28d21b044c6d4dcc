"""Which links of commands stand beside an installation: what their rows say, and what the API says of it."""

from typing import Any

import pytest

from tenure.portal.pages.subscription_actions import BUTTONS

LINKED = {"release_site", "declare_site_lost", "resolve_fork"}
PLAIN: dict[str, Any] = {"forked": False, "lost": False, "leaving_until": None}


@pytest.mark.parametrize(
    ("more", "linked"),
    [
        ({}, {"release_site", "declare_site_lost"}),
        ({"forked": True}, {"release_site", "declare_site_lost", "resolve_fork"}),
        ({"leaving_until": "2026-02-01T00:00:00Z"}, {"declare_site_lost"}),
        ({"lost": True}, set()),
        ({"lost": True, "forked": True}, {"resolve_fork"}),
    ],
)
def test_a_link_stands_beside_an_installation_while_it_is_of_use(more: dict[str, Any], linked: set[str]) -> None:
    assert {button.name for button in BUTTONS if button.is_linked_from(PLAIN | more)} & LINKED == linked


def test_a_link_needs_what_its_row_needs_and_is_barred_by_what_its_row_names() -> None:
    for button in [each for each in BUTTONS if each.form.site_link]:
        needed = PLAIN | ({button.form.site_needs: True} if button.form.site_needs else {})
        assert button.is_linked_from(needed), button.name
        assert not button.form.site_needs or not button.is_linked_from(PLAIN)
        assert not any(button.is_linked_from(needed | {bar: True}) for bar in button.form.site_bars)
