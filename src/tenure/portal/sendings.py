"""What became of a mail, or of an event sent to a webhook, in sentences: one for each state in which it can be."""

from typing import Any

import msgspec

from tenure.core.plurals import format_count
from tenure.core.timeline import Instant
from tenure.web.formatting import instant_of

AGAIN = "It is tried again within a minute."


class Sending(msgspec.Struct, frozen=True, kw_only=True):
    """The state as a word with its tone, the sentences below it, and the next try, shown behind them, if one is due."""

    state: str
    tone: str
    text: str
    next_try: str = ""
    """When it is tried again (RFC 3339); empty where that is said in `text`, or never."""


def of_mail(row: Any, now: Instant) -> Sending:
    """A mail of `GET /v1/emails`; `now` is real time. A mail that has gone out has no next try."""
    tries, fault = row["tries"], row["fault"]
    if row["state"] == "sent":
        tried = f"At the {_nth(tries)} try." if tries > 1 else ""
        return Sending(state="Sent", tone="good", text=tried)
    if row["state"] == "given_up":
        return Sending(state="Given up", tone="bad", text=_given_up(tries, fault))
    if row["due"] is None:  # there is no mail server: `fault` says so
        return Sending(state="Waiting", tone="info", text=_sentence(fault))
    return _waiting(tries, fault, row["due"], now)


def of_delivery(row: Any, now: Instant, *, active: bool) -> Sending:
    """A delivery of a webhook, which is `active` or switched off; `now` is real time."""
    tries, fault = row["tries"], row["fault"]
    if row["state"] == "delivered":
        tried = f"At the {_nth(tries)} try." if tries > 1 else ""
        return Sending(state="Delivered", tone="good", text=tried)
    if row["state"] == "failed":
        return Sending(state="Failed", tone="bad", text=_given_up(tries, fault))
    if not active:
        failed = f"{_failed(tries, fault)} " if tries else ""
        return Sending(state="Waiting", tone="info", text=f"{failed}It is sent once the webhook is switched on again.")
    return _waiting(tries, fault, row["due"], now)


def _waiting(tries: int, fault: str, due: str | None, now: Instant) -> Sending:
    at_once = (instant_of(due) or now) <= now
    if not tries:
        text = "It goes out within a minute." if at_once else ""
    else:
        text = _failed(tries, fault) + (f" {AGAIN}" if at_once else "")
    return Sending(state="Waiting", tone="info", text=text, next_try="" if at_once else str(due))


def _failed(tries: int, fault: str) -> str:
    return f"The {_nth(tries)} try failed: {_sentence(fault, begins=False)}"


def _given_up(tries: int, fault: str) -> str:
    if not fault:
        return ""
    if not tries:
        return f"Not sent: {_sentence(fault, begins=False)}"
    return f"Given up after {format_count(tries, 'try', 'tries')}: {_sentence(fault, begins=False)}"


def _sentence(text: str, *, begins: bool = True) -> str:
    """`text` with one period at its end, and a capital where it begins a sentence."""
    whole = text.strip().rstrip(".") + "."
    return whole[:1].upper() + whole[1:] if begins else whole


def _nth(number: int) -> str:
    words = {1: "first", 2: "second", 3: "third"}
    endings = {1: "st", 2: "nd", 3: "rd"}
    ending = "th" if number % 100 in (11, 12, 13) else endings.get(number % 10, "th")
    return words.get(number, f"{number}{ending}")
