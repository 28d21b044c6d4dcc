"""Which links of commands stand beside an installation: what their rows say, and what the API says of it."""

from typing import Any

import pytest

from tenure.portal.pages.subscription_actions import BUTTONS

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
    assert {button.name for button in BUTTONS if button.is_linked_from(PLAIN | more)} == linked
