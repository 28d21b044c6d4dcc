"""The judge's own arithmetic of money and calendar: short, slow, and sharing nothing with the core that it judges.

A day's price is an integer in units of 1 / `SCALE` minor units, so that sums are exact and rounded once.
"""

from calendar import monthrange
from datetime import UTC, date, datetime
from math import lcm

from tenure.core.subscription.terms import Terms

DAY = 86_400
SCALE = lcm(*range(1, 32), 365, 366)
"""Every length in days that a period of the price list can have divides it."""


def whole_price(terms: Terms) -> int:
    """What a whole period costs: the band of the number prices all of it."""
    for band in terms.bands:
        if band.up_to is None or terms.devices <= band.up_to:
            return band.unit * terms.devices
    raise ValueError(f"{terms.plan} does not sell {terms.devices} devices")


def add_periods(moment: int, terms: Terms, count: int = 1) -> int:
    """So many periods of the plan later, clipped to the month's end."""
    if terms.period.days:
        return moment + count * terms.period.days * DAY
    begun = datetime.fromtimestamp(moment, UTC)
    years, month = divmod(begun.year * 12 + begun.month - 1 + count * terms.period.months, 12)
    day = min(begun.day, monthrange(years, month + 1)[1])
    return moment + (date(years, month + 1, day) - begun.date()).days * DAY


def whole_period(anchor: int, terms: Terms, moment: int) -> tuple[int, int]:
    """Beginning and end of the anchor's period that `moment` lies in."""
    count = (moment - anchor) // (
        32 * DAY * (terms.period.months or 1) if terms.period.months else terms.period.days * DAY
    )
    while add_periods(anchor, terms, count + 1) <= moment:
        count += 1
    while add_periods(anchor, terms, count) > moment:
        count -= 1
    return add_periods(anchor, terms, count), add_periods(anchor, terms, count + 1)


def begun_days(since: int, until: int) -> int:
    """Days begun in [since, until)."""
    return max(0, -((since - until) // DAY))


def whole_days(since: int, until: int) -> int:
    """Whole days in [since, until)."""
    return max(0, (until - since) // DAY)


def half_up(scaled: int) -> int:
    """Minor units of a scaled sum, rounded once."""
    return (2 * scaled + SCALE) // (2 * SCALE)


def round_down(scaled: int) -> int:
    """Minor units of a scaled sum, rounded so that nothing is given away."""
    return scaled // SCALE
