"""Administrators of a simulated world who go from one subscription to another: now, or by a successor kept ready.

What is allowed is the programs' to say: codes are applied where they may be and where they may not (M10).
"""

from collections.abc import Callable

from tenure.core.timeline import DAY, HOUR
from tenure.sandbox.simulation.promises import lease_claims
from tenure.sandbox.simulation.provider import SoldSubscription
from tenure.sandbox.simulation.scenarios import LivingWorld
from tenure.sandbox.simulation.seeded_random import Died
from tenure.sandbox.simulation.sites import SimulatedSite

MOST = 12
"""Subscriptions that may be sold in addition to those of the first day."""


class CodeChanger:
    """Applies other activation codes at the sites of a simulated world."""

    def __init__(self, world: LivingWorld) -> None:
        self._world = world
        self._more: list[SoldSubscription] = []

    def come(self) -> None:
        """What happens at one visit."""
        if self._world.random.happens(0.05):
            up = [site for site in self._world.sites if site.up and site.lease_on_disk()]
            if up:
                site = self._world.random.one_of(up)
                self._world.random.one_of(
                    (self._stage_successor, self._stage_successor, self._switch_subscription, self._drop_successor)
                )(site)

    def _draw_code(self) -> SoldSubscription:
        """Draw a subscription whose code is applied: a new one, or one that is in use at a site."""
        provider, random = self._world.provider, self._world.random
        if len(self._more) < MOST and (not self._more or random.happens(0.4)):
            sold = provider.order("short", random.between(8, 30))
            if sold is not None:
                self._more.append(sold)
        return random.one_of([*provider.sold, *self._more])

    def _stage_successor(self, site: SimulatedSite) -> None:
        sold = self._draw_code()
        self._run_act(site, "keeps a code ready", sold.id, lambda: self._note_applied(site, sold, "successor"))

    def _switch_subscription(self, site: SimulatedSite) -> None:
        """What the site uses is canceled, another code is applied, and mostly the cancellation is undone."""
        world, sold = self._world, self._draw_code()
        present = self._sold_of(lease_claims(site.lease_on_disk()).subscription)
        if present is not None:
            world.provider.run_action(present, "cancel")
            self._run_act(site, "hears that it is canceled", present.id, site.synchronize)
        if site.up:
            self._run_act(site, "applies another code", sold.id, lambda: self._note_applied(site, sold, "active"))
        if present is not None and world.random.happens(0.8):
            world.at(
                world.random.one_of((60, HOUR, DAY)), lambda: world.provider.run_action(present, "undo_cancellation")
            )

    def _drop_successor(self, site: SimulatedSite) -> None:
        """Drop the staged successor, at the site or by the provider."""
        staged = self._sold_of(site.staged())
        if staged is None:
            return
        if self._world.random.happens(0.5):
            self._run_act(site, "drops its successor", staged.id, site.drop_successor)
        else:
            self._world.provider.run_action(staged, "release_site", site=lease_claims(site.lease_on_disk()).sub)

    def _sold_of(self, subscription: str) -> SoldSubscription | None:
        return next((each for each in (*self._world.provider.sold, *self._more) if each.id == subscription), None)

    def _note_applied(self, site: SimulatedSite, sold: SoldSubscription, role: str) -> None:
        if site.activate(sold.code, role):
            site.code = sold.code

    def _run_act(self, site: SimulatedSite, what: str, whose: str, act: Callable[[], object]) -> None:
        self._world.trace.note(self._world.time.now, site.name, what, whose)
        try:
            act()
        except Died:
            site.stop()
            self._world.down(site)
            return
        self._world.judge.look(site)
        self._world.call_soon(site, 90)
