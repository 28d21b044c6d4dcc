"""In which subscription the judge counts each device of a site that went from one to another [spec: allotments].

A device with a seat counts once: where the site is now, as far as it was granted places there; the rest in the one it
left last, as far as it was granted places there; and so on. `invariants` knows which seats there are.
"""

from collections.abc import Mapping


class GrantedPlaces:
    """The subscriptions that each site has gone by."""

    def __init__(self) -> None:
        self._sites: dict[str, dict[str, int]] = {}
        """By site its subscriptions, that of now last, and the greatest allotment since it came there: above a lowered
        one devices keep their places until their seats are over."""

    def note_lease(self, site: str, subscription: str, allotment: int) -> None:
        """The site goes by a lease of `subscription` with that allotment."""
        granted = self._sites.setdefault(site, {})
        stays = next(reversed(granted), "") == subscription
        before = granted.pop(subscription, 0)
        granted[subscription] = max(allotment, before) if stays else allotment

    def count_devices(self, site: str, subscription: str, seats: Mapping[str, int]) -> int:
        """Devices of the site that take a place of `subscription`; `seats`: how many hold a seat of each one."""
        rest, granted = sum(seats.values()), self._sites.get(site, {})
        for name in reversed(granted):
            here = min(rest, max(seats.get(name, 0), granted[name]))
            if name == subscription:
                return here
            rest -= here
        return min(seats.get(subscription, 0), rest)
