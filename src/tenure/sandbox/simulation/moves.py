"""Administrators of a simulated world who go from one subscription to another: now, or by a successor kept ready.

What is allowed is the programs' to say: codes are applied where they may be and where they may not (M10).
"""

from collections.abc import Callable

from tenure.core.timeline import DAY, HOUR
from tenure.sandbox.simulation.desk import Sold
from tenure.sandbox.simulation.fate import Died
from tenure.sandbox.simulation.plan import Living
from tenure.sandbox.simulation.promises import lease_claims
from tenure.sandbox.simulation.sites import SimulatedSite

MOST = 12
"""Subscriptions that may be sold besides those of the first day."""


class Mover:
    """Whoever has another code."""

    def __init__(self, world: Living) -> None:
        self._world = world
        self._more: list[Sold] = []

    def come(self) -> None:
        """What happens at one visit."""
        if self._world.fate.happens(0.05):
            up = [site for site in self._world.sites if site.up and site.lease_on_disk()]
            if up:
                site = self._world.fate.one_of(up)
                self._world.fate.one_of((self._stage, self._stage, self._switch, self._drop))(site)

    def _code(self) -> Sold:
        """A code that somebody has: a fresh one, or one that is in use somewhere."""
        desk, fate = self._world.desk, self._world.fate
        if len(self._more) < MOST and (not self._more or fate.happens(0.4)):
            sold = desk.order("short", fate.between(8, 30))
            if sold is not None:
                self._more.append(sold)
        return fate.one_of([*desk.sold, *self._more])

    def _stage(self, site: SimulatedSite) -> None:
        sold = self._code()
        self._does(site, "keeps a code ready", sold.id, lambda: self._applied(site, sold, "successor"))

    def _switch(self, site: SimulatedSite) -> None:
        """What the site uses is cancelled, another code is applied, and mostly the cancellation is undone."""
        world, sold = self._world, self._code()
        present = self._of(lease_claims(site.lease_on_disk()).subscription)
        if present is not None:
            world.desk.act(present, "cancel")
            self._does(site, "hears that it is cancelled", present.id, site.synchronize)
        if site.up:
            self._does(site, "applies another code", sold.id, lambda: self._applied(site, sold, "active"))
        if present is not None and world.fate.happens(0.8):
            world.at(world.fate.one_of((60, HOUR, DAY)), lambda: world.desk.act(present, "undo_cancellation"))

    def _drop(self, site: SimulatedSite) -> None:
        """What is kept ready is wanted no more, at the site or at the desk."""
        staged = self._of(site.staged())
        if staged is None:
            return
        if self._world.fate.happens(0.5):
            self._does(site, "drops its successor", staged.id, site.drop_successor)
        else:
            self._world.desk.act(staged, "release_site", site=lease_claims(site.lease_on_disk()).sub)

    def _of(self, subscription: str) -> Sold | None:
        return next((each for each in (*self._world.desk.sold, *self._more) if each.id == subscription), None)

    def _applied(self, site: SimulatedSite, sold: Sold, role: str) -> None:
        if site.activate(sold.code, role):
            site.code = sold.code

    def _does(self, site: SimulatedSite, what: str, whose: str, act: Callable[[], object]) -> None:
        self._world.trace.note(self._world.time.now, site.name, what, whose)
        try:
            act()
        except Died:
            site.stop()
            self._world.down(site)
            return
        self._world.judge.look(site)
        self._world.hurry(site, 90)
