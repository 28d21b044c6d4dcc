"""How many devices count, what level of use that is, and which to release when too many do
([spec: device-counting, usage-level]; M1, B11).

How one limit is shared by several sites is `allotment`'s; which features a device has is `standing`'s.
"""

from collections.abc import Iterable
from enum import StrEnum

import msgspec

from tenure.core.plurals import format_count
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import DAY, HOUR, Instant


class UsageLevel(StrEnum):
    """How full a subscription is, by percent of its device limit."""

    NORMAL = "normal"
    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


LEVELS = tuple(UsageLevel)
FALL = 2
"""Points below a level's edge at which the level may be announced again."""


def device_ceiling(limit: int, tolerance_percent: int) -> int:
    """The most devices that may be protected: the limit and the tolerance granted, rounded down."""
    return limit + limit * tolerance_percent // 100


def may_protect(protected: int, allowed: int, more: int = 1) -> Refused | None:
    """None if `more` devices fit in addition to the `protected` ones under `allowed`, else `device_limit_reached`.

    `allowed` is the site's allotment, or for a whole subscription its `device_ceiling`.
    """
    if protected + more <= allowed:
        return None
    return Refused(
        RefusalCode.DEVICE_LIMIT_REACHED,
        f"{protected:,} of {format_count(allowed, 'device is', 'devices are')} protected.",
        "devices",
    )


def usage_level(used: int, limit: int) -> UsageLevel:
    """The level of `used` devices: info from 90 %, warning from 100 %, critical above 110 % of `limit`.

    Without a limit (0), any device is too many.
    """
    return max((one for one in LEVELS if _level_reached(one, used, limit)), key=LEVELS.index)


class UsageLevelChange(msgspec.Struct, frozen=True):
    """What one look at the use amounts to."""

    level: UsageLevel
    announced: UsageLevel
    """To be remembered until the next look."""
    event: UsageLevel | None
    """The level to announce now, if it was just entered."""


def step_level(announced: UsageLevel, used: int, limit: int) -> UsageLevelChange:
    """Look at the use once: a level is announced on entry, and again only after use fell 2 points below its edge.

    `announced` is what the look before returned (`normal` at first). Of several levels entered at once, the highest
    speaks.
    """
    while announced is not UsageLevel.NORMAL and _has_fallen(announced, used, limit):
        announced = LEVELS[LEVELS.index(announced) - 1]
    now = usage_level(used, limit)
    entered = LEVELS.index(now) > LEVELS.index(announced)
    return UsageLevelChange(now, now if entered else announced, now if entered else None)


def _level_reached(one: UsageLevel, used: int, limit: int) -> bool:
    if one is UsageLevel.NORMAL:
        return True
    if limit <= 0:
        return used > 0
    if one is UsageLevel.CRITICAL:
        return 100 * used > 110 * limit
    return 100 * used >= (90 if one is UsageLevel.INFO else 100) * limit


def _has_fallen(one: UsageLevel, used: int, limit: int) -> bool:
    edge = {UsageLevel.INFO: 90, UsageLevel.WARNING: 100, UsageLevel.CRITICAL: 110}[one]
    return 100 * used <= (edge - FALL) * limit


EPHEMERAL_SEAT = HOUR
"""Seconds that a seat of an ephemeral device lives [spec: ephemeral]."""
EPHEMERAL_REFRESH = EPHEMERAL_SEAT // 4
"""It is refreshed after a quarter of that."""


class CountedDevice(msgspec.Struct, frozen=True, kw_only=True):
    """A device as counting sees it."""

    id: str
    last_seen: Instant
    """When its agent last asked the site for anything."""
    seat_until: Instant = 0
    """End of its last seat, amnesties added."""
    pinned: bool = False
    """The administrator wants it kept; never proposed for release."""
    removed: bool = False
    """Removed by the administrator, without word from the device."""
    erased: bool = False
    """Its signed receipt says that it gave its seat up."""
    ephemeral: bool = False
    """It does not last, and was enrolled as such: its silence is not waited for."""


def counts_until(device: CountedDevice, idle_release_days: int) -> Instant:
    """The first instant at which `device` no longer counts if it is not seen again [spec: device-counting].

    A receipt frees at once, removal at the seat's end, and so does the end of an ephemeral device's seat; otherwise a
    device counts until its seat is over and it has been silent for `idle_release_days`.
    """
    if device.erased:
        return 0
    if device.removed or device.ephemeral:
        return device.seat_until
    return max(device.seat_until, device.last_seen + idle_release_days * DAY)


def count_devices(devices: Iterable[CountedDevice], now: Instant, idle_release_days: int) -> int:
    """How many devices count at `now`."""
    return sum(now < counts_until(device, idle_release_days) for device in devices)
