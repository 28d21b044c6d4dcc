"""The days of ephemeral applications, counted once they are over: one fact instead of one for each [spec: ephemeral].

A stay is a row of the store. This module decides what a day's fact says about the stays, so that it can be compared
with the rows.
"""

import hashlib
from binascii import b2a_base64
from collections.abc import Iterable
from itertools import groupby

import msgspec

from tenure.core.subscription.facts import EphemeralCounted
from tenure.core.timeline import DAY, Instant

BY = "settlement"


class EphemeralStay(msgspec.Struct, frozen=True, kw_only=True):
    """An ephemeral application in a subscription, from its coming until it gives the place back or its lease ends."""

    site: str
    came: Instant
    until: Instant
    """Grows with each lease while it stays; amnesties aside."""
    counted: int = 0
    """What of it a day's fact holds: 0 nothing, 1 its coming, 2 its going too."""


def day_of(moment: Instant) -> Instant:
    """The beginning of the day (UTC) that `moment` is in."""
    return moment - moment % DAY


def days_over(
    stays: Iterable[EphemeralStay], counted_until: Instant, over: Instant, now: Instant
) -> tuple[EphemeralCounted, ...]:
    """One fact for each day before `over` on which something of `stays` happened that no fact holds yet, oldest first.

    `over` begins a day, so that every day before it is over; `counted_until` is the end of the last day that has its
    fact. What is found late of such a day goes with the first one that has none.

    Worked example: A came on day 0 and its lease ends on day 1; B came on day 1 and stays. With day 2 begun: day 0 has
    one coming, day 1 one coming and one going. B's going waits.
    """
    happened = sorted(
        (max(day_of(moment), counted_until), moment, what, stay.site)
        for stay in stays
        for moment, what in _is_uncounted(stay)
    )
    days = ((day, list(each)) for day, each in groupby(happened, key=lambda one: one[0]) if day < over)
    return tuple(_count_day(day, [(moment, what, site) for _, moment, what, site in each], now) for day, each in days)


def after_count(stay: EphemeralStay, counted_until: Instant, over: Instant) -> EphemeralStay:
    """The stay after the facts that `days_over` makes of the same figures."""
    done = stay.counted
    for moment, _ in _is_uncounted(stay):
        done += max(day_of(moment), counted_until) < over
    return msgspec.structs.replace(stay, counted=done)


def _is_uncounted(stay: EphemeralStay) -> list[tuple[Instant, str]]:
    return [(stay.came, "came"), (stay.until, "went")][stay.counted :]


def _count_day(day: Instant, happened: list[tuple[Instant, str, str]], now: Instant) -> EphemeralCounted:
    """The digest is over one line for each: instant, `came` or `went`, id, by instant, then word, then id."""
    lines = "".join(f"{moment} {what} {site}\n" for moment, what, site in happened)
    digest = b2a_base64(hashlib.sha256(lines.encode()).digest(), newline=False).rstrip(b"=")
    came = sum(what == "came" for _, what, _ in happened)
    return EphemeralCounted(
        at=day + DAY,
        recorded_at=now,
        by=BY,
        day=day,
        came=came,
        went=len(happened) - came,
        digest=digest.translate(bytes.maketrans(b"+/", b"-_")).decode(),
    )
