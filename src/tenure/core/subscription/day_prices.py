"""What each day of a period costs: the highest total agreed so far [spec: day-prices]. Exact; the caller rounds once.

A period of 365 days for 12,000, raised to 24,000 with 300 days left, has the day prices (365, 12,000 / 365) and
(300, 24,000 / 365): 65 x 12,000 / 365 + 300 x 24,000 / 365 = 21,863.01, so that the raise costs 9,863.
"""

from collections.abc import Iterable
from fractions import Fraction
from itertools import pairwise

import msgspec

from tenure.core.periods import begun_days, whole_days
from tenure.core.pricing import half_up
from tenure.core.subscription.terms import DayPrice, Period
from tenure.core.timeline import Instant

DayPrices = tuple[DayPrice, ...]
"""From the period's first day on; each holds until the next begins."""


def day_prices_of(period: Period) -> DayPrices:
    """The day prices of `period`; of one from a history without them its price, spread evenly."""
    if period.day_prices:
        return period.day_prices
    days = max(1, begun_days(period.since, period.until))
    return (DayPrice(days, period.price, days),)


def one_day(price: DayPrice) -> Fraction:
    """What a day costs, minor units."""
    return Fraction(price.total, price.days)


def last_days(prices: DayPrices, days: int) -> Fraction:
    """What the last `days` days of a period cost, minor units; all of it when it has no more."""
    sold = Fraction(0)
    for price, follower in pairwise((*prices, DayPrice(0, 0, 1))):
        begun = min(price.left, days) - min(follower.left, days)
        sold += one_day(price) * begun
    return sold


def round_total(prices: DayPrices) -> int:
    """What the whole period costs, rounded once, half up."""
    exact = last_days(prices, prices[0].left)
    return half_up(exact.numerator, exact.denominator)


def raise_prices(prices: DayPrices, more_expensive: DayPrice) -> DayPrices:
    """`prices` where no day from `more_expensive.left` days before the end on costs less than `more_expensive` says."""
    left = min(more_expensive.left, prices[0].left)
    pieces: list[DayPrice] = []
    for price, follower in pairwise((*prices, DayPrice(0, 0, 1))):
        pieces.append(price)
        if follower.left < left < price.left:
            pieces.append(msgspec.structs.replace(price, left=left))
    return _merge_pieces(
        DayPrice(piece.left, more_expensive.total, more_expensive.days)
        if piece.left <= left and one_day(piece) < one_day(more_expensive)
        else piece
        for piece in pieces
    )


def _merge_pieces(pieces: Iterable[DayPrice]) -> DayPrices:
    kept: list[DayPrice] = []
    for piece in pieces:
        if not kept or one_day(kept[-1]) != one_day(piece):
            kept.append(piece)
    return tuple(kept)


def first_days(prices: DayPrices, days: int) -> DayPrices:
    """The day prices of a period cut after its first `days` days (at least 1)."""
    gone = max(0, prices[0].left - days)
    return tuple(msgspec.structs.replace(price, left=price.left - gone) for price in prices if price.left > gone)


def at_least(prices: DayPrices, promised: DayPrices) -> DayPrices:
    """`prices`, where the first days cost no less than they do in `promised`, which is as long or shorter."""
    beyond = max(0, prices[0].left - promised[0].left)
    found: list[DayPrice] = []
    lefts = {price.left for price in prices} | {price.left + beyond for price in promised} | {beyond}
    for left in sorted((left for left in lefts if 0 < left <= prices[0].left), reverse=True):
        ours = _price_of_day(prices, left)
        theirs = _price_of_day(promised, left - beyond) if left > beyond else ours
        more_expensive = ours if one_day(ours) >= one_day(theirs) else theirs
        found.append(msgspec.structs.replace(more_expensive, left=left))
    return _merge_pieces(found)


def _price_of_day(prices: DayPrices, left: int) -> DayPrice:
    """The price of the day with which `left` days are left, itself included."""
    return [price for price in prices if price.left >= left][-1]


def unused_price(period: Period, moment: Instant) -> int:
    """What the whole days of `period` unused at `moment` cost, rounded down so that nothing is given away.

    All that was paid before its beginning, 0 from its end on.
    """
    paid = period.price + sum(amount for _, amount in period.raises)
    if moment <= period.since:
        return paid
    exact = last_days(day_prices_of(period), whole_days(moment, period.until))
    return min(paid, exact.numerator // exact.denominator)
