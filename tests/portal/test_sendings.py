"""The sentences about a mail and about a delivery, in every state in which they can be."""

from typing import Any

import pytest

from tenure.portal.sendings import of_delivery, of_mail
from tenure.server.api.emails import UNMAILED
from tests.portal.stage import Stage

NOW = 1_767_225_600
PAST, LATER = "2025-12-31T23:59:00Z", "2026-01-01T00:05:00Z"


def mail(state: str, tries: int = 0, fault: str = "", due: str | None = None) -> dict[str, Any]:
    return {"state": state, "tries": tries, "fault": fault, "due": due}


@pytest.mark.parametrize(
    ("row", "state", "text", "next_try"),
    [
        (mail("waiting", due=PAST), "Waiting", "It goes out within a minute.", ""),
        (mail("waiting", due=LATER), "Waiting", "", LATER),
        (mail("waiting", fault=UNMAILED), "Waiting", UNMAILED, ""),
        (mail("waiting", 1, "no answer", LATER), "Waiting", "The first try failed: no answer.", LATER),
        (
            mail("waiting", 4, "it is down.", PAST),
            "Waiting",
            "The 4th try failed: it is down. It is tried again within a minute.",
            "",
        ),
        (mail("sent", 1), "Sent", "", ""),
        (mail("sent", 3), "Sent", "At the third try.", ""),
        (mail("sent", 11), "Sent", "At the 11th try.", ""),
        (mail("sent", 21), "Sent", "At the 21st try.", ""),
        (mail("sent", 112), "Sent", "At the 112th try.", ""),
        (mail("given_up", 1, "no such mailbox"), "Given up", "Given up after 1 try: no such mailbox.", ""),
        (mail("given_up", 11, "no answer"), "Given up", "Given up after 11 tries: no answer.", ""),
        (mail("given_up", 0, "too many mails"), "Given up", "Not sent: too many mails.", ""),
    ],
)
def test_a_mail_says_what_became_of_it(row: dict[str, Any], state: str, text: str, next_try: str) -> None:
    told = of_mail(row, NOW)
    assert (told.state, told.text, told.next_try) == (state, text, next_try)


@pytest.mark.parametrize(
    ("row", "active", "state", "text", "next_try"),
    [
        (mail("waiting", due=PAST), True, "Waiting", "It goes out within a minute.", ""),
        (
            mail("waiting", 2, "it answered 500", LATER),
            True,
            "Waiting",
            "The second try failed: it answered 500.",
            LATER,
        ),
        (mail("waiting", due=PAST), False, "Waiting", "It is sent once the webhook is switched on again.", ""),
        (
            mail("waiting", 1, "it answered 500", LATER),
            False,
            "Waiting",
            "The first try failed: it answered 500. It is sent once the webhook is switched on again.",
            "",
        ),
        (mail("delivered", 1), True, "Delivered", "", ""),
        (mail("delivered", 2), True, "Delivered", "At the second try.", ""),
        (mail("failed", 10, "it answered 500"), True, "Failed", "Given up after 10 tries: it answered 500.", ""),
        (mail("failed", 1, "it answered 410"), False, "Failed", "Given up after 1 try: it answered 410.", ""),
    ],
)
def test_a_delivery_says_what_became_of_it(
    row: dict[str, Any], active: bool, state: str, text: str, next_try: str
) -> None:
    told = of_delivery(row, NOW, active=active)
    assert (told.state, told.text, told.next_try) == (state, text, next_try)


async def test_without_a_mail_server_no_next_try_is_promised(at_the_portal: Stage) -> None:
    tab = await at_the_portal.staff()
    at_the_portal.office.clock.now += 600
    await tab.open("/emails")
    assert "can be handed over." in tab.text
    assert "handed over.," not in tab.text
    assert "next try" not in tab.text.lower()
    assert {each["due"] for each in (await at_the_portal.office.staff.get("/v1/emails"))["items"]} == {None}
